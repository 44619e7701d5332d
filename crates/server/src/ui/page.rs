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

/// Longest text of a question that every one of many links of a page repeats, in bytes.
pub(super) const REPEATED_BYTES_MAX: usize = 500;

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
    let before = text.split_once(CUT).map_or("", |(before, _)| before);
    begun(StatusCode::OK, before.to_owned(), async move {
        let text = whole.await.render().unwrap_or_default();
        text.split_once(CUT)
            .map_or("", |(_, after)| after)
            .to_owned()
    })
}

/// A page of which the first piece leaves at once, and the rest when it is there.
pub(super) fn begun(
    status: StatusCode,
    first: String,
    rest: impl Future<Output = String> + Send + 'static,
) -> Response<Body> {
    let mut response = guarded(status, "text/html; charset=utf-8", String::new());
    *response.body_mut() = Body::new(PulledBody::new(TwoPieces {
        first: Some(first),
        rest: Some(Box::pin(rest)),
    }));
    response
}

type Rest = Pin<Box<dyn Future<Output = String> + Send>>;

struct TwoPieces {
    first: Option<String>,
    rest: Option<Rest>,
}

impl Pieces for TwoPieces {
    type Error = Infallible;

    async fn next(&mut self) -> Option<Result<Bytes, Infallible>> {
        if let Some(first) = self.first.take() {
            return Some(Ok(Bytes::from(first)));
        }
        Some(Ok(Bytes::from(self.rest.take()?.await)))
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
