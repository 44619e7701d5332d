//! `POST /v1/events`: stores events and answers receipts.

use std::sync::Arc;

use axum::body::Body;
use axum::extract::State;
use axum::http::{self, Response, StatusCode};
use ledger::prepare::prepare_cut;
use ledger::warning::Warning;
use schemars::JsonSchema;
use serde::Deserialize;
use store::{Batch, LogRef, Outcome};

use super::answer::{self, Accepted, Extras};
use super::request::{self, Form, Prepare, Request};
use crate::auth::{Act, Caller, Sender};
use crate::http::HttpError;
use crate::http::body::{self, EventBody, Share};
use crate::http::extract::{Expected, Parameters};
use crate::http::json::text;
use crate::server::Server;

/// What may be asked for.
#[derive(Clone, Copy, Debug, Default, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub(crate) struct AppendParameters {
    /// `checkpoint`: answer when a signed checkpoint covers the events, with their proofs; waits up to five seconds, and leaves
    /// the proofs out if there is none then.
    wait: Option<Wait>,
    /// `entry`: the receipts bear the entries' exact texts.
    #[serde(rename = "return")]
    returned: Option<Returned>,
    /// `truncate`: a part of an event that is too large is cut to size, and says so, instead of being refused. For imports, where
    /// nobody is there to send less.
    oversize: Option<Oversize>,
    /// Store nothing, and answer what would be stored.
    #[serde(default)]
    dry_run: bool,
}

#[derive(Clone, Copy, Debug, Deserialize, JsonSchema)]
#[serde(rename_all = "lowercase")]
enum Wait {
    Checkpoint,
}

#[derive(Clone, Copy, Debug, Deserialize, JsonSchema)]
#[serde(rename_all = "lowercase")]
enum Oversize {
    Truncate,
}

#[derive(Clone, Copy, Debug, Deserialize, JsonSchema)]
#[serde(rename_all = "lowercase")]
enum Returned {
    Entry,
}

impl Expected for AppendParameters {
    const EXPECTED: &'static str = "expected none of the parameters, or wait=checkpoint, return=entry, oversize=truncate, dry_run=true";
}

/// Bodies up to this size are prepared on the request's own thread: for them, moving costs more than it saves.
const INLINE_BYTES_MAX: usize = 64 * 1024;

pub(crate) async fn append(
    State(server): State<Arc<Server>>,
    sender: Sender,
    Parameters(parameters): Parameters<AppendParameters>,
    request: http::Request<Body>,
) -> Result<Response<Body>, HttpError> {
    sender.require(Act::AppendEvents)?;
    let (parts, body) = request.into_parts();
    let form = request::form_of(&parts.headers)?;
    let idempotency = request::idempotency_key(&parts.headers)?;
    let dry = parameters.dry_run;
    let tenant = sender.tenant_id();
    if !dry {
        let now = server.clock.monotonic();
        server.quota.check(tenant, now)?;
        server.conflicts.check(sender.key_id(), tenant, now)?;
    }
    let body = body::read(&parts.headers, body, (&server.bodies, tenant)).await?;
    // What is only tried makes no tenant.
    let caller = Arc::new(if dry {
        sender.settled()?
    } else {
        sender.settle(&server).await?
    });
    let log = caller.log_to_append()?;
    let how: Prepare = match parameters.oversize {
        Some(Oversize::Truncate) => prepare_cut,
        None => ledger::prepare::prepare,
    };
    let asked = (form, idempotency, how);
    let (mut request, _share) = prepare(&server, &caller, body, asked).await?;
    let refused = request.items.iter().filter(|item| item.is_err()).count();
    server.metrics.received("refused", refused as u64);
    if request.single
        && let Some(Err(error)) = request.items.pop_if(|item| item.is_err())
    {
        return Err(error);
    }
    if dry {
        let now = server.clock.wall();
        let elided = !caller.may(Act::ReadEvents);
        return Ok(json(
            StatusCode::OK,
            answer::previews(&request, log, now, elided),
        ));
    }
    let (tenant, events) = (caller.tenant_id(), request.items.len());
    let limit = server
        .quota
        .spend(tenant, events, server.clock.monotonic())?;
    let mut answered = store(&server, &caller, log, request, parameters).await;
    if let Some(limit) = limit {
        match &mut answered {
            Ok(response) => limit.put(response.headers_mut()),
            // Nothing of it was stored: it is not charged twice when it is sent again.
            Err(error) if error.status().is_server_error() => {
                let now = server.clock.monotonic();
                server.quota.give_back(tenant, events, now);
            }
            Err(_) => {}
        }
    }
    answered
}

/// Prepares the events: large bodies on a thread for it, at most one for each core. The share of the budget for bodies
/// is held as long as its answer is kept.
async fn prepare(
    server: &Arc<Server>,
    caller: &Arc<Caller>,
    body: EventBody,
    (form, idempotency, how): (Form, Option<String>, Prepare),
) -> Result<(Request, Share), HttpError> {
    let (server, caller) = (Arc::clone(server), Arc::clone(caller));
    let large = body.bytes.len() > INLINE_BYTES_MAX;
    let cores = Arc::clone(&server.cores);
    let work = move || {
        let door = caller.door(idempotency.as_deref().map(|key| (key, 0)));
        let request = request::read(&body.bytes, form, (&door, how), &*server.rng)?;
        Ok((request, body.share))
    };
    if !large {
        return work();
    }
    let permit = cores.acquire_owned().await;
    let permit = permit.map_err(|error| HttpError::internal(error.to_string()))?;
    let work = move || {
        let done = work();
        drop(permit);
        done
    };
    tokio::task::spawn_blocking(work)
        .await
        .map_err(|error| HttpError::internal(format!("preparing events: {error}")))?
}

/// Stores the events in one call and writes the answer.
async fn store(
    server: &Server,
    caller: &Caller,
    log: LogRef,
    mut request: Request,
    parameters: AppendParameters,
) -> Result<Response<Body>, HttpError> {
    let warnings: Vec<Vec<Warning>> = request
        .events
        .iter_mut()
        .map(|event| std::mem::take(&mut event.warnings))
        .collect();
    let events = std::mem::take(&mut request.events);
    let outcomes = if events.is_empty() {
        Vec::new()
    } else {
        server.store.append(Batch { log, events }).await?
    };
    if outcomes.len() != warnings.len() {
        return Err(HttpError::internal(
            "the store answered another number of outcomes",
        ));
    }
    let mut counts = [0_u64; 3];
    for outcome in &outcomes {
        counts[match outcome {
            Outcome::Stored(_) => 0,
            Outcome::Repeated(_) => 1,
            _ => 2,
        }] += 1;
    }
    let [stored, repeated, conflicts] = counts;
    server.metrics.received("stored", stored);
    server.metrics.received("repeated", repeated);
    server.metrics.received("conflict", conflicts);
    let now = server.clock.monotonic();
    server
        .conflicts
        .count(caller.key_id(), caller.tenant_id(), conflicts, now);
    let mut extras = Extras::none(!caller.may(Act::ReadEvents));
    if parameters.wait.is_some() || parameters.returned.is_some() {
        let wait = parameters.wait.is_some();
        extras
            .gather(server, log, &outcomes, wait, parameters.returned.is_some())
            .await;
    }
    let accepted = Accepted {
        outcomes: &outcomes,
        warnings: &warnings,
        extras: &extras,
    };
    if !request.single {
        return Ok(json(
            StatusCode::OK,
            answer::batch(&request.items, &accepted),
        ));
    }
    match outcomes.first() {
        Some(Outcome::Stored(_)) => Ok(json(StatusCode::CREATED, answer::single(&accepted))),
        Some(Outcome::Repeated(_)) => Ok(json(StatusCode::OK, answer::single(&accepted))),
        _ => Err(answer::conflict()),
    }
}

fn json(status: StatusCode, body: String) -> Response<Body> {
    text(status, "application/json", body)
}
