//! HTTP: the table of routes, one file for each handler, one error type.
//!
//! Promises: only [`api`] types and stored bytes leave; a handler checks the role before it looks anything up.
//! Must never: name a concrete store, or keep a body longer than its request.

pub(crate) mod conflicts;

mod body;
mod clock;
mod error;
mod events;
mod extract;
mod health;
mod json;
mod keys;
mod logs;
mod router;
mod tenants;

pub use error::HttpError;
pub use router::router;

pub(crate) use error::{Internal, chain};
