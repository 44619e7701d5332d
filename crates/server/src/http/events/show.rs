//! `GET /v1/events/{id}`: one event in full.

use std::sync::Arc;

use axum::body::Body;
use axum::extract::State;
use axum::http::{Response, StatusCode};
use schemars::JsonSchema;
use serde::Deserialize;

use super::beside::Beside;
use super::find::{self, Choice};
use super::merged;
use crate::auth::{Act, Caller};
use crate::http::HttpError;
use crate::http::extract::{Expected, Parameters, Segment};
use crate::http::json;
use crate::server::Server;

/// Which event and how much of it.
#[derive(Clone, Debug, Default, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub(crate) struct ShowParameters {
    /// The source that brought it, where several used the id.
    #[schemars(extend("example" = "ci"))]
    source: Option<String>,
    /// `entry`: the stored texts of the entry and its parts, too.
    include: Option<Include>,
}

#[derive(Clone, Copy, Debug, Deserialize, JsonSchema)]
#[serde(rename_all = "lowercase")]
enum Include {
    Entry,
}

impl Expected for ShowParameters {
    const EXPECTED: &'static str =
        "expected none of the parameters, or source=<name>, include=entry";
}

pub(crate) async fn show(
    State(server): State<Arc<Server>>,
    caller: Caller,
    Segment(id): Segment,
    Parameters(parameters): Parameters<ShowParameters>,
) -> Result<Response<Body>, HttpError> {
    caller.require(Act::ReadEvents)?;
    let choice = Choice {
        source: parameters.source,
    };
    let found = find::find(&server, &caller, "veritrail.event.read", &id, &choice).await?;
    let beside = Beside::of(&server, &caller);
    let text = merged::text(&found, &beside, parameters.include.is_some())?;
    Ok(json::text(StatusCode::OK, "application/json", text))
}
