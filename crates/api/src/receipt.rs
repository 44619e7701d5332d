//! What `POST /v1/events` answers: an [`Outcome`] for one object, a [`BatchAnswer`] for an array or lines.

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use crate::problem::Problem;

/// The answer to a batch. Items stand in the order sent.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct BatchAnswer {
    /// How many were stored now (with `?dry_run=true`: how many would be).
    pub stored: u64,
    /// How many were stored before.
    pub repeated: u64,
    /// How many were refused, conflicts included.
    pub refused: u64,
    /// What became of each.
    pub results: Vec<Item>,
}

/// What became of one event of a batch.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct Item {
    /// Its place in the request, from 0. For lines, empty ones don't count.
    pub index: u64,
    /// What became of it.
    #[serde(flatten)]
    pub outcome: Outcome,
}

/// What became of one event. The member `status` tells which.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(tag = "status", rename_all = "snake_case")]
pub enum Outcome {
    /// Durable and visible.
    Stored(Receipt),
    /// The same event was stored before; this is its receipt.
    Repeated(Receipt),
    /// Nothing was stored: this is what would be.
    DryRun(Preview),
    /// Another event has this id.
    Conflict(Refused),
    /// Not an event that can be stored.
    Refused(Refused),
}

impl Outcome {
    /// The receipt, if there is one.
    pub fn receipt(&self) -> Option<&Receipt> {
        match self {
            Self::Stored(receipt) | Self::Repeated(receipt) => Some(receipt),
            Self::DryRun(_) | Self::Conflict(_) | Self::Refused(_) => None,
        }
    }

    /// The refusal, if it is one.
    pub fn problem(&self) -> Option<&Problem> {
        match self {
            Self::Conflict(refused) | Self::Refused(refused) => Some(&refused.error),
            Self::Stored(_) | Self::Repeated(_) | Self::DryRun(_) => None,
        }
    }
}

/// Evidence for the producer: which leaf of which log holds its event.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct Receipt {
    /// The event's id.
    pub id: String,
    /// The log.
    #[schemars(extend("pattern" = "^[0-9a-f]{32}$"))]
    pub log: String,
    /// The leaf index.
    pub seq: u64,
    /// Hex of the leaf's hash.
    #[schemars(extend("pattern" = "^[0-9a-f]{64}$"))]
    pub leaf_hash: String,
    /// The server's time.
    #[schemars(extend("format" = "date-time"))]
    pub recorded_at: String,
    /// Remarks; never a reason to send it again.
    #[serde(default)]
    pub warnings: Vec<Warning>,
    /// With `?wait=checkpoint`: a signed note that covers the leaf.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub checkpoint: Option<String>,
    /// With `?wait=checkpoint`: the inclusion proof, the leaf's sibling first.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub proof: Option<Vec<String>>,
    /// With `?wait=checkpoint`: the same as a C2SP `.tlog-proof` text.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub tlog_proof: Option<String>,
    /// With `?return=entry`: the entry's exact text.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub entry: Option<String>,
    /// With `?return=entry`: the stored `person` part.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub person: Option<String>,
    /// With `?return=entry`: the stored `details` part. Mask tags are elided for keys that may not read.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub details: Option<String>,
}

/// With `?dry_run=true`: what would be stored.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct Preview {
    /// The event's id; a made-up one differs when it is stored.
    pub id: String,
    /// The operation's name as it would be stored.
    pub operation: String,
    /// The flags known before storing.
    #[serde(default)]
    pub flags: Vec<String>,
    /// Remarks.
    #[serde(default)]
    pub warnings: Vec<Warning>,
    /// The `person` part; its salt differs when it is stored.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub person: Option<String>,
    /// The `details` part; likewise.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub details: Option<String>,
}

/// Why one event was not stored.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct Refused {
    /// Why.
    pub error: Problem,
}

/// A remark on an accepted event.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct Warning {
    /// Stable code.
    pub code: String,
    /// RFC 6901 pointer into the event.
    pub pointer: String,
    /// What was done.
    pub detail: String,
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_item_reads_its_outcome_from_its_status() {
        let text = r#"{"index":3,"status":"repeated","id":"e","log":"00","seq":7,"leaf_hash":"ab",
            "recorded_at":"2026-03-12T14:32:07.123000Z","warnings":[]}"#;
        let item: Item = serde_json::from_str(text).unwrap();
        assert!(
            matches!(&item.outcome, Outcome::Repeated(receipt) if item.index == 3 && receipt.seq == 7)
        );
        let again: Item = serde_json::from_str(&serde_json::to_string(&item).unwrap()).unwrap();
        assert_eq!(again, item);
    }

    #[test]
    fn a_refused_item_carries_its_problem() {
        let text = r#"{"index":0,"status":"refused","error":{"type":"urn:veritrail:problem:missing_field",
            "title":"t","status":422,"detail":"d","code":"missing_field","pointer":"/actor"}}"#;
        let item: Item = serde_json::from_str(text).unwrap();
        assert_eq!(
            item.outcome
                .problem()
                .map(|problem| (problem.status, problem.pointer.as_deref())),
            Some((422, Some("/actor")))
        );
    }
}
