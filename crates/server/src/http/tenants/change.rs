//! `POST /v1/tenants/{name}`: changes a tenant's settings.

use std::sync::Arc;

use axum::body::Body;
use axum::extract::State;
use axum::http::{Response, StatusCode};

use super::{managed, shown};
use crate::auth::{Act, Caller};
use crate::http::extract::Segment;
use crate::http::{HttpError, json};
use crate::server::Server;

pub(crate) async fn change(
    State(server): State<Arc<Server>>,
    caller: Caller,
    Segment(name): Segment,
    body: Body,
) -> Result<Response<Body>, HttpError> {
    caller.require(Act::ManageSettings)?;
    let change: api::TenantChange = json::read(body).await?;
    if change.mask_exceptions.is_some() {
        // What is kept unmasked concerns whoever answers for the machine.
        caller.require(Act::ManageTenants)?;
    }
    let tenant = managed(&server, &caller, &name).await?;
    let to = caller.administration(&server.instance);
    let tenant = server
        .administration(&caller, &to)
        .change_settings(tenant.record.id, &change)
        .await?;
    json::answer(StatusCode::OK, &shown(&tenant.record))
}
