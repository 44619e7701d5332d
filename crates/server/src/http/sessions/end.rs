//! `DELETE /v1/sessions/{id}`: signs a browser out.

use std::sync::Arc;

use axum::body::Body;
use axum::extract::State;
use axum::http::{Response, StatusCode};

use super::open_to;
use crate::auth::{Act, Caller, SessionEnd};
use crate::http::HttpError;
use crate::http::extract::{Parameters, Segment};
use crate::http::managed::{TenantParameters, managed_all};
use crate::own::OwnEvent;
use crate::server::Server;

pub(crate) async fn end(
    State(server): State<Arc<Server>>,
    caller: Caller,
    Segment(id): Segment,
    Parameters(parameters): Parameters<TenantParameters>,
) -> Result<Response<Body>, HttpError> {
    caller.require(Act::ManageAccounts)?;
    let tenants = managed_all(&server, &caller, parameters.tenant.as_deref()).await?;
    let now = server.now();
    let session = server.sessions.living(&id, now.monotonic);
    let session = session.filter(|session| open_to(session, &tenants, now.wall).next().is_some());
    let session = session.ok_or_else(HttpError::not_found)?;
    // Who did it is durable first; that the session ended is recorded in its person's name by itself.
    let mut event = OwnEvent::new("veritrail.session.revoked", caller.actor(), "session");
    event.resource_id = Some(&session.id);
    event.resource_name = Some(session.whose.name());
    let to = caller.administration(&server.instance);
    server.record(&to, &event).await?;
    server.end_session(&session.id, SessionEnd::Revoked).await;
    let mut response = Response::new(Body::empty());
    *response.status_mut() = StatusCode::NO_CONTENT;
    Ok(response)
}
