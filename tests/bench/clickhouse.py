"""ClickHouse inside a Python process (chdb), with one MergeTree table.

What chdb can't show: a server's network, several clients, durability of single inserts. A process of its own for each
phase, because chdb keeps state for as long as its process lives. Promises that no phase sees what another had cached,
but for what the operating system caches. Must never be imported before the phase's process has begun: chdb starts
threads.
"""

import json
import multiprocessing
import pathlib
import threading
import time

from measuring import INGEST_BUDGET_S, bytes_of, evict, heat, latency, row, say, warm
from prepared import CLICKHOUSE_COLUMNS
from questions import typed

TABLE = """
create table events (
    tenant LowCardinality(String),
    ts DateTime64(6, 'UTC'),
    id String,
    operation LowCardinality(String),
    actor_type LowCardinality(String),
    actor_id LowCardinality(String),
    project LowCardinality(String),
    resource_type LowCardinality(String),
    resource_id String,
    outcome LowCardinality(String),
    ip IPv4,
    user_agent LowCardinality(String),
    environment LowCardinality(String),
    region LowCardinality(String),
    request_id String,
    trace_id String,
    changed Array(LowCardinality(String)),
    changed_to Array(String),
    labels Array(String),
    data String,
    index of_text lower(data) type tokenbf_v1(65536, 4, 0) granularity 1,
    index of_id id type bloom_filter(0.01) granularity 1,
    index of_request request_id type bloom_filter(0.01) granularity 1,
    index of_trace trace_id type bloom_filter(0.01) granularity 1,
    index of_resource resource_id type bloom_filter(0.01) granularity 1,
    index of_labels labels type bloom_filter(0.01) granularity 1
) engine = MergeTree order by (tenant, ts)
"""
COLUMNS = ", ".join(CLICKHOUSE_COLUMNS)
PEER = "clickhouse"
INGEST_PER_S = 5_000
# One insert a second, since ClickHouse asks for few and large ones.
INGEST_BATCH = 5_000
# Of this many rounds the answers are compared with ours.
ANSWERED_ROUNDS = 3
PROCESS_S = 3_600


def session(directory):
    from chdb.session import Session

    opened = Session(str(directory / "clickhouse"))
    opened.query("create database if not exists bench")
    opened.query("use bench")
    return opened


def insert_file(opened, path):
    opened.query(f"insert into events ({COLUMNS}) select * from file('{path}', 'TabSeparated', '{structure()}')")


def structure():
    """The columns of the bulk file with their types, read from the table's own text."""
    lines = (line.strip().rstrip(",") for line in TABLE.splitlines())
    return ", ".join(
        line for line in lines if line.split(" ")[0] in CLICKHOUSE_COLUMNS and not line.startswith("index ")
    ).replace("'", "\\'")


class Asker:
    """Runs one question; answers come as one JSON text a row, as over ClickHouse's HTTP interface."""

    def __init__(self, opened, question):
        self.opened = opened
        self.statements = [typed(statement) for statement in question.statements("clickhouse")]

    def run(self, parameters):
        return sum(text.count(b"\n") for text in self.texts(parameters))

    def texts(self, parameters):
        for statement in self.statements:
            yield self.opened.query(statement, "JSONEachRow", params=parameters or None).bytes()

    def ids(self, parameters):
        return [json.loads(line)["id"] for text in self.texts(parameters) for line in text.splitlines()]


# --- phases, each in a process of its own ------------------------------------


def load(directory, prepared, questions):
    opened = session(directory)
    opened.query(TABLE)
    before = time.perf_counter()
    insert_file(opened, prepared.clickhouse)
    row(PEER, "bulk-insert", rate=round(prepared.loaded / (time.perf_counter() - before)), events=prepared.loaded)
    answer = opened.query("select sum(bytes_on_disk), sum(rows) from system.parts where active and table = 'events'")
    total, count = (int(number) for number in str(answer).strip().split(","))
    row(PEER, "disk", bytes_per_event=round(total / count), rows=count)
    opened.close()


def cold(directory, prepared, questions):
    [question] = questions
    opened = session(directory)
    opened.query("select 1")
    asker = Asker(opened, question)
    before = time.perf_counter()
    hits = asker.run(question.rounds[0])
    row(PEER, f"cold/{question.name}", hits=hits, **latency([time.perf_counter() - before]))
    opened.close()


def warm_and_ingest(directory, prepared, questions):
    opened = session(directory)
    heat(directory)
    for question in questions:
        asker = Asker(opened, question)
        if question.name != questions[-1].name:
            for number, parameters in enumerate(question.rounds[:ANSWERED_ROUNDS]):
                row(PEER, f"answer/{question.name}", round=number, ids=asker.ids(parameters))
        row(PEER, f"quiet/{question.name}", **warm(asker.run, question.rounds))
    stop, rates = threading.Event(), []
    writer = threading.Thread(target=ingest, args=(opened, batch_files(directory, prepared), stop, rates))
    writer.start()
    try:
        time.sleep(2)
        for question in questions:
            row(PEER, f"ingest/{question.name}", **warm(Asker(opened, question).run, question.rounds, INGEST_BUDGET_S))
    finally:
        stop.set()
        writer.join()
    row(PEER, "ingest-rate", rate=round(rates[0]))
    opened.close()


def batch_files(directory, prepared):
    """The events of the ingest, a file for each batch: chdb reads files, not streams."""
    paths = []
    with open(prepared.clickhouse_more, "rb") as file:
        while lines := [line for line, _ in zip(file, range(INGEST_BATCH))]:
            path = directory / f"batch-{len(paths)}.tsv"
            path.write_bytes(b"".join(lines))
            paths.append((path, len(lines)))
    return paths


def ingest(opened, files, stop, rates):
    done, index, begun = 0, 0, time.monotonic()
    while not stop.is_set():
        path, lines = files[index % len(files)]
        insert_file(opened, path)
        done, index = done + lines, index + 1
        stop.wait(max(0.0, begun + done / INGEST_PER_S - time.monotonic()))
    rates.append(done / (time.monotonic() - begun))


def run(directory, prepared, questions):
    """Every row of ClickHouse."""
    directory = pathlib.Path(directory)
    context = multiprocessing.get_context("spawn")

    def phase(target, questions):
        process = context.Process(target=target, args=(directory, prepared, questions))
        process.start()
        process.join(PROCESS_S)
        if process.exitcode != 0:
            process.kill()
            raise SystemExit(f"peers: clickhouse: {target.__name__} ended with {process.exitcode}")

    say("clickhouse: loading")
    phase(load, questions)
    for question in questions:
        say(f"clickhouse: cold/{question.name}")
        evict(directory / "clickhouse")
        phase(cold, [question])
    say("clickhouse: warm, then during ingest")
    phase(warm_and_ingest, questions)
    row(PEER, "directory", bytes=bytes_of(directory / "clickhouse"))
