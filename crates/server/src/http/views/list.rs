//! `GET /v1/views`: the tenant's saved views, by name. They show nothing of any event.

use std::sync::Arc;

use axum::body::Body;
use axum::extract::State;
use axum::http::{Response, StatusCode};

use super::{shown, tenant_of};
use crate::auth::{Act, Caller};
use crate::http::{HttpError, json};
use crate::server::Server;

pub(crate) async fn list(
    State(server): State<Arc<Server>>,
    caller: Caller,
) -> Result<Response<Body>, HttpError> {
    caller.require(Act::ReadEvents)?;
    let tenant = tenant_of(&server, &caller).await?;
    let views = tenant.record.settings.views.iter().map(shown);
    let answer = api::Views {
        views: views.collect(),
    };
    json::answer(StatusCode::OK, &answer)
}
