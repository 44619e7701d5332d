//! Light or dark: what the browser says, unless somebody chose.

use std::sync::Arc;

use axum::Form;
use axum::body::Body;
use axum::extract::State;
use axum::http::{HeaderMap, HeaderValue, Response, header};
use serde::Deserialize;

use super::Ui;
use super::page::{own_path, redirect};
use crate::auth::cookie;

const THEME_COOKIE: &str = "veritrail_theme";

/// What a page looks like.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(super) enum Theme {
    /// As the browser says.
    #[default]
    Auto,
    /// Dark on light.
    Light,
    /// Light on dark.
    Dark,
}

impl Theme {
    /// What somebody chose before.
    pub(super) fn of(headers: &HeaderMap) -> Self {
        Self::parse(cookie(headers, THEME_COOKIE).unwrap_or_default())
    }

    fn parse(name: &str) -> Self {
        match name {
            "light" => Self::Light,
            "dark" => Self::Dark,
            _ => Self::Auto,
        }
    }

    /// Its name in pages.
    pub(super) fn name(self) -> &'static str {
        match self {
            Self::Auto => "auto",
            Self::Light => "light",
            Self::Dark => "dark",
        }
    }
}

/// What the form sends.
#[derive(Debug, Deserialize)]
pub(super) struct Choice {
    theme: String,
    to: Option<String>,
}

/// Keeps a choice in the browser. It changes nothing else, so it takes no proof of where it comes from.
pub(super) async fn choose(State(_): State<Arc<Ui>>, Form(choice): Form<Choice>) -> Response<Body> {
    let mut response = redirect(own_path(choice.to.as_deref()));
    let theme = Theme::parse(&choice.theme).name();
    let cookie =
        format!("{THEME_COOKIE}={theme}; Path=/; Max-Age=31536000; SameSite=Lax; HttpOnly");
    if let Ok(cookie) = HeaderValue::from_str(&cookie) {
        response.headers_mut().insert(header::SET_COOKIE, cookie);
    }
    response
}
