//! The signer of this process: a seed and the memory of what it signed, in `signer/` of the keys directory.
//!
//! Promises what [`Signer`] asks, through any crash; one process at a time. Must never: open with an empty memory where
//! one was lost, or go on after a write it can't vouch for.

use std::collections::BTreeMap;
use std::fmt;
use std::io;
use std::path::{Path, PathBuf};
use std::sync::Arc;

use ed25519_dalek::SigningKey;
use ledger::checkpoint::{Checkpoint, ORIGIN_BYTES_MAX};
use ledger::export::is_manifest;
use ledger::hash::Hash;
use ledger::name::LogId;
use ledger::note::{VerifierKey, sign_note};
use ledger::source::Rng;
use ledger::tree::verify_consistency;
use zeroize::Zeroizing;

use super::heads::{self, HeadsFile, PinnedHead};
use super::{EXTENSIONS_MAX, Extension, Head, HeadsError, Refusal, Signer, SignerError};
use crate::durable::{Disk, Lock, Secrecy};
use crate::master::KeysDirectory;
use crate::secret;

/// What the key file says about itself.
const KEY_EXPLANATION: &str = "Signing key of a Veritrail installation (Ed25519 seed). Whoever has it can sign checkpoints. Never edit it.";

/// Signs with a key in the keys directory.
pub struct FileSigner {
    key: SigningKey,
    heads: HeadsFile,
    _lock: Box<dyn Lock>,
}

/// Makes the signer's files where there are none. A crash leaves some of them, perhaps in part.
pub(crate) fn create_files(disk: &dyn Disk, directory: &Path, rng: &dyn Rng) -> io::Result<()> {
    let own = directory.join("signer");
    disk.create_dir_all(&own, Secrecy::Secret)?;
    let mut seed = Zeroizing::new([0; 32]);
    rng.fill(&mut *seed);
    secret::create(disk, &own.join("key"), KEY_EXPLANATION, &seed)?;
    let public_key = SigningKey::from_bytes(&seed).verifying_key().to_bytes();
    heads::create(disk, &heads_path(directory), public_key)
}

/// Whether a keys directory holds heads that were signed.
pub(crate) fn has_records(disk: &dyn Disk, directory: &Path) -> io::Result<bool> {
    heads::has_records(disk, &heads_path(directory))
}

impl FileSigner {
    /// Opens the signer of a keys directory and holds its lock until dropped. Every head it then knows is durable.
    pub fn open(keys: &KeysDirectory) -> Result<Self, SignerError> {
        let directory = keys.path().join("signer");
        let lock_path = directory.join("lock");
        let lock = keys.disk().try_lock(&lock_path).map_err(|source| {
            if source.kind() == io::ErrorKind::WouldBlock {
                SignerError::InUse {
                    path: directory.clone(),
                }
            } else {
                disk_error(&lock_path, source)
            }
        })?;
        let path = directory.join("key");
        let seed = secret::read(&**keys.disk(), &path).map_err(|source| match source.kind() {
            io::ErrorKind::NotFound | io::ErrorKind::InvalidData | io::ErrorKind::FileTooLarge => {
                SignerError::DamagedKey { path: path.clone() }
            }
            _ => disk_error(&path, source),
        })?;
        let key = SigningKey::from_bytes(&seed);
        let heads = HeadsFile::open(Arc::clone(keys.disk()), &heads_path(keys.path()))?;
        if *heads.key() != key.verifying_key().to_bytes() {
            return Err(SignerError::OtherKey { path });
        }
        Ok(Self {
            key,
            heads,
            _lock: lock,
        })
    }

    /// The note of a head that is durable. None for an origin that no note can have, which is never recorded.
    fn note(&self, head: &PinnedHead) -> Option<String> {
        let checkpoint = Checkpoint::new(&head.origin, head.size, head.root).ok()?;
        sign_note(&checkpoint.to_string(), &head.origin, &self.key).ok()
    }
}

impl Signer for FileSigner {
    fn public_key(&self) -> [u8; 32] {
        self.key.verifying_key().to_bytes()
    }

    fn vkey(&self, origin: &str) -> Option<String> {
        let key = VerifierKey::new(origin, self.key.verifying_key()).ok()?;
        Some(key.to_string())
    }

    fn last(&self, log: &LogId) -> Option<Head> {
        self.heads.heads().get(log).map(|head| Head {
            size: head.size,
            root: head.root,
        })
    }

    fn heads(&self) -> BTreeMap<LogId, PinnedHead> {
        self.heads.heads().clone()
    }

    fn sign(
        &mut self,
        extensions: &[Extension],
    ) -> Result<Vec<Result<String, Refusal>>, SignerError> {
        if self.heads.poisoned() {
            return Err(SignerError::Poisoned);
        }
        if extensions.len() > EXTENSIONS_MAX {
            return Err(SignerError::TooMany {
                asked: extensions.len(),
            });
        }
        let mut changed = BTreeMap::new();
        let mut judged = Vec::with_capacity(extensions.len());
        for extension in extensions {
            let last = changed
                .get(&extension.log)
                .or_else(|| self.heads.heads().get(&extension.log));
            let verdict = judge(last, extension);
            if let Ok(head) = &verdict
                && last != Some(head)
            {
                changed.insert(extension.log, head.clone());
            }
            judged.push(verdict);
        }
        if !changed.is_empty() {
            // Before any signature: once one is out, forgetting the head would let another history be signed.
            let recorded = self.heads.record(changed);
            recorded.map_err(|source| disk_error(self.heads.path(), source))?;
        }
        Ok(judged
            .into_iter()
            .zip(extensions)
            .map(|(verdict, asked)| {
                let note = self.note(&verdict?);
                note.ok_or_else(|| bad_origin(asked.log, &asked.origin))
            })
            .collect())
    }

    fn resign(&self, log: &LogId, origin: &str) -> Option<String> {
        let head = self.heads.heads().get(log)?;
        if head.origin != origin {
            return None;
        }
        self.note(head)
    }

    fn sign_export(&self, log: &LogId, text: &str) -> Result<String, Refusal> {
        let head = self.heads.heads().get(log);
        let head = head.ok_or(Refusal::UnknownLog { log: *log })?;
        let refused = Refusal::NotAManifest { log: *log };
        if !is_manifest(text) {
            return Err(refused);
        }
        sign_note(text, &head.origin, &self.key).map_err(|_| refused)
    }
}

impl fmt::Debug for FileSigner {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("FileSigner")
            .field("heads", &self.heads.path())
            .field("logs", &self.heads.heads().len())
            .field("poisoned", &self.heads.poisoned())
            .finish_non_exhaustive()
    }
}

impl From<HeadsError> for SignerError {
    fn from(source: HeadsError) -> Self {
        Self::Heads { source }
    }
}

/// Whether a head may be signed after `last`.
fn judge(last: Option<&PinnedHead>, asked: &Extension) -> Result<PinnedHead, Refusal> {
    let log = asked.log;
    let head = PinnedHead {
        origin: asked.origin.clone(),
        size: asked.size,
        root: asked.root,
    };
    let Some(last) = last else {
        return judge_first(log, head, &asked.proof);
    };
    if last.origin != asked.origin {
        return Err(Refusal::OtherOrigin {
            log,
            signed: last.origin.clone(),
            asked: asked.origin.clone(),
        });
    }
    let signed = last.size;
    if asked.size < signed {
        return Err(Refusal::Shrinks {
            log,
            signed,
            asked: asked.size,
        });
    }
    if asked.size == signed {
        return if asked.root == last.root {
            Ok(head)
        } else {
            Err(Refusal::Forks { log, size: signed })
        };
    }
    match verify_consistency(signed, asked.size, &last.root, &asked.root, &asked.proof) {
        Ok(()) => Ok(head),
        Err(_) => Err(Refusal::Unproven {
            log,
            signed,
            asked: asked.size,
        }),
    }
}

fn judge_first(log: LogId, head: PinnedHead, proof: &[Hash]) -> Result<PinnedHead, Refusal> {
    if head.size == 0 {
        return Err(Refusal::Empty { log });
    }
    if !proof.is_empty() {
        return Err(Refusal::NeverSigned { log });
    }
    if !is_origin_of(&head.origin, log) {
        return Err(bad_origin(log, &head.origin));
    }
    Ok(head)
}

/// Whether an origin is `<instance origin>/<log id>`, and fit for a note's key name and a line of the heads file.
fn is_origin_of(origin: &str, log: LogId) -> bool {
    let instance = origin.strip_suffix(&format!("/{log}"));
    origin.len() <= ORIGIN_BYTES_MAX
        && instance.is_some_and(|instance| {
            !instance.is_empty()
                && instance
                    .bytes()
                    .all(|byte| byte.is_ascii_graphic() && byte != b'+')
        })
}

fn bad_origin(log: LogId, origin: &str) -> Refusal {
    Refusal::BadOrigin {
        log,
        origin: origin.to_owned(),
    }
}

/// The heads file of a keys directory.
pub(crate) fn heads_path(directory: &Path) -> PathBuf {
    directory.join("signer").join("heads")
}

fn disk_error(path: &Path, source: io::Error) -> SignerError {
    SignerError::Disk {
        path: path.to_path_buf(),
        source,
    }
}
