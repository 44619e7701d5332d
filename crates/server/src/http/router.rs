//! The router, made of the table of [`super::routes`].

use std::sync::Arc;

use axum::Router;
use axum::middleware::from_fn_with_state;

use super::routes;
use crate::server::Server;
use crate::telemetry;

/// The whole service behind one tower service: the API, and the pages that ask it.
pub fn router(server: Arc<Server>) -> Router {
    let api = api(&server);
    let pages = crate::ui::pages(Arc::clone(&server), api.clone());
    api.merge(pages)
        .fallback(crate::ui::nowhere)
        .method_not_allowed_fallback(crate::ui::no_method)
        .layer(from_fn_with_state(server, telemetry::observe))
}

/// The API, without what bounds and counts requests from outside.
fn api(server: &Arc<Server>) -> Router {
    let rooms = routes::rooms().into_iter();
    let routes = rooms.flat_map(|(_, _, routes)| routes);
    let router = routes.fold(Router::new(), |router, route| {
        router.route(route.path, route.service)
    });
    router.with_state(Arc::clone(server))
}
