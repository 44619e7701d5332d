//! What producers know: which events were acknowledged, with which receipt, and of which they never heard again.

use std::collections::BTreeMap;
use std::fmt::Write as _;
use std::io;
use std::sync::atomic::{AtomicBool, Ordering};

use api::{BatchAnswer, Outcome, Receipt};

use crate::events::{array, event};
use crate::http::{Connection, Response, is_timeout};
use crate::site::{Server, Site};

/// How a request asks for its answer.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Pace {
    /// When it is durable.
    Durable,
    /// When a checkpoint covers it: what was sent before is packed then.
    Signed,
}

/// Events sent again in one request.
const AGAIN: usize = 500;

/// The accounts of some producers.
#[derive(Debug, Default)]
pub(crate) struct Account {
    /// Receipts by event id.
    pub(crate) acknowledged: BTreeMap<String, Receipt>,
    /// Sent, and no answer came: each may be stored or not.
    pub(crate) unknown: Vec<String>,
    /// Answered with a refusal that told to come again.
    pub(crate) refused: Vec<String>,
    /// The last refusal.
    pub(crate) refusal: Option<Response>,
}

impl Account {
    /// Sends batches of `batch` events (1: single posts) named after `name` until `stop`, until the connection
    /// breaks, or until it is refused with 503.
    pub(crate) fn produce(
        mut connection: Connection,
        name: &str,
        batch: usize,
        stop: &AtomicBool,
    ) -> Self {
        let mut account = Self::default();
        let mut sent = 0;
        while !stop.load(Ordering::SeqCst) {
            let ids: Vec<String> = (sent..sent + batch)
                .map(|number| format!("{name}-{number}"))
                .collect();
            sent += batch;
            if !account.send(&mut connection, &ids) {
                break;
            }
        }
        account
    }

    /// Sends new events once. `false` when there is no point in going on.
    pub(crate) fn send(&mut self, connection: &mut Connection, ids: &[String]) -> bool {
        self.send_at(connection, ids, Pace::Durable)
    }

    /// The same, for a certain answer.
    pub(crate) fn send_at(
        &mut self,
        connection: &mut Connection,
        ids: &[String],
        pace: Pace,
    ) -> bool {
        match post(connection, ids, pace) {
            Ok(response) if response.status == 503 => {
                self.refused.extend_from_slice(ids);
                self.refusal = Some(response);
                false
            }
            Ok(response) => {
                for outcome in outcomes(&response, ids) {
                    let Outcome::Stored(receipt) = outcome else {
                        panic!("a new event was answered {outcome:?}")
                    };
                    self.keep(receipt);
                }
                true
            }
            Err(error) => {
                assert!(!is_timeout(&error), "no answer came in time");
                self.unknown.extend_from_slice(ids);
                false
            }
        }
    }

    /// Takes over another account.
    pub(crate) fn join(&mut self, other: Self) {
        self.acknowledged.extend(other.acknowledged);
        self.unknown.extend(other.unknown);
        self.refused.extend(other.refused);
        self.refusal = other.refusal.or(self.refusal.take());
    }

    /// Sends again what nobody answered: each must be stored now, or have been. Answers how many had been.
    pub(crate) fn settle(&mut self, connection: &mut Connection) -> usize {
        let mut repeated = 0;
        for ids in std::mem::take(&mut self.unknown).chunks(AGAIN) {
            for outcome in outcomes(&post(connection, ids, Pace::Durable).unwrap(), ids) {
                match outcome {
                    Outcome::Stored(receipt) => self.keep(receipt),
                    Outcome::Repeated(receipt) => {
                        repeated += 1;
                        self.keep(receipt);
                    }
                    other => panic!("an event that nobody had answered was answered {other:?}"),
                }
            }
        }
        repeated
    }

    /// Sends acknowledged events again: each must be answered with the receipt that it got before.
    pub(crate) fn hold(&self, connection: &mut Connection, ids: &[String]) {
        for ids in ids.chunks(AGAIN) {
            let answers = outcomes(&post(connection, ids, Pace::Durable).unwrap(), ids);
            for (id, outcome) in ids.iter().zip(answers) {
                let Outcome::Repeated(again) = outcome else {
                    panic!("acknowledged {id} was answered {outcome:?}")
                };
                let mut receipt = self.acknowledged[id].clone();
                receipt.warnings.clone_from(&again.warnings);
                assert_eq!(again, receipt, "the receipt changed");
            }
        }
    }

    /// Writes every receipt into a file of the site, as `verify --receipts` reads them.
    pub(crate) fn write_receipts(&self, site: &Site, name: &str) {
        let mut text = String::new();
        for receipt in self.acknowledged.values() {
            // By hand, because there are very many and every member is plain.
            let Receipt {
                id,
                log,
                seq,
                leaf_hash,
                ..
            } = receipt;
            writeln!(
                text,
                r#"{{"status":"stored","id":"{id}","log":"{log}","seq":{seq},"leaf_hash":"{leaf_hash}"}}"#
            )
            .unwrap();
        }
        std::fs::write(site.path(name), text).unwrap();
    }

    fn keep(&mut self, receipt: Receipt) {
        let receipt = plain(receipt);
        let before = self.acknowledged.insert(receipt.id.clone(), receipt);
        assert!(
            before.is_none(),
            "an event was acknowledged twice as new: {before:?}"
        );
    }
}

/// Sends one event that a checkpoint covers when this returns.
pub(crate) fn wait_signed(server: &Server, id: &str) -> Receipt {
    let ids = [id.to_owned()];
    let answer = post(&mut server.connect(), &ids, Pace::Signed).unwrap();
    let Ok(Outcome::Stored(receipt)) = serde_json::from_slice(&answer.body) else {
        panic!("{}: {}", answer.head, answer.text())
    };
    assert!(
        receipt.checkpoint.is_some(),
        "no checkpoint came: {}",
        answer.text()
    );
    plain(receipt)
}

/// What every receipt of an event has, whatever else was asked for.
fn plain(receipt: Receipt) -> Receipt {
    Receipt {
        checkpoint: None,
        proof: None,
        tlog_proof: None,
        ..receipt
    }
}

/// Sends events, one alone as single post.
fn post(connection: &mut Connection, ids: &[String], pace: Pace) -> io::Result<Response> {
    let body = match ids {
        [id] => event(id).into_bytes(),
        ids => array(ids),
    };
    let path = match pace {
        Pace::Durable => "/v1/events",
        Pace::Signed => "/v1/events?wait=checkpoint",
    };
    let headers = [("content-type", "application/json")];
    connection.request("POST", path, &headers, &body)
}

/// What an answer says of each of the events that were sent.
#[track_caller]
fn outcomes(response: &Response, ids: &[String]) -> Vec<Outcome> {
    assert!(
        matches!(response.status, 200 | 201),
        "{}{}",
        response.head,
        response.text()
    );
    let outcomes: Vec<Outcome> = if ids.len() == 1 {
        vec![serde_json::from_slice(&response.body).unwrap()]
    } else {
        let answer: BatchAnswer = serde_json::from_slice(&response.body).unwrap();
        answer
            .results
            .into_iter()
            .map(|item| item.outcome)
            .collect()
    };
    assert_eq!(outcomes.len(), ids.len());
    for (outcome, id) in outcomes.iter().zip(ids) {
        let receipt = outcome
            .receipt()
            .unwrap_or_else(|| panic!("{id}: {outcome:?}"));
        assert_eq!(receipt.id, *id);
    }
    outcomes
}
