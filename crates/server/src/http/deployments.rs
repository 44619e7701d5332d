//! Deployments: what their events say together.

pub(super) mod figures;
pub(super) mod list;

mod changes;
mod walk;
