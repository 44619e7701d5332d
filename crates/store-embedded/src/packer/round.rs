//! One round: frames in, blocks and rows out.

use std::collections::hash_map::Entry;
use std::collections::{BTreeMap, HashMap};
use std::io;
use std::sync::Arc;

use keys::durable::Disk;
use ledger::hash::Hash;
use ledger::name::LogId;
use ledger::time::Micros;
use ledger::tree::CompactRange;
use store::{Change, LogRef, StoreError};

use super::origin_of;
use crate::block::{self, Builder, Compressor, Kind, Place, Records};
use crate::codec::push_sized;
use crate::frame::Frame;
use crate::ids::{self, IdRun, Row};
use crate::mac::FrameKey;
use crate::pack::{Appender, Half, PACK_BYTES};
use crate::registry_text;
use crate::run::Stored;
use crate::shared::Shared;
use crate::state::{BlockRow, LogRow, Progress, Round};

/// Ids kept in the state file before they become a run of their own.
const RECENT_IDS_MAX: usize = if cfg!(test) { 32 } else { 32 * 1024 };

/// The newest pack and how far everything has come.
#[derive(Debug)]
pub(crate) struct Packs {
    disk: Arc<dyn Disk>,
    key: FrameKey,
    compressor: Compressor,
    halves: Option<(Appender, Appender)>,
    pub(crate) progress: Progress,
    pub(crate) logs: HashMap<LogId, LogRow>,
    /// Names of the logs' checkpoints, as their entries 0 say.
    origins: HashMap<LogId, String>,
    /// Ids that no run holds yet.
    recent: Vec<Row>,
    fresh_run: Option<(IdRun, Vec<Row>)>,
}

/// What a round wants committed, and what to sign after it.
#[derive(Debug, Default)]
pub(crate) struct Prepared {
    pub(crate) state: Round,
    /// New leaves of each log, and the origin of its checkpoints.
    pub(crate) leaves: Vec<(LogId, String, Vec<Hash>)>,
}

impl Packs {
    /// Goes on where the state file says. The pack files are cut to their recorded ends.
    pub(crate) fn resume(
        shared_disk: Arc<dyn Disk>,
        directory: &std::path::Path,
        key: FrameKey,
        progress: Progress,
        logs: HashMap<LogId, LogRow>,
        recent: Vec<Row>,
    ) -> io::Result<Self> {
        let disk = &*shared_disk;
        let halves = if progress.pack == 0 {
            None
        } else {
            Some((
                Appender::resume(
                    disk,
                    directory,
                    progress.pack,
                    Half::Entries,
                    progress.entries_end,
                )?,
                Appender::resume(
                    disk,
                    directory,
                    progress.pack,
                    Half::Parts,
                    progress.parts_end,
                )?,
            ))
        };
        let compressor = Compressor::new();
        Ok(Self {
            disk: shared_disk,
            key,
            compressor,
            halves,
            progress,
            logs,
            origins: HashMap::new(),
            recent,
            fresh_run: None,
        })
    }

    /// Writes and syncs the frames' blocks, and answers the rows that make them count.
    pub(crate) fn prepare(
        &mut self,
        shared: &Shared,
        frames: &[Frame],
    ) -> Result<Prepared, StoreError> {
        let failed = |error: io::Error| StoreError::engine("writing packs", error);
        let mut prepared = Prepared::default();
        let changes: Vec<&Change> = frames.iter().flat_map(|frame| &frame.changes).collect();
        let mut by_log: BTreeMap<LogId, Vec<(u64, &Stored)>> = BTreeMap::new();
        for run in frames.iter().flat_map(|frame| &frame.runs) {
            by_log
                .entry(run.log)
                .or_default()
                .extend((run.first..).zip(run.records.iter()));
        }
        if !changes.is_empty() || !by_log.is_empty() {
            self.roll(shared).map_err(failed)?;
        }
        if !changes.is_empty() {
            self.write_registry(shared, &changes, &mut prepared.state)?;
        }
        let mut builder = Builder::default();
        let mut rows = Vec::new();
        for (log, records) in &by_log {
            for (seq, record) in records {
                builder.push(*log, *seq, record);
                if let Some(key) = record.id_key {
                    rows.push((key, *seq));
                }
                if builder.is_full() {
                    self.write_block(&mut builder, &by_log, &mut prepared.state)?;
                }
            }
            let leaves = self.extend_log(shared, *log, records, &mut prepared.state)?;
            let origin = match self.origins.entry(*log) {
                Entry::Occupied(known) => known.get().clone(),
                Entry::Vacant(place) => place.insert(origin_of(shared, *log)?).clone(),
            };
            prepared.leaves.push((*log, origin, leaves));
        }
        if !builder.is_empty() {
            self.write_block(&mut builder, &by_log, &mut prepared.state)?;
        }
        if let Some((entries, parts)) = &self.halves {
            // Entries without their parts would be worse than neither: parts first.
            parts.sync().map_err(failed)?;
            entries.sync().map_err(failed)?;
            (self.progress.entries_end, self.progress.parts_end) = (entries.end, parts.end);
        }
        self.progress.frame = frames
            .last()
            .map_or(self.progress.frame, |frame| frame.number);
        self.file_ids(shared, rows, &mut prepared.state)
            .map_err(failed)?;
        prepared.state.progress = self.progress;
        Ok(prepared)
    }

    /// Begins the next pack when there is none or the newest is full.
    fn roll(&mut self, shared: &Shared) -> io::Result<()> {
        let full = self
            .halves
            .as_ref()
            .is_none_or(|(entries, parts)| entries.end.max(parts.end) >= PACK_BYTES);
        if full {
            let number = self.progress.pack + 1;
            let directory = shared.layout.packs();
            let make = |half| {
                Appender::create(&*self.disk, &directory, shared.instance_id(), number, half)
            };
            self.halves = Some((make(Half::Entries)?, make(Half::Parts)?));
            self.progress.pack = number;
        }
        Ok(())
    }

    fn write_registry(
        &mut self,
        shared: &Shared,
        changes: &[&Change],
        round: &mut Round,
    ) -> Result<(), StoreError> {
        let mut payload = Vec::new();
        for change in changes {
            push_sized(&mut payload, &registry_text::encode(change));
            match change {
                Change::CreateTenant(tenant) => {
                    for access in [false, true] {
                        let log = LogRef::of_record(tenant, access);
                        let row = LogRow {
                            number: self.progress.next_log,
                            tenant: tenant.id,
                            kind: log.kind(),
                            range: CompactRange::new(),
                            last: Micros::default(),
                        };
                        self.progress.next_log += 1;
                        self.logs.insert(log.log(), row);
                    }
                    round.tenants.push(tenant.clone());
                }
                Change::UpdateTenant(tenant) => round.tenants.push(tenant.clone()),
                Change::CreateKey(key) => {
                    // What the key has become by now, should it be revoked in this same round.
                    round.api_keys.push(
                        shared
                            .view()
                            .registry
                            .api_keys
                            .get(&key.id)
                            .unwrap_or(key)
                            .clone(),
                    );
                }
                Change::RevokeKey { id, .. } => {
                    round
                        .api_keys
                        .extend(shared.view().registry.api_keys.get(id).cloned());
                }
            }
        }
        self.append_block(Kind::Registry, &payload)?;
        Ok(())
    }

    /// Writes a block of entries and its block of parts, having read the entries back out of the compressed bytes.
    fn write_block(
        &mut self,
        builder: &mut Builder,
        by_log: &BTreeMap<LogId, Vec<(u64, &Stored)>>,
        round: &mut Round,
    ) -> Result<(), StoreError> {
        let runs = builder.runs().to_vec();
        let (entries, parts) = builder.finish();
        // Parts first: whoever reads the files while they grow finds every entry's parts.
        let parts_at = self.append_block(Kind::Parts, &parts)?;
        let (pack, entries_at) = self.append_entries(entries, by_log)?;
        for (log, first, count) in runs {
            let number = self
                .logs
                .get(&log)
                .map(|row| row.number)
                .ok_or(StoreError::NotFound)?;
            round.blocks.push((
                number,
                first,
                BlockRow {
                    count,
                    pack,
                    entries: entries_at,
                    parts: parts_at,
                },
            ));
        }
        Ok(())
    }

    fn append_entries(
        &mut self,
        payload: Vec<u8>,
        by_log: &BTreeMap<LogId, Vec<(u64, &Stored)>>,
    ) -> Result<(u32, u64), StoreError> {
        let place = self.place(Kind::Entries)?;
        let mut bytes = Vec::with_capacity(payload.len() / 2);
        block::encode(
            Kind::Entries,
            &payload,
            place,
            &self.key,
            &mut self.compressor,
            &mut bytes,
        );
        drop(payload);
        // What will be signed is what is stored: hash the leaves once more from the bytes that go to the disk, so that
        // a bit flipped in memory is found while the journal still has the truth.
        let header = block::Header::parse(&bytes, place, Some(&self.key));
        let stored = bytes.get(block::HEADER_BYTES..).unwrap_or_default();
        let again = header.and_then(|header| header.open(stored, place, Some(&self.key)));
        let records = again.and_then(|payload| Ok(Records::parse(Kind::Entries, payload)?));
        let records =
            records.map_err(|error| StoreError::Damaged(format!("a new block: {error}")))?;
        for (log, first, count, index) in records.runs() {
            let expected = by_log.get(log).map(Vec::as_slice).unwrap_or_default();
            let from = expected.partition_point(|(seq, _)| seq < first);
            for offset in 0..*count as usize {
                let sealed = expected.get(from + offset).map(|(_, record)| record.leaf);
                if sealed != Some(Hash::leaf(records.entry(index + offset))) {
                    return Err(StoreError::Damaged(format!(
                        "log {log}: a new block does not hold what was sealed"
                    )));
                }
            }
        }
        self.append_bytes(Kind::Entries, &bytes)?;
        Ok((place.pack, place.offset))
    }

    fn append_block(&mut self, kind: Kind, payload: &[u8]) -> Result<u64, StoreError> {
        let place = self.place(kind)?;
        let mut bytes = Vec::with_capacity(payload.len() / 2);
        block::encode(
            kind,
            payload,
            place,
            &self.key,
            &mut self.compressor,
            &mut bytes,
        );
        self.append_bytes(kind, &bytes)?;
        Ok(place.offset)
    }

    fn half(&mut self, kind: Kind) -> Result<&mut Appender, StoreError> {
        let (entries, parts) = self.halves.as_mut().ok_or(StoreError::Closed)?;
        Ok(if kind == Kind::Parts { parts } else { entries })
    }

    fn place(&mut self, kind: Kind) -> Result<Place, StoreError> {
        let pack = self.progress.pack;
        Ok(Place {
            pack,
            offset: self.half(kind)?.end,
        })
    }

    fn append_bytes(&mut self, kind: Kind, bytes: &[u8]) -> Result<(), StoreError> {
        self.half(kind)?
            .append(bytes)
            .map_err(|error| StoreError::engine("writing packs", error))
    }

    /// Advances a log's right edge; answers the new leaves.
    fn extend_log(
        &mut self,
        _shared: &Shared,
        log: LogId,
        records: &[(u64, &Stored)],
        round: &mut Round,
    ) -> Result<Vec<Hash>, StoreError> {
        let row = self.logs.get_mut(&log).ok_or(StoreError::NotFound)?;
        let number = row.number;
        for (seq, record) in records {
            if *seq != row.range.size() {
                return Err(StoreError::Damaged(format!(
                    "log {log}: entry {seq} follows entry {}",
                    row.range.size()
                )));
            }
            row.range.push_with(record.leaf, |level, index, hash| {
                if level > 0 && level % 8 == 0 {
                    round.nodes.push((number, level, index, hash));
                }
            });
        }
        let last = records
            .last()
            .map(|(_, record)| record.entry.as_slice())
            .unwrap_or_default();
        row.last = time_of(last).unwrap_or(row.last);
        round.logs.push((log, row.clone()));
        Ok(records.iter().map(|(_, record)| record.leaf).collect())
    }

    /// Files new ids: in the state file, or with all recent ones in a run of their own.
    fn file_ids(&mut self, shared: &Shared, rows: Vec<Row>, round: &mut Round) -> io::Result<()> {
        if self.recent.len() + rows.len() < RECENT_IDS_MAX {
            round.recent_ids.clone_from(&rows);
            self.recent.extend(rows);
            return Ok(());
        }
        let mut all = std::mem::take(&mut self.recent);
        all.extend(rows);
        all.sort_unstable();
        let run = IdRun::write(
            &*self.disk,
            &shared.layout.ids(),
            self.progress.next_run,
            &all,
        )?;
        self.progress.next_run += 1;
        round.new_runs.push((run.number, run.count as u64));
        self.fresh_run = Some((run, all));
        Ok(())
    }

    /// Takes note that a round was committed.
    pub(crate) fn committed(&mut self, round: &Round) {
        self.progress = round.progress;
    }

    /// Shows a new run to readers, and merges runs when a tier is full.
    pub(crate) fn settle_ids(&mut self, shared: &Shared) -> Result<(), StoreError> {
        let failed = |error: io::Error| StoreError::engine("writing ids", error);
        let Some((run, moved)) = self.fresh_run.take() else {
            return Ok(());
        };
        let mut runs = shared.view().ids.runs().to_vec();
        runs.push(Arc::new(run));
        shared.view_mut().ids.replace_runs(runs.clone(), &moved);
        drop(moved);
        loop {
            let merging = ids::to_merge(&runs);
            if merging.is_empty() {
                return Ok(());
            }
            let rows = ids::merged_rows(&merging).map_err(failed)?;
            let number = self.progress.next_run;
            let run =
                IdRun::write(&*self.disk, &shared.layout.ids(), number, &rows).map_err(failed)?;
            self.progress.next_run += 1;
            let dead: Vec<u64> = merging.iter().map(|run| run.number).collect();
            let round = Round {
                progress: self.progress,
                new_runs: vec![(number, rows.len() as u64)],
                recent_ids: self.recent.clone(),
                dead_runs: dead.clone(),
                ..Round::default()
            };
            shared.state.commit(&round)?;
            runs.retain(|run| !dead.contains(&run.number));
            runs.push(Arc::new(run));
            shared.view_mut().ids.replace_runs(runs.clone(), &[]);
            for number in dead {
                // One that stays behind is removed at the next start.
                let _ = self
                    .disk
                    .remove(&ids::path_of(&shared.layout.ids(), number));
            }
        }
    }
}

/// When an entry was recorded, entry 0 included.
pub(crate) fn time_of(entry: &[u8]) -> Option<Micros> {
    ledger::entry::Entry::parse(entry)
        .map(|entry| entry.place.recorded_at)
        .ok()
        .or_else(|| {
            ledger::entry::Opening::parse(entry)
                .ok()
                .map(|opening| opening.recorded_at)
        })
}
