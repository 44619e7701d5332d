//! The pages: what a browser sees.
//!
//! Promises: every page is whole without JavaScript, except what can't be; a page asks the API as anybody would
//! ([`ask::Ask`]), so that it can show nothing that its viewer could not ask for, and leaves the same access records.
//! Must never: reach into the store or the index, name another host, or write a script or style into a page.

mod actor;
mod ask;
mod asset;
mod changes;
mod deployments;
mod event;
mod histogram;
mod home;
mod hours;
mod later;
mod moment;
mod page;
mod problem;
mod search;
mod resource;
mod provider;
mod resource;
mod sessions;
mod shell;
mod sign_in;
mod tally;
mod telling;
mod term;
mod theme;
mod visit;
mod window;

use std::sync::Arc;

use axum::Router;
use axum::routing::{get, post};

use crate::server::Server;

/// What every page shares.
#[derive(Debug)]
struct Ui {
    server: Arc<Server>,
    /// The API, to be asked in this process.
    api: Router,
}

/// Every page and asset.
pub(crate) fn pages(server: Arc<Server>, api: Router) -> Router {
    let ui = Arc::new(Ui { server, api });
    Router::new()
        .route("/", get(home::show))
        .route("/assets/{version}/{name}", get(asset::show))
        .route("/sign-in", get(sign_in::show).post(sign_in::begin))
        .route("/sign-in/oidc", get(provider::leave))
        .route("/sign-in/callback", get(provider::come_back))
        .route("/sign-out", post(sign_in::end))
        .route("/theme", post(theme::choose))
        .route("/t/{tenant}/", get(changes::show))
        .route("/t/{tenant}/timeline.md", get(changes::timeline))
        .route("/t/{tenant}/search", get(search::show))
        .route("/t/{tenant}/search/live", get(search::live::show))
        .route("/t/{tenant}/search/export", get(search::export::show))
        .route("/t/{tenant}/search/manifest", get(search::export::manifest))
        .route("/t/{tenant}/search/views", post(search::views::save))
        .route("/t/{tenant}/search/views/delete", post(search::views::delete))
        .route("/t/{tenant}/deployments", get(deployments::show))
        .route("/t/{tenant}/actors/{type}/{id}", get(actor::show))
        .route("/t/{tenant}/resources/{type}/{id}", get(resource::show))
        .route("/t/{tenant}/events/{id}", get(event::show))
        .route(
            "/t/{tenant}/sessions",
            get(sessions::show).post(sessions::end),
        )
        .with_state(ui)
}
