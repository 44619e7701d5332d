//! Reading a keys directory as a verifier: what the signer's key is, and what it signed last.
//!
//! Takes no lock, so the server may run. Must never write there.

use std::collections::BTreeMap;
use std::path::Path;
use std::sync::Arc;

use keys::durable::RealDisk;
use keys::master::{KeysDirectory, KeysError};
use keys::signer::{HeadsError, PinnedHead};
use ledger::name::LogId;

use crate::failure::Failure;

/// Opens a keys directory.
pub(crate) fn open(directory: &Path) -> Result<KeysDirectory, Failure> {
    KeysDirectory::open(Arc::new(RealDisk), directory).map_err(unusable_directory)
}

/// What a keys directory that does not open means for the caller.
pub(crate) fn unusable_directory(error: KeysError) -> Failure {
    let message = error.to_string();
    match error {
        KeysError::Damaged { .. } | KeysError::FormatLost { .. } => Failure::tampered(message),
        KeysError::Disk { source, .. } => Failure::unreachable(format!("{message}: {source}")),
        KeysError::InUse { .. } => Failure::unreachable(message),
        _ => Failure::usage(message),
    }
}

/// The signer's public key.
pub(crate) fn public_key(keys: &KeysDirectory) -> Result<[u8; 32], Failure> {
    keys.public_key().map_err(unusable)
}

/// The last head that was signed of every log.
pub(crate) fn pinned_heads(keys: &KeysDirectory) -> Result<BTreeMap<LogId, PinnedHead>, Failure> {
    keys.pinned_heads().map_err(unusable)
}

fn unusable(error: HeadsError) -> Failure {
    let message = error.to_string();
    match error {
        HeadsError::Missing { .. } | HeadsError::Damaged { .. } => Failure::tampered(message),
        HeadsError::Disk { source, .. } => Failure::unreachable(format!("{message}: {source}")),
        _ => Failure::usage(message),
    }
}
