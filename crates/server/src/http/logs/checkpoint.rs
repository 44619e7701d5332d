//! `GET /v1/logs/{log}/checkpoint`: the newest signed checkpoint.

use std::sync::Arc;

use api::code;
use axum::body::Body;
use axum::extract::State;
use axum::http::{HeaderValue, Response, StatusCode, header};

use crate::access::BulkKind;
use crate::auth::Caller;
use crate::http::HttpError;
use crate::http::extract::Segment;
use crate::http::json;
use crate::server::Server;

pub(crate) async fn checkpoint(
    State(server): State<Arc<Server>>,
    caller: Caller,
    Segment(log): Segment,
) -> Result<Response<Body>, HttpError> {
    let log = caller.log_to_prove(&log)?;
    server
        .record_bulk_read(&caller, log, BulkKind::Checkpoint)
        .await?;
    let head = server.store.head(log).await?;
    let signed = head.signed.ok_or_else(|| {
        HttpError::new(code::NOT_SIGNED_YET, "the log has no checkpoint yet").retry_after(1)
    })?;
    let mut response = json::text(StatusCode::OK, "text/plain; charset=utf-8", signed.note);
    response.headers_mut().insert(
        header::CACHE_CONTROL,
        HeaderValue::from_static("private, max-age=1"),
    );
    Ok(response)
}
