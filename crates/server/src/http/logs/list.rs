//! `GET /v1/logs`: the logs of the key's tenant.

use std::sync::Arc;

use axum::body::Body;
use axum::extract::State;
use axum::http::{Response, StatusCode};

use super::opening;
use crate::auth::Caller;
use crate::http::HttpError;
use crate::http::json;
use crate::server::Server;

pub(crate) async fn list(
    State(server): State<Arc<Server>>,
    caller: Caller,
) -> Result<Response<Body>, HttpError> {
    let mut logs = Vec::new();
    for log in caller.logs_to_list()? {
        let head = server.store.head(log).await?;
        logs.push(api::Log {
            id: log.log().to_string(),
            kind: log.kind().name().to_owned(),
            size: head.size,
            signed_size: head.signed.map_or(0, |signed| signed.size),
            origin: opening(&server, log).await?.origin,
        });
    }
    json::answer(StatusCode::OK, &api::Logs { logs })
}
