//! The search tree of a database, looked at node by node before anything follows it.
//!
//! Promises: takes time in proportion to the file. Without this, a tree whose nodes point back or are shared would have
//! more ways through it than could ever be gone.

/// Where IPv4 begins in a tree of IPv6: the one node that others may lead to again, from the networks that carry it.
const IPV4_DEPTH: usize = 96;
/// Zero bytes between the tree and the data.
const SEPARATOR_BYTES: usize = 16;

/// The tree's bytes and how they are read.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Tree<'a> {
    bytes: &'a [u8],
    nodes: usize,
    /// Bits of one of a node's two records: 24, 28 or 32.
    record_bits: usize,
    /// Bits of an address.
    address_bits: usize,
}

/// A node that is to be looked at.
#[derive(Clone, Copy, Debug, Default)]
struct Step {
    node: usize,
    depth: usize,
    /// Whether it is behind the node where IPv4 begins, or is that node.
    in_ipv4: bool,
}

/// What is wrong with a tree.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum TreeError {
    /// The file ends before it.
    #[error("the search tree is cut off")]
    CutOff,
    /// Two nodes lead to one, or one to itself.
    #[error("the search tree leads to a node twice")]
    MetTwice,
    /// Deeper than addresses are long.
    #[error("the search tree is deeper than addresses are long")]
    TooDeep,
    /// Something else begins where it ends.
    #[error("the search tree does not end where it should")]
    NoEnd,
}

impl<'a> Tree<'a> {
    /// The tree at the beginning of a file; its metadata say the rest.
    pub(crate) fn new(bytes: &'a [u8], nodes: u32, record_bits: u16, ip_version: u16) -> Self {
        Self {
            bytes,
            nodes: nodes as usize,
            record_bits: usize::from(record_bits),
            address_bits: if ip_version == 6 { 128 } else { 32 },
        }
    }

    /// Goes through every node once.
    pub(crate) fn check(self) -> Result<(), TreeError> {
        let shared = self.ipv4_start()?;
        let mut met = vec![0_u64; self.nodes / 64 + 1];
        // Never deeper than an address is long: two nodes a level at most.
        let mut ahead = vec![Step::default()];
        while let Some(Step {
            node,
            depth,
            in_ipv4,
        }) = ahead.pop()
        {
            if node >= self.nodes {
                continue;
            }
            if depth >= self.address_bits {
                return Err(TreeError::TooDeep);
            }
            let word = met.get_mut(node / 64).ok_or(TreeError::CutOff)?;
            let bit = 1 << (node % 64);
            if *word & bit != 0 {
                if Some(node) == shared && !in_ipv4 {
                    continue;
                }
                return Err(TreeError::MetTwice);
            }
            *word |= bit;
            let in_ipv4 = in_ipv4 || Some(node) == shared;
            // The way of zeros first: it is the one that others lead to.
            for side in [1, 0] {
                ahead.push(Step {
                    node: self.child(node, side)?,
                    depth: depth + 1,
                    in_ipv4,
                });
            }
        }
        let end = self.end();
        let separator = self.bytes.get(end - SEPARATOR_BYTES..end);
        match separator {
            None => Err(TreeError::CutOff),
            Some(bytes) if bytes.iter().any(|byte| *byte != 0) => Err(TreeError::NoEnd),
            Some(_) => Ok(()),
        }
    }

    /// Where the data begin.
    pub(crate) fn end(self) -> usize {
        self.nodes * self.record_bits / 4 + SEPARATOR_BYTES
    }

    /// The node that all of IPv4 is behind, in a tree of IPv6.
    fn ipv4_start(self) -> Result<Option<usize>, TreeError> {
        if self.address_bits != 128 {
            return Ok(None);
        }
        let mut node = 0;
        for _ in 0..IPV4_DEPTH {
            if node >= self.nodes {
                return Ok(None);
            }
            node = self.child(node, 0)?;
        }
        Ok(Some(node))
    }

    /// What one side of a node leads to.
    fn child(self, node: usize, side: usize) -> Result<usize, TreeError> {
        let size = self.record_bits / 4;
        let bytes = self.bytes.get(node * size..(node + 1) * size);
        let number = |bytes: &[u8]| {
            bytes
                .iter()
                .fold(0, |all, byte| all << 8 | usize::from(*byte))
        };
        let child = bytes.and_then(|bytes| match self.record_bits {
            28 => {
                let (sides, shared) = ([bytes.get(..3)?, bytes.get(4..)?], *bytes.get(3)?);
                let high = if side == 0 { shared >> 4 } else { shared & 15 };
                Some(usize::from(high) << 24 | number(sides.get(side)?))
            }
            _ => bytes.chunks_exact(size / 2).nth(side).map(number),
        });
        child.ok_or(TreeError::CutOff)
    }
}
