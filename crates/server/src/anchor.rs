//! Publishing signed heads outside.

mod publisher;

use std::collections::BTreeMap;
use std::fmt::Debug;
use std::future::Future;
use std::io;
use std::pin::Pin;
use std::sync::{Mutex, MutexGuard, PoisonError};

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

/// How the last anchors fared, by kind of sink.
#[derive(Debug, Default)]
pub(crate) struct SinkStates(Mutex<BTreeMap<&'static str, SinkState>>);

/// How the last anchors fared at one sink.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(crate) struct SinkState {
    /// The last one, and when.
    pub(crate) last: Option<(AnchorResult, Micros)>,
    /// When one last got out.
    pub(crate) published_at: Option<Micros>,
    /// When one last did not.
    pub(crate) failed_at: Option<Micros>,
}

impl SinkStates {
    fn lock(&self) -> MutexGuard<'_, BTreeMap<&'static str, SinkState>> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// There is such a sink.
    pub(crate) fn expect(&self, kind: &'static str) {
        self.lock().entry(kind).or_default();
    }

    /// Notes how an anchor fared.
    pub(crate) fn note(&self, kind: &'static str, result: AnchorResult, at: Micros) {
        let mut states = self.lock();
        let state = states.entry(kind).or_default();
        state.last = Some((result, at));
        match result {
            AnchorResult::Published => state.published_at = Some(at),
            AnchorResult::Failed | AnchorResult::Skipped => state.failed_at = Some(at),
        }
    }

    /// Kinds of those whose last anchor did not get out, sorted.
    pub(crate) fn failing(&self) -> Vec<String> {
        let states = self.lock();
        let failing = states.iter().filter(|(_, state)| {
            let last = state.last.map(|(result, _)| result);
            last.is_some_and(|result| result != AnchorResult::Published)
        });
        failing.map(|(kind, _)| (*kind).to_owned()).collect()
    }

    /// All of them, by kind.
    pub(crate) fn all(&self) -> Vec<(&'static str, SinkState)> {
        let states = self.lock();
        states.iter().map(|(kind, state)| (*kind, *state)).collect()
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

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_place_fails_until_an_anchor_gets_there_and_keeps_both_times() {
        let states = SinkStates::default();
        let at = Micros::from_micros;
        states.expect("file");
        states.expect("url");
        assert_eq!(states.failing(), [""; 0]);
        states.note("file", AnchorResult::Published, at(1));
        states.note("url", AnchorResult::Failed, at(2));
        states.note("file", AnchorResult::Skipped, at(3));
        assert_eq!(states.failing(), ["file", "url"]);
        states.note("file", AnchorResult::Published, at(4));
        assert_eq!(states.failing(), ["url"]);
        let file = SinkState {
            last: Some((AnchorResult::Published, at(4))),
            published_at: Some(at(4)),
            failed_at: Some(at(3)),
        };
        assert_eq!(states.all().first(), Some(&("file", file)));
    }
}
