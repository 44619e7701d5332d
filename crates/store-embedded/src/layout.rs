//! The data directory: what lies where, its format version, and who it belongs to.
//!
//! ```text
//! FORMAT        `veritrail-data 1`, the instance's id and the origin of its logs; written last
//! LOCK          held by the server
//! journal/      what is acknowledged and not packed yet
//! packs/        entries (.vte) and parts (.vtp)
//! ids/          where event ids are found
//! state.redb    right edges, block index, registry
//! checkpoints   signed notes, one JSON string a line
//! ```

use std::fmt;
use std::io;
use std::path::{Path, PathBuf};

use keys::durable::{Disk, Secrecy, replace};
use ledger::name::InstanceId;

/// The version of the format that this program reads and writes.
pub(crate) const VERSION: u32 = 1;
const NAME: &str = "veritrail-data";
const FORMAT_BYTES_MAX: u64 = 4 * 1024;

/// Paths inside a data directory.
#[derive(Clone, Debug)]
pub(crate) struct Layout {
    /// The directory.
    pub(crate) root: PathBuf,
}

/// What the FORMAT file says.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Format {
    /// Whose data these are.
    pub(crate) instance: InstanceId,
    /// What the origins of new logs begin with.
    pub(crate) origin: String,
}

impl fmt::Display for Format {
    /// The FORMAT file; no other spelling of it is read.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self { instance, origin } = self;
        write!(
            f,
            "{NAME} {VERSION}\ninstance {instance}\norigin {origin}\n"
        )
    }
}

/// Why a directory is not opened. The message says what to do.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum LayoutError {
    /// There is nothing.
    #[error("no data directory at {}; `veritrail serve` makes one", path.display())]
    Missing {
        /// Where.
        path: PathBuf,
    },
    /// A later version wrote it.
    #[error("the data directory {} has format {found}, this program reads {VERSION}; use a newer program", path.display())]
    Newer {
        /// Where.
        path: PathBuf,
        /// Its version.
        found: u32,
    },
    /// Something else lives there.
    #[error("{} is no data directory of ours: it holds {found}; name another, empty one", path.display())]
    Foreign {
        /// Where.
        path: PathBuf,
        /// What was found.
        found: String,
    },
    /// FORMAT is not what was written.
    #[error("{} is damaged: it names the origin {found}, the instance log was made as {made}; write that there", path.display())]
    OtherOrigin {
        /// The file.
        path: PathBuf,
        /// What it says.
        found: String,
        /// What it said.
        made: String,
    },
    /// A crash interrupted its making; nothing was acknowledged in it.
    #[error(
        "the data directory {} was made only by half and holds no events; remove it and start again, or restore its \
         FORMAT file if it was in use", path.display()
    )]
    HalfInitialised {
        /// Where.
        path: PathBuf,
    },
    /// Another process has it.
    #[error("another process uses the data directory {}; stop it first", path.display())]
    InUse {
        /// Where.
        path: PathBuf,
    },
    /// The disk failed.
    #[error("can't read or write {}", path.display())]
    Disk {
        /// Where.
        path: PathBuf,
        /// Why.
        source: io::Error,
    },
}

/// What stands at a data directory's place.
pub(crate) enum Stage {
    /// Nothing, or an empty directory.
    Empty,
    /// A whole data directory.
    Whole(Format),
}

impl Layout {
    pub(crate) fn new(root: &Path) -> Self {
        Self {
            root: root.to_owned(),
        }
    }

    pub(crate) fn format(&self) -> PathBuf {
        self.root.join("FORMAT")
    }

    pub(crate) fn lock(&self) -> PathBuf {
        self.root.join("LOCK")
    }

    pub(crate) fn journal(&self) -> PathBuf {
        self.root.join("journal")
    }

    pub(crate) fn packs(&self) -> PathBuf {
        self.root.join("packs")
    }

    pub(crate) fn ids(&self) -> PathBuf {
        self.root.join("ids")
    }

    pub(crate) fn index(&self) -> PathBuf {
        self.root.join("index")
    }

    pub(crate) fn state(&self) -> PathBuf {
        self.root.join("state.redb")
    }

    pub(crate) fn checkpoints(&self) -> PathBuf {
        self.root.join("checkpoints")
    }

    fn disk_error(&self, source: io::Error) -> LayoutError {
        LayoutError::Disk {
            path: self.root.clone(),
            source,
        }
    }

    /// Looks at what is there.
    pub(crate) fn stage(&self, disk: &dyn Disk) -> Result<Stage, LayoutError> {
        let failed = |source| self.disk_error(source);
        if !disk.exists(&self.root).map_err(failed)? {
            return Ok(Stage::Empty);
        }
        if disk.exists(&self.format()).map_err(failed)? {
            let bytes = disk
                .read(&self.format(), FORMAT_BYTES_MAX)
                .map_err(failed)?;
            return self.read_format(&bytes).map(Stage::Whole);
        }
        let names = disk.list(&self.root).map_err(failed)?;
        let ours = [
            "LOCK",
            "FORMAT.new",
            "journal",
            "packs",
            "ids",
            "index",
            "state.redb",
            "state.redb.new",
            "checkpoints",
            "checkpoints.new",
        ];
        match names.iter().find(|name| !ours.contains(&name.as_str())) {
            Some(found) => Err(LayoutError::Foreign {
                path: self.root.clone(),
                found: found.clone(),
            }),
            None if names.iter().all(|name| name == "LOCK") => Ok(Stage::Empty),
            None => Err(LayoutError::HalfInitialised {
                path: self.root.clone(),
            }),
        }
    }

    fn read_format(&self, bytes: &[u8]) -> Result<Format, LayoutError> {
        let foreign = || LayoutError::Foreign {
            path: self.root.clone(),
            found: "a FORMAT file of something else".into(),
        };
        let text = str::from_utf8(bytes).map_err(|_| foreign())?;
        let mut lines = text.lines();
        let version = lines
            .next()
            .and_then(|line| line.strip_prefix(NAME)?.trim().parse::<u32>().ok());
        let version = version.ok_or_else(foreign)?;
        if version > VERSION {
            return Err(LayoutError::Newer {
                path: self.root.clone(),
                found: version,
            });
        }
        let mut field = |name: &str| {
            lines
                .next()
                .and_then(|line| line.strip_prefix(name))
                .map(str::trim)
        };
        let instance = field("instance")
            .and_then(InstanceId::parse)
            .ok_or_else(foreign)?;
        let origin = field("origin")
            .filter(|origin| !origin.is_empty())
            .ok_or_else(foreign)?
            .to_owned();
        let format = Format { instance, origin };
        if format.to_string() == text {
            Ok(format)
        } else {
            Err(foreign())
        }
    }

    /// Makes the directory itself.
    pub(crate) fn make_root(&self, disk: &dyn Disk) -> Result<(), LayoutError> {
        disk.create_dir_all(&self.root, Secrecy::Secret)
            .map_err(|source| self.disk_error(source))
    }

    /// Makes the directories in it. FORMAT comes last, by [`Layout::complete`].
    pub(crate) fn make(&self, disk: &dyn Disk) -> Result<(), LayoutError> {
        for directory in [self.journal(), self.packs(), self.ids()] {
            disk.create_dir_all(&directory, Secrecy::Secret)
                .map_err(|source| self.disk_error(source))?;
        }
        Ok(())
    }

    /// Writes FORMAT: from here on the directory is a whole one. Done at every opening, because the name that is seen
    /// may not be durable yet.
    pub(crate) fn complete(&self, disk: &dyn Disk, format: &Format) -> Result<(), LayoutError> {
        let text = format.to_string();
        replace(disk, &self.format(), text.as_bytes(), Secrecy::Ordinary)
            .map_err(|source| self.disk_error(source))
    }
}
