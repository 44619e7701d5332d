//! Asking the API in this process.
//!
//! Promises: what is asked goes through the API's own handlers, as the signed-in [`Caller`]: its rights, its access
//! records, its limits and its refusals are the API's. Must never: read an answer without a bound.

use std::time::Duration;

use axum::Router;
use axum::body::{Body, Bytes};
use axum::http::{Method, Request, Response, header};
use http_body_util::{BodyExt, Limited};
use serde::Serialize;
use serde::de::DeserializeOwned;
use tower::ServiceExt;

use super::problem::Refused;
use crate::auth::Caller;

/// Longest answer that a page takes, in bytes: a page of a search at most.
const ANSWER_BYTES_MAX: usize = 32 * 1024 * 1024;

/// How often a question is asked again where too many searches are running, and how long after: three seconds.
const TURNS_MAX: usize = 60;
const TURN: Duration = Duration::from_millis(50);

/// Somebody signed in, who asks.
#[derive(Clone, Debug)]
pub(super) struct Ask {
    api: Router,
    caller: Caller,
}

impl Ask {
    pub(super) fn new(api: Router, caller: Caller) -> Self {
        Self { api, caller }
    }

    /// Asks for something at `path`, whose variable segments are escaped already ([`segment`]), with parameters.
    /// Parameters without a value are left out.
    pub(super) fn get<T: DeserializeOwned>(
        &self,
        path: &str,
        parameters: &[(&str, &str)],
    ) -> impl Future<Output = Result<T, Refused>> + Send + use<T> {
        // Nothing is borrowed, so that several questions can be asked at once.
        let ask = self.clone();
        let path = with_parameters(path, parameters);
        async move { read(ask.in_turn(Method::GET, &path).await?).await }
    }

    /// The text of an answer, for what would lose something when it is read into a type.
    pub(super) async fn text(
        &self,
        method: Method,
        path_and_query: &str,
    ) -> Result<Bytes, Refused> {
        collect(self.in_turn(method, path_and_query).await?).await
    }

    /// Asks, and asks again for a while where too many searches of the tenant are running: one page is several of them,
    /// and a link that was sent around is opened by many at once.
    async fn in_turn(
        &self,
        method: Method,
        path_and_query: &str,
    ) -> Result<Response<Body>, Refused> {
        let mut turns = 0..TURNS_MAX;
        loop {
            let answer = self.raw(method.clone(), path_and_query, Body::empty());
            match answer.await {
                Err(refused)
                    if refused.0.code == api::code::TOO_MANY_SEARCHES && turns.next().is_some() =>
                {
                    tokio::time::sleep(TURN).await;
                }
                answer => return answer,
            }
        }
    }

    /// Sends a JSON body, and reads what comes back.
    pub(super) async fn send<T: DeserializeOwned>(
        &self,
        method: Method,
        path: &str,
        body: &(impl Serialize + Sync),
    ) -> Result<T, Refused> {
        let body = serde_json::to_vec(body).map_err(|_| Refused::internal())?;
        read(self.raw(method, path, Body::from(body)).await?).await
    }

    /// The same for what answers nothing that is worth reading.
    pub(super) async fn tell(
        &self,
        method: Method,
        path: &str,
        body: &(impl Serialize + Sync),
    ) -> Result<(), Refused> {
        let body = serde_json::to_vec(body).map_err(|_| Refused::internal())?;
        self.raw(method, path, Body::from(body)).await.map(drop)
    }

    /// The answer as it is, for downloads. A refusal is an error.
    pub(super) async fn raw(
        &self,
        method: Method,
        path_and_query: &str,
        body: Body,
    ) -> Result<Response<Body>, Refused> {
        let mut request = Request::new(body);
        *request.method_mut() = method;
        *request.uri_mut() = path_and_query.parse().map_err(|_| Refused::not_found())?;
        request.headers_mut().insert(
            header::CONTENT_TYPE,
            header::HeaderValue::from_static("application/json"),
        );
        request.extensions_mut().insert(self.caller.clone());
        let Ok(answer) = self.api.clone().oneshot(request).await;
        if answer.status().is_success() {
            return Ok(answer);
        }
        Err(Refused::read(answer).await)
    }
}

async fn read<T: DeserializeOwned>(answer: Response<Body>) -> Result<T, Refused> {
    serde_json::from_slice(&collect(answer).await?).map_err(|_| Refused::internal())
}

async fn collect(answer: Response<Body>) -> Result<Bytes, Refused> {
    let body = Limited::new(answer.into_body(), ANSWER_BYTES_MAX);
    let body = body.collect().await.map_err(|_| Refused::internal())?;
    Ok(body.to_bytes())
}

/// A path with parameters; those without a value are left out.
pub(super) fn with_parameters(path: &str, parameters: &[(&str, &str)]) -> String {
    let mut text = path.to_owned();
    let given = parameters.iter().filter(|(_, value)| !value.is_empty());
    for (index, (name, value)) in given.enumerate() {
        text.push(if index == 0 { '?' } else { '&' });
        text.push_str(name);
        text.push('=');
        push_escaped(value, &mut text);
    }
    text
}

/// A text as one segment of a path.
pub(super) fn segment(text: &str) -> String {
    let mut escaped = String::with_capacity(text.len());
    push_escaped(text, &mut escaped);
    escaped
}

/// Everything but what RFC 3986 calls unreserved.
fn push_escaped(text: &str, into: &mut String) {
    const DIGITS: [char; 16] = [
        '0', '1', '2', '3', '4', '5', '6', '7', '8', '9', 'A', 'B', 'C', 'D', 'E', 'F',
    ];
    for byte in text.bytes() {
        if byte.is_ascii_alphanumeric() || matches!(byte, b'-' | b'.' | b'_' | b'~') {
            into.push(char::from(byte));
        } else {
            into.push('%');
            into.push(DIGITS[usize::from(byte >> 4)]);
            into.push(DIGITS[usize::from(byte & 15)]);
        }
    }
}
