//! Order and visibility.

use ledger::entry::{Kind, Opening};
use ledger::hash::Hash;
use ledger::note::VerifierKey;
use ledger::part::{self, Label};
use ledger::time::Micros;

use super::fixture::{
    all_records, append, entry, event, events, instance, opening, record, size, statement,
    store_all, tenant,
};
use super::{Broken, Verdict, ensure};
use crate::contract::LedgerStore;
use crate::record::LogRef;

pub(super) async fn every_log_begins_with_its_own_entry_0(store: &dyn LedgerStore) -> Verdict {
    let made = tenant(store, "acme").await?;
    let own = instance(store).await?;
    for (tenant, log, kind) in [
        (&made, LogRef::main(&made), Kind::Main),
        (&made, LogRef::access(&made), Kind::Access),
        (&own, LogRef::main(&own), Kind::Instance),
        (&own, LogRef::access(&own), Kind::Access),
    ] {
        let found: Opening = opening(store, log).await?;
        let origin = format!("{}/{}", store.instance().origin, log.log());
        ensure!(
            found.log == log.log() && found.tenant == tenant.record.id && found.kind == kind,
            "entry 0 of the {kind} log names another log"
        );
        ensure!(
            found.origin == origin,
            "expected the origin {origin}, found {}",
            found.origin
        );
        let key = VerifierKey::parse(&found.vkey);
        ensure!(
            key.is_ok_and(|key| key.name() == origin),
            "the vkey of entry 0 is not of the log's origin"
        );
        ensure!(found.predecessor.is_none(), "a new log has no predecessor");
    }
    ensure!(
        size(store, LogRef::main(&made)).await? == 1,
        "a new log has more than entry 0"
    );
    Ok(())
}

pub(super) async fn the_instance_log_records_the_beginning_of_the_instances_logs(
    store: &dyn LedgerStore,
) -> Verdict {
    let own = instance(store).await?;
    let log = LogRef::main(&own);
    let mut begun = Vec::new();
    for record in all_records(store, log).await?.iter().skip(1) {
        if entry(record)?.operation == "veritrail.log.created" {
            begun.push(statement(record)?.0);
        }
    }
    for log in [log, LogRef::access(&own)] {
        ensure!(
            begun.contains(&log.log().to_string()),
            "no record of the beginning of the instance's {} log",
            log.kind()
        );
    }
    Ok(())
}

pub(super) async fn a_batch_gets_consecutive_places_in_its_order(
    store: &dyn LedgerStore,
) -> Verdict {
    let tenant = tenant(store, "acme").await?;
    let log = LogRef::main(&tenant);
    let mut next = size(store, log).await?;
    for count in [1, 2, 50, 3] {
        let receipts = store_all(store, log, events(&tenant, next, count)?).await?;
        for (number, receipt) in (next..).zip(&receipts) {
            ensure!(
                receipt.seq == number && receipt.id == format!("e{number}"),
                "event {number} of a batch got place {} as {}",
                receipt.seq,
                receipt.id
            );
            ensure!(receipt.log == log.log(), "a receipt names another log");
            let record = record(store, log, number).await?;
            ensure!(
                entry(&record)?.id == receipt.id,
                "place {number} holds another event than its receipt says"
            );
        }
        next += count;
    }
    ensure!(size(store, log).await? == next, "the log has another size");
    Ok(())
}

pub(super) async fn our_time_never_decreases_within_a_log(store: &dyn LedgerStore) -> Verdict {
    let tenant = tenant(store, "acme").await?;
    let log = LogRef::main(&tenant);
    for number in 0..20 {
        store_all(store, log, events(&tenant, number * 10, 3)?).await?;
    }
    let mut last = Micros::default();
    for record in all_records(store, log).await? {
        let at = if record.seq == 0 {
            opening(store, log).await?.recorded_at
        } else {
            entry(&record)?.place.recorded_at
        };
        ensure!(at >= last, "place {} is before its predecessor", record.seq);
        last = at;
    }
    Ok(())
}

pub(super) async fn what_is_acknowledged_is_found_at_once(store: &dyn LedgerStore) -> Verdict {
    let tenant = tenant(store, "acme").await?;
    for log in [LogRef::main(&tenant), LogRef::access(&tenant)] {
        for number in 0..30 {
            let receipts = store_all(store, log, events(&tenant, number, 1)?).await?;
            let receipt = receipts.first().ok_or_else(|| Broken::new("no receipt"))?;
            ensure!(
                size(store, log).await? == receipt.seq + 1,
                "the head does not reach place {} yet",
                receipt.seq
            );
            let record = record(store, log, receipt.seq).await?;
            ensure!(
                Hash::leaf(&record.entry) == receipt.leaf,
                "place {} holds another leaf than its receipt says",
                receipt.seq
            );
            let found = store.find(log, &receipt.id).await?;
            ensure!(
                found == [receipt.seq],
                "id {} is found at {found:?}, not at {}",
                receipt.id,
                receipt.seq
            );
            let nodes = store.nodes(log, &[(0, receipt.seq)]).await?;
            ensure!(
                nodes == [receipt.leaf],
                "the leaf of place {} is not in the tree",
                receipt.seq
            );
        }
    }
    Ok(())
}

pub(super) async fn records_hold_what_was_prepared(store: &dyn LedgerStore) -> Verdict {
    let tenant = tenant(store, "acme").await?;
    let log = LogRef::main(&tenant);
    let sent = event(&tenant, "api", "e1", "why \"not\" é 😀\n")?;
    let receipts = store_all(store, log, vec![sent.clone()]).await?;
    let receipt = receipts.first().ok_or_else(|| Broken::new("no receipt"))?;
    let record = record(store, log, receipt.seq).await?;
    let entry = entry(&record)?;
    ensure!(
        entry.place.log == log.log()
            && entry.place.seq == receipt.seq
            && entry.place.recorded_at == receipt.recorded_at,
        "an entry names another place than its receipt"
    );
    ensure!(
        entry.id == "e1" && entry.source == "api" && entry.occurred_at == sent.occurred_at,
        "an entry says something else than its event"
    );
    for (label, stored, named) in [
        (Label::Person, &record.person, entry.person),
        (Label::Details, &record.details, entry.details),
    ] {
        let bytes = sent.part(label).map(|part| part.bytes.clone());
        ensure!(
            bytes.is_some() && *stored == bytes,
            "the {} part is not what was sent",
            label.name()
        );
        let digest = stored.as_deref().map(part::digest);
        ensure!(
            digest.as_deref() == named,
            "the entry does not name the {} part",
            label.name()
        );
    }
    Ok(())
}

pub(super) async fn an_empty_batch_changes_nothing(store: &dyn LedgerStore) -> Verdict {
    let tenant = tenant(store, "acme").await?;
    let log = LogRef::main(&tenant);
    let before = all_records(store, log).await?;
    let outcomes = append(store, log, Vec::new()).await?;
    ensure!(outcomes.is_empty(), "no event got an outcome");
    ensure!(
        all_records(store, log).await? == before,
        "an empty batch changed the log"
    );
    Ok(())
}
