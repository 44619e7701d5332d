//! The server's clock, for operators.

pub(super) mod confirm;
