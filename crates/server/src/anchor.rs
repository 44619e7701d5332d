//! Publishing signed heads outside.

mod publisher;

use std::collections::BTreeSet;
use std::fmt::Debug;
use std::future::Future;
use std::io;
use std::pin::Pin;
use std::sync::{Mutex, PoisonError};

use ledger::name::LogId;
use ledger::time::Micros;
use store::SignedHead;

pub(crate) use publisher::Publisher;

/// One line to be published.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Anchor {
    /// When it was made.
    pub at: Micros,
    /// The instance log.
    pub log: LogId,
    /// `{"at":…,"log":…,"checkpoint":…}`, without its line feed.
    pub line: String,
}

/// A publication in the making. Dropping it ends what it began, as far as that can be ended.
pub type Publishing<'a> = Pin<Box<dyn Future<Output = io::Result<()>> + Send + 'a>>;

/// A place outside that takes anchors. It is given one at a time.
pub trait AnchorSink: Send + Sync + Debug {
    /// What kind of place it is, in a word: a label of metrics and log lines.
    fn kind(&self) -> &'static str;

    /// Publishes one anchor; once done it would survive a power cut, as far as the place promises that.
    ///
    /// # Errors
    /// Why it could not; it is logged and counted, and the next interval publishes a newer head.
    fn publish<'a>(&'a self, anchor: &'a Anchor) -> Publishing<'a>;
}

impl Anchor {
    /// The anchor of a checkpoint.
    pub(crate) fn new(at: Micros, log: LogId, head: &SignedHead) -> Self {
        let mut line = format!("{{\"at\":\"{at}\",\"log\":\"{log}\",\"checkpoint\":");
        ledger::json::write_string(&head.note, &mut line);
        line.push('}');
        Self { at, log, line }
    }
}

/// The sinks whose last anchor did not get out, by kind.
#[derive(Debug, Default)]
pub(crate) struct FailingSinks(Mutex<BTreeSet<&'static str>>);

impl FailingSinks {
    /// Notes how the last anchor fared.
    pub(crate) fn note(&self, kind: &'static str, result: AnchorResult) {
        let mut failing = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        match result {
            AnchorResult::Published => failing.remove(kind),
            AnchorResult::Failed | AnchorResult::Skipped => failing.insert(kind),
        };
    }

    /// Their kinds, sorted.
    pub(crate) fn kinds(&self) -> Vec<String> {
        let failing = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        failing.iter().map(|kind| (*kind).to_owned()).collect()
    }
}

/// What became of one anchor at one sink.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum AnchorResult {
    /// It is there.
    Published,
    /// It is not.
    Failed,
    /// It was not tried: the sink was busy with the one before.
    Skipped,
}

impl AnchorResult {
    /// All of them.
    pub(crate) const ALL: [Self; 3] = [Self::Published, Self::Failed, Self::Skipped];

    /// Its name, a label.
    pub(crate) fn name(self) -> &'static str {
        match self {
            Self::Published => "published",
            Self::Failed => "failed",
            Self::Skipped => "skipped",
        }
    }
}
