//! The keys directory: master secrets, the keys derived from them, and the place of the signer.
//!
//! Promises: an initialised directory stays readable by this version; a directory that was initialised by halves is
//! told from one that is whole; a damaged secret is noticed before it is used. Must never: overwrite a secret, make a
//! new one in place of one that was lost, or print one.
//!
//! ```text
//! FORMAT            "veritrail-keys 1", then "instance <32 hex>"; written last, so that it vouches for the rest
//! lock              held while the directory is initialised or a master is added
//! masters/<kid>     one master secret: an explanation, then 64 hex digits
//! masters/current   the kids, one a line, oldest first; the last one is in use
//! signer/key        the seed of the signing key
//! signer/heads      the last head signed of every log (see `signer::heads`)
//! signer/lock       held by the process that signs
//! ```
//!
//! A kid is the first 4 bytes, in hex, of SHA-256("veritrail/kid/1" ‖ secret): a file that does not match its name is
//! damaged. The masters are kept as long as the data: without its masters, a tenant's
//! pseudonyms and masks can never be computed again.

mod layout;

use std::collections::BTreeMap;
use std::fmt;
use std::io;
use std::path::{Path, PathBuf};
use std::sync::Arc;

use hkdf::Hkdf;
use ledger::keyring::TenantKeys;
use ledger::name::{InstanceId, LogId, to_hex};
use ledger::source::Rng;
use sha2::{Digest, Sha256};
use zeroize::Zeroizing;

use crate::durable::{Disk, Lock, Secrecy, replace};
use crate::secret;
use crate::signer::{self, HeadsError, PinnedHead};

use layout::Stage;

/// Most master secrets in one directory.
const MASTERS_MAX: usize = 1_000;
/// What every explanation in a master's file says.
const MASTER_EXPLANATION: &str = "Master secret of a Veritrail installation. Keep it secret, apart from the data, and as long as the data. Never edit it.";

/// An open keys directory.
pub struct KeysDirectory {
    disk: Arc<dyn Disk>,
    directory: PathBuf,
    instance: InstanceId,
    /// Oldest first; never empty.
    masters: Vec<Master>,
}

/// Why a keys directory can't be used. The message says what to do.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum KeysError {
    /// Nothing is there.
    #[error(
        "no keys directory at {}; initialise it, or restore it from its backup if there is data already",
        directory.display()
    )]
    Missing { directory: PathBuf },
    /// A crash interrupted its initialisation; nothing was signed or derived with it.
    #[error(
        "the keys directory {} was initialised only by half, and nothing used it yet; initialise it again",
        directory.display()
    )]
    HalfInitialised { directory: PathBuf },
    /// It was in use, but its FORMAT file is gone.
    #[error(
        "the keys directory {} lost its FORMAT file but holds signed heads; restore it from its backup, and do not initialise it anew",
        directory.display()
    )]
    FormatLost { directory: PathBuf },
    /// It is complete and must not be made again.
    #[error("the keys directory {} is initialised already", directory.display())]
    AlreadyInitialised { directory: PathBuf },
    /// A later version wrote it.
    #[error(
        "the keys directory {} has format {found}, this program reads 1; use a newer program",
        directory.display()
    )]
    Newer { directory: PathBuf, found: u32 },
    /// Something else lives there.
    #[error(
        "{} is no keys directory of ours ({why}); name another, empty one",
        directory.display()
    )]
    Foreign { directory: PathBuf, why: String },
    /// A file is not what was written.
    #[error("{} is damaged ({why}); restore the keys directory from its backup", path.display())]
    Damaged { path: PathBuf, why: String },
    /// A key is asked for whose master is not here.
    #[error(
        "no master secret {kid} in the keys directory {}; restore it from the backup of these data's keys",
        directory.display()
    )]
    UnknownMaster { directory: PathBuf, kid: String },
    /// Another process initialises it or adds a master.
    #[error("another process is changing the keys directory {}; try again", directory.display())]
    InUse { directory: PathBuf },
    /// The disk failed.
    #[error("could not read or write {}", path.display())]
    Disk { path: PathBuf, source: io::Error },
}

/// One master secret and its name.
struct Master {
    kid: String,
    secret: Zeroizing<[u8; 32]>,
}

impl KeysDirectory {
    /// Initialises a directory that is missing, empty, or was left half initialised by a crash.
    ///
    /// A crash at any point leaves a directory that [`open`](Self::open) calls missing or half initialised, and that
    /// this function completes (with new secrets); or one that is whole.
    pub fn create(
        disk: Arc<dyn Disk>,
        directory: &Path,
        rng: &dyn Rng,
        instance: InstanceId,
    ) -> Result<Self, KeysError> {
        // Look before touching: a foreign directory stays exactly as it is.
        layout::may_initialise(&*disk, directory)?;
        let failed = |source| at(directory, source);
        disk.create_dir_all(directory, Secrecy::Secret)
            .map_err(failed)?;
        let lock = lock(&*disk, directory)?;
        // Again, under the lock: another process may have been faster.
        layout::may_initialise(&*disk, directory)?;
        layout::clear(&*disk, directory).map_err(failed)?;

        let masters = directory.join("masters");
        disk.create_dir_all(&masters, Secrecy::Secret)
            .map_err(failed)?;
        let first = Master::random(rng);
        write_master(&*disk, directory, &first).map_err(failed)?;
        write_current(&*disk, directory, &[&first.kid]).map_err(failed)?;
        signer::create_files(&*disk, directory, rng).map_err(failed)?;

        // Last: whoever sees FORMAT may rely on everything above being whole and durable.
        let path = layout::format(directory);
        let text = layout::format_text(instance);
        replace(&*disk, &path, text.as_bytes(), Secrecy::Ordinary)
            .map_err(|source| at(&path, source))?;
        drop(lock);
        Self::open(disk, directory)
    }

    /// Opens an initialised directory for reading. Takes no lock: any number of processes may.
    ///
    /// Syncs the names it relies on: a process that died while it made them may have left them in memory only.
    pub fn open(disk: Arc<dyn Disk>, directory: &Path) -> Result<Self, KeysError> {
        let owned = || directory.to_path_buf();
        match layout::stage(&*disk, directory)? {
            Stage::Missing => return Err(KeysError::Missing { directory: owned() }),
            Stage::Half => return Err(KeysError::HalfInitialised { directory: owned() }),
            Stage::FormatLost => return Err(KeysError::FormatLost { directory: owned() }),
            Stage::Initialised => {}
        }
        let instance = layout::read_format(&*disk, directory)?;
        let masters = layout::read_current(&*disk, directory)?
            .into_iter()
            .map(|kid| read_master(&*disk, directory, kid))
            .collect::<Result<_, _>>()?;
        for names in [directory, &directory.join("masters")] {
            disk.sync_dir(names).map_err(|source| at(names, source))?;
        }
        Ok(Self {
            disk,
            directory: owned(),
            instance,
            masters,
        })
    }

    /// The installation these keys belong to.
    pub fn instance(&self) -> InstanceId {
        self.instance
    }

    /// Names the master in use: the founding kid of tenants made now, and the mask kid of all.
    pub fn current_kid(&self) -> &str {
        let last = self.masters.last();
        &last.expect("a directory without masters does not open").kid
    }

    /// Makes a new master and puts it in use. Old ones stay: what was derived from them must stay computable.
    ///
    /// A crash leaves the old one in use, or the new one. Other processes see it when they open the directory again.
    pub fn add_master(&mut self, rng: &dyn Rng) -> Result<(), KeysError> {
        let lock = lock(&*self.disk, &self.directory)?;
        // Another process may have added one since this one opened the directory.
        let mut kids = layout::read_current(&*self.disk, &self.directory)?;
        if kids.len() >= MASTERS_MAX {
            return Err(KeysError::Damaged {
                path: layout::current(&self.directory),
                why: format!("{MASTERS_MAX} masters are the most there can be"),
            });
        }
        let master = Master::random(rng);
        let failed = |source| at(&self.directory, source);
        write_master(&*self.disk, &self.directory, &master).map_err(failed)?;
        kids.push(master.kid);
        let kids: Vec<&str> = kids.iter().map(String::as_str).collect();
        write_current(&*self.disk, &self.directory, &kids).map_err(failed)?;
        drop(lock);
        *self = Self::open(Arc::clone(&self.disk), &self.directory)?;
        Ok(())
    }

    /// The keys of a tenant (DESIGN "Version 1, exactly"): `K_p = HKDF-SHA-256(master[kid], salt, "veritrail/" ‖ p ‖
    /// "/1")`. References and ids come from the master that was in use when the tenant was founded, for ever; masks
    /// and cursors from `mask_kid`, which is the current one but for comparing with an old mask.
    pub fn tenant_keys(
        &self,
        salt: &[u8],
        founding_kid: &str,
        mask_kid: &str,
    ) -> Result<TenantKeys, KeysError> {
        let founding = self.master(founding_kid)?;
        let masking = self.master(mask_kid)?;
        Ok(TenantKeys::new(
            mask_kid,
            *derive(founding, salt, "veritrail/ref/1"),
            *derive(founding, salt, "veritrail/id/1"),
            *derive(masking, salt, "veritrail/mask/1"),
            *derive(masking, salt, "veritrail/cursor/1"),
        ))
    }

    /// The key under which journal frames and unsigned packs of an instance are authenticated:
    /// `HKDF-SHA-256(first master, instance id, "veritrail/frame/1")`.
    pub fn frame_key(&self, instance: InstanceId) -> Zeroizing<[u8; 32]> {
        let first = self.masters.first();
        let first = first.expect("a directory without masters does not open");
        derive(first, &instance.0, "veritrail/frame/1")
    }

    /// The last head signed of every log, for checking the data against. Takes no lock: the signer may be running.
    pub fn pinned_heads(&self) -> Result<BTreeMap<LogId, PinnedHead>, HeadsError> {
        signer::read_heads(&*self.disk, &signer::heads_path(&self.directory))
    }

    /// The Ed25519 public key those heads were signed with. Takes no lock either.
    pub fn public_key(&self) -> Result<[u8; 32], HeadsError> {
        signer::read_key(&*self.disk, &signer::heads_path(&self.directory))
    }

    pub(crate) fn disk(&self) -> &Arc<dyn Disk> {
        &self.disk
    }

    pub(crate) fn path(&self) -> &Path {
        &self.directory
    }

    fn master(&self, kid: &str) -> Result<&Master, KeysError> {
        let found = self.masters.iter().find(|master| master.kid == kid);
        found.ok_or_else(|| KeysError::UnknownMaster {
            directory: self.directory.clone(),
            kid: kid.to_owned(),
        })
    }
}

impl fmt::Debug for KeysDirectory {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("KeysDirectory")
            .field("directory", &self.directory)
            .field("instance", &self.instance)
            .field("current_kid", &self.current_kid())
            .finish_non_exhaustive()
    }
}

impl Master {
    fn random(rng: &dyn Rng) -> Self {
        let mut secret = Zeroizing::new([0; 32]);
        rng.fill(&mut *secret);
        Self {
            kid: kid(&secret),
            secret,
        }
    }
}

/// The name of a master secret; tells nothing about it that helps to guess 256 random bits.
fn kid(secret: &[u8; 32]) -> String {
    let digest = Sha256::new()
        .chain_update("veritrail/kid/1")
        .chain_update(secret)
        .finalize();
    to_hex(&digest[..4])
}

fn derive(master: &Master, salt: &[u8], purpose: &str) -> Zeroizing<[u8; 32]> {
    let mut key = Zeroizing::new([0; 32]);
    Hkdf::<Sha256>::new(Some(salt), &*master.secret)
        .expand(purpose.as_bytes(), &mut *key)
        .expect("32 bytes are far below HKDF's limit of 8,160");
    key
}

fn write_master(disk: &dyn Disk, directory: &Path, master: &Master) -> io::Result<()> {
    let path = layout::master(directory, &master.kid);
    secret::create(disk, &path, MASTER_EXPLANATION, &master.secret)
}

fn write_current(disk: &dyn Disk, directory: &Path, kids: &[&str]) -> io::Result<()> {
    let text: String = kids.iter().flat_map(|kid| [kid, "\n"]).collect();
    let path = layout::current(directory);
    replace(disk, &path, text.as_bytes(), Secrecy::Secret)
}

fn read_master(disk: &dyn Disk, directory: &Path, kid: String) -> Result<Master, KeysError> {
    let path = layout::master(directory, &kid);
    let damaged = |why: &str| KeysError::Damaged {
        path: path.clone(),
        why: why.to_owned(),
    };
    let secret = secret::read(disk, &path).map_err(|error| match error.kind() {
        io::ErrorKind::NotFound => damaged("it is listed in masters/current but missing"),
        io::ErrorKind::InvalidData | io::ErrorKind::FileTooLarge => damaged("not a secret"),
        _ => at(&path, error),
    })?;
    if self::kid(&secret) != kid {
        return Err(damaged("its secret does not match its name"));
    }
    Ok(Master { kid, secret })
}

fn lock(disk: &dyn Disk, directory: &Path) -> Result<Box<dyn Lock>, KeysError> {
    let path = directory.join("lock");
    disk.try_lock(&path).map_err(|error| match error.kind() {
        io::ErrorKind::WouldBlock => KeysError::InUse {
            directory: directory.to_path_buf(),
        },
        _ => at(&path, error),
    })
}

fn at(path: &Path, source: io::Error) -> KeysError {
    KeysError::Disk {
        path: path.to_path_buf(),
        source,
    }
}
