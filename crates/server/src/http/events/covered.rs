//! Records and proofs of entries, read from the store in few calls.

use std::collections::BTreeMap;

use api::code;
use base64ct::{Base64, Encoding};
use ledger::hash::Hash;
use ledger::tlog_proof::TlogProof;
use ledger::tree::inclusion_plan;
use store::{LogRef, Record, SignedHead};

use crate::http::HttpError;
use crate::server::Server;

/// Most records that one call of the store reads.
const RECORDS_MAX: u64 = 1_024;

/// Entries of one log, each with its proof under the same checkpoint.
#[derive(Debug)]
pub(super) struct Covered {
    head: SignedHead,
    proofs: BTreeMap<u64, Vec<Hash>>,
}

impl Covered {
    /// The checkpoint.
    pub(super) fn note(&self) -> &str {
        &self.head.note
    }

    /// Entries that the checkpoint covers.
    pub(super) fn size(&self) -> u64 {
        self.head.size
    }

    /// The proof of one entry, the leaf's sibling first.
    pub(super) fn hashes(&self, seq: u64) -> Option<&[Hash]> {
        self.proofs.get(&seq).map(Vec::as_slice)
    }

    /// The proof of one entry as a `.tlog-proof` text.
    pub(super) fn tlog_proof(&self, seq: u64, extra: Option<Vec<u8>>) -> Result<String, HttpError> {
        let proof = TlogProof {
            extra,
            index: seq,
            hashes: self.hashes(seq).unwrap_or_default().to_vec(),
            checkpoint: self.head.note.clone(),
        };
        proof
            .encode()
            .map_err(|error| HttpError::internal(format!("writing a proof: {error}")))
    }
}

/// Waits for a checkpoint that covers every one of `seqs` and proves them under it.
pub(super) async fn prove(
    server: &Server,
    log: LogRef,
    seqs: &[u64],
) -> Result<Covered, HttpError> {
    let last = seqs.iter().max().copied().unwrap_or(0);
    let head = server.covering(log, last).await?.ok_or_else(|| {
        HttpError::new(code::NOT_SIGNED_YET, "no checkpoint covers the event yet").retry_after(1)
    })?;
    let mut proofs = BTreeMap::new();
    for seq in seqs {
        let damaged = |error| HttpError::internal(format!("proving {seq}: {error}"));
        let plan = inclusion_plan(*seq, head.size).map_err(damaged)?;
        let nodes = server.store.nodes(log, plan.nodes()).await?;
        proofs.insert(*seq, plan.assemble(&nodes).map_err(damaged)?);
    }
    Ok(Covered { head, proofs })
}

/// The records of `seqs`; neighbours are read together.
pub(super) async fn records(
    server: &Server,
    log: LogRef,
    seqs: &[u64],
) -> Result<BTreeMap<u64, Record>, HttpError> {
    let mut sorted = seqs.to_vec();
    sorted.sort_unstable();
    sorted.dedup();
    let mut found = BTreeMap::new();
    let mut rest = sorted.as_slice();
    while let Some(first) = rest.first().copied() {
        let run = rest.iter().zip(first..first + RECORDS_MAX);
        let length = run.take_while(|(seq, expected)| **seq == *expected).count();
        let (_, after) = rest.split_at(length);
        let range = first..first + length as u64;
        let records = server.store.records(log, range).await?;
        found.extend(records.into_iter().map(|record| (record.seq, record)));
        rest = after;
    }
    Ok(found)
}

/// Hashes as the wire writes them.
pub(super) fn base64_of(hashes: &[Hash]) -> impl Iterator<Item = String> + '_ {
    hashes.iter().map(|hash| Base64::encode_string(&hash.0))
}
