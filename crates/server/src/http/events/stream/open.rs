//! The streams that are open: how many of each tenant, what they share, and the signal that ends them.

use std::sync::Arc;

use ledger::name::TenantId;
use tokio::sync::watch;

use super::chunk::Chunks;
use crate::shares::{Held, TenantShares};

/// What all streams share.
#[derive(Debug)]
pub(crate) struct OpenStreams {
    running: Arc<TenantShares>,
    ending: watch::Sender<bool>,
    /// What was read of logs lately.
    pub(super) chunks: Chunks,
}

impl OpenStreams {
    /// At most `max` of each tenant.
    pub(crate) fn new(max: usize) -> Self {
        Self {
            running: TenantShares::each(max),
            ending: watch::Sender::new(false),
            chunks: Chunks::default(),
        }
    }

    /// A place for one more stream of the tenant, if there is one.
    pub(super) fn enter(&self, tenant: TenantId) -> Option<Held> {
        self.running.take(tenant, 1)
    }

    /// Ends every stream, those about to begin too.
    pub(crate) fn end(&self) {
        self.ending.send_replace(true);
    }

    /// The signal that ends streams, and exports.
    pub(crate) fn ending(&self) -> watch::Receiver<bool> {
        self.ending.subscribe()
    }
}
