//! `DELETE /v1/keys/{id}`: ends a key at once.

use std::sync::Arc;

use axum::body::Body;
use axum::extract::State;
use axum::http::{Response, StatusCode};

use super::KeyOwner;
use crate::auth::{Act, Caller};
use crate::http::HttpError;
use crate::http::extract::Segment;
use crate::server::Server;

pub(crate) async fn revoke(
    State(server): State<Arc<Server>>,
    caller: Caller,
    Segment(id): Segment,
) -> Result<Response<Body>, HttpError> {
    caller.require(Act::ManageKeys)?;
    let key = server.store.api_key(&id).await?;
    let key = key.ok_or_else(HttpError::not_found)?;
    // An admin's own tenant's; a platform's is nobody's but an operator's.
    if !caller.is_operator() && key.scope.tenant() != Some(caller.tenant_id()) {
        return Err(HttpError::not_found());
    }
    let tenant = match key.scope.tenant() {
        Some(tenant) => Some(
            server
                .store
                .tenant(tenant)
                .await?
                .ok_or_else(HttpError::not_found)?,
        ),
        None => None,
    };
    let whose = tenant.as_ref().map_or(KeyOwner::Platform, |tenant| {
        KeyOwner::Tenant(&tenant.record)
    });
    if key.revoked_at.is_none() {
        let to = caller.administration(&server.instance);
        server
            .administration(&caller, &to)
            .revoke_key(whose, &key)
            .await?;
    }
    let mut response = Response::new(Body::empty());
    *response.status_mut() = StatusCode::NO_CONTENT;
    Ok(response)
}
