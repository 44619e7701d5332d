//! Sockets: accepting, bounding and ending connections; the order of shutdown.
//!
//! Promises: at shutdown no request that was begun is dropped before its time, summaries are recorded, and the store is
//! closed last; who is slow to shake hands holds up nobody else. Must never: accept more connections than configured,
//! those that have not shaken hands yet among them.

use std::convert::Infallible;
use std::future::Future;
use std::io;
use std::pin::pin;
use std::sync::Arc;
use std::time::Duration;

use axum::Router;
use axum::body::Body;
use axum::http::{Request, Response};
use hyper::body::Incoming;
use hyper::server::conn::http1;
use hyper::service::service_fn;
use hyper_util::rt::{TokioIo, TokioTimer};
use ledger::source::{Clock, Rng};
use store::{EventIndex, LedgerStore, StoreError};
use tokio::io::{AsyncRead, AsyncWrite};
use tokio::net::{TcpListener, TcpStream};
use tokio_rustls::server::TlsStream;
use tower::ServiceExt;

use crate::anchor::AnchorSink;
use crate::auth::Peer;
use crate::config::Config;
use crate::http::router;
use crate::jobs;
use crate::listener::Listener;
use crate::oidc::IdentityProvider;
use crate::server::Server;
use crate::tasks::{Stop, Tasks};
use crate::tls::Tls;

/// Why the service ended other than asked.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum ServeError {
    /// The store could not begin or end.
    #[error("the store failed")]
    Store(#[from] StoreError),
    /// The listener failed.
    #[error("listening failed")]
    Listen(#[from] io::Error),
}

/// How long to wait after accepting failed: for want of file descriptors, most likely.
const ACCEPT_RETRY: Duration = Duration::from_millis(50);
/// How long jobs may take to end.
const JOBS_PATIENCE: Duration = Duration::from_secs(10);
/// Largest request head in bytes.
const HEAD_BYTES_MAX: usize = 64 * 1024;
/// Most header lines of a request.
const HEADERS_MAX: usize = 64;

/// Serves until `shutdown` is ready, then ends in order: accepts no more, lets requests end, ends the jobs, records
/// summaries, closes the store.
///
/// # Errors
/// [`ServeError`] when the store or the listener fails; never for a single request.
#[expect(
    clippy::too_many_arguments,
    reason = "everything that a service is made of, at its one making"
)]
pub async fn serve(
    store: Arc<dyn LedgerStore>,
    index: Arc<dyn EventIndex>,
    config: Config,
    clock: Arc<dyn Clock>,
    rng: Arc<dyn Rng>,
    anchors: Vec<Arc<dyn AnchorSink>>,
    provider: Option<Arc<dyn IdentityProvider>>,
    listener: Listener,
    shutdown: impl Future<Output = ()> + Send,
) -> Result<(), ServeError> {
    let server =
        Server::with_people(Arc::clone(&store), index, config, clock, rng, provider).await?;
    server.record_lifecycle("veritrail.server.started").await;
    let mut background = Tasks::new();
    let Listener { socket, secure } = listener;
    let tls = secure.as_ref().map(|secure| Arc::clone(&secure.tls));
    jobs::start(&server, anchors, secure, &mut background);
    let connections = accept(&server, socket, tls, shutdown).await;
    tracing::info!(connections = connections.count(), "shutting down");
    server.streams.end();
    let patience = Duration::from_secs(server.config.limits.shutdown_seconds);
    connections.join(patience).await;
    background.join(JOBS_PATIENCE).await;
    server.record_all_totals().await;
    server.record_lifecycle("veritrail.server.stopped").await;
    Ok(store.close().await?)
}

/// Waits for SIGTERM or SIGINT.
///
/// # Errors
/// The system's, when signals can't be listened for.
pub async fn shutdown_signal() -> io::Result<()> {
    use tokio::signal::unix::{SignalKind, signal};
    let mut terminate = signal(SignalKind::terminate())?;
    let mut interrupt = signal(SignalKind::interrupt())?;
    tokio::select! {
        _ = terminate.recv() => {}
        _ = interrupt.recv() => {}
    }
    Ok(())
}

/// Accepts until `shutdown` is ready; answers the connections that still run.
async fn accept(
    server: &Arc<Server>,
    listener: TcpListener,
    tls: Option<Arc<Tls>>,
    shutdown: impl Future<Output = ()> + Send,
) -> Tasks {
    let mut connections = Tasks::new();
    let routes = router(Arc::clone(server));
    let header_timeout = Duration::from_secs(server.config.limits.header_timeout_seconds);
    let mut shutdown = pin!(shutdown);
    loop {
        let room = connections.count() < server.config.limits.connections;
        tokio::select! {
            () = &mut shutdown => return connections,
            () = connections.reap() => {}
            accepted = listener.accept(), if room => match accepted {
                Ok((stream, from)) => {
                    // Without it small answers wait for acknowledgements.
                    _ = stream.set_nodelay(true);
                    let (routes, stop) = (routes.clone(), connections.stop());
                    match tls.clone() {
                        None => connections.spawn(connection(stream, (routes, Peer(from.ip())), header_timeout, stop)),
                        Some(tls) => {
                            let shaken = secured(tls, stream, header_timeout, stop.clone());
                            connections.spawn(async move {
                                if let Some(stream) = shaken.await {
                                    connection(stream, (routes, Peer(from.ip())), header_timeout, stop).await;
                                }
                            });
                        }
                    }
                }
                Err(error) => {
                    tracing::warn!(%error, "a connection was not accepted");
                    tokio::time::sleep(ACCEPT_RETRY).await;
                }
            },
        }
    }
}

/// Shakes hands within the time of a request's head; `None` for who does not.
async fn secured(
    tls: Arc<Tls>,
    stream: TcpStream,
    patience: Duration,
    mut stop: Stop,
) -> Option<TlsStream<TcpStream>> {
    let shaken = tokio::select! {
        shaken = tokio::time::timeout(patience, tls.shake_hands(stream)) => shaken,
        () = stop.stopped() => return None,
    };
    match shaken {
        Ok(Ok(stream)) => stream,
        Ok(Err(error)) => {
            tracing::debug!(%error, "no handshake");
            None
        }
        Err(_) => {
            tracing::debug!("no handshake in time");
            None
        }
    }
}

/// Serves one connection until it ends, or until its running request has ended after `stop`.
async fn connection(
    stream: impl AsyncRead + AsyncWrite + Send + Unpin + 'static,
    (routes, peer): (Router, Peer),
    header_timeout: Duration,
    mut stop: Stop,
) {
    let service = service_fn(move |mut request: Request<Incoming>| {
        request.extensions_mut().insert(peer);
        let routes = routes.clone();
        async move {
            let response: Result<Response<Body>, Infallible> =
                routes.oneshot(request.map(Body::new)).await;
            response
        }
    });
    let mut builder = http1::Builder::new();
    builder
        .timer(TokioTimer::new())
        .header_read_timeout(header_timeout)
        .max_headers(HEADERS_MAX)
        .max_header_size(HEAD_BYTES_MAX);
    let mut served = pin!(builder.serve_connection(TokioIo::new(stream), service));
    let ended = tokio::select! {
        ended = served.as_mut() => ended,
        () = stop.stopped() => {
            served.as_mut().graceful_shutdown();
            served.await
        }
    };
    if let Err(error) = ended {
        // The client went away or was too slow; its requests were answered or not, and are logged on their own.
        tracing::debug!(%error, "a connection ended early");
    }
}
