//! The pages: what a browser sees.
//!
//! Promises: every page is whole without JavaScript, except what can't be; a page asks the API as anybody would
//! ([`ask::Ask`]), so that it can show nothing that its viewer could not ask for, and leaves the same access records.
//! Must never: reach into the store or the index, name another host, or write a script or style into a page.

mod access;
mod actor;
mod admin;
mod ask;
mod asset;
mod changes;
mod confirm;
mod deployments;
mod event;
mod form;
mod health;
mod histogram;
mod home;
mod hours;
mod later;
mod moment;
mod page;
mod problem;
mod provider;
mod resource;
mod reviews;
mod search;
mod sessions;
mod shell;
mod sign_in;
mod tally;
mod telling;
mod term;
mod theme;
mod visit;
mod window;
mod withheld;

use std::sync::Arc;

use axum::Router;
use axum::body::Body;
use axum::http::{HeaderMap, Response, Uri, header};
use axum::response::IntoResponse;
use axum::routing::{get, post};

use crate::http::HttpError;
use crate::server::Server;

/// What is answered where nothing is: a page to a browser, and what the API says to everybody else.
pub(crate) async fn nowhere(headers: HeaderMap, uri: Uri) -> Response<Body> {
    refuse(&headers, &uri, HttpError::not_found())
}

/// The same where something is that takes no such method.
pub(crate) async fn no_method(headers: HeaderMap, uri: Uri) -> Response<Body> {
    let detail = "see the Allow header for the methods of this path";
    let error = HttpError::new(api::code::METHOD_NOT_ALLOWED, detail);
    refuse(&headers, &uri, error)
}

fn refuse(headers: &HeaderMap, uri: &Uri, error: HttpError) -> Response<Body> {
    let accepted = headers.get(header::ACCEPT);
    let accepted = accepted.and_then(|accepted| accepted.to_str().ok());
    let browses = accepted.is_some_and(|accepted| accepted.contains("text/html"));
    if browses && !uri.path().starts_with("/v1/") {
        let shell = shell::Shell::bare("", theme::Theme::of(headers));
        return problem::show(shell, &error.into());
    }
    error.into_response()
}

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
        .route("/favicon.ico", get(asset::icon))
        .route("/assets/{version}/{name}", get(asset::show))
        .route("/sign-in", get(sign_in::show).post(sign_in::begin))
        .route("/sign-in/oidc", get(provider::leave))
        .route("/sign-in/callback", get(provider::come_back))
        .route("/sign-out", post(sign_in::end))
        .route("/theme", post(theme::choose))
        .route("/t/{tenant}", get(home::enter))
        .route("/t/{tenant}/", get(changes::show))
        .route("/t/{tenant}/timeline.md", get(changes::timeline))
        .route("/t/{tenant}/search", get(search::show))
        .route("/t/{tenant}/search/live", get(search::live::show))
        .route("/t/{tenant}/search/export", get(search::export::show))
        .route("/t/{tenant}/search/manifest", get(search::export::manifest))
        .route("/t/{tenant}/search/views", post(search::views::save))
        .route(
            "/t/{tenant}/search/views/delete",
            post(search::views::delete),
        )
        .route("/t/{tenant}/deployments", get(deployments::show))
        .route("/t/{tenant}/actors/{type}/{id}", get(actor::show))
        .route("/t/{tenant}/resources/{type}/{id}", get(resource::show))
        .route("/t/{tenant}/events/{id}", get(event::show))
        .route(
            "/t/{tenant}/sessions",
            get(sessions::show).post(sessions::end),
        )
        .merge(care())
        .layer(axum::middleware::from_fn(problem::worded))
        .with_state(ui)
}

/// Log health, who read, what was reviewed, administration.
fn care() -> Router<Arc<Ui>> {
    use admin::{accounts, keys, sessions as browsers, sources, tenants};
    Router::new()
        .route("/t/{tenant}/health", get(health::show))
        .route("/t/{tenant}/health/verify", post(health::begin))
        .route("/t/{tenant}/access", get(access::show))
        .route("/t/{tenant}/reviews", get(reviews::show))
        .route(
            "/t/{tenant}/reviews/new",
            get(reviews::form).post(reviews::make),
        )
        .route("/t/{tenant}/admin", get(admin::show))
        .route("/t/{tenant}/admin/tenants", get(tenants::list))
        .route(
            "/t/{tenant}/admin/tenants/_new",
            get(tenants::form_to_make).post(tenants::make),
        )
        .route(
            "/t/{tenant}/admin/tenants/{name}",
            get(tenants::show).post(tenants::change),
        )
        .route("/t/{tenant}/admin/accounts", get(accounts::list))
        .route(
            "/t/{tenant}/admin/accounts/new",
            get(accounts::form_to_give).post(accounts::give),
        )
        .route(
            "/t/{tenant}/admin/accounts/{of}/{id}/end",
            get(accounts::form_to_end).post(accounts::end),
        )
        .route("/t/{tenant}/admin/sessions", get(browsers::list))
        .route(
            "/t/{tenant}/admin/sessions/{id}/end",
            get(browsers::form_to_end).post(browsers::end),
        )
        .route("/t/{tenant}/admin/keys", get(keys::list))
        .route(
            "/t/{tenant}/admin/keys/new",
            get(keys::form_to_make).post(keys::make),
        )
        .route(
            "/t/{tenant}/admin/keys/{id}/revoke",
            get(keys::form_to_revoke).post(keys::revoke),
        )
        .route("/t/{tenant}/admin/sources", get(sources::list))
        .route(
            "/t/{tenant}/admin/sources/new",
            get(sources::form_to_make).post(sources::make),
        )
        .route(
            "/t/{tenant}/admin/sources/{of}/{name}/rotate",
            get(sources::form_to_rotate).post(sources::rotate),
        )
        .route(
            "/t/{tenant}/admin/sources/{of}/{name}/close",
            get(sources::form_to_close).post(sources::close),
        )
}
