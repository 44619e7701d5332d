//! Signing in with an API key, and signing out.

use std::sync::Arc;

use askama::Template;
use axum::Form;
use axum::body::Body;
use axum::extract::{Query, State};
use axum::http::{HeaderMap, HeaderValue, Response, StatusCode, header};
use serde::Deserialize;
use store::Scope;

use super::Ui;
use super::page::{own_path, redirect, render};
use super::shell::Shell;
use super::theme::Theme;
use crate::auth::{RefusalReason, SESSION_COOKIE, Token, key_of, scope_admits, session_of};

/// Where to go afterwards.
#[derive(Debug, Deserialize)]
pub(super) struct Way {
    to: Option<String>,
}

/// What the form sends.
#[derive(Deserialize)]
pub(super) struct Credentials {
    key: String,
    tenant: Option<String>,
    to: Option<String>,
}

/// The page to sign in.
#[derive(Template)]
#[template(path = "sign_in.html")]
struct SignInPage {
    shell: Shell,
    to: String,
    refused: bool,
    wants_tenant: bool,
}

fn page(headers: &HeaderMap, to: Option<&str>, refused: bool, wants_tenant: bool) -> Response<Body> {
    let status = if refused { StatusCode::UNAUTHORIZED } else { StatusCode::OK };
    let page = SignInPage {
        shell: Shell::bare("Sign in", Theme::of(headers)),
        to: own_path(to).to_owned(),
        refused,
        wants_tenant,
    };
    render(status, &page)
}

pub(super) async fn show(headers: HeaderMap, Query(way): Query<Way>) -> Response<Body> {
    page(&headers, way.to.as_deref(), false, false)
}

/// Whether a form comes from another site's page: it would sign somebody in as somebody else.
fn is_foreign(headers: &HeaderMap) -> bool {
    let site = headers.get("sec-fetch-site").and_then(|site| site.to_str().ok());
    site.is_some_and(|site| !matches!(site, "same-origin" | "none"))
}

pub(super) async fn begin(
    State(ui): State<Arc<Ui>>,
    headers: HeaderMap,
    Form(sent): Form<Credentials>,
) -> Response<Body> {
    let server = &ui.server;
    let to = sent.to.as_deref();
    let refuse = |reason: RefusalReason| {
        server.refusals.count(reason);
        server.metrics.refused_sign_in(reason);
        page(&headers, to, true, false)
    };
    let Ok(token) = Token::parse(sent.key.trim()) else {
        return refuse(RefusalReason::Malformed);
    };
    if is_foreign(&headers) {
        return refuse(RefusalReason::Malformed);
    }
    let key = match key_of(&token, server).await {
        Ok(Ok(key)) => key,
        Ok(Err(reason)) => return refuse(reason),
        Err(error) => return super::problem::show(Shell::bare("", Theme::of(&headers)), &error.into()),
    };
    let named = sent.tenant.as_deref().map(str::trim).filter(|name| !name.is_empty());
    let tenant = match (key.scope, named) {
        (Scope::Tenant(tenant), _) => server.store.tenant(tenant).await,
        (Scope::Platform { .. }, Some(name)) => server.store.tenant_named(name).await,
        (Scope::Platform { .. }, None) => return page(&headers, to, false, true),
    };
    let Some(tenant) = tenant.ok().flatten().filter(|tenant| scope_admits(&key, tenant)) else {
        return refuse(RefusalReason::Unknown);
    };
    let (secret, _) = server.sessions.begin(key.id, tenant.record.id, server.clock.wall(), &*server.rng);
    let mut response = redirect(own_path(to));
    put_cookie(&mut response, &secret, server.config.tls.files().is_some());
    response
}

/// Has the browser hold the session, or forget it.
fn put_cookie(response: &mut Response<Body>, secret: &str, secure: bool) {
    let secure = if secure { "; Secure" } else { "" };
    let age = if secret.is_empty() { "; Max-Age=0" } else { "" };
    let cookie = format!("{SESSION_COOKIE}={secret}; Path=/; HttpOnly; SameSite=Lax{secure}{age}");
    if let Ok(cookie) = HeaderValue::from_str(&cookie) {
        response.headers_mut().append(header::SET_COOKIE, cookie);
    }
}

/// What the form to sign out sends.
#[derive(Debug, Deserialize)]
pub(super) struct Leaving {
    csrf: String,
}

pub(super) async fn end(State(ui): State<Arc<Ui>>, headers: HeaderMap, Form(sent): Form<Leaving>) -> Response<Body> {
    let server = &ui.server;
    if let Some(session) = session_of(&headers, server)
        && session.is_own_form(&sent.csrf)
    {
        server.sessions.end(&session.id);
    }
    let mut response = redirect("/sign-in");
    put_cookie(&mut response, "", server.config.tls.files().is_some());
    response
}
