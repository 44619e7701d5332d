//! `GET /v1/deployments/figures`: how often, how well and how fast is deployed.

use std::sync::Arc;

use axum::body::Body;
use axum::extract::State;
use axum::http::{Response, StatusCode};
use ledger::limits::ID_BYTES_MAX;
use schemars::JsonSchema;
use serde::Deserialize;

use super::list::trends;
use super::walk::{Asked, definitions, walk};
use crate::access::{Question, QuestionKind};
use crate::auth::{Act, Caller};
use crate::deployments::{Bucket, Window};
use crate::http::HttpError;
use crate::http::asked::{TIME_BYTES_MAX, Texts, WhichLog, one_of};
use crate::http::extract::{Expected, Parameters};
use crate::http::json;
use crate::server::Server;

/// The widest window whose trend is by day unless something else is asked for.
const DAYS_MAX: i64 = 31 * 86_400 * 1_000_000;

/// Which figures.
#[derive(Clone, Debug, Default, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub(crate) struct FigureParameters {
    /// A query for the events that are looked at, before they are joined; without times. What all events of a deployment share can be
    /// asked for.
    #[schemars(extend("maxLength" = query::limits::QUERY_BYTES_MAX, "example" = "source:ci"))]
    q: Option<String>,
    /// The window's beginning, as `since:` takes it; by default 28 days before its end.
    #[schemars(extend("maxLength" = TIME_BYTES_MAX, "example" = "28d"))]
    since: Option<String>,
    /// The window's end, as `until:` takes it; by default now.
    #[schemars(extend("maxLength" = TIME_BYTES_MAX, "example" = "2026-03-13"))]
    until: Option<String>,
    /// Deployments of this project only, spelt as in the answer.
    #[schemars(extend("maxLength" = ID_BYTES_MAX, "example" = "proj_456"))]
    project: Option<String>,
    /// Deployments to this environment only, spelt as in the answer.
    #[schemars(extend("maxLength" = ID_BYTES_MAX, "example" = "production"))]
    environment: Option<String>,
    /// `day` or `week`: how wide the buckets of trends are; by default days up to 31 days, else weeks.
    #[schemars(extend("enum" = ["day", "week"]))]
    bucket: Option<String>,
}

impl Expected for FigureParameters {
    const EXPECTED: &'static str =
        "expected no parameters but q, since, until, project, environment and bucket, each once";
}

pub(crate) async fn figures(
    State(server): State<Arc<Server>>,
    caller: Caller,
    Parameters(asked): Parameters<FigureParameters>,
) -> Result<Response<Body>, HttpError> {
    caller.require(Act::ReadEvents)?;
    let log = caller.log_to_search(WhichLog::Main)?;
    let bucket = asked.bucket.as_deref().filter(|text| !text.is_empty());
    let bucket = bucket.map(|text| {
        let words = [("day", Bucket::Day), ("week", Bucket::Week)];
        one_of("bucket", Some(text), &words)
    });
    let bucket = bucket.transpose()?;
    let which = trends(asked.project, asked.environment)?;
    let texts = Texts::new(asked.q, asked.since, asked.until);
    let reading = Asked::read(&server, &caller, texts)?;
    let question = Question {
        kind: QuestionKind::Deployments,
        log,
        texts: &reading.texts,
        more: vec![
            ("project", which.project.as_deref().unwrap_or_default()),
            (
                "environment",
                which.environment.as_deref().unwrap_or_default(),
            ),
            ("bucket", bucket.map(Bucket::name).unwrap_or_default()),
        ],
    };
    let walking = walk(&server, log, caller.viewer(), &reading);
    let found = server.answer_recorded(&caller, &question, walking).await?;
    let bucket = bucket.unwrap_or_else(|| usual(found.window));
    let mut answer = which.of(&found.folded, found.window, bucket);
    answer.window = found.window();
    answer.definitions = definitions();
    answer.searched = found.searched(log);
    json::answer(StatusCode::OK, &answer)
}

fn usual(window: Window) -> Bucket {
    if window.until.as_micros() - window.since.as_micros() <= DAYS_MAX {
        Bucket::Day
    } else {
        Bucket::Week
    }
}
