//! Leaving for the identity provider, and coming back.
//!
//! Promises: whoever comes back gets a session of their own, whatever their browser held before; why somebody did not is
//! counted, and told in our own log without a word of what was sent.

use std::sync::Arc;

use axum::body::Body;
use axum::extract::rejection::QueryRejection;
use axum::extract::{Extension, Query, State};
use axum::http::{HeaderMap, Response};

use super::Ui;
use super::page::redirect;
use super::shell::Shell;
use super::sign_in::{Notice, Way, agent, attempt, let_in, page, put_cookie, refused};
use super::theme::Theme;
use crate::auth::{NotAdmitted, Peer, browser_cookie, cookie};
use crate::http::HttpError;
use crate::oidc::{Returned, SignInFailure};
use crate::server::Server;

/// How long the browser keeps what it began with, in seconds.
const BEGUN_SECONDS: u32 = 600;

pub(super) async fn leave(
    State(ui): State<Arc<Ui>>,
    peer: Option<Extension<Peer>>,
    headers: HeaderMap,
    Query(way): Query<Way>,
) -> Response<Body> {
    let server = &ui.server;
    let Some(oidc) = &server.oidc else {
        return redirect("/sign-in");
    };
    if let Err(wait) = attempt(server, &headers, peer, way.to()) {
        return *wait;
    }
    match oidc.begin(way.to(), server.now(), &*server.rng).await {
        Ok(departure) => {
            let mut response = redirect(&departure.url);
            let kept = (departure.browser.as_str(), Some(BEGUN_SECONDS));
            put_cookie(&mut response, server, browser_cookie(server), kept);
            response
        }
        Err(failure) => failed(server, &headers, &failure, way.to()),
    }
}

pub(super) async fn come_back(
    State(ui): State<Arc<Ui>>,
    peer: Option<Extension<Peer>>,
    headers: HeaderMap,
    returned: Result<Query<Returned>, QueryRejection>,
) -> Response<Body> {
    let server = &ui.server;
    let Some(oidc) = &server.oidc else {
        return redirect("/sign-in");
    };
    if let Err(wait) = attempt(server, &headers, peer, None) {
        return *wait;
    }
    // What is said twice or can't be read was not said by the provider.
    let Ok(Query(returned)) = returned else {
        return failed(server, &headers, &SignInFailure::State, None);
    };
    let browser = cookie(&headers, browser_cookie(server));
    // Whoever said no there, or failed, may sign in otherwise and still go where he was going.
    let way = browser.and_then(|browser| oidc.way_of(browser, server.now()));
    let (profile, to) = match oidc.finish(&returned, browser, server.now()).await {
        Ok(signed_in) => signed_in,
        Err(failure) => return failed(server, &headers, &failure, way.as_deref()),
    };
    let mut response = match server.admit_member(profile, agent(&headers)).await {
        Ok(secret) => let_in(server, &headers, &secret, &to).await,
        Err(NotAdmitted::SignIn(failure)) => failed(server, &headers, &failure, Some(&to)),
        Err(NotAdmitted::Http(error)) => problem(&headers, error),
    };
    put_cookie(&mut response, server, browser_cookie(server), ("", None));
    response
}

fn failed(
    server: &Server,
    headers: &HeaderMap,
    failure: &SignInFailure,
    to: Option<&str>,
) -> Response<Body> {
    refused(server, failure.reason());
    tracing::warn!(why = %failure, "nobody was signed in");
    let notice = match failure {
        SignInFailure::State => Notice::Again,
        SignInFailure::Refused(_) | SignInFailure::Code(_) => Notice::Refused,
        SignInFailure::Provider(_) | SignInFailure::Token(_) => Notice::Failed,
        SignInFailure::NoAccess => Notice::NoAccess,
        SignInFailure::Busy => Notice::Wait,
    };
    page(server, headers, to, notice)
}

fn problem(headers: &HeaderMap, error: HttpError) -> Response<Body> {
    super::problem::show(Shell::bare("", Theme::of(headers)), &error.into())
}
