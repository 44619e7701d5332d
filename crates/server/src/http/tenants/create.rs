//! `POST /v1/tenants`: makes a tenant with its logs.

use std::sync::Arc;

use axum::body::Body;
use axum::extract::State;
use axum::http::{Response, StatusCode};

use super::shown;
use crate::auth::{Act, Caller};
use crate::http::HttpError;
use crate::http::json;
use crate::server::Server;

pub(crate) async fn create(
    State(server): State<Arc<Server>>,
    caller: Caller,
    body: Body,
) -> Result<Response<Body>, HttpError> {
    caller.require(Act::ManageTenants)?;
    let new: api::NewTenant = json::read(body).await?;
    let to = caller.administration(&server.instance);
    let record = server
        .administration(&caller, &to)
        .create_tenant(&new)
        .await?;
    json::answer(StatusCode::CREATED, &shown(&record))
}
