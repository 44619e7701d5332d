//! The checks of `veritrail doctor`: one file each, which gathers facts and judges them.
//!
//! Promises: judging is pure, so that a test can show each verdict; every look at the machine, at a directory or at a
//! server is bounded in time and size; what can't be found out is said to be unknown, with the reason. Must never: take
//! a lock, write into a directory that it looks at, or put a key or a setting's value into a finding.

pub(crate) mod anchors;
pub(crate) mod answers;
pub(crate) mod apart;
pub(crate) mod api_keys;
pub(crate) mod certificate;
pub(crate) mod checkpoints;
pub(crate) mod claims;
pub(crate) mod clock;
pub(crate) mod config;
pub(crate) mod copies;
pub(crate) mod demo_tenant;
pub(crate) mod directories;
pub(crate) mod disk;
pub(crate) mod file_system;
pub(crate) mod geoip;
pub(crate) mod http;
pub(crate) mod index;
pub(crate) mod open_files;
pub(crate) mod permissions;
pub(crate) mod platform_keys;
pub(crate) mod process;
pub(crate) mod program;
pub(crate) mod server;
pub(crate) mod verification;
pub(crate) mod version;
pub(crate) mod words;
pub(crate) mod writes;

use std::sync::mpsc::{RecvTimeoutError, sync_channel};
use std::time::Duration;

/// How long one look may take: a network file system that is gone answers never.
const PATIENCE: Duration = Duration::from_secs(10);
/// Most lines under one finding.
const DETAILS_MAX: usize = 20;

/// Facts, or why there are none.
pub(crate) type Told<T> = Result<T, String>;

/// How a check came out, worst first.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) enum Verdict {
    /// Something is wrong and should be put right now.
    Problem,
    /// Something is likely to go wrong.
    Warning,
    /// The check could not be made.
    Unknown,
    /// Nothing is wrong, and it is worth knowing.
    Note,
    /// As it should be.
    Fine,
}

impl Verdict {
    /// All of them, in the order of the report.
    pub(crate) const ALL: [Self; 5] = [
        Self::Problem,
        Self::Warning,
        Self::Unknown,
        Self::Note,
        Self::Fine,
    ];

    /// Its name in JSON.
    pub(crate) fn name(self) -> &'static str {
        match self {
            Self::Problem => "problem",
            Self::Warning => "warning",
            Self::Unknown => "unknown",
            Self::Note => "note",
            Self::Fine => "ok",
        }
    }
}

/// What one check found.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Finding {
    /// The check's name, which stays.
    pub(crate) id: &'static str,
    /// How it came out.
    pub(crate) verdict: Verdict,
    /// What was found, in a sentence without its full stop.
    pub(crate) found: String,
    /// What to do, in the same form.
    pub(crate) advice: Option<String>,
    /// What the sentence is about, one by one.
    pub(crate) details: Vec<String>,
}

impl Finding {
    /// As it should be.
    pub(crate) fn fine(id: &'static str, found: impl Into<String>) -> Self {
        Self::new(id, Verdict::Fine, found)
    }

    /// Worth knowing.
    pub(crate) fn note(id: &'static str, found: impl Into<String>) -> Self {
        Self::new(id, Verdict::Note, found)
    }

    /// Likely to go wrong.
    pub(crate) fn warning(id: &'static str, found: impl Into<String>) -> Self {
        Self::new(id, Verdict::Warning, found)
    }

    /// Wrong.
    pub(crate) fn problem(id: &'static str, found: impl Into<String>) -> Self {
        Self::new(id, Verdict::Problem, found)
    }

    /// Not to be found out, and why.
    pub(crate) fn unknown(id: &'static str, why: impl Into<String>) -> Self {
        Self::new(id, Verdict::Unknown, why)
    }

    /// The same with advice.
    #[must_use]
    pub(crate) fn advice(mut self, advice: impl Into<String>) -> Self {
        self.advice = Some(advice.into());
        self
    }

    /// The same with what it is about, as far as a report bears.
    #[must_use]
    pub(crate) fn details(mut self, mut details: Vec<String>) -> Self {
        let more = details.len().saturating_sub(DETAILS_MAX);
        details.truncate(DETAILS_MAX);
        if more > 0 {
            details.push(format!("and {more} more"));
        }
        self.details = details;
        self
    }

    fn new(id: &'static str, verdict: Verdict, found: impl Into<String>) -> Self {
        Self {
            id,
            verdict,
            found: found.into(),
            advice: None,
            details: Vec::new(),
        }
    }
}

/// What `look` finds, unless that takes too long.
pub(crate) fn within<T, F>(look: F) -> Told<T>
where
    T: Send + 'static,
    F: FnOnce() -> T + Send + 'static,
{
    patient(PATIENCE, look)
}

fn patient<T, F>(patience: Duration, look: F) -> Told<T>
where
    T: Send + 'static,
    F: FnOnce() -> T + Send + 'static,
{
    let (sender, found) = sync_channel(1);
    let looking = std::thread::Builder::new().spawn(move || {
        // Nobody listens anymore when it took too long.
        let _ = sender.send(look());
    });
    let looking = looking.map_err(|error| format!("no thread could be started: {error}"))?;
    match found.recv_timeout(patience) {
        Ok(found) => {
            let _ = looking.join();
            Ok(found)
        }
        // Nothing can interrupt a call into a file system that hangs: the thread ends with the process.
        Err(RecvTimeoutError::Timeout) => Err(format!(
            "it took longer than {} seconds",
            patience.as_secs()
        )),
        Err(RecvTimeoutError::Disconnected) => Err("the check ended before its time".to_owned()),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_look_that_hangs_is_given_up() {
        let (hold, held) = std::sync::mpsc::channel::<()>();
        let looked = patient(Duration::ZERO, move || held.recv());
        assert_eq!(looked.unwrap_err(), "it took longer than 0 seconds");
        drop(hold);
        assert_eq!(within(|| 7), Ok(7));
    }

    #[test]
    fn the_worst_comes_first_and_lists_end() {
        assert!(Verdict::ALL.is_sorted());
        let many = Finding::note("x", "y").details(vec!["z".to_owned(); 25]);
        assert_eq!(many.details.len(), 21);
        assert_eq!(many.details[20], "and 5 more");
    }
}
