//! The one key that a file is checked with: from a file of verifier keys, or from a keys directory.
//!
//! Must never come from what is being checked, or let the key of one log vouch for an export of another.

use std::path::PathBuf;

use base64ct::{Base64, Encoding as _};
use ledger::note::{ED25519, VerifierKey, key_id};

use crate::failure::Failure;
use crate::keys_reading;
use crate::pins::Pins;

/// Most pinned origins that a refusal names.
const NAMED_MAX: usize = 3;

/// Where the key comes from.
#[derive(Clone, Debug, clap::Args)]
pub(crate) struct PinnedKey {
    /// File with the log's verifier key
    #[arg(long, value_name = "FILE", conflicts_with = "keys")]
    vkey: Option<PathBuf>,

    /// The keys directory, whose signer's key is taken
    #[arg(long, value_name = "DIR")]
    keys: Option<PathBuf>,
}

impl PinnedKey {
    /// As [`Self::of`], but a key that is named in a file vouches for its own log alone: its name is the log's origin.
    pub(crate) fn of_log(
        &self,
        what: &str,
        origin: &str,
    ) -> Result<Option<(VerifierKey, String)>, Failure> {
        if let Some(path) = &self.vkey {
            let pins = Pins::read(std::slice::from_ref(path), &[])?;
            if !pins.origins().any(|pinned| pinned == origin) {
                let pinned: Vec<String> = pins
                    .origins()
                    .take(NAMED_MAX)
                    .map(|name| format!("{name:?}"))
                    .collect();
                return Err(Failure::tampered(format!(
                    "the {what} is of another log than the pinned one: its origin is {origin:?}, the key in {} is of {}",
                    path.display(),
                    pinned.join(", ")
                )));
            }
        }
        self.of(what, origin)
    }

    /// Whether the key is that of a whole installation, under which any of its logs passes.
    pub(crate) fn is_of_any_log(&self) -> bool {
        self.vkey.is_none() && self.keys.is_some()
    }

    /// The key of the log of that origin, and where it stood; `None` if none was named. `what` has the origin.
    pub(crate) fn of(
        &self,
        what: &str,
        origin: &str,
    ) -> Result<Option<(VerifierKey, String)>, Failure> {
        if let Some(path) = &self.vkey {
            let pins = Pins::read(std::slice::from_ref(path), &[])?;
            let (key, place) = pins.key_of(origin).ok_or_else(|| {
                Failure::tampered(format!(
                    "the {what}'s origin is {origin:?}, which is not of the installation whose key {} holds",
                    path.display()
                ))
            })?;
            return Ok(Some((key, format!("the key in {place}"))));
        }
        let Some(directory) = &self.keys else {
            return Ok(None);
        };
        let keys = keys_reading::open(directory)?;
        let key = named_key(origin, &keys_reading::public_key(&keys)?)?;
        Ok(Some((
            key,
            format!("the signer's key in {}", directory.display()),
        )))
    }
}

/// The key of a log whose signer has this public key.
fn named_key(origin: &str, public_key: &[u8; 32]) -> Result<VerifierKey, Failure> {
    let id = ledger::name::to_hex(&key_id(origin, ED25519, public_key));
    let mut bytes = vec![ED25519];
    bytes.extend(public_key);
    let text = format!("{origin}+{id}+{}", Base64::encode_string(&bytes));
    VerifierKey::parse(&text).map_err(|error| {
        Failure::tampered(format!("no key can have the origin {origin:?}: {error}"))
    })
}
