//! The names of one directory: those that are seen, and those that would survive a crash.

use std::collections::BTreeMap;

use super::chance::Chance;

/// Names and the nodes they lead to. `pending` holds what changed since the last sync of the directory, oldest first.
#[derive(Clone, Debug, Default)]
pub(super) struct DirectoryNode {
    pub(super) current: BTreeMap<String, u64>,
    durable: BTreeMap<String, u64>,
    pending: Vec<Change>,
}

/// One operation on a directory: kept whole or lost whole.
#[derive(Clone, Debug)]
pub(super) enum Change {
    Link { name: String, node: u64 },
    Unlink { name: String, node: u64 },
    Rename { from: String, to: String, node: u64 },
}

impl DirectoryNode {
    pub(super) fn change(&mut self, change: Change) {
        change.apply(&mut self.current);
        self.pending.push(change);
    }

    /// Every change becomes durable.
    pub(super) fn sync(&mut self) {
        self.settle(|| true);
    }

    /// Each change becomes durable, or never will, by chance.
    pub(super) fn settle_some(&mut self, chance: &mut Chance) {
        self.settle(|| chance.coin());
    }

    /// No change since the last sync ever becomes durable.
    pub(super) fn settle_none(&mut self) {
        self.pending.clear();
    }

    /// The directory as it is found after a crash.
    pub(super) fn survivor(&self) -> Self {
        Self {
            current: self.durable.clone(),
            durable: self.durable.clone(),
            pending: Vec::new(),
        }
    }

    fn settle(&mut self, mut keeps: impl FnMut() -> bool) {
        for change in std::mem::take(&mut self.pending) {
            if keeps() {
                change.apply(&mut self.durable);
            }
        }
    }
}

impl Change {
    /// Changes before this one may be missing, so a name is only taken away while it leads to the node meant.
    fn apply(&self, names: &mut BTreeMap<String, u64>) {
        match self {
            Self::Link { name, node } => {
                names.insert(name.clone(), *node);
            }
            Self::Unlink { name, node } => {
                names.retain(|known, leads_to| !(known == name && leads_to == node));
            }
            Self::Rename { from, to, node } => {
                names.retain(|known, leads_to| !(known == from && leads_to == node));
                names.insert(to.clone(), *node);
            }
        }
    }
}
