//! The writer: one thread that gives every event its place. Group commit over everything that waits, all tenants.
//!
//! Order within a group: seal on copies of the heads → one journal frame, one fsync → visible → acknowledged. A crash
//! before the fsync returns leaves nothing acknowledged; after it, recovery reads the frame back. After an fsync whose
//! outcome is unknown the writer stops for good.

use std::collections::HashMap;
use std::collections::hash_map::Entry;
use std::sync::Arc;
use std::sync::atomic::Ordering;

use ledger::clock_guard::ClockGuard;
use ledger::content::{self, Repetition};
use ledger::entry::{Entry as LedgerEntry, Kind, Opening};
use ledger::name::{LogId, TenantId};
use ledger::part::Label;
use ledger::prepare::Prepared;
use ledger::seal::Head;
use ledger::source::Clock;
use ledger::time::Micros;
use store::{Batch, Change, LogRef, Outcome, Receipt, StoreError, TenantRecord};

use crate::frame::Frame;
use crate::journal::{AppendFailure, Journal};
use crate::packer::Inbox;
use crate::queue::{Job, Queue, Reply};
use crate::room::Room;
use crate::run::{Run, Stored, id_key};
use crate::shared::{LogView, Shared};

/// What makes the first entry of a log: the signer's verifier key for an origin.
pub(crate) type VerifierKeyOf = Box<dyn Fn(&str) -> String + Send>;

/// The state of the writer thread; nobody else seals.
pub(crate) struct Writer {
    pub(crate) shared: Arc<Shared>,
    pub(crate) queue: Arc<Queue>,
    pub(crate) inbox: Arc<Inbox>,
    pub(crate) journal: Journal,
    pub(crate) heads: HashMap<LogId, Head>,
    pub(crate) newest: Micros,
    pub(crate) guard: ClockGuard,
    pub(crate) clock: Arc<dyn Clock>,
    pub(crate) room: Room,
    pub(crate) vkey_of: VerifierKeyOf,
}

/// One group under construction.
#[derive(Default)]
struct Group {
    now: Micros,
    heads: HashMap<LogId, Head>,
    /// Order in which logs were first written to, for the frame.
    order: Vec<(LogId, u64)>,
    records: HashMap<LogId, Vec<Stored>>,
    /// Places sealed in this group, by id key.
    ids: HashMap<u64, Vec<(LogId, u64)>>,
    changes: Vec<Change>,
}

impl Writer {
    /// Works until closed.
    pub(crate) fn run(mut self) {
        loop {
            self.shared.index.pace(self.clock.monotonic());
            for job in self.queue.take_group_split() {
                match job {
                    Work::Group(appends) => self.append_group(appends),
                    Work::Job(Job::Administer {
                        change,
                        records,
                        reply,
                    }) => {
                        let outcome = self.administer(&change, records);
                        answer(reply, outcome);
                    }
                    Work::Job(Job::ConfirmClock { reply }) => {
                        self.guard
                            .confirm(self.clock.wall(), self.clock.monotonic());
                        answer(reply, Ok(()));
                    }
                    Work::Job(Job::Cut { frame }) => self.cut(frame),
                    Work::Job(Job::Close { reply }) => {
                        self.close();
                        answer(reply, Ok(()));
                        return;
                    }
                    Work::Job(Job::Append { batch, reply }) => {
                        self.append_group(vec![(batch, reply)]);
                    }
                }
            }
        }
    }

    fn cut(&mut self, frame: u64) {
        if let Err(error) = self.journal.cut(frame) {
            // Nothing is lost: the files are cut another time.
            tracing::warn!(%error, "could not remove journal files that are not needed any more");
        }
    }

    fn close(&mut self) {
        let last = self.journal.next_frame() - 1;
        self.inbox.close_after(last);
        self.inbox.wait_closed();
        if !self.shared.is_poisoned()
            && let Err(error) = self.journal.cut_all(last)
        {
            tracing::warn!(%error, "could not empty the journal");
        }
    }

    /// Whether writing may go on right now.
    fn admit(&mut self, kind: Kind) -> Result<Micros, StoreError> {
        if self.shared.is_poisoned() {
            return Err(StoreError::Poisoned);
        }
        let now = self.clock.wall();
        let sane = self.guard.check(now, self.clock.monotonic(), self.newest);
        let room = if sane.is_ok() {
            self.room.check(self.clock.monotonic(), kind)
        } else {
            Ok(())
        };
        let verdict = sane.map_err(StoreError::from).and(room).map(|()| now);
        self.shared
            .refuse(verdict.as_ref().err().map(ToString::to_string).as_deref());
        verdict
    }

    fn append_group(&mut self, appends: Vec<(Batch, Reply<Vec<Outcome>>)>) {
        let mut group = Group::default();
        let mut answers = Vec::with_capacity(appends.len());
        for (batch, reply) in appends {
            match self.admit(batch.log.kind()) {
                Ok(now) => {
                    group.now = now;
                    let outcomes = self.seal_batch(&mut group, batch);
                    answers.push((reply, outcomes));
                }
                Err(error) => answer(reply, Err(error)),
            }
        }
        let committed = self.commit(group);
        for (reply, outcomes) in answers {
            match (&committed, outcomes) {
                (Ok(()), outcomes) => {
                    if let Ok(outcomes) = &outcomes {
                        let stored = outcomes
                            .iter()
                            .filter(|outcome| matches!(outcome, Outcome::Stored(_)))
                            .count();
                        self.shared
                            .counters
                            .acknowledged
                            .fetch_add(stored as u64, Ordering::Relaxed);
                    }
                    answer(reply, outcomes);
                }
                (Err(error), _) => answer(reply, Err(error.again())),
            }
        }
    }

    fn seal_batch(&self, group: &mut Group, batch: Batch) -> Result<Vec<Outcome>, StoreError> {
        let Batch { log, events } = batch;
        if self.shared.size_of(log).is_err() {
            return Err(StoreError::NotFound);
        }
        // All outcomes or none: what an earlier event of a failing batch sealed is forgotten again.
        let before = group.mark(log.log());
        let outcomes = events
            .into_iter()
            .map(|event| self.seal(group, log, event))
            .collect();
        if Result::is_err(&outcomes) {
            group.reset(log.log(), before);
        }
        outcomes
    }

    fn seal(&self, group: &mut Group, log: LogRef, event: Prepared) -> Result<Outcome, StoreError> {
        let key = id_key(log.log(), &event.id);
        if !event.fresh_id
            && let Some(outcome) = self.repetition(group, log, key, &event)?
        {
            return Ok(outcome);
        }
        let now = group.now;
        let head = group
            .head(log.log(), &self.heads)
            .ok_or(StoreError::NotFound)?;
        let sealed = head.seal(&event, now);
        let receipt = Receipt {
            log: log.log(),
            seq: sealed.seq,
            id: event.id,
            leaf: sealed.leaf,
            recorded_at: sealed.recorded_at,
        };
        group.push(
            log.log(),
            sealed.seq,
            Stored {
                entry: sealed.entry,
                person: event.person.map(|part| part.bytes),
                details: event.details.map(|part| part.bytes),
                leaf: sealed.leaf,
                id_key: Some(key),
            },
        );
        Ok(Outcome::Stored(receipt))
    }

    /// What was stored under the event's id before, if anything.
    fn repetition(
        &self,
        group: &Group,
        log: LogRef,
        key: u64,
        event: &Prepared,
    ) -> Result<Option<Outcome>, StoreError> {
        let sealed = group.ids.get(&key).into_iter().flatten();
        for (_, seq) in sealed.filter(|(other, _)| *other == log.log()) {
            if let Some(stored) = group.record(log.log(), *seq)
                && let Some(outcome) = self.compare(log.tenant(), *seq, stored, event)
            {
                return Ok(Some(outcome));
            }
        }
        let found = self
            .shared
            .view()
            .ids
            .find(key)
            .map_err(|error| StoreError::engine("reading ids", error))?;
        for seq in found {
            let Some(record) = self.shared.record(log.log(), seq)? else {
                continue;
            };
            let stored = Stored::from_bytes(
                log.log(),
                &record.entry,
                record.person.as_deref(),
                record.details.as_deref(),
            );
            if let Some(outcome) = self.compare(log.tenant(), seq, &stored, event) {
                return Ok(Some(outcome));
            }
        }
        Ok(None)
    }

    fn compare(
        &self,
        tenant: TenantId,
        seq: u64,
        stored: &Stored,
        event: &Prepared,
    ) -> Option<Outcome> {
        let entry = LedgerEntry::parse(&stored.entry).ok()?;
        if entry.id != event.id || entry.source != event.source {
            return None;
        }
        let tenant = self
            .shared
            .view()
            .registry
            .tenants
            .get(&tenant)
            .map(Arc::clone)?;
        let parts = [
            (Label::Details, stored.details.as_deref()),
            (Label::Person, stored.person.as_deref()),
        ];
        Some(
            match content::compare(&entry, &parts, event, &tenant.keys) {
                Repetition::Same => Outcome::Repeated(Receipt {
                    log: entry.place.log,
                    seq,
                    id: event.id.clone(),
                    leaf: stored.leaf,
                    recorded_at: entry.place.recorded_at,
                }),
                Repetition::Different | Repetition::OtherKey => Outcome::Conflict,
            },
        )
    }

    fn administer(
        &mut self,
        change: &Change,
        records: Vec<(LogRef, Prepared)>,
    ) -> Result<(), StoreError> {
        let now = self.admit(Kind::Instance)?;
        self.shared.view().registry.check(change)?;
        let mut group = Group {
            now,
            changes: vec![change.clone()],
            ..Group::default()
        };
        if let Change::CreateTenant(tenant) = change {
            for access in [false, true] {
                self.open_log(&mut group, tenant, access);
            }
        }
        for (log, event) in records {
            let known = group.heads.contains_key(&log.log()) || self.shared.size_of(log).is_ok();
            if !known {
                return Err(StoreError::NotFound);
            }
            self.seal(&mut group, log, event)?;
        }
        self.commit(group)
    }

    fn open_log(&self, group: &mut Group, tenant: &TenantRecord, access: bool) {
        let log = LogRef::of_record(tenant, access);
        let origin = format!("{}/{}", self.shared.instance.origin, log.log());
        let mut head = Head::new(log.log());
        let sealed = head.open(&Opening {
            log: log.log(),
            kind: log.kind(),
            tenant: tenant.id,
            vkey: (self.vkey_of)(&origin),
            origin,
            recorded_at: group.now,
            predecessor: None,
        });
        group.heads.insert(log.log(), head);
        let entry = Stored {
            entry: sealed.entry,
            person: None,
            details: None,
            leaf: sealed.leaf,
            id_key: None,
        };
        group.push(log.log(), 0, entry);
    }

    /// Journal, then heads, then visible. Nothing is kept of a group that was not made durable.
    fn commit(&mut self, mut group: Group) -> Result<(), StoreError> {
        let runs: Vec<Run> = group
            .order
            .iter()
            .filter_map(|(log, first)| {
                let records = group
                    .records
                    .remove(log)
                    .filter(|records| !records.is_empty())?;
                Some(Run {
                    log: *log,
                    first: *first,
                    records: Arc::new(records),
                })
            })
            .collect();
        if runs.is_empty() && group.changes.is_empty() {
            return Ok(());
        }
        let frame = Frame {
            number: self.journal.next_frame(),
            changes: group.changes,
            runs,
        };
        match self.journal.append(&frame) {
            Ok(()) => {}
            Err(AppendFailure::Full(error)) => {
                tracing::error!(%error, "the journal could not be written; nothing of the group was kept");
                self.shared.refuse(Some("the journal could not be written"));
                return Err(StoreError::DiskFull);
            }
            Err(AppendFailure::Unknown(error)) => {
                tracing::error!(%error, "the journal could not be synced; writing stops until the server is restarted");
                self.shared.poison("a failed sync of the journal");
                return Err(StoreError::Poisoned);
            }
        }
        self.shared
            .counters
            .syncs
            .store(self.journal.syncs(), Ordering::Relaxed);
        for (log, head) in group.heads {
            self.newest = self.newest.max(head.last());
            self.heads.insert(log, head);
        }
        if let Err(error) = publish(&self.shared, &frame) {
            // Durable but not visible: recovery puts it right.
            tracing::error!(%error, "a durable frame could not be made visible; writing stops until a restart");
            self.shared.poison("a frame that could not be made visible");
            return Err(error);
        }
        self.inbox.push(frame);
        Ok(())
    }
}

/// Makes a durable frame visible: the same function after a write and at recovery.
pub(crate) fn publish(shared: &Shared, frame: &Frame) -> Result<(), StoreError> {
    let mut view = shared.view_mut();
    for change in &frame.changes {
        view.registry
            .apply(change, &shared.keys)
            .map_err(|error| StoreError::engine("deriving keys", error))?;
        if let Change::CreateTenant(tenant) = change {
            for access in [false, true] {
                let log = LogRef::of_record(tenant, access);
                view.logs
                    .insert(log.log(), LogView::empty(tenant.id, log.kind()));
            }
        }
    }
    for run in &frame.runs {
        for (seq, record) in (run.first..).zip(run.records.iter()) {
            if let Some(key) = record.id_key {
                view.ids.add((key, seq));
            }
        }
        let Some(log) = view.logs.get_mut(&run.log) else {
            return Err(StoreError::Damaged(format!(
                "records of log {}, which was never opened",
                run.log
            )));
        };
        if log.size != run.first {
            return Err(StoreError::Damaged(format!(
                "log {}: entry {} follows entry {}",
                run.log, run.first, log.size
            )));
        }
        log.size = run.end();
        log.tail.push_back(run.clone());
    }
    shared.index.publish(&frame.runs);
    drop(view);
    shared.grown.send_modify(|tick| *tick += 1);
    shared
        .counters
        .tail_bytes
        .fetch_add(frame.size() as u64, Ordering::Relaxed);
    let records: usize = frame.runs.iter().map(|run| run.records.len()).sum();
    shared
        .counters
        .unsigned
        .fetch_add(records as u64, Ordering::Relaxed);
    Ok(())
}

impl LogView {
    /// A log without entries.
    pub(crate) fn empty(tenant: TenantId, kind: Kind) -> Self {
        Self {
            number: None,
            tenant,
            kind,
            size: 0,
            packed: 0,
            tail: std::collections::VecDeque::new(),
            signed: None,
            recorded: 0,
        }
    }
}

impl Group {
    fn head<'a>(&'a mut self, log: LogId, heads: &HashMap<LogId, Head>) -> Option<&'a mut Head> {
        match self.heads.entry(log) {
            Entry::Occupied(head) => Some(head.into_mut()),
            Entry::Vacant(place) => Some(place.insert(heads.get(&log)?.clone())),
        }
    }

    fn push(&mut self, log: LogId, seq: u64, record: Stored) {
        if let Some(key) = record.id_key {
            self.ids.entry(key).or_default().push((log, seq));
        }
        let records = self.records.entry(log).or_default();
        if records.is_empty() {
            self.order.push((log, seq));
        }
        records.push(record);
    }

    fn record(&self, log: LogId, seq: u64) -> Option<&Stored> {
        let (_, first) = self.order.iter().find(|(other, _)| *other == log)?;
        self.records
            .get(&log)?
            .get(usize::try_from(seq.checked_sub(*first)?).ok()?)
    }

    /// What a batch may have to go back to.
    fn mark(&self, log: LogId) -> (Option<Head>, usize) {
        (
            self.heads.get(&log).cloned(),
            self.records.get(&log).map_or(0, Vec::len),
        )
    }

    fn reset(&mut self, log: LogId, (head, kept): (Option<Head>, usize)) {
        match head {
            Some(head) => drop(self.heads.insert(log, head)),
            None => drop(self.heads.remove(&log)),
        }
        let Some(records) = self.records.get_mut(&log) else {
            return;
        };
        let first = self
            .order
            .iter()
            .find(|(other, _)| *other == log)
            .map_or(0, |(_, first)| *first);
        let dropped: Vec<Option<u64>> = records.drain(kept..).map(|record| record.id_key).collect();
        for (seq, key) in (first + kept as u64..).zip(dropped) {
            if let Some(places) = key.and_then(|key| self.ids.get_mut(&key)) {
                places.retain(|place| *place != (log, seq));
            }
        }
        if kept == 0 {
            self.order.retain(|(other, _)| *other != log);
        }
    }
}

/// A group's jobs, appends taken together.
pub(crate) enum Work {
    Group(Vec<(Batch, Reply<Vec<Outcome>>)>),
    Job(Job),
}

impl Queue {
    /// Takes a group and sorts its appends together, in order.
    fn take_group_split(&self) -> Vec<Work> {
        let mut work = Vec::new();
        for job in self.take_group() {
            match (job, work.last_mut()) {
                (Job::Append { batch, reply }, Some(Work::Group(appends))) => {
                    appends.push((batch, reply));
                }
                (Job::Append { batch, reply }, _) => work.push(Work::Group(vec![(batch, reply)])),
                (job, _) => work.push(Work::Job(job)),
            }
        }
        work
    }
}

/// Answers a caller that may have gone away.
fn answer<T>(reply: Reply<T>, outcome: Result<T, StoreError>) {
    drop(reply.send(outcome));
}
