"""PostgreSQL with the audit table that most platforms write first.

A private cluster: its own initdb in the run's directory, a unix socket, the defaults of the package but for
`shared_buffers`, fsync and synchronous_commit on. Promises that it ends with the run, whatever happens, and that
clients cost as little as Python allows: prepared or parameterised statements straight through libpq, results left as
text. Must never touch another cluster.
"""

import json
import multiprocessing
import os
import pathlib
import pwd
import shutil
import subprocess
import time

import psycopg
from psycopg.pq import ExecStatus

from measuring import INGEST_BUDGET_S, evict, heat, latency, row, say, warm
from prepared import BATCH, POSTGRES_COLUMNS
from questions import numbered

BINARIES = pathlib.Path(os.environ.get("POSTGRES_BIN", "/usr/lib/postgresql/15/bin"))
SETTINGS = {
    "shared_buffers": "1GB",
    "fsync": "on",
    "synchronous_commit": "on",
    "listen_addresses": "",
    "max_connections": "64",
}
TABLE = """
create table audit_logs (
    id bigserial primary key,
    user_id text,
    operation_type text not null,
    resource_type text,
    resource_id text,
    ip inet,
    user_agent text,
    data jsonb not null,
    created_at timestamptz not null default now()
);
create index on audit_logs (user_id);
create index on audit_logs (operation_type);
create index on audit_logs (created_at);
create index on audit_logs (user_id, created_at);
create index on audit_logs (resource_type, resource_id);
"""
GIN = "create index audit_logs_data on audit_logs using gin (data)"
COLUMNS = ", ".join(POSTGRES_COLUMNS)
COPY = f"copy audit_logs ({COLUMNS}) from stdin"
INSERT = f"insert into audit_logs ({COLUMNS}) values ($1, $2, $3, $4, $5, $6, $7, $8)"

# As in veritrail-load.
BURST_CONNECTIONS = 8
MANY_CONNECTIONS = 16
SINGLES = {1: 2_000, MANY_CONNECTIONS: 32_000}
# Events of the rows that copy beside a table that is loaded already.
COPIED_LATER = 50_000
INGEST_PER_S = 5_000
# Of this many rounds the answers are compared with ours.
ANSWERED_ROUNDS = 3
READY_S = 60


class Cluster:
    """A running cluster; ended and left to its directory's owner by `stop`."""

    def __init__(self, directory):
        self.directory = pathlib.Path(directory)
        self.data = self.directory / "postgres"
        self.process = None
        self.prefix = []
        owner = unprivileged() if os.geteuid() == 0 else None
        self.data.mkdir()
        if owner:
            # initdb refuses to run as root.
            self.prefix = ["runuser", "-u", owner, "--"]
            shutil.chown(self.data, owner)
            self.directory.chmod(0o755)
        self.data.chmod(0o700)
        command = [BINARIES / "initdb", "--pgdata", self.data, "--auth=trust", "--username=bench", "--encoding=UTF8",
                   "--locale=C.UTF-8"]  # fmt: skip
        subprocess.run(self.prefix + command, check=True, stdout=subprocess.DEVNULL, cwd=self.data)
        self.address = f"host={self.data} user=bench dbname=postgres"

    def start(self):
        settings = SETTINGS | {"unix_socket_directories": self.data}
        command = [BINARIES / "postgres", "-D", self.data, *(f"-c{name}={value}" for name, value in settings.items())]
        log = self.directory / "postgres.log"
        with open(log, "ab") as output:
            self.process = subprocess.Popen(self.prefix + command, stdout=output, stderr=output, cwd=self.data)
        begun = time.monotonic()
        while time.monotonic() - begun < READY_S and self.process.poll() is None:
            try:
                self.connect().close()
                return
            except psycopg.OperationalError:
                time.sleep(0.02)
        raise SystemExit(f"peers: PostgreSQL did not start; its log ends\n{log.read_text()[-2_000:]}")

    def stop(self):
        if self.process and self.process.poll() is None:
            # Through pg_ctl: below runuser the process that we started is not the server itself.
            command = [BINARIES / "pg_ctl", "stop", "--pgdata", self.data, "--mode=fast", "--timeout=600"]
            subprocess.run(self.prefix + command, stdout=subprocess.DEVNULL, cwd=self.data, check=False)
            self.process.wait(timeout=READY_S)
        self.process = None

    def connect(self):
        return psycopg.connect(self.address, autocommit=True)

    def chill(self):
        """Restarts it with nothing of its files in memory."""
        self.stop()
        evict(self.data)
        self.start()


def unprivileged():
    for name in ("postgres", "nobody"):
        try:
            pwd.getpwnam(name)
        except KeyError:
            continue
        return name
    raise SystemExit("peers: neither a user postgres nor nobody to run PostgreSQL as")


# --- writing ---------------------------------------------------------------


def batches_of(path, size=BATCH):
    """Where each batch of lines stands in a file: (offset, bytes, lines)."""
    batches, offset, length, lines = [], 0, 0, 0
    with open(path, "rb") as file:
        for line in file:
            length, lines = length + len(line), lines + 1
            if lines == size:
                batches.append((offset, length, lines))
                offset, length, lines = offset + length, 0, 0
    return batches + ([(offset, length, lines)] if lines else [])


def copy(cursor, file, batch):
    """One COPY, which is one transaction."""
    offset, length, lines = batch
    file.seek(offset)
    with cursor.copy(COPY) as copying:
        copying.write(file.read(length))
    return lines


def in_turn(next_index, count):
    """Indexes below `count` that no other process got."""
    while True:
        with next_index.get_lock():
            index = next_index.value
            next_index.value += 1
        if index >= count:
            return
        yield index


def copy_worker(address, path, batches, next_index, barrier, results):
    with psycopg.connect(address, autocommit=True) as connection, open(path, "rb") as file:
        cursor = connection.cursor()
        barrier.wait()
        results.put([copy(cursor, file, batches[index]) for index in in_turn(next_index, len(batches))])


def insert_worker(address, path, batches, next_index, barrier, results):
    times = []
    with psycopg.connect(address, autocommit=True) as connection, open(path, "rb") as file:
        libpq = connection.pgconn
        libpq.prepare(b"insert", INSERT.encode())
        barrier.wait()
        for index in in_turn(next_index, len(batches)):
            offset, length, _ = batches[index]
            file.seek(offset)
            values = [unescaped(value) for value in file.read(length).rstrip(b"\n").split(b"\t")]
            before = time.perf_counter()
            result = libpq.exec_prepared(b"insert", values)
            times.append(time.perf_counter() - before)
            if result.status != ExecStatus.COMMAND_OK:
                raise RuntimeError(result.error_message.decode())
    results.put(times)


def unescaped(value):
    """The text that a line of COPY stands for. The generator's texts hold no control characters."""
    return value.replace(b"\\\\", b"\\")


def together(cluster, worker, count, path, batches):
    """Runs `count` processes over the batches of a file; answers the seconds and what each of them answered."""
    context = multiprocessing.get_context("spawn")
    next_index, barrier, results = context.Value("q", 0), context.Barrier(count + 1), context.Queue()
    arguments = (cluster.address, path, batches, next_index, barrier, results)
    workers = [context.Process(target=worker, args=arguments) for _ in range(count)]
    for process in workers:
        process.start()
    barrier.wait(timeout=READY_S)
    begun = time.perf_counter()
    answers = [results.get() for _ in workers]
    took = time.perf_counter() - begun
    for process in workers:
        process.join()
    return took, answers


def copy_all(cluster, path, batches):
    """Events a second that were acknowledged: one transaction a batch."""
    took, answers = together(cluster, copy_worker, BURST_CONNECTIONS, path, batches)
    return sum(map(sum, answers)) / took


def single_inserts(cluster, peer, prepared):
    lines = batches_of(prepared.postgres_more, 1)
    for connections, count in SINGLES.items():
        batches = lines[: min(count, len(lines))]
        took, answers = together(cluster, insert_worker, connections, prepared.postgres_more, batches)
        times = [seconds for answer in answers for seconds in answer]
        row(peer, f"insert-{connections}", rate=round(len(times) / took), **latency(times))


def ingest_worker(address, path, batches, stop, results):
    """A batch every so often, at the rate of the ingest, until told to stop; begins anew at the end of the file."""
    done, index = 0, 0
    with psycopg.connect(address, autocommit=True) as connection, open(path, "rb") as file:
        cursor = connection.cursor()
        begun = time.monotonic()
        while not stop.is_set():
            done += copy(cursor, file, batches[index % len(batches)])
            index += 1
            stop.wait(max(0.0, begun + done / INGEST_PER_S - time.monotonic()))
        results.put(done / (time.monotonic() - begun))


# --- asking ----------------------------------------------------------------


class Asker:
    """Runs one question over one connection. Results stay text: what a client would parse is not the peer's work."""

    def __init__(self, connection, question, variants):
        self.libpq = connection.pgconn
        self.statements = [numbered(statement) for statement in question.statements(*variants)]

    def run(self, parameters):
        """How many rows came back, of all statements."""
        return sum(result.ntuples for result in self.results(parameters))

    def results(self, parameters):
        for statement, names in self.statements:
            result = self.libpq.exec_params(statement.encode(), [parameters[name].encode() for name in names])
            if result.status != ExecStatus.TUPLES_OK:
                raise RuntimeError(result.error_message.decode())
            yield result

    def ids(self, parameters):
        """The ids of the events found, which `data` holds."""
        for result in self.results(parameters):
            column = next(index for index in range(result.nfields) if result.fname(index) == b"data")
            for index in range(result.ntuples):
                yield json.loads(result.get_value(index, column))["id"]


def ask(cluster, peer, variants, questions, prepared, compare):
    """The queries: cold, warm without load, warm during ingest."""
    for question in questions:
        say(f"{peer}: cold/{question.name}")
        cluster.chill()
        with cluster.connect() as connection:
            connection.execute("select 1")
            asker = Asker(connection, question, variants)
            before = time.perf_counter()
            hits = asker.run(question.rounds[0])
            row(peer, f"cold/{question.name}", hits=hits, **latency([time.perf_counter() - before]))
    heat(cluster.data)
    with cluster.connect() as connection:
        for question in questions:
            asker = Asker(connection, question, variants)
            if compare and question.name != questions[-1].name:
                for number, parameters in enumerate(question.rounds[:ANSWERED_ROUNDS]):
                    row(peer, f"answer/{question.name}", round=number, ids=list(asker.ids(parameters)))
            row(peer, f"quiet/{question.name}", **warm(asker.run, question.rounds))
    context = multiprocessing.get_context("spawn")
    stop, results = context.Event(), context.Queue()
    arguments = (cluster.address, prepared.postgres_more, batches_of(prepared.postgres_more), stop, results)
    writer = context.Process(target=ingest_worker, args=arguments)
    writer.start()
    try:
        with cluster.connect() as connection:
            time.sleep(2)
            for question in questions:
                asker = Asker(connection, question, variants)
                row(peer, f"ingest/{question.name}", **warm(asker.run, question.rounds, INGEST_BUDGET_S))
    finally:
        stop.set()
        rate = results.get(timeout=READY_S)
        writer.join()
    row(peer, "ingest-rate", rate=round(rate))


def cut_back(cluster, last_id):
    """Takes away what came after the load. Leaves statistics and visibility map as autovacuum does."""
    with cluster.connect() as connection:
        connection.execute("delete from audit_logs where id > %s", [last_id])
        connection.execute("vacuum analyze audit_logs")


def disk(cluster, peer):
    with cluster.connect() as connection:
        total, count = connection.execute("select pg_total_relation_size('audit_logs'), count(*) from audit_logs").fetchone()
        row(peer, "disk", bytes_per_event=round(total / count), rows=count)


def run(directory, prepared, questions, gin):
    """Every row of PostgreSQL, without and with GIN on data."""
    cluster = Cluster(directory)
    try:
        cluster.start()
        with cluster.connect() as connection:
            connection.execute(TABLE)
            say("postgres: one COPY")
            whole = batches_of(prepared.postgres, 200_000)[0]
            with open(prepared.postgres, "rb") as file:
                before = time.perf_counter()
                copy(connection.cursor(), file, whole)
                row("postgres", "copy-one", rate=round(whole[2] / (time.perf_counter() - before)), events=whole[2])
            connection.execute("truncate audit_logs")
        say("postgres: COPY of batches")
        rate = copy_all(cluster, prepared.postgres, batches_of(prepared.postgres))
        row("postgres", "copy-batches", rate=round(rate), events=prepared.loaded)
        with cluster.connect() as connection:
            [last_id] = connection.execute("select max(id) from audit_logs").fetchone()
        variants = {"postgres": ["postgres"]}
        if gin:
            variants["postgres-gin"] = ["postgres_gin", "postgres"]
        for peer, names in variants.items():
            cut_back(cluster, last_id)
            if peer == "postgres-gin":
                say(f"{peer}: making the index")
                with cluster.connect() as connection:
                    connection.execute(GIN)
            disk(cluster, peer)
            ask(cluster, peer, names, questions, prepared, compare=peer == "postgres")
            cut_back(cluster, last_id)
            single_inserts(cluster, peer, prepared)
        if gin:
            later = batches_of(prepared.postgres_more)[: COPIED_LATER // BATCH]
            rate = copy_all(cluster, prepared.postgres_more, later)
            row("postgres-gin", "copy-batches", rate=round(rate), events=sum(lines for *_, lines in later))
    finally:
        cluster.stop()
