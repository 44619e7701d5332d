//! `veritrail serve`: puts the parts together and runs them.
//!
//! Promises: a first start makes keys, data, tenant `default` and an operator's key, in an order that a crash can't
//! leave unusable; an API key is printed only where a person asked or looks; what the configuration may claim is said in
//! one sentence. Must never make new keys for data that have some, or put a key into the server's own log.

mod demo;
mod first;
mod places;
mod settings;
mod welcome;

use std::io;
use std::net::TcpListener;
use std::path::Path;
use std::pin::Pin;
use std::sync::Arc;
use std::time::Duration;

use anyhow::Context as _;
use keys::durable::{Disk, RealDisk};
use keys::master::{KeysDirectory, KeysError};
use keys::signer::FileSigner;
use ledger::name::InstanceId;
use ledger::source::{Clock, Rng};
use query::Places;
use server::oidc::IdentityProvider;
use server::{AnchorSink, Config, Listener, Tls, TlsError};
use store::EventIndex;
use store_embedded::{EmbeddedStore, LayoutError, OpenError, Options};

use super::Ending;
use crate::anchor;
use crate::clock::SystemClock;
use crate::failure::Failure;
use crate::identity_provider;
use crate::keys_reading;
use crate::printer::Printer;
use crate::rng::SystemRng;

pub(crate) use places::refusals;
pub(crate) use settings::Serve;
pub(crate) use welcome::claim;

impl Serve {
    pub(crate) fn run(self, printer: &mut Printer) -> anyhow::Result<Ending> {
        let config = self.config()?;
        server::telemetry::start_log(&config.log);
        let parts = Parts::new()?;
        let tls = certificate(&config)?;
        let anchors = anchor::sinks(&config.anchor)?;
        let provider = identity_provider::reached(&config.oidc)?;
        let places = places::open(&config.geoip)?;
        // Before anything is made: a first start that fails for a busy port would have shown no key.
        let listener = TcpListener::bind(config.listen).map_err(|error| {
            Failure::unreachable(format!("can't listen on {}: {error}", config.listen))
                .hint("is another server running? --listen chooses another address")
        })?;
        let store = parts.open_store(&config, places)?;
        let runtime = tokio::runtime::Builder::new_multi_thread()
            .enable_all()
            .build()
            .context("starting the runtime")?;
        // With --demo it is the demo that is looked at.
        let may_show = self.print_key || (printer.is_watched() && !self.demo);
        let first = runtime.block_on(first::prepare(&self, &config, &parts, &*store, may_show))?;
        let address = listener.local_addr().context("reading the address")?;
        // Whoever reads that it is up may ask it to end, and it must end in order then.
        let mut shutdown: Shutdown = Box::pin(server::shutdown_signal());
        let asked = runtime.block_on(async {
            tokio::select! {
                biased;
                asked = &mut shutdown => Some(asked),
                () = std::future::ready(()) => None,
            }
        });
        if let Some(asked) = asked {
            return asked
                .map(|()| Ending::Done)
                .context("listening for signals");
        }
        // For the same reason: a signal to renew the certificate must not end it.
        let listener = runtime.block_on(async { listening(listener, tls) })?;
        welcome::print(&config, address, &first, printer);
        printer.flush();
        let outside = (anchors, provider);
        let ended = runtime.block_on(parts.serve(config, store, outside, listener, shutdown));
        // Blocking work that outlived the server's own patience must not hold up the end.
        runtime.shutdown_timeout(Duration::from_secs(5));
        ended.map(|()| Ending::Done)
    }
}

/// What is reached beyond this machine.
type Outside = (Vec<Arc<dyn AnchorSink>>, Option<Arc<dyn IdentityProvider>>);

/// Ready when a signal asks to end.
type Shutdown = Pin<Box<dyn Future<Output = io::Result<()>> + Send>>;

/// The real disk, clock and randomness of this process.
struct Parts {
    disk: Arc<dyn Disk>,
    clock: Arc<dyn Clock>,
    rng: Arc<dyn Rng>,
}

impl Parts {
    fn new() -> anyhow::Result<Self> {
        Ok(Self {
            disk: Arc::new(RealDisk),
            clock: Arc::new(SystemClock),
            rng: Arc::new(SystemRng::new().context("the system has no randomness")?),
        })
    }

    /// Opens or makes keys and data. Blocks: call it outside the runtime.
    fn open_store(
        &self,
        config: &Config,
        places: Arc<dyn Places>,
    ) -> anyhow::Result<Arc<EmbeddedStore>> {
        let keys = self.open_keys(&config.keys, &config.data)?;
        let signer = FileSigner::open(&keys).context("the signer can't be opened")?;
        let (disk, data) = (Arc::clone(&self.disk), config.data.clone());
        let (clock, rng) = (Arc::clone(&self.clock), Arc::clone(&self.rng));
        let options = Options {
            origin: config.origin.clone(),
            checkpoint_interval: Duration::from_millis(config.checkpoint_interval_ms),
            reserve_bytes: config.limits.reserve_disk_bytes,
            places,
            ..Options::new(disk, data, keys, Box::new(signer), clock, rng)
        };
        EmbeddedStore::open(options).map_err(refused)
    }

    /// Serves until a signal asks to end.
    async fn serve(
        &self,
        config: Config,
        store: Arc<EmbeddedStore>,
        (anchors, provider): Outside,
        listener: Listener,
        shutdown: Shutdown,
    ) -> anyhow::Result<()> {
        let shutdown = async {
            if let Err(error) = shutdown.await {
                tracing::error!(%error, "signals can't be heard; shutting down");
            }
        };
        let (clock, rng) = (Arc::clone(&self.clock), Arc::clone(&self.rng));
        let index = Arc::clone(&store) as Arc<dyn EventIndex>;
        server::serve(
            store, index, config, clock, rng, anchors, provider, listener, shutdown,
        )
        .await
        .context("the server ended")
    }

    fn open_keys(&self, directory: &Path, data: &Path) -> anyhow::Result<KeysDirectory> {
        match KeysDirectory::open(Arc::clone(&self.disk), directory) {
            Ok(keys) => return Ok(keys),
            Err(KeysError::Missing { .. } | KeysError::HalfInitialised { .. }) => {}
            Err(error) => return Err(keys_reading::unusable_directory(error).into()),
        }
        // Data that were made under other keys can't be continued under new ones.
        if self.disk.exists(&data.join("FORMAT"))? {
            let (data, keys) = (data.display(), directory.display());
            return Err(Failure::usage(format!("there are data in {data}, but no keys in {keys}"))
                .hint("name the keys directory of these data with --keys, or restore it from its backup")
                .into());
        }
        let instance = InstanceId::random(&*self.rng);
        let made = KeysDirectory::create(Arc::clone(&self.disk), directory, &*self.rng, instance);
        Ok(made?)
    }
}

/// The certificate, if one is configured.
fn certificate(config: &Config) -> anyhow::Result<Option<Tls>> {
    let Some((cert, key)) = config.tls.files() else {
        return Ok(None);
    };
    let tls = Tls::open(cert, key).map_err(|error: TlsError| {
        let cause = std::error::Error::source(&error).map(|cause| format!(": {cause}"));
        Failure::usage(format!("{error}{}", cause.unwrap_or_default()))
            .hint("see --tls-cert and --tls-key")
    })?;
    Ok(Some(tls))
}

/// The socket as the runtime wants it. Call it inside.
fn listening(socket: TcpListener, tls: Option<Tls>) -> anyhow::Result<Listener> {
    socket.set_nonblocking(true).context("listening")?;
    let socket = tokio::net::TcpListener::from_std(socket).context("listening")?;
    match tls {
        None => Ok(Listener::plain(socket)),
        Some(tls) => Listener::secure(socket, tls).context("listening for signals"),
    }
}

/// What a store that does not open means for the exit code.
fn refused(error: OpenError) -> anyhow::Error {
    let message = error.to_string();
    match error {
        OpenError::RolledBack { .. } | OpenError::Tampered { .. } | OpenError::Registry { .. } => {
            Failure::tampered(message).into()
        }
        OpenError::ForeignKeys { .. }
        | OpenError::Layout(
            LayoutError::Missing { .. }
            | LayoutError::Newer { .. }
            | LayoutError::Foreign { .. }
            | LayoutError::HalfInitialised { .. },
        ) => Failure::usage(message).into(),
        other => other.into(),
    }
}
