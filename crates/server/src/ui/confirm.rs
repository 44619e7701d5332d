//! The page that asks whether an act is meant, and the one that shows a secret once.
//!
//! Promises: what will happen, and to what, stands in a sentence; what can't be undone takes a name typed by hand; nothing
//! is done by a link. A secret is on one page, which no cache keeps, and nowhere in it a second time.

use askama::Template;
use axum::body::Body;
use axum::http::{Response, StatusCode};

use super::form::Sent;
use super::page::render;
use super::problem::Refused;
use super::shell::Shell;

/// An act to be confirmed.
#[derive(Debug, Template)]
#[template(path = "confirm.html")]
pub(super) struct Confirm {
    pub(super) shell: Shell,
    /// What will happen, and to what.
    pub(super) sentence: String,
    /// What else is to be known.
    pub(super) points: Vec<String>,
    /// Where the form goes.
    pub(super) action: String,
    /// What the button says.
    pub(super) button: &'static str,
    /// Whether it can't be undone.
    pub(super) danger: bool,
    /// What has to be typed; empty for nothing.
    pub(super) typed: String,
    /// Whether something else was typed.
    pub(super) mistyped: bool,
    /// Fields that go along.
    pub(super) carried: Vec<(String, String)>,
    /// The page before.
    pub(super) back: String,
    /// What was refused.
    pub(super) refused: String,
}

impl Confirm {
    /// A question that nothing was said to yet.
    pub(super) fn new(shell: Shell, sentence: String, button: &'static str) -> Self {
        Self {
            action: shell.here.clone(),
            back: shell.here.clone(),
            shell,
            sentence,
            points: Vec::new(),
            button,
            danger: false,
            typed: String::new(),
            mistyped: false,
            carried: Vec::new(),
            refused: String::new(),
        }
    }

    /// Whether the form that was sent says yes. Otherwise the page tells what is missing.
    pub(super) fn is_confirmed_by(&mut self, sent: &Sent) -> bool {
        if !sent.ticked("confirmed") {
            return false;
        }
        self.mistyped = !self.typed.is_empty() && sent.get("typed") != self.typed;
        !self.mistyped
    }

    /// The page with what the API refused.
    pub(super) fn refused(mut self, refused: &Refused) -> Response<Body> {
        self.refused = told(refused);
        render(refused.status(), &self)
    }

    /// The page.
    pub(super) fn show(&self) -> Response<Body> {
        let status = if self.mistyped {
            StatusCode::UNPROCESSABLE_ENTITY
        } else {
            StatusCode::OK
        };
        render(status, self)
    }
}

/// A refusal in a line.
pub(super) fn told(refused: &Refused) -> String {
    format!("{}: {}", refused.0.title, refused.0.detail)
}

/// The page of a secret that is shown this once.
#[derive(Debug, Template)]
#[template(path = "made.html")]
pub(super) struct Made {
    pub(super) shell: Shell,
    /// What was made.
    pub(super) sentence: String,
    /// What the secret is called.
    pub(super) label: &'static str,
    pub(super) secret: String,
    /// What to do with it.
    pub(super) points: Vec<String>,
    /// The page before.
    pub(super) back: String,
}

/// What was wrong with a form's fields.
#[derive(Clone, Debug, Default)]
pub(super) struct Faults(Vec<(String, String)>);

impl Faults {
    /// What the API refused; a refusal of one field stands at that field.
    pub(super) fn of(refused: &Refused, fields: &[&str]) -> Self {
        let pointer = refused.0.pointer.as_deref().unwrap_or_default();
        let field = pointer.trim_start_matches('/').split('/').next();
        let field = field.filter(|field| fields.contains(field));
        match field {
            Some(field) => Self(vec![(field.to_owned(), refused.0.detail.clone())]),
            None => Self(vec![(String::new(), told(refused))]),
        }
    }

    /// What was wrong before the API was asked.
    pub(super) fn at(field: &str, expected: &str) -> Self {
        Self(vec![(field.to_owned(), expected.to_owned())])
    }

    /// What is wrong with a field; with the form as a whole under the empty name.
    pub(super) fn of_field(&self, field: &str) -> &str {
        let found = self.0.iter().find(|(known, _)| known == field);
        found.map_or("", |(_, expected)| expected.as_str())
    }

    /// What a form with these is answered with.
    pub(super) fn status(&self) -> StatusCode {
        if self.are_any() {
            StatusCode::UNPROCESSABLE_ENTITY
        } else {
            StatusCode::OK
        }
    }

    /// Whether anything is wrong.
    pub(super) fn are_any(&self) -> bool {
        !self.0.is_empty()
    }
}
