//! Signing: checkpoints of what is stored, each extending the one before.

use ledger::hash::Hash;
use ledger::note::{Note, VerifierKey};
use ledger::tree::{consistency_plan, inclusion_plan, verify_consistency, verify_inclusion};

use super::fixture::{
    all_records, check_signature, events, opening, root_of, size, store_all, tenant,
};
use super::{Broken, Verdict, ensure};
use crate::contract::LedgerStore;
use crate::error::StoreError;
use crate::record::{LogRef, SignedHead};

/// Batch sizes that end at, before and after powers of two.
const BATCHES: [u64; 12] = [1, 1, 1, 3, 1, 7, 2, 15, 1, 33, 64, 130];

/// Appends batches and collects a checkpoint after each.
async fn checkpoints(store: &dyn LedgerStore, log: LogRef) -> Result<Vec<SignedHead>, Broken> {
    let owner = super::fixture::existing(store, log.tenant()).await?;
    let mut heads = Vec::new();
    for count in BATCHES {
        let next = size(store, log).await?;
        store_all(store, log, events(&owner, next, count)?).await?;
        heads.push(store.signed_past(log, next + count - 1).await?);
    }
    Ok(heads)
}

pub(super) async fn every_checkpoint_is_signed_over_the_records(
    store: &dyn LedgerStore,
) -> Verdict {
    let tenant = tenant(store, "acme").await?;
    for log in [LogRef::main(&tenant), LogRef::access(&tenant)] {
        let heads = checkpoints(store, log).await?;
        let records = all_records(store, log).await?;
        let mut least = 1;
        for (head, count) in heads.iter().zip(BATCHES) {
            least += count;
            ensure!(
                head.size >= least,
                "asked to cover {least} entries, a checkpoint covers {}",
                head.size
            );
            ensure!(
                root_of(&records, head.size)? == head.root,
                "a checkpoint of {} entries has another root than the records",
                head.size
            );
            check_signature(store, log, head).await?;
        }
        let newest = store.head(log).await?.signed;
        let newest = newest.ok_or_else(|| Broken::new("the head shows no checkpoint"))?;
        ensure!(
            newest.size >= least && newest.size <= records.len() as u64,
            "the newest checkpoint covers {} of {} entries",
            newest.size,
            records.len()
        );
        check_signature(store, log, &newest).await?;
    }
    Ok(())
}

pub(super) async fn every_checkpoint_extends_the_one_before(store: &dyn LedgerStore) -> Verdict {
    let tenant = tenant(store, "acme").await?;
    let log = LogRef::main(&tenant);
    let heads = checkpoints(store, log).await?;
    for (index, old) in heads.iter().enumerate() {
        for new in heads.iter().skip(index) {
            ensure!(
                old.size <= new.size,
                "a checkpoint of {} follows one of {}",
                new.size,
                old.size
            );
            let plan = consistency_plan(old.size, new.size).map_err(broken)?;
            let nodes = store.nodes(log, plan.nodes()).await?;
            let proof = plan.assemble(&nodes).map_err(broken)?;
            verify_consistency(old.size, new.size, &old.root, &new.root, &proof).map_err(
                |error| {
                    Broken::new(format!(
                        "{} does not extend {}: {error}",
                        new.size, old.size
                    ))
                },
            )?;
        }
    }
    Ok(())
}

pub(super) async fn every_entry_is_proven_to_be_included(store: &dyn LedgerStore) -> Verdict {
    let tenant = tenant(store, "acme").await?;
    let log = LogRef::main(&tenant);
    let heads = checkpoints(store, log).await?;
    let head = heads.last().ok_or_else(|| Broken::new("no checkpoint"))?;
    for record in all_records(store, log)
        .await?
        .iter()
        .filter(|it| it.seq < head.size)
    {
        let plan = inclusion_plan(record.seq, head.size).map_err(broken)?;
        let nodes = store.nodes(log, plan.nodes()).await?;
        let proof = plan.assemble(&nodes).map_err(broken)?;
        let leaf = Hash::leaf(&record.entry);
        verify_inclusion(record.seq, head.size, &leaf, &proof, &head.root)
            .map_err(|error| Broken::new(format!("entry {} is not proven: {error}", record.seq)))?;
    }
    Ok(())
}

pub(super) async fn a_covered_entry_is_answered_without_waiting(
    store: &dyn LedgerStore,
) -> Verdict {
    let tenant = tenant(store, "acme").await?;
    let log = LogRef::main(&tenant);
    store_all(store, log, events(&tenant, 0, 9)?).await?;
    let newest = store.signed_past(log, 9).await?;
    for seq in 0..newest.size {
        let head = store.signed_past(log, seq).await?;
        ensure!(
            head.size > seq,
            "a checkpoint of {} was said to cover place {seq}",
            head.size
        );
    }
    Ok(())
}

pub(super) async fn manifests_of_exports_are_signed_and_nothing_else(
    store: &dyn LedgerStore,
) -> Verdict {
    let tenant = tenant(store, "acme").await?;
    for log in [LogRef::main(&tenant), LogRef::access(&tenant)] {
        let head = store.signed_past(log, 0).await?;
        let text = format!("{}\n{{\n}}\n", ledger::export::HEADING);
        let note = store.sign_export(log, &text).await?;
        let opening = opening(store, log).await?;
        let key = VerifierKey::parse(&opening.vkey)
            .map_err(|error| Broken::new(format!("the vkey of entry 0: {error}")))?;
        let verified = Note::parse(&note).and_then(|note| note.verify(&[key]));
        let verified = verified
            .map_err(|error| Broken::new(format!("a manifest does not verify: {error}")))?;
        ensure!(
            verified.text() == text,
            "another manifest was signed than the one that was asked for"
        );
        let checkpoint = Note::parse(&head.note).map_err(|error| Broken::new(error.to_string()))?;
        let forged = format!("{}\n99999\n{}\n", opening.origin, "A".repeat(43) + "=");
        for refused in [
            "",
            "veritrail/export/1\n",
            &format!("{}{text}", opening.origin),
            &forged,
            checkpoint.unverified_text(),
        ] {
            let answer = store.sign_export(log, refused).await;
            ensure!(
                matches!(answer, Err(StoreError::Engine { .. })),
                "a text was signed that is no manifest of an export"
            );
        }
    }
    Ok(())
}

fn broken(error: ledger::tree::TreeError) -> Broken {
    Broken::new(error.to_string())
}
