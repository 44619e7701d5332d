//! `GET /v1/health`: how the server is doing, for those who may look at logs. Figures of all tenants together are for
//! operators: they tell how much others send.

use std::sync::Arc;

use api::{AnchorPlace, Figures, Health};
use axum::body::Body;
use axum::extract::State;
use axum::http::{Response, StatusCode};

use crate::anchor::SinkState;
use crate::auth::{Act, Caller};
use crate::http::{HttpError, json};
use crate::server::Server;

pub(crate) async fn show(
    State(server): State<Arc<Server>>,
    caller: Caller,
) -> Result<Response<Body>, HttpError> {
    caller.require(Act::ListLogs)?;
    let (store, index) = (server.store.health(), server.index.index_health());
    let figures = Figures {
        logs: store.logs,
        queue_batches: store.queue_batches,
        unsigned_entries: store.unsigned_entries,
        indexed: index.indexed,
        index_waiting: index.waiting,
        index_bytes: index.bytes,
    };
    let percent = |(done, total): (u64, u64)| done.saturating_mul(100) / total.max(1);
    let anchors = server.sinks.all().into_iter();
    let answer = Health {
        at: server.clock.wall().to_string(),
        writing: store.refusing.is_none(),
        refusing: store.refusing,
        signed_at: store.signed_at.map(|at| at.to_string()),
        unsearchable: index.unavailable,
        rebuilt_percent: index.rebuilding.map(percent),
        anchor_interval_seconds: server.config.anchor.interval_seconds,
        anchors: anchors.map(|(kind, state)| shown(kind, &state)).collect(),
        disk_free_bytes: caller
            .may(Act::ManageSettings)
            .then_some(store.disk_free_bytes),
        figures: caller.is_operator().then_some(figures),
    };
    json::answer(StatusCode::OK, &answer)
}

fn shown(kind: &str, state: &SinkState) -> AnchorPlace {
    AnchorPlace {
        kind: kind.to_owned(),
        last: state.last.map(|(result, _)| result.name().to_owned()),
        last_at: state.last.map(|(_, at)| at.to_string()),
        published_at: state.published_at.map(|at| at.to_string()),
        failed_at: state.failed_at.map(|at| at.to_string()),
    }
}
