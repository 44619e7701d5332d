"""What others do with the same events on the same machine: PostgreSQL's audit table and ClickHouse.

    peers.py --events FILE --count N --drawn FILE [--queries FILE] [--only postgres|clickhouse] [--no-gin]

FILE of --events holds one event a line, from `veritrail-load --emit-events`: the first N are loaded, the rest is
written later, beside the queries and in single inserts. --drawn comes from `veritrail-load --emit-queries`. Prints JSON
lines, {"peer", "row", …}, which `veritrail-load --peers` reads. Everything lives in a directory of its own
(TMPDIR decides where), removed at the end. Numbers are for people: nothing fails for being slow.
"""

import argparse
import pathlib
import signal
import sys
import tempfile
import time

import clickhouse
import postgres
from measuring import row, say
from prepared import Prepared
from questions import read


def main():
    parser = argparse.ArgumentParser(description=__doc__.split("\n", 1)[0])
    parser.add_argument("--events", required=True, help="events, one a line; - is stdin")
    parser.add_argument("--count", required=True, type=int, help="how many are loaded")
    parser.add_argument("--drawn", required=True, help="drawn parameters, one round a line")
    parser.add_argument("--queries", default=pathlib.Path(__file__).with_name("queries.json"))
    parser.add_argument("--only", choices=["postgres", "clickhouse"])
    parser.add_argument("--no-gin", action="store_true", help="leave the variant with GIN on data out")
    options = parser.parse_args()
    questions = read(options.queries, options.drawn)
    # A stop from outside takes the cluster along.
    signal.signal(signal.SIGTERM, lambda *_: sys.exit(143))
    with tempfile.TemporaryDirectory(prefix="veritrail-peers-") as directory:
        prepared = Prepared(directory)
        begun = time.monotonic()
        with sys.stdin if options.events == "-" else open(options.events, encoding="utf-8", newline="\n") as lines:
            prepared.read(lines, options.count)
        say(f"peers: {prepared.loaded} events and {prepared.more} more prepared in {time.monotonic() - begun:.0f} s")
        row("peers", "events", count=prepared.loaded, bytes_per_event=round(prepared.json_bytes / prepared.loaded))
        if options.only != "clickhouse":
            postgres.run(directory, prepared, questions, gin=not options.no_gin)
        if options.only != "postgres":
            clickhouse.run(directory, prepared, questions)


if __name__ == "__main__":
    main()
