//! The registry: each change whole or not at all, with the entries that record it.

use super::at_once::{Call, at_once};
use super::fixture::{all_records, entry, instance, new_key, new_tenant, own_event, size, tenant};
use super::{Broken, Verdict, ensure};
use crate::contract::LedgerStore;
use crate::error::StoreError;
use crate::record::LogRef;
use crate::registry::{
    AccountName, AccountRecord, ApiKey, Change, Role, Roles, Scope, SourceRecord, SourceSecret,
    TenantRecord, TenantSettings, ViewRecord,
};
use ledger::name::{LogId, TenantId};
use ledger::time::Micros;
use ledger::vocabulary::{Addition, Additions, Category, Severity};

pub(super) async fn a_tenant_is_found_by_id_name_and_list(store: &dyn LedgerStore) -> Verdict {
    let mut made = Vec::new();
    for name in ["umbrella", "acme", "0-acme"] {
        let record = new_tenant(store, name).await?;
        store
            .administer(Change::CreateTenant(record.clone()), Vec::new())
            .await?;
        made.push(record);
    }
    for record in &made {
        let (by_id, by_name) = (
            store.tenant(record.id).await?,
            store.tenant_named(&record.name).await?,
        );
        for found in [by_id, by_name] {
            ensure!(
                found.is_some_and(|found| found.record == *record),
                "tenant {} is not found as it was made",
                record.name
            );
        }
    }
    let listed = store.tenants().await?;
    let names: Vec<&str> = listed.iter().map(|it| it.record.name.as_str()).collect();
    ensure!(
        names == ["0-acme", "_instance", "acme", "umbrella"],
        "tenants are listed as {names:?}"
    );
    let own = instance(store).await?;
    ensure!(own.is_instance(), "the instance's tenant is not its own");
    Ok(())
}

pub(super) async fn a_taken_name_changes_nothing(store: &dyn LedgerStore) -> Verdict {
    let one = tenant(store, "acme").await?;
    let own = instance(store).await?;
    let log = LogRef::main(&own);
    let before = size(store, log).await?;
    let mut again = new_tenant(store, "other").await?;
    for name in ["acme", "_instance"] {
        again.name = name.to_owned();
        let record = own_event(&own, "veritrail.tenant.created")?;
        let answer = store
            .administer(Change::CreateTenant(again.clone()), vec![(log, record)])
            .await;
        exists(answer)?;
        ensure!(
            store.tenant(again.id).await?.is_none(),
            "a tenant of a taken name was made"
        );
        let kept = store.tenant_named("acme").await?;
        ensure!(
            kept.is_some_and(|kept| kept.record == one.record),
            "the name's owner changed"
        );
        ensure!(
            store.head(LogRef::of_record(&again, true)).await.is_err(),
            "a refused tenant's log was opened"
        );
    }
    ensure!(
        size(store, log).await? == before,
        "a refused change was recorded"
    );
    Ok(())
}

pub(super) async fn the_same_name_at_once_makes_one_tenant(store: &dyn LedgerStore) -> Verdict {
    const CALLS: u8 = 16;
    let record = new_tenant(store, "acme").await?;
    let records: Vec<TenantRecord> = (0..CALLS)
        .map(|number| TenantRecord {
            id: TenantId([number; 16]),
            main: LogId([number; 16]),
            access: LogId([number + CALLS; 16]),
            ..record.clone()
        })
        .collect();
    let calls = records.iter().map(|record| -> Call<'_, _> {
        Box::pin(async move {
            let change = Change::CreateTenant(record.clone());
            let answer = store.administer(change, Vec::new()).await;
            // Whoever came too late finds the one that is there.
            (answer, store.tenant_named("acme").await)
        })
    });
    let mut made = None;
    let mut found = Vec::new();
    for ((answer, named), record) in at_once(calls.collect()).into_iter().zip(&records) {
        match answer {
            Ok(()) if made.is_none() => made = Some(record.id),
            other => exists(other)?,
        }
        found.push(named?.map(|tenant| tenant.record.id));
    }
    ensure!(
        made.is_some() && found.iter().all(|found| *found == made),
        "of {CALLS} tenants made with one name at once, one is not what everybody finds"
    );
    let tenants = store.tenants().await?;
    ensure!(tenants.len() == 2, "{} tenants, not 2", tenants.len());
    Ok(())
}

pub(super) async fn a_key_is_found_by_id_and_tenant(store: &dyn LedgerStore) -> Verdict {
    let (one, two) = (
        tenant(store, "acme").await?,
        tenant(store, "umbrella").await?,
    );
    let mut bare = new_key("b-key", one.record.id);
    bare.expires_at = None;
    let keys = [
        new_key("a-key", one.record.id),
        bare,
        new_key("c-key", two.record.id),
    ];
    for key in &keys {
        store
            .administer(Change::CreateKey(key.clone()), Vec::new())
            .await?;
    }
    for key in &keys {
        let found = store.api_key(&key.id).await?;
        ensure!(
            found.as_ref() == Some(key),
            "key {} is not found as it was made",
            key.id
        );
    }
    for (tenant, count) in [(&one, 2), (&two, 1)] {
        let mut listed = store.api_keys(tenant.record.id).await?;
        listed.sort_by(|left, right| left.id.cmp(&right.id));
        let expect: Vec<_> = keys
            .iter()
            .filter(|key| key.scope == Scope::Tenant(tenant.record.id))
            .cloned()
            .collect();
        ensure!(
            listed == expect && listed.len() == count,
            "{} keys of a tenant that has {count}",
            listed.len()
        );
    }
    Ok(())
}

pub(super) async fn a_platform_key_is_found_by_id_and_among_its_own(
    store: &dyn LedgerStore,
) -> Verdict {
    let one = tenant(store, "acme").await?;
    let bound = new_key("b-key", one.record.id);
    let platform = |id: &str, creates_tenants| ApiKey {
        scope: Scope::Platform { creates_tenants },
        roles: Roles::of(&[Role::Writer]),
        ..new_key(id, one.record.id)
    };
    let mut keys = [platform("a-key", false), platform("c-key", true)];
    for key in [&keys[1], &bound, &keys[0]] {
        store
            .administer(Change::CreateKey(key.clone()), Vec::new())
            .await?;
    }
    for key in &keys {
        let found = store.api_key(&key.id).await?;
        ensure!(
            found.as_ref() == Some(key),
            "platform key {} is not found as it was made",
            key.id
        );
    }
    ensure!(
        store.platform_keys().await? == keys,
        "platform keys are not listed by id, each as it was made"
    );
    ensure!(
        store.api_keys(one.record.id).await? == [bound],
        "a tenant's keys are not its own alone"
    );
    let taken = Change::CreateKey(platform("b-key", false));
    exists(store.administer(taken, Vec::new()).await)?;
    let at = Micros::from_micros(1_800_000_000_000_001);
    let id = keys[0].id.clone();
    store
        .administer(Change::RevokeKey { id, at }, Vec::new())
        .await?;
    keys[0].revoked_at = Some(at);
    ensure!(
        store.platform_keys().await? == keys,
        "a revoked platform key is not kept with its end"
    );
    Ok(())
}

pub(super) async fn a_taken_key_or_missing_tenant_changes_nothing(
    store: &dyn LedgerStore,
) -> Verdict {
    let (one, two) = (
        tenant(store, "acme").await?,
        tenant(store, "umbrella").await?,
    );
    let own = instance(store).await?;
    let log = LogRef::main(&own);
    let key = new_key("a-key", one.record.id);
    store
        .administer(Change::CreateKey(key.clone()), Vec::new())
        .await?;
    let before = size(store, log).await?;
    let record = own_event(&own, "veritrail.key.created")?;
    let taken = Change::CreateKey(new_key("a-key", two.record.id));
    exists(store.administer(taken, vec![(log, record)]).await)?;
    let record = own_event(&own, "veritrail.key.created")?;
    let orphan = Change::CreateKey(new_key("b-key", TenantId([0; 16])));
    let answer = store.administer(orphan, vec![(log, record)]).await;
    ensure!(
        matches!(answer, Err(StoreError::NotFound)),
        "a key of no tenant: {answer:?}"
    );
    ensure!(
        store.api_key("a-key").await?.as_ref() == Some(&key)
            && store.api_key("b-key").await?.is_none()
            && store.api_keys(two.record.id).await?.is_empty(),
        "a refused key is there"
    );
    ensure!(
        size(store, log).await? == before,
        "a refused change was recorded"
    );
    Ok(())
}

pub(super) async fn a_revoked_key_is_kept_with_its_end(store: &dyn LedgerStore) -> Verdict {
    let one = tenant(store, "acme").await?;
    let own = instance(store).await?;
    let log = LogRef::main(&own);
    let mut key = new_key("a-key", one.record.id);
    store
        .administer(Change::CreateKey(key.clone()), Vec::new())
        .await?;
    let at = Micros::from_micros(1_800_000_000_000_001);
    let revoke = |id: &str| Change::RevokeKey {
        id: id.to_owned(),
        at,
    };
    let before = size(store, log).await?;
    let record = own_event(&own, "veritrail.key.revoked")?;
    let answer = store.administer(revoke("b-key"), vec![(log, record)]).await;
    ensure!(
        matches!(answer, Err(StoreError::NotFound)),
        "the end of a key that never was: {answer:?}"
    );
    ensure!(
        size(store, log).await? == before,
        "a refused change was recorded"
    );
    store.administer(revoke("a-key"), Vec::new()).await?;
    key.revoked_at = Some(at);
    ensure!(
        store.api_key("a-key").await?.as_ref() == Some(&key)
            && store.api_keys(one.record.id).await? == [key],
        "a revoked key is not kept with its end"
    );
    Ok(())
}

pub(super) async fn records_of_a_change_land_in_their_logs(store: &dyn LedgerStore) -> Verdict {
    let one = tenant(store, "acme").await?;
    let own = instance(store).await?;
    let logs = [LogRef::main(&own), LogRef::access(&one), LogRef::main(&own)];
    let before = [size(store, logs[0]).await?, size(store, logs[1]).await?];
    let operations = [
        "veritrail.key.created",
        "veritrail.key.created",
        "veritrail.key.refused",
    ];
    let mut records = Vec::new();
    for (log, operation) in logs.into_iter().zip(operations) {
        let owner = if log == logs[1] { &one } else { &own };
        records.push((log, own_event(owner, operation)?));
    }
    let key = new_key("a-key", one.record.id);
    store.administer(Change::CreateKey(key), records).await?;
    for (log, start, expect) in [
        (
            logs[0],
            before[0],
            &["veritrail.key.created", "veritrail.key.refused"][..],
        ),
        (logs[1], before[1], &["veritrail.key.created"][..]),
    ] {
        let records = all_records(store, log).await?;
        let start = usize::try_from(start).unwrap_or(usize::MAX);
        let mut found = Vec::new();
        for record in records.get(start..).unwrap_or_default() {
            found.push(entry(record)?.operation);
        }
        ensure!(found == expect, "a change was recorded as {found:?}");
    }
    ensure!(
        store.api_key("a-key").await?.is_some(),
        "a recorded change was not made"
    );
    Ok(())
}

pub(super) async fn a_change_whose_record_has_no_log_is_not_made(
    store: &dyn LedgerStore,
) -> Verdict {
    let one = tenant(store, "acme").await?;
    let own = instance(store).await?;
    let before = size(store, LogRef::main(&own)).await?;
    let nowhere = LogRef::of_record(&new_tenant(store, "never-made").await?, false);
    let records = vec![
        (
            LogRef::main(&own),
            own_event(&own, "veritrail.key.created")?,
        ),
        (nowhere, own_event(&own, "veritrail.key.created")?),
    ];
    let key = new_key("a-key", one.record.id);
    let answer = store.administer(Change::CreateKey(key), records).await;
    ensure!(
        matches!(answer, Err(StoreError::NotFound)),
        "a record for no log: {answer:?}"
    );
    ensure!(
        store.api_key("a-key").await?.is_none(),
        "a change that can't be recorded was made"
    );
    ensure!(
        size(store, LogRef::main(&own)).await? == before,
        "a refused change was recorded by half"
    );
    Ok(())
}

pub(super) async fn a_tenants_settings_change_one_revision_at_a_time(
    store: &dyn LedgerStore,
) -> Verdict {
    let one = tenant(store, "acme").await?;
    let other = tenant(store, "umbrella").await?;
    let own = instance(store).await?;
    let log = LogRef::main(&own);
    let mut first = one.record.clone();
    first.strict = !first.strict;
    first.settings = TenantSettings {
        revision: 1,
        known_countries: vec!["DE".to_owned()],
        vocabulary: Additions::new(vec![Addition {
            name: "rocket.launched".to_owned(),
            category: Category::Infrastructure,
            severity: Severity::Notice,
            description: "A rocket".to_owned(),
            aliases: vec!["liftoff".to_owned()],
        }])
        .unwrap_or_default(),
        sources: vec![source("a"), source("b")],
        accounts: vec![account("a"), account("b")],
        views: vec![ViewRecord {
            name: "Häufig \"x\"".to_owned(),
            q: "operation:* -outcome:success".to_owned(),
            created_at: Micros::from_micros(1_700_000_000_000_001),
        }],
    };
    let update = |record: &TenantRecord| Change::UpdateTenant(record.clone());
    let record = own_event(&own, "veritrail.tenant.created")?;
    store
        .administer(update(&first), vec![(log, record)])
        .await?;
    let found = store.tenant(one.record.id).await?;
    ensure!(
        found.is_some_and(|found| found.record == first
            && found.keys.reference("a", "b") == one.keys.reference("a", "b")),
        "a changed tenant is not found as it was changed, with the keys it had"
    );
    let before = size(store, log).await?;
    // Twice the same change, one that skips another, one that would rename, move or resalt the tenant.
    let mut wrong = vec![first.clone(), first.clone(), first.clone(), first.clone()];
    wrong[1].settings.revision = 3;
    wrong[2].settings.revision = 2;
    "taken-over".clone_into(&mut wrong[2].name);
    wrong[3].settings.revision = 2;
    wrong[3].salt = other.record.salt;
    for wrong in wrong {
        let record = own_event(&own, "veritrail.tenant.created")?;
        exists(store.administer(update(&wrong), vec![(log, record)]).await)?;
    }
    let mut nobody = first.clone();
    nobody.id = TenantId([9; 16]);
    nobody.settings.revision = 2;
    let answer = store.administer(update(&nobody), Vec::new()).await;
    ensure!(
        matches!(answer, Err(StoreError::NotFound)),
        "a change of no tenant: {answer:?}"
    );
    ensure!(
        size(store, log).await? == before
            && store
                .tenant_named("acme")
                .await?
                .is_some_and(|kept| kept.record == first)
            && store
                .tenant(other.record.id)
                .await?
                .is_some_and(|kept| kept.record == other.record),
        "a refused change of a tenant left something behind"
    );
    Ok(())
}

fn source(name: &str) -> SourceRecord {
    SourceRecord {
        id: format!("id-{name}"),
        name: name.to_owned(),
        vendor: "github".to_owned(),
        secrets: vec![SourceSecret {
            nonce: "00".to_owned(),
            until: Some(Micros::from_micros(1_800_000_000_000_001)),
        }],
        rules: "{}".to_owned(),
        created_at: Micros::from_micros(1_700_000_000_000_000),
        closed_at: (name == "b").then(|| Micros::from_micros(1_800_000_000_000_002)),
    }
}

fn account(name: &str) -> AccountRecord {
    AccountRecord {
        id: format!("id-{name}"),
        name: match name {
            "a" => AccountName::Email("ana@example.com".to_owned()),
            other => AccountName::Subject(other.to_owned()),
        },
        roles: Roles::of(&[Role::Auditor, Role::Analyst]),
        created_at: Micros::from_micros(1_700_000_000_000_000),
        ends_at: (name == "a").then(|| Micros::from_micros(1_800_000_000_000_003)),
        ended_at: (name == "b").then(|| Micros::from_micros(1_800_000_000_000_004)),
    }
}

fn exists(answer: Result<(), StoreError>) -> Verdict {
    match answer {
        Err(StoreError::Exists { .. }) => Ok(()),
        other => Err(Broken::new(format!("a taken name or id: {other:?}"))),
    }
}
