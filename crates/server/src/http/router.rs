//! The router, made of the table of [`super::routes`].

use std::sync::Arc;

use axum::Router;
use axum::middleware::from_fn_with_state;

use super::error::HttpError;
use super::routes;
use crate::server::Server;
use crate::telemetry;

/// The whole service behind one tower service.
pub fn router(server: Arc<Server>) -> Router {
    let rooms = routes::rooms().into_iter();
    let routes = rooms.flat_map(|(_, _, routes)| routes);
    routes
        .fold(Router::new(), |router, route| {
            router.route(route.path, route.service)
        })
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
