//! `POST /v1/views`: saves a view.

use std::sync::Arc;

use axum::body::Body;
use axum::extract::State;
use axum::http::{Response, StatusCode};

use super::{shown, tenant_of};
use crate::auth::{Act, Caller};
use crate::http::{HttpError, json};
use crate::server::Server;

pub(crate) async fn create(
    State(server): State<Arc<Server>>,
    caller: Caller,
    body: Body,
) -> Result<Response<Body>, HttpError> {
    caller.require(Act::ManageViews)?;
    let new: api::NewView = json::read(body).await?;
    let tenant = tenant_of(&server, &caller).await?;
    let to = caller.administration(&server.instance);
    let made = server
        .administration(&caller, &to)
        .create_view(tenant.record.id, &new)
        .await;
    json::answer(StatusCode::CREATED, &shown(&made?))
}
