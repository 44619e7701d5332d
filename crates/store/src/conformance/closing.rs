//! Closing: everything that waits is finished, and nothing more is taken.

use super::fixture::{events, instance, new_key, size, store_all, tenant};
use super::{Broken, Verdict, ensure};
use crate::batch::Batch;
use crate::contract::{Answer, LedgerStore};
use crate::error::StoreError;
use crate::record::LogRef;
use crate::registry::Change;

pub(super) async fn a_closed_store_takes_no_more_writes(store: &dyn LedgerStore) -> Verdict {
    let tenant = tenant(store, "acme").await?;
    let log = LogRef::main(&tenant);
    store_all(store, log, events(&tenant, 0, 3)?).await?;
    store.close().await?;
    let events = events(&tenant, 3, 1)?;
    closed("append", store.append(Batch { log, events })).await?;
    let key = Change::CreateKey(new_key("a-key", tenant.record.id));
    closed("administer", store.administer(key, Vec::new())).await?;
    closed("record_heads", store.record_heads()).await
}

async fn closed<T>(call: &str, answer: Answer<'_, T>) -> Verdict {
    match answer.await {
        Err(StoreError::Closed) => Ok(()),
        Err(other) => Err(Broken::new(format!("{call} after closing: {other:?}"))),
        Ok(_) => Err(Broken::new(format!("{call} was answered after closing"))),
    }
}

pub(super) async fn closing_signs_what_was_acknowledged(store: &dyn LedgerStore) -> Verdict {
    let tenant = tenant(store, "acme").await?;
    let own = instance(store).await?;
    let logs = [
        LogRef::main(&tenant),
        LogRef::access(&tenant),
        LogRef::main(&own),
    ];
    store_all(store, logs[0], events(&tenant, 0, 40)?).await?;
    let mut sizes = Vec::new();
    for log in logs {
        sizes.push(size(store, log).await?);
    }
    store.close().await?;
    for (log, size) in logs.into_iter().zip(sizes) {
        match store.head(log).await {
            // Reads may be over, too: what was signed then shows when the store is opened again.
            Err(StoreError::Closed) => {}
            answer => {
                let signed = answer?.signed.map_or(0, |signed| signed.size);
                ensure!(
                    signed >= size,
                    "closed with {signed} of {size} entries signed"
                );
            }
        }
    }
    Ok(())
}
