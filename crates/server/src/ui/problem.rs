//! What the API refused, and the page that says so.

use api::{Problem, code};
use askama::Template;
use axum::body::Body;
use axum::extract::Request;
use axum::http::{Response, StatusCode, header};
use axum::middleware::Next;
use http_body_util::{BodyExt, Limited};

use super::page;
use super::shell::Shell;
use super::theme::Theme;
use crate::http::HttpError;

/// Longest refusal in bytes.
const PROBLEM_BYTES_MAX: usize = 64 * 1024;

/// What was refused, and why.
#[derive(Clone, Debug)]
pub(super) struct Refused(pub(super) Box<Problem>);

impl Refused {
    /// The refusal in an answer of the API.
    pub(super) async fn read(answer: Response<Body>) -> Self {
        let body = Limited::new(answer.into_body(), PROBLEM_BYTES_MAX);
        let Ok(body) = body.collect().await else {
            return Self::internal();
        };
        serde_json::from_slice(&body.to_bytes())
            .map_or_else(|_| Self::internal(), |problem| Self(Box::new(problem)))
    }

    /// Nothing there, or nothing of the viewer's: the same.
    pub(super) fn not_found() -> Self {
        HttpError::not_found().into()
    }

    /// Our fault.
    pub(super) fn internal() -> Self {
        HttpError::internal("a page").into()
    }

    /// The HTTP status.
    pub(super) fn status(&self) -> StatusCode {
        StatusCode::from_u16(self.0.status).unwrap_or(StatusCode::INTERNAL_SERVER_ERROR)
    }
}

impl From<HttpError> for Refused {
    fn from(error: HttpError) -> Self {
        Self(Box::new(error.problem().clone()))
    }
}

/// A page that says why there is no other.
#[derive(Template)]
#[template(path = "problem.html")]
struct ProblemPage<'a> {
    shell: Shell,
    problem: &'a Problem,
    advice: &'static str,
}

/// Has every refusal be a page: what the routes refuse by themselves, before one of ours is asked, says nothing else.
pub(super) async fn worded(request: Request, next: Next) -> Response<Body> {
    let theme = Theme::of(request.headers());
    let answer = next.run(request).await;
    let headers = answer.headers();
    let bare = headers
        .get(header::CONTENT_TYPE)
        .is_none_or(|media_type| media_type.as_bytes().starts_with(b"text/plain"));
    let ours = headers.contains_key(header::CONTENT_SECURITY_POLICY);
    if ours || !bare || !answer.status().is_client_error() {
        return answer;
    }
    let sent = "expected what one of our pages sends";
    let refusal = match answer.status().as_u16() {
        400 => HttpError::new(code::BAD_REQUEST, sent),
        413 => HttpError::new(code::BODY_TOO_LARGE, sent),
        415 => HttpError::new(code::UNSUPPORTED_TYPE, sent),
        422 => HttpError::new(code::BAD_FIELD, sent),
        _ => return answer,
    };
    show(Shell::bare("", theme), &refusal.into())
}

/// The page for what was refused.
pub(super) fn show(mut shell: Shell, refused: &Refused) -> Response<Body> {
    let problem = &*refused.0;
    let title = match refused.status() {
        StatusCode::NOT_FOUND => "Nothing here",
        StatusCode::FORBIDDEN => "Not for this account",
        _ => "That did not work",
    };
    title.clone_into(&mut shell.title);
    let advice = match refused.status().as_u16() {
        404 => "It does not exist, or this account may not see it: both look the same on purpose.",
        403 => "Somebody who administers the tenant can give you another role.",
        429 | 503 => "Nothing is lost: events are still taken in. Reload the page in a moment.",
        _ => "",
    };
    page::render(
        refused.status(),
        &ProblemPage {
            shell,
            problem,
            advice,
        },
    )
}
