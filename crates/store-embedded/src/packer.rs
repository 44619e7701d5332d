//! The packer: moves acknowledged records from the journal's tail into packs, then has the new heads signed.
//!
//! Order within a round: blocks written and synced → state committed → readers switched over → heads signed → journal
//! cut. A crash between any two leaves blocks behind the state's end, which opening cuts off, or heads unsigned, which
//! opening signs; the round is done again from the journal by this same code.

mod inbox;
mod round;

use std::collections::HashMap;
use std::sync::Arc;
use std::sync::atomic::Ordering;
use std::time::Duration;

use ledger::hash::Hash;
use ledger::name::LogId;
use ledger::source::Clock;
use store::StoreError;

pub(crate) use inbox::Inbox;
pub(crate) use round::{Packs, time_of};

use crate::frame::Frame;
use crate::queue::{Job, Queue};
use crate::shared::Shared;
use crate::signing::Signing;
use crate::state::Round;

/// The state of the packer thread.
pub(crate) struct Packer {
    pub(crate) shared: Arc<Shared>,
    pub(crate) inbox: Arc<Inbox>,
    pub(crate) queue: Arc<Queue>,
    pub(crate) packs: Packs,
    pub(crate) signing: Signing,
    pub(crate) clock: Arc<dyn Clock>,
    /// Longest time from an acknowledgement to its checkpoint, when nothing hurries.
    pub(crate) interval: Duration,
}

/// A round is begun early beyond this many waiting bytes.
const ROUND_BYTES: usize = 48 * 1024 * 1024;

impl Packer {
    /// Works until closed or until something can't be made durable.
    pub(crate) fn run(mut self) {
        let mut begun = None;
        loop {
            // What comes after a pause is packed at once; under load there is one round an interval.
            let pause = || {
                let since = begun.map_or(i64::MAX, |begun| self.clock.monotonic() - begun);
                let since = Duration::from_micros(u64::try_from(since).unwrap_or_default());
                self.interval.saturating_sub(since)
            };
            let (frames, closing) = self.inbox.take(pause, ROUND_BYTES);
            begun = Some(self.clock.monotonic());
            if let Err(error) = self.round(&frames) {
                tracing::error!(%error, "packing failed; writing stops until the server is restarted");
                self.shared.poison("packing failed");
                self.inbox.closed();
                return;
            }
            if closing {
                self.inbox.closed();
                return;
            }
        }
    }

    /// Packs some frames, signs what is new, and lets the journal be cut.
    fn round(&mut self, frames: &[Frame]) -> Result<(), StoreError> {
        let recorded = self.inbox.take_recorded();
        for (log, origin, leaves) in self.pack(frames, recorded)? {
            self.signing.extend(log, origin, leaves);
        }
        self.sign()?;
        if let Some(last) = frames.last() {
            self.queue.submit_own(Job::Cut { frame: last.number });
        }
        Ok(())
    }

    /// Packs some frames and shows them to readers; answers each log's new leaves, which are not signed yet.
    pub(crate) fn pack(
        &mut self,
        frames: &[Frame],
        recorded: Vec<(LogId, u64)>,
    ) -> Result<Vec<(LogId, String, Vec<Hash>)>, StoreError> {
        if frames.is_empty() && recorded.is_empty() {
            return Ok(Vec::new());
        }
        let mut round = self.packs.prepare(&self.shared, frames)?;
        round.state.recorded = recorded;
        self.shared.state.commit(&round.state)?;
        self.switch(frames, &round.state)?;
        self.packs.committed(&round.state);
        self.packs.settle_ids(&self.shared)?;
        Ok(round.leaves)
    }

    /// Signs every head that grew.
    pub(crate) fn sign(&mut self) -> Result<(), StoreError> {
        let now = self.clock.wall();
        let signed = self.signing.sign()?;
        if signed.is_empty() {
            return Ok(());
        }
        let mut newly = 0;
        let mut view = self.shared.view_mut();
        for (log, head) in &signed {
            if let Some(log) = view.logs.get_mut(log) {
                newly += head.size - log.signed.as_ref().map_or(0, |head| head.size);
                log.signed = Some(head.clone());
            }
        }
        drop(view);
        let counters = &self.shared.counters;
        counters.unsigned.fetch_sub(
            newly.min(counters.unsigned.load(Ordering::Relaxed)),
            Ordering::Relaxed,
        );
        self.signing.keep(
            signed
                .into_iter()
                .map(|(log, head)| (log, head.note))
                .collect(),
        );
        self.shared.note_signed(now);
        Ok(())
    }

    /// Lets readers find the round's records in packs instead of the tail.
    fn switch(&self, frames: &[Frame], round: &Round) -> Result<(), StoreError> {
        let ends: HashMap<LogId, (u32, u64)> = round
            .logs
            .iter()
            .map(|(log, row)| (*log, (row.number, row.range.size())))
            .collect();
        let mut view = self.shared.view_mut();
        for (log, (number, packed)) in ends {
            let log = view.logs.get_mut(&log).ok_or(StoreError::NotFound)?;
            log.number = Some(number);
            log.packed = packed;
            while log.tail.front().is_some_and(|run| run.end() <= packed) {
                log.tail.pop_front();
            }
        }
        for (log, size) in &round.recorded {
            if let Some(log) = view.logs.get_mut(log) {
                log.recorded = log.recorded.max(*size);
            }
        }
        drop(view);
        let bytes: usize = frames.iter().map(Frame::size).sum();
        self.shared
            .counters
            .tail_bytes
            .fetch_sub(bytes as u64, Ordering::Relaxed);
        Ok(())
    }
}

/// Names a log's checkpoints.
pub(crate) fn origin_of(shared: &Shared, log: LogId) -> Result<String, StoreError> {
    // Entry 0 says it; the instance's origin may have been configured anew since.
    let record = shared.record(log, 0)?.ok_or(StoreError::NotFound)?;
    let opening = ledger::entry::Opening::parse(&record.entry)
        .map_err(|error| StoreError::Damaged(format!("log {log}, entry 0: {error}")))?;
    Ok(opening.origin)
}
