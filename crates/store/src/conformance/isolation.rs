//! Isolation: a call names one log of one tenant and sees nothing of any other.

use ledger::name::{LogId, TenantId};

use super::fixture::{
    Noise, all_records, entry, event, events, instance, new_key, new_tenant, own_event, size,
    store_all, tenant,
};
use super::{Broken, Verdict, ensure};
use crate::batch::Batch;
use crate::contract::{Answer, LedgerStore};
use crate::error::StoreError;
use crate::record::LogRef;
use crate::registry::Change;

pub(super) async fn a_log_is_read_and_written_through_its_own_tenant_only(
    store: &dyn LedgerStore,
) -> Verdict {
    let (one, two) = (
        tenant(store, "acme").await?,
        tenant(store, "umbrella").await?,
    );
    let own = instance(store).await?;
    store_all(store, LogRef::main(&two), events(&two, 0, 3)?).await?;
    let mut forged = one.record.clone();
    (forged.main, forged.access) = (two.record.main, two.record.access);
    let mut instance_of_one = own.record.clone();
    instance_of_one.id = one.record.id;
    for log in [
        LogRef::of_record(&forged, false),
        LogRef::of_record(&forged, true),
        LogRef::of_record(&instance_of_one, false),
        LogRef::of_record(&instance_of_one, true),
    ] {
        let batch = Batch {
            log,
            events: vec![event(&one, "api", "x", "y")?],
        };
        not_found("append", store.append(batch)).await?;
        not_found("head", store.head(log)).await?;
        not_found("grown", store.grown(log, 0)).await?;
        not_found("signed_past", store.signed_past(log, 0)).await?;
        not_found("find", store.find(log, "e1")).await?;
        not_found("records", store.records(log, 0..10)).await?;
        not_found("nodes", store.nodes(log, &[(0, 0)])).await?;
    }
    ensure!(
        size(store, LogRef::main(&two)).await? == 4,
        "a foreign call changed the log"
    );
    Ok(())
}

async fn not_found<T>(call: &str, answer: Answer<'_, T>) -> Verdict {
    match answer.await {
        Err(StoreError::NotFound) => Ok(()),
        Err(other) => Err(Broken::new(format!(
            "{call} on another tenant's log failed as {other:?}"
        ))),
        Ok(_) => Err(Broken::new(format!(
            "{call} on another tenant's log was answered"
        ))),
    }
}

pub(super) async fn one_tenants_log_shows_nothing_of_another(store: &dyn LedgerStore) -> Verdict {
    let (one, two) = (
        tenant(store, "acme").await?,
        tenant(store, "umbrella").await?,
    );
    for number in 0..10 {
        store_all(
            store,
            LogRef::main(&one),
            vec![event(&one, "api", &format!("one{number}"), "x")?],
        )
        .await?;
        store_all(
            store,
            LogRef::main(&two),
            vec![event(&two, "api", &format!("two{number}"), "x")?],
        )
        .await?;
        store_all(
            store,
            LogRef::access(&one),
            vec![event(&one, "api", &format!("acc{number}"), "x")?],
        )
        .await?;
    }
    for (log, prefix) in [
        (LogRef::main(&one), "one"),
        (LogRef::main(&two), "two"),
        (LogRef::access(&one), "acc"),
    ] {
        let records = all_records(store, log).await?;
        ensure!(
            records.len() == 11,
            "a log of 10 events has {} records",
            records.len()
        );
        for record in records.iter().skip(1) {
            let entry = entry(record)?;
            ensure!(
                entry.id.starts_with(prefix) && entry.place.log == log.log(),
                "the log of {prefix} holds {}",
                entry.id
            );
        }
        for other in ["one3", "two3", "acc3"] {
            let found = store.find(log, other).await?;
            ensure!(
                found.is_empty() != other.starts_with(prefix),
                "{other} in the log of {prefix} is found at {found:?}"
            );
        }
    }
    let key = new_key("key_one", one.record.id);
    store.administer(Change::CreateKey(key), Vec::new()).await?;
    let foreign = store.api_keys(two.record.id).await?;
    ensure!(foreign.is_empty(), "a tenant's list shows another's key");
    Ok(())
}

pub(super) async fn tenants_keys_are_their_own(store: &dyn LedgerStore) -> Verdict {
    let (one, two) = (
        tenant(store, "acme").await?,
        tenant(store, "umbrella").await?,
    );
    let own = instance(store).await?;
    for (left, right) in [(&one, &two), (&one, &own), (&two, &own)] {
        let (left, right) = (&left.keys, &right.keys);
        ensure!(
            left.reference("user", "42") != right.reference("user", "42")
                && left.event_id("id", "api", "x") != right.event_id("id", "api", "x")
                && left.masked("a", "b", "c", "d") != right.masked("a", "b", "c", "d")
                && left.cursor_key() != right.cursor_key(),
            "two tenants share a key"
        );
    }
    let again = store.tenant(one.record.id).await?;
    ensure!(
        again.is_some_and(
            |again| again.keys.reference("user", "42") == one.keys.reference("user", "42")
        ),
        "a tenant's keys differ from call to call"
    );
    Ok(())
}

pub(super) async fn what_does_not_exist_is_not_found(store: &dyn LedgerStore) -> Verdict {
    let unmade = new_tenant(store, "never-made").await?;
    for access in [false, true] {
        let log = LogRef::of_record(&unmade, access);
        not_found("head", store.head(log)).await?;
        not_found("grown", store.grown(log, 0)).await?;
        not_found("records", store.records(log, 0..1)).await?;
        not_found("find", store.find(log, "x")).await?;
        not_found("nodes", store.nodes(log, &[])).await?;
    }
    let own = instance(store).await?;
    let mut lost = own.record.clone();
    lost.main = LogId::random(&Noise::new("a log that never was"));
    not_found("head", store.head(LogRef::of_record(&lost, false))).await?;
    let nobody = TenantId::random(&Noise::new("nobody"));
    ensure!(
        store.tenant(nobody).await?.is_none()
            && store.tenant_named("never-made").await?.is_none()
            && store.tenant_named("").await?.is_none()
            && store.api_key("nokey").await?.is_none()
            && store.api_keys(nobody).await?.is_empty(),
        "something that was never made is there"
    );
    let record = own_event(&own, "veritrail.key.created")?;
    let log = LogRef::of_record(&unmade, false);
    let key = new_key("key", own.record.id);
    not_found(
        "administer",
        store.administer(Change::CreateKey(key), vec![(log, record)]),
    )
    .await
}
