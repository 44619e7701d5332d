//! `GET /v1/tenants`: every tenant.

use std::sync::Arc;

use axum::body::Body;
use axum::extract::State;
use axum::http::{Response, StatusCode};

use super::shown;
use crate::auth::{Act, Caller};
use crate::http::HttpError;
use crate::http::json;
use crate::server::Server;

pub(crate) async fn list(
    State(server): State<Arc<Server>>,
    caller: Caller,
) -> Result<Response<Body>, HttpError> {
    caller.require(Act::ManageTenants)?;
    let tenants = server.store.tenants().await?;
    let tenants = tenants.iter().map(|tenant| shown(&tenant.record)).collect();
    json::answer(StatusCode::OK, &api::Tenants { tenants })
}
