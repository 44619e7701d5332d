//! Who is signed in with a browser: listing, and signing somebody out.

use api::{Session, Sessions};
use askama::Template;
use axum::body::Body;
use axum::extract::{Path, Query};
use axum::http::{Response, StatusCode};
use serde::Deserialize;

use super::{is_operator, listed, remove, require, shell, tabs};
use crate::auth::Act;
use crate::ui::access::Choice;
use crate::ui::ask::segment;
use crate::ui::confirm::Confirm;
use crate::ui::form::Sent;
use crate::ui::moment::Moment;
use crate::ui::page::render;
use crate::ui::problem::Refused;
use crate::ui::shell::Shell;
use crate::ui::visit::Visit;

/// Most sessions of a page.
const SHOWN_MAX: usize = 100;

/// Which sessions.
#[derive(Debug, Default, Deserialize)]
pub(in crate::ui) struct Which {
    #[serde(default)]
    of: String,
    #[serde(default)]
    done: String,
}

#[derive(Debug, Template)]
#[template(path = "admin_sessions.html")]
struct SessionsPage {
    shell: Shell,
    tabs: Vec<Choice>,
    operator: bool,
    of: String,
    sessions: Vec<SessionView>,
    left_out: usize,
    done: &'static str,
}

#[derive(Debug)]
struct SessionView {
    id: String,
    who: String,
    /// The address, or the id of the key.
    whose: String,
    with: &'static str,
    tenants: String,
    begun: Option<Moment>,
    seen: Option<Moment>,
    own: bool,
    end: String,
}

fn view(session: Session, visit: &Visit) -> SessionView {
    let by_key = session.with == "api_key";
    SessionView {
        end: visit.path(&format!("/admin/sessions/{}/end", segment(&session.id))),
        own: session.id == visit.session.id,
        who: session.name,
        whose: session.email.unwrap_or(session.whose),
        with: if by_key {
            "an API key"
        } else {
            "the identity provider"
        },
        tenants: session.tenants.join(", "),
        begun: Moment::read(&session.begun_at, visit.now),
        seen: Moment::read(&session.seen_at, visit.now),
        id: session.id,
    }
}

pub(in crate::ui) async fn list(visit: Visit, Query(which): Query<Which>) -> Response<Body> {
    let page = list_page(&visit, &which).await;
    visit.finish(page)
}

async fn list_page(visit: &Visit, which: &Which) -> Result<Response<Body>, Refused> {
    require(visit, Act::ManageAccounts)?;
    let tenant = [("tenant", which.of.trim())];
    let known: Sessions = visit.ask().get("/v1/sessions", &tenant).await?;
    let left_out = known.sessions.len().saturating_sub(SHOWN_MAX);
    let shown = known.sessions.into_iter().take(SHOWN_MAX);
    let page = SessionsPage {
        shell: shell(visit, "Signed in"),
        tabs: tabs(visit, "/admin/sessions"),
        operator: is_operator(visit),
        of: which.of.clone(),
        sessions: shown.map(|session| view(session, visit)).collect(),
        left_out,
        done: match which.done.as_str() {
            "ended" => "The browser is signed out.",
            _ => "",
        },
    };
    Ok(render(StatusCode::OK, &page))
}

/// The page that asks whether a browser shall be signed out; what is foreign or unknown is not there.
async fn question(visit: &Visit, id: &str) -> Result<Confirm, Refused> {
    require(visit, Act::ManageAccounts)?;
    let known: Sessions = visit.ask().get("/v1/sessions", &[]).await?;
    let mut sessions = known.sessions.into_iter();
    let session = sessions.find(|session| session.id == id);
    let session = session.ok_or_else(Refused::not_found)?;
    let sentence = format!(
        "The session {id} of {} ends at once: it was for {}.",
        session.name,
        listed(&session.tenants)
    );
    let mut confirm = Confirm::new(
        shell(visit, "Sign this browser out?"),
        sentence,
        "Sign it out",
    );
    confirm.danger = true;
    confirm.back = visit.path("/admin/sessions");
    let lasting = if session.with == "api_key" {
        "Whoever has the key can sign in again: revoke the key to keep them out."
    } else {
        "The person can sign in again as long as a group or an account lets them: take those away first to keep them out."
    };
    confirm.points.push(String::from(lasting));
    Ok(confirm)
}

/// The tenant and the session's id in an address.
type Named = (String, String);

pub(in crate::ui) async fn form_to_end(visit: Visit, Path((_, id)): Path<Named>) -> Response<Body> {
    let page = question(&visit, &id).await.map(|confirm| confirm.show());
    visit.finish(page)
}

pub(in crate::ui) async fn end(
    visit: Visit,
    Path((_, id)): Path<Named>,
    sent: Sent,
) -> Response<Body> {
    let page = end_page(&visit, &id, &sent).await;
    visit.finish(page)
}

async fn end_page(visit: &Visit, id: &str, sent: &Sent) -> Result<Response<Body>, Refused> {
    let mut confirm = question(visit, id).await?;
    sent.check(visit)?;
    if !confirm.is_confirmed_by(sent) {
        return Ok(confirm.show());
    }
    let path = format!("/v1/sessions/{}", segment(id));
    Ok(remove(visit, confirm, &path, ("/admin/sessions", "ended")).await)
}
