//! `GET /v1/producers`: what each producer counted, and what of it is missing here.

use std::sync::Arc;

use api::{Gap, Producer, Producers};
use axum::body::Body;
use axum::extract::State;
use axum::http::{Response, StatusCode};
use schemars::JsonSchema;
use serde::Deserialize;
use store::index::ProducerAccount;

use crate::access::{Question, QuestionKind};
use crate::auth::{Act, Caller};
use crate::http::HttpError;
use crate::http::asked::{Texts, WhichLog};
use crate::http::extract::{Expected, Parameters};
use crate::http::json;
use crate::server::Server;

/// Takes nothing.
#[derive(Clone, Debug, Default, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub(crate) struct ProducerParameters {}

impl Expected for ProducerParameters {
    const EXPECTED: &'static str = "expected no parameters";
}

pub(crate) async fn list(
    State(server): State<Arc<Server>>,
    caller: Caller,
    Parameters(_): Parameters<ProducerParameters>,
) -> Result<Response<Body>, HttpError> {
    caller.require(Act::ReadEvents)?;
    let log = caller.log_to_search(WhichLog::Main)?;
    let question = Question {
        kind: QuestionKind::Producers,
        log,
        texts: &Texts::default(),
        more: Vec::new(),
    };
    let known = server.answer_recorded(&caller, &question, async {
        Ok(server.index.producers(log, caller.viewer()).await?)
    });
    let producers = known.await?.into_iter().map(shown).collect();
    json::answer(StatusCode::OK, &Producers { producers })
}

fn shown(account: ProducerAccount) -> Producer {
    let gaps = account.gaps.into_iter();
    Producer {
        id: account.id,
        reference: account.reference,
        events: account.events,
        highest: account.highest,
        missing: account.missing,
        gaps: gaps.map(|(from, to)| Gap { from, to }).collect(),
        late: account.late,
        doubled: account.doubled,
        last_recorded_at: account.last_recorded_at.to_string(),
    }
}
