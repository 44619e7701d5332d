//! `GET /openapi.json`: the whole API as an OpenAPI 3.1 document, made of the table that the router is made of.
//!
//! Promises: a route is served if and only if it is described; forms come from the wire types, parameters from the types
//! that read them, roles from the table of roles, statuses and titles from the table of errors. Must never: depend on
//! the server's settings or data, so that it is the same everywhere.

mod endpoint;
mod forms;

use std::sync::LazyLock;

use axum::body::Body;
use axum::http::{HeaderMap, Response};
use serde_json::{Map, Value, json};

use super::document::Document;
use super::{routes, schema};
use forms::Forms;

static DOCUMENT: LazyLock<Document> =
    LazyLock::new(|| Document::new(&document(), "application/json"));

pub(crate) async fn show(asked: HeaderMap) -> Response<Body> {
    DOCUMENT.answer(&asked)
}

/// The document as it is served and checked in.
pub fn openapi() -> &'static str {
    DOCUMENT.text()
}

const ABOUT: &str = "Veritrail records who did what, when, to which resource, and keeps the record so that nobody can quietly \
    change it.\n\nRequests that are refused are answered with `application/problem+json` (RFC 9457); `code` is stable, \
    `detail` says what was expected, and nothing that was sent is repeated. `503` and `429` with `Retry-After` mean that \
    nothing was done: send it again then. Paths that are not here are answered `404` (`not_found`), other methods `405` \
    (`method_not_allowed`); `GET` routes take `HEAD`, too.\n\nHashes named `…_hash` are lower-case hex, hashes of proofs \
    standard base64, times RFC 3339 in UTC. Readers ignore members that they do not know.";

fn document() -> Value {
    let mut forms = Forms::new();
    let (mut tags, mut paths) = (Vec::new(), Map::new());
    for (room, about, routes) in routes::rooms() {
        tags.push(json!({"name": room, "description": about}));
        for route in routes {
            let path = route.path.replace("{*", "{");
            let methods = paths.entry(path).or_insert_with(|| json!({}));
            methods[route.method] = endpoint::described(room, &route, &mut forms);
        }
    }
    let mut schemas = forms.finish();
    schemas.insert("NewEvent".into(), schema::event(forms::AT));
    schemas.extend(schema::definitions(forms::AT));
    json!({
        "openapi": "3.1.0",
        "info": {
            "title": "Veritrail",
            "version": env!("CARGO_PKG_VERSION"),
            "summary": "The audit log for deployment platforms",
            "description": ABOUT,
            "license": {"name": "Apache-2.0", "identifier": "Apache-2.0"},
        },
        "servers": [{"url": "/", "description": "The server that this document comes from."}],
        "tags": tags,
        "security": [{"key": []}],
        "paths": paths,
        "components": {
            "securitySchemes": {
                "key": {
                    "type": "http",
                    "scheme": "bearer",
                    "bearerFormat": "vtk_…",
                    "description": "An API key. What it may do is said by its roles; it is bound to one tenant, or is a \
                        platform's and names one in `Veritrail-Tenant`.",
                },
                "source": {
                    "type": "http",
                    "scheme": "bearer",
                    "bearerFormat": "vts_…",
                    "description": "The secret of a source. GitHub signs with it in `X-Hub-Signature-256`, GitLab sends it in \
                        `X-Gitlab-Token`, Splunk's senders as `Authorization: Splunk`.",
                },
            },
            "parameters": {
                "Tenant": {
                    "name": "Veritrail-Tenant",
                    "in": "header",
                    "description": "The tenant that the request is about. A platform's key names one in each request; a \
                        tenant's key names its own, or none.",
                    "schema": {"type": "string", "pattern": "^[a-z0-9][a-z0-9-]{0,62}$"},
                    "example": "default",
                },
            },
            "schemas": schemas,
        },
    })
}
