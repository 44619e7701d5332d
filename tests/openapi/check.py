"""The document, the schema of events and the running server, held against each other by foreign validators.

    check.py REPOSITORY EVENTS

Reads VERITRAIL_URL, VERITRAIL_KEY (writer and auditor of tenant `default`) and VERITRAIL_OPERATOR from the environment. EVENTS is a
file with an event a line, each of which the server accepts.
"""

import copy
import gzip
import json
import os
import pathlib
import random
import re
import sys
import urllib.error
import urllib.parse
import urllib.request

import jsonschema
import openapi_spec_validator
from jsonschema import Draft202012Validator

URL = os.environ["VERITRAIL_URL"]
KEY = os.environ["VERITRAIL_KEY"]
OPERATOR = os.environ["VERITRAIL_OPERATOR"]
PROBLEM = "application/problem+json"

# Sound by the schema, and refused all the same: what a schema can't say, by code and pointer.
BEYOND_SCHEMAS = {
    "bad_operation": "/(operation|action)",
    "reserved_operation": "/(operation|action)",
    "bad_time": "/(timestamp|occurred_at)",
    "too_long": "/.*",  # limits count bytes
    "bad_value": "/(actor/user_id|actor/ip_address|origin/ip|producer/seq|(resource|targets/0)/type)",
    "wrong_type": "/.*",  # 1.0 is a whole number to a schema
    "missing_field": "/producer/id",
}


def call(method, path, key=KEY, body=None, **headers):
    headers = {name.replace("_", "-"): value for name, value in headers.items()}
    if key:
        headers["Authorization"] = "Bearer " + key
    data = body.encode() if isinstance(body, str) else body
    if not isinstance(data, bytes | None):
        data = json.dumps(data).encode()
    if data is not None:
        headers.setdefault("Content-Type", "application/json")
    request = urllib.request.Request(URL + path, data, headers, method=method)
    try:
        with urllib.request.urlopen(request, timeout=20) as response:
            return response.status, response.headers, response.read()
    except urllib.error.HTTPError as error:
        return error.code, error.headers, error.read()


def expect(what, condition, found=""):
    if not condition:
        sys.exit(f"check: {what}: {found}")


def fetch(path):
    status, headers, text = call("GET", path, key=None)
    expect(f"{path} is served to everybody", status == 200, status)
    expect(f"{path} may be cached", headers["Cache-Control"].startswith("public"), headers["Cache-Control"])
    again, _, rest = call("GET", path, key=None, If_None_Match=headers["ETag"])
    expect(f"{path} is not sent twice", (again, rest) == (304, b""), again)
    return text.decode()


class Document:
    """The OpenAPI document, as far as it is needed to validate an answer by hand."""

    def __init__(self, document):
        self.document = document

    def validator(self, schema):
        schema = {**schema, "components": self.document["components"]}
        return Draft202012Validator(schema, format_checker=Draft202012Validator.FORMAT_CHECKER)

    def hold(self, method, path, status, headers, text):
        """An answer is one that the document has."""
        operation = self.document["paths"][path][method]
        answers = operation["responses"]
        expect(f"{method} {path} describes {status}", str(status) in answers, text)
        content = answers[str(status)].get("content", {})
        if not content:
            expect(f"{method} {path} {status} is empty", text == b"", text)
            return
        essence = headers["Content-Type"].split(";")[0]
        known = {name.split(";")[0]: media for name, media in content.items()}
        expect(f"{method} {path} {status} describes {essence}", essence in known, list(known))
        if essence.endswith("json"):
            self.validator(known[essence]["schema"]).validate(json.loads(text))

    def examples(self):
        """Every example satisfies the schema that it stands beside."""
        count = 0
        for path, methods in self.document["paths"].items():
            for method, operation in methods.items():
                places = [p for p in operation["parameters"] if "example" in p]
                for media in operation.get("requestBody", {}).get("content", {}).values():
                    named = [{"example": e["value"], "schema": media["schema"]} for e in media.get("examples", {}).values()]
                    places += named + ([media] if "example" in media else [])
                for place in places:
                    self.validator(place["schema"]).validate(place["example"])
                    count += 1
        expect("the document has examples", count > 20, count)


def examples_of_documents(repository):
    """Events that our documents show, from fenced JSON and from the arguments of curl."""
    for page in [repository / "README.md", *sorted((repository / "docs").rglob("*.md"))]:
        text = page.read_text()
        shown = re.findall(r"^```json\n(.*?)^```", text, re.M | re.S) + re.findall(r" -d '(\{.*?\})'", text, re.S)
        for example in shown:
            try:
                value = json.loads(example)
            except ValueError:
                continue
            if isinstance(value, dict) and "actor" in value and {"operation", "action"} & value.keys():
                yield page.name, value


def places(value, at=()):
    """Every place of an event, the event itself first."""
    yield at
    members = value.items() if isinstance(value, dict) else enumerate(value) if isinstance(value, list) else ()
    for name, member in members:
        yield from places(member, (*at, name))


REPLACEMENTS = [
    None, True, 7, -1, 2**53 - 1, 2**53, 1.5, "", "x", "user", "success", "denied", "deployment.created", "a\u0007b", "a\u0000",
    "é" * 8_192, "y" * 1_025, "2026-03-12T14:32:07Z", "2026-03-12", "198.51.100.23:443", "::1", "no address", "Deployment", "007",
    [], {}, [7], [{}], [None], {"id": "1"}, {"type": "user"}, {"type": "project", "id": 7}, {"field": 7}, [{"field": "a"}],
    {"result": "success"}, {"result": "odd"}, {"seq": 1}, {"id": "p", "seq": "12"}, {"id": "", "seq": 1},
]
NAMES = [
    "id", "timestamp", "occurred_at", "operation", "action", "actor", "origin", "resource", "targets", "related", "outcome",
    "changes", "producer", "context", "request_id", "trace_id", "reason", "approval", "metadata", "type", "user_id", "seq", "ip",
    "ip_address", "user_agent", "code", "field", "something_else",
]


def broken(event, rng):
    """An event with a member or two removed, replaced or added."""
    event = copy.deepcopy(event)
    for _ in range(rng.choice([1, 1, 2])):
        at = rng.choice([at for at in places(event) if at] or [()])
        if not at:
            return event
        parent = event
        for name in at[:-1]:
            parent = parent[name]
        kind = rng.randrange(4)
        if kind == 0:
            del parent[at[-1]]
        elif kind == 1 and isinstance(parent, dict):
            parent[rng.choice(NAMES)] = copy.deepcopy(rng.choice(REPLACEMENTS))
        else:
            parent[at[-1]] = copy.deepcopy(rng.choice(REPLACEMENTS))
    return event


def differential(schema, events, rng):
    """The server accepts nothing that the schema refuses, and refuses what it has for no other than the known reasons."""
    validator = Draft202012Validator(schema)
    counts = {"both accept": 0, "both refuse": 0, "server alone refuses": 0}
    cases = [broken(rng.choice(events), rng) for _ in range(4_000)]
    for start in range(0, len(cases), 500):
        batch = cases[start : start + 500]
        status, _, text = call("POST", "/v1/events?dry_run=true", body=batch)
        expect("a batch is answered", status == 200, text)
        for event, result in zip(batch, json.loads(text)["results"], strict=True):
            valid, accepted = validator.is_valid(event), result["status"] == "dry_run"
            shown = json.dumps(event)[:1_500]
            if accepted:
                why = [error.json_path + ": " + error.message[:200] for error in validator.iter_errors(event)]
                expect("an accepted event is valid", valid, f"{shown}\n{why}")
                counts["both accept"] += 1
            elif valid:
                code, pointer = result["error"]["code"], result["error"].get("pointer", "")
                known = re.fullmatch(BEYOND_SCHEMAS.get(code, "(?!)"), pointer)
                expect("a valid event is accepted", known, f"{shown}\n{result['error']}")
                counts["server alone refuses"] += 1
            else:
                counts["both refuse"] += 1
    expect("the cases are of all kinds", min(counts.values()) >= 20, counts)
    return counts


def hold_by_hand(document):
    """What schemathesis is kept from: the stream, tenants in headers, and what would take the server away from others."""
    path = "/v1/events/stream"
    request = urllib.request.Request(URL + path + "?since=24h", headers={"Authorization": "Bearer " + KEY})
    with urllib.request.urlopen(request, timeout=20) as stream:
        document.hold("get", path, stream.status, stream.headers, b"")
        lines = [stream.readline().decode() for _ in range(12)]
    expect("the stream is one of server-sent events", any(line.startswith("data: {") for line in lines), lines)
    for query in ["?q=(", "?last_event_id=x", "?until=1h", "?log=other"]:
        document.hold("get", path, *call("GET", path + query))
    for tenant, status in [("default", 200), ("nobody", 404), ("No name", 400)]:
        answer = call("GET", "/v1/logs", Veritrail_Tenant=tenant)
        expect(f"tenant {tenant} is answered {status}", answer[0] == status, answer)
        document.hold("get", "/v1/logs", *answer)
    document.hold("post", "/v1/index/rebuild", *call("POST", "/v1/index/rebuild", key=OPERATOR))
    bomb = gzip.compress(b" " * (17 << 20))
    document.hold("post", "/v1/events", *call("POST", "/v1/events", body=bomb, Content_Encoding="gzip"))
    document.hold("post", "/v1/events", *call("POST", "/v1/events", body="{}", Content_Type="text/csv"))
    document.hold("post", "/v1/events", *call("POST", "/v1/events", body="{}", Content_Encoding="br"))
    document.hold("post", "/v1/events", *call("POST", "/v1/events", body="[" + "{}," * 10_000 + "{}]"))


def main(repository, events):
    document, schema = fetch("/openapi.json"), fetch("/v1/schema/event.json")
    reference = repository / "docs" / "reference"
    expect("the document is the one checked in", document == (reference / "openapi.json").read_text())
    expect("the schema is the one checked in", schema == (reference / "event.schema.json").read_text())
    schema = json.loads(schema)
    document = json.loads(document)
    openapi_spec_validator.validate(document)
    for name, component in document["components"]["schemas"].items():
        Draft202012Validator.check_schema(component)
    Draft202012Validator.check_schema(schema)
    document = Document(document)
    document.examples()
    validator = Draft202012Validator(schema)

    shown = list(examples_of_documents(repository))
    expect("documents show events", len(shown) >= 2, shown)
    emitted = [json.loads(line) for line in events.read_text().splitlines()]
    expect("there are generated events", len(emitted) >= 100, len(emitted))
    sound = schema["examples"] + [event for _, event in shown] + emitted
    for event in sound:
        validator.validate(event)
    for start in range(0, len(sound), 500):
        status, headers, text = call("POST", "/v1/events", body=sound[start : start + 500])
        document.hold("post", "/v1/events", status, headers, text)
        refused = [result for result in json.loads(text)["results"] if result["status"] == "refused"]
        expect("sound events are accepted", not refused, refused[:1])
    counts = differential(schema, sound, random.Random(7))
    hold_by_hand(document)
    print(f"check: {len(sound)} sound events accepted; of the broken ones {counts}")


if __name__ == "__main__":
    try:
        main(pathlib.Path(sys.argv[1]), pathlib.Path(sys.argv[2]))
    except jsonschema.ValidationError as error:
        sys.exit(f"check: {error}")
