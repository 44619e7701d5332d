//! JSON bodies of administrative requests, and JSON answers. Events have their own way in.

use api::code;
use axum::body::{Body, Bytes};
use axum::http::{HeaderValue, Response, StatusCode, header};
use http_body_util::{BodyExt, Limited};
use serde::Serialize;
use serde::de::DeserializeOwned;

use super::error::HttpError;

/// Largest body of an administrative request in bytes.
const ADMIN_BYTES_MAX: usize = 64 * 1024;

/// Reads a small JSON body. What serde says names fields and types, never values.
pub(crate) async fn read<T: DeserializeOwned>(body: Body) -> Result<T, HttpError> {
    let bytes = collect(body).await?;
    // Our own parser first: it refuses what parsers disagree about, and says where.
    let read = ledger::json::parse(&bytes).map_err(|error| {
        let position = error.position(&bytes);
        HttpError::of_rejection(error.into()).at_position(position)
    })?;
    // serde takes an array for a struct, member by member.
    if read.as_object().is_none() {
        return Err(HttpError::new(code::BAD_FIELD, "expected a JSON object"));
    }
    serde_json::from_slice(&bytes).map_err(|error| {
        let why = match error.classify() {
            serde_json::error::Category::Data => without_values(&error.to_string()),
            _ => "expected a JSON object".to_owned(),
        };
        HttpError::new(code::BAD_FIELD, why).at_position((error.line(), error.column()))
    })
}

/// Keeps serde's messages about names and leaves out those that repeat values.
fn without_values(message: &str) -> String {
    let named = ["missing field", "unknown field", "duplicate field"];
    if named.iter().any(|start| message.starts_with(start)) {
        let end = message.find(" at line").unwrap_or(message.len());
        message.get(..end).unwrap_or_default().to_owned()
    } else {
        "expected another type of value here".to_owned()
    }
}

async fn collect(body: Body) -> Result<Bytes, HttpError> {
    match Limited::new(body, ADMIN_BYTES_MAX).collect().await {
        Ok(collected) => Ok(collected.to_bytes()),
        Err(error) if error.is::<http_body_util::LengthLimitError>() => Err(HttpError::new(
            code::BODY_TOO_LARGE,
            format!("expected at most {ADMIN_BYTES_MAX} bytes"),
        )),
        Err(_) => Err(HttpError::new(code::BAD_BODY, "the body ended early")),
    }
}

/// An answer of one of the wire types.
pub(crate) fn answer<T: Serialize>(
    status: StatusCode,
    value: &T,
) -> Result<Response<Body>, HttpError> {
    let body = serde_json::to_vec(value)
        .map_err(|error| HttpError::internal(format!("writing an answer: {error}")))?;
    Ok(text(status, "application/json", body))
}

/// An answer that no cache may keep.
pub(crate) fn text(
    status: StatusCode,
    media_type: &'static str,
    body: impl Into<Body>,
) -> Response<Body> {
    let mut response = Response::new(body.into());
    *response.status_mut() = status;
    let headers = response.headers_mut();
    headers.insert(header::CONTENT_TYPE, HeaderValue::from_static(media_type));
    headers.insert(header::CACHE_CONTROL, HeaderValue::from_static("no-store"));
    response
}
