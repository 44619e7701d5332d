//! Somebody at a page: signed in, for the tenant in the path.
//!
//! Promises: without a session the browser goes to the page to sign in and comes back here after it; another tenant's
//! pages are answered as those that don't exist.

use std::sync::Arc;

use api::code;
use axum::body::Body;
use axum::extract::{FromRequestParts, RawPathParams};
use axum::http::request::Parts;
use axum::http::{Method, Response};
use ledger::time::Micros;

use super::Ui;
use super::ask::{Ask, with_parameters};
use super::page::redirect;
use super::problem::{self, Refused};
use super::shell::{Link, Section, Shell, SignedIn};
use super::telling::Told;
use super::theme::Theme;
use crate::auth::{Act, Caller, Session, session_of};
use crate::http::HttpError;

/// Somebody at a page.
#[derive(Debug)]
pub(super) struct Visit {
    pub(super) ui: Arc<Ui>,
    pub(super) caller: Caller,
    pub(super) session: Session,
    /// The tenant's name.
    pub(super) tenant: String,
    /// When the page was asked for.
    pub(super) now: Micros,
    theme: Theme,
    here: String,
}

impl Visit {
    /// Asks the API as this visitor.
    pub(super) fn ask(&self) -> Ask {
        Ask::new(self.ui.api.clone(), self.caller.clone())
    }

    /// The path of a page of this tenant; `page` begins with a slash.
    pub(super) fn path(&self, page: &str) -> String {
        format!("/t/{}{page}", self.tenant)
    }

    /// The same with parameters; those without a value are left out.
    pub(super) fn link(&self, page: &str, parameters: &[(&str, &str)]) -> String {
        with_parameters(&self.path(page), parameters)
    }

    /// Events, told.
    pub(super) fn told(&self, events: &[api::Event]) -> Vec<Told> {
        let told = events.iter();
        told.map(|event| Told::new(event, &self.tenant, self.now))
            .collect()
    }

    /// Whether the visitor may do `act`.
    pub(super) fn may(&self, act: Act) -> bool {
        self.caller.may(act)
    }

    /// Whether a form came from one of our pages.
    pub(super) fn check_form(&self, csrf: &str) -> Result<(), Refused> {
        if self.session.is_own_form(csrf) {
            return Ok(());
        }
        let stale =
            "the form is not one of this session; go back, reload the page and send it again";
        Err(HttpError::new(code::FORBIDDEN, stale).into())
    }

    /// What stands around a page of this visit.
    pub(super) fn shell(&self, title: &str, section: Section) -> Shell {
        let mut pages = vec![
            (Section::Changes, "/", "What changed"),
            (Section::Search, "/search", "Search"),
            (Section::Deployments, "/deployments", "Deployments"),
        ];
        if self.may(Act::ListLogs) {
            pages.push((Section::Health, "/health", "Log health"));
        }
        if self.may(Act::ReadAccessLog) {
            pages.push((Section::Access, "/access", "Access"));
        }
        if self.may(Act::ManageKeys) {
            pages.push((Section::Admin, "/admin", "Admin"));
        }
        let links = pages.into_iter().map(|(at, page, label)| Link {
            href: self.path(page),
            label,
            current: at == section,
        });
        Shell {
            here: self.here.clone(),
            signed_in: Some(SignedIn {
                tenant: self.tenant.clone(),
                name: self.caller.owner().to_owned(),
                roles: self.caller.role_names(),
                csrf: self.session.csrf.clone(),
                several: self.session.may_enter_several(),
                sees_persons: self.may(Act::ReadPersons),
                links: links.collect(),
            }),
            ..Shell::bare(title, self.theme)
        }
    }

    /// The page, or the one that says why there is none.
    pub(super) fn finish(&self, page: Result<Response<Body>, Refused>) -> Response<Body> {
        page.unwrap_or_else(|refused| {
            if refused.0.status == 401 {
                return redirect(&with_parameters("/sign-in", &[("to", &self.here)]));
            }
            problem::show(self.shell("", Section::None), &refused)
        })
    }
}

impl FromRequestParts<Arc<Ui>> for Visit {
    type Rejection = Response<Body>;

    async fn from_request_parts(parts: &mut Parts, ui: &Arc<Ui>) -> Result<Self, Response<Body>> {
        let here = parts
            .uri
            .path_and_query()
            .map_or("/", |here| here.as_str())
            .to_owned();
        let theme = Theme::of(&parts.headers);
        let sign_in = || {
            // What was sent with a form is lost anyway.
            let to = if parts.method == Method::GET {
                here.as_str()
            } else {
                ""
            };
            redirect(&with_parameters("/sign-in", &[("to", to)]))
        };
        let server = &ui.server;
        let session = session_of(&parts.headers, server).ok_or_else(sign_in)?;
        let lost = |error: HttpError| {
            if error.problem().status == 401 {
                return sign_in();
            }
            problem::show(Shell::bare("", theme), &error.into())
        };
        let mut here_parts = parts.clone();
        let named = match RawPathParams::from_request_parts(&mut here_parts, ui).await {
            Ok(params) => params
                .iter()
                .find(|(name, _)| *name == "tenant")
                .map(|(_, value)| value.to_owned()),
            Err(_) => None,
        };
        let named = named.ok_or_else(|| lost(HttpError::not_found()))?;
        let caller = server
            .caller_of(&session, Some(&named))
            .await
            .map_err(lost)?;
        Ok(Self {
            ui: Arc::clone(ui),
            caller,
            session,
            tenant: named,
            now: server.clock.wall(),
            theme,
            here,
        })
    }
}
