"""Stopwatches, percentiles, cold files, and the JSON lines that are printed.

Promises that a percentile is the value veritrail-load would give for the same times, and that a row says how many
runs it rests on. Must never keep a slow query from ending: every row has a budget.
"""

import json
import os
import pathlib
import sys
import time

# A row stops early when this many seconds are over, but not before this many runs. Beside an ingest the budget is
# smaller, so that a slow row does not let the table grow far beyond what the others were asked over.
BUDGET_S = 20.0
INGEST_BUDGET_S = 5.0
RUNS_MIN = 5
# Runs that are made before the clock runs, in warm rows.
WARM_UP = 3


def say(text):
    """For people, who watch stderr."""
    print(text, file=sys.stderr, flush=True)


def row(peer, name, **numbers):
    """One JSON line for veritrail-load. `name` is a row's name, such as "quiet/request-id"."""
    print(json.dumps({"peer": peer, "row": name} | numbers), flush=True)


def percentile(times_s, share):
    """Milliseconds below which `share` of 100 of the sorted times lie."""
    ordered = sorted(times_s)
    return round(ordered[min(len(ordered) - 1, len(ordered) * share // 100)] * 1e3, 4)


def latency(times_s):
    return {"p50_ms": percentile(times_s, 50), "p99_ms": percentile(times_s, 99), "runs": len(times_s)}


def warm(run, rounds, budget_s=BUDGET_S):
    """Runs a query once for each round within the budget; `run` answers how many rows came back."""
    for parameters in rounds[:WARM_UP]:
        run(parameters)
    times, hits = [], 0
    begun = time.perf_counter()
    for parameters in rounds:
        before = time.perf_counter()
        hits += run(parameters)
        now = time.perf_counter()
        times.append(now - before)
        if now - begun > budget_s and len(times) >= RUNS_MIN:
            break
    return latency(times) | {"hits": round(hits / len(times), 1)}


def evict(directory):
    """Writes every file of a directory out and drops its pages from the operating system's cache."""
    os.sync()
    for path in pathlib.Path(directory).rglob("*"):
        if path.is_file() and not path.is_symlink():
            descriptor = os.open(path, os.O_RDONLY)
            try:
                os.posix_fadvise(descriptor, 0, 0, os.POSIX_FADV_DONTNEED)
            finally:
                os.close(descriptor)


def heat(directory):
    """Reads every file of a directory, so that it is in the operating system's cache: where warm rows begin."""
    for path in pathlib.Path(directory).rglob("*"):
        if path.is_file() and not path.is_symlink():
            with open(path, "rb", buffering=0) as file:
                while file.read(1 << 20):
                    pass


def bytes_of(directory):
    return sum(path.stat().st_size for path in pathlib.Path(directory).rglob("*") if path.is_file())
