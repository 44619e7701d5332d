//! What goes into a log in one call, and what comes back.

use ledger::hash::Hash;
use ledger::name::LogId;
use ledger::prepare::Prepared;
use ledger::time::Micros;

use crate::record::LogRef;

/// Events for one log, in order.
#[derive(Debug)]
pub struct Batch {
    /// Where to.
    pub log: LogRef,
    /// What.
    pub events: Vec<Prepared>,
}

/// What became of one event.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum Outcome {
    /// Durable and visible.
    Stored(Receipt),
    /// The same event was stored before; this is its receipt.
    Repeated(Receipt),
    /// Another event has this id.
    Conflict,
}

impl Outcome {
    /// The receipt, if there is one.
    pub fn receipt(&self) -> Option<&Receipt> {
        match self {
            Self::Stored(receipt) | Self::Repeated(receipt) => Some(receipt),
            Self::Conflict => None,
        }
    }
}

/// Evidence for a producer: which leaf holds its event.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Receipt {
    /// The log.
    pub log: LogId,
    /// The leaf index.
    pub seq: u64,
    /// The event's id.
    pub id: String,
    /// The leaf's hash, of the stored bytes.
    pub leaf: Hash,
    /// Our time.
    pub recorded_at: Micros,
}
