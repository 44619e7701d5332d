//! Server-sent events, as the HTML standard defines them (section 9.2), read from a body that may be cut anywhere.
//!
//! Promises: a block is told whole or not at all, with the id that stands for everything up to its end. Must never hold
//! more than one block.

use std::io::{self, BufRead, BufReader, Read};

/// Longest block in bytes: an event with two full parts, every character escaped.
const BLOCK_BYTES_MAX: usize = 8 * 1024 * 1024;

/// What stands between two blank lines.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(crate) struct Block {
    /// Where to go on from behind this block, if it says so.
    pub(crate) id: Option<String>,
    /// What kind of event it is; empty for none.
    pub(crate) event: String,
    /// What it says.
    pub(crate) data: String,
}

/// A stream of blocks.
#[derive(Debug)]
pub(crate) struct EventStream<R> {
    reader: BufReader<R>,
    line: Vec<u8>,
}

impl<R: Read> EventStream<R> {
    pub(crate) fn new(reader: R) -> Self {
        Self {
            reader: BufReader::with_capacity(64 * 1024, reader),
            line: Vec::new(),
        }
    }

    /// Whether more may be read without waiting.
    pub(crate) fn has_more_at_hand(&self) -> bool {
        !self.reader.buffer().is_empty()
    }

    /// The next block; none when the stream ended. What was cut is left out.
    pub(crate) fn next(&mut self) -> io::Result<Option<Block>> {
        let mut block = Block::default();
        let mut bytes = 0;
        loop {
            self.line.clear();
            let room = (BLOCK_BYTES_MAX - bytes) as u64;
            let read = (&mut self.reader)
                .take(room)
                .read_until(b'\n', &mut self.line)?;
            bytes += read;
            let Some(line) = self.line.strip_suffix(b"\n") else {
                if bytes >= BLOCK_BYTES_MAX {
                    return Err(io::Error::other("longer than any event"));
                }
                // Cut, at the end of a line or within one.
                return Ok(None);
            };
            let line = line.strip_suffix(b"\r").unwrap_or(line);
            if line.is_empty() {
                if block == Block::default() {
                    continue;
                }
                if block.data.ends_with('\n') {
                    block.data.pop();
                }
                return Ok(Some(block));
            }
            let line = str::from_utf8(line)
                .map_err(|_| io::Error::new(io::ErrorKind::InvalidData, "not UTF-8"))?;
            block.add(line);
        }
    }
}

impl Block {
    fn add(&mut self, line: &str) {
        let (name, value) = line.split_once(':').unwrap_or((line, ""));
        let value = value.strip_prefix(' ').unwrap_or(value);
        match name {
            "id" if !value.contains('\0') => self.id = Some(value.to_owned()),
            "event" => value.clone_into(&mut self.event),
            "data" => {
                self.data.push_str(value);
                self.data.push('\n');
            }
            // Comments, and what later versions may say.
            _ => {}
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn blocks(text: &str) -> Vec<Block> {
        let mut stream = EventStream::new(text.as_bytes());
        std::iter::from_fn(|| stream.next().unwrap()).collect()
    }

    const TEXT: &str = "retry: 2000\nid: a\n\nid: b\nevent: audit\ndata: {\"x\":1}\n\n: still here\nid: c\n\nevent: end\ndata: {}\n\n";

    #[test]
    fn blocks_are_told_with_their_ids() {
        let told = blocks(TEXT);
        let ids: Vec<Option<&str>> = told.iter().map(|block| block.id.as_deref()).collect();
        assert_eq!(ids, [Some("a"), Some("b"), Some("c"), None]);
        assert_eq!(
            (told[1].event.as_str(), told[1].data.as_str()),
            ("audit", "{\"x\":1}")
        );
        assert_eq!(told[2].data, "");
        assert_eq!(told[3].event, "end");
        assert_eq!(blocks(&TEXT.replace('\n', "\r\n")), told);
    }

    #[test]
    fn a_stream_that_is_cut_anywhere_tells_whole_blocks_only() {
        let all = blocks(TEXT);
        for at in 0..TEXT.len() {
            let told = blocks(&TEXT[..at]);
            assert_eq!(told, all[..told.len()], "cut at {at}");
            // A block is told when its blank line was read.
            assert_eq!(
                told.len(),
                TEXT[..at].matches("\n\n").count(),
                "cut at {at}"
            );
        }
    }

    #[test]
    fn a_block_without_end_is_refused() {
        let mut endless = EventStream::new(io::repeat(b'x'));
        assert!(endless.next().is_err());
        let lines = b"data: x\n".iter().copied().cycle();
        let lines: Vec<u8> = lines.take(9 * 1024 * 1024).collect();
        assert!(EventStream::new(lines.as_slice()).next().is_err());
        assert!(EventStream::new(&b"data: \xff\n\n"[..]).next().is_err());
    }
}
