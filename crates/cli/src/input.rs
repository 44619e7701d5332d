//! Reading what the user names: a file, or `-` for standard input. Bounded, and refused in words.

use std::io::Read as _;
use std::path::Path;

use keys::durable::{Disk as _, RealDisk};

use crate::failure::Failure;

/// The bytes of a file, or of standard input for `-`.
pub(crate) fn read(path: &Path, bytes_max: u64) -> Result<Vec<u8>, Failure> {
    let read = if path == Path::new("-") {
        let mut bytes = Vec::new();
        let mut limited = std::io::stdin().lock().take(bytes_max.saturating_add(1));
        limited.read_to_end(&mut bytes).map(|_| bytes)
    } else {
        RealDisk.read(path, bytes_max)
    };
    let bytes = read
        .map_err(|error| Failure::usage(format!("{} can not be read: {error}", path.display())))?;
    if u64::try_from(bytes.len()).is_ok_and(|length| length <= bytes_max) {
        Ok(bytes)
    } else {
        Err(Failure::usage(format!(
            "{} is longer than {bytes_max} bytes",
            path.display()
        )))
    }
}

/// The text of a file, or of standard input for `-`.
pub(crate) fn read_text(path: &Path, bytes_max: u64) -> Result<String, Failure> {
    String::from_utf8(read(path, bytes_max)?)
        .map_err(|_| Failure::usage(format!("{} is not UTF-8", path.display())))
}
