//! The index: how it is doing, and making it anew. For operators.

pub(super) mod rebuild;
pub(super) mod show;

use api::{Index, Progress};
use store::index::IndexHealth;

/// An index's health on the wire.
pub(super) fn shown(health: &IndexHealth) -> Index {
    Index {
        unavailable: health.unavailable.clone(),
        indexed: health.indexed,
        waiting: health.waiting,
        bytes: health.bytes,
        rebuilding: health
            .rebuilding
            .map(|(done, total)| Progress { done, total }),
    }
}
