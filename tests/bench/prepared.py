"""Events as the rows of each peer's table, made before any clock runs.

Promises that what has a column of its own is not kept a second time in `data`, so that no peer pays for a copy, and
that every event is one line of the bulk files, in the order of the events.
"""

import json
import pathlib

# Events of one request or transaction, as in veritrail-load.
BATCH = 500

POSTGRES_COLUMNS = ["user_id", "operation_type", "resource_type", "resource_id", "ip", "user_agent", "created_at", "data"]
CLICKHOUSE_COLUMNS = [
    "tenant", "ts", "id", "operation", "actor_type", "actor_id", "project", "resource_type", "resource_id",
    "outcome", "ip", "user_agent", "environment", "region", "request_id", "trace_id", "changed", "changed_to",
    "labels", "data",
]  # fmt: skip

_ESCAPES = str.maketrans({"\\": "\\\\", "\t": "\\t", "\n": "\\n", "\r": "\\r"})


class Prepared:
    """The files of one run, in a directory that the caller owns.

    `loaded` events go into the tables before anything is asked; those behind them are `more`: for single inserts
    and for the writer that runs beside the queries.
    """

    def __init__(self, directory):
        self.directory = pathlib.Path(directory)
        self.postgres = self.directory / "postgres.copy"
        self.postgres_more = self.directory / "postgres-more.copy"
        self.clickhouse = self.directory / "clickhouse.tsv"
        self.clickhouse_more = self.directory / "clickhouse-more.tsv"
        self.loaded = 0
        self.more = 0
        self.json_bytes = 0

    def read(self, lines, loaded_max):
        """Takes the first `loaded_max` lines as loaded, the rest as more."""
        with (
            open(self.postgres, "w", encoding="utf-8", newline="\n") as postgres,
            open(self.postgres_more, "w", encoding="utf-8", newline="\n") as postgres_more,
            open(self.clickhouse, "w", encoding="utf-8", newline="\n") as clickhouse,
            open(self.clickhouse_more, "w", encoding="utf-8", newline="\n") as clickhouse_more,
        ):
            for line in lines:
                if self.loaded < loaded_max:
                    self.loaded += 1
                    self.json_bytes += len(line) - 1
                    to_postgres, to_clickhouse = postgres, clickhouse
                else:
                    self.more += 1
                    to_postgres, to_clickhouse = postgres_more, clickhouse_more
                first, second = rows_of(json.loads(line))
                to_postgres.write("\t".join(value.translate(_ESCAPES) for value in first) + "\n")
                to_clickhouse.write("\t".join(value.translate(_ESCAPES) for value in second) + "\n")
        if self.loaded < loaded_max or self.more < BATCH:
            raise SystemExit(f"peers: {self.loaded} events and {self.more} more: too few for this run")


def rows_of(event):
    """The texts of one event's columns, for PostgreSQL and for ClickHouse. Takes the event apart."""
    actor, resource, origin = event["actor"], event["resource"], event.pop("origin")
    time, operation = event.pop("timestamp"), event.pop("operation")
    actor_id, kind, identifier = actor.pop("id"), resource.pop("type"), resource.pop("id")
    postgres = (actor_id, operation, kind, identifier, origin["ip"], origin["user_agent"], time, compact(event))
    context, changes = event["context"], event.get("changes", [])
    clickhouse = (
        "acme", time.replace("T", " ").removesuffix("Z"), event.pop("id"), operation, actor.pop("type"), actor_id,
        resource.pop("project_id"), kind, identifier, event["outcome"].pop("result"), origin["ip"],
        origin["user_agent"], context.pop("environment"), context.pop("region"), event.pop("request_id", ""),
        event.pop("trace_id", ""), array(change["field"] for change in changes),
        array(json.dumps(change.get("after")).strip('"') for change in changes),
        array(event["metadata"].pop("labels", [])), compact(event),
    )  # fmt: skip
    return postgres, clickhouse


def compact(value):
    return json.dumps(value, ensure_ascii=False, separators=(",", ":"))


def array(texts):
    """ClickHouse's text of an array. The generator's names hold no quotes."""
    return "[" + ",".join("'" + text + "'" for text in texts) + "]"
