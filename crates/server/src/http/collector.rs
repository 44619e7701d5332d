//! Splunk's HTTP event collector as a way in: `/services/collector` and what is under it.
//!
//! Promises: answers as Splunk does, so that senders written for it go on as they would there; an answer of success
//! means durable, which is what an acknowledgement promises.

pub(super) mod acknowledge;
pub(super) mod event;
pub(super) mod health;

use axum::body::Body;
use axum::http::{HeaderMap, Response, StatusCode};
use axum::response::IntoResponse;
use serde_json::json;

use super::json::text;
use super::{HttpError, Internal};

/// The header by which a sender asks for acknowledgements.
const CHANNEL: &str = "x-splunk-request-channel";

/// Whether a sender asks for acknowledgements.
fn has_channel(headers: &HeaderMap, query: Option<&str>) -> bool {
    let asked =
        query.is_some_and(|query| query.split('&').any(|pair| pair.starts_with("channel=")));
    asked || headers.contains_key(CHANNEL)
}

/// Splunk's way of saying what became of a request.
fn said(status: StatusCode, words: &str, code: u8) -> Response<Body> {
    answer(status, &json!({"text": words, "code": code}))
}

fn answer(status: StatusCode, value: &serde_json::Value) -> Response<Body> {
    text(status, "application/json", value.to_string())
}

/// A refusal in Splunk's words.
fn refused(error: HttpError) -> Response<Body> {
    let status = error.status();
    // What only the log may say goes on to the log.
    let internal = error.into_response().extensions_mut().remove::<Internal>();
    let mut response = match status.as_u16() {
        401 => said(StatusCode::FORBIDDEN, "Invalid token", 4),
        400 | 422 => said(StatusCode::BAD_REQUEST, "Invalid data format", 6),
        413 => said(status, "Request entity too large", 27),
        429 | 503 => said(StatusCode::SERVICE_UNAVAILABLE, "Server is busy", 9),
        _ => said(
            StatusCode::INTERNAL_SERVER_ERROR,
            "Internal server error",
            8,
        ),
    };
    if let Some(internal) = internal {
        response.extensions_mut().insert(internal);
    }
    response
}
