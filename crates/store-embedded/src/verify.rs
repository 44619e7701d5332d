//! Verification of a data directory.
