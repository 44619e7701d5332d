//! Stores that break one promise each.

use std::collections::BTreeMap;
use std::ops::Range;
use std::sync::{Arc, Mutex};

use ledger::hash::Hash;
use ledger::name::{LogId, TenantId};
use ledger::prepare::{Door, Prepared, prepare_own};
use ledger::vocabulary::{Mode, NO_ADDITIONS};
use store::memory::MemoryStore;
use store::registry::{ApiKey, Change, Instance};
use store::{
    Answer, Batch, Health, LedgerStore, LogHead, LogRef, Outcome, Record, SignedHead, StoreError,
    Tenant,
};
use testkit::sources::TestRng;

/// Which promise, with the cases that must fail over it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Break {
    StoresAgain,
    ForgetsConflicts,
    ForgetsSources,
    MixesLogs,
    TakesFreshForRepeated,
    Reverses,
    AnswersBeforeVisible,
    LosesTheLastRecord,
    AnswersEmptyBatches,
    DropsParts,
    LeaksAcrossTenants,
    AnswersUnknown,
    ListsEverybodysKeys,
    AnswersTakenNames,
    SharesKeys,
    UnsortedTenants,
    HalfRefuses,
    OverwritesKeys,
    ChangesKeys,
    DropsRecordsOfChanges,
    SignsAnotherRoot,
    SignsNothing,
    AnswersOlderCheckpoints,
    UnlimitedRanges,
    ZeroesMissingNodes,
    ReversesNodes,
    FindsPrefixes,
    RecordsNoHeads,
    RecordsUnchangedHeads,
    StaysOpen,
    TimeRunsBack,
    ForeignOpening,
    MiscountsGrowth,
    GrowsAtTheEnd,
    SignsAnything,
}

impl Break {
    pub(crate) const ALL: [(Self, &'static [&'static str]); 35] = [
        (
            Self::StoresAgain,
            &[
                "an_event_sent_again_answers_the_stored_receipt",
                "an_event_twice_in_one_batch_is_stored_once",
                "the_same_event_256_times_at_once_is_stored_once",
            ],
        ),
        (
            Self::ForgetsConflicts,
            &[
                "another_content_under_a_known_id_is_a_conflict",
                "a_conflict_harms_no_other_event_and_replaces_nothing",
                "one_id_with_256_contents_at_once_is_stored_once",
            ],
        ),
        (
            Self::ForgetsSources,
            &[
                "ids_are_of_their_source",
                "ids_are_found_whole_and_across_sources",
            ],
        ),
        (Self::MixesLogs, &["ids_are_of_their_log"]),
        (
            Self::TakesFreshForRepeated,
            &["events_without_ids_are_never_repetitions"],
        ),
        (
            Self::Reverses,
            &[
                "a_batch_gets_consecutive_places_in_its_order",
                "many_batches_at_once_are_all_stored_in_one_order",
            ],
        ),
        (
            Self::AnswersBeforeVisible,
            &["what_is_acknowledged_is_found_at_once"],
        ),
        (
            Self::LosesTheLastRecord,
            &["what_is_acknowledged_is_found_at_once"],
        ),
        (
            Self::AnswersEmptyBatches,
            &["an_empty_batch_changes_nothing"],
        ),
        (Self::DropsParts, &["records_hold_what_was_prepared"]),
        (
            Self::LeaksAcrossTenants,
            &["a_log_is_read_and_written_through_its_own_tenant_only"],
        ),
        (Self::AnswersUnknown, &["what_does_not_exist_is_not_found"]),
        (
            Self::ListsEverybodysKeys,
            &[
                "one_tenants_log_shows_nothing_of_another",
                "a_key_is_found_by_id_and_tenant",
                "a_platform_key_is_found_by_id_and_among_its_own",
            ],
        ),
        (
            Self::AnswersTakenNames,
            &[
                "a_taken_name_changes_nothing",
                "the_same_name_at_once_makes_one_tenant",
            ],
        ),
        (Self::SharesKeys, &["tenants_keys_are_their_own"]),
        (
            Self::UnsortedTenants,
            &["a_tenant_is_found_by_id_name_and_list"],
        ),
        (
            Self::HalfRefuses,
            &[
                "a_taken_name_changes_nothing",
                "a_taken_key_or_missing_tenant_changes_nothing",
                "a_change_whose_record_has_no_log_is_not_made",
            ],
        ),
        (
            Self::OverwritesKeys,
            &["a_taken_key_or_missing_tenant_changes_nothing"],
        ),
        (Self::ChangesKeys, &["a_revoked_key_is_kept_with_its_end"]),
        (
            Self::DropsRecordsOfChanges,
            &["records_of_a_change_land_in_their_logs"],
        ),
        (
            Self::SignsAnotherRoot,
            &[
                "every_checkpoint_is_signed_over_the_records",
                "every_checkpoint_extends_the_one_before",
            ],
        ),
        (
            Self::SignsNothing,
            &[
                "every_checkpoint_is_signed_over_the_records",
                "closing_signs_what_was_acknowledged",
            ],
        ),
        (
            Self::SignsAnything,
            &["manifests_of_exports_are_signed_and_nothing_else"],
        ),
        (
            Self::AnswersOlderCheckpoints,
            &["a_covered_entry_is_answered_without_waiting"],
        ),
        (
            Self::UnlimitedRanges,
            &["ranges_of_records_are_cut_at_their_edges"],
        ),
        (
            Self::ZeroesMissingNodes,
            &["incomplete_subtrees_are_not_found"],
        ),
        (
            Self::ReversesNodes,
            &[
                "nodes_are_the_hashes_of_complete_subtrees",
                "every_entry_is_proven_to_be_included",
            ],
        ),
        (
            Self::FindsPrefixes,
            &["ids_are_found_whole_and_across_sources"],
        ),
        (
            Self::RecordsNoHeads,
            &[
                "changed_heads_are_recorded_with_size_and_root",
                "a_heartbeat_is_recorded_when_nothing_changed",
            ],
        ),
        (
            Self::RecordsUnchangedHeads,
            &[
                "unchanged_heads_are_not_recorded_again",
                "a_heartbeat_is_recorded_when_nothing_changed",
            ],
        ),
        (Self::StaysOpen, &["a_closed_store_takes_no_more_writes"]),
        (
            Self::TimeRunsBack,
            &["our_time_never_decreases_within_a_log"],
        ),
        (
            Self::ForeignOpening,
            &[
                "every_log_begins_with_its_own_entry_0",
                "the_instance_log_records_the_beginning_of_the_instances_logs",
            ],
        ),
        (
            Self::MiscountsGrowth,
            &[
                "growth_that_was_is_answered_at_once",
                "who_waits_for_growth_is_answered_when_it_comes",
            ],
        ),
        (
            Self::GrowsAtTheEnd,
            &["who_waits_for_growth_is_told_of_the_end"],
        ),
    ];
}

/// A store that keeps every promise but one.
#[derive(Debug)]
pub(crate) struct Breaking {
    inner: MemoryStore,
    how: Break,
    /// The log in which an id was used first.
    ids: Mutex<BTreeMap<String, LogId>>,
}

impl Breaking {
    pub(crate) fn new(inner: MemoryStore, how: Break) -> Self {
        Self {
            inner,
            how,
            ids: Mutex::default(),
        }
    }

    fn is(&self, how: Break) -> bool {
        self.how == how
    }

    async fn append_badly(&self, mut batch: Batch) -> Result<Vec<Outcome>, StoreError> {
        let log = batch.log;
        if self.is(Break::Reverses) {
            batch.events.reverse();
        }
        if self.is(Break::AnswersEmptyBatches) && batch.events.is_empty() {
            return Ok(vec![Outcome::Conflict]);
        }
        let sources: Vec<String> = batch
            .events
            .iter()
            .map(|event| event.source.clone())
            .collect();
        let fresh: Vec<bool> = batch.events.iter().map(|event| event.fresh_id).collect();
        let mut outcomes = self.inner.append(batch).await?;
        if self.is(Break::Reverses) {
            outcomes.reverse();
        }
        for (index, outcome) in outcomes.iter_mut().enumerate() {
            *outcome = match (self.how, outcome.clone()) {
                (Break::StoresAgain, Outcome::Repeated(receipt)) => Outcome::Stored(receipt),
                (Break::ForgetsConflicts, Outcome::Conflict) => self.answer_anything(log).await?,
                (Break::ForgetsSources, Outcome::Stored(_)) if sources[index] != "api" => {
                    Outcome::Conflict
                }
                (Break::TakesFreshForRepeated, Outcome::Stored(receipt)) if fresh[index] => {
                    Outcome::Repeated(receipt)
                }
                (Break::MixesLogs, Outcome::Stored(receipt))
                    if self.first_log(&receipt) != log.log() =>
                {
                    Outcome::Conflict
                }
                (_, outcome) => outcome,
            };
        }
        Ok(outcomes)
    }

    fn first_log(&self, receipt: &store::Receipt) -> LogId {
        let mut ids = self.ids.lock().unwrap();
        *ids.entry(receipt.id.clone()).or_insert(receipt.log)
    }

    /// A receipt of whatever came last.
    async fn answer_anything(&self, log: LogRef) -> Result<Outcome, StoreError> {
        let last = self.inner.head(log).await?.size - 1;
        let record = self.inner.records(log, last..last + 1).await?.remove(0);
        let entry = ledger::entry::Entry::parse(&record.entry).unwrap();
        Ok(Outcome::Repeated(store::Receipt {
            log: log.log(),
            seq: last,
            id: entry.id.to_owned(),
            leaf: Hash::leaf(&record.entry),
            recorded_at: entry.place.recorded_at,
        }))
    }

    async fn administer_badly(
        &self,
        change: Change,
        mut records: Vec<(LogRef, Prepared)>,
    ) -> Result<(), StoreError> {
        if self.is(Break::DropsRecordsOfChanges) {
            records.clear();
        }
        if self.is(Break::OverwritesKeys)
            && let Change::CreateKey(key) = &change
            && self.inner.api_key(&key.id).await?.is_some()
        {
            return Ok(());
        }
        let names = matches!(change, Change::CreateTenant(_));
        let copies = records.clone();
        let answer = self.inner.administer(change, records).await;
        if names && self.is(Break::AnswersTakenNames) {
            return Ok(());
        }
        if answer.is_err() && self.is(Break::HalfRefuses) {
            for (log, event) in copies {
                let events = vec![event];
                drop(self.inner.append(Batch { log, events }).await);
            }
        }
        answer
    }

    async fn records_badly(
        &self,
        log: LogRef,
        range: Range<u64>,
    ) -> Result<Vec<Record>, StoreError> {
        let mut records = self.inner.records(log, range.clone()).await?;
        match self.how {
            Break::UnlimitedRanges => {
                while let Some(last) = records
                    .last()
                    .map(|last| last.seq)
                    .filter(|last| last + 1 < range.end)
                {
                    let more = self.inner.records(log, last + 1..range.end).await?;
                    if more.is_empty() {
                        break;
                    }
                    records.extend(more);
                }
            }
            Break::LosesTheLastRecord => {
                let size = self.inner.head(log).await?.size;
                records.retain(|record| record.seq + 1 < size);
            }
            Break::DropsParts => records.iter_mut().for_each(|record| record.details = None),
            Break::TimeRunsBack => records
                .iter_mut()
                .filter(|it| it.seq == 2)
                .for_each(|record| {
                    let text = String::from_utf8(record.entry.clone()).unwrap();
                    record.entry = text
                        .replace("\"recorded_at\":\"2", "\"recorded_at\":\"1")
                        .into_bytes();
                }),
            Break::ForeignOpening => records.iter_mut().for_each(|record| {
                let text = String::from_utf8(record.entry.clone()).unwrap();
                let text = text
                    .replace("log.created", "log.read")
                    .replace("veritrail.invalid", "veritrail.foreign");
                record.entry = text.into_bytes();
            }),
            _ => {}
        }
        Ok(records)
    }

    async fn head_badly(&self, log: LogRef) -> Result<LogHead, StoreError> {
        let mut head = match self.inner.head(log).await {
            Err(StoreError::NotFound) if self.is(Break::AnswersUnknown) => LogHead {
                size: 0,
                signed: None,
            },
            answer => answer?,
        };
        if self.is(Break::AnswersBeforeVisible) {
            head.size -= u64::from(head.size > 1);
        }
        if self.is(Break::SignsNothing) {
            head.signed = None;
        }
        if self.is(Break::SignsAnotherRoot)
            && let Some(signed) = &mut head.signed
        {
            signed.root = Hash::of(b"another");
        }
        Ok(head)
    }

    async fn signed_badly(&self, log: LogRef, seq: u64) -> Result<SignedHead, StoreError> {
        let mut signed = self.inner.signed_past(log, seq).await?;
        match self.how {
            Break::SignsAnotherRoot => signed.root = Hash::of(b"another"),
            Break::AnswersOlderCheckpoints => signed.size = seq,
            _ => {}
        }
        Ok(signed)
    }

    async fn nodes_badly(&self, log: LogRef, nodes: &[(u8, u64)]) -> Result<Vec<Hash>, StoreError> {
        match self.inner.nodes(log, nodes).await {
            Ok(mut hashes) => {
                if self.is(Break::ReversesNodes) {
                    hashes.reverse();
                }
                Ok(hashes)
            }
            Err(StoreError::NotFound) if self.is(Break::ZeroesMissingNodes) => {
                Ok(vec![Hash::default(); nodes.len()])
            }
            Err(error) => Err(error),
        }
    }

    async fn find_badly(&self, log: LogRef, id: &str) -> Result<Vec<u64>, StoreError> {
        let found = self.inner.find(log, id).await?;
        match self.how {
            Break::FindsPrefixes => {
                let mut found = found;
                for record in self.inner.records(log, 1..u64::MAX).await? {
                    let entry = ledger::entry::Entry::parse(&record.entry).unwrap();
                    if entry.id.starts_with(id) && !found.contains(&record.seq) {
                        found.push(record.seq);
                    }
                }
                Ok(found)
            }
            Break::ForgetsSources => Ok(found.into_iter().take(1).collect()),
            _ => Ok(found),
        }
    }

    async fn record_heads_badly(&self) -> Result<SignedHead, StoreError> {
        let own = self.inner.tenant(self.inner.instance().tenant).await?;
        let log = own.as_deref().map(LogRef::main).unwrap();
        if self.is(Break::RecordsNoHeads) {
            let last = self.inner.head(log).await?.size - 1;
            return self.inner.signed_past(log, last).await;
        }
        let own = own.unwrap();
        let answer = self.inner.record_heads().await?;
        if self.is(Break::RecordsUnchangedHeads) {
            let events = vec![head_recorded(&own, LogRef::access(&own), &answer)];
            self.inner.append(Batch { log, events }).await?;
            let last = self.inner.head(log).await?.size - 1;
            return self.inner.signed_past(log, last).await;
        }
        Ok(answer)
    }

    /// Somebody else's log under the same id.
    async fn real(&self, log: LogRef) -> Result<LogRef, StoreError> {
        if self.is(Break::LeaksAcrossTenants) {
            for tenant in self.inner.tenants().await? {
                if let Some(found) = LogRef::find(&tenant, log.log()) {
                    return Ok(found);
                }
            }
        }
        Ok(log)
    }
}

/// An entry that records some head of `log`.
fn head_recorded(own: &Tenant, log: LogRef, head: &SignedHead) -> Prepared {
    let text = format!(
        r#"{{"operation":"veritrail.log.head_recorded","actor":{{"type":"system"}},"resource":{{"type":"log","id":"{}"}},"metadata":{{"size":"{}","root":"{}"}}}}"#,
        log.log(),
        head.size,
        head.root
    );
    let door = Door {
        keys: &own.keys,
        key: "veritrail",
        source: "veritrail",
        mode: Mode::Strict,
        additions: &NO_ADDITIONS,
        exceptions: &[],
        idempotency: None,
    };
    let value = ledger::json::parse(text.as_bytes()).unwrap();
    prepare_own(value, &door, &TestRng::new(head.size)).unwrap()
}

impl LedgerStore for Breaking {
    fn instance(&self) -> &Instance {
        self.inner.instance()
    }

    fn append(&self, mut batch: Batch) -> Answer<'_, Vec<Outcome>> {
        Box::pin(async move {
            batch.log = self.real(batch.log).await?;
            self.append_badly(batch).await
        })
    }

    fn administer(&self, change: Change, records: Vec<(LogRef, Prepared)>) -> Answer<'_, ()> {
        Box::pin(self.administer_badly(change, records))
    }

    fn tenants(&self) -> Answer<'_, Vec<Arc<Tenant>>> {
        Box::pin(async move {
            let mut tenants = self.inner.tenants().await?;
            if self.is(Break::UnsortedTenants) {
                tenants.reverse();
            }
            Ok(tenants)
        })
    }

    fn tenant(&self, id: TenantId) -> Answer<'_, Option<Arc<Tenant>>> {
        Box::pin(async move {
            let found = self.inner.tenant(id).await?;
            if !self.is(Break::SharesKeys) {
                return Ok(found);
            }
            let own = self
                .inner
                .tenant(self.inner.instance().tenant)
                .await?
                .unwrap();
            Ok(found.map(|found| {
                Arc::new(Tenant {
                    record: found.record.clone(),
                    keys: Arc::clone(&own.keys),
                })
            }))
        })
    }

    fn tenant_named<'a>(&'a self, name: &'a str) -> Answer<'a, Option<Arc<Tenant>>> {
        self.inner.tenant_named(name)
    }

    fn api_keys(&self, tenant: TenantId) -> Answer<'_, Vec<ApiKey>> {
        Box::pin(async move {
            let mut keys = Vec::new();
            for other in self.inner.tenants().await? {
                if other.record.id == tenant || self.is(Break::ListsEverybodysKeys) {
                    keys.extend(self.inner.api_keys(other.record.id).await?);
                }
            }
            if self.is(Break::ChangesKeys) {
                for key in &mut keys {
                    key.revoked_at = None;
                }
            }
            Ok(keys)
        })
    }

    fn platform_keys(&self) -> Answer<'_, Vec<ApiKey>> {
        Box::pin(async move {
            let mut keys = self.inner.platform_keys().await?;
            if self.is(Break::ListsEverybodysKeys) {
                for tenant in self.inner.tenants().await? {
                    keys.extend(self.inner.api_keys(tenant.record.id).await?);
                }
            }
            Ok(keys)
        })
    }

    fn api_key<'a>(&'a self, id: &'a str) -> Answer<'a, Option<ApiKey>> {
        self.inner.api_key(id)
    }

    fn head(&self, log: LogRef) -> Answer<'_, LogHead> {
        Box::pin(async move { self.head_badly(self.real(log).await?).await })
    }

    fn grown(&self, log: LogRef, size: u64) -> Answer<'_, u64> {
        Box::pin(async move {
            match self.inner.grown(self.real(log).await?, size).await {
                Ok(grown) if self.is(Break::MiscountsGrowth) => Ok(grown + 1),
                Err(StoreError::Closed) if self.is(Break::GrowsAtTheEnd) => Ok(size),
                answer => answer,
            }
        })
    }

    fn signed_past(&self, log: LogRef, seq: u64) -> Answer<'_, SignedHead> {
        Box::pin(async move { self.signed_badly(self.real(log).await?, seq).await })
    }

    fn find<'a>(&'a self, log: LogRef, id: &'a str) -> Answer<'a, Vec<u64>> {
        Box::pin(async move { self.find_badly(self.real(log).await?, id).await })
    }

    fn records(&self, log: LogRef, range: Range<u64>) -> Answer<'_, Vec<Record>> {
        Box::pin(async move { self.records_badly(self.real(log).await?, range).await })
    }

    fn nodes<'a>(&'a self, log: LogRef, nodes: &'a [(u8, u64)]) -> Answer<'a, Vec<Hash>> {
        Box::pin(async move { self.nodes_badly(self.real(log).await?, nodes).await })
    }

    fn sign_export<'a>(&'a self, log: LogRef, text: &'a str) -> Answer<'a, String> {
        Box::pin(async move {
            let signed = self.inner.sign_export(self.real(log).await?, text).await;
            match signed {
                Err(StoreError::Engine { .. }) if self.is(Break::SignsAnything) => {
                    Ok(text.to_owned())
                }
                signed => signed,
            }
        })
    }

    fn record_heads(&self) -> Answer<'_, SignedHead> {
        Box::pin(self.record_heads_badly())
    }

    fn confirm_clock(&self) -> Answer<'_, ()> {
        self.inner.confirm_clock()
    }

    fn health(&self) -> Health {
        self.inner.health()
    }

    fn close(&self) -> Answer<'_, ()> {
        Box::pin(async move {
            if self.is(Break::StaysOpen) {
                return Ok(());
            }
            self.inner.close().await
        })
    }
}
