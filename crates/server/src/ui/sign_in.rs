//! Signing in with an API key, and signing out.

use std::sync::Arc;

use askama::Template;
use axum::Form;
use axum::body::Body;
use axum::extract::{Extension, Query, State};
use axum::http::{HeaderMap, HeaderValue, Response, StatusCode, header};
use serde::Deserialize;
use store::Scope;

use super::Ui;
use super::ask::with_parameters;
use super::page::{own_path, redirect, render};
use super::problem;
use super::shell::Shell;
use super::theme::Theme;
use crate::auth::{
    Peer, RefusalReason, SessionEnd, Token, is_secure, key_of, scope_admits, session_cookie,
    session_of,
};
use crate::http::HttpError;
use crate::server::Server;

/// Where to go afterwards.
#[derive(Debug, Deserialize)]
pub(super) struct Way {
    to: Option<String>,
}

impl Way {
    pub(super) fn to(&self) -> Option<&str> {
        self.to.as_deref()
    }
}

/// What the form sends.
#[derive(Deserialize)]
pub(super) struct Credentials {
    key: String,
    tenant: Option<String>,
    to: Option<String>,
}

/// What is said above the form.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Notice {
    /// Nothing.
    None,
    /// The key does not count.
    BadKey,
    /// A platform's key needs a tenant's name besides.
    WantsTenant,
    /// The form came from another site's page, as far as its headers tell.
    Foreign,
    /// Too many attempts.
    Wait,
    /// The sign-in was not begun in this browser, or too long ago.
    Again,
    /// The provider did not sign the person in.
    Refused,
    /// The provider's word did not hold, or it can't be reached.
    Failed,
    /// The person is known and may nothing here.
    NoAccess,
}

impl Notice {
    fn status(self) -> StatusCode {
        match self {
            Self::None | Self::WantsTenant => StatusCode::OK,
            Self::BadKey | Self::Again | Self::Refused => StatusCode::UNAUTHORIZED,
            Self::Wait => StatusCode::TOO_MANY_REQUESTS,
            Self::Failed => StatusCode::SERVICE_UNAVAILABLE,
            Self::Foreign | Self::NoAccess => StatusCode::FORBIDDEN,
        }
    }

    /// What happened, and what to do.
    fn text(self) -> (&'static str, &'static str) {
        match self {
            Self::None | Self::WantsTenant => ("", ""),
            Self::BadKey => (
                "Not signed in.",
                "The key is not valid, has come to its end or was revoked. Paste the whole of it, from vtk_ on.",
            ),
            Self::Foreign => (
                "Not signed in: the form was not sent from this server’s own page.",
                "It came from another site, or through a proxy that changes the Host or Origin header. Open the sign-in \
                 page at this server’s own address and try again.",
            ),
            Self::Wait => ("Too many attempts.", "Wait a moment, then try again."),
            Self::Again => (
                "Not signed in.",
                "This sign-in was not begun in this browser, was used before, or took too long. Please begin again.",
            ),
            Self::Refused => (
                "Not signed in.",
                "The identity provider did not sign you in. Please try again, or ask whoever looks after it.",
            ),
            Self::Failed => (
                "Sign-in does not work at the moment.",
                "What the identity provider answered could not be trusted, or it did not answer. The server’s log says \
                 why; whoever looks after it should read it there.",
            ),
            Self::NoAccess => (
                "You have no access here.",
                "The identity provider knows you, but no group of yours and no account gives you a role. Somebody who \
                 administers a tenant can make you an account.",
            ),
        }
    }
}

/// The page to sign in.
#[derive(Template)]
#[template(path = "sign_in.html")]
struct SignInPage<'a> {
    shell: Shell,
    to: String,
    what: &'static str,
    advice: &'static str,
    wants_tenant: bool,
    /// What the provider is called, and where it is left for.
    provider: Option<(&'a str, String)>,
}

/// The page, with what is to be said.
pub(super) fn page(
    server: &Server,
    headers: &HeaderMap,
    to: Option<&str>,
    notice: Notice,
) -> Response<Body> {
    let to = own_path(to);
    let (what, advice) = notice.text();
    let provider = server.oidc.as_ref().map(|oidc| {
        let to = if to == "/" { "" } else { to };
        (oidc.name(), with_parameters("/sign-in/oidc", &[("to", to)]))
    });
    let page = SignInPage {
        shell: Shell::bare("Sign in", Theme::of(headers)),
        to: to.to_owned(),
        what,
        advice,
        wants_tenant: notice == Notice::WantsTenant,
        provider,
    };
    render(notice.status(), &page)
}

pub(super) async fn show(
    State(ui): State<Arc<Ui>>,
    headers: HeaderMap,
    Query(way): Query<Way>,
) -> Response<Body> {
    page(&ui.server, &headers, way.to(), Notice::None)
}

/// Counts an attempt; one too many is answered.
pub(super) fn attempt(
    server: &Server,
    headers: &HeaderMap,
    peer: Option<Extension<Peer>>,
    to: Option<&str>,
) -> Result<(), Box<Response<Body>>> {
    let peer = peer.map(|Extension(peer)| peer);
    let taken = server.attempts.take(peer, server.clock.monotonic());
    taken.map_err(|seconds| {
        refused(server, RefusalReason::TooManyAttempts);
        let mut response = page(server, headers, to, Notice::Wait);
        let wait = HeaderValue::from(seconds.max(1));
        response.headers_mut().insert(header::RETRY_AFTER, wait);
        Box::new(response)
    })
}

/// Counts a refusal.
pub(super) fn refused(server: &Server, reason: RefusalReason) {
    server.refusals.count(reason);
    server.metrics.refused_sign_in(reason);
}

/// Whether a form comes from another site's page: it would sign somebody in as somebody else.
fn is_foreign(headers: &HeaderMap) -> bool {
    let site = headers.get("sec-fetch-site");
    let site = site.and_then(|site| site.to_str().ok());
    let text = |name| headers.get(name).and_then(|value| value.to_str().ok());
    let (origin, host) = (text(header::ORIGIN), text(header::HOST));
    // Browsers leave Sec-Fetch-Site out where the page came unencrypted; Origin always comes with a form.
    let elsewhere = origin.is_some_and(|origin| {
        let named = origin.split_once("://").map(|(_, named)| named);
        named.is_none() || named != host
    });
    elsewhere || site.is_some_and(|site| !matches!(site, "same-origin" | "none"))
}

/// What the browser calls itself.
pub(super) fn agent(headers: &HeaderMap) -> &str {
    let agent = headers.get(header::USER_AGENT);
    agent.and_then(|agent| agent.to_str().ok()).unwrap_or("")
}

pub(super) async fn begin(
    State(ui): State<Arc<Ui>>,
    peer: Option<Extension<Peer>>,
    headers: HeaderMap,
    Form(sent): Form<Credentials>,
) -> Response<Body> {
    let server = &ui.server;
    let to = sent.to.as_deref();
    if let Err(wait) = attempt(server, &headers, peer, to) {
        return *wait;
    }
    let refuse = |reason: RefusalReason| {
        refused(server, reason);
        let notice = match reason {
            RefusalReason::ForeignForm => Notice::Foreign,
            _ => Notice::BadKey,
        };
        page(server, &headers, to, notice)
    };
    if is_foreign(&headers) {
        return refuse(RefusalReason::ForeignForm);
    }
    let Ok(token) = Token::parse(sent.key.trim()) else {
        return refuse(RefusalReason::Malformed);
    };
    let failed =
        |error: HttpError| problem::show(Shell::bare("", Theme::of(&headers)), &error.into());
    let key = match key_of(&token, server).await {
        Ok(Ok(key)) => key,
        Ok(Err(reason)) => return refuse(reason),
        Err(error) => return failed(error),
    };
    let named = sent.tenant.as_deref().map(str::trim);
    let named = named.filter(|name| !name.is_empty());
    let tenant = match (key.scope, named) {
        (Scope::Tenant(tenant), _) => server.store.tenant(tenant).await,
        (Scope::Platform { .. }, Some(name)) => server.store.tenant_named(name).await,
        (Scope::Platform { .. }, None) => return page(server, &headers, to, Notice::WantsTenant),
    };
    let tenant = tenant.ok().flatten();
    let Some(tenant) = tenant.filter(|tenant| scope_admits(&key, tenant)) else {
        return refuse(RefusalReason::Unknown);
    };
    match server.admit_key(&key, &tenant, agent(&headers)).await {
        Ok(secret) => let_in(server, &headers, &secret, own_path(to)).await,
        Err(error) => failed(error),
    }
}

/// Has the browser hold its new session, ends the one that it had, and takes it where it wanted to be.
pub(super) async fn let_in(
    server: &Server,
    headers: &HeaderMap,
    secret: &str,
    to: &str,
) -> Response<Body> {
    if let Some(before) = session_of(headers, server) {
        server.end_session(&before.id, SessionEnd::Displaced).await;
    }
    let mut response = redirect(to);
    put_cookie(
        &mut response,
        server,
        session_cookie(server),
        (secret, None),
    );
    response
}

/// Has the browser hold a value, for so many seconds or until it is closed; or forget it, if it is empty.
pub(super) fn put_cookie(
    response: &mut Response<Body>,
    server: &Server,
    name: &str,
    (value, seconds): (&str, Option<u32>),
) {
    let secure = if is_secure(server) { "; Secure" } else { "" };
    let seconds = if value.is_empty() { Some(0) } else { seconds };
    let age = seconds.map_or(String::new(), |seconds| format!("; Max-Age={seconds}"));
    let cookie = format!("{name}={value}; Path=/; HttpOnly; SameSite=Lax{secure}{age}");
    if let Ok(cookie) = HeaderValue::from_str(&cookie) {
        response.headers_mut().append(header::SET_COOKIE, cookie);
    }
}

/// What the form to sign out sends.
#[derive(Debug, Deserialize)]
pub(super) struct Leaving {
    csrf: String,
}

pub(super) async fn end(
    State(ui): State<Arc<Ui>>,
    headers: HeaderMap,
    Form(sent): Form<Leaving>,
) -> Response<Body> {
    let server = &ui.server;
    let Some(session) = session_of(&headers, server) else {
        return redirect("/sign-in");
    };
    if !session.is_own_form(&sent.csrf) {
        refused(server, RefusalReason::ForeignForm);
        // Another site's page must not sign anybody out; whoever pressed the button of an old page is told.
        let stale = "you are still signed in, because the button was on a page of an earlier session; press it again on the first page";
        let refusal = HttpError::new(api::code::FORBIDDEN, stale);
        return problem::show(Shell::bare("", Theme::of(&headers)), &refusal.into());
    }
    server.end_session(&session.id, SessionEnd::SignedOut).await;
    let mut response = redirect("/sign-in");
    put_cookie(&mut response, server, session_cookie(server), ("", None));
    response
}
