//! A text that is the same for everybody as long as the server runs, and that caches may keep.

use std::fmt::Write;

use axum::body::Body;
use axum::http::{HeaderMap, HeaderValue, Response, StatusCode, header};
use serde_json::Value;
use sha2::{Digest, Sha256};

use super::json;

/// For how long nobody has to ask again.
const CACHE: HeaderValue = HeaderValue::from_static("public, max-age=3600");

/// The text and its name.
#[derive(Debug)]
pub(super) struct Document {
    text: String,
    etag: String,
    media_type: &'static str,
}

impl Document {
    /// A JSON document, laid out for people, with a line's end.
    pub(super) fn new(value: &Value, media_type: &'static str) -> Self {
        let text = format!("{value:#}\n");
        let mut etag = String::from("\"");
        for byte in Sha256::digest(text.as_bytes()).iter().take(16) {
            // Writing to a String cannot fail.
            _ = write!(etag, "{byte:02x}");
        }
        etag.push('"');
        Self {
            text,
            etag,
            media_type,
        }
    }

    /// The text.
    pub(super) fn text(&self) -> &str {
        &self.text
    }

    /// The text, or that it has not changed since it was asked for last.
    pub(super) fn answer(&'static self, asked: &HeaderMap) -> Response<Body> {
        let (status, text) = if self.is_known(asked) {
            (StatusCode::NOT_MODIFIED, "")
        } else {
            (StatusCode::OK, self.text.as_str())
        };
        let mut response = json::text(status, self.media_type, text);
        let headers = response.headers_mut();
        if status == StatusCode::NOT_MODIFIED {
            headers.remove(header::CONTENT_TYPE);
        }
        headers.insert(header::CACHE_CONTROL, CACHE);
        // Hexadecimal digits in quotes.
        if let Ok(etag) = HeaderValue::from_str(&self.etag) {
            headers.insert(header::ETAG, etag);
        }
        response
    }

    /// RFC 9110 section 13.1.2; proxies that compress make tags weak.
    fn is_known(&self, asked: &HeaderMap) -> bool {
        let mut known = asked.get_all(header::IF_NONE_MATCH).iter();
        known.any(|value| {
            let tags = value.to_str().unwrap_or_default().split(',').map(str::trim);
            tags.map(|tag| tag.strip_prefix("W/").unwrap_or(tag))
                .any(|tag| tag == "*" || tag == self.etag)
        })
    }
}
