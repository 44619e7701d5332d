//! Connectors: what vendors send, as events of ours. Pure functions from headers and body to events.
//!
//! Promises: the same delivery gives the same events everywhere, their ids among them, so that sending or importing it
//! again adds nothing; no vendor can make an event that the door refuses, but for its size; what has no mapping is kept
//! in an honest generic form; secrets that a payload is known to carry (values of a Kubernetes Secret) and the personal
//! data of people who did not act (authors of commits) are left out. Does no I/O, reads no clock, holds no state.
//! Must never: decide who may send, or drop an event without naming the rule (`noise`).
//!
//! Read in this order: [`Delivery`] (what came), [`Vendor`] (who reads it), [`Event`] (what becomes of it), [`noise`]
//! (what need not be kept), [`authentic`] (whether the vendor sent it). One file a vendor; `docs/maintainers/adding-a-connector.md`.

pub mod authentic;
pub mod clean;
pub mod delivery;
pub mod event;
pub mod id;
pub mod limits;
pub mod look;
pub mod noise;
pub mod reading;
pub mod vendor;

mod argocd;
mod cdevents;
mod cloudevents;
mod cloudtrail;
mod github;
mod github_audit;
mod gitlab;
mod hec;
mod kubernetes;
mod payload;
mod sequence;
mod stated;
mod unmapped;

pub use cloudtrail::cloudtrail_objects;
pub use delivery::Delivery;
pub use event::Event;
pub use reading::{Item, Reading, Refusal, Unreadable};
pub use vendor::Vendor;
