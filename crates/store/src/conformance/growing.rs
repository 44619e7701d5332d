//! Growth: who waits for a log to grow is answered when it did, and when it never will.

use std::sync::mpsc;
use std::thread;

use super::at_once::{Call, at_once};
use super::fixture::{event, events, size, store_all, tenant};
use super::{Broken, Verdict, ensure};
use crate::contract::LedgerStore;
use crate::error::StoreError;
use crate::record::LogRef;

pub(super) async fn growth_that_was_is_answered_at_once(store: &dyn LedgerStore) -> Verdict {
    let tenant = tenant(store, "acme").await?;
    let log = LogRef::main(&tenant);
    store_all(store, log, events(&tenant, 0, 9)?).await?;
    for known in [0, 1, 9] {
        let grown = store.grown(log, known).await?;
        ensure!(
            grown == 10,
            "a log of 10 entries that was known as {known} is answered as {grown}"
        );
    }
    Ok(())
}

pub(super) async fn who_waits_for_growth_is_answered_when_it_comes(
    store: &dyn LedgerStore,
) -> Verdict {
    let (one, two) = (
        tenant(store, "acme").await?,
        tenant(store, "umbrella").await?,
    );
    let (log, other) = (LogRef::main(&one), LogRef::main(&two));
    for round in 0..20_u64 {
        let known = size(store, log).await?;
        let mut calls: Vec<Call<'_, Result<u64, Broken>>> = Vec::new();
        for _ in 0..7 {
            calls.push(Box::pin(async move { Ok(store.grown(log, known).await?) }));
        }
        let foreign = event(&two, "api", &format!("f{round}"), "x")?;
        let own = event(&one, "api", &format!("o{round}"), "x")?;
        calls.push(Box::pin(async move {
            // Growth of another log is none of this one.
            let foreign = store_all(store, other, vec![foreign]).await;
            thread::yield_now();
            // Even if that failed: nobody may wait for ever.
            store_all(store, log, vec![own]).await?;
            foreign.map(|_| known + 1)
        }));
        for grown in at_once(calls) {
            let grown = grown?;
            ensure!(
                grown == known + 1,
                "who waited for more than {known} entries was answered {grown}"
            );
        }
    }
    Ok(())
}

pub(super) async fn who_waits_for_growth_is_told_of_the_end(store: &dyn LedgerStore) -> Verdict {
    let tenant = tenant(store, "acme").await?;
    let log = LogRef::main(&tenant);
    let known = size(store, log).await?;
    let late = events(&tenant, 0, 1)?;
    let (began, begun) = mpsc::channel();
    let mut calls: Vec<Call<'_, Verdict>> = Vec::new();
    for _ in 0..7 {
        let began = began.clone();
        calls.push(Box::pin(async move {
            // Nobody listens any more once the store is being closed.
            let _ = began.send(());
            match store.grown(log, known).await {
                Err(StoreError::Closed) => Ok(()),
                other => Err(Broken::new(format!(
                    "who waits for growth of a closed store is answered {other:?}"
                ))),
            }
        }));
    }
    calls.push(Box::pin(async move {
        // Some wait already, others come later.
        let _ = begun.recv();
        store.close().await?;
        // A store that did not end lets nobody wait for ever: this is growth.
        drop(store_all(store, log, late).await);
        Ok(())
    }));
    at_once(calls).into_iter().collect()
}
