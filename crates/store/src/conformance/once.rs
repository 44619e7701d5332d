//! Exactly once, and calls at once.

use super::at_once::{Call, at_once, poll_and_drop};
use super::fixture::{
    all_records, append, entry, event, event_without_id, events, size, store_all, tenant,
};
use super::{Broken, Verdict, ensure};
use crate::batch::{Batch, Outcome, Receipt};
use crate::contract::LedgerStore;
use crate::error::StoreError;
use crate::record::LogRef;

/// Calls at once where it matters.
const CALLS: u64 = 256;

pub(super) async fn an_event_sent_again_answers_the_stored_receipt(
    store: &dyn LedgerStore,
) -> Verdict {
    let tenant = tenant(store, "acme").await?;
    let log = LogRef::main(&tenant);
    let first = store_all(store, log, events(&tenant, 0, 5)?).await?;
    let before = all_records(store, log).await?;
    for _ in 0..3 {
        // Prepared anew, with other salts: the receipt must be of the stored event.
        let again = append(store, log, events(&tenant, 0, 5)?).await?;
        let expect: Vec<Outcome> = first.iter().cloned().map(Outcome::Repeated).collect();
        ensure!(again == expect, "sent again: {again:?}");
    }
    ensure!(
        all_records(store, log).await? == before,
        "a repetition changed the log"
    );
    Ok(())
}

pub(super) async fn an_event_twice_in_one_batch_is_stored_once(store: &dyn LedgerStore) -> Verdict {
    let tenant = tenant(store, "acme").await?;
    let log = LogRef::main(&tenant);
    let before = size(store, log).await?;
    let one = || event(&tenant, "api", "one", "same");
    let batch = vec![
        one()?,
        event(&tenant, "api", "two", "same")?,
        one()?,
        event(&tenant, "api", "one", "other")?,
        one()?,
    ];
    let outcomes = append(store, log, batch).await?;
    let receipt = |index: usize| outcomes.get(index).and_then(Outcome::receipt).cloned();
    let (Some(first), Some(second)) = (receipt(0), receipt(1)) else {
        return Err(Broken::new(format!(
            "a new event got no receipt: {outcomes:?}"
        )));
    };
    let expect = [
        Outcome::Stored(first.clone()),
        Outcome::Stored(second),
        Outcome::Repeated(first.clone()),
        Outcome::Conflict,
        Outcome::Repeated(first),
    ];
    ensure!(outcomes == expect, "within a batch: {outcomes:?}");
    ensure!(
        size(store, log).await? == before + 2,
        "a repetition within a batch was stored"
    );
    Ok(())
}

pub(super) async fn another_content_under_a_known_id_is_a_conflict(
    store: &dyn LedgerStore,
) -> Verdict {
    let tenant = tenant(store, "acme").await?;
    let log = LogRef::main(&tenant);
    store_all(store, log, vec![event(&tenant, "api", "one", "same")?]).await?;
    for _ in 0..2 {
        let outcomes = append(store, log, vec![event(&tenant, "api", "one", "other")?]).await?;
        ensure!(
            outcomes == [Outcome::Conflict],
            "another content: {outcomes:?}"
        );
    }
    Ok(())
}

pub(super) async fn a_conflict_harms_no_other_event_and_replaces_nothing(
    store: &dyn LedgerStore,
) -> Verdict {
    let tenant = tenant(store, "acme").await?;
    let log = LogRef::main(&tenant);
    let first = store_all(store, log, vec![event(&tenant, "api", "one", "same")?]).await?;
    let before = all_records(store, log).await?;
    let batch = vec![
        event(&tenant, "api", "two", "x")?,
        event(&tenant, "api", "one", "other")?,
        event(&tenant, "api", "three", "x")?,
    ];
    let outcomes = append(store, log, batch).await?;
    let kinds: Vec<_> = outcomes.iter().map(kind).collect();
    ensure!(
        kinds == ["stored", "conflict", "stored"],
        "around a conflict: {kinds:?}"
    );
    let after = all_records(store, log).await?;
    ensure!(
        after.len() == before.len() + 2 && after.starts_with(&before),
        "a conflict changed what was stored"
    );
    let again = append(store, log, vec![event(&tenant, "api", "one", "same")?]).await?;
    let expect: Vec<_> = first.into_iter().map(Outcome::Repeated).collect();
    ensure!(
        again == expect,
        "the first content after a conflict: {again:?}"
    );
    Ok(())
}

pub(super) async fn ids_are_of_their_source(store: &dyn LedgerStore) -> Verdict {
    let tenant = tenant(store, "acme").await?;
    let log = LogRef::main(&tenant);
    let mut places = Vec::new();
    for source in ["api", "webhook", "api-2"] {
        let receipts = store_all(store, log, vec![event(&tenant, source, "one", source)?]).await?;
        places.extend(receipts.iter().map(|receipt| receipt.seq));
    }
    let found = store.find(log, "one").await?;
    ensure!(found == places, "three sources' id is found at {found:?}");
    Ok(())
}

pub(super) async fn ids_are_of_their_log(store: &dyn LedgerStore) -> Verdict {
    let (one, two) = (
        tenant(store, "acme").await?,
        tenant(store, "umbrella").await?,
    );
    for (owner, log) in [
        (&one, LogRef::main(&one)),
        (&one, LogRef::access(&one)),
        (&two, LogRef::main(&two)),
        (&two, LogRef::access(&two)),
    ] {
        let reason = log.log().to_string();
        store_all(store, log, vec![event(owner, "api", "one", &reason)?]).await?;
        let found = store.find(log, "one").await?;
        ensure!(found == [1], "an id of one log is found at {found:?}");
    }
    Ok(())
}

pub(super) async fn events_without_ids_are_never_repetitions(store: &dyn LedgerStore) -> Verdict {
    let tenant = tenant(store, "acme").await?;
    let log = LogRef::main(&tenant);
    let before = size(store, log).await?;
    let batch = vec![
        event_without_id(&tenant, "a")?,
        event_without_id(&tenant, "b")?,
    ];
    let receipts = store_all(store, log, batch).await?;
    store_all(store, log, vec![event_without_id(&tenant, "c")?]).await?;
    let ids: Vec<_> = receipts.iter().map(|receipt| receipt.id.as_str()).collect();
    ensure!(
        ids.first() != ids.last() && ids.iter().all(|id| id.starts_with("vt-")),
        "made-up ids: {ids:?}"
    );
    ensure!(
        size(store, log).await? == before + 3,
        "an event without an id was taken for a repetition"
    );
    Ok(())
}

pub(super) async fn the_same_event_256_times_at_once_is_stored_once(
    store: &dyn LedgerStore,
) -> Verdict {
    let tenant = tenant(store, "acme").await?;
    let log = LogRef::main(&tenant);
    let before = size(store, log).await?;
    let mut calls = Vec::new();
    for _ in 0..CALLS {
        calls.push(vec![event(&tenant, "api", "one", "same")?]);
    }
    let outcomes = all_at_once(store, log, calls)?.concat();
    let stored = outcomes.iter().filter(|it| kind(it) == "stored").count();
    let repeated = outcomes.iter().filter(|it| kind(it) == "repeated").count();
    ensure!(
        stored == 1 && stored + repeated == outcomes.len(),
        "{stored} stored, {repeated} repeated of {}",
        outcomes.len()
    );
    let mut receipts: Vec<&Receipt> = outcomes.iter().filter_map(Outcome::receipt).collect();
    receipts.dedup();
    ensure!(receipts.len() == 1, "one event has several receipts");
    ensure!(
        size(store, log).await? == before + 1,
        "one event was stored more than once"
    );
    Ok(())
}

pub(super) async fn one_id_with_256_contents_at_once_is_stored_once(
    store: &dyn LedgerStore,
) -> Verdict {
    let tenant = tenant(store, "acme").await?;
    let log = LogRef::main(&tenant);
    let before = size(store, log).await?;
    let mut calls = Vec::new();
    for number in 0..CALLS {
        calls.push(vec![event(
            &tenant,
            "api",
            "one",
            &format!("content {number}"),
        )?]);
    }
    let outcomes = all_at_once(store, log, calls)?.concat();
    let stored = outcomes.iter().filter(|it| kind(it) == "stored").count();
    let conflicts = outcomes.iter().filter(|it| kind(it) == "conflict").count();
    ensure!(
        stored == 1 && stored + conflicts == outcomes.len(),
        "{stored} stored, {conflicts} conflicts of {}",
        outcomes.len()
    );
    ensure!(
        size(store, log).await? == before + 1,
        "one id was stored more than once"
    );
    Ok(())
}

pub(super) async fn many_batches_at_once_are_all_stored_in_one_order(
    store: &dyn LedgerStore,
) -> Verdict {
    let tenant = tenant(store, "acme").await?;
    let log = LogRef::main(&tenant);
    let before = size(store, log).await?;
    let mut calls = Vec::new();
    for number in 0..CALLS {
        calls.push(events(&tenant, number * 4, 4)?);
    }
    let batches = all_at_once(store, log, calls)?;
    let mut places = Vec::new();
    for batch in &batches {
        let found: Vec<u64> = batch
            .iter()
            .filter_map(|outcome| match outcome {
                Outcome::Stored(receipt) => Some(receipt.seq),
                _ => None,
            })
            .collect();
        ensure!(
            found.len() == 4
                && found
                    .windows(2)
                    .all(|pair| matches!(pair, [a, b] if a + 1 == *b)),
            "a batch got the places {found:?}"
        );
        places.extend(found);
    }
    places.sort_unstable();
    let expect: Vec<u64> = (before..before + CALLS * 4).collect();
    ensure!(
        places == expect,
        "places of batches at once leave gaps or meet"
    );
    let records = all_records(store, log).await?;
    for outcome in batches.concat() {
        let Some(receipt) = outcome.receipt() else {
            continue;
        };
        let record = usize::try_from(receipt.seq).ok();
        let record = record.and_then(|seq| records.get(seq));
        let record = record.ok_or_else(|| Broken::new("a receipt's place is not there"))?;
        ensure!(
            entry(record)?.id == receipt.id,
            "place {} holds another event than its receipt says",
            receipt.seq
        );
    }
    Ok(())
}

pub(super) async fn a_dropped_answer_undoes_nothing_and_doubles_nothing(
    store: &dyn LedgerStore,
) -> Verdict {
    let tenant = tenant(store, "acme").await?;
    let log = LogRef::main(&tenant);
    let before = size(store, log).await?;
    poll_and_drop(store.append(Batch {
        log,
        events: events(&tenant, 0, 3)?,
    }));
    // Whatever became of it: sent again, each is stored, once.
    for _ in 0..2 {
        for outcome in append(store, log, events(&tenant, 0, 3)?).await? {
            ensure!(
                outcome.receipt().is_some(),
                "after a dropped answer: {outcome:?}"
            );
        }
    }
    let after = size(store, log).await?;
    ensure!(
        after == before + 3,
        "3 events behind a dropped answer became {}",
        after - before
    );
    Ok(())
}

fn kind(outcome: &Outcome) -> &'static str {
    match outcome {
        Outcome::Stored(_) => "stored",
        Outcome::Repeated(_) => "repeated",
        Outcome::Conflict => "conflict",
    }
}

/// Appends all batches at once. A store that is too busy is asked again, as any producer would.
fn all_at_once(
    store: &dyn LedgerStore,
    log: LogRef,
    batches: Vec<Vec<ledger::prepare::Prepared>>,
) -> Result<Vec<Vec<Outcome>>, Broken> {
    let calls = batches.into_iter().map(|events| {
        let call: Call<'_, Result<Vec<Outcome>, Broken>> = Box::pin(async move {
            for _ in 0..ATTEMPTS_MAX {
                let batch = Batch {
                    log,
                    events: events.clone(),
                };
                match store.append(batch).await {
                    Err(StoreError::Busy { .. }) => std::thread::yield_now(),
                    answer => return Ok(answer?),
                }
            }
            Err(Broken::new("always too busy"))
        });
        call
    });
    at_once(calls.collect()).into_iter().collect()
}

/// How often a busy store is asked.
const ATTEMPTS_MAX: usize = 100_000;
