//! `GET /healthz`: the process answers; nothing else is asked.

use axum::body::Body;
use axum::http::{Response, StatusCode};

use crate::http::json;

pub(crate) async fn live() -> Response<Body> {
    json::text(StatusCode::OK, "text/plain; charset=utf-8", "ok\n")
}
