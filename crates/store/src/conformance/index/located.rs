//! Places: an event is found by where its address is, as the store's places say, and by nobody who may not see it.

use std::net::Ipv4Addr;

use query::Field;

use super::Searchable;
use super::asking::{Asker, at, deployment, has, house, is, says, starts, store_events};
use crate::conformance::{Broken, Verdict, ensure};
use crate::index::Order;

/// Events from everywhere, and one that only talks of it.
async fn travels(store: &dyn Searchable) -> Result<Asker<'_>, Broken> {
    let address = Ipv4Addr::new(198, 51, 100, 7).into();
    ensure!(
        store.places().locate(address).is_some(),
        "make the store with conformance::places::ExamplePlaces"
    );
    let (tenant, log) = house(store, "acme").await?;
    let addresses = [
        ("e1", "198.51.100.7"),
        ("e2", "::ffff:198.51.100.200"),
        ("e3", "203.0.113.9"),
        ("e4", "192.0.2.1"),
        ("e5", "2001:db8::9"),
        ("e6", "10.0.0.1"),
        ("e7", "198.51.101.1"),
    ];
    let mut events = Vec::new();
    for (id, ip) in addresses {
        let more = format!(r#","origin":{{"ip":"{ip}"}},"reason":"asked from a train""#);
        events.push(deployment(&tenant, id, at(0), &more)?);
    }
    let said = r#","context":{"region":"berlin"}"#;
    events.push(deployment(&tenant, "e8", at(0), said)?);
    store_events(store, log, events).await?;
    Ok(Asker::of(store, log))
}

pub(super) async fn events_are_found_by_where_their_address_is(store: &dyn Searchable) -> Verdict {
    let asker = travels(store).await?;
    for (filter, expect) in [
        (is(Field::Country, "de"), &["e1", "e2"][..]),
        (is(Field::City, "tokyo"), &["e3"]),
        (starts(Field::City, "par"), &["e5"]),
        (is(Field::Subdivision, "île-de-france"), &["e5"]),
        (has(Field::Country), &["e1", "e2", "e3", "e4", "e5"]),
        (has(Field::City), &["e1", "e2", "e3", "e5"]),
        (!has(Field::Country), &["e6", "e7", "e8"]),
        (
            has(Field::Country).and(!is(Field::Country, "de")),
            &["e3", "e4", "e5"],
        ),
        // Nobody said these words: they are no text of the event.
        (says("tokyo"), &[]),
        (says("berlin"), &["e8"]),
    ] {
        let found = asker.found_in(&filter, Order::Oldest).await?;
        ensure!(
            found == expect,
            "{filter:?} finds {found:?}, not {expect:?}"
        );
    }
    let counted = asker.values(&Field::Country, "").await?;
    let counted: Vec<(&str, u64)> = counted
        .iter()
        .map(|(value, count)| (value.as_str(), *count))
        .collect();
    ensure!(
        counted == [("de", 2), ("fr", 1), ("jp", 1), ("us", 1)],
        "countries are counted as {counted:?}"
    );
    Ok(())
}

pub(super) async fn who_sees_no_address_finds_nobody_by_its_place(
    store: &dyn Searchable,
) -> Verdict {
    let analyst = travels(store).await?.without_persons();
    for filter in [
        has(Field::Country),
        is(Field::City, "tokyo"),
        starts(Field::Subdivision, "l"),
    ] {
        let found = analyst.found(&filter).await?;
        ensure!(found.is_empty(), "{filter:?} of an analyst finds {found:?}");
    }
    let all = analyst.found(&!has(Field::City)).await?;
    ensure!(all.len() == 8, "an analyst learns who has no city: {all:?}");
    let listed = analyst.values(&Field::City, "").await?;
    ensure!(listed.is_empty(), "an analyst is told {listed:?}");
    Ok(())
}
