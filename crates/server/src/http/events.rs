//! Events: sending, seeing, proving.

pub(super) mod append;
pub(super) mod prove;
pub(super) mod show;

mod answer;
mod covered;
mod find;
mod merged;
mod request;
mod withhold;
