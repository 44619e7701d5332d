//! Inclusion proofs of many entries under one checkpoint.
//!
//! Promises: what neighbours' proofs share is fetched once; memory is bounded.

use std::collections::{BTreeMap, BTreeSet};

use ledger::hash::Hash;
use ledger::tree::{Node, ProofPlan, TreeError, inclusion_plan};
use store::{LedgerStore, LogRef, StoreError};

/// Hashes of inner nodes that are kept for later pages.
const KEPT_MAX: usize = 8_192;

/// Makes proofs under one size.
#[derive(Debug)]
pub(super) struct Prover {
    log: LogRef,
    size: u64,
    known: BTreeMap<Node, Hash>,
}

impl Prover {
    pub(super) fn new(log: LogRef, size: u64) -> Self {
        Self {
            log,
            size,
            known: BTreeMap::new(),
        }
    }

    /// The proofs of some entries, in their order.
    pub(super) async fn prove(
        &mut self,
        store: &dyn LedgerStore,
        seqs: &[u64],
    ) -> Result<Vec<Vec<Hash>>, StoreError> {
        let failed = |error: TreeError| StoreError::engine("planning a proof", error);
        let plans = seqs.iter().map(|seq| inclusion_plan(*seq, self.size));
        let plans: Vec<ProofPlan> = plans.collect::<Result<_, _>>().map_err(failed)?;
        if self.known.len() > KEPT_MAX {
            self.known.clear();
        }
        let wanted: BTreeSet<Node> = plans
            .iter()
            .flat_map(|plan| plan.nodes().iter().copied())
            .filter(|node| !self.known.contains_key(node))
            .collect();
        // By their place in the log: the store reads each tile once.
        let mut wanted: Vec<Node> = wanted.into_iter().collect();
        wanted.sort_by_key(|(level, index)| (index << level, *level));
        let hashes = store.nodes(self.log, &wanted).await?;
        self.known.extend(wanted.into_iter().zip(hashes));
        let mut proofs = Vec::with_capacity(plans.len());
        for plan in &plans {
            let nodes = plan.nodes().iter();
            let hashes: Option<Vec<Hash>> =
                nodes.map(|node| self.known.get(node).copied()).collect();
            let hashes = hashes.ok_or(StoreError::NotFound)?;
            proofs.push(plan.assemble(&hashes).map_err(failed)?);
        }
        Ok(proofs)
    }
}
