//! The HTTP service over a ledger store.
//!
//! Promises: knows traits only (store, clock, randomness, anchors arrive as arguments); a tenant is bound below the
//! handlers; every read of content leaves its record first. Must never: name a concrete store, fsync, or know where
//! keys are kept.
//!
//! Read in this order: [`http`] (the routes), [`auth`] (who may what), `access` (who read), [`admin`] (tenants and keys),
//! `jobs` (what runs by itself), [`serve()`] (sockets and shutdown).

pub mod admin;
pub mod auth;
pub mod config;
pub mod http;
pub mod oidc;
pub mod own;
pub mod telemetry;

mod access;
mod anchor;
mod deployments;
mod jobs;
mod listener;
mod recorded;
mod resource;
mod serve;
mod server;
mod shares;
mod sources;
mod tasks;
mod tls;
mod ui;
mod verification;

pub use anchor::{Anchor, AnchorSink, Publishing};
pub use config::Config;
pub use http::{event_schema, openapi, router};
pub use listener::Listener;
pub use serve::{ServeError, serve, shutdown_signal};
pub use server::Server;
pub use tls::{Tls, TlsError};
