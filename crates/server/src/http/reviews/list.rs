//! `GET /v1/reviews`: what was marked as reviewed.

use std::sync::Arc;

use api::{Review, Reviews};
use axum::body::Body;
use axum::extract::State;
use axum::http::{Response, StatusCode};
use schemars::JsonSchema;
use serde::Deserialize;

use super::OPERATION;
use crate::access::{Question, QuestionKind};
use crate::auth::{Act, Caller};
use crate::http::asked::{TIME_BYTES_MAX, Texts, WhichLog};
use crate::http::extract::{Expected, Parameters};
use crate::http::{HttpError, json};
use crate::recorded::Recorded;
use crate::server::Server;

/// Most marks of an answer.
const REVIEWS_MAX: usize = 1_000;

/// Of which time.
#[derive(Clone, Debug, Default, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub(crate) struct ReviewParameters {
    /// No mark that was made before this time, as `since:` takes it.
    #[schemars(extend("maxLength" = TIME_BYTES_MAX, "example" = "90d"))]
    since: Option<String>,
    /// No mark that was made at or after this time, as `until:` takes it.
    #[schemars(extend("maxLength" = TIME_BYTES_MAX, "example" = "2026-03-13"))]
    until: Option<String>,
}

impl Expected for ReviewParameters {
    const EXPECTED: &'static str = "expected no parameters but since and until, each once";
}

pub(crate) async fn list(
    State(server): State<Arc<Server>>,
    caller: Caller,
    Parameters(parameters): Parameters<ReviewParameters>,
) -> Result<Response<Body>, HttpError> {
    caller.require(Act::ReviewEvents)?;
    let log = caller.log_to_search(WhichLog::Access)?;
    let q = Some(format!("operation:{OPERATION}"));
    let texts = Texts::new(q, parameters.since, parameters.until);
    let filter = texts.filter(server.clock.wall(), &[])?;
    let question = Question {
        kind: QuestionKind::Reviews,
        log,
        texts: &texts,
        more: Vec::new(),
    };
    let found = server.answer_recorded(
        &caller,
        &question,
        server.recorded_of(log, filter, REVIEWS_MAX + 1),
    );
    let found = found.await?;
    let answer = Reviews {
        more: found.len() > REVIEWS_MAX,
        reviews: found.iter().take(REVIEWS_MAX).map(shown).collect(),
    };
    json::answer(StatusCode::OK, &answer)
}

fn shown(found: &Recorded) -> Review {
    let text = |name| found.text(name).map(str::to_owned);
    Review {
        id: found.id.clone(),
        at: found.at.to_string(),
        by: found.by.clone(),
        by_id: found.by_id.clone(),
        day: text("day"),
        query: text("query").unwrap_or_default(),
        log: text("log").unwrap_or_default(),
        size: found.number("size").unwrap_or_default(),
        root_hash: text("root_hash").unwrap_or_default(),
        events: found.number("events").unwrap_or_default(),
        note: text("note"),
    }
}
