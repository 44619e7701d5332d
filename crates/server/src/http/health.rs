//! How the server is doing. These take no key and say nothing of any tenant.

pub(super) mod live;
pub(super) mod metrics;
pub(super) mod ready;
