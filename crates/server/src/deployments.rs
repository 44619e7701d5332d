//! Deployments, as their events tell them: which events are one deployment, how it ended, what was rolled back and when
//! it worked again, and the figures of all that. Pure.
//!
//! Promises: looks at nothing but the events it is given; whatever order they come in, and however often an end is told,
//! the answer is the same; every number follows from a text of [`DEFINITIONS`]. Memory is bounded by the events. Must
//! never: guess an end that no event tells, or let an attempt that was denied count as a deployment.
//!
//! Read in this order: [`definitions`], [`told`] (one event), [`mod@fold`] (events to deployments), [`consequences`]
//! (rollbacks and restorations), [`figures`].

mod consequences;
mod definitions;
mod figures;
mod fold;
mod told;

use ledger::time::Micros;

pub(crate) use definitions::DEFINITIONS;
pub(crate) use figures::{Bucket, Trends, Window};
pub(crate) use fold::{Folded, fold};
pub(crate) use told::{OPERATIONS, Said, Told};

/// After this long without a word, a deployment that has no end is undecided: a day.
const UNDECIDED_MICROS: i64 = 86_400 * 1_000_000;

/// Where something is deployed to. What restores, and what is put back, is of the same target.
#[derive(Clone, Debug, Default, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) struct Target {
    /// The project.
    pub(crate) project: Option<String>,
    /// The environment.
    pub(crate) environment: Option<String>,
    /// The service or application.
    pub(crate) service: Option<String>,
}

/// How a deployment ended.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Outcome {
    /// It serves.
    Succeeded,
    /// It ended without serving.
    Failed,
    /// It was undone.
    RolledBack,
    /// It was stopped before its end.
    Cancelled,
    /// It has no end yet.
    Running,
    /// It has no end, and nothing was heard of it for a day.
    Undecided,
}

impl Outcome {
    /// Every outcome and its name in answers.
    pub(crate) const NAMES: [(&'static str, Self); 6] = [
        ("succeeded", Self::Succeeded),
        ("failed", Self::Failed),
        ("rolled_back", Self::RolledBack),
        ("cancelled", Self::Cancelled),
        ("running", Self::Running),
        ("undecided", Self::Undecided),
    ];

    /// Its name in answers.
    pub(crate) fn name(self) -> &'static str {
        let named = Self::NAMES.iter().find(|(_, outcome)| *outcome == self);
        named.map_or("", |(name, _)| name)
    }

    /// Whether it is a part of rates.
    pub(crate) fn is_finished(self) -> bool {
        matches!(self, Self::Succeeded | Self::Failed | Self::RolledBack)
    }
}

/// Why a deployment is a rollback.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Sign {
    /// It names the event of a rollback as its cause.
    Event,
    /// Its version had served at the target before another one came.
    Version,
}

impl Sign {
    /// Its name in answers.
    pub(crate) fn name(self) -> &'static str {
        match self {
            Self::Event => "event",
            Self::Version => "version",
        }
    }
}

/// One event of a deployment.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Step {
    /// The event's id.
    pub(crate) id: String,
    /// What happened.
    pub(crate) operation: String,
    /// When.
    pub(crate) at: Micros,
}

/// One deployment.
#[derive(Clone, Debug)]
pub(crate) struct Deployment {
    /// The type of what was acted upon.
    pub(crate) resource_type: String,
    /// Its id.
    pub(crate) resource_id: Option<String>,
    /// Its name.
    pub(crate) name: Option<String>,
    /// Where to.
    pub(crate) target: Target,
    /// What.
    pub(crate) version: Option<String>,
    /// Who asked for it, or acted first.
    pub(crate) actor: api::Actor,
    /// When it was asked for.
    pub(crate) asked: Option<Micros>,
    /// When it began.
    pub(crate) began: Option<Micros>,
    /// When it first succeeded.
    pub(crate) succeeded: Option<Micros>,
    /// When it first failed.
    pub(crate) failed: Option<Micros>,
    /// When it was stopped.
    pub(crate) cancelled: Option<Micros>,
    /// When it was rolled back.
    pub(crate) rolled_back: Option<Micros>,
    /// Why it is a rollback, if it is one.
    pub(crate) rollback: Option<Sign>,
    /// When what it broke worked again.
    pub(crate) restored: Option<Micros>,
    /// When it was last heard of.
    pub(crate) last: Micros,
    /// Ids of events that are its cause.
    pub(crate) causes: Vec<String>,
    /// Ids of events that rolled it back.
    pub(crate) undoings: Vec<String>,
    /// Its first events.
    pub(crate) steps: Vec<Step>,
    /// How many events it has.
    pub(crate) events: u64,
}

impl Deployment {
    /// How it ended, as it was known at `until`.
    pub(crate) fn outcome(&self, until: Micros) -> Outcome {
        let silent = until.as_micros().saturating_sub(self.last.as_micros());
        match self {
            Self {
                rolled_back: Some(_),
                ..
            } => Outcome::RolledBack,
            Self {
                failed: Some(_), ..
            } => Outcome::Failed,
            Self {
                succeeded: Some(_), ..
            } => Outcome::Succeeded,
            Self {
                cancelled: Some(_), ..
            } => Outcome::Cancelled,
            _ if silent > UNDECIDED_MICROS => Outcome::Undecided,
            _ => Outcome::Running,
        }
    }

    /// When it ended: where it is counted. A rollback long after does not move it.
    pub(crate) fn finished(&self) -> Option<Micros> {
        self.failed
            .or(self.succeeded)
            .or(self.rolled_back)
            .or(self.cancelled)
    }

    /// When it began, as far as events say so.
    pub(crate) fn started(&self) -> Option<Micros> {
        self.began.or(self.asked)
    }

    /// Where it stands in lists: its end, else its beginning.
    pub(crate) fn at(&self) -> Micros {
        self.finished().or(self.started()).unwrap_or(self.last)
    }

    /// From its beginning to its end.
    pub(crate) fn duration_micros(&self) -> Option<i64> {
        let (started, finished) = (self.started()?, self.finished()?);
        Some(finished.as_micros().saturating_sub(started.as_micros()))
    }

    /// Whether an event tells its end.
    fn is_decided(&self) -> bool {
        self.finished().is_some()
    }

    /// Whether it was more than talked about.
    fn is_real(&self) -> bool {
        self.started().is_some() || self.is_decided()
    }
}
