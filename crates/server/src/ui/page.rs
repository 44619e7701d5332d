//! A page on its way out: its headers.
//!
//! Promises: no page may run or load what is not ours, be framed, be kept by a cache, or tell another site where its
//! viewer came from.

use std::convert::Infallible;
use std::future::Future;
use std::pin::Pin;

use askama::Template;
use axum::body::{Body, Bytes};
use axum::http::{HeaderName, HeaderValue, Response, StatusCode, header};

use crate::http::{Pieces, PulledBody};

/// What a page may load and where its forms may go: nothing but our own.
const POLICY: &str = "default-src 'none'; style-src 'self'; script-src 'self'; img-src 'self'; connect-src 'self'; \
                      form-action 'self'; base-uri 'none'; frame-ancestors 'none'";

/// Headers of every page.
const HEADERS: [(HeaderName, &str); 6] = [
    (header::CONTENT_SECURITY_POLICY, POLICY),
    (header::CACHE_CONTROL, "no-store"),
    (header::REFERRER_POLICY, "same-origin"),
    (header::X_CONTENT_TYPE_OPTIONS, "nosniff"),
    (
        HeaderName::from_static("cross-origin-opener-policy"),
        "same-origin",
    ),
    (
        HeaderName::from_static("permissions-policy"),
        "camera=(), geolocation=(), microphone=()",
    ),
];

/// A page.
pub(super) fn render(status: StatusCode, page: &impl Template) -> Response<Body> {
    // Writing into a string can't fail, and no template of ours fails by itself.
    let Ok(text) = page.render() else {
        return guarded(
            StatusCode::INTERNAL_SERVER_ERROR,
            "text/plain; charset=utf-8",
            "the page failed".to_owned(),
        );
    };
    guarded(status, "text/html; charset=utf-8", text)
}

/// Where a template may be cut in two: what stands before it needs no long work.
const CUT: &str = "<!--cut-->";

/// A page of which the first half leaves at once: the text of `first` up to its cut, then that of the page which is
/// still being made, from its cut on.
pub(super) fn in_two<T: Template + Send + 'static>(
    first: &impl Template,
    whole: impl Future<Output = T> + Send + 'static,
) -> Response<Body> {
    let text = first.render().unwrap_or_default();
    let begun = text.split_once(CUT).map(|(before, _)| before.to_owned());
    let whole: Whole = Box::pin(async move { whole.await.render().unwrap_or_default() });
    let mut response = guarded(StatusCode::OK, "text/html; charset=utf-8", String::new());
    *response.body_mut() = Body::new(PulledBody::new(Halves {
        begun,
        whole: Some(whole),
    }));
    response
}

type Whole = Pin<Box<dyn Future<Output = String> + Send>>;

/// The two halves.
struct Halves {
    begun: Option<String>,
    whole: Option<Whole>,
}

impl Pieces for Halves {
    type Error = Infallible;

    async fn next(&mut self) -> Option<Result<Bytes, Infallible>> {
        if let Some(begun) = self.begun.take() {
            return Some(Ok(Bytes::from(begun)));
        }
        let text = self.whole.take()?.await;
        let rest = text.split_once(CUT).map_or("", |(_, after)| after);
        Some(Ok(Bytes::copy_from_slice(rest.as_bytes())))
    }
}

/// Any text with the headers of a page.
pub(super) fn guarded(
    status: StatusCode,
    media_type: &'static str,
    text: String,
) -> Response<Body> {
    let mut response = Response::new(Body::from(text));
    *response.status_mut() = status;
    let headers = response.headers_mut();
    headers.insert(header::CONTENT_TYPE, HeaderValue::from_static(media_type));
    for (name, value) in HEADERS {
        headers.insert(name, HeaderValue::from_static(value));
    }
    response
}

/// Sends the browser to a path of ours, with GET.
pub(super) fn redirect(to: &str) -> Response<Body> {
    let mut response = guarded(
        StatusCode::SEE_OTHER,
        "text/plain; charset=utf-8",
        String::new(),
    );
    let to = HeaderValue::from_str(to).unwrap_or(HeaderValue::from_static("/"));
    response.headers_mut().insert(header::LOCATION, to);
    response
}

/// A path of ours that somebody was on the way to, or the first page. Never another host.
pub(super) fn own_path(to: Option<&str>) -> &str {
    to.and_then(crate::oidc::own_path).unwrap_or("/")
}
