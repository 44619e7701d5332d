//! Recorded heads: what the instance log says of every other log.

use std::collections::BTreeMap;

use ledger::name::LogId;

use super::fixture::{
    all_records, check_signature, entry, events, instance, size, statement, store_all, tenant,
};
use super::{Broken, Verdict, ensure};
use crate::contract::LedgerStore;
use crate::record::{LogRef, SignedHead};

/// What one call of `record_heads` added to the instance log.
struct Recorded {
    /// Head by log, as recorded.
    heads: BTreeMap<String, (String, String)>,
    /// Operations in order.
    operations: Vec<String>,
}

/// Calls `record_heads` and reads what it wrote.
async fn record(store: &dyn LedgerStore) -> Result<Recorded, Broken> {
    let own = instance(store).await?;
    let log = LogRef::main(&own);
    let before = size(store, log).await?;
    let answer: SignedHead = store.record_heads().await?;
    let records = all_records(store, log).await?;
    ensure!(
        answer.size >= records.len() as u64,
        "the checkpoint answered covers {} of {} entries",
        answer.size,
        records.len()
    );
    check_signature(store, log, &answer).await?;
    let mut recorded = Recorded {
        heads: BTreeMap::new(),
        operations: Vec::new(),
    };
    let start = usize::try_from(before).unwrap_or(usize::MAX);
    for record in records.get(start..).unwrap_or_default() {
        let operation = entry(record)?.operation.to_owned();
        if operation == "veritrail.log.head_recorded" {
            let (about, said) = statement(record)?;
            ensure!(
                LogId::parse(&about).is_some(),
                "a recorded head is about {about:?}, which is no log"
            );
            let head = (said("size"), said("root"));
            let earlier = recorded.heads.insert(about, head);
            ensure!(
                earlier.is_none(),
                "one log's head was recorded twice at once"
            );
        }
        recorded.operations.push(operation);
    }
    Ok(recorded)
}

/// Waits until everything in a log is signed, and answers the head as the instance log must show it.
async fn signed(
    store: &dyn LedgerStore,
    log: LogRef,
) -> Result<(String, (String, String)), Broken> {
    let last = size(store, log).await? - 1;
    let head = store.signed_past(log, last).await?;
    Ok((
        log.log().to_string(),
        (head.size.to_string(), head.root.to_hex()),
    ))
}

pub(super) async fn changed_heads_are_recorded_with_size_and_root(
    store: &dyn LedgerStore,
) -> Verdict {
    let (one, two) = (
        tenant(store, "acme").await?,
        tenant(store, "umbrella").await?,
    );
    let own = instance(store).await?;
    let logs = [
        LogRef::main(&one),
        LogRef::access(&one),
        LogRef::main(&two),
        LogRef::access(&two),
        LogRef::access(&own),
    ];
    store_all(store, logs[0], events(&one, 0, 7)?).await?;
    store_all(store, logs[3], events(&two, 0, 1)?).await?;
    let mut expect = BTreeMap::new();
    for log in logs {
        expect.extend([signed(store, log).await?]);
    }
    let found = record(store).await?.heads;
    ensure!(
        found == expect,
        "recorded heads {found:?} are not those that were signed, {expect:?}"
    );
    Ok(())
}

pub(super) async fn unchanged_heads_are_not_recorded_again(store: &dyn LedgerStore) -> Verdict {
    let (one, two) = (
        tenant(store, "acme").await?,
        tenant(store, "umbrella").await?,
    );
    for log in [
        LogRef::main(&one),
        LogRef::main(&two),
        LogRef::access(&one),
        LogRef::access(&two),
    ] {
        signed(store, log).await?;
    }
    record(store).await?;
    store_all(store, LogRef::main(&two), events(&two, 0, 2)?).await?;
    let expect = BTreeMap::from([signed(store, LogRef::main(&two)).await?]);
    let found = record(store).await?.heads;
    ensure!(
        found == expect,
        "with one changed head, {} were recorded",
        found.len()
    );
    Ok(())
}

pub(super) async fn a_heartbeat_is_recorded_when_nothing_changed(
    store: &dyn LedgerStore,
) -> Verdict {
    let one = tenant(store, "acme").await?;
    let own = instance(store).await?;
    for log in [
        LogRef::main(&one),
        LogRef::access(&one),
        LogRef::access(&own),
    ] {
        signed(store, log).await?;
    }
    record(store).await?;
    for _ in 0..2 {
        let recorded = record(store).await?;
        ensure!(
            recorded.operations == ["veritrail.instance.heartbeat_recorded"],
            "when nothing changed, the instance log got {:?}",
            recorded.operations
        );
    }
    Ok(())
}
