//! Counting: totals, buckets over time and the most frequent values, against counts made by hand.

use ledger::time::Micros;
use query::{Field, Filter};

use super::Searchable;
use super::asking::{Asker, SECOND, at, deployment, event, house, is, same, starts, store_events};
use crate::conformance::fixture::size;
use crate::conformance::{Broken, Verdict, ensure};
use crate::index::{
    BUCKETS_MAX, Counting, Interval, Statistics, TOP_FIELDS_MAX, VALUES_MAX, bucket_of,
};

const HOUR: i64 = 3_600 * SECOND;
const DAY: i64 = 24 * HOUR;

/// Ten events: time, operation, project, environment.
const TEN: [(&str, &str, &str, &str); 10] = [
    (
        "2026-03-09T00:00:00Z",
        "deployment.created",
        "alpha",
        "production",
    ),
    (
        "2026-03-09T00:59:59.999999Z",
        "deployment.succeeded",
        "alpha",
        "production",
    ),
    (
        "2026-03-09T01:00:00Z",
        "deployment.created",
        "beta",
        "Production",
    ),
    (
        "2026-03-09T01:00:00Z",
        "deployment.failed",
        "beta",
        "staging",
    ),
    (
        "2026-03-09T05:30:00Z",
        "deployment.created",
        "alpha",
        "staging",
    ),
    (
        "2026-03-08T23:59:59.999999Z",
        "build.started",
        "gamma",
        "preview",
    ),
    (
        "2026-03-10T00:00:00Z",
        "build.started",
        "alpha",
        "production",
    ),
    (
        "2026-03-09T05:59:59Z",
        "deployment.created",
        "delta",
        "preview",
    ),
    ("2026-03-09T05:00:00Z", "build.failed", "alpha", "staging"),
    (
        "2026-03-09T06:00:00Z",
        "deployment.created",
        "beta",
        "production",
    ),
];

async fn ten(store: &dyn Searchable) -> Result<Asker<'_>, Broken> {
    let (tenant, log) = house(store, "acme").await?;
    for (number, (time, operation, project, environment)) in TEN.into_iter().enumerate() {
        let text = format!(
            r#"{{"id":"t{number}","timestamp":"{time}","operation":"{operation}","actor":{{"id":"42"}},"resource":{{"type":"deployment","project_id":"{project}"}},"context":{{"environment":"{environment}"}}}}"#
        );
        store_events(store, log, vec![event(&tenant, &text)?]).await?;
    }
    Ok(Asker::of(store, log))
}

fn time(text: &str) -> Result<Micros, Broken> {
    Micros::parse(text).map_err(|error| Broken::new(error.to_string()))
}

pub(super) async fn counts_are_those_counted_by_hand(store: &dyn Searchable) -> Verdict {
    let asker = ten(store).await?;
    let fields = [
        Field::Operation,
        Field::Environment,
        Field::Project,
        Field::Region,
    ];
    let counted = asker
        .count(&Filter::All, Some(Interval::Micros(HOUR)), &fields)
        .await?;
    let buckets = [
        ("2026-03-08T23:00:00Z", 1),
        ("2026-03-09T00:00:00Z", 2),
        ("2026-03-09T01:00:00Z", 2),
        ("2026-03-09T05:00:00Z", 3),
        ("2026-03-09T06:00:00Z", 1),
        ("2026-03-10T00:00:00Z", 1),
    ];
    expect_times(
        &counted,
        10,
        "2026-03-08T23:59:59.999999Z",
        "2026-03-10T00:00:00Z",
    )?;
    expect_buckets(&counted, HOUR, &buckets)?;
    expect_top(
        &counted,
        &[
            &[
                ("deployment.created", 5),
                ("build.started", 2),
                ("build.failed", 1),
                ("deployment.failed", 1),
                ("deployment.succeeded", 1),
            ],
            // Folded.
            &[("production", 5), ("staging", 3), ("preview", 2)],
            &[("alpha", 5), ("beta", 3), ("delta", 1), ("gamma", 1)],
            &[],
        ],
    )?;
    let alpha = is(Field::Project, "alpha").and(starts(Field::Operation, "deployment."));
    let fields = [Field::Environment, Field::Operation];
    let counted = asker
        .count(&alpha, Some(Interval::Micros(DAY)), &fields)
        .await?;
    expect_times(&counted, 3, "2026-03-09T00:00:00Z", "2026-03-09T05:30:00Z")?;
    expect_buckets(&counted, DAY, &[("2026-03-09T00:00:00Z", 3)])?;
    expect_top(
        &counted,
        &[
            &[("production", 2), ("staging", 1)],
            &[("deployment.created", 2), ("deployment.succeeded", 1)],
        ],
    )?;
    let counted = asker.count(&alpha, None, &[]).await?;
    ensure!(
        counted.interval == 0 && counted.histogram.is_empty() && counted.top.is_empty(),
        "what nobody asked for is counted: {counted:?}"
    );
    Ok(())
}

fn expect_times(counted: &Statistics, total: u64, earliest: &str, latest: &str) -> Verdict {
    let (earliest, latest) = (time(earliest)?, time(latest)?);
    ensure!(
        (counted.total, counted.earliest, counted.latest) == (total, Some(earliest), Some(latest)),
        "{total} events from {earliest} to {latest} are counted as {counted:?}"
    );
    Ok(())
}

fn expect_buckets(counted: &Statistics, width: i64, buckets: &[(&str, u64)]) -> Verdict {
    let mut expect = Vec::new();
    for (start, count) in buckets {
        expect.push((time(start)?, *count));
    }
    ensure!(
        counted.interval == width && counted.histogram == expect,
        "buckets of {width} are {:?} of {}, not {expect:?}",
        counted.histogram,
        counted.interval
    );
    Ok(())
}

fn expect_top(counted: &Statistics, expect: &[&[(&str, u64)]]) -> Verdict {
    let found: Vec<Vec<(String, u64)>> = counted
        .top
        .iter()
        .map(|values| {
            values
                .iter()
                .map(|value| (value.value.clone(), value.count))
                .collect()
        })
        .collect();
    ensure!(
        found.len() == expect.len()
            && found
                .iter()
                .zip(expect)
                .all(|(found, expect)| same(found, expect)),
        "the most frequent values are {found:?}, not {expect:?}"
    );
    Ok(())
}

pub(super) async fn buckets_begin_on_their_edges_and_hold_them(store: &dyn Searchable) -> Verdict {
    let asker = ten(store).await?;
    let all = Filter::All;
    // Weeks begin on Mondays: 9 March 2026 is one.
    let weeks = asker
        .count(&all, Some(Interval::Micros(7 * DAY)), &[])
        .await?;
    expect_buckets(
        &weeks,
        7 * DAY,
        &[("2026-03-02T00:00:00Z", 1), ("2026-03-09T00:00:00Z", 9)],
    )?;
    let days = asker.count(&all, Some(Interval::Micros(DAY)), &[]).await?;
    let by_day = [
        ("2026-03-08T00:00:00Z", 1),
        ("2026-03-09T00:00:00Z", 8),
        ("2026-03-10T00:00:00Z", 1),
    ];
    expect_buckets(&days, DAY, &by_day)?;
    // An hour makes 26 buckets from the first event to the last, three hours make ten.
    for (buckets_max, width) in [
        (26, HOUR),
        (25, 3 * HOUR),
        (10, 3 * HOUR),
        (9, 6 * HOUR),
        (3, DAY),
        (2, 7 * DAY),
    ] {
        let counted = asker
            .count(&all, Some(Interval::Auto { buckets_max }), &[])
            .await?;
        ensure!(
            counted.interval == width,
            "at most {buckets_max} buckets are {} microseconds wide, not {width}",
            counted.interval
        );
        let fits = counted
            .histogram
            .iter()
            .all(|(start, _)| bucket_of(*start, width) == *start);
        let sum: u64 = counted.histogram.iter().map(|(_, count)| count).sum();
        ensure!(
            fits && sum == 10 && counted.histogram.len() <= buckets_max,
            "at most {buckets_max} buckets are {:?}",
            counted.histogram
        );
    }
    // The width follows what is counted, not what is there.
    let hundred = Some(Interval::Auto { buckets_max: 100 });
    let one = asker
        .count(&is(Field::Project, "gamma"), hundred, &[])
        .await?;
    expect_buckets(&one, SECOND, &[("2026-03-08T23:59:59Z", 1)])
}

pub(super) async fn an_empty_answer_counts_nothing(store: &dyn Searchable) -> Verdict {
    let (tenant, log) = house(store, "acme").await?;
    let asker = Asker::of(store, log);
    let nothing = |counted: Statistics| {
        let counts_nothing = counted.total == 0
            && counted.earliest.is_none()
            && counted.latest.is_none()
            && counted.histogram.is_empty()
            && matches!(&counted.top[..], [values] if values.is_empty());
        ensure!(counts_nothing, "of no events this is counted: {counted:?}");
        Ok(())
    };
    let ask = Some(Interval::Auto { buckets_max: 50 });
    nothing(asker.count(&Filter::All, ask, &[Field::Operation]).await?)?;
    store_events(store, log, vec![deployment(&tenant, "e1", at(0), "")?]).await?;
    for filter in [is(Field::Project, "nowhere"), !Filter::All] {
        nothing(asker.count(&filter, ask, &[Field::Operation]).await?)?;
    }
    Ok(())
}

pub(super) async fn an_event_counts_once_for_a_value_that_it_has_twice(
    store: &dyn Searchable,
) -> Verdict {
    let (tenant, log) = house(store, "acme").await?;
    let twice = r#","related":[{"type":"project","id":"p1"},{"type":"project","id":"P1"},{"type":"project","id":"p2"}],"metadata":{"tags":["a","A","b",["a"]]},"changes":[{"field":"size","before":"m","after":"M"},{"field":"size","before":"l","after":"m"}]"#;
    let once = r#","related":[{"type":"project","id":"p2"}],"metadata":{"tags":"b"}"#;
    let events = vec![
        deployment(&tenant, "e1", at(0), twice)?,
        deployment(&tenant, "e2", at(0), once)?,
    ];
    store_events(store, log, events).await?;
    let asker = Asker::of(store, log);
    asker
        .lists(&Field::RelatedId, &[("p2", 2), ("p1", 1)])
        .await?;
    asker.lists(&Field::RelatedType, &[("project", 2)]).await?;
    asker
        .lists(&Field::Metadata("tags".to_owned()), &[("b", 2), ("a", 1)])
        .await?;
    let size = |side| super::asking::change("size", side);
    asker
        .lists(&size(query::Side::Either), &[("l", 1), ("m", 1)])
        .await?;
    asker.lists(&size(query::Side::After), &[("m", 1)]).await?;
    asker.lists(&Field::Changed, &[("size", 1)]).await?;
    asker.finds(&is(Field::RelatedId, "p1"), &["e1"]).await
}

pub(super) async fn limits_of_counts_are_clamped(store: &dyn Searchable) -> Verdict {
    let (tenant, log) = house(store, "acme").await?;
    let count = VALUES_MAX + 5;
    for first in (0..count).step_by(335) {
        let events: Result<Vec<_>, Broken> = (first..count.min(first + 335))
            .map(|number| {
                // Seven thousand years in a thousand steps; each name is one of its own.
                let time =
                    Micros::from_micros(i64::try_from(number).unwrap_or_default() * 7 * 365 * DAY);
                let more = format!(r#","context":{{"service":"svc{number}"}}"#);
                deployment(&tenant, &format!("e{number}"), time, &more)
            })
            .collect();
        store_events(store, log, events?).await?;
    }
    let asker = Asker::of(store, log);
    let mut counting = Counting {
        filter: Filter::All,
        viewer: asker.viewer,
        size: size(store, log).await?,
        histogram: Some(Interval::Micros(1)),
        top: vec![Field::Service; TOP_FIELDS_MAX + 3],
        limit: usize::MAX,
    };
    for interval in [
        Interval::Micros(1),
        Interval::Micros(0),
        Interval::Micros(-7),
        Interval::Auto { buckets_max: 0 },
        Interval::Auto {
            buckets_max: usize::MAX,
        },
    ] {
        counting.histogram = Some(interval);
        let counted = store.statistics(log, &counting).await?;
        let sum: u64 = counted.histogram.iter().map(|(_, count)| count).sum();
        ensure!(
            counted.histogram.len() <= BUCKETS_MAX && sum == count as u64 && counted.interval > 0,
            "{interval:?} over everything makes {} buckets of {} that hold {sum}",
            counted.histogram.len(),
            counted.interval
        );
        let most = counted.top.iter().map(Vec::len).max().unwrap_or_default();
        ensure!(
            counted.top.len() == TOP_FIELDS_MAX && most == VALUES_MAX,
            "{} lists with up to {most} values are answered",
            counted.top.len()
        );
    }
    counting.limit = 3;
    let counted = store.statistics(log, &counting).await?;
    let first: Vec<&str> = counted
        .top
        .iter()
        .flatten()
        .take(3)
        .map(|value| value.value.as_str())
        .collect();
    ensure!(
        first == ["svc0", "svc1", "svc10"],
        "of equally frequent values the first three are {first:?}"
    );
    Ok(())
}
