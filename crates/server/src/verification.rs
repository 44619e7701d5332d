//! Checks of a log that somebody asked the server for.
//!
//! Promises: one log at a time, whatever is asked; a result is kept, and recorded as an event; a log that does not hold is
//! named by the first entry that does not. The server checks itself: that is said with every result. Must never: hold up
//! writes or reads (a portion at a time, on a thread for such work), or call something verified that was not read.

mod walk;

use std::collections::BTreeMap;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use api::code;
use ledger::hash::Hash;
use ledger::json::Value;
use ledger::time::Micros;
use ledger::tree::root_plan;
use store::{LogRef, Record, SignedHead, StoreError};
use tokio::sync::Notify;

use self::walk::{Fault, Walk};
use crate::auth::{Caller, Destination, Identity};
use crate::http::HttpError;
use crate::own::{OwnEvent, number};
use crate::server::Server;

/// The operation that records a result.
pub(crate) const OPERATION: &str = "veritrail.log.verified";
/// Entries that are read at once.
const PORTION: u64 = 256;
/// Most results that are kept; the oldest makes room. Older ones are found in the access log.
const KEPT_MAX: usize = 10_000;
/// What a result rests on.
pub(crate) const RESTS_ON: &str = "The server hashes every entry again and holds the root against its own signed checkpoint: \
                                   it vouches for itself. A check from outside is veritrail verify, with a pinned key.";

/// A check that somebody asked for.
#[derive(Clone, Debug)]
struct Check {
    log: LogRef,
    who: Identity,
    destination: Destination,
    head: SignedHead,
    begun_at: Micros,
    done: u64,
}

/// How a check ended.
#[derive(Clone, Debug)]
struct Ended {
    check: Check,
    at: Micros,
    micros: i64,
    result: Result<Hash, Failed>,
}

/// Why a log is not verified.
#[derive(Clone, Debug)]
enum Failed {
    /// It does not hold.
    Fault(Fault),
    /// It could not be read to its end.
    Unread,
}

#[derive(Debug, Default)]
struct Kept {
    running: Option<Check>,
    ended: BTreeMap<LogRef, Ended>,
}

/// The check that runs, and how others ended.
#[derive(Debug, Default)]
pub(crate) struct Verifications {
    kept: Mutex<Kept>,
    wanted: Notify,
}

impl Verifications {
    fn lock(&self) -> MutexGuard<'_, Kept> {
        self.kept.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Waits until somebody asks for a check.
    pub(crate) async fn wanted(&self) {
        self.wanted.notified().await;
    }

    /// How the check of a log is going, or went; `None` when there was none since the start.
    pub(crate) fn of(&self, log: LogRef) -> Option<api::Verification> {
        let kept = self.lock();
        let running = kept.running.as_ref().filter(|check| check.log == log);
        running
            .map(Check::shown)
            .or_else(|| kept.ended.get(&log).map(Ended::shown))
    }

    /// Begins a check, unless it is going on already.
    fn begin(&self, check: Check) -> Result<api::Verification, HttpError> {
        let mut kept = self.lock();
        if let Some(running) = &kept.running {
            if running.log == check.log {
                return Ok(running.shown());
            }
            return Err(HttpError::new(
                code::BUSY,
                "another log is being verified; one at a time",
            )
            .retry_after(10));
        }
        let shown = check.shown();
        kept.running = Some(check);
        self.wanted.notify_one();
        Ok(shown)
    }

    fn read(&self, done: u64) {
        if let Some(check) = &mut self.lock().running {
            check.done = done;
        }
    }

    fn end(&self, ended: Ended) {
        let mut kept = self.lock();
        kept.running = None;
        let known = kept.ended.contains_key(&ended.check.log);
        if !known && kept.ended.len() >= KEPT_MAX {
            let oldest = kept.ended.iter().min_by_key(|(_, ended)| ended.at);
            if let Some(log) = oldest.map(|(log, _)| *log) {
                kept.ended.remove(&log);
            }
        }
        kept.ended.insert(ended.check.log, ended);
    }
}

impl Check {
    fn shown(&self) -> api::Verification {
        api::Verification {
            log: self.log.log().to_string(),
            state: String::from("running"),
            rests_on: RESTS_ON.to_owned(),
            size: self.head.size,
            done: self.done,
            begun_at: Some(self.begun_at.to_string()),
            by: Some(self.who.owner().to_owned()),
            ..api::Verification::default()
        }
    }
}

impl Ended {
    fn shown(&self) -> api::Verification {
        let mut shown = self.check.shown();
        shown.ended_at = Some(self.at.to_string());
        shown.duration_ms = u64::try_from(self.micros / 1_000).ok();
        match &self.result {
            Ok(root) => {
                shown.root_hash = Some(root.to_hex());
                "verified"
            }
            Err(Failed::Fault(fault)) => {
                shown.bad_seq = fault.seq;
                shown.found = Some(fault.what.to_owned());
                "failed"
            }
            Err(Failed::Unread) => "unfinished",
        }
        .clone_into(&mut shown.state);
        shown
    }

    fn event<'a>(&'a self, log: &'a str) -> OwnEvent<'a> {
        let mut event = OwnEvent::new(OPERATION, self.check.who.actor(), "log");
        event.resource_id = Some(log);
        event.resource_name = Some(self.check.log.kind().name());
        let shown = self.shown();
        event.outcome = Some(match &self.result {
            Ok(_) => "success",
            Err(Failed::Fault(_)) => "failure",
            Err(Failed::Unread) => "cancelled",
        });
        let metadata = &mut event.metadata;
        metadata.push(("state", Value::string(shown.state)));
        metadata.push(("size", number(shown.size)));
        metadata.push(("done", number(shown.done)));
        let texts = [
            ("root_hash", shown.root_hash),
            ("found", shown.found),
            ("begun_at", shown.begun_at),
        ];
        let texts = texts.into_iter();
        metadata.extend(texts.filter_map(|(name, text)| Some((name, Value::string(text?)))));
        let counts = [
            ("bad_seq", shown.bad_seq),
            ("duration_ms", shown.duration_ms),
        ];
        let counts = counts.into_iter();
        metadata.extend(counts.filter_map(|(name, count)| Some((name, number(count?)))));
        event
    }
}

impl Server {
    /// Begins a check of a log for `caller`, or answers the one that is going on.
    pub(crate) async fn begin_verification(
        &self,
        caller: &Caller,
        log: LogRef,
    ) -> Result<api::Verification, HttpError> {
        let head = self.store.head(log).await?.signed.ok_or_else(|| {
            HttpError::new(code::NOT_SIGNED_YET, "the log has no checkpoint yet").retry_after(1)
        })?;
        self.verifications.begin(Check {
            log,
            who: caller.who(),
            destination: caller.destination(log, &self.instance),
            head,
            begun_at: self.clock.wall(),
            done: 0,
        })
    }

    /// Does the check that somebody asked for, if one is.
    pub async fn verify_wanted(&self) {
        let Some(mut check) = self.verifications.lock().running.clone() else {
            return;
        };
        let begun = self.clock.monotonic();
        let (done, result) = self.verify(check.log, &check.head).await;
        check.done = done;
        let ended = Ended {
            check,
            at: self.clock.wall(),
            micros: self.clock.monotonic().saturating_sub(begun),
            result,
        };
        let log = ended.check.log.log().to_string();
        if let Err(Failed::Fault(fault)) = &ended.result {
            tracing::error!(log, seq = fault.seq, what = fault.what, "a log does not hold");
        }
        if let Err(error) = self
            .record(&ended.check.destination, &ended.event(&log))
            .await
        {
            tracing::warn!(%error, "a verification was not recorded");
        }
        self.verifications.end(ended);
    }

    /// How many entries were read, and what came of it.
    async fn verify(&self, log: LogRef, head: &SignedHead) -> (u64, Result<Hash, Failed>) {
        let mut walk = Walk::new(log.log());
        while walk.size() < head.size {
            let from = walk.size();
            let records = match self.portion(log, from, head.size).await {
                Ok(records) => records,
                Err(failed) => return (from, Err(failed)),
            };
            let (back, taken) = match self.taken(walk, records).await {
                Ok(done) => done,
                Err(failed) => return (from, Err(failed)),
            };
            walk = back;
            if let Err(fault) = taken {
                return (walk.size(), Err(Failed::Fault(fault)));
            }
            self.verifications.read(walk.size());
        }
        let result = match self.stored_root(log, head.size).await {
            Ok(root) => walk.finish(head, root).map_err(Failed::Fault),
            Err(failed) => Err(failed),
        };
        (walk.size(), result.map(|()| walk.root()))
    }

    /// The next records; at least one.
    async fn portion(&self, log: LogRef, from: u64, size: u64) -> Result<Vec<Record>, Failed> {
        let end = size.min(from.saturating_add(PORTION));
        let records = match self.store.records(log, from..end).await {
            Ok(records) => records,
            Err(StoreError::Damaged(_)) => return Err(self.first_damaged(log, from, end).await),
            Err(error) => return Err(unread(&error)),
        };
        if records.is_empty() {
            return Err(Failed::Fault(Fault {
                seq: Some(from),
                what: "the entry is missing although the checkpoint covers it",
            }));
        }
        Ok(records)
    }

    /// Which record of a portion can't be read.
    async fn first_damaged(&self, log: LogRef, from: u64, end: u64) -> Failed {
        for seq in from..end {
            match self.store.records(log, seq..seq + 1).await {
                Ok(_) => {}
                Err(StoreError::Damaged(_)) => {
                    return Failed::Fault(Fault {
                        seq: Some(seq),
                        what: "its stored bytes are damaged",
                    });
                }
                Err(error) => return unread(&error),
            }
        }
        Failed::Fault(Fault {
            seq: None,
            what: "stored bytes are damaged",
        })
    }

    /// Hashes a portion apart from requests, when a core is free.
    async fn taken(
        &self,
        mut walk: Walk,
        records: Vec<Record>,
    ) -> Result<(Walk, Result<(), Fault>), Failed> {
        let core = Arc::clone(&self.cores).acquire_owned().await;
        let hashed = tokio::task::spawn_blocking(move || {
            let _core = core;
            let taken = walk.take(&records);
            (walk, taken)
        });
        hashed.await.map_err(|error| {
            tracing::error!(%error, "a verification ended early");
            Failed::Unread
        })
    }

    /// The root of the hashes that proofs are made of.
    async fn stored_root(&self, log: LogRef, size: u64) -> Result<Hash, Failed> {
        let plan = root_plan(size);
        let wrong = || {
            Failed::Fault(Fault {
                seq: None,
                what: "stored hashes are missing or damaged",
            })
        };
        let hashes = match self.store.nodes(log, plan.nodes()).await {
            Ok(hashes) => hashes,
            Err(StoreError::Damaged(_) | StoreError::NotFound) => return Err(wrong()),
            Err(error) => return Err(unread(&error)),
        };
        let folded = plan.assemble(&hashes).map_err(|_| wrong())?;
        folded.first().copied().ok_or_else(wrong)
    }
}

fn unread(error: &StoreError) -> Failed {
    tracing::warn!(%error, "a log could not be verified");
    Failed::Unread
}
