//! `POST /v1/sources/{name}/rotate`: a new secret; the one before is taken for another day.

use std::sync::Arc;

use axum::body::Body;
use axum::extract::State;
use axum::http::{Response, StatusCode};

use super::create::revealed;
use super::{TenantParameters, changed, managed};
use crate::auth::{Act, Caller};
use crate::http::HttpError;
use crate::http::extract::{Parameters, Segment};
use crate::server::Server;

pub(crate) async fn rotate(
    State(server): State<Arc<Server>>,
    caller: Caller,
    Segment(name): Segment,
    Parameters(parameters): Parameters<TenantParameters>,
) -> Result<Response<Body>, HttpError> {
    caller.require(Act::ManageSources)?;
    let tenant = managed(&server, &caller, parameters.tenant.as_deref()).await?;
    let to = caller.administration(&server.instance);
    let tenant = server
        .administration(&caller, &to)
        .rotate_source(tenant.record.id, &name)
        .await?;
    revealed(&server, StatusCode::OK, &tenant, changed(&tenant, &name)?)
}
