//! Stores whose index breaks one promise each.

use std::ops::Range;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};

use ledger::hash::Hash;
use ledger::name::TenantId;
use ledger::prepare::Prepared;
use ledger::time::Micros;
use query::{Document, Field, Filter, Leaf, Nowhere, Places, Test, Viewer};
use store::index::{
    Counting, EventIndex, Hit, IndexHealth, Order, Page, Place, ProducerAccount, Search,
    Statistics, VALUES_MAX, ValueCount,
};
use store::memory::MemoryStore;
use store::registry::{ApiKey, Change, Instance};
use store::{
    Answer, Batch, Health, LedgerStore, LogHead, LogRef, Outcome, Record, SignedHead, StoreError,
    Tenant,
};

/// Which promise, with the cases that must fail over it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum IndexBreak {
    FindsLate,
    IgnoresNot,
    FindsEntry0,
    RebuildsRecords,
    TurnsEqualTimes,
    IgnoresSize,
    LosesBetweenPages,
    KnowsOneOrder,
    ForgetsForeignPlaces,
    UnlimitedPages,
    LeaksAcrossTenants,
    AnswersUnknown,
    MixesLogs,
    ShowsPersons,
    FindsTags,
    ListsTags,
    CountsTooMany,
    ShiftsBuckets,
    CountsNothingAsOne,
    UnlimitedCounts,
    SortsValuesByText,
    ListsIdentifiers,
    UnlimitedLists,
    ForgetsGaps,
    ForgetsPlaces,
    RebuildsToNothing,
}

impl IndexBreak {
    pub(crate) const ALL: [(Self, &'static [&'static str]); 26] = [
        (
            Self::FindsLate,
            &[
                "an_event_is_found_as_soon_as_it_is_acknowledged",
                "questions_at_once_with_writes_are_answered_in_full",
            ],
        ),
        (
            Self::IgnoresNot,
            &["what_the_evaluator_accepts_is_found_and_nothing_else"],
        ),
        (Self::FindsEntry0, &["entry_0_is_never_found"]),
        (Self::RebuildsRecords, &["a_hit_is_the_stored_record"]),
        (
            Self::TurnsEqualTimes,
            &["equal_times_are_in_the_order_of_the_log"],
        ),
        (
            Self::IgnoresSize,
            &[
                "nothing_at_or_beyond_the_size_is_found",
                "pages_of_every_size_join_to_the_whole_while_writes_go_on",
            ],
        ),
        (
            Self::LosesBetweenPages,
            &["pages_of_every_size_join_to_the_whole_while_writes_go_on"],
        ),
        (
            Self::KnowsOneOrder,
            &["oldest_first_is_newest_first_backwards"],
        ),
        (
            Self::ForgetsForeignPlaces,
            &["a_search_goes_on_from_any_place"],
        ),
        (Self::UnlimitedPages, &["limits_of_pages_are_clamped"]),
        (
            Self::LeaksAcrossTenants,
            &[
                "tenants_of_equal_content_never_see_each_other",
                "places_of_another_tenant_lead_nowhere",
            ],
        ),
        (
            Self::AnswersUnknown,
            &["an_index_is_asked_through_its_own_tenant_only"],
        ),
        (
            Self::MixesLogs,
            &["events_of_the_access_log_are_found_in_it_only"],
        ),
        (
            Self::ShowsPersons,
            &[
                "readers_without_persons_find_nothing_by_persons",
                "persons_change_nothing_for_readers_without_persons",
                "who_sees_no_address_finds_nobody_by_its_place",
                "producers_that_name_persons_are_accounted_for_without_names",
            ],
        ),
        (Self::FindsTags, &["a_masks_tag_is_never_found"]),
        (Self::ListsTags, &["a_masks_tag_is_never_listed"]),
        (
            Self::CountsTooMany,
            &[
                "counts_are_those_counted_by_hand",
                "an_event_counts_once_for_a_value_that_it_has_twice",
            ],
        ),
        (
            Self::ShiftsBuckets,
            &["buckets_begin_on_their_edges_and_hold_them"],
        ),
        (
            Self::CountsNothingAsOne,
            &["an_empty_answer_counts_nothing"],
        ),
        (Self::UnlimitedCounts, &["limits_of_counts_are_clamped"]),
        (
            Self::SortsValuesByText,
            &["values_are_listed_by_their_beginning_most_frequent_first"],
        ),
        (
            Self::ListsIdentifiers,
            &["values_that_are_matched_whole_are_not_listed"],
        ),
        (Self::UnlimitedLists, &["limits_of_lists_are_clamped"]),
        (
            Self::ForgetsGaps,
            &[
                "producers_are_accounted_for_by_hand",
                "more_gaps_than_are_listed_are_counted",
            ],
        ),
        (
            Self::ForgetsPlaces,
            &["events_are_found_by_where_their_address_is"],
        ),
        (
            Self::RebuildsToNothing,
            &["a_rebuilt_index_answers_the_same"],
        ),
    ];
}

/// A store whose index keeps every promise but one.
#[derive(Debug)]
pub(crate) struct BreakingIndex {
    inner: MemoryStore,
    how: IndexBreak,
    rebuilt: AtomicBool,
}

impl BreakingIndex {
    pub(crate) fn new(inner: MemoryStore, how: IndexBreak) -> Self {
        Self {
            inner,
            how,
            rebuilt: AtomicBool::new(false),
        }
    }

    fn is(&self, how: IndexBreak) -> bool {
        self.how == how
    }

    /// What a viewer is taken for.
    fn taken_for(&self, viewer: Viewer) -> Viewer {
        if self.is(IndexBreak::ShowsPersons) {
            Viewer::Whole
        } else {
            viewer
        }
    }

    /// Logs that are looked into when one is asked for.
    async fn logs(&self, log: LogRef) -> Result<Vec<LogRef>, StoreError> {
        let mut logs = vec![log];
        for tenant in self.inner.tenants().await? {
            let mine = tenant.record.id == log.tenant();
            for other in [LogRef::main(&tenant), LogRef::access(&tenant)] {
                let leaks =
                    self.is(IndexBreak::LeaksAcrossTenants) && !mine && other.kind() == log.kind();
                let mixes = self.is(IndexBreak::MixesLogs) && mine && other != log;
                if leaks || mixes {
                    logs.push(other);
                }
            }
        }
        Ok(logs)
    }

    async fn search_badly(&self, log: LogRef, asked: &Search) -> Result<Page, StoreError> {
        let mut search = asked.clone();
        search.viewer = self.taken_for(asked.viewer);
        match self.how {
            IndexBreak::FindsLate => search.size = search.size.saturating_sub(1),
            IndexBreak::IgnoresSize => search.size = u64::MAX,
            IndexBreak::IgnoresNot => search.filter = without_not(&search.filter),
            IndexBreak::KnowsOneOrder => search.order = Order::Newest,
            IndexBreak::ForgetsForeignPlaces => {
                search.after = search.after.filter(|place| place.seq != u64::MAX);
            }
            IndexBreak::RebuildsToNothing if self.rebuilt.load(Ordering::Relaxed) => {
                search.size = 0;
            }
            _ => {}
        }
        let mut page = match self.inner.search(log, &search).await {
            Err(StoreError::NotFound) if self.is(IndexBreak::AnswersUnknown) => {
                return Ok(Page {
                    hits: Vec::new(),
                    next: None,
                });
            }
            answer => answer?,
        };
        for other in self.logs(log).await?.into_iter().skip(1) {
            search.size = u64::MAX;
            page.hits
                .extend(self.inner.search(other, &search).await?.hits);
        }
        self.spoil(log, asked, &mut page).await?;
        Ok(page)
    }

    async fn spoil(&self, log: LogRef, asked: &Search, page: &mut Page) -> Result<(), StoreError> {
        match self.how {
            IndexBreak::RebuildsRecords => page
                .hits
                .iter_mut()
                .for_each(|hit| hit.record.details = None),
            IndexBreak::TurnsEqualTimes => {
                page.hits.sort_by_key(|hit| hit.place.seq);
                page.next = page.next.and(page.hits.last().map(|hit| hit.place));
            }
            IndexBreak::LosesBetweenPages if asked.after.is_some() && !page.hits.is_empty() => {
                page.hits.remove(0);
            }
            IndexBreak::FindsEntry0 if asked.after.is_none() => {
                let record = self.inner.records(log, 0..1).await?.remove(0);
                let place = Place {
                    time: Micros::from_micros(0),
                    seq: 0,
                };
                page.hits.push(Hit { place, record });
            }
            IndexBreak::UnlimitedPages if asked.limit > page.hits.len() => {
                while let Some(next) = page.next {
                    let more = Search {
                        after: Some(next),
                        ..asked.clone()
                    };
                    let more = self.inner.search(log, &more).await?;
                    page.hits.extend(more.hits);
                    page.next = more.next;
                }
            }
            IndexBreak::FindsTags => self.find_tags(log, asked, page).await?,
            IndexBreak::ForgetsPlaces
                if asked
                    .filter
                    .leaves()
                    .any(|leaf| leaf.field == Field::Country) =>
            {
                page.hits.clear();
            }
            _ => {}
        }
        Ok(())
    }

    /// Adds events in whose stored details the text stands that was asked for.
    async fn find_tags(
        &self,
        log: LogRef,
        asked: &Search,
        page: &mut Page,
    ) -> Result<(), StoreError> {
        let Filter::Leaf(Leaf { test, .. }) = &asked.filter else {
            return Ok(());
        };
        let text = match test {
            Test::Is(text) | Test::StartsWith(text) => text.clone(),
            Test::Words { words, .. } => words.join("-"),
            _ => return Ok(()),
        };
        for record in self.inner.records(log, 1..u64::MAX).await? {
            let details = String::from_utf8_lossy(record.details.as_deref().unwrap_or_default())
                .to_lowercase();
            let known = page.hits.iter().any(|hit| hit.record.seq == record.seq);
            if details.contains(&text) && !known {
                let document = document(&record);
                let place = Place {
                    time: document.time,
                    seq: document.seq,
                };
                drop(document);
                page.hits.push(Hit { place, record });
            }
        }
        Ok(())
    }

    async fn count_badly(&self, log: LogRef, asked: &Counting) -> Result<Statistics, StoreError> {
        let mut counting = asked.clone();
        counting.viewer = self.taken_for(asked.viewer);
        match self.how {
            IndexBreak::IgnoresSize => counting.size = u64::MAX,
            IndexBreak::RebuildsToNothing if self.rebuilt.load(Ordering::Relaxed) => {
                counting.size = 0;
            }
            _ => {}
        }
        let mut counted = match self.inner.statistics(log, &counting).await {
            Err(StoreError::NotFound) if self.is(IndexBreak::AnswersUnknown) => {
                Statistics::default()
            }
            answer => answer?,
        };
        match self.how {
            IndexBreak::CountsTooMany => counted
                .top
                .iter_mut()
                .flatten()
                .for_each(|value| value.count += 1),
            IndexBreak::ShiftsBuckets => {
                for (start, _) in &mut counted.histogram {
                    *start = start.plus(1);
                }
            }
            IndexBreak::CountsNothingAsOne => counted.total = counted.total.max(1),
            IndexBreak::UnlimitedCounts => {
                let first = counted.top.first().cloned().unwrap_or_default();
                counted.top.resize(asked.top.len(), first);
            }
            IndexBreak::ListsTags => {
                for value in counted.top.iter_mut().flatten() {
                    value.value = tagged(&value.value);
                }
            }
            _ => {}
        }
        Ok(counted)
    }

    async fn list_badly(
        &self,
        log: LogRef,
        field: &Field,
        prefix: &str,
        viewer: Viewer,
        limit: usize,
    ) -> Result<Vec<ValueCount>, StoreError> {
        let limit = if self.is(IndexBreak::UnlimitedLists) {
            VALUES_MAX
        } else {
            limit
        };
        let viewer = self.taken_for(viewer);
        let mut values = match self.inner.values(log, field, prefix, viewer, limit).await {
            Err(StoreError::NotFound) if self.is(IndexBreak::AnswersUnknown) => Vec::new(),
            answer => answer?,
        };
        match self.how {
            IndexBreak::SortsValuesByText => values.sort(),
            IndexBreak::ListsTags => values
                .iter_mut()
                .for_each(|value| value.value = tagged(&value.value)),
            IndexBreak::ListsIdentifiers => {
                for record in self.inner.records(log, 1..u64::MAX).await? {
                    let document = document(&record);
                    for fact in document.facts.iter().filter(|fact| fact.field == *field) {
                        let value = fact.text.to_lowercase();
                        if values.iter().all(|known| known.value != value) {
                            values.push(ValueCount { value, count: 1 });
                        }
                    }
                }
            }
            _ => {}
        }
        Ok(values)
    }

    async fn account_badly(
        &self,
        log: LogRef,
        viewer: Viewer,
    ) -> Result<Vec<ProducerAccount>, StoreError> {
        let viewer = self.taken_for(viewer);
        let mut accounts = match self.inner.producers(log, viewer).await {
            Err(StoreError::NotFound) if self.is(IndexBreak::AnswersUnknown) => Vec::new(),
            answer => answer?,
        };
        if self.is(IndexBreak::ForgetsGaps) {
            for account in &mut accounts {
                account.gaps.clear();
            }
        }
        Ok(accounts)
    }
}

fn document(record: &Record) -> Document<'_> {
    Document::read(
        &record.entry,
        record.person.as_deref(),
        record.details.as_deref(),
        &Nowhere,
    )
    .unwrap()
}

/// The filter without its negations.
fn without_not(filter: &Filter) -> Filter {
    match filter {
        Filter::Not(inner) => without_not(inner),
        Filter::And(members) => Filter::And(members.iter().map(without_not).collect()),
        Filter::Or(members) => Filter::Or(members.iter().map(without_not).collect()),
        other => other.clone(),
    }
}

/// A value with the tag that must not be there.
fn tagged(value: &str) -> String {
    value.replace(
        "[masked]",
        "[masked:hmac-sha256:e1477ef2:g1TnMd4iu4m4cbAEX7UafQ]",
    )
}

impl EventIndex for BreakingIndex {
    fn search<'a>(&'a self, log: LogRef, search: &'a Search) -> Answer<'a, Page> {
        Box::pin(self.search_badly(log, search))
    }

    fn statistics<'a>(&'a self, log: LogRef, asked: &'a Counting) -> Answer<'a, Statistics> {
        Box::pin(self.count_badly(log, asked))
    }

    fn values<'a>(
        &'a self,
        log: LogRef,
        field: &'a Field,
        prefix: &'a str,
        viewer: Viewer,
        limit: usize,
    ) -> Answer<'a, Vec<ValueCount>> {
        Box::pin(self.list_badly(log, field, prefix, viewer, limit))
    }

    fn producers(&self, log: LogRef, viewer: Viewer) -> Answer<'_, Vec<ProducerAccount>> {
        Box::pin(self.account_badly(log, viewer))
    }

    fn places(&self) -> &Arc<dyn Places> {
        self.inner.places()
    }

    fn index_health(&self) -> IndexHealth {
        self.inner.index_health()
    }

    fn rebuild_index(&self) -> Answer<'_, ()> {
        self.rebuilt.store(true, Ordering::Relaxed);
        self.inner.rebuild_index()
    }
}

impl LedgerStore for BreakingIndex {
    fn instance(&self) -> &Instance {
        self.inner.instance()
    }

    fn append(&self, batch: Batch) -> Answer<'_, Vec<Outcome>> {
        self.inner.append(batch)
    }

    fn administer(&self, change: Change, records: Vec<(LogRef, Prepared)>) -> Answer<'_, ()> {
        self.inner.administer(change, records)
    }

    fn tenants(&self) -> Answer<'_, Vec<Arc<Tenant>>> {
        self.inner.tenants()
    }

    fn tenant(&self, id: TenantId) -> Answer<'_, Option<Arc<Tenant>>> {
        self.inner.tenant(id)
    }

    fn tenant_named<'a>(&'a self, name: &'a str) -> Answer<'a, Option<Arc<Tenant>>> {
        self.inner.tenant_named(name)
    }

    fn api_keys(&self, tenant: TenantId) -> Answer<'_, Vec<ApiKey>> {
        self.inner.api_keys(tenant)
    }

    fn platform_keys(&self) -> Answer<'_, Vec<ApiKey>> {
        self.inner.platform_keys()
    }

    fn api_key<'a>(&'a self, id: &'a str) -> Answer<'a, Option<ApiKey>> {
        self.inner.api_key(id)
    }

    fn head(&self, log: LogRef) -> Answer<'_, LogHead> {
        self.inner.head(log)
    }

    fn grown(&self, log: LogRef, size: u64) -> Answer<'_, u64> {
        self.inner.grown(log, size)
    }

    fn signed_past(&self, log: LogRef, seq: u64) -> Answer<'_, SignedHead> {
        self.inner.signed_past(log, seq)
    }

    fn find<'a>(&'a self, log: LogRef, id: &'a str) -> Answer<'a, Vec<u64>> {
        self.inner.find(log, id)
    }

    fn records(&self, log: LogRef, range: Range<u64>) -> Answer<'_, Vec<Record>> {
        self.inner.records(log, range)
    }

    fn nodes<'a>(&'a self, log: LogRef, nodes: &'a [(u8, u64)]) -> Answer<'a, Vec<Hash>> {
        self.inner.nodes(log, nodes)
    }

    fn sign_export<'a>(&'a self, log: LogRef, text: &'a str) -> Answer<'a, String> {
        self.inner.sign_export(log, text)
    }

    fn record_heads(&self) -> Answer<'_, SignedHead> {
        self.inner.record_heads()
    }

    fn confirm_clock(&self) -> Answer<'_, ()> {
        self.inner.confirm_clock()
    }

    fn health(&self) -> Health {
        self.inner.health()
    }

    fn close(&self) -> Answer<'_, ()> {
        self.inner.close()
    }
}
