//! `GET /v1/accounts`: who may sign in, beside those whose groups say so.

use std::sync::Arc;

use axum::body::Body;
use axum::extract::State;
use axum::http::{Response, StatusCode};

use super::shown;
use crate::auth::{Act, Caller};
use crate::http::extract::Parameters;
use crate::http::managed::{TenantParameters, managed_all};
use crate::http::{HttpError, json};
use crate::server::Server;

pub(crate) async fn list(
    State(server): State<Arc<Server>>,
    caller: Caller,
    Parameters(parameters): Parameters<TenantParameters>,
) -> Result<Response<Body>, HttpError> {
    caller.require(Act::ManageAccounts)?;
    let tenants = managed_all(&server, &caller, parameters.tenant.as_deref()).await?;
    let accounts = tenants.iter().flat_map(|tenant| {
        let accounts = tenant.record.settings.accounts.iter();
        accounts.map(|account| shown(tenant, account))
    });
    let accounts = accounts.collect();
    json::answer(StatusCode::OK, &api::Accounts { accounts })
}
