//! What could not be imported, in a file of its own, to be looked at and mended.
//!
//! Promises: one JSON object a line; added behind what is there; read by its owner alone, for it holds what was to be
//! recorded, before any masking. After a break the last lines may come twice.

use std::path::{Path, PathBuf};

use keys::durable::{Disk as _, DiskFile, OpenMode, RealDisk, Secrecy};
use ledger::json::write_string;

use crate::failure::Failure;

/// Longest excerpt of what was refused in bytes.
const EXCERPT_BYTES_MAX: usize = 1024 * 1024;

/// The file.
#[derive(Debug)]
pub(crate) struct Rejected {
    path: PathBuf,
    file: Box<dyn DiskFile>,
    end: u64,
}

impl Rejected {
    /// Opens it, behind what is there.
    pub(crate) fn open(path: &Path) -> Result<Self, Failure> {
        let opened = RealDisk
            .open(path, OpenMode::CreateOrOpen, Secrecy::Secret)
            .and_then(|file| Ok((file.len()?, file)));
        let (end, file) = opened.map_err(|error| {
            Failure::usage(format!("{} can not be written: {error}", path.display()))
        })?;
        Ok(Self {
            path: path.to_owned(),
            file,
            end,
        })
    }

    /// Adds lines, durably.
    pub(crate) fn add(&mut self, lines: &[String]) -> Result<(), Failure> {
        if lines.is_empty() {
            return Ok(());
        }
        let mut text = lines.join("\n");
        text.push('\n');
        self.file
            .write_at(text.as_bytes(), self.end)
            .and_then(|()| self.file.sync())
            .map_err(|error| {
                Failure::unreachable(format!(
                    "{} can not be written: {error}",
                    self.path.display()
                ))
            })?;
        self.end += text.len() as u64;
        Ok(())
    }
}

/// One line: why, where, and what it was; `what` is JSON where it can be read as such.
pub(crate) fn line(reason: &str, place: &str, what: &[u8]) -> String {
    let mut line = String::from("{\"reason\":");
    write_string(reason, &mut line);
    line.push_str(",\"place\":");
    write_string(place, &mut line);
    line.push_str(",\"what\":");
    let whole = what.len() <= EXCERPT_BYTES_MAX;
    match ledger::json::parse(what) {
        Ok(value) if whole => line.push_str(&value.to_compact()),
        _ => {
            let excerpt = what.get(..EXCERPT_BYTES_MAX).unwrap_or(what);
            write_string(&String::from_utf8_lossy(excerpt), &mut line);
        }
    }
    line.push('}');
    line
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_line_is_json_whatever_was_refused() {
        for what in [&b"{\"a\":1}"[..], b"\xff\"\n", b"{\"a\":1,\"a\":2}", b""] {
            let line = line("r", "p \"q\"", what);
            assert!(!line.contains('\n'));
            serde_json::from_str::<serde_json::Value>(&line).unwrap();
        }
        assert_eq!(
            line("r", "p", b"{ \"a\": 1 }"),
            "{\"reason\":\"r\",\"place\":\"p\",\"what\":{\"a\":1}}"
        );
    }
}
