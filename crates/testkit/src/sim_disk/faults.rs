//! The faults a test asked for, and the counters they are hung on.

use std::collections::{BTreeMap, BTreeSet};
use std::io;

use super::CrashSide;

/// What goes wrong, and when.
#[derive(Clone, Debug, Default)]
pub(super) struct Faults {
    pub(super) crashed: bool,
    pub(super) sync_points: u64,
    pub(super) writes: u64,
    pub(super) crash_at: Option<(u64, CrashSide)>,
    pub(super) failing_syncs: BTreeSet<u64>,
    /// Write number to the bytes of it that land.
    pub(super) torn_writes: BTreeMap<u64, usize>,
    /// Most bytes that the disk holds.
    pub(super) capacity: Option<u64>,
    pub(super) unreadable: BTreeSet<u64>,
}

/// What a sync point does.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum SyncOutcome {
    Done,
    DoneThenCrash,
    Lost,
}

impl Faults {
    pub(super) fn check(&self) -> io::Result<()> {
        if self.crashed { Err(crashed()) } else { Ok(()) }
    }

    /// Counts a sync point and says what comes of it.
    pub(super) fn at_sync(&mut self) -> io::Result<SyncOutcome> {
        self.check()?;
        self.sync_points += 1;
        match self.crash_at {
            Some((point, CrashSide::Before)) if point == self.sync_points => {
                self.crashed = true;
                Err(crashed())
            }
            Some((point, CrashSide::After)) if point == self.sync_points => {
                self.crashed = true;
                Ok(SyncOutcome::DoneThenCrash)
            }
            _ if self.failing_syncs.remove(&self.sync_points) => Ok(SyncOutcome::Lost),
            _ => Ok(SyncOutcome::Done),
        }
    }
}

/// What every operation answers once the machine has stopped.
pub(super) fn crashed() -> io::Error {
    io::Error::other("simulated crash: the machine has stopped")
}

pub(super) fn input_output(doing: &str) -> io::Error {
    io::Error::other(format!("simulated input/output error while {doing}"))
}
