//! One log on the page of log health.

use api::{Log, Verification};
use axum::body::Body;
use axum::http::{Method, Response};
use http_body_util::{BodyExt, Limited};
use ledger::checkpoint;
use ledger::name::to_hex;
use ledger::note::VerifierKey;

use super::grouped;
use crate::ui::ask::Ask;
use crate::ui::moment::{Moment, length_of};
use crate::ui::problem::Refused;
use crate::ui::visit::Visit;

/// Longest checkpoint or key in bytes.
const NOTE_BYTES_MAX: usize = 64 * 1024;

/// One log.
#[derive(Debug)]
pub(super) struct LogView {
    pub(super) id: String,
    pub(super) kind: String,
    /// What it is called in sentences.
    pub(super) name: &'static str,
    /// What is in it.
    pub(super) purpose: &'static str,
    pub(super) size: String,
    pub(super) unsigned: u64,
    pub(super) recorded: Option<Moment>,
    pub(super) signed_to: Option<Moment>,
    /// In hex; empty before the first checkpoint, and for who may take no proofs.
    pub(super) root: String,
    pub(super) signed_size: String,
    /// `sound`, `broken`, or nothing.
    pub(super) signature: &'static str,
    pub(super) key: String,
    pub(super) vkey: String,
    pub(super) verified: Option<VerifiedView>,
}

/// The last check of a log.
#[derive(Debug)]
pub(super) struct VerifiedView {
    pub(super) state: String,
    pub(super) found: String,
    pub(super) size: String,
    pub(super) percent: u64,
    pub(super) done: u64,
    pub(super) total: u64,
    pub(super) root: String,
    pub(super) ended: Option<Moment>,
    pub(super) took: String,
    pub(super) by: String,
    pub(super) rests_on: String,
}

impl LogView {
    pub(super) async fn read(visit: &Visit, log: &Log, may_prove: bool) -> Result<Self, Refused> {
        let moment = |at: &Option<String>| at.as_deref().and_then(|at| Moment::read(at, visit.now));
        let (name, purpose) = match log.kind.as_str() {
            "access" => ("access log", "who read, searched and exported"),
            "instance" => (
                "instance log",
                "what this server and its operators did, and the head of every log",
            ),
            _ => ("log of events", "what producers sent"),
        };
        let mut view = Self {
            id: log.id.clone(),
            kind: log.kind.clone(),
            name,
            purpose,
            size: grouped(log.size),
            unsigned: log.size.saturating_sub(log.signed_size),
            recorded: moment(&log.recorded_at),
            signed_to: moment(&log.signed_to),
            root: String::new(),
            signed_size: grouped(log.signed_size),
            signature: "",
            key: String::new(),
            vkey: String::new(),
            verified: None,
        };
        if may_prove {
            view.read_proofs(visit, log).await?;
        }
        Ok(view)
    }

    async fn read_proofs(&mut self, visit: &Visit, log: &Log) -> Result<(), Refused> {
        let ask = visit.ask();
        let vkey = text(&ask, &format!("/v1/logs/{}/vkey", log.id)).await?;
        vkey.trim().clone_into(&mut self.vkey);
        if let Ok(key) = VerifierKey::parse(&self.vkey) {
            self.key = to_hex(&key.key_id());
            match text(&ask, &format!("/v1/logs/{}/checkpoint", log.id)).await {
                Ok(note) => match checkpoint::open(&note, &key, &log.origin) {
                    Ok(checkpoint) => {
                        self.root = checkpoint.root().to_hex();
                        self.signed_size = grouped(checkpoint.size());
                        self.signature = "sound";
                    }
                    Err(_) => self.signature = "broken",
                },
                Err(refused) if refused.0.code == api::code::NOT_SIGNED_YET => {}
                Err(refused) => return Err(refused),
            }
        }
        let known: Verification = ask.get(&format!("/v1/logs/{}/verify", log.id), &[]).await?;
        self.verified = Some(verified(&known, visit));
        Ok(())
    }
}

fn verified(known: &Verification, visit: &Visit) -> VerifiedView {
    let took = match known.duration_ms {
        None => String::new(),
        Some(millis) if millis < 1_000 => format!("{millis} ms"),
        Some(millis) => length_of(i64::try_from(millis / 1_000).unwrap_or(i64::MAX)),
    };
    let found = known.found.clone().unwrap_or_default();
    VerifiedView {
        state: known.state.clone(),
        found: match known.bad_seq {
            Some(seq) if !found.is_empty() => format!("entry {seq}: {found}"),
            _ => found,
        },
        size: grouped(known.size),
        percent: known.done.saturating_mul(100) / known.size.max(1),
        done: known.done,
        total: known.size.max(1),
        root: known.root_hash.clone().unwrap_or_default(),
        ended: known
            .ended_at
            .as_deref()
            .and_then(|at| Moment::read(at, visit.now)),
        took,
        by: known.by.clone().unwrap_or_default(),
        rests_on: known.rests_on.clone(),
    }
}

/// A text of the API.
async fn text(ask: &Ask, path: &str) -> Result<String, Refused> {
    let answer: Response<Body> = ask.raw(Method::GET, path, Body::empty()).await?;
    let body = Limited::new(answer.into_body(), NOTE_BYTES_MAX);
    let body = body.collect().await.map_err(|_| Refused::internal())?;
    String::from_utf8(body.to_bytes().into()).map_err(|_| Refused::internal())
}
