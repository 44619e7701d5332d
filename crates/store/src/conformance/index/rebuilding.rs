//! Rebuilding: an index is derived from the ledger, so building it anew changes no answer.

use std::thread;
use std::time::Duration;

use query::{Field, Filter, Viewer};

use super::Searchable;
use super::asking::{Asker, SECOND, at, deployment, house, is, says, starts, store_events};
use crate::conformance::{Broken, Verdict, ensure};
use crate::index::{Interval, Order};

/// How long a case waits for a rebuild of some hundred events, in steps of a millisecond.
const WAITS_MAX: usize = 60_000;

/// Waits until an index that is being built anew answers questions again.
pub fn await_rebuild(store: &dyn Searchable) -> Verdict {
    for _ in 0..WAITS_MAX {
        let health = store.index_health();
        if health.rebuilding.is_none() && health.unavailable.is_none() {
            return Ok(());
        }
        thread::park_timeout(Duration::from_millis(1));
    }
    Err(Broken::new(format!(
        "a rebuild does not end: {:?}",
        store.index_health()
    )))
}

pub(super) async fn a_rebuilt_index_answers_the_same(store: &dyn Searchable) -> Verdict {
    let (tenant, log) = house(store, "acme").await?;
    for number in 0..150 {
        let more = format!(
            r#","reason":"round {number}","context":{{"service":"svc{}"}},"producer":{{"id":"p","seq":{}}}"#,
            number % 5,
            number + 1
        );
        let time = at(number % 11 * SECOND);
        store_events(
            store,
            log,
            vec![deployment(&tenant, &format!("e{number}"), time, &more)?],
        )
        .await?;
    }
    let asker = Asker::of(store, log);
    let filters = [
        Filter::All,
        is(Field::Service, "svc3"),
        says("round 7"),
        !starts(Field::ResourceId, "dpl_e1"),
    ];
    let mut answers = Vec::new();
    for _ in 0..2 {
        let mut answer = Vec::new();
        for filter in &filters {
            let counted = asker
                .count(filter, Some(Interval::Micros(SECOND)), &[Field::Service])
                .await?;
            answer.push((asker.found_in(filter, Order::Oldest).await?, counted));
        }
        answers.push((
            answer,
            asker.values(&Field::Service, "s").await?,
            store.producers(log, Viewer::Whole).await?,
        ));
        store.rebuild_index().await?;
        await_rebuild(store)?;
    }
    ensure!(
        matches!(&answers[..], [before, after] if before == after),
        "a rebuilt index answers differently"
    );
    let total = asker.count(&Filter::All, None, &[]).await?.total;
    ensure!(
        total == 150,
        "of 150 events {total} are counted after a rebuild"
    );
    // What is acknowledged after a rebuild is found, too.
    store_events(store, log, vec![deployment(&tenant, "late", at(0), "")?]).await?;
    asker.finds(&is(Field::Id, "late"), &["late"]).await
}
