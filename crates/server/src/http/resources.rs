//! Resources: what their events say of them.

pub(super) mod state;
