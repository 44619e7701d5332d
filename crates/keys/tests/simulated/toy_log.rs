//! A log of made-up leaves that can prove its growth, and lie about its past.

use ledger::hash::Hash;
use ledger::name::LogId;
use ledger::tree::{TreeError, consistency_proof, root_from_nodes};

use keys::signer::Extension;

/// Leaves are made from the story, so that two stories are two histories of one log.
#[derive(Clone, Copy, Debug)]
pub(crate) struct ToyLog {
    pub(crate) id: LogId,
    pub(crate) story: u8,
}

impl ToyLog {
    pub(crate) fn new(number: u8) -> Self {
        Self {
            id: LogId([number; 16]),
            story: 0,
        }
    }

    /// The same log with another history.
    pub(crate) fn rewritten(self) -> Self {
        Self {
            story: self.story + 1,
            ..self
        }
    }

    pub(crate) fn origin(&self) -> String {
        format!("veritrail.invalid/abab/{}", self.id)
    }

    pub(crate) fn root(&self, size: u64) -> Hash {
        root_from_nodes::<TreeError>(size, &mut |level, index| Ok(self.node(level, index))).unwrap()
    }

    /// From the head last signed (0 for none) to a new size.
    pub(crate) fn extension(&self, signed: u64, size: u64) -> Extension {
        let proof = if signed == 0 || signed >= size {
            vec![]
        } else {
            let mut node = |level, index| Ok(self.node(level, index));
            consistency_proof::<TreeError>(signed, size, &mut node).unwrap()
        };
        Extension {
            log: self.id,
            origin: self.origin(),
            size,
            root: self.root(size),
            proof,
        }
    }

    fn node(&self, level: u8, index: u64) -> Hash {
        if level == 0 {
            Hash::leaf(&[&[self.story], &index.to_be_bytes()[..]].concat())
        } else {
            Hash::node(
                &self.node(level - 1, index * 2),
                &self.node(level - 1, index * 2 + 1),
            )
        }
    }
}
