//! The browsers that somebody is signed in with, and ending them.

use askama::Template;
use axum::Form;
use axum::body::Body;
use axum::http::{Response, StatusCode};
use serde::Deserialize;

use super::moment::Moment;
use super::page::{redirect, render};
use super::problem::Refused;
use super::shell::{Section, Shell};
use super::visit::Visit;
use crate::auth::SessionEnd;

/// The page.
#[derive(Template)]
#[template(path = "sessions.html")]
struct SessionsPage {
    shell: Shell,
    csrf: String,
    action: String,
    sessions: Vec<Browser>,
}

/// One browser.
struct Browser {
    id: String,
    agent: String,
    begun: Moment,
    seen: Moment,
    current: bool,
}

/// What the form sends.
#[derive(Debug, Deserialize)]
pub(super) struct Ending {
    csrf: String,
    /// The session's id, or `others`, or `all`.
    end: String,
}

pub(super) async fn show(visit: Visit) -> Response<Body> {
    let now = visit.ui.server.clock.monotonic();
    let sessions = visit.ui.server.sessions.of(&visit.session.whose, now);
    let sessions = sessions.into_iter().map(|session| Browser {
        current: session.id == visit.session.id,
        begun: Moment::new(session.begun_at, visit.now),
        seen: Moment::new(session.seen_at, visit.now),
        agent: session.agent,
        id: session.id,
    });
    let page = SessionsPage {
        shell: visit.shell("Where you are signed in", Section::None),
        csrf: visit.session.csrf.clone(),
        action: visit.path("/sessions"),
        sessions: sessions.collect(),
    };
    render(StatusCode::OK, &page)
}

pub(super) async fn end(visit: Visit, Form(sent): Form<Ending>) -> Response<Body> {
    let page = ended(&visit, &sent).await;
    visit.finish(page)
}

async fn ended(visit: &Visit, sent: &Ending) -> Result<Response<Body>, Refused> {
    visit.check_form(&sent.csrf)?;
    let server = &visit.ui.server;
    let theirs = server
        .sessions
        .of(&visit.session.whose, server.clock.monotonic());
    // Only of their own: another's id is none of theirs.
    for session in theirs {
        let own = session.id == visit.session.id;
        let meant = match sent.end.as_str() {
            "all" => true,
            "others" => !own,
            id => session.id == id,
        };
        if meant {
            let why = if own {
                SessionEnd::SignedOut
            } else {
                SessionEnd::SignedOutElsewhere
            };
            server.end_session(&session.id, why).await;
        }
    }
    let left = sent.end == "all" || sent.end == visit.session.id;
    Ok(redirect(&if left {
        "/sign-in".to_owned()
    } else {
        visit.path("/sessions")
    }))
}
