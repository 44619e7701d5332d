//! The indexes of the months: one for each calendar month of event time, opened as they are needed.
//!
//! Promises: [`Months::write`] returns when everything given is in committed segments; segments are shown to searches by
//! whoever calls it, so that a commit and the tail change in one step. Times that lie absurdly far from when the event
//! was recorded share one index, so that nobody can make a thousand of them.

use std::collections::BTreeMap;
use std::path::PathBuf;
use std::sync::Arc;

use keys::durable::{Disk, Secrecy};
use ledger::time::Micros;
use tantivy::directory::META_LOCK;
use tantivy::indexer::{IndexWriterOptions, LogMergePolicy};
use tantivy::{Directory, Index, IndexWriter, TantivyDocument};

use super::directory::DiskDirectory;
use super::schema::{self, Fields, IndexedEvent};
use super::segment::{IndexResult, SegmentView};

/// The index of times far from when their events were recorded.
const OTHER: &str = "other";
/// Ten years of microseconds: older claims share an index.
const OLDEST: i64 = 3_653 * 86_400 * 1_000_000;
/// Two days of microseconds: later claims share an index.
const LATEST: i64 = 2 * 86_400 * 1_000_000;
/// Indexes that are open for writing at once.
const WRITERS_MAX: usize = 3;
/// Memory of a writer.
const WRITER_BYTES: usize = 64 * 1024 * 1024;
/// Segments of more documents are left as they are, so that a merge stays short.
const MERGE_DOCS_MAX: usize = 2_000_000;
/// Segments of about the same size that are merged into one.
const MERGE_SEGMENTS_MIN: usize = 6;
/// Segments below this size count as equally small.
const MERGE_LEVEL_DOCS: u32 = 20_000;

/// One index and what of it can be searched.
struct Month {
    index: Index,
    writer: Option<IndexWriter>,
    segments: Vec<Arc<SegmentView>>,
    /// Commits since it was opened, to close the writer that was used least recently.
    used: u64,
}

/// All indexes.
pub(crate) struct Months {
    disk: Arc<dyn Disk>,
    root: PathBuf,
    fields: Fields,
    by_name: BTreeMap<String, Month>,
    writes: u64,
    /// Months of which a commit that failed as a whole may hold some events already.
    ahead: Vec<String>,
}

impl std::fmt::Debug for Months {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Months")
            .field("root", &self.root)
            .finish_non_exhaustive()
    }
}

/// The index that an event belongs to.
pub(crate) fn month_of(time: Micros, recorded_at: Micros) -> String {
    let ahead = time.as_micros() - recorded_at.as_micros();
    if !(-OLDEST..=LATEST).contains(&ahead) {
        return OTHER.to_owned();
    }
    time.to_string().get(..7).unwrap_or(OTHER).to_owned()
}

fn is_month(name: &str) -> bool {
    name == OTHER
        || (name.len() == 7
            && name
                .bytes()
                .all(|byte| byte.is_ascii_digit() || byte == b'-'))
}

impl Months {
    /// Opens every index under `root`. The list names those whose last commit is later than `generation`.
    pub(crate) fn open(
        disk: Arc<dyn Disk>,
        root: PathBuf,
        generation: u64,
    ) -> IndexResult<(Self, Vec<String>)> {
        let (_, fields) = schema::schema();
        let mut months = Self {
            disk,
            root,
            fields,
            by_name: BTreeMap::new(),
            writes: 0,
            ahead: Vec::new(),
        };
        let mut ahead = Vec::new();
        for name in months.disk.list(&months.root)? {
            if !is_month(&name) {
                continue;
            }
            let directory = DiskDirectory::open(Arc::clone(&months.disk), months.root.join(&name))?;
            if !Index::exists(&directory)? {
                continue;
            }
            let index = Index::open(directory)?;
            if index.schema() != schema::schema().0 {
                return Err(tantivy::TantivyError::SchemaError(
                    "another version's index".to_owned(),
                ));
            }
            let committed: u64 = index
                .load_metas()?
                .payload
                .and_then(|payload| payload.parse().ok())
                .unwrap_or_default();
            if committed > generation {
                ahead.push(name.clone());
            }
            let mut month = Month {
                index,
                writer: None,
                segments: Vec::new(),
                used: 0,
            };
            month.refresh(&fields)?;
            months.by_name.insert(name, month);
        }
        Ok((months, ahead))
    }

    /// Names months that may hold some of what will be written next already.
    pub(crate) fn set_ahead(&mut self, ahead: Vec<String>) {
        self.ahead = ahead;
    }

    /// Removes every file of every index.
    pub(crate) fn clear(disk: &dyn Disk, root: &std::path::Path) -> std::io::Result<()> {
        // Somebody may have removed all of it.
        disk.create_dir_all(root, Secrecy::Secret)?;
        for name in disk.list(root)? {
            let path = root.join(&name);
            if is_month(&name) {
                for file in disk.list(&path)? {
                    disk.remove(&path.join(file))?;
                }
                disk.sync_dir(&path)?;
            } else {
                disk.remove(&path)?;
            }
        }
        disk.sync_dir(root)
    }

    /// How many events are in each month.
    pub(crate) fn counts(&self) -> BTreeMap<String, u64> {
        let count = |month: &Month| {
            month
                .segments
                .iter()
                .map(|segment| u64::from(segment.docs))
                .sum()
        };
        self.by_name
            .iter()
            .map(|(name, month)| (name.clone(), count(month)))
            .collect()
    }

    /// Every segment, those with the latest events first.
    pub(crate) fn segments(&self) -> Vec<Arc<SegmentView>> {
        let mut segments: Vec<_> = self
            .by_name
            .values()
            .flat_map(|month| month.segments.iter().map(Arc::clone))
            .filter(|segment| segment.docs > 0)
            .collect();
        segments.sort_by_key(|segment| std::cmp::Reverse(segment.time(0)));
        segments
    }

    /// Commits the events, sorted into their months, as part of `generation`.
    pub(crate) fn write<'e>(
        &mut self,
        generation: u64,
        events: impl Iterator<Item = (&'e str, &'e IndexedEvent)>,
    ) -> IndexResult<()> {
        let mut sorted: BTreeMap<&str, Vec<&IndexedEvent>> = BTreeMap::new();
        for (month, event) in events {
            sorted.entry(month).or_default().push(event);
        }
        self.writes += 1;
        let fields = self.fields;
        for (name, events) in sorted {
            self.make_room_for(name)?;
            let mut new = Vec::with_capacity(events.len());
            for event in events {
                let known = self.ahead.iter().any(|month| month == name)
                    && self.has(name, &event.terms.of_its_log(), event.time, event.seq)?;
                if !known {
                    new.push(event);
                }
            }
            let writes = self.writes;
            let month = self.month(name)?;
            month.used = writes;
            let writer = month.writer()?;
            for event in new {
                writer.add_document(schema::document(&fields, event))?;
            }
            let mut commit = writer.prepare_commit()?;
            commit.set_payload(&generation.to_string());
            commit.commit()?;
        }
        for month in self.by_name.values_mut().filter(|month| month.used > 0) {
            month.refresh(&fields)?;
        }
        self.ahead.clear();
        Ok(())
    }

    /// Whether a document with this time and seq, in the log of `term`, is in a month already.
    pub(crate) fn has(&self, name: &str, term: &[u8], time: i64, seq: u64) -> IndexResult<bool> {
        use tantivy::DocSet;
        let Some(month) = self.by_name.get(name) else {
            return Ok(false);
        };
        for segment in &month.segments {
            let (from, to) = segment.range(time, time);
            for doc in (from..to).filter(|doc| segment.seq(*doc) == seq) {
                let mine = segment.postings(term)?;
                if mine.is_some_and(|mut mine| {
                    mine.doc() == doc || (mine.doc() < doc && mine.seek(doc) == doc)
                }) {
                    return Ok(true);
                }
            }
        }
        Ok(false)
    }

    /// Waits for merges and gives up every writer.
    pub(crate) fn close(&mut self) -> IndexResult<()> {
        for month in self.by_name.values_mut() {
            if let Some(writer) = month.writer.take() {
                writer.wait_merging_threads()?;
            }
        }
        Ok(())
    }

    fn month(&mut self, name: &str) -> IndexResult<&mut Month> {
        if !self.by_name.contains_key(name) {
            let directory = DiskDirectory::open(Arc::clone(&self.disk), self.root.join(name))?;
            self.disk.sync_dir(&self.root)?;
            let index = Index::builder()
                .schema(schema::schema().0)
                .settings(schema::settings())
                .open_or_create(directory)?;
            let month = Month {
                index,
                writer: None,
                segments: Vec::new(),
                used: 0,
            };
            self.by_name.insert(name.to_owned(), month);
        }
        self.by_name
            .get_mut(name)
            .ok_or_else(|| tantivy::TantivyError::InternalError("a month went missing".to_owned()))
    }

    /// Closes the writer that was used least recently when there are enough of them.
    fn make_room_for(&mut self, name: &str) -> IndexResult<()> {
        let open = |month: &Month| month.writer.is_some();
        let ready = self.by_name.get(name).is_some_and(open);
        if ready || self.by_name.values().filter(|month| open(month)).count() < WRITERS_MAX {
            return Ok(());
        }
        let idle = self
            .by_name
            .values_mut()
            .filter(|month| open(month))
            .min_by_key(|month| month.used);
        if let Some(writer) = idle.and_then(|month| month.writer.take()) {
            writer.wait_merging_threads()?;
        }
        Ok(())
    }
}

impl Month {
    fn writer(&mut self) -> IndexResult<&mut IndexWriter<TantivyDocument>> {
        let writer = if let Some(writer) = self.writer.take() {
            writer
        } else {
            let options = IndexWriterOptions::builder()
                .memory_budget_per_thread(WRITER_BYTES)
                .num_worker_threads(1)
                .num_merge_threads(1)
                .build();
            let writer = self.index.writer_with_options(options)?;
            let mut policy = LogMergePolicy::default();
            policy.set_min_num_segments(MERGE_SEGMENTS_MIN);
            policy.set_min_layer_size(MERGE_LEVEL_DOCS);
            policy.set_max_docs_before_merge(MERGE_DOCS_MAX);
            writer.set_merge_policy(Box::new(policy));
            writer
        };
        Ok(self.writer.insert(writer))
    }

    /// Opens segments that are new, and forgets those that were merged.
    fn refresh(&mut self, fields: &Fields) -> IndexResult<()> {
        // Nothing is removed while segments are opened.
        let _lock = self
            .index
            .directory()
            .acquire_lock(&META_LOCK)
            .map_err(|error| tantivy::TantivyError::LockFailure(error, None))?;
        let mut segments = Vec::new();
        for segment in self.index.searchable_segments()? {
            let known = self.segments.iter().find(|known| known.id == segment.id());
            segments.push(match known {
                Some(known) => Arc::clone(known),
                None => Arc::new(SegmentView::open(&segment, fields)?),
            });
        }
        self.segments = segments;
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_claim_far_from_the_truth_makes_no_month_of_its_own() {
        let recorded = Micros::parse("2026-11-21T10:00:00Z").unwrap();
        for (time, expect) in [
            ("2026-11-21T10:00:00Z", "2026-11"),
            ("2026-11-23T09:59:59Z", "2026-11"),
            ("2026-11-24T00:00:00Z", OTHER),
            ("2019-01-31T23:59:59Z", "2019-01"),
            ("1999-12-31T23:59:59Z", OTHER),
            ("9999-12-01T00:00:00Z", OTHER),
        ] {
            assert_eq!(month_of(Micros::parse(time).unwrap(), recorded), expect);
        }
    }
}
