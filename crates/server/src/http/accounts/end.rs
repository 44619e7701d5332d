//! `DELETE /v1/accounts/{id}`: ends an account; whoever is signed in by it may nothing from their next request on.

use std::sync::Arc;

use axum::body::Body;
use axum::extract::State;
use axum::http::{Response, StatusCode};

use crate::auth::{Act, Caller};
use crate::http::HttpError;
use crate::http::extract::{Parameters, Segment};
use crate::http::managed::{TenantParameters, managed_one};
use crate::server::Server;

pub(crate) async fn end(
    State(server): State<Arc<Server>>,
    caller: Caller,
    Segment(id): Segment,
    Parameters(parameters): Parameters<TenantParameters>,
) -> Result<Response<Body>, HttpError> {
    caller.require(Act::ManageAccounts)?;
    let tenant = managed_one(&server, &caller, parameters.tenant.as_deref()).await?;
    let mut accounts = tenant.record.settings.accounts.iter();
    let account = accounts.find(|account| account.id == id);
    let account = account.ok_or_else(HttpError::not_found)?;
    let to = caller.administration(&server.instance);
    server
        .administration(&caller, &to)
        .end_account(tenant.record.id, account)
        .await?;
    let mut response = Response::new(Body::empty());
    *response.status_mut() = StatusCode::NO_CONTENT;
    Ok(response)
}
