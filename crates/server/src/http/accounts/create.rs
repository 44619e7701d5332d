//! `POST /v1/accounts`: gives a person an account.

use std::sync::Arc;

use axum::body::Body;
use axum::extract::State;
use axum::http::{Response, StatusCode};

use super::shown;
use crate::auth::{Act, Caller};
use crate::http::managed::managed_one;
use crate::http::{HttpError, json};
use crate::server::Server;

pub(crate) async fn create(
    State(server): State<Arc<Server>>,
    caller: Caller,
    body: Body,
) -> Result<Response<Body>, HttpError> {
    caller.require(Act::ManageAccounts)?;
    let new: api::NewAccount = json::read(body).await?;
    let tenant = managed_one(&server, &caller, new.tenant.as_deref()).await?;
    let to = caller.administration(&server.instance);
    let made = server
        .administration(&caller, &to)
        .create_account(&tenant, &new)
        .await;
    let (tenant, account) = made?;
    json::answer(StatusCode::CREATED, &shown(&tenant, &account))
}
