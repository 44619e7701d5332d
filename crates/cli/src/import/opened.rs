//! A file that is being read: decompressed, in lines, with a digest of what was read.
//!
//! Promises: what is compressed is seen from its first bytes, not from its name; a line is never held beyond its limit, and
//! a file that is read whole never beyond [`WHOLE_BYTES_MAX`], however small it was before it was decompressed.

use std::cell::Cell;
use std::fs::File;
use std::io::{self, BufRead, BufReader, Cursor, Read};
use std::path::Path;
use std::rc::Rc;

use flate2::bufread::MultiGzDecoder;
use sha2::{Digest as _, Sha256};

/// Longest file that has to be read whole in bytes, decompressed.
pub(crate) const WHOLE_BYTES_MAX: u64 = 256 * 1024 * 1024;
/// How much is looked at to see what a file is.
const HEAD_BYTES: u64 = 64 * 1024;
/// Largest window of zstd that is taken, as a power of two: what `zstd --long` makes.
const WINDOW_LOG_MAX: u32 = 27;

/// A line.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Line {
    /// It is in the buffer, without its end.
    Whole,
    /// It was longer than it may be, and is passed over.
    TooLong,
    /// There is none.
    End,
}

/// An open file.
pub(crate) struct Opened {
    reader: Box<dyn BufRead>,
    /// The first bytes.
    pub(crate) head: Vec<u8>,
    /// As it is stored; 0 for standard input.
    pub(crate) size: u64,
    taken: Rc<Cell<u64>>,
    digest: Sha256,
    /// Decompressed bytes that were read.
    pub(crate) bytes: u64,
}

/// Counts what is taken from the disk.
struct Counted<R> {
    inner: R,
    taken: Rc<Cell<u64>>,
}

impl<R: Read> Read for Counted<R> {
    fn read(&mut self, into: &mut [u8]) -> io::Result<usize> {
        let read = self.inner.read(into)?;
        self.taken.set(self.taken.get() + read as u64);
        Ok(read)
    }
}

/// Where a file can be read no further.
struct Broken(Option<io::Error>);

impl Read for Broken {
    fn read(&mut self, _: &mut [u8]) -> io::Result<usize> {
        self.0.take().map_or(Ok(0), Err)
    }
}

impl Opened {
    /// Opens a file, or standard input for `-`.
    pub(crate) fn open(path: &Path) -> io::Result<Self> {
        if path == Path::new("-") {
            return Self::of(Box::new(io::stdin()), 0);
        }
        let file = File::open(path)?;
        let size = file.metadata()?.len();
        Self::of(Box::new(file), size)
    }

    fn of(raw: Box<dyn Read>, size: u64) -> io::Result<Self> {
        let taken = Rc::new(Cell::new(0));
        let counted = Counted {
            inner: raw,
            taken: Rc::clone(&taken),
        };
        let mut raw = BufReader::with_capacity(64 * 1024, counted);
        let magic = raw.fill_buf()?;
        let mut plain: Box<dyn Read> = if magic.starts_with(&[0x1f, 0x8b]) {
            Box::new(MultiGzDecoder::new(raw))
        } else if magic.starts_with(&[0x28, 0xb5, 0x2f, 0xfd]) {
            let mut decoder = zstd::stream::read::Decoder::with_buffer(raw)?;
            decoder.window_log_max(WINDOW_LOG_MAX)?;
            Box::new(decoder)
        } else {
            Box::new(raw)
        };
        let mut head = Vec::new();
        let broken = plain.by_ref().take(HEAD_BYTES).read_to_end(&mut head).err();
        let reader: Box<dyn BufRead> = match broken {
            Some(error) if head.is_empty() => return Err(error),
            // What came before the break is read like everything else.
            Some(error) => Box::new(BufReader::new(
                Cursor::new(head.clone()).chain(Broken(Some(error))),
            )),
            None => Box::new(
                Cursor::new(head.clone()).chain(BufReader::with_capacity(64 * 1024, plain)),
            ),
        };
        Ok(Self {
            reader,
            head,
            size,
            taken,
            digest: Sha256::new(),
            bytes: 0,
        })
    }

    /// Bytes taken from the disk.
    pub(crate) fn taken(&self) -> u64 {
        self.taken.get()
    }

    /// Of everything that was read so far.
    pub(crate) fn digest(&self) -> String {
        ledger::name::to_hex(&self.digest.clone().finalize())
    }

    /// Reads so many bytes for their digest alone. Whether there were as many.
    pub(crate) fn pass_over(&mut self, bytes: u64) -> io::Result<bool> {
        let mut left = bytes;
        while left > 0 {
            let piece = self.reader.fill_buf()?;
            if piece.is_empty() {
                return Ok(false);
            }
            let length = usize::try_from(left).map_or(piece.len(), |left| left.min(piece.len()));
            self.digest.update(&piece[..length]);
            self.reader.consume(length);
            self.bytes += length as u64;
            left -= length as u64;
        }
        Ok(true)
    }

    /// The next line, in the place of what is in `line`.
    pub(crate) fn line(&mut self, line: &mut Vec<u8>, bytes_max: usize) -> io::Result<Line> {
        line.clear();
        let (mut is_long, mut is_any) = (false, false);
        loop {
            let piece = self.reader.fill_buf()?;
            if piece.is_empty() {
                break;
            }
            is_any = true;
            let end = piece.iter().position(|byte| *byte == b'\n');
            let length = end.map_or(piece.len(), |end| end + 1);
            self.digest.update(&piece[..length]);
            if is_long || line.len() + length > bytes_max {
                is_long = true;
                line.clear();
            } else {
                line.extend_from_slice(&piece[..length]);
            }
            self.reader.consume(length);
            self.bytes += length as u64;
            if end.is_some() {
                break;
            }
        }
        while line
            .last()
            .is_some_and(|byte| matches!(byte, b'\n' | b'\r'))
        {
            line.pop();
        }
        Ok(match (is_any, is_long) {
            (false, _) => Line::End,
            (true, true) => Line::TooLong,
            (true, false) => Line::Whole,
        })
    }

    /// Everything that is left; nothing if it is longer than it may be.
    pub(crate) fn rest(&mut self) -> io::Result<Option<Vec<u8>>> {
        let mut rest = Vec::new();
        let mut limited = self.reader.by_ref().take(WHOLE_BYTES_MAX + 1);
        limited.read_to_end(&mut rest)?;
        if rest.len() as u64 > WHOLE_BYTES_MAX {
            return Ok(None);
        }
        self.digest.update(&rest);
        self.bytes += rest.len() as u64;
        Ok(Some(rest))
    }
}

#[cfg(test)]
mod tests {
    use std::io::Write as _;

    use super::*;

    fn opened(bytes: Vec<u8>) -> io::Result<Opened> {
        Opened::of(Box::new(Cursor::new(bytes)), 0)
    }

    fn all(opened: &mut Opened, most: usize) -> Vec<String> {
        let (mut lines, mut line) = (Vec::new(), Vec::new());
        loop {
            match opened.line(&mut line, most).unwrap() {
                Line::Whole => lines.push(String::from_utf8(line.clone()).unwrap()),
                Line::TooLong => lines.push("(long)".to_owned()),
                Line::End => return lines,
            }
        }
    }

    fn gzip(text: &[u8]) -> Vec<u8> {
        let mut out = flate2::write::GzEncoder::new(Vec::new(), flate2::Compression::fast());
        out.write_all(text).unwrap();
        out.finish().unwrap()
    }

    #[test]
    fn the_same_lines_come_out_however_they_were_packed() {
        let text = b"a\r\n\nbb\nlonger than it may be\nc";
        let twice = [gzip(&text[..5]), gzip(&text[5..])].concat();
        for bytes in [
            text.to_vec(),
            gzip(text),
            twice,
            zstd::encode_all(&text[..], 1).unwrap(),
        ] {
            let mut opened = opened(bytes).unwrap();
            assert_eq!(all(&mut opened, 10), ["a", "", "bb", "(long)", "c"]);
            assert_eq!(opened.bytes, text.len() as u64);
            assert_eq!(opened.digest(), ledger::hash::Hash::of(text).to_hex());
        }
    }

    #[test]
    fn a_place_is_found_again_by_its_digest() {
        let text = b"first\nsecond\nthird\n".repeat(20_000);
        let mut first = opened(gzip(&text)).unwrap();
        first.line(&mut Vec::new(), 100).unwrap();
        let (bytes, digest) = (first.bytes, first.digest());
        let mut again = opened(text).unwrap();
        assert!(again.pass_over(bytes).unwrap());
        assert_eq!(again.digest(), digest);
        let mut line = Vec::new();
        again.line(&mut line, 100).unwrap();
        assert_eq!(line, b"second");
        assert!(!again.pass_over(u64::MAX).unwrap());
    }

    #[test]
    fn what_was_cut_is_an_error_and_not_an_end() {
        let whole = gzip(&b"some text that is long enough\n".repeat(10_000));
        for end in [3, whole.len() / 2, whole.len() - 1] {
            let read = opened(whole[..end].to_vec()).and_then(|mut opened| {
                let mut line = Vec::new();
                while opened.line(&mut line, 100)? != Line::End {}
                Ok(())
            });
            assert!(read.is_err(), "{end}");
        }
    }
}
