//! `POST` and `GET /v1/logs/{log}/verify`: has the server check a log, and how that went.

use std::sync::Arc;

use axum::body::Body;
use axum::extract::State;
use axum::http::{Response, StatusCode};
use store::LogRef;

use crate::auth::Caller;
use crate::http::HttpError;
use crate::http::extract::Segment;
use crate::http::json;
use crate::recorded::Recorded;
use crate::server::Server;
use crate::verification::{OPERATION, RESTS_ON};

pub(crate) async fn begin(
    State(server): State<Arc<Server>>,
    caller: Caller,
    Segment(log): Segment,
) -> Result<Response<Body>, HttpError> {
    let log = caller.log_to_prove(&log)?;
    let begun = server.begin_verification(&caller, log).await?;
    json::answer(StatusCode::ACCEPTED, &begun)
}

pub(crate) async fn show(
    State(server): State<Arc<Server>>,
    caller: Caller,
    Segment(log): Segment,
) -> Result<Response<Body>, HttpError> {
    let log = caller.log_to_prove(&log)?;
    let known = match server.verifications.of(log) {
        Some(known) => known,
        None => from_before(&server, &caller, log).await,
    };
    json::answer(StatusCode::OK, &known)
}

/// The last result before the server started. While nothing can be searched, there seems to be none.
async fn from_before(server: &Server, caller: &Caller, log: LogRef) -> api::Verification {
    let mut answer = api::Verification {
        log: log.log().to_string(),
        state: String::from("never"),
        rests_on: RESTS_ON.to_owned(),
        ..api::Verification::default()
    };
    let records = caller.destination(log, &server.instance).log;
    let query = format!("operation:{OPERATION} resource:{}", log.log());
    let found = server
        .recorded(records, &query, 1)
        .await
        .unwrap_or_default();
    if let Some(last) = found.first() {
        tell(&mut answer, last);
    }
    answer
}

fn tell(answer: &mut api::Verification, last: &Recorded) {
    let text = |name| last.text(name).map(str::to_owned);
    answer.state = text("state").unwrap_or_else(|| String::from("unfinished"));
    answer.size = last.number("size").unwrap_or_default();
    answer.done = last.number("done").unwrap_or_default();
    answer.root_hash = text("root_hash");
    answer.bad_seq = last.number("bad_seq");
    answer.found = text("found");
    answer.begun_at = text("begun_at");
    answer.ended_at = Some(last.at.to_string());
    answer.duration_ms = last.number("duration_ms");
    answer.by.clone_from(&last.by);
}
