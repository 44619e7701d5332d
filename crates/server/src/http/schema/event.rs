//! What `ledger::event` reads, as JSON Schema 2020-12.
//!
//! Promises: every event that the ledger accepts is valid; what is valid and refused all the same is told in the
//! descriptions (lengths count bytes, numbers must be written as whole ones, names are looked up, some values are taken
//! together). `tests/openapi` holds it against the server.

use ledger::event::{ACTOR_TYPES, OUTCOMES};
use ledger::limits::{ID_BYTES_MAX, OPERATION_BYTES_MAX, TEXT_BYTES_MAX};
use serde_json::{Map, Value, json};

/// The largest whole number that every JSON parser reads alike.
const WHOLE_MAX: i64 = (1 << 53) - 1;

#[expect(clippy::too_many_lines, reason = "one schema, written as it reads")]
/// The schema of one event; `at` is where [`definitions`] stand.
pub(in crate::http) fn event(at: &str) -> Value {
    let refer = |name: &str| json!({"$ref": format!("{at}{name}")});
    let (identifier, text) = (refer("EventIdentifier"), refer("EventText"));
    json!({
        "title": "Event",
        "description": "One audited action as a producer sends it. Only an operation, `actor` and `resource` are required. \
            `null` counts as absent. Lengths are limits in bytes of UTF-8. Members that are not named here are kept, with a \
            warning.",
        "type": "object",
        "required": ["actor"],
        "properties": {
            "id": {
                "description": "Its id, unique within the source. One that does not match `[A-Za-z0-9_-]{1,64}` is \
                    replaced; without one, and without an `Idempotency-Key`, it is never a repetition.",
                "type": ["string", "null"],
                "maxLength": ID_BYTES_MAX,
            },
            "timestamp": time("When it happened, as the producer says. RFC 3339 with an offset, from 1970 on."),
            "occurred_at": time("Another name for `timestamp`. Not both."),
            "operation": operation("What happened: `resource.action`."),
            "action": operation("Another name for `operation`. Not both."),
            "actor": actor(&identifier, &text),
            "origin": {
                "description": "Where the actor was.",
                "type": ["object", "null"],
                "properties": {
                    "ip": address("An IPv4 or IPv6 address; a port behind it is left out.", &text),
                    "user_agent": text,
                    "device": text,
                    "session_id": text,
                },
            },
            "resource": {
                "anyOf": [refer("EventResource"), {"type": "null"}],
                "description": "What was acted upon.",
            },
            "targets": {
                "description": "Another way to say `resource`: the first is that, the rest go before `related`. Not both.",
                "type": ["array", "null"],
                "minItems": 1,
                "prefixItems": [refer("EventResource")],
                "items": {"type": "object"},
            },
            "related": {
                "description": "What else was concerned, each with `type` and `id`.",
                "type": ["array", "null"],
                "items": {"type": "object"},
            },
            "outcome": outcome(&identifier, &text),
            "changes": changes(),
            "producer": producer(&identifier),
            "context": {
                "description": "In which application, environment, …",
                "type": ["object", "null"],
                "properties": {
                    "application": text,
                    "service": text,
                    "environment": text,
                    "region": text,
                    "channel": text,
                    "source_action": text,
                },
            },
            "request_id": identifier,
            "correlation_id": identifier,
            "causation_id": identifier,
            "trace_id": identifier,
            "reason": text,
            "approval": {
                "description": "Who allowed it.",
                "type": ["object", "null"],
            },
            "metadata": {
                "description": "Members of your own. `request_id` and `source` in it also fill `request_id` and \
                    `context.channel` where those are absent.",
                "type": ["object", "null"],
            },
        },
        "allOf": [
            either("operation", "action", "string"),
            one_of("resource", "object", "targets", "array"),
            {
                "not": {
                    "required": ["timestamp", "occurred_at"],
                    "properties": {
                        "timestamp": {"type": "string"},
                        "occurred_at": {"type": "string"},
                    },
                },
            },
        ],
        "examples": examples(),
    })
}

/// What [`event`] refers to.
pub(in crate::http) fn definitions(at: &str) -> Vec<(String, Value)> {
    let refer = |name: &str| json!({"$ref": format!("{at}{name}")});
    let (identifier, text) = (refer("EventIdentifier"), refer("EventText"));
    let resource = json!({
        "type": "object",
        "required": ["type"],
        "properties": {
            "type": {"type": "string", "pattern": "^[a-z][a-z0-9_]{0,63}$"},
            "id": identifier,
            "name": text,
            "project_id": identifier,
        },
    });
    let identifier = json!({
        "description": "A string without control characters, or a whole number that every JSON parser reads alike. An empty \
            one counts as absent.",
        "type": ["string", "integer", "null"],
        "maxLength": ID_BYTES_MAX,
        "pattern": "^[^\\u0000-\\u001f\\u007f-\\u009f]*$",
        "minimum": -WHOLE_MAX,
        "maximum": WHOLE_MAX,
    });
    let text = json!({"type": ["string", "null"], "maxLength": TEXT_BYTES_MAX});
    vec![
        ("EventIdentifier".into(), identifier),
        ("EventResource".into(), resource),
        ("EventText".into(), text),
    ]
}

fn time(description: &str) -> Value {
    json!({
        "description": description,
        "type": ["string", "null"],
        "pattern": "^[0-9]{4}-[0-9]{2}-[0-9]{2}[Tt ][0-9]{2}:[0-9]{2}:[0-9]{2}",
    })
}

fn operation(description: &str) -> Value {
    let description = format!(
        "{description} A name of the vocabulary in any spelling (`veritrail vocabulary list`), or, unless the tenant is \
         strict, any name of two to four dotted parts of `[a-z][a-z0-9_]*`, at most {OPERATION_BYTES_MAX} bytes."
    );
    json!({
        "description": description,
        "type": ["string", "null"],
        "minLength": 1,
    })
}

fn address(description: &str, text: &Value) -> Value {
    json!({"allOf": [text], "description": description, "pattern": "^[0-9A-Fa-f.:%\\[\\]]*$"})
}

fn actor(identifier: &Value, text: &Value) -> Value {
    json!({
        "description": "Who acted. May be empty.",
        "type": "object",
        "properties": {
            "type": {
                "description": "`user` when left out.",
                "enum": words(&ACTOR_TYPES),
            },
            "id": identifier,
            "user_id": {"allOf": [identifier], "description": "Another name for `id`. Both only if equal."},
            "email": text,
            "name": text,
            "credential_id": identifier,
            "on_behalf_of": {
                "type": ["object", "null"],
                "properties": {"type": text, "id": identifier},
            },
            "ip_address": {
                "allOf": [text],
                "description": "`origin.ip`, where that is absent.",
            },
            "user_agent": {
                "allOf": [text],
                "description": "`origin.user_agent`, where that is absent.",
            },
        },
    })
}

fn outcome(identifier: &Value, text: &Value) -> Value {
    json!({
        "description": "How it ended: an object, or its `result` alone.",
        "type": ["object", "string", "null"],
        "if": {"type": "string"},
        "then": {"enum": OUTCOMES},
        "properties": {
            "result": {"enum": words(&OUTCOMES)},
            "code": identifier,
            "message": text,
        },
    })
}

fn changes() -> Value {
    json!({
        "description": "What changed. Values that look like secrets are replaced before anything is stored.",
        "type": ["array", "null"],
        "items": {
            "type": "object",
            "required": ["field"],
            "properties": {
                "field": {"type": "string"},
                "before": true,
                "after": true,
            },
        },
    })
}

fn producer(identifier: &Value) -> Value {
    json!({
        "description": "The producer's own count, which shows what was lost on the way.",
        "type": ["object", "null"],
        "properties": {
            "id": identifier,
            "seq": {
                "description": "From 1, one more each time; digits in a string are taken, too.",
                "type": ["integer", "string", "null"],
                "minimum": 1,
                "maximum": WHOLE_MAX,
                "pattern": "^\\+?[0-9]*[1-9][0-9]*$",
            },
        },
        "if": {"required": ["seq"], "properties": {"seq": {"type": ["integer", "string"]}}},
        "then": {
            "required": ["id"],
            "properties": {"id": {"type": ["integer", "string"], "minLength": 1}},
        },
    })
}

/// The words, or nothing.
fn words(words: &[&str]) -> Value {
    let words = words.iter().map(|word| json!(word));
    words.chain([Value::Null]).collect()
}

fn either(one: &str, other: &str, kind: &str) -> Value {
    one_of(one, kind, other, kind)
}

/// One of two members, and not both.
fn one_of(one: &str, one_kind: &str, other: &str, other_kind: &str) -> Value {
    let is = |name: &str, kind: &str| {
        let mut members = Map::new();
        members.insert(name.to_owned(), json!({"type": kind}));
        json!({"required": [name], "properties": members})
    };
    json!({"oneOf": [is(one, one_kind), is(other, other_kind)]})
}

/// Events that show each accepted form.
fn examples() -> Value {
    json!([
        {
            "id": "evt_a1b2c3d4",
            "timestamp": "2026-03-12T14:32:07.123Z",
            "operation": "environment_variable.updated",
            "actor": {"type": "user", "id": "42", "email": "dev@example.com"},
            "origin": {"ip": "198.51.100.23", "user_agent": "Mozilla/5.0"},
            "resource": {
                "type": "environment_variable",
                "id": "var_789",
                "name": "DATABASE_URL",
                "project_id": "proj_456",
            },
            "outcome": {"result": "success"},
            "changes": [{"field": "value", "before": null, "after": "…"}],
            "context": {"environment": "production"},
            "reason": "INC-212: rotate after leak",
        },
        {
            "operation": "deployment.created",
            "actor": {"id": 42},
            "resource": {"type": "deployment", "id": "dpl_1"},
        },
        {
            "action": "DeploymentCreated",
            "occurred_at": "2026-03-12T15:32:07+01:00",
            "actor": {"user_id": "42", "ip_address": "198.51.100.23", "user_agent": "curl/8.5"},
            "targets": [{"type": "deployment", "id": "dpl_1"}, {"type": "project", "id": "proj_456"}],
            "outcome": "success",
            "metadata": {"request_id": "req_1", "source": "cli"},
        },
    ])
}
