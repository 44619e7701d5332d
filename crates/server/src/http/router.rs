//! Every route of the service, in one table.

use std::sync::Arc;

use axum::Router;
use axum::middleware::from_fn_with_state;
use axum::routing::{delete, get, post};

use super::error::HttpError;
use super::{
    clock, events, fields, health, index, keys, logs, producers, resources, stats, tenants,
};
use crate::server::Server;
use crate::telemetry;

/// The whole service behind one tower service.
pub fn router(server: Arc<Server>) -> Router {
    Router::new()
        // Events.
        .route(
            "/v1/events",
            post(events::append::append).get(events::list::list),
        )
        .route("/v1/events/stream", get(events::stream::stream))
        .route("/v1/events/{id}", get(events::show::show))
        .route("/v1/events/{id}/proof", get(events::prove::prove))
        // What events say together.
        .route("/v1/stats", get(stats::count::count))
        .route("/v1/fields", get(fields::list::list))
        .route("/v1/producers", get(producers::list::list))
        .route(
            "/v1/resources/{type}/{id}/state",
            get(resources::state::state),
        )
        // Logs, as C2SP tlog-tiles serves them.
        .route("/v1/logs", get(logs::list::list))
        .route(
            "/v1/logs/{log}/checkpoint",
            get(logs::checkpoint::checkpoint),
        )
        .route("/v1/logs/{log}/vkey", get(logs::vkey::vkey))
        .route("/v1/logs/{log}/tile/{*path}", get(logs::tile::tile))
        // Administration.
        .route(
            "/v1/tenants",
            post(tenants::create::create).get(tenants::list::list),
        )
        .route("/v1/keys", post(keys::create::create).get(keys::list::list))
        .route("/v1/keys/{id}", delete(keys::revoke::revoke))
        .route("/v1/clock/confirm", post(clock::confirm::confirm))
        .route("/v1/index", get(index::show::show))
        .route("/v1/index/rebuild", post(index::rebuild::rebuild))
        // The server itself; these take no key.
        .route("/healthz", get(health::live::live))
        .route("/readyz", get(health::ready::ready))
        .route("/metrics", get(health::metrics::metrics))
        .fallback(|| async { HttpError::not_found() })
        .method_not_allowed_fallback(|| async {
            HttpError::new(
                api::code::METHOD_NOT_ALLOWED,
                "see the Allow header for the methods of this path",
            )
        })
        .layer(from_fn_with_state(Arc::clone(&server), telemetry::observe))
        .with_state(server)
}
