//! A secret of 32 bytes in a file of its own: a line that tells whoever finds it what it is, then the secret in hex.
//!
//! Must never overwrite a secret, or leave a copy of one in memory that was not wiped.

use std::io;
use std::path::Path;

use ledger::name::{from_hex, to_hex};
use zeroize::Zeroizing;

use crate::durable::{Disk, Secrecy, create_new};

/// Longest secret file in bytes.
const SECRET_FILE_BYTES_MAX: u64 = 1024;

/// Writes a new file; `AlreadyExists` if there is one. A crash may leave a part of it, which [`read`] refuses.
pub(crate) fn create(
    disk: &dyn Disk,
    path: &Path,
    explanation: &str,
    secret: &[u8; 32],
) -> io::Result<()> {
    let hex = Zeroizing::new(to_hex(secret));
    let text = Zeroizing::new(format!("{explanation}\n{}\n", hex.as_str()));
    create_new(disk, path, text.as_bytes(), Secrecy::Secret)
}

/// Reads a secret. `InvalidData` if the file is not whole.
pub(crate) fn read(disk: &dyn Disk, path: &Path) -> io::Result<Zeroizing<[u8; 32]>> {
    let bytes = Zeroizing::new(disk.read(path, SECRET_FILE_BYTES_MAX)?);
    let text = std::str::from_utf8(&bytes).ok();
    let lines = text
        .and_then(|text| text.strip_suffix('\n'))
        .and_then(|text| text.split_once('\n'));
    let secret = lines.and_then(|(_, hex)| from_hex(hex));
    secret.map(Zeroizing::new).ok_or_else(|| {
        io::Error::new(
            io::ErrorKind::InvalidData,
            "expected a line of text and a line of 64 hex digits",
        )
    })
}
