//! `/t/{tenant}/search/live`: what comes, as rows of the page.
//!
//! Promises: the stream is the API's own, with its limits and its record; a row is written by the template of the page,
//! so that it looks the same and holds nothing but text; at most [`BLOCK_BYTES_MAX`] wait for the end of a block.
//! Must never: hold its viewer's place among the requests in flight.

use std::convert::Infallible;
use std::sync::Arc;

use api::{Event, StreamEnd, code};
use askama::Template;
use axum::body::{Body, Bytes};
use axum::extract::Query;
use axum::http::{HeaderMap, Method, Response, StatusCode};
use http_body_util::BodyExt;

use super::question::Parameters;
use crate::http::{Pieces, PulledBody};
use crate::ui::Ui;
use crate::ui::ask::with_parameters;
use crate::ui::page::guarded;
use crate::ui::problem::Refused;
use crate::ui::telling::Told;
use crate::ui::visit::Visit;

/// Longest block of the stream in bytes: the largest event, escaped, with room to spare.
const BLOCK_BYTES_MAX: usize = 8 * 1024 * 1024;
const EVENT_STREAM: &str = "text/event-stream";
/// What browsers send when they connect again.
const LAST_EVENT_ID: &str = "last-event-id";

/// One row.
#[derive(Template)]
#[template(path = "search_live.html")]
struct Row<'a> {
    told: &'a Told,
}

/// The API's stream on its way to a page.
#[derive(Debug)]
struct Rows {
    stream: Body,
    tenant: String,
    ui: Arc<Ui>,
    waiting: Vec<u8>,
    ended: bool,
}

pub(in crate::ui) async fn show(
    visit: Visit,
    Query(parameters): Query<Parameters>,
    headers: HeaderMap,
) -> Response<Body> {
    let text = |name: &str| parameters.get(name).map_or("", String::as_str);
    // A browser connects again with the URL it began with: the header is newer.
    let header = headers.get(LAST_EVENT_ID).and_then(|id| id.to_str().ok());
    let last = header
        .filter(|id| !id.is_empty())
        .unwrap_or_else(|| text("last_event_id"));
    let asked = [
        ("q", text("q")),
        ("since", text("since")),
        ("last_event_id", last),
    ];
    let path = with_parameters("/v1/events/stream", &asked);
    let stream = match visit.ask().raw(Method::GET, &path, Body::empty()).await {
        Ok(answer) => answer.into_body(),
        // A script can't read why a stream was refused, but how one ended.
        Err(refused) => return guarded(StatusCode::OK, EVENT_STREAM, end_of(&refused)),
    };
    let rows = Rows {
        stream,
        tenant: visit.tenant.clone(),
        ui: Arc::clone(&visit.ui),
        waiting: Vec::new(),
        ended: false,
    };
    let mut response = guarded(StatusCode::OK, EVENT_STREAM, String::new());
    *response.body_mut() = Body::new(PulledBody::new(rows));
    response
}

fn end_of(refused: &Refused) -> String {
    ended(&StreamEnd {
        code: refused.0.code.clone(),
        detail: refused.0.detail.clone(),
    })
}

fn ended(end: &StreamEnd) -> String {
    let said = serde_json::to_string(end).unwrap_or_default();
    format!("event: end\ndata: {said}\n\n")
}

impl Pieces for Rows {
    type Error = Infallible;

    async fn next(&mut self) -> Option<Result<Bytes, Infallible>> {
        // Each turn takes a piece from the stream, or ends.
        while !self.ended {
            let Some(Ok(frame)) = self.stream.frame().await else {
                self.ended = true;
                break;
            };
            let Ok(piece) = frame.into_data() else {
                continue;
            };
            self.waiting.extend_from_slice(&piece);
            let out = self.whole_blocks();
            if self.waiting.len() > BLOCK_BYTES_MAX {
                self.ended = true;
                let detail = "an event is too large to be shown as it comes; reload the page";
                let end = StreamEnd {
                    code: code::INTERNAL.to_owned(),
                    detail: detail.to_owned(),
                };
                return Some(Ok((out + &ended(&end)).into()));
            }
            if !out.is_empty() {
                return Some(Ok(out.into()));
            }
        }
        None
    }
}

impl Rows {
    /// Every whole block that waits, rewritten.
    fn whole_blocks(&mut self) -> String {
        let mut out = String::new();
        let Some(end) = self.waiting.windows(2).rposition(|pair| pair == b"\n\n") else {
            return out;
        };
        let rest = self.waiting.split_off(end + 2);
        let whole = std::mem::replace(&mut self.waiting, rest);
        let now = self.ui.server.clock.wall();
        for block in String::from_utf8_lossy(&whole)
            .split("\n\n")
            .filter(|block| !block.is_empty())
        {
            rewrite(block, &self.tenant, now, &mut out);
        }
        out
    }
}

/// A block with an event becomes one with a row; everything else passes.
fn rewrite(block: &str, tenant: &str, now: ledger::time::Micros, out: &mut String) {
    let is_event = block.lines().any(|line| line == "event: audit");
    let said = block.lines().find_map(|line| line.strip_prefix("data: "));
    let event = said
        .filter(|_| is_event)
        .and_then(|said| serde_json::from_str::<Event>(said).ok());
    let Some(event) = event else {
        out.push_str(block);
        out.push_str("\n\n");
        return;
    };
    let told = Told::new(&event, tenant, now);
    let row = Row { told: &told }.render().unwrap_or_default();
    for line in block.lines().filter(|line| line.starts_with("id: ")) {
        out.push_str(line);
        out.push('\n');
    }
    out.push_str("event: row\ndata: ");
    // Line ends would end the data.
    out.extend(row.chars().map(|sign| {
        if matches!(sign, '\n' | '\r') {
            ' '
        } else {
            sign
        }
    }));
    out.push_str("\n\n");
}
