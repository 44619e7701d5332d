//! Reading an export from its file: row by row, hashed on the way.
//!
//! Promises: memory is one row, however long the file, and however long a line that is none. Must never read standard
//! input: an export is read where it lies.

use std::fs::File;
use std::io::{BufRead, BufReader};
use std::path::{Path, PathBuf};

use ledger::export::check::{Check, Fault, Found};
use ledger::export::manifest::Manifest;
use ledger::export::{Format, LINE_BYTES_MAX, csv};
use ledger::hash::{Hash, Hashing};

use crate::failure::Failure;
use crate::progress::Progress;

/// Bytes that are read at once.
const READ_BYTES: usize = 256 * 1024;

/// Where the manifest of an export stands unless another place is named.
pub(crate) fn manifest_of(file: &Path) -> PathBuf {
    let mut name = file.as_os_str().to_owned();
    name.push(".manifest");
    PathBuf::from(name)
}

/// What a file holds.
#[derive(Debug)]
pub(crate) struct Contents {
    /// What was found in its rows, or the first that is wrong.
    pub(crate) rows: Result<Found, Fault>,
    /// Its length and hash; none when a row was wrong and the rest was not read.
    pub(crate) whole: Option<(u64, Hash)>,
}

/// An open file.
struct Lines {
    reader: BufReader<File>,
    hashing: Hashing,
    bytes: u64,
    line: Vec<u8>,
}

/// Checks every row against the manifest.
pub(crate) fn check(
    path: &Path,
    manifest: &Manifest,
    progress: &Progress,
) -> Result<Contents, Failure> {
    let unreadable = |error: std::io::Error| {
        Failure::usage(format!("{} can not be read: {error}", path.display()))
    };
    let file = File::open(path).map_err(unreadable)?;
    let length = file.metadata().map_err(unreadable)?.len();
    let mut lines = Lines {
        reader: BufReader::with_capacity(READ_BYTES, file),
        hashing: Hashing::new(),
        bytes: 0,
        line: Vec::new(),
    };
    let mut check = match Check::new(manifest) {
        Ok(check) => check,
        Err(fault) => return Ok(broken(fault)),
    };
    if manifest.format == Format::Csv {
        let columns = csv::columns(manifest.kind, check.is_chained()).join(",");
        let found = lines.next().map_err(unreadable)?;
        if found != Some(true) || lines.line != format!("{columns}\r\n").as_bytes() {
            return Ok(broken(Fault {
                row: None,
                seqs: None,
                what: "the first line does not name the columns of an export".to_owned(),
            }));
        }
    }
    let mut number = 0;
    loop {
        let next = match manifest.format {
            Format::Ndjson => lines.next(),
            Format::Csv => lines.next_record(),
        };
        number += 1;
        let checked = match next.map_err(unreadable)? {
            None => break,
            Some(false) => Err(Fault {
                row: Some(number),
                seqs: None,
                what: format!("row {number}: it is longer than any row"),
            }),
            Some(true) => lines.checked(&mut check, manifest.format, number),
        };
        if let Err(fault) = checked {
            return Ok(broken(fault));
        }
        progress.report(lines.bytes, length);
    }
    Ok(Contents {
        rows: check.finish(),
        whole: Some((lines.bytes, lines.hashing.finish())),
    })
}

fn broken(fault: Fault) -> Contents {
    Contents {
        rows: Err(fault),
        whole: None,
    }
}

impl Lines {
    /// Reads the next line, its end included; `false` for one that is longer than any row.
    fn next(&mut self) -> std::io::Result<Option<bool>> {
        self.line.clear();
        self.more()
    }

    /// Reads the next record of a CSV file, over as many lines as it takes.
    fn next_record(&mut self) -> std::io::Result<Option<bool>> {
        self.line.clear();
        let (mut within, mut begin) = (false, 0);
        loop {
            match self.more()? {
                Some(true) => {}
                None if begin > 0 => return Ok(Some(true)),
                ended => return Ok(ended),
            }
            within = csv::goes_on(self.line.get(begin..).unwrap_or_default(), within);
            if !within {
                return Ok(Some(true));
            }
            begin = self.line.len();
        }
    }

    /// Adds the next line to what is there.
    fn more(&mut self) -> std::io::Result<Option<bool>> {
        let begin = self.line.len();
        loop {
            let buffered = self.reader.fill_buf()?;
            if buffered.is_empty() {
                return Ok((self.line.len() > begin).then_some(true));
            }
            let end = buffered.iter().position(|byte| *byte == b'\n');
            let taken = end.map_or(buffered.len(), |end| end + 1);
            let piece = &buffered[..taken];
            self.hashing.update(piece);
            self.bytes += taken as u64;
            self.line.extend_from_slice(piece);
            self.reader.consume(taken);
            if self.line.len() > LINE_BYTES_MAX {
                return Ok(Some(false));
            }
            if end.is_some() {
                return Ok(Some(true));
            }
        }
    }

    /// Checks what was read as a row.
    fn checked(&self, check: &mut Check<'_>, format: Format, number: u64) -> Result<(), Fault> {
        let line = self.line.strip_suffix(b"\n").unwrap_or(&self.line);
        if format == Format::Ndjson {
            return check.line(line);
        }
        let line = line.strip_suffix(b"\r").unwrap_or(line);
        match str::from_utf8(line) {
            Ok(record) => check.record(record),
            Err(_) => Err(Fault {
                row: Some(number),
                seqs: None,
                what: format!("row {number}: it is not UTF-8"),
            }),
        }
    }
}
