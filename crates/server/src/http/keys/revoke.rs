//! `DELETE /v1/keys/{id}`: ends a key at once.

use std::sync::Arc;

use axum::body::Body;
use axum::extract::State;
use axum::http::{Response, StatusCode};

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
    let tenant = server.store.tenant(key.tenant).await?;
    let tenant = tenant.ok_or_else(HttpError::not_found)?;
    if !caller.is_operator() && tenant.record.name != caller.tenant_name() {
        return Err(HttpError::not_found());
    }
    if key.revoked_at.is_none() {
        let to = caller.administration(&server.instance);
        server
            .administration(&caller, &to)
            .revoke_key(&tenant.record, &key)
            .await?;
    }
    let mut response = Response::new(Body::empty());
    *response.status_mut() = StatusCode::NO_CONTENT;
    Ok(response)
}
