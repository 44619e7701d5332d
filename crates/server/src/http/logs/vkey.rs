//! `GET /v1/logs/{log}/vkey`: the key that signs the log's checkpoints, as C2SP writes it. Who verifies should have it
//! from elsewhere.

use std::sync::Arc;

use axum::body::Body;
use axum::extract::State;
use axum::http::{Response, StatusCode};

use super::opening;
use crate::auth::Caller;
use crate::http::HttpError;
use crate::http::extract::Segment;
use crate::http::json;
use crate::server::Server;

pub(crate) async fn vkey(
    State(server): State<Arc<Server>>,
    caller: Caller,
    Segment(log): Segment,
) -> Result<Response<Body>, HttpError> {
    let log = caller.log_to_prove(&log)?;
    let opening = opening(&server, log).await?;
    let text = format!("{}\n", opening.vkey);
    Ok(json::text(
        StatusCode::OK,
        "text/plain; charset=utf-8",
        text,
    ))
}
