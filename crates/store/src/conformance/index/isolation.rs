//! Isolation: a question names one log of one tenant, and nothing of any other shows in hits, counts, values, accounts
//! of producers or places to go on from.

use ledger::entry::Entry;
use query::{Field, Filter, Viewer};

use super::Searchable;
use super::asking::{
    Asker, SECOND, at, deployment, event, has, house, ids, is, says, starts, store_events,
};
use crate::conformance::fixture::{instance, new_tenant, own_event, store_all};
use crate::conformance::{Broken, Verdict, ensure};
use crate::contract::Answer;
use crate::error::StoreError;
use crate::index::{Counting, Interval, Order, Search};
use crate::record::LogRef;

/// What only the second tenant's events say.
const THEIRS: &str = r#","reason":"quarterly penguin census","metadata":{"penguins":"adelie"},"producer":{"id":"theirs","seq":4}"#;

pub(super) async fn tenants_of_equal_content_never_see_each_other(
    store: &dyn Searchable,
) -> Verdict {
    let (one, mine) = house(store, "acme").await?;
    let (two, theirs) = house(store, "umbrella").await?;
    let common = r#","reason":"weekly release","producer":{"id":"ours","seq":1}"#;
    for number in 0..12 {
        let (id, time) = (format!("e{number}"), at(number % 3 * SECOND));
        store_events(store, mine, vec![deployment(&one, &id, time, common)?]).await?;
        store_events(store, theirs, vec![deployment(&two, &id, time, common)?]).await?;
        let id = format!("x{number}");
        store_events(store, theirs, vec![deployment(&two, &id, time, THEIRS)?]).await?;
    }
    let (asker, other) = (Asker::of(store, mine), Asker::of(store, theirs));
    let penguins = Field::Metadata("penguins".to_owned());
    for filter in [
        says("penguin"),
        is(Field::Producer, "theirs"),
        is(Field::Id, "x3"),
        starts(Field::ResourceId, "dpl_x"),
        is(penguins.clone(), "adelie"),
        has(penguins.clone()),
    ] {
        asker.finds(&filter, &[]).await?;
        ensure!(
            !other.found(&filter).await?.is_empty(),
            "{filter:?} finds nothing where it should"
        );
    }
    let search = asker.search(&Filter::All, Order::Newest).await?;
    let hits = asker.pages(search).await?;
    for hit in &hits {
        let entry =
            Entry::parse(&hit.record.entry).map_err(|error| Broken::new(error.to_string()))?;
        ensure!(
            entry.place.log == mine.log(),
            "a hit of one tenant is a record of another's log"
        );
    }
    ensure!(
        ids(&hits)?.iter().all(|id| id.starts_with('e')) && hits.len() == 12,
        "one tenant's 12 events are found as {}",
        hits.len()
    );
    asker.lists(&penguins, &[]).await?;
    asker
        .lists(&Field::Operation, &[("deployment.created", 12)])
        .await?;
    asker.lists(&Field::Producer, &[("ours", 12)]).await?;
    let beginnings = asker.values(&Field::ResourceId, "dpl_x").await?;
    ensure!(
        beginnings.is_empty(),
        "values of another tenant are listed: {beginnings:?}"
    );
    let counted = asker
        .count(&Filter::All, Some(Interval::Micros(SECOND)), &[])
        .await?;
    let buckets: Vec<u64> = counted.histogram.iter().map(|(_, count)| *count).collect();
    ensure!(
        counted.total == 12 && buckets == [4, 4, 4],
        "one tenant's 12 events are counted as {counted:?}"
    );
    let accounts = store.producers(mine, Viewer::Whole).await?;
    ensure!(
        matches!(&accounts[..], [account] if account.id.as_deref() == Some("ours") && account.events == 12),
        "one tenant's producers are {accounts:?}"
    );
    Ok(())
}

pub(super) async fn places_of_another_tenant_lead_nowhere(store: &dyn Searchable) -> Verdict {
    let (one, mine) = house(store, "acme").await?;
    let (two, theirs) = house(store, "umbrella").await?;
    let first = deployment(&two, "x0", at(2 * SECOND), "")?;
    store_events(store, theirs, vec![first]).await?;
    for number in 0..6 {
        let (id, time) = (format!("e{number}"), at(number * SECOND));
        store_events(store, mine, vec![deployment(&one, &id, time, "")?]).await?;
        let id = format!("x{}", number + 1);
        store_events(store, theirs, vec![deployment(&two, &id, time, "")?]).await?;
    }
    let (asker, other) = (Asker::of(store, mine), Asker::of(store, theirs));
    let foreign = other.search(&Filter::All, Order::Newest).await?;
    for hit in other.pages(foreign).await? {
        for order in [Order::Newest, Order::Oldest] {
            let mut search = asker.search(&Filter::All, order).await?;
            search.after = Some(hit.place);
            for hit in asker.pages(search).await? {
                ensure!(
                    Entry::parse(&hit.record.entry)
                        .is_ok_and(|entry| entry.place.log == mine.log()),
                    "behind another tenant's place stands a record that is not mine"
                );
            }
        }
    }
    Ok(())
}

async fn not_found<T>(call: &str, answer: Answer<'_, T>) -> Verdict {
    match answer.await {
        Err(StoreError::NotFound) => Ok(()),
        Err(other) => Err(Broken::new(format!(
            "{call} of another tenant's log failed as {other:?}"
        ))),
        Ok(_) => Err(Broken::new(format!(
            "{call} of another tenant's log was answered"
        ))),
    }
}

pub(super) async fn an_index_is_asked_through_its_own_tenant_only(
    store: &dyn Searchable,
) -> Verdict {
    let (one, _) = house(store, "acme").await?;
    let (two, theirs) = house(store, "umbrella").await?;
    store_events(store, theirs, vec![deployment(&two, "x0", at(0), THEIRS)?]).await?;
    let own = instance(store).await?;
    let unmade = new_tenant(store, "never-made").await?;
    let mut forged = one.record.clone();
    (forged.main, forged.access) = (two.record.main, two.record.access);
    let mut instance_of_one = own.record.clone();
    instance_of_one.id = one.record.id;
    let search = Search {
        filter: Filter::All,
        viewer: Viewer::Whole,
        order: Order::Newest,
        after: None,
        size: u64::MAX,
        limit: 10,
    };
    let counting = Counting {
        filter: Filter::All,
        viewer: Viewer::Whole,
        size: u64::MAX,
        histogram: None,
        top: vec![Field::Operation],
        limit: 10,
    };
    for record in [&forged, &instance_of_one, &unmade] {
        for log in [
            LogRef::of_record(record, false),
            LogRef::of_record(record, true),
        ] {
            not_found("search", store.search(log, &search)).await?;
            not_found("statistics", store.statistics(log, &counting)).await?;
            let values = store.values(log, &Field::Operation, "", Viewer::Whole, 10);
            not_found("values", values).await?;
            not_found("producers", store.producers(log, Viewer::Whole)).await?;
        }
    }
    Ok(())
}

pub(super) async fn events_of_the_access_log_are_found_in_it_only(
    store: &dyn Searchable,
) -> Verdict {
    let (tenant, main) = house(store, "acme").await?;
    let access = LogRef::access(&tenant);
    let told = event(
        &tenant,
        r#"{"id":"e1","operation":"deployment.created","actor":{"id":"42"},"resource":{"type":"deployment"},"reason":"a search began"}"#,
    )?;
    store_events(store, main, vec![told]).await?;
    let own = own_event(&tenant, "veritrail.search.performed")?;
    let receipts = store_all(store, access, vec![own]).await?;
    let id = receipts
        .first()
        .map(|receipt| receipt.id.as_str())
        .unwrap_or_default();
    let (events, reads) = (Asker::of(store, main), Asker::of(store, access));
    events.finds(&Filter::All, &["e1"]).await?;
    reads.finds(&Filter::All, &[id]).await?;
    let performed = is(Field::Operation, "veritrail.search.performed");
    events.finds(&performed, &[]).await?;
    reads.finds(&performed, &[id]).await?;
    events.finds(&says("search"), &["e1"]).await?;
    reads.finds(&says("search"), &[id]).await?;
    events
        .lists(&Field::Operation, &[("deployment.created", 1)])
        .await?;
    reads
        .lists(&Field::Operation, &[("veritrail.search.performed", 1)])
        .await?;
    reads.finds(&is(Field::Id, "e1"), &[]).await?;
    events.finds(&is(Field::Id, id), &[]).await
}
