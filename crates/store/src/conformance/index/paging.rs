//! Paging: one order, one size, and pages that join to the whole whatever is written meanwhile.

use ledger::time::Micros;
use query::Filter;

use super::Searchable;
use super::asking::{Asker, SECOND, at, deployment, house, ids, starts, store_events};
use crate::conformance::fixture::size;
use crate::conformance::{Broken, Verdict, ensure};
use crate::index::{HITS_MAX, Order, Place, Search};
use crate::record::LogRef;
use crate::registry::Tenant;
use query::Field;

/// Events of ten times, a few of each, written out of order.
async fn scattered(
    store: &dyn Searchable,
    tenant: &Tenant,
    log: LogRef,
    count: i64,
) -> Result<Vec<Place>, Broken> {
    let mut places = Vec::new();
    let mut events = Vec::new();
    for number in 0..count {
        let time = at((number * 7 % 10) * SECOND);
        places.push(Place {
            time,
            seq: u64::try_from(number + 1).unwrap_or_default(),
        });
        events.push(deployment(tenant, &format!("e{number}"), time, "")?);
    }
    store_events(store, log, events).await?;
    places.sort_unstable();
    Ok(places)
}

/// Where everything that a search finds stands.
async fn places(asker: &Asker<'_>, search: Search) -> Result<Vec<Place>, Broken> {
    let hits = asker.pages(search).await?;
    Ok(hits.into_iter().map(|hit| hit.place).collect())
}

pub(super) async fn equal_times_are_in_the_order_of_the_log(store: &dyn Searchable) -> Verdict {
    let (tenant, log) = house(store, "acme").await?;
    for first in [0, 40] {
        let events: Result<Vec<_>, Broken> = (first..first + 60)
            .take(if first == 0 { 40 } else { 60 })
            .map(|number| deployment(&tenant, &format!("e{number}"), at(0), ""))
            .collect();
        store_events(store, log, events?).await?;
    }
    let asker = Asker::of(store, log);
    let rising: Vec<String> = (0..100).map(|number| format!("e{number}")).collect();
    let falling: Vec<String> = rising.iter().rev().cloned().collect();
    for (order, expect) in [(Order::Newest, falling), (Order::Oldest, rising)] {
        let mut search = asker.search(&Filter::All, order).await?;
        search.limit = 7;
        let found = ids(&asker.pages(search).await?)?;
        ensure!(
            found == expect,
            "100 events of one time, pages of 7, {order:?} first: {found:?}"
        );
    }
    Ok(())
}

pub(super) async fn pages_of_every_size_join_to_the_whole_while_writes_go_on(
    store: &dyn Searchable,
) -> Verdict {
    let (tenant, log) = house(store, "acme").await?;
    let rising = scattered(store, &tenant, log, 60).await?;
    let pinned = size(store, log).await?;
    let asker = Asker::of(store, log);
    let mut written = 0;
    for limit in [1, 2, 3, 5, 7, 13, 20, 59, 60, 61] {
        for order in [Order::Newest, Order::Oldest] {
            let mut expect = rising.clone();
            if order == Order::Newest {
                expect.reverse();
            }
            let mut search = asker.search(&Filter::All, order).await?;
            (search.limit, search.size) = (limit, pinned);
            let mut found = Vec::new();
            loop {
                let page = asker.page(&search).await?;
                found.extend(page.hits.iter().map(|hit| hit.place));
                ensure!(
                    found.len() <= expect.len(),
                    "pages of {limit} hold more than the whole"
                );
                let Some(next) = page.next else { break };
                search.after = Some(next);
                // Before, among and behind the times that are searched.
                for time in [at(-SECOND), at(written % 10 * SECOND), at(60 * SECOND)] {
                    let event = deployment(&tenant, &format!("later{written}"), time, "")?;
                    store_events(store, log, vec![event]).await?;
                    written += 1;
                }
            }
            ensure!(
                found == expect,
                "pages of {limit}, {order:?} first, join to {found:?}, not {expect:?}"
            );
        }
    }
    Ok(())
}

pub(super) async fn nothing_at_or_beyond_the_size_is_found(store: &dyn Searchable) -> Verdict {
    let (tenant, log) = house(store, "acme").await?;
    let rising = scattered(store, &tenant, log, 20).await?;
    let asker = Asker::of(store, log);
    for filter in [Filter::All, starts(Field::Operation, "deployment.")] {
        for size in [0, 1, 2, 3, 11, 19, 20, 21, 22, 1_000, u64::MAX] {
            let mut search = asker.search(&filter, Order::Oldest).await?;
            search.size = size;
            let found = places(&asker, search).await?;
            let below = rising.iter().filter(|place| place.seq < size);
            ensure!(
                found.iter().eq(below),
                "below size {size} the places {found:?} are found"
            );
            let mut counting = crate::index::Counting {
                filter: filter.clone(),
                viewer: asker.viewer,
                size,
                histogram: None,
                top: vec![Field::Operation],
                limit: 10,
            };
            let counted = store.statistics(log, &counting).await?;
            let top = counted
                .top
                .iter()
                .flatten()
                .map(|value| value.count)
                .sum::<u64>();
            ensure!(
                counted.total == found.len() as u64
                    && top == counted.total
                    && counted.earliest == found.first().map(|place| place.time)
                    && counted.latest == found.last().map(|place| place.time),
                "below size {size} the counts are {counted:?}"
            );
            counting.histogram = Some(crate::index::Interval::Micros(SECOND));
            let buckets = store.statistics(log, &counting).await?.histogram;
            ensure!(
                buckets.iter().map(|(_, count)| count).sum::<u64>() == counted.total,
                "below size {size} the buckets hold {buckets:?}"
            );
        }
    }
    Ok(())
}

pub(super) async fn oldest_first_is_newest_first_backwards(store: &dyn Searchable) -> Verdict {
    let (tenant, log) = house(store, "acme").await?;
    scattered(store, &tenant, log, 50).await?;
    let asker = Asker::of(store, log);
    for filter in [
        Filter::All,
        starts(Field::ResourceId, "dpl_e1"),
        !starts(Field::ResourceId, "dpl_e1"),
    ] {
        let mut newest = asker.found_in(&filter, Order::Newest).await?;
        let oldest = asker.found_in(&filter, Order::Oldest).await?;
        newest.reverse();
        ensure!(
            newest == oldest && !oldest.is_empty(),
            "{filter:?} finds {newest:?} and {oldest:?}"
        );
    }
    Ok(())
}

pub(super) async fn a_search_goes_on_from_any_place(store: &dyn Searchable) -> Verdict {
    let (tenant, log) = house(store, "acme").await?;
    let rising = scattered(store, &tenant, log, 40).await?;
    let asker = Asker::of(store, log);
    let times = [
        at(-1),
        at(0),
        at(1),
        at(4 * SECOND),
        at(9 * SECOND),
        at(10 * SECOND),
    ];
    let times = times
        .into_iter()
        .chain([Micros::from_micros(0), Micros::from_micros(i64::MAX)]);
    for time in times {
        // Most of these are no event's place.
        for seq in [0, 1, 17, 40, 41, u64::MAX] {
            let place = Place { time, seq };
            for order in [Order::Newest, Order::Oldest] {
                let mut search = asker.search(&Filter::All, order).await?;
                search.after = Some(place);
                let found = places(&asker, search).await?;
                let mut expect: Vec<Place> = rising
                    .iter()
                    .copied()
                    .filter(|event| order.is_after(*event, place))
                    .collect();
                if order == Order::Newest {
                    expect.reverse();
                }
                ensure!(
                    found == expect,
                    "behind {place:?}, {order:?} first: {found:?}, not {expect:?}"
                );
            }
        }
    }
    Ok(())
}

pub(super) async fn limits_of_pages_are_clamped(store: &dyn Searchable) -> Verdict {
    let (tenant, log) = house(store, "acme").await?;
    let count = HITS_MAX + 10;
    for first in (0..count).step_by(505) {
        let events: Result<Vec<_>, Broken> = (first..count.min(first + 505))
            .map(|number| deployment(&tenant, &format!("e{number}"), at(0), ""))
            .collect();
        store_events(store, log, events?).await?;
    }
    let asker = Asker::of(store, log);
    for limit in [HITS_MAX, HITS_MAX + 1, usize::MAX] {
        let mut search = asker.search(&Filter::All, Order::Newest).await?;
        search.limit = limit;
        let page = asker.page(&search).await?;
        ensure!(
            page.hits.len() <= HITS_MAX && page.next.is_some(),
            "a page of {count} events at once has {} hits and goes on at {:?}",
            page.hits.len(),
            page.next
        );
        let found = asker.pages(search).await?.len();
        ensure!(found == count, "of {count} events {found} are found");
    }
    // The last page says that it is the last.
    let mut search = asker.search(&Filter::All, Order::Oldest).await?;
    search.limit = 10;
    let last = Place {
        time: at(0),
        seq: HITS_MAX as u64,
    };
    search.after = Some(last);
    let page = asker.page(&search).await?;
    ensure!(
        page.hits.len() == 10 && page.next.is_none(),
        "the last page has {} hits and goes on at {:?}",
        page.hits.len(),
        page.next
    );
    Ok(())
}
