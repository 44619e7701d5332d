//! What a client is told about a limit: the header fields `RateLimit-Policy` and `RateLimit` of
//! draft-ietf-httpapi-ratelimit-headers-10, as structured fields.

use axum::http::{HeaderMap, HeaderName, HeaderValue};

const POLICY: HeaderName = HeaderName::from_static("ratelimit-policy");
const LIMIT: HeaderName = HeaderName::from_static("ratelimit");

/// A policy, and what is left of it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct RateLimit {
    policy: String,
    limit: String,
}

impl RateLimit {
    /// So much in so many seconds; so much is left, and more of it after so many seconds.
    pub(crate) fn of_rate(
        name: &'static str,
        (quota, window_seconds): (u64, u64),
        (left, after_seconds): (u64, u64),
    ) -> Self {
        Self {
            policy: format!("\"{name}\";q={quota};w={window_seconds};qu=\"{name}\""),
            limit: format!("\"{name}\";r={left};t={after_seconds}"),
        }
    }

    /// So much at once, and all of it is taken.
    pub(crate) fn of_concurrency(name: &'static str, quota: usize) -> Self {
        Self {
            policy: format!("\"{name}\";q={quota};qu=\"concurrent-requests\""),
            limit: format!("\"{name}\";r=0"),
        }
    }

    /// Puts both fields into an answer.
    pub(crate) fn put(&self, headers: &mut HeaderMap) {
        for (name, value) in [(POLICY, &self.policy), (LIMIT, &self.limit)] {
            // Names and decimal numbers.
            if let Ok(value) = HeaderValue::from_str(value) {
                headers.insert(name, value);
            }
        }
    }
}
