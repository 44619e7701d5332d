//! `POST /v1/sources/{name}/rules`: what of a source need not be kept, from the next delivery on.

use std::sync::Arc;

use axum::body::Body;
use axum::extract::State;
use axum::http::{Response, StatusCode};
use schemars::JsonSchema;
use serde::Deserialize;

use super::{TenantParameters, changed, managed, shown};
use crate::auth::{Act, Caller};
use crate::http::extract::{Parameters, Segment};
use crate::http::{HttpError, json};
use crate::server::Server;

/// The rules that a source shall have.
#[derive(Debug, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub(crate) struct NewRules {
    /// The rules; the vendor's own when `null`.
    rules: Option<api::NoiseRules>,
}

pub(crate) async fn replace(
    State(server): State<Arc<Server>>,
    caller: Caller,
    Segment(name): Segment,
    Parameters(parameters): Parameters<TenantParameters>,
    body: Body,
) -> Result<Response<Body>, HttpError> {
    caller.require(Act::ManageSources)?;
    let new: NewRules = json::read(body).await?;
    let tenant = managed(&server, &caller, parameters.tenant.as_deref()).await?;
    let to = caller.administration(&server.instance);
    let tenant = server
        .administration(&caller, &to)
        .set_rules(tenant.record.id, &name, new.rules.as_ref())
        .await?;
    let now = server.clock.wall();
    let source = shown(&tenant, changed(&tenant, &name)?, now);
    json::answer(StatusCode::OK, &source)
}
