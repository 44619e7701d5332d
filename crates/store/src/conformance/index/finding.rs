//! Finding: at once, exactly what the evaluator accepts, and events only.

use ledger::entry::Kind as LogKind;
use query::evaluate::matches;
use query::plan::{Bound, Number, Span};
use query::{Document, Field, Filter, Side, Test, Viewer};

use super::Searchable;
use super::asking::{
    Asker, SECOND, at, change, deployment, event, has, house, ids, is, says, starts, store_events,
    words_of,
};
use crate::batch::Batch;
use crate::conformance::at_once::{Call, at_once};
use crate::conformance::fixture::{all_records, size};
use crate::conformance::{Broken, Verdict, ensure};
use crate::index::Order;
use crate::record::LogRef;

pub(super) async fn an_event_is_found_as_soon_as_it_is_acknowledged(
    store: &dyn Searchable,
) -> Verdict {
    let (tenant, log) = house(store, "acme").await?;
    let asker = Asker::of(store, log);
    for number in 0_u64..60 {
        let id = format!("e{number}");
        // Times go up and down, so that the newest is not always the last.
        let time = at(i64::from(number % 7 == 3) * -90 * SECOND);
        let more = format!(r#","reason":"round {number} of many""#);
        let event = deployment(&tenant, &id, time, &more)?;
        store_events(store, log, vec![event]).await?;
        asker.finds(&is(Field::Id, &id), &[&id]).await?;
        let words = format!("round {number}");
        asker.finds(&says(&words), &[&id]).await?;
        let total = asker.count(&Filter::All, None, &[]).await?.total;
        ensure!(
            total == number + 1,
            "after {} events {total} are counted",
            number + 1
        );
    }
    Ok(())
}

/// Events that differ in everything a filter can look at.
const MIXED: [&str; 8] = [
    r#"{"id":"m0","timestamp":"2026-03-01T00:00:00Z","operation":"deployment.created","actor":{"type":"user","id":"42","email":"Dana@Acme.example","name":"Dana Reyes"},"origin":{"ip":"10.1.2.3","user_agent":"deployctl/4.11"},"resource":{"type":"deployment","id":"dpl_1","name":"checkout","project_id":"proj_1"},"outcome":"success","reason":"weekly release train"}"#,
    r#"{"id":"m1","timestamp":"2026-03-02T00:00:00Z","operation":"deployment.failed","actor":{"type":"service_account","id":"ci"},"origin":{"ip":"2001:db8::7"},"resource":{"type":"deployment","id":"dpl_1","project_id":"proj_1"},"outcome":{"result":"failure","code":"E_HEALTH","message":"health check timed out"}}"#,
    r#"{"id":"m2","timestamp":"2026-03-03T00:00:00Z","operation":"user.role_changed","actor":{"id":"7"},"resource":{"type":"user","id":"9"},"changes":[{"field":"role","before":"viewer","after":"admin"}],"related":[{"type":"project","id":"proj_2"}]}"#,
    r#"{"id":"m3","timestamp":"2026-03-03T00:00:00Z","operation":"environment_variable.updated","actor":{"id":"7"},"resource":{"type":"environment_variable","id":"var_1","name":"DATABASE_URL","project_id":"proj_2"},"changes":[{"field":"value","before":"one","after":"two"}]}"#,
    r#"{"id":"m4","operation":"build.started","actor":{"type":"system"},"resource":{"type":"build"},"metadata":{"build":{"number":217,"branch":"Main"},"tags":["a","b"],"ratio":0.25}}"#,
    r#"{"id":"m5","timestamp":"2026-03-05T00:00:00Z","operation":"warehouse.robot_moved","actor":{"type":"agent","id":"a1"},"resource":{"type":"robot","id":"r2-d2"},"producer":{"id":"api-3","seq":7},"request_id":"req_0123456789abcdef"}"#,
    r#"{"id":"m6","timestamp":"1970-01-01T00:00:00Z","operation":"service.scaled","actor":{"type":"system"},"resource":{"type":"service","id":"svc"},"changes":[{"field":"replicas","before":3,"after":5}],"context":{"environment":"production","region":"eu-central-1"}}"#,
    r#"{"id":"m7","timestamp":"2026-03-02T00:00:00Z","operation":"deploy.create","actor":{},"resource":{"type":"deployment","id":"dpl_2"},"approval":{"by":"lead@acme.example","ticket":"OPS-7"}}"#,
];

/// Filters of every kind of test, each of which accepts some of [`MIXED`] and refuses others.
fn filters() -> Vec<Filter> {
    let number = |text: &str| Number::parse(text).map(Bound::included);
    let at_least = |text: &str| {
        Test::Number(Span {
            min: number(text),
            max: None,
        })
    };
    let before = |micros: i64| {
        Test::Time(Span {
            min: None,
            max: Some(Bound::excluded(micros)),
        })
    };
    let mut filters = vec![
        is(Field::Operation, "deployment.created"),
        starts(Field::Operation, "deployment."),
        is(Field::Project, "proj_2"),
        is(Field::ActorEmail, "dana@acme.example"),
        starts(Field::ActorType, "s"),
        has(Field::Outcome),
        has(Field::Ip),
        has(Field::Reason),
        is(change("role", Side::After), "admin"),
        is(change("role", Side::Before), "admin"),
        has(change("replicas", Side::Either)),
        Filter::leaf(change("replicas", Side::Either), at_least("4")),
        Filter::leaf(Field::Metadata("build.number".to_owned()), at_least("200")),
        Filter::leaf(Field::Metadata("ratio".to_owned()), at_least("0.250")),
        is(Field::Metadata("tags".to_owned()), "b"),
        starts(Field::Metadata("build.branch".to_owned()), "ma"),
        Filter::leaf(Field::Seq, at_least("5")),
        Filter::leaf(Field::ProducerSeq, at_least("7")),
        Filter::leaf(Field::Timestamp, before(1_772_409_600_000_000)),
        Filter::leaf(
            Field::Operation,
            Test::OneOf(vec![
                "deployment.failed".to_owned(),
                "warehouse.robot_moved".to_owned(),
            ]),
        ),
        is(Field::RequestId, "req_0123456789abcdef"),
        is(Field::Flag, "unknown_operation"),
        words_of(Field::OutcomeMessage, "check timed", false),
        words_of(Field::UserAgent, "deploy", true),
        says("database url"),
        says("health"),
        words_of(Field::Text, "weekly rel", true),
    ];
    for text in ["10.0.0.0/8", "2001:db8::/32", "10.1.2.3"] {
        let network = query::address::Network::parse(text);
        filters.extend(network.map(|network| Filter::leaf(Field::Ip, Test::Within(network))));
    }
    let singles = filters.clone();
    for pair in singles.windows(2) {
        if let [left, right] = pair {
            filters.push(left.clone().or(right.clone()));
            filters.push(!left.clone().or(right.clone()));
            filters.push(left.clone().and(!right.clone()));
        }
    }
    filters.extend(singles.into_iter().map(|single| !single));
    filters.push(Filter::All);
    filters.push(!Filter::All);
    filters
}

pub(super) async fn what_the_evaluator_accepts_is_found_and_nothing_else(
    store: &dyn Searchable,
) -> Verdict {
    let (tenant, log) = house(store, "acme").await?;
    let events: Result<Vec<_>, Broken> = MIXED.iter().map(|text| event(&tenant, text)).collect();
    store_events(store, log, events?).await?;
    let records = all_records(store, log).await?;
    for viewer in [Viewer::Whole, Viewer::WithoutPersons] {
        let asker = Asker { store, log, viewer };
        for filter in filters() {
            let mut accepted = Vec::new();
            for record in records.iter().skip(1) {
                let (person, details) = (record.person.as_deref(), record.details.as_deref());
                let document = Document::read(&record.entry, person, details, &**store.places())
                    .map_err(|error| Broken::new(error.to_string()))?;
                if matches(&filter, &document, viewer) {
                    accepted.push((document.time, document.seq));
                }
            }
            accepted.sort_unstable();
            let search = asker.search(&filter, Order::Oldest).await?;
            let found: Vec<_> = asker.pages(search).await?;
            let found: Vec<_> = found
                .iter()
                .map(|hit| (hit.place.time, hit.place.seq))
                .collect();
            ensure!(
                found == accepted,
                "{filter:?} of {viewer:?} finds {found:?}; the evaluator accepts {accepted:?}"
            );
            let counted = asker.count(&filter, None, &[]).await?;
            ensure!(
                counted.total == accepted.len() as u64
                    && counted.earliest == accepted.first().map(|(time, _)| *time)
                    && counted.latest == accepted.last().map(|(time, _)| *time),
                "{filter:?} of {viewer:?} counts {counted:?}; the evaluator accepts {accepted:?}"
            );
        }
    }
    Ok(())
}

pub(super) async fn entry_0_is_never_found(store: &dyn Searchable) -> Verdict {
    let (tenant, main) = house(store, "acme").await?;
    let zero = Filter::leaf(
        Field::Seq,
        Test::Number(Span {
            min: None,
            max: Number::parse("0").map(Bound::included),
        }),
    );
    let empty = Asker::of(store, main);
    for filter in [
        Filter::All,
        zero.clone(),
        !has(Field::Id),
        !is(Field::Id, "x"),
    ] {
        empty.finds(&filter, &[]).await?;
    }
    empty.lists(&Field::Operation, &[]).await?;
    let own = crate::conformance::fixture::instance(store).await?;
    store_events(store, main, vec![deployment(&tenant, "e1", at(0), "")?]).await?;
    for log in [
        main,
        LogRef::access(&tenant),
        LogRef::main(&own),
        LogRef::access(&own),
    ] {
        let asker = Asker::of(store, log);
        let found = asker.found(&Filter::All).await?;
        let size = size(store, log).await?;
        ensure!(
            found.len() as u64 + 1 == size,
            "of a log of {size} entries {} are found",
            found.len()
        );
        asker.finds(&zero, &[]).await?;
        ensure!(
            log.kind() != LogKind::Instance || !found.is_empty(),
            "the instance log's own events are not found"
        );
    }
    Ok(())
}

pub(super) async fn a_hit_is_the_stored_record(store: &dyn Searchable) -> Verdict {
    let (tenant, log) = house(store, "acme").await?;
    let events: Result<Vec<_>, Broken> = MIXED.iter().map(|text| event(&tenant, text)).collect();
    store_events(store, log, events?).await?;
    let records = all_records(store, log).await?;
    let asker = Asker::of(store, log);
    let search = asker.search(&Filter::All, Order::Newest).await?;
    let mut hits = asker.pages(search).await?;
    hits.sort_by_key(|hit| hit.place.seq);
    let found: Vec<_> = hits.into_iter().map(|hit| hit.record).collect();
    ensure!(
        records.get(1..) == Some(found.as_slice()),
        "hits are other records than those of the log"
    );
    Ok(())
}

pub(super) async fn questions_at_once_with_writes_are_answered_in_full(
    store: &dyn Searchable,
) -> Verdict {
    let (tenant, log) = house(store, "acme").await?;
    let asker = Asker::of(store, log);
    let mut calls: Vec<Call<'_, Verdict>> = Vec::new();
    for writer in 0_u64..8 {
        let mut batches = Vec::new();
        for round in 0..10 {
            let id = format!("w{writer}r{round}");
            batches.push((id.clone(), deployment(&tenant, &id, at(round), "")?));
        }
        calls.push(Box::pin(async move {
            for (round, (id, event)) in (1_usize..).zip(batches) {
                let events = vec![event];
                store.append(Batch { log, events }).await?;
                // What this writer was told is there must be there, whatever the others do.
                asker.finds(&is(Field::Id, &id), &[&id]).await?;
                let search = asker
                    .search(
                        &starts(Field::ResourceId, &format!("dpl_w{writer}r")),
                        Order::Newest,
                    )
                    .await?;
                let mine = ids(&asker.pages(search).await?)?;
                ensure!(
                    mine.len() == round,
                    "writer {writer} wrote {round} events and finds {mine:?}"
                );
            }
            Ok(())
        }));
    }
    at_once(calls).into_iter().collect::<Result<(), Broken>>()?;
    let total = asker.count(&Filter::All, None, &[]).await?.total;
    ensure!(
        total == 80,
        "80 events were written and {total} are counted"
    );
    Ok(())
}
