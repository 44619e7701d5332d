//! What a store answers when it can't: named by what the caller does next.

use ledger::clock_guard::ClockFault;

/// A failed call. Display tells an operator; nothing in it comes from another tenant or repeats a value sent.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum StoreError {
    /// Too much is waiting: try again after so many milliseconds. Nothing of the call was done.
    #[error("too much is waiting to be written")]
    Busy {
        /// When to try again.
        retry_after_ms: u64,
    },
    /// The disk is nearly full: writes are refused until there is room. Nothing of the call was done.
    #[error("the disk is nearly full")]
    DiskFull,
    /// Our clock can't be believed: writes wait until it is sane or an operator confirms it. Nothing was done.
    #[error("the clock can't be trusted: {0}")]
    Clock(#[from] ClockFault),
    /// A write failed in a way that leaves its fate to recovery: writing stopped until the server is restarted.
    #[error("writing stopped after a failed write; restart the server to recover")]
    Poisoned,
    /// The store is shutting down.
    #[error("the store is shutting down")]
    Closed,
    /// No such tenant, log, entry or key, or not the caller's.
    #[error("not found")]
    NotFound,
    /// The name is taken.
    #[error("{what} exists already")]
    Exists {
        /// What.
        what: &'static str,
    },
    /// Stored bytes are not what they should be. Call for help: run `veritrail verify`.
    #[error("damaged: {0}")]
    Damaged(String),
    /// The index can't be searched at the moment; the ledger is well.
    #[error("the index can't be searched: {why}")]
    IndexUnavailable {
        /// Why: it is being rebuilt, or damaged.
        why: String,
        /// When to try again.
        retry_after_ms: u64,
    },
    /// The question would take too long to answer: fewer events have to be looked through.
    #[error("too many events would have to be looked through one by one")]
    TooBroad,
    /// The engine failed.
    #[error("{what} failed")]
    Engine {
        /// What was tried.
        what: String,
        /// Why it failed.
        source: Box<dyn std::error::Error + Send + Sync>,
    },
}

impl StoreError {
    /// The same failure for another caller of the same group.
    #[must_use]
    pub fn again(&self) -> Self {
        match self {
            Self::Busy { retry_after_ms } => Self::Busy {
                retry_after_ms: *retry_after_ms,
            },
            Self::DiskFull => Self::DiskFull,
            Self::Clock(fault) => Self::Clock(*fault),
            Self::Poisoned => Self::Poisoned,
            Self::Closed => Self::Closed,
            Self::NotFound => Self::NotFound,
            Self::Exists { what } => Self::Exists { what },
            Self::Damaged(what) => Self::Damaged(what.clone()),
            Self::IndexUnavailable {
                why,
                retry_after_ms,
            } => Self::IndexUnavailable {
                why: why.clone(),
                retry_after_ms: *retry_after_ms,
            },
            Self::TooBroad => Self::TooBroad,
            Self::Engine { what, source } => Self::engine(what.clone(), source.to_string()),
        }
    }

    /// An engine failure.
    pub fn engine(
        what: impl Into<String>,
        source: impl Into<Box<dyn std::error::Error + Send + Sync>>,
    ) -> Self {
        Self::Engine {
            what: what.into(),
            source: source.into(),
        }
    }
}
