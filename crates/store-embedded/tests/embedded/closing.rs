//! Closing while others write: every call is answered, and what was acknowledged is there.

use std::sync::Arc;
use std::sync::mpsc;
use std::time::Duration;

use store::{Batch, Change, LedgerStore, LogRef, Outcome, StoreError};

use crate::site::{Site, block_on, event, tenant_named};

/// Nothing takes as long; a call that does is never answered.
const PATIENCE: Duration = Duration::from_mins(1);

#[test]
fn every_call_is_answered_while_the_store_is_closed() {
    for _ in 0..30 {
        let (site, _) = Site::simulated();
        let store = site.open().unwrap();
        block_on(store.administer(
            Change::CreateTenant(site.tenant_record("alpha")),
            Vec::new(),
        ))
        .unwrap();
        let tenant = tenant_named(&store, "alpha").unwrap();
        let log = LogRef::main(&tenant);
        let (answers, answered) = mpsc::channel();
        let mut threads = Vec::new();
        for thread in 0..4 {
            let (store, tenant) = (Arc::clone(&store), Arc::clone(&tenant));
            let answers = answers.clone();
            threads.push(std::thread::spawn(move || {
                for number in 0.. {
                    let events = vec![event(&tenant, &format!("t{thread}-{number}"))];
                    let outcome = block_on(store.append(Batch { log, events }));
                    let ended = outcome.is_err();
                    let _ = answers.send((thread, outcome));
                    if ended {
                        return;
                    }
                }
            }));
        }
        let first = answered.recv_timeout(PATIENCE).unwrap();
        block_on(store.close()).unwrap();
        let mut outcomes = vec![first];
        let mut running = 4;
        while running > 0 {
            let outcome = answered
                .recv_timeout(PATIENCE)
                .expect("every call is answered");
            running -= i32::from(outcome.1.is_err());
            outcomes.push(outcome);
        }
        // Each holds the store, and with it the lock, a moment longer than its last answer.
        for thread in threads {
            thread.join().unwrap();
        }
        drop(store);
        let store = site.open().unwrap();
        for (thread, outcome) in outcomes {
            match outcome {
                Ok(outcomes) => {
                    let [Outcome::Stored(receipt)] = &outcomes[..] else {
                        panic!("{outcomes:?}")
                    };
                    assert_eq!(
                        block_on(store.find(log, &receipt.id)).unwrap(),
                        [receipt.seq],
                        "thread {thread}"
                    );
                }
                Err(error) => assert!(matches!(error, StoreError::Closed), "{error:?}"),
            }
        }
    }
}
