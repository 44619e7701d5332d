//! Test and load tools; never linked into the product.

pub mod block_on;
pub mod events;
pub mod mmdb;
pub mod queries;
pub mod sim_disk;
pub mod sources;
