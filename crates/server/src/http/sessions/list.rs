//! `GET /v1/sessions`: who is signed in with a browser.

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
    let now = server.now();
    let living = server.sessions.all(now.monotonic, |_| true);
    let sessions = living
        .iter()
        .filter_map(|session| shown(session, &tenants, now.wall));
    let sessions = sessions.collect();
    json::answer(StatusCode::OK, &api::Sessions { sessions })
}
