//! Events: sending, finding, seeing, following, proving.

pub(super) mod append;
pub(super) mod find;
pub(super) mod list;
pub(super) mod prove;
pub(super) mod show;
pub(super) mod stream;

mod answer;
mod beside;
mod covered;
mod merged;
mod request;
mod withhold;

pub(super) use withhold::{withhold_addresses, withhold_related};
