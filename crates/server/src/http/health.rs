//! How the server is doing. But for [`show`] these take no key and say nothing of any tenant.

pub(super) mod live;
pub(super) mod metrics;
pub(super) mod ready;
pub(super) mod show;
