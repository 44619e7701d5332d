//! Verification while the server writes: it takes no lock, and raises no false alarm.

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};
use std::time::Duration;

use keys::durable::RealDisk;
use store::{Batch, Change, LedgerStore, LogRef};
use store_embedded::EmbeddedStore;
use store_embedded::verify::{self, Inputs, KeptReceipt, Verdict};

use crate::site::{Site, block_on, event, tenant_named};

const ROUNDS: usize = 60;

/// Tells the writer to stop, whatever comes.
struct Stop<'a>(&'a AtomicBool);

impl Drop for Stop<'_> {
    fn drop(&mut self) {
        self.0.store(true, Ordering::Relaxed);
    }
}

/// Writes to two tenants until told to stop: single events and batches, heads recorded and new tenants in between.
fn write(
    site: &Site,
    store: &EmbeddedStore,
    stop: &AtomicBool,
    written: &AtomicU64,
    verified: &AtomicU64,
) {
    for round in 0_u64.. {
        if stop.load(Ordering::Relaxed) {
            return;
        }
        for name in ["alpha", "beta"] {
            let tenant = tenant_named(store, name).unwrap();
            let count = if round % 5 == 0 { 60 } else { 1 };
            let events = (0..count)
                .map(|number| event(&tenant, &format!("r{round}-{number}")))
                .collect();
            block_on(store.append(Batch {
                log: LogRef::main(&tenant),
                events,
            }))
            .unwrap();
        }
        // A verification reads everything: that it ends, the writer does not run away from it.
        while round > (verified.load(Ordering::Relaxed) + 1) * 6 && !stop.load(Ordering::Relaxed) {
            std::thread::yield_now();
        }
        if round % 11 == 0 {
            block_on(store.record_heads()).unwrap();
        }
        if round % 29 == 0 {
            let change = Change::CreateTenant(site.tenant_record(&format!("tenant-{round}")));
            block_on(store.administer(change, Vec::new())).unwrap();
        }
        written.store(round, Ordering::Relaxed);
    }
}

fn never_a_false_alarm(mut site: Site) {
    site.checkpoint_interval = Duration::from_millis(1);
    let store = site.open().unwrap();
    for name in ["alpha", "beta"] {
        block_on(store.administer(Change::CreateTenant(site.tenant_record(name)), Vec::new()))
            .unwrap();
    }
    let alpha = tenant_named(&store, "alpha").unwrap();
    let log = LogRef::main(&alpha);
    let stop = AtomicBool::new(false);
    let (written, verified) = (AtomicU64::new(0), AtomicU64::new(0));
    let (mut entries, mut unsigned) = (0, 0);
    std::thread::scope(|scope| {
        let writer = scope.spawn(|| write(&site, &store, &stop, &written, &verified));
        let stop = Stop(&stop);
        for round in 0..ROUNDS {
            // A receipt given just now, and the heads as they are before anything is read.
            let events = vec![event(&alpha, &format!("receipt{round}"))];
            let outcomes = block_on(store.append(Batch { log, events })).unwrap();
            let kept = outcomes[0].receipt().unwrap();
            let receipt = KeptReceipt {
                log: kept.log,
                seq: kept.seq,
                leaf: kept.leaf,
            };
            let signed = block_on(store.signed_past(log, 0)).unwrap();
            let inputs = Inputs {
                pinned: Some(site.pinned()),
                checkpoints: vec![signed.note],
                receipts: vec![receipt],
                ..site.inputs()
            };
            let report = verify::run(&inputs).unwrap();
            assert!(
                report.problems.is_empty(),
                "round {round}: {:#?}",
                report.problems
            );
            assert_eq!(report.verdict(), Verdict::Verified, "round {round}");
            assert!(
                report.entries >= entries,
                "round {round}: it saw less than before"
            );
            entries = report.entries;
            verified.fetch_add(1, Ordering::Relaxed);
            unsigned += report.unsigned + report.journal_entries;
        }
        drop(stop);
        writer.join().unwrap();
    });
    block_on(store.close()).unwrap();
    let report = site.verify();
    assert!(report.problems.is_empty(), "{:#?}", report.problems);
    let rounds = written.load(Ordering::Relaxed);
    assert!(
        rounds > 10 && unsigned > 0,
        "the server was busy: {rounds} rounds, {unsigned} entries unsigned"
    );
    println!(
        "{ROUNDS} verifications during {rounds} rounds of writing, {entries} entries, no alarm"
    );
}

#[test]
fn verifying_a_running_store_raises_no_false_alarm() {
    never_a_false_alarm(Site::simulated().0);
}

#[test]
fn verifying_a_running_store_on_a_real_disk_raises_no_false_alarm() {
    let directory = tempfile::tempdir().unwrap();
    never_a_false_alarm(Site::new(Arc::new(RealDisk), directory.path()));
}
