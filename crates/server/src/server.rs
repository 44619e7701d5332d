//! What every handler and job shares.

use std::num::NonZero;
use std::sync::Arc;

use ledger::source::{Clock, Rng};
use store::{LedgerStore, LogRef, StoreError, Tenant};
use tokio::sync::Semaphore;

use crate::access::ReadTotals;
use crate::auth::{Caller, Destination, RefusalCounts};
use crate::config::Config;
use crate::http::HttpError;
use crate::http::conflicts::ConflictBudget;
use crate::own::{Actor, OwnEvent};
use crate::telemetry::Metrics;

/// The service without its sockets. Fields are shared by all requests; each guards itself.
#[derive(Debug)]
pub struct Server {
    pub(crate) store: Arc<dyn LedgerStore>,
    pub(crate) config: Config,
    pub(crate) clock: Arc<dyn Clock>,
    pub(crate) rng: Arc<dyn Rng>,
    /// The instance's own tenant, whose keys our instance records are made with.
    pub(crate) instance: Arc<Tenant>,
    pub(crate) metrics: Metrics,
    pub(crate) refusals: RefusalCounts,
    pub(crate) totals: ReadTotals,
    pub(crate) conflicts: ConflictBudget,
    /// Requests in flight.
    pub(crate) requests: Arc<Semaphore>,
    /// Body bytes in memory, in KiB.
    pub(crate) body_kib: Arc<Semaphore>,
    /// Cores that may prepare large batches at once.
    pub(crate) cores: Arc<Semaphore>,
}

impl Server {
    /// Takes a store that is open.
    ///
    /// # Errors
    /// What the store answers when asked for the instance's own tenant.
    pub async fn new(
        store: Arc<dyn LedgerStore>,
        config: Config,
        clock: Arc<dyn Clock>,
        rng: Arc<dyn Rng>,
    ) -> Result<Arc<Self>, StoreError> {
        let instance = store.tenant(store.instance().tenant).await?;
        let instance = instance.ok_or(StoreError::NotFound)?;
        let cores = std::thread::available_parallelism().map_or(1, NonZero::get);
        let body_kib = usize::try_from(config.limits.queue_bytes / 1024).unwrap_or(usize::MAX);
        Ok(Arc::new(Self {
            requests: Arc::new(Semaphore::new(config.limits.concurrent_requests)),
            body_kib: Arc::new(Semaphore::new(body_kib.min(Semaphore::MAX_PERMITS))),
            cores: Arc::new(Semaphore::new(cores)),
            store,
            config,
            clock,
            rng,
            instance,
            metrics: Metrics::new(),
            refusals: RefusalCounts::default(),
            totals: ReadTotals::default(),
            conflicts: ConflictBudget::default(),
        }))
    }

    /// Records an event of our own and waits until it is durable.
    pub(crate) async fn record(
        &self,
        to: &Destination,
        event: &OwnEvent<'_>,
    ) -> Result<(), HttpError> {
        let prepared = event.prepare(&to.tenant, self.clock.wall(), &*self.rng)?;
        let batch = store::Batch {
            log: to.log,
            events: vec![prepared],
        };
        self.store.append(batch).await?;
        Ok(())
    }

    /// Records that the server itself did something, in the instance log.
    pub(crate) async fn record_of_instance(&self, event: &OwnEvent<'_>) -> Result<(), HttpError> {
        let to = Destination {
            log: LogRef::main(&self.instance),
            tenant: Arc::clone(&self.instance),
        };
        self.record(&to, event).await
    }

    /// What an administrative act of `caller` needs.
    pub(crate) fn administration<'a>(
        &'a self,
        caller: &'a Caller,
        to: &'a Destination,
    ) -> crate::admin::Administration<'a> {
        crate::admin::Administration {
            store: &*self.store,
            clock: &*self.clock,
            rng: &*self.rng,
            actor: caller.actor(),
            log: to.log,
            tenant: &to.tenant,
        }
    }

    /// Records a start or a stop; failing to is logged and keeps nobody from starting or stopping.
    pub(crate) async fn record_lifecycle(&self, operation: &'static str) {
        let event = OwnEvent::new(operation, Actor::System("veritrail"), "server");
        if let Err(error) = self.record_of_instance(&event).await {
            tracing::warn!(operation, error = %error, "not recorded");
        }
    }
}
