//! Signing checkpoints, and manifests of exports: what may be asked for, what is refused, and the signer that keeps its own key and memory.
//!
//! Promises: for one log and size, one root is ever signed; what is signed extends, provably, what was signed before;
//! no signature leaves before the head it vouches for is durable. Must never: take the caller's word for what was
//! signed last.

mod file;
mod heads;

use std::collections::BTreeMap;
use std::fmt::Debug;
use std::io;
use std::path::PathBuf;

use ledger::hash::Hash;
use ledger::name::LogId;

pub use file::FileSigner;
pub(crate) use file::{create_files, has_records, heads_path};
pub(crate) use heads::read_key;
pub use heads::{HeadsError, PinnedHead, read as read_heads};

/// Most extensions in one call of [`Signer::sign`].
pub const EXTENSIONS_MAX: usize = 100_000;

/// Something that signs checkpoints and can't be talked into signing two histories. [`FileSigner`] is the one in this
/// process; a separate process can take its place.
pub trait Signer: Send + Debug {
    /// The Ed25519 public key.
    fn public_key(&self) -> [u8; 32];

    /// The verifier key (signed-note vkey) for an origin, which is the note's key name. None if it can't be one.
    fn vkey(&self, origin: &str) -> Option<String>;

    /// The last head signed of a log, or recorded to be signed.
    fn last(&self, log: &LogId) -> Option<Head>;

    /// The last head of every log.
    fn heads(&self) -> BTreeMap<LogId, PinnedHead>;

    /// Signs the extensions that are proven, in order, and refuses the others one by one: the answers stand in the
    /// order of the questions. Several may extend the same log, each the one before it.
    ///
    /// The heads are durable before any signature is made: one fsync a call, however many logs. After an error nothing
    /// was signed, but heads may have been recorded: ask again for the same ones. After [`SignerError::Poisoned`]
    /// the signer must be opened anew.
    fn sign(
        &mut self,
        extensions: &[Extension],
    ) -> Result<Vec<Result<String, Refusal>>, SignerError>;

    /// The signed note of a log's last head once more, if the origin is its own. The same bytes as before.
    fn resign(&self, log: &LogId, origin: &str) -> Option<String>;

    /// Signs the manifest of an export under the origin of its log, and answers the whole note. Any text but one that
    /// [`ledger::export::is_manifest`] takes for a manifest is refused, so nothing that is signed here is a checkpoint.
    /// What the manifest says is the caller's claim; the signer vouches for who made it and no more.
    fn sign_export(&self, log: &LogId, text: &str) -> Result<String, Refusal>;
}

/// How far a log came.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Head {
    /// Leaves.
    pub size: u64,
    /// Root hash over them.
    pub root: Hash,
}

/// A head to be signed.
#[derive(Clone, Debug)]
pub struct Extension {
    /// The log.
    pub log: LogId,
    /// Its origin: `<instance origin>/<log id>`.
    pub origin: String,
    /// Its new size in leaves.
    pub size: u64,
    /// Its new root hash.
    pub root: Hash,
    /// RFC 6962 consistency proof from the head last signed; empty if there is none, or for that same head.
    pub proof: Vec<Hash>,
}

/// Why something is not signed. All but those of origins and manifests mean that history was changed, lost or restored from an old copy:
/// run `verify`, and continue the log by a successor if its newest state can't be brought back.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum Refusal {
    /// The log became shorter.
    #[error("log {log} was signed at size {signed} and must not shrink to {asked}")]
    Shrinks { log: LogId, signed: u64, asked: u64 },
    /// Another root at the same size.
    #[error("log {log} was signed at size {size} with another root")]
    Forks { log: LogId, size: u64 },
    /// The proof does not hold.
    #[error("log {log} at size {asked} is not proven to extend what was signed at size {signed}")]
    Unproven { log: LogId, signed: u64, asked: u64 },
    /// A proof from an earlier head that this signer does not know: its memory is older than the log.
    #[error("log {log} comes with a proof from an earlier head, but none was signed here")]
    NeverSigned { log: LogId },
    /// Entry 0 is written when a log is made, so a log without entries is none.
    #[error("log {log} is empty")]
    Empty { log: LogId },
    /// The origin first signed for a log is its origin for ever.
    #[error("log {log} was signed as {signed}, not as {asked}")]
    OtherOrigin {
        log: LogId,
        signed: String,
        asked: String,
    },
    /// Only logs of which a head was signed have exports.
    #[error("log {log} was never signed here")]
    UnknownLog { log: LogId },
    /// Neither a checkpoint nor a manifest, or one that no note can carry.
    #[error("log {log} was asked to sign a text that is no manifest of an export")]
    NotAManifest { log: LogId },
    /// Origins end in the log's id, so that two logs never share one.
    #[error("log {log} can't have the origin {origin:?}")]
    BadOrigin { log: LogId, origin: String },
}

/// Why a signer can't go on.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum SignerError {
    /// Another process signs.
    #[error("another process signs with {}; stop it first", path.display())]
    InUse { path: PathBuf },
    /// The key is not the one that the heads were signed with.
    #[error(
        "{} is not the key that its heads file was begun with; restore the keys directory from its backup",
        path.display()
    )]
    OtherKey { path: PathBuf },
    /// The key is missing or no key.
    #[error("{} is damaged; restore the keys directory from its backup", path.display())]
    DamagedKey { path: PathBuf },
    /// The memory of what was signed can't be trusted.
    #[error("the signer's memory of what it signed is not usable")]
    Heads {
        #[source]
        source: HeadsError,
    },
    /// An earlier write may or may not have reached the disk.
    #[error("an earlier write of the signer failed; open it anew")]
    Poisoned,
    /// Too many at once.
    #[error("{asked} heads asked for at once, {EXTENSIONS_MAX} are the most")]
    TooMany { asked: usize },
    /// The disk failed.
    #[error("could not read or write {}", path.display())]
    Disk { path: PathBuf, source: io::Error },
}
