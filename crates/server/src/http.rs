//! HTTP: the table of routes, one file for each handler, one error type.
//!
//! Promises: only [`api`] types and stored bytes leave; a handler checks the role before it looks anything up.
//! Must never: name a concrete store, or keep a body longer than its request.

pub(crate) mod asked;
pub(crate) mod conflicts;
pub(crate) mod quota;
pub(crate) mod searches;

mod accounts;
mod body;
mod clock;
mod collector;
mod countable;
mod cursor;
mod deployments;
mod document;
mod error;
mod events;
mod exports;
mod extract;
mod fields;
mod health;
mod index;
mod json;
mod keys;
mod logs;
mod managed;
mod openapi;
mod producers;
mod pulled;
mod rate_limit;
mod resources;
pub(crate) mod reviews;
mod route;
mod router;
mod routes;
mod schema;
mod sessions;
mod sources;
mod stats;
mod tenants;
mod views;

pub use error::HttpError;
pub use openapi::openapi;
pub use router::router;
pub use schema::event_schema;

pub(crate) use cursor::CURSOR_MICROS;
pub(crate) use error::{Internal, chain};
pub(crate) use events::stream::OpenStreams;
pub(crate) use exports::{CutExport, Exports};
pub(crate) use pulled::{Pieces, PulledBody};
