//! The OpenAPI document and the schema of events: checked in, complete, and true of every answer that any test here gets.
//!
//! `VERITRAIL_BLESS=1 cargo test -p veritrail-server documented::` writes them anew.

use std::path::Path;
use std::sync::LazyLock;

use axum::body::Body;
use axum::http::{HeaderMap, Method, StatusCode, header};
use serde_json::Value;
use server::admin::{KEY_SECONDS_MAX, MASK_EXCEPTIONS_MAX, OWNER_BYTES_MAX};
use store::registry::INSTANCE_TENANT;

use crate::support::{World, request};

static DOCUMENT: LazyLock<Value> =
    LazyLock::new(|| serde_json::from_str(server::openapi()).unwrap());

/// The path of the document that this one is of; the one with the fewest variables.
fn template(path: &str) -> Option<&'static str> {
    let fits = |template: &str| {
        let (mut sought, mut found) = (template.split('/'), path.split('/'));
        loop {
            match (sought.next(), found.next()) {
                // The one variable that holds slashes is the last.
                (None, None) | (Some("{path}"), Some(_)) => return true,
                (Some(segment), Some(text)) if segment == text => {}
                (Some(segment), Some(text)) if segment.starts_with('{') && !text.is_empty() => {}
                _ => return false,
            }
        }
    };
    let paths = DOCUMENT["paths"].as_object().unwrap().keys();
    paths
        .map(String::as_str)
        .filter(|template| fits(template))
        .min_by_key(|template| template.matches('{').count())
}

/// Panics unless the document has this answer. Called for every answer of every test.
pub(crate) fn hold(
    (method, path): (&Method, &str),
    (status, headers): (StatusCode, &HeaderMap),
    body: Option<&[u8]>,
) {
    let text = |name| {
        headers
            .get(name)
            .map_or("", |value| value.to_str().unwrap())
    };
    let essence = text(header::CONTENT_TYPE.as_str())
        .split(';')
        .next()
        .unwrap();
    let told = format!("{method} {path} {status} {essence} {}", text("retry-after"));
    let name = if method == Method::HEAD {
        "get".to_owned()
    } else {
        method.as_str().to_lowercase()
    };
    let code = || {
        let problem: Value = serde_json::from_slice(body.unwrap()).unwrap();
        problem["code"].as_str().unwrap().to_owned()
    };
    let Some(template) = template(path) else {
        assert_eq!(
            (status, code().as_str()),
            (StatusCode::NOT_FOUND, "not_found"),
            "{told}"
        );
        return;
    };
    let described = &DOCUMENT["paths"][template][&name];
    if described.is_null() {
        assert_eq!(status, StatusCode::METHOD_NOT_ALLOWED, "{told}");
        return;
    }
    let answer = &described["responses"][status.as_str()];
    assert!(answer.is_object(), "{told}: no such status of {template}");
    let Some(content) = answer["content"].as_object() else {
        assert_eq!(
            body.map_or(0, <[u8]>::len),
            0,
            "{told}: described without a body"
        );
        return;
    };
    let known = content
        .iter()
        .find(|(name, _)| name.split(';').next() == Some(essence));
    let Some((_, media)) = known else {
        panic!("{told}: no such content of {template}");
    };
    if essence == api::problem::MEDIA_TYPE && body.is_some_and(|body| !body.is_empty()) {
        let codes = media["schema"]["allOf"][1]["properties"]["code"]["enum"]
            .as_array()
            .unwrap();
        let code = code();
        assert!(
            codes.iter().any(|known| *known == *code),
            "{told}: {code} is no code of {template}"
        );
        let waits = status == StatusCode::TOO_MANY_REQUESTS
            || status == StatusCode::SERVICE_UNAVAILABLE && code != api::code::STOPPED;
        assert_eq!(headers.contains_key("retry-after"), waits, "{told}: {code}");
    }
}

/// Each operation of the document: path with examples for its variables, method, and what is said of it.
fn operations() -> Vec<(String, Method, &'static Value)> {
    let mut operations = Vec::new();
    for (template, methods) in DOCUMENT["paths"].as_object().unwrap() {
        for (method, said) in methods.as_object().unwrap() {
            let mut path = template.clone();
            for parameter in said["parameters"].as_array().unwrap() {
                if parameter["in"] == "path" {
                    let variable = format!("{{{}}}", parameter["name"].as_str().unwrap());
                    assert!(path.contains(&variable), "{template}: {variable}");
                    path = path.replace(&variable, parameter["example"].as_str().unwrap());
                }
            }
            assert!(
                !path.contains('{'),
                "{path}: a variable that is not described"
            );
            operations.push((path, method.to_uppercase().parse().unwrap(), said));
        }
    }
    operations
}

#[expect(
    clippy::disallowed_methods,
    reason = "blessing writes the checked-in file, outside any store"
)]
fn is_what_is_checked_in(name: &str, text: &str) {
    let path = Path::new(env!("CARGO_MANIFEST_DIR"))
        .join("../../docs/reference")
        .join(name);
    if std::env::var_os("VERITRAIL_BLESS").is_some() {
        std::fs::write(&path, text).unwrap();
    }
    let known = std::fs::read_to_string(&path).unwrap_or_default();
    assert!(
        known == text,
        "docs/reference/{name} is not what is served; VERITRAIL_BLESS=1 writes it anew"
    );
}

#[test]
fn what_is_checked_in_is_what_is_served() {
    is_what_is_checked_in("openapi.json", server::openapi());
    is_what_is_checked_in("event.schema.json", server::event_schema());
}

#[test]
fn an_answer_that_is_not_described_is_found_out() {
    let problem = |code: &str| format!(r#"{{"code":"{code}"}}"#);
    let json = HeaderMap::from_iter([(
        header::CONTENT_TYPE,
        "application/problem+json".parse().unwrap(),
    )]);
    let found_out = |method: &Method, path: &str, status: u16, body: &str| {
        let status = StatusCode::from_u16(status).unwrap();
        let held = || hold((method, path), (status, &json), Some(body.as_bytes()));
        std::panic::catch_unwind(held).is_err()
    };
    assert!(!found_out(
        &Method::GET,
        "/v1/events/e1",
        404,
        &problem("not_found")
    ));
    assert!(found_out(
        &Method::GET,
        "/v1/events/e1",
        404,
        &problem("conflict")
    ));
    assert!(found_out(
        &Method::GET,
        "/v1/events/e1",
        418,
        &problem("not_found")
    ));
    assert!(found_out(
        &Method::GET,
        "/v1/events/e1",
        200,
        &problem("not_found")
    ));
    assert!(
        found_out(&Method::GET, "/v1/events/e1", 503, &problem("busy")),
        "without Retry-After"
    );
    assert!(found_out(
        &Method::PUT,
        "/v1/events/e1",
        404,
        &problem("not_found")
    ));
    assert!(found_out(
        &Method::GET,
        "/v1/other",
        403,
        &problem("forbidden")
    ));
}

#[tokio::test]
async fn documents_are_served_to_everybody_once() {
    let world = World::new().await;
    for (path, text) in [
        ("/openapi.json", server::openapi()),
        ("/v1/schema/event.json", server::event_schema()),
    ] {
        let reply = world.get("", path).await;
        assert_eq!(reply.text(), text);
        assert_eq!(reply.header("cache-control"), "public, max-age=3600");
        for (known, status) in [
            (reply.header("etag"), 304),
            (&*format!("\"x\", W/{}", reply.header("etag")), 304),
            ("\"x\"", 200),
        ] {
            let asked = request(Method::GET, "", path).header("if-none-match", known);
            let again = world.send(asked.body(Body::empty()).unwrap()).await;
            assert_eq!(again.status.as_u16(), status, "{known}");
            assert_eq!(again.bytes.is_empty(), status == 304);
        }
    }
}

#[tokio::test]
async fn what_is_described_is_served_and_nothing_else() {
    let world = World::new().await;
    let key = world.operator().await;
    let operations = operations();
    assert!(operations.len() > 20);
    for (path, _, _) in &operations {
        for method in [
            Method::GET,
            Method::POST,
            Method::PUT,
            Method::PATCH,
            Method::DELETE,
        ] {
            let described = operations
                .iter()
                .any(|known| known.0 == *path && known.1 == method);
            let asked = request(method.clone(), &key, path)
                .body(Body::empty())
                .unwrap();
            let served = world.open(asked).await.status() != StatusCode::METHOD_NOT_ALLOWED;
            assert_eq!(served, described, "{method} {path}");
        }
    }
}

#[tokio::test]
async fn the_roles_that_are_described_are_those_that_may() {
    let world = World::new().await;
    for role in [
        "writer", "analyst", "reader", "auditor", "admin", "operator",
    ] {
        let tenant = if role == "operator" {
            INSTANCE_TENANT
        } else {
            "acme"
        };
        let key = world.key_of(tenant, &[role], "roles").await;
        for (path, method, said) in operations() {
            let Some(roles) = said["x-veritrail-roles"].as_array() else {
                let open = [serde_json::json!([]), serde_json::json!([{"source": []}])];
                assert!(open.contains(&said["security"]), "{path}");
                continue;
            };
            let content = &said["requestBody"]["content"]["application/json"];
            let body = content
                .get("example")
                .or(content["examples"]["one"].get("value"));
            let body = body.map_or(Body::empty(), |body| Body::from(body.to_string()));
            let asked = request(method.clone(), &key, &path).body(body).unwrap();
            let refused = world.open(asked).await.status() == StatusCode::FORBIDDEN;
            let may = roles.iter().any(|known| *known == role);
            assert_eq!(refused, !may, "{role}: {method} {path}");
        }
    }
}

#[tokio::test]
async fn whatever_takes_a_key_refuses_without_one() {
    let world = World::new().await;
    for (path, method, said) in operations() {
        let open = said["security"] == serde_json::json!([]);
        let reply = world.call(method, "", &path, Body::empty()).await;
        assert_eq!(reply.status != StatusCode::UNAUTHORIZED, open, "{path}");
    }
}

#[test]
fn every_code_is_described_where_it_is_answered() {
    let text = DOCUMENT["paths"].to_string();
    for code in api::code::ALL {
        // Answered to methods that no path has.
        let expected = code != api::code::METHOD_NOT_ALLOWED;
        assert_eq!(text.contains(&format!("\"{code}\"")), expected, "{code}");
    }
}

#[test]
fn limits_of_the_wire_types_are_those_of_the_server() {
    let schemas = &DOCUMENT["components"]["schemas"];
    let key = &schemas["NewKey"]["properties"];
    assert_eq!(key["expires_in_seconds"]["maximum"], KEY_SECONDS_MAX);
    assert_eq!(key["owner"]["maxLength"], OWNER_BYTES_MAX);
    let tenant = &schemas["NewTenant"]["properties"];
    assert_eq!(tenant["mask_exceptions"]["maxItems"], MASK_EXCEPTIONS_MAX);
}
