//! Test and load tools; never linked into the product.

pub mod sim_disk;
