//! `DELETE /v1/sources/{name}`: closes a source for good; its name may be taken again.

use std::sync::Arc;

use axum::body::Body;
use axum::extract::State;
use axum::http::{Response, StatusCode};

use super::{TenantParameters, managed};
use crate::auth::{Act, Caller};
use crate::http::HttpError;
use crate::http::extract::{Parameters, Segment};
use crate::server::Server;

pub(crate) async fn close(
    State(server): State<Arc<Server>>,
    caller: Caller,
    Segment(name): Segment,
    Parameters(parameters): Parameters<TenantParameters>,
) -> Result<Response<Body>, HttpError> {
    caller.require(Act::ManageSources)?;
    let tenant = managed(&server, &caller, parameters.tenant.as_deref()).await?;
    let to = caller.administration(&server.instance);
    server
        .administration(&caller, &to)
        .close_source(tenant.record.id, &name)
        .await?;
    let mut response = Response::new(Body::empty());
    *response.status_mut() = StatusCode::NO_CONTENT;
    Ok(response)
}
