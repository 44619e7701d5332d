//! Accounts of producers: what was lost before it reached us, what came late and what came twice.

use ledger::entry::Entry;
use query::Viewer;

use super::Searchable;
use super::asking::{at, deployment, event, house, store_events};
use crate::conformance::fixture::all_records;
use crate::conformance::{Broken, Verdict, ensure};
use crate::index::{GAPS_MAX, ProducerAccount};

#[expect(clippy::too_many_lines, reason = "one ledger of counts, by hand")]
pub(super) async fn producers_are_accounted_for_by_hand(store: &dyn Searchable) -> Verdict {
    let (tenant, log) = house(store, "acme").await?;
    ensure!(
        store.producers(log, Viewer::Whole).await?.is_empty(),
        "an empty log has producers"
    );
    // In the order of arrival; `None` for an event that bears no count.
    let arrivals = [
        ("Web-1", Some(1)),
        ("web-2", Some(3)),
        ("Web-1", Some(2)),
        ("Web-1", Some(5)),
        ("Web-1", None),
        ("Web-1", Some(4)),
        ("Web-1", Some(4)),
        ("web-1", None),
        ("Web-1", Some(9)),
        ("web-2", Some(3)),
        ("Web-1", Some(9)),
        ("batch", Some(1)),
    ];
    for (number, (producer, count)) in arrivals.into_iter().enumerate() {
        let seq = count.map_or_else(String::new, |count: u64| format!(r#","seq":{count}"#));
        let more = format!(r#","producer":{{"id":"{producer}"{seq}}}"#);
        // What the events say of their times has no part in it.
        let time = at(-i64::try_from(number).unwrap_or_default());
        let event = deployment(&tenant, &format!("e{number}"), time, &more)?;
        store_events(store, log, vec![event]).await?;
    }
    let accounts = store.producers(log, Viewer::Whole).await?;
    // events, highest, missing, gaps, late, doubled
    let batch = (1, 1, 0, vec![], 0, 0);
    let one = (7, 9, 4, vec![(3, 3), (6, 8)], 2, 4);
    let two = (2, 3, 2, vec![(1, 2)], 0, 2);
    for (account, (id, expect)) in
        accounts
            .iter()
            .zip([("Web-1", one), ("batch", batch), ("web-2", two)])
    {
        let ProducerAccount {
            events,
            highest,
            missing,
            gaps,
            late,
            doubled,
            ..
        } = account.clone();
        ensure!(
            account.id.as_deref() == Some(id)
                && (events, highest, missing, gaps, late, doubled) == expect,
            "{id} is accounted for as {account:?}, not {expect:?}"
        );
    }
    ensure!(
        accounts.len() == 3,
        "three producers count, not {accounts:?}"
    );
    let records = all_records(store, log).await?;
    let last = records.get(11).map(|record| Entry::parse(&record.entry));
    let last = last.and_then(Result::ok);
    let known = last.as_ref().map(|entry| {
        (
            entry.producer_ref.unwrap_or_default(),
            entry.place.recorded_at,
        )
    });
    let first = accounts
        .first()
        .map(|account| (account.reference.as_str(), account.last_recorded_at));
    ensure!(
        known == first,
        "the last event of Web-1 says {known:?} and its account {first:?}"
    );
    Ok(())
}

pub(super) async fn more_gaps_than_are_listed_are_counted(store: &dyn Searchable) -> Verdict {
    let (tenant, log) = house(store, "acme").await?;
    let events: Result<Vec<_>, Broken> = (1..=150_u64)
        .map(|number| {
            let more = format!(r#","producer":{{"id":"odd","seq":{}}}"#, number * 2);
            deployment(&tenant, &format!("e{number}"), at(0), &more)
        })
        .collect();
    store_events(store, log, events?).await?;
    let far = r#","producer":{"id":"odd","seq":9007199254740991}"#;
    store_events(store, log, vec![deployment(&tenant, "far", at(0), far)?]).await?;
    let accounts = store.producers(log, Viewer::Whole).await?;
    let expect: Vec<(u64, u64)> = (0..100)
        .map(|number| (2 * number + 1, 2 * number + 1))
        .collect();
    ensure!(
        matches!(&accounts[..], [account] if account.gaps == expect && account.gaps.len() == GAPS_MAX),
        "the first hundred gaps are not listed: {accounts:?}"
    );
    // 150 single ones, and everything between 300 and the last.
    ensure!(
        matches!(&accounts[..], [account] if account.missing == 150 + 9_007_199_254_740_690 && account.highest == 9_007_199_254_740_991),
        "missing counts are not counted: {accounts:?}"
    );
    Ok(())
}

pub(super) async fn producers_that_name_persons_are_accounted_for_without_names(
    store: &dyn Searchable,
) -> Verdict {
    let (tenant, log) = house(store, "acme").await?;
    // The type that is acted upon, who counts, and what is counted.
    let arrivals = [
        ("deployment", "10.6.6.6", Some(2)),
        ("user", "danas-laptop", Some(1)),
        ("user", "web", Some(1)),
        ("deployment", "web", Some(4)),
        ("user", "web", Some(2)),
        // Named where everybody may read, in an event that counts for nothing.
        ("deployment", "kims-phone", None),
        ("account", "kims-phone", Some(3)),
    ];
    for (number, (kind, producer, count)) in arrivals.into_iter().enumerate() {
        let seq = count.map_or_else(String::new, |count: u64| format!(r#","seq":{count}"#));
        let text = format!(
            r#"{{"id":"e{number}","operation":"thing.happened","actor":{{"id":"42"}},"resource":{{"type":"{kind}","id":"r"}},"producer":{{"id":"{producer}"{seq}}}}}"#
        );
        store_events(store, log, vec![event(&tenant, &text)?]).await?;
    }
    let whole = store.producers(log, Viewer::Whole).await?;
    let names: Vec<_> = whole.iter().map(|account| account.id.as_deref()).collect();
    ensure!(
        names
            == [
                Some("10.6.6.6"),
                Some("danas-laptop"),
                Some("kims-phone"),
                Some("web")
            ],
        "whoever sees persons is told of {names:?}"
    );
    let open = store.producers(log, Viewer::WithoutPersons).await?;
    let mut expect = whole;
    for account in &mut expect {
        account.id.take_if(|id| id != "web");
    }
    expect.sort_by(|left, right| (&left.id, &left.reference).cmp(&(&right.id, &right.reference)));
    ensure!(
        open == expect,
        "whoever sees no persons is told {open:?}, not {expect:?}"
    );
    Ok(())
}
