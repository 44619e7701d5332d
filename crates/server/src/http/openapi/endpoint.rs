//! One route as the document describes it.

use std::collections::BTreeMap;

use ledger::limits::BATCH_EVENTS_MAX;
use ledger::rejection::Rejection;
use serde_json::{Map, Value, json};

use super::forms::{AT, Forms};
use crate::http::HttpError;
use crate::http::route::{Access, Answer, Body, Content, Parameter, Route};
use crate::http::routes::{ANY, SIGNED_IN, reasons};
use crate::http::schema;

/// The description of one method of one path.
pub(super) fn described(room: &str, route: &Route, forms: &mut Forms) -> Value {
    let mut said = json!({
        "tags": [room],
        "operationId": route.id,
        "summary": route.summary,
        "description": route.description,
        "parameters": parameters(route, forms),
        "responses": responses(route, forms),
    });
    match route.access {
        Access::Everybody => said["security"] = json!([]),
        Access::Source => said["security"] = json!([{"source": []}]),
        Access::Act(act) => {
            let roles: Vec<&str> = act.roles().iter().map(|role| role.name()).collect();
            let text = format!("{}\n\nRoles: {}.", route.description, roles.join(", "));
            said["description"] = json!(text);
            said["x-veritrail-roles"] = json!(roles);
        }
    }
    if let Some(body) = &route.body {
        said["requestBody"] = request_body(body, forms);
    }
    said
}

fn parameters(route: &Route, forms: &mut Forms) -> Vec<Value> {
    let mut parameters = Vec::new();
    for segment in &route.segments {
        let mut described = parameter("path", segment);
        described["required"] = json!(true);
        parameters.push(described);
    }
    if let Some(query) = route.query {
        parameters.extend(forms.query(query));
    }
    parameters.extend(
        route
            .headers
            .iter()
            .map(|header| parameter("header", header)),
    );
    if matches!(route.access, Access::Act(_)) {
        parameters.push(json!({"$ref": "#/components/parameters/Tenant"}));
    }
    parameters
}

fn parameter(place: &str, parameter: &Parameter) -> Value {
    let mut said = json!({
        "name": parameter.name,
        "in": place,
        "description": parameter.description,
        "schema": parameter.schema,
    });
    if !parameter.example.is_empty() {
        said["example"] = json!(parameter.example);
    }
    said
}

fn request_body(body: &Body, forms: &mut Forms) -> Value {
    match body {
        Body::Json(form, example) => json!({
            "required": true,
            "content": {"application/json": {"schema": forms.sent(*form), "example": example}},
        }),
        Body::Anything => json!({
            "required": true,
            "content": {"*/*": {"schema": {"type": "string", "format": "binary"}}},
        }),
        Body::Events => {
            let event = json!({"$ref": format!("{AT}NewEvent")});
            let example = schema::event(AT)["examples"].take();
            let many = json!({
                "type": "array",
                "maxItems": BATCH_EVENTS_MAX,
                "items": event,
                "description": "Each is accepted or refused for itself.",
            });
            let lines = example.as_array().map_or(&[][..], Vec::as_slice).iter();
            let lines = lines.fold(String::new(), |lines, event| {
                lines + &event.to_string() + "\n"
            });
            json!({
                "required": true,
                "content": {
                    "application/json": {
                        "schema": {"anyOf": [event, many]},
                        "examples": {
                            "one": {"summary": "One event", "value": example[0]},
                            "short": {"summary": "What is required", "value": example[1]},
                            "names": {"summary": "Other names", "value": example[2]},
                            "many": {"summary": "An array", "value": example},
                        },
                    },
                    "application/x-ndjson": {
                        "schema": {"type": "string", "description": "One event a line; empty lines don't count."},
                        "example": lines,
                    },
                },
            })
        }
    }
}

fn responses(route: &Route, forms: &mut Forms) -> Value {
    let mut responses = Map::new();
    for answer in &route.answers {
        responses.insert(answer.status.to_string(), answered(answer, forms));
    }
    for (status, codes) in problems(route) {
        let refusal = refused(status, &codes, forms);
        match responses.get_mut(&status.to_string()) {
            // A status that is an answer and a refusal, too.
            Some(known) => {
                let content = known.get_mut("content").and_then(Value::as_object_mut);
                if let (Some(content), Value::Object(more)) = (content, &refusal["content"]) {
                    content.extend(more.clone());
                }
            }
            None => {
                responses.insert(status.to_string(), refusal);
            }
        }
    }
    Value::Object(responses)
}

fn answered(answer: &Answer, forms: &mut Forms) -> Value {
    let mut said = json!({"description": answer.description});
    let content: Map<String, Value> = answer
        .content
        .iter()
        .map(|(media_type, content)| {
            let schema = match content {
                Content::Json(form) => json!({"schema": forms.answered(*form)}),
                Content::Object => json!({"schema": {"type": "object"}}),
                Content::Text => json!({"schema": {"type": "string"}}),
                Content::Bytes => json!({}),
            };
            ((*media_type).to_owned(), schema)
        })
        .collect();
    if !content.is_empty() {
        said["content"] = Value::Object(content);
    }
    let headers = answer.headers.iter();
    let headers: Map<String, Value> = headers
        .map(|(name, told)| ((*name).to_owned(), header(told)))
        .collect();
    if !headers.is_empty() {
        said["headers"] = Value::Object(headers);
    }
    said
}

fn header(description: &str) -> Value {
    json!({"description": description, "schema": {"type": "string"}})
}

/// The codes of a route's refusals, by status and in order, each once.
fn problems(route: &Route) -> BTreeMap<u16, BTreeMap<&'static str, String>> {
    let signed_in: &[&[&str]] = match route.access {
        Access::Everybody | Access::Source => &[],
        Access::Act(_) => &[ANY, SIGNED_IN],
    };
    let mut problems: BTreeMap<u16, BTreeMap<&'static str, String>> = BTreeMap::new();
    for code in signed_in.iter().copied().flatten().chain(&route.problems) {
        let (status, title) = known(code);
        problems.entry(status).or_default().insert(code, title);
    }
    problems
}

/// Status and title of a code.
fn known(code: &'static str) -> (u16, String) {
    let error = match reasons().find(|reason| reason.code() == code) {
        Some(reason) => HttpError::of_rejection(Rejection::new(reason, "", "")),
        None => HttpError::new(code, ""),
    };
    (error.problem().status, error.problem().title.clone())
}

fn refused(status: u16, codes: &BTreeMap<&'static str, String>, forms: &mut Forms) -> Value {
    let mut titles: Vec<(&String, Vec<&str>)> = Vec::new();
    for (code, title) in codes {
        match titles.iter_mut().find(|(known, _)| *known == title) {
            Some((_, codes)) => codes.push(code),
            None => titles.push((title, vec![code])),
        }
    }
    let titles: Vec<String> = titles
        .into_iter()
        .map(|(title, codes)| format!("{title}: `{}`.", codes.join("`, `")))
        .collect();
    let codes: Vec<&str> = codes.keys().copied().collect();
    let problem = forms.answered_type::<api::Problem>();
    let mut said = json!({
        "description": titles.join("\n\n"),
        "content": {
            api::problem::MEDIA_TYPE: {
                "schema": {
                    "allOf": [
                        problem,
                        {"properties": {"status": {"const": status}, "code": {"enum": codes}}},
                    ],
                },
            },
        },
    });
    let seconds = |required: bool| {
        json!({
            "description": "Seconds to wait before it is sent again.",
            "schema": {"type": "integer", "minimum": 1},
            "required": required,
        })
    };
    match status {
        401 => said["headers"] = json!({"WWW-Authenticate": header("`Bearer`.")}),
        429 => {
            said["headers"] = json!({
                "Retry-After": seconds(true),
                "RateLimit-Policy": header("The limit that was reached."),
                "RateLimit": header("What is left of it."),
            });
        }
        // Writing that has stopped begins again with a restart, and nobody knows when.
        503 => said["headers"] = json!({"Retry-After": seconds(false)}),
        _ => {}
    }
    said
}
