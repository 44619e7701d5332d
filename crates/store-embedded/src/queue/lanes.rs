//! Batches that wait, a lane for each tenant, taken in turns: deficit round robin.
//!
//! Promises: batches of one tenant keep their order; a tenant's batch is taken after at most one turn of each other
//! tenant that waits, however much those have waiting; a tenant alone is taken from as from a plain queue. Memory is
//! what waits: a lane that is empty is forgotten.

use std::collections::{BTreeMap, VecDeque};

use ledger::name::TenantId;

use super::Job;

/// Bytes that one turn is worth. A batch that costs more waits for several of its tenant's turns.
const TURN_BYTES: usize = 64 * 1024;
/// What a batch costs besides its bytes, so that many small ones are not cheaper than they are.
const JOB_BYTES: usize = 512;

/// All lanes.
#[derive(Debug, Default)]
pub(super) struct Lanes {
    by_tenant: BTreeMap<TenantId, Lane>,
    /// Every tenant with a lane, the one whose turn it is first.
    turns: VecDeque<TenantId>,
    /// Whether the first one's turn had begun when the last group was full.
    interrupted: bool,
    waiting: Load,
}

/// So much that waits.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(super) struct Load {
    pub(super) jobs: usize,
    pub(super) bytes: usize,
}

/// What waits of one tenant; never empty.
#[derive(Debug, Default)]
struct Lane {
    jobs: VecDeque<(Job, usize)>,
    waiting: Load,
    /// What is left of its turns, in bytes; lost when the lane is empty.
    credit: usize,
}

impl Lanes {
    pub(super) fn is_empty(&self) -> bool {
        self.turns.is_empty()
    }

    /// What waits of all.
    pub(super) fn load(&self) -> Load {
        self.waiting
    }

    /// What waits of one tenant.
    pub(super) fn load_of(&self, tenant: TenantId) -> Load {
        let lane = self.by_tenant.get(&tenant);
        lane.map(|lane| lane.waiting).unwrap_or_default()
    }

    /// Puts a batch of `size` bytes at the end of its tenant's lane.
    pub(super) fn push(&mut self, tenant: TenantId, job: Job, size: usize) {
        let lane = self.by_tenant.entry(tenant).or_default();
        if lane.jobs.is_empty() {
            self.turns.push_back(tenant);
        }
        lane.jobs.push_back((job, size));
        lane.waiting.add(size);
        self.waiting.add(size);
    }

    /// Takes batches in turns, at most `bytes_max` together; the first one may have more alone.
    pub(super) fn take(&mut self, bytes_max: usize) -> Vec<Job> {
        let mut group = Vec::new();
        let mut left = bytes_max;
        while let Some(tenant) = self.turns.pop_front() {
            let Some(lane) = self.by_tenant.get_mut(&tenant) else {
                continue;
            };
            // Nobody else waits: no turns to wait for.
            let alone = self.turns.is_empty();
            let begun = std::mem::take(&mut self.interrupted);
            if !alone && !begun {
                lane.credit = lane.credit.saturating_add(TURN_BYTES);
            }
            let fits = lane.take_turn(alone, &mut left, &mut group, &mut self.waiting);
            if lane.jobs.is_empty() {
                self.by_tenant.remove(&tenant);
            } else if fits {
                self.turns.push_back(tenant);
            } else {
                // Its turn goes on in the next group.
                self.turns.push_front(tenant);
                self.interrupted = true;
                break;
            }
        }
        group
    }
}

impl Lane {
    /// Takes what its credit allows, all of it where that does not count. `false` when the group is full.
    fn take_turn(
        &mut self,
        alone: bool,
        left: &mut usize,
        group: &mut Vec<Job>,
        all: &mut Load,
    ) -> bool {
        while let Some((_, size)) = self.jobs.front() {
            let size = *size;
            let cost = size.saturating_add(JOB_BYTES);
            if !alone && cost > self.credit {
                return true;
            }
            if size > *left && !group.is_empty() {
                return false;
            }
            self.credit = self.credit.saturating_sub(cost);
            *left = left.saturating_sub(size);
            self.waiting.subtract(size);
            all.subtract(size);
            group.extend(self.jobs.pop_front().map(|(job, _)| job));
        }
        true
    }
}

impl Load {
    fn add(&mut self, size: usize) {
        self.jobs += 1;
        self.bytes += size;
    }

    fn subtract(&mut self, size: usize) {
        self.jobs -= 1;
        self.bytes -= size;
    }
}

#[cfg(test)]
mod tests;
