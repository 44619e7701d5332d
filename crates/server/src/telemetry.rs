//! What operators see: metrics, and the server's own log.
//!
//! Promises: a failed request is logged once, here, with its internal text; a route is logged by its pattern. Must
//! never: log a body, a key, a query string, a path's variable part or an id of a person.

use std::collections::BTreeMap;
use std::fmt::Write;
use std::sync::Arc;
use std::time::Duration;

use axum::extract::{MatchedPath, Request, State};
use axum::middleware::Next;
use axum::response::{IntoResponse, Response};
use ledger::time::Micros;
use prometheus_client::encoding::text::encode;
use prometheus_client::metrics::counter::Counter;
use prometheus_client::metrics::family::Family;
use prometheus_client::metrics::histogram::Histogram;
use prometheus_client::registry::Registry;
use query::Places;
use store::Health;
use store::index::IndexHealth;
use tracing_subscriber::filter::LevelFilter;

use crate::anchor::AnchorResult;
use crate::auth::RefusalReason;
use crate::config::{LogConfig, LogFormat, LogLevel};
use crate::http::{HttpError, Internal};
use crate::server::Server;

/// The server's counters.
#[derive(Debug)]
pub struct Metrics {
    registry: Registry,
    requests: Family<[(&'static str, String); 3], Counter>,
    seconds: Histogram,
    events: Family<[(&'static str, &'static str); 1], Counter>,
    sign_ins: Family<[(&'static str, &'static str); 1], Counter>,
    anchors: Family<[(&'static str, &'static str); 2], Counter>,
}

impl Metrics {
    /// All at zero.
    pub(crate) fn new() -> Self {
        let buckets = [
            0.001, 0.002, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1.0, 2.5, 10.0,
        ];
        let mut metrics = Self {
            registry: Registry::default(),
            requests: Family::default(),
            seconds: Histogram::new(buckets),
            events: Family::default(),
            sign_ins: Family::default(),
            anchors: Family::default(),
        };
        let registry = &mut metrics.registry;
        registry.register(
            "veritrail_http_requests",
            "Requests answered, by route, method and status",
            metrics.requests.clone(),
        );
        registry.register(
            "veritrail_http_request_seconds",
            "Time to answer",
            metrics.seconds.clone(),
        );
        registry.register(
            "veritrail_events",
            "Events received, by what became of them",
            metrics.events.clone(),
        );
        registry.register(
            "veritrail_sign_ins_refused",
            "Refused sign-ins, by reason",
            metrics.sign_ins.clone(),
        );
        registry.register(
            "veritrail_anchors",
            "Anchors, by the kind of place outside and what became of them there",
            metrics.anchors.clone(),
        );
        metrics
    }

    /// Counts what became of a request's events.
    pub(crate) fn received(&self, outcome: &'static str, count: u64) {
        if count > 0 {
            self.events
                .get_or_create(&[("outcome", outcome)])
                .inc_by(count);
        }
    }

    /// Counts a refused sign-in.
    pub(crate) fn refused_sign_in(&self, reason: RefusalReason) {
        self.sign_ins
            .get_or_create(&[("reason", reason.name())])
            .inc();
    }

    /// Shows a sink's counts from the start on, so that an alert can tell none from unknown.
    pub(crate) fn expect_anchors(&self, sink: &'static str) {
        for result in AnchorResult::ALL {
            drop(
                self.anchors
                    .get_or_create(&[("sink", sink), ("result", result.name())]),
            );
        }
    }

    /// Counts what became of an anchor.
    pub(crate) fn anchored(&self, sink: &'static str, result: AnchorResult) {
        self.anchors
            .get_or_create(&[("sink", sink), ("result", result.name())])
            .inc();
    }

    fn answered(&self, route: &str, method: &str, status: u16, micros: i64) {
        let labels = [
            ("route", route.to_owned()),
            ("method", method.to_owned()),
            ("status", status.to_string()),
        ];
        self.requests.get_or_create(&labels).inc();
        #[expect(
            clippy::cast_precision_loss,
            reason = "a request lasts far below 2^53 microseconds"
        )]
        self.seconds.observe(micros as f64 / 1e6);
    }

    /// The text that Prometheus scrapes, the store's figures included.
    pub(crate) fn text(&self, health: &Health, index: &IndexHealth, places: &Built<'_>) -> String {
        let mut text = String::new();
        // Writing to a String cannot fail.
        _ = encode(&mut text, &self.registry);
        let end = text.strip_suffix("# EOF\n").map(str::len);
        text.truncate(end.unwrap_or(text.len()));
        gauges(health, &mut text);
        index_gauges(index, &mut text);
        place_gauges(places, &mut text);
        text.push_str("# EOF\n");
        text
    }
}

/// The databases that say where addresses are, and the time that their age is told at.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Built<'a> {
    pub(crate) places: &'a dyn Places,
    pub(crate) now: Micros,
}

/// The store counts for itself; its figures are written as they are.
fn gauges(health: &Health, text: &mut String) {
    let Health {
        refusing,
        events_acknowledged,
        queue_batches,
        tail_bytes,
        unsigned_entries,
        journal_syncs,
        disk_free_bytes,
        signed_at,
        logs,
    } = health;
    let signed = signed_at.map_or(0, |at| at.as_micros() / 1_000_000);
    for (kind, name, help, value) in [
        (
            "gauge",
            "veritrail_refusing_writes",
            "1 while writes are refused",
            u64::from(refusing.is_some()),
        ),
        (
            "counter",
            "veritrail_events_acknowledged",
            "Events acknowledged since start",
            *events_acknowledged,
        ),
        (
            "gauge",
            "veritrail_queue_batches",
            "Batches that wait for the writer",
            *queue_batches,
        ),
        (
            "gauge",
            "veritrail_tail_bytes",
            "Bytes acknowledged and not packed yet",
            *tail_bytes,
        ),
        (
            "gauge",
            "veritrail_unsigned_entries",
            "Entries that no checkpoint covers yet",
            *unsigned_entries,
        ),
        (
            "counter",
            "veritrail_journal_syncs",
            "Syncs of the journal since start",
            *journal_syncs,
        ),
        (
            "gauge",
            "veritrail_disk_free_bytes",
            "Bytes free where the data lies",
            *disk_free_bytes,
        ),
        (
            "gauge",
            "veritrail_signed_at_seconds",
            "When the newest checkpoint was signed, since 1970",
            u64::try_from(signed).unwrap_or(0),
        ),
        ("gauge", "veritrail_logs", "Logs that exist", *logs),
    ] {
        gauge(kind, name, help, value, text);
    }
}

fn index_gauges(index: &IndexHealth, text: &mut String) {
    let IndexHealth {
        unavailable,
        indexed,
        waiting,
        bytes,
        rebuilding,
    } = index;
    for (name, help, value) in [
        (
            "veritrail_index_unavailable",
            "1 while searches are refused",
            u64::from(unavailable.is_some()),
        ),
        (
            "veritrail_index_rebuilding",
            "1 while the index is being built anew",
            u64::from(rebuilding.is_some()),
        ),
        ("veritrail_index_events", "Events in the index", *indexed),
        (
            "veritrail_index_waiting",
            "Events that are searched in memory until they are indexed",
            *waiting,
        ),
        (
            "veritrail_index_bytes",
            "Bytes of the index on disk",
            *bytes,
        ),
    ] {
        gauge("gauge", name, help, value, text);
    }
}

/// The age of each kind of database; of several of one kind, that of the oldest.
fn place_gauges(built: &Built<'_>, text: &mut String) {
    let mut ages: BTreeMap<&str, i64> = BTreeMap::new();
    for source in built.places.sources() {
        let micros = built
            .now
            .as_micros()
            .saturating_sub(source.built_at.as_micros());
        let age = ages.entry(&source.kind).or_default();
        *age = (*age).max(micros / 1_000_000);
    }
    if ages.is_empty() {
        return;
    }
    let name = "veritrail_geoip_build_age_seconds";
    // Writing to a String cannot fail.
    _ = write!(
        text,
        "# HELP {name} Time since the database was built.\n# TYPE {name} gauge\n"
    );
    for (kind, age) in ages {
        let kind = kind.replace('\\', "\\\\").replace('"', "\\\"");
        _ = writeln!(text, "{name}{{database=\"{kind}\"}} {age}");
    }
}

fn gauge(kind: &str, name: &str, help: &str, value: u64, text: &mut String) {
    let sample = if kind == "counter" { "_total" } else { "" };
    // Writing to a String cannot fail.
    _ = write!(
        text,
        "# HELP {name} {help}.\n# TYPE {name} {kind}\n{name}{sample} {value}\n"
    );
}

/// Bounds, times, counts and logs every request. The outermost layer.
pub(crate) async fn observe(
    State(server): State<Arc<Server>>,
    route: Option<MatchedPath>,
    request: Request,
    next: Next,
) -> Response {
    let route = route
        .as_ref()
        .map_or("none", MatchedPath::as_str)
        .to_owned();
    let method = request.method().clone();
    let begun = server.clock.monotonic();
    let response = bounded(&server, &route, request, next).await;
    let micros = server.clock.monotonic() - begun;
    let status = response.status().as_u16();
    // Any text may be a method; count the usual ones by name.
    let method = match method.as_str() {
        known @ ("GET" | "HEAD" | "POST" | "PUT" | "DELETE" | "PATCH" | "OPTIONS") => known,
        _ => "other",
    };
    server.metrics.answered(&route, method, status, micros);
    if let Some(Internal(why)) = response.extensions().get::<Internal>() {
        tracing::error!(route, method, status, micros, why, "failed");
    } else {
        tracing::debug!(route, method, status, micros, "answered");
    }
    response
}

/// At most so many requests at once and each for so long. Health answers whatever else goes on.
async fn bounded(server: &Server, route: &str, request: Request, next: Next) -> Response {
    if matches!(route, "/healthz" | "/readyz" | "/metrics") {
        return next.run(request).await;
    }
    let Ok(_permit) = server.requests.try_acquire() else {
        return HttpError::new(
            api::code::BUSY,
            "nothing of the request was done; too many requests at once",
        )
        .retry_after(1)
        .into_response();
    };
    let patience = Duration::from_secs(server.config.limits.request_timeout_seconds);
    match tokio::time::timeout(patience, next.run(request)).await {
        Ok(response) => response,
        Err(_) => HttpError::new(
            api::code::TIMEOUT,
            "whether it was done is open; send it again with the same ids or Idempotency-Key",
        )
        .retry_after(1)
        .into_response(),
    }
}

/// Starts the server's own log on standard error. Call once.
pub fn start_log(config: &LogConfig) {
    let level = match config.level {
        LogLevel::Error => LevelFilter::ERROR,
        LogLevel::Warn => LevelFilter::WARN,
        LogLevel::Info => LevelFilter::INFO,
        LogLevel::Debug => LevelFilter::DEBUG,
    };
    let builder = tracing_subscriber::fmt()
        .with_max_level(level)
        .with_writer(std::io::stderr);
    // A log that was started before (by a test) stays.
    _ = match config.format {
        LogFormat::Json => builder.json().try_init(),
        LogFormat::Text => builder.with_ansi(false).try_init(),
    };
}
