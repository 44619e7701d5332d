//! `DELETE /v1/views/{name}`: deletes a view.

use std::sync::Arc;

use axum::body::Body;
use axum::extract::State;
use axum::http::{Response, StatusCode};

use super::tenant_of;
use crate::auth::{Act, Caller};
use crate::http::HttpError;
use crate::http::extract::Segment;
use crate::server::Server;

pub(crate) async fn delete(
    State(server): State<Arc<Server>>,
    caller: Caller,
    Segment(name): Segment,
) -> Result<Response<Body>, HttpError> {
    caller.require(Act::ManageViews)?;
    let tenant = tenant_of(&server, &caller).await?;
    let to = caller.administration(&server.instance);
    server
        .administration(&caller, &to)
        .delete_view(tenant.record.id, &name)
        .await?;
    let mut response = Response::new(Body::empty());
    *response.status_mut() = StatusCode::NO_CONTENT;
    Ok(response)
}
