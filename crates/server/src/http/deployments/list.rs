//! `GET /v1/deployments`: the deployments of a window, the latest first.

use std::cmp::Reverse;
use std::sync::Arc;

use axum::body::Body;
use axum::extract::State;
use axum::http::{Response, StatusCode};
use ledger::limits::ID_BYTES_MAX;
use schemars::JsonSchema;
use serde::Deserialize;

use super::changes;
use super::walk::{Asked, definitions, walk};
use crate::access::{Question, QuestionKind};
use crate::auth::{Act, Caller};
use crate::deployments::{Deployment, Outcome, Sign, Step, Trends};
use crate::http::HttpError;
use crate::http::asked::{TIME_BYTES_MAX, Texts, WhichLog, one_of, whole};
use crate::http::extract::{Expected, Parameters};
use crate::http::json;
use crate::server::Server;

/// Deployments unless another number is asked for.
const LIMIT_DEFAULT: usize = 100;
/// Most deployments of one answer.
const LIMIT_MAX: usize = 1_000;
/// Deployments before which changes are counted: each is a question of its own to the index.
const COUNTED_MAX: usize = 50;

/// Which deployments.
#[derive(Clone, Debug, Default, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub(crate) struct DeploymentParameters {
    /// A query for the events that are looked at, before they are joined; without times. What all events of a deployment share can be
    /// asked for.
    #[schemars(extend("maxLength" = query::limits::QUERY_BYTES_MAX, "example" = "source:ci"))]
    q: Option<String>,
    /// The window's beginning, as `since:` takes it; by default 28 days before its end.
    #[schemars(extend("maxLength" = TIME_BYTES_MAX, "example" = "7d"))]
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
    /// Deployments that ended so only.
    #[schemars(extend("enum" = ["succeeded", "failed", "rolled_back", "cancelled", "running", "undecided"]))]
    outcome: Option<String>,
    /// Most deployments: 1 to 1000, by default 100.
    #[schemars(with = "Option<u16>", extend("minimum" = 1, "maximum" = LIMIT_MAX, "default" = LIMIT_DEFAULT))]
    limit: Option<String>,
    /// Whether to count the configuration, secret and permission changes of the half hour before each of the first 50.
    #[schemars(extend("enum" = ["false", "true"], "default" = "false"))]
    changes: Option<String>,
}

impl Expected for DeploymentParameters {
    const EXPECTED: &'static str = "expected no parameters but q, since, until, project, environment, outcome, limit and changes, \
         each once";
}

pub(crate) async fn list(
    State(server): State<Arc<Server>>,
    caller: Caller,
    Parameters(asked): Parameters<DeploymentParameters>,
) -> Result<Response<Body>, HttpError> {
    caller.require(Act::ReadEvents)?;
    let log = caller.log_to_search(WhichLog::Main)?;
    let counted = one_of(
        "changes",
        asked.changes.as_deref(),
        &[("false", false), ("true", true)],
    )?;
    let limit = whole(
        "limit",
        asked.limit.as_deref(),
        1..=LIMIT_MAX,
        LIMIT_DEFAULT,
    )?;
    let outcome = asked.outcome.as_deref().filter(|text| !text.is_empty());
    let outcome = outcome.map(|text| one_of("outcome", Some(text), &Outcome::NAMES));
    let outcome = outcome.transpose()?;
    let which = trends(asked.project, asked.environment)?;
    let texts = Texts::new(asked.q, asked.since, asked.until);
    let reading = Asked::read(&server, &caller, texts)?;
    let viewer = caller.viewer();
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
            ("outcome", outcome.map(Outcome::name).unwrap_or_default()),
        ],
    };
    let answering = async {
        let mut found = walk(&server, log, viewer, &reading).await?;
        let window = found.window;
        let mut chosen = std::mem::take(&mut found.folded.deployments);
        chosen.retain(|it| {
            window.has(it)
                && which.has(&it.target)
                && outcome.is_none_or(|outcome| it.outcome(window.until) == outcome)
        });
        chosen.sort_by_key(|it| Reverse((it.at(), it.last)));
        let total = chosen.len() as u64;
        chosen.truncate(limit);
        let counted = if counted { COUNTED_MAX } else { 0 };
        let mut deployments = Vec::with_capacity(chosen.len());
        for (index, deployment) in chosen.iter().enumerate() {
            let mut shown = shown(deployment, deployment.outcome(window.until));
            let counted = (index < counted).then_some((viewer, found.size));
            shown.changes_before = changes::told(&server, log, deployment, counted).await?;
            deployments.push(shown);
        }
        Ok(api::Deployments {
            deployments,
            total,
            window: found.window(),
            definitions: definitions(),
            searched: found.searched(log),
        })
    };
    let answer = server
        .answer_recorded(&caller, &question, answering)
        .await?;
    json::answer(StatusCode::OK, &answer)
}

/// Whose deployments are asked for. A text that no event can have is refused by its parameter's name.
pub(super) fn trends(
    project: Option<String>,
    environment: Option<String>,
) -> Result<Trends, HttpError> {
    Ok(Trends {
        project: named("project", project)?,
        environment: named("environment", environment)?,
    })
}

fn named(parameter: &'static str, text: Option<String>) -> Result<Option<String>, HttpError> {
    let text = text.filter(|text| !text.is_empty());
    if text.as_ref().is_some_and(|text| text.len() > ID_BYTES_MAX) {
        let expected = format_args!("at most {ID_BYTES_MAX} bytes");
        return Err(HttpError::bad_parameter(parameter, expected));
    }
    Ok(text)
}

fn shown(deployment: &Deployment, outcome: Outcome) -> api::Deployment {
    let time = |at: Option<ledger::time::Micros>| at.map(|at| at.to_string());
    let duration = deployment.duration_micros();
    let target = deployment.target.clone();
    api::Deployment {
        resource: api::DeployedResource {
            kind: deployment.resource_type.clone(),
            id: deployment.resource_id.clone(),
            name: deployment.name.clone(),
        },
        project: target.project,
        environment: target.environment,
        service: target.service,
        version: deployment.version.clone(),
        outcome: outcome.name().to_owned(),
        rollback: deployment.rollback.map(Sign::name).map(str::to_owned),
        requested: time(deployment.asked),
        started: time(deployment.started()),
        finished: time(deployment.finished()),
        duration_seconds: duration.and_then(|micros| u64::try_from(micros / 1_000_000).ok()),
        rolled_back: time(deployment.rolled_back),
        restored: time(deployment.restored),
        actor: deployment.actor.clone(),
        events: deployment.steps.iter().map(step).collect(),
        events_total: deployment.events,
        changes_before: None,
    }
}

fn step(step: &Step) -> api::DeploymentEvent {
    api::DeploymentEvent {
        id: step.id.clone(),
        operation: step.operation.clone(),
        at: step.at.to_string(),
    }
}
