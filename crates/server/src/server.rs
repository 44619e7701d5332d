//! What every handler and job shares.

use std::num::NonZero;
use std::sync::Arc;
use std::time::Duration;

use ledger::name::TenantId;
use ledger::source::{Clock, Rng};
use store::{EventIndex, LedgerStore, LogRef, SignedHead, StoreError, Tenant};
use tokio::sync::Semaphore;

use crate::access::{OpenSearches, ReadTotals};
use crate::anchor::SinkStates;
use crate::auth::{Attempts, Caller, Destination, RefusalCounts, Sessions};
use crate::config::Config;
use crate::http::conflicts::ConflictBudget;
use crate::http::quota::EventQuota;
use crate::http::searches::Searches;
use crate::http::{Exports, HttpError, OpenStreams};
use crate::oidc::{IdentityProvider, Oidc};
use crate::own::{Actor, OwnEvent};
use crate::shares::{Held, TenantShares};
use crate::sources::Sources;
use crate::telemetry::Metrics;
use crate::verification::Verifications;

/// How long requests wait for a checkpoint.
const SIGNING_PATIENCE: Duration = Duration::from_secs(5);

/// The service without its sockets. Fields are shared by all requests; each guards itself.
#[derive(Debug)]
pub struct Server {
    pub(crate) store: Arc<dyn LedgerStore>,
    /// How the store's events are found.
    pub(crate) index: Arc<dyn EventIndex>,
    pub(crate) config: Config,
    pub(crate) clock: Arc<dyn Clock>,
    pub(crate) rng: Arc<dyn Rng>,
    /// The instance's own tenant, whose keys our instance records are made with.
    pub(crate) instance: Arc<Tenant>,
    pub(crate) metrics: Metrics,
    pub(crate) refusals: RefusalCounts,
    /// Browsers that are signed in.
    pub(crate) sessions: Sessions,
    /// How often people tried to sign in.
    pub(crate) attempts: Attempts,
    /// The provider that people sign in with.
    pub(crate) oidc: Option<Oidc>,
    pub(crate) totals: ReadTotals,
    pub(crate) open_searches: OpenSearches,
    pub(crate) streams: OpenStreams,
    pub(crate) exports: Exports,
    pub(crate) conflicts: ConflictBudget,
    /// What deliveries of vendors share.
    pub(crate) sources: Sources,
    /// Checks of logs that somebody asked for.
    pub(crate) verifications: Verifications,
    /// How anchors fared.
    pub(crate) sinks: SinkStates,
    /// Events that each tenant may send.
    pub(crate) quota: EventQuota,
    /// Searches of each tenant that run.
    pub(crate) searches: Searches,
    /// Requests in flight.
    pub(crate) requests: Arc<Semaphore>,
    /// The same by tenant, of those that signed in.
    turns: Arc<TenantShares>,
    /// Body bytes in memory, in KiB.
    pub(crate) bodies: Arc<TenantShares>,
    /// Cores that may prepare large batches at once.
    pub(crate) cores: Arc<Semaphore>,
}

impl Server {
    /// Takes a store that is open, both halves of it.
    ///
    /// # Errors
    /// What the store answers when asked for the instance's own tenant.
    pub async fn new(
        store: Arc<dyn LedgerStore>,
        index: Arc<dyn EventIndex>,
        config: Config,
        clock: Arc<dyn Clock>,
        rng: Arc<dyn Rng>,
    ) -> Result<Arc<Self>, StoreError> {
        Self::with_people(store, index, config, clock, rng, None).await
    }

    /// The same, where people sign in with the provider of the configuration.
    ///
    /// # Errors
    /// As [`Server::new`].
    pub async fn with_people(
        store: Arc<dyn LedgerStore>,
        index: Arc<dyn EventIndex>,
        config: Config,
        clock: Arc<dyn Clock>,
        rng: Arc<dyn Rng>,
        provider: Option<Arc<dyn IdentityProvider>>,
    ) -> Result<Arc<Self>, StoreError> {
        let oidc = provider.and_then(|provider| Oidc::new(&config, provider));
        let instance = store.tenant(store.instance().tenant).await?;
        let instance = instance.ok_or(StoreError::NotFound)?;
        let cores = std::thread::available_parallelism().map_or(1, NonZero::get);
        let body_kib = usize::try_from(config.limits.queue_bytes / 1024).unwrap_or(usize::MAX);
        Ok(Arc::new(Self {
            requests: Arc::new(Semaphore::new(config.limits.concurrent_requests)),
            turns: TenantShares::fair(config.limits.concurrent_requests),
            bodies: TenantShares::fair(body_kib),
            quota: EventQuota::new(&config.limits),
            searches: Searches::new(config.limits.tenant_searches),
            cores: Arc::new(Semaphore::new(cores)),
            streams: OpenStreams::new(config.limits.tenant_streams),
            exports: Exports::default(),
            sessions: Sessions::new(&config.ui),
            store,
            index,
            config,
            clock,
            rng,
            instance,
            metrics: Metrics::new(),
            refusals: RefusalCounts::default(),
            attempts: Attempts::default(),
            oidc,
            totals: ReadTotals::default(),
            open_searches: OpenSearches::default(),
            conflicts: ConflictBudget::default(),
            sources: Sources::new(),
            verifications: Verifications::default(),
            sinks: SinkStates::default(),
        }))
    }

    /// A place among the requests in flight, for as long as the answer is kept.
    pub(crate) fn turn(&self, tenant: TenantId) -> Result<Held, HttpError> {
        self.turns.take(tenant, 1).ok_or_else(|| {
            HttpError::new(
                api::code::BUSY,
                "nothing of the request was done; too many requests of this tenant at once",
            )
            .retry_after(1)
        })
    }

    /// Waits a while for a checkpoint that covers an entry; `None` if there is none by then.
    pub(crate) async fn covering(
        &self,
        log: LogRef,
        seq: u64,
    ) -> Result<Option<SignedHead>, StoreError> {
        let signed = self.store.signed_past(log, seq);
        let signed = tokio::time::timeout(SIGNING_PATIENCE, signed).await;
        signed.ok().transpose()
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

    /// Records what searches showed that have ended, or whose cursors expired, and the ends of exports that were cut off.
    pub async fn record_due_totals(&self) {
        self.end_due_sessions().await;
        self.flush_ended_searches().await;
        self.flush_cut_exports().await;
    }

    /// Records what was counted and not recorded yet: how much was read in bulk, and what searches showed.
    pub async fn record_all_totals(&self) {
        self.end_all_sessions().await;
        self.flush_all_totals().await;
        self.report_left_out().await;
        crate::jobs::summarise_refusals(self).await;
        self.flush_all_searches().await;
        self.flush_cut_exports().await;
    }

    /// Records a start or a stop; failing to is logged and keeps nobody from starting or stopping.
    pub(crate) async fn record_lifecycle(&self, operation: &'static str) {
        let event = OwnEvent::new(operation, Actor::System("veritrail"), "server");
        if let Err(error) = self.record_of_instance(&event).await {
            tracing::warn!(operation, error = %error, "not recorded");
        }
    }
}
