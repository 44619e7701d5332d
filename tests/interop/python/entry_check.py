"""Holds every entry of an exported log to the written format, with rfc8785.

Promises that "verified" means: each entry is the RFC 8785 form of a closed
schema without JSON numbers, sits at the index it names in the log it names,
and time never runs backwards. What entries mean is not judged here.
"""

import json
import re
import sys

import rfc8785

from exported_log import Broken, main

ENTRY_BYTES_MAX = 8 * 1024
FIRST_MEMBERS = {"v", "log", "seq", "kind", "tenant", "origin", "vkey", "recorded_at", "predecessor"}
ENTRY_MEMBERS = {
    "v", "log", "seq", "recorded_at", "occurred_at", "id", "operation", "actor",
    "resource", "outcome", "ingest", "producer", "parts",
}  # fmt: skip
RECORDED_AT = re.compile(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{6}Z", re.ASCII)


def check_entries(log):
    """Answers one line, or raises `Broken` at the first entry at fault."""
    if log.size == 0:
        raise Broken("the log is empty: it has not even entry 0")
    first, recorded_at = None, ""
    for index, content in log.entries():
        try:
            entry = parse_canonical(content)
            if index == 0:
                first = entry
                check_first(entry, log)
            else:
                require(entry, "v", "veritrail/entry/1")
                require(entry, "log", first["log"])
                refuse_others(entry, ENTRY_MEMBERS)
            require(entry, "seq", str(index))
            if not RECORDED_AT.fullmatch(str(entry.get("recorded_at"))):
                raise Broken(f"recorded_at is {entry.get('recorded_at')!r}, not UTC at microseconds")
            if entry["recorded_at"] < recorded_at:
                raise Broken(f"recorded_at {entry['recorded_at']} is before its predecessor's {recorded_at}")
            recorded_at = entry["recorded_at"]
        except Broken as error:
            raise Broken(f"entry {index}: {error}") from error
    return f"verified log={log.origin} entries={log.size}"


def parse_canonical(content):
    """The entry as an object, provided its bytes are their own canonical form."""
    if len(content) > ENTRY_BYTES_MAX:
        raise Broken(f"{len(content)} bytes, more than {ENTRY_BYTES_MAX}")
    try:
        entry = json.loads(content.decode("utf-8"), object_pairs_hook=refuse_duplicates,
                           parse_int=refuse_number, parse_float=refuse_number, parse_constant=refuse_number)  # fmt: skip
        canonical = rfc8785.dumps(entry)
    except (ValueError, RecursionError) as error:
        raise Broken(f"no canonical JSON: {error}") from error
    if not isinstance(entry, dict):
        raise Broken("not an object")
    if canonical != content:
        raise Broken("the bytes are not their RFC 8785 form")
    return entry


def check_first(entry, log):
    """Entry 0 says which log this is."""
    require(entry, "v", "veritrail/log/1")
    require(entry, "origin", log.origin)
    refuse_others(entry, FIRST_MEMBERS)
    if not re.fullmatch(r"[0-9a-f]{32}", str(entry.get("log"))):
        raise Broken(f"log is {entry.get('log')!r}, not 32 hex digits")
    if not log.origin.endswith("/" + entry["log"]):
        raise Broken(f"origin {log.origin} does not end in the log's id {entry['log']}")
    if log.vkey() is not None:
        require(entry, "vkey", log.vkey())


def require(entry, member, value):
    if entry.get(member) != value:
        raise Broken(f"{member} is {entry.get(member)!r}, expected {value!r}")


def refuse_others(entry, members):
    others = sorted(entry.keys() - members)
    if others:
        raise Broken(f"members outside the schema: {', '.join(others)}")


def refuse_duplicates(pairs):
    members = dict(pairs)
    if len(members) != len(pairs):
        raise Broken("a member is named twice")
    return members


def refuse_number(text):
    raise Broken(f"the JSON number {text}: numbers are decimal strings here")


if __name__ == "__main__":
    main(check_entries, sys.argv)
