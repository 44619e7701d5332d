//! `/`: to the first page of whoever is signed in; who may enter several tenants chooses one.

use std::sync::Arc;

use askama::Template;
use axum::body::Body;
use axum::extract::{Path, State};
use axum::http::{HeaderMap, Response, StatusCode};

use super::Ui;
use super::ask::segment;
use super::page::{redirect, render};
use super::problem;
use super::shell::Shell;
use super::theme::Theme;
use crate::auth::{Whose, session_of};
use crate::http::HttpError;

/// The page to choose a tenant.
#[derive(Template)]
#[template(path = "tenants.html")]
struct TenantsPage {
    shell: Shell,
    name: String,
    csrf: String,
    rooms: Vec<Room>,
}

/// One tenant, and what the viewer is there.
struct Room {
    href: String,
    name: String,
    roles: String,
}

pub(super) async fn show(State(ui): State<Arc<Ui>>, headers: HeaderMap) -> Response<Body> {
    let server = &ui.server;
    let Some(session) = session_of(&headers, server) else {
        return redirect("/sign-in");
    };
    let member = match &session.whose {
        Whose::Key { tenant, .. } => {
            return match server.store.tenant(*tenant).await {
                Ok(Some(tenant)) => redirect(&format!("/t/{}/", tenant.record.name)),
                _ => redirect("/sign-in"),
            };
        }
        Whose::Member(member) => member,
    };
    let rooms = match server.rooms_of(member).await {
        Ok(rooms) => rooms,
        Err(error) => return failed(&headers, error),
    };
    let rooms = rooms.iter().map(|(tenant, roles)| {
        let name = tenant.record.name.clone();
        let roles: Vec<_> = roles.iter().map(store::Role::name).collect();
        Room {
            href: format!("/t/{}/", segment(&name)),
            name,
            roles: roles.join(", "),
        }
    });
    let rooms: Vec<_> = rooms.collect();
    if let [only] = rooms.as_slice() {
        return redirect(&only.href);
    }
    let page = TenantsPage {
        shell: Shell::bare("Tenants", Theme::of(&headers)),
        name: member.name.clone(),
        csrf: session.csrf.clone(),
        rooms,
    };
    render(StatusCode::OK, &page)
}

/// What somebody typed without the slash at its end.
pub(super) async fn enter(Path(tenant): Path<String>) -> Response<Body> {
    redirect(&format!("/t/{}/", segment(&tenant)))
}

fn failed(headers: &HeaderMap, error: HttpError) -> Response<Body> {
    problem::show(Shell::bare("", Theme::of(headers)), &error.into())
}
