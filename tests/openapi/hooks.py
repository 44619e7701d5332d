"""What schemathesis has to know of this server."""

import json
import os

import schemathesis

OWN_KEY = os.environ["VERITRAIL_KEY_ID"]


@schemathesis.hook
def before_load_schema(context, raw_schema):
    """Leaves out what other tests cover, because random values would hide everything behind it."""
    # Deliveries of vendors need a source's secret, and the collector answers as Splunk does: the server's own tests.
    paths = raw_schema["paths"]
    for path in [path for path in paths if path.startswith("/services/collector")]:
        del paths[path]
    del paths["/v1/sources/{name}"]
    for methods in raw_schema["paths"].values():
        for operation in methods.values():
            # A tenant that does not exist is answered 404 whatever else is asked: check.py.
            parameters = operation.get("parameters", [])
            operation["parameters"] = [p for p in parameters if p.get("$ref") != "#/components/parameters/Tenant"]
    # The events of an array are refused one by one, with status 200: check.py.
    content = raw_schema["paths"]["/v1/events"]["post"]["requestBody"]["content"]
    content["application/json"]["schema"]["anyOf"][1] = {"type": "array", "maxItems": 10000}
    content["application/x-ndjson"]["schema"] = {}


@schemathesis.hook
def before_call(context, case, kwargs):
    """A key that revokes itself ends the test."""
    if case.operation.definition.raw.get("operationId") == "revoke_key" and case.path_parameters.get("id") == OWN_KEY:
        case.path_parameters["id"] = "nobody"


@schemathesis.serializer("application/x-ndjson")
def lines(context, value):
    text = value if isinstance(value, str) else json.dumps(value)
    return value if isinstance(value, bytes) else text.encode("utf-8", "surrogatepass")


@schemathesis.check
def unavailable_says_when(context, response, case):
    """Nothing but an announced wait may be answered 503; health says it without a wait."""
    if response.status_code == 503 and not case.path.endswith("z"):
        assert "retry-after" in response.headers, "503 without Retry-After"


@schemathesis.check
def refusals_are_problems(context, response, case):
    """Every refusal has the form of RFC 9457, its code known and its status repeated."""
    if response.status_code >= 400 and case.method != "HEAD" and not case.path.endswith("z"):
        assert response.headers["content-type"] == ["application/problem+json"], response.headers.get("content-type")
        problem = response.json()
        assert problem["status"] == response.status_code
        assert problem["type"] == "urn:veritrail:problem:" + problem["code"]
