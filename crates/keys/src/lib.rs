//! Durable files, the master secret, the keys derived from it, and the signer.
//!
//! Promises: a signature is never returned for a head that a crash could make the signer forget; a secret is never
//! printed. Must never: write a key, or anything a key can be computed from, outside the keys directory.

pub mod durable;
pub mod master;
mod secret;
pub mod signer;
