//! Taking a request apart, with refusals in the form of [`HttpError`].

use api::code;
use axum::extract::{FromRequestParts, Path, Query};
use axum::http::request::Parts;
use serde::de::DeserializeOwned;

use super::error::HttpError;

/// The one variable segment (or tail) of the path. One that can't be decoded names nothing.
#[derive(Debug)]
pub(crate) struct Segment(pub(crate) String);

impl<S: Send + Sync> FromRequestParts<S> for Segment {
    type Rejection = HttpError;

    async fn from_request_parts(parts: &mut Parts, state: &S) -> Result<Self, HttpError> {
        match Path::<String>::from_request_parts(parts, state).await {
            Ok(Path(segment)) => Ok(Self(segment)),
            Err(_) => Err(HttpError::not_found()),
        }
    }
}

/// The two variable segments of the path.
#[derive(Debug)]
pub(crate) struct Segments(pub(crate) String, pub(crate) String);

impl<S: Send + Sync> FromRequestParts<S> for Segments {
    type Rejection = HttpError;

    async fn from_request_parts(parts: &mut Parts, state: &S) -> Result<Self, HttpError> {
        match Path::<(String, String)>::from_request_parts(parts, state).await {
            Ok(Path((first, second))) => Ok(Self(first, second)),
            Err(_) => Err(HttpError::not_found()),
        }
    }
}

/// The query's parameters; unknown ones are refused by the type that reads them.
#[derive(Debug)]
pub(crate) struct Parameters<T>(pub(crate) T);

/// What a set of parameters accepts, for the refusal.
pub(crate) trait Expected: DeserializeOwned {
    /// In words, such as `expected source=<name>`.
    const EXPECTED: &'static str;
}

impl<S: Send + Sync, T: Expected> FromRequestParts<S> for Parameters<T> {
    type Rejection = HttpError;

    async fn from_request_parts(parts: &mut Parts, state: &S) -> Result<Self, HttpError> {
        match Query::<T>::from_request_parts(parts, state).await {
            Ok(Query(parameters)) => Ok(Self(parameters)),
            Err(_) => Err(HttpError::new(code::BAD_REQUEST, T::EXPECTED)),
        }
    }
}
