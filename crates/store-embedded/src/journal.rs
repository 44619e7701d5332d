//! The journal: frames appended to numbered files, one fsync a group. What is acknowledged stands here first.
//!
//! Promises: after [`Journal::append`] the frame survives a power cut; opening reads back every such frame or says
//! which file is damaged. A frame that was still being written is cut off. Must never cut a file that holds a frame
//! which is not packed and signed yet.

use std::io;
use std::path::{Path, PathBuf};
use std::sync::Arc;

use keys::durable::{Disk, DiskFile, OpenMode, Secrecy, renew};

use crate::frame::{self, Found, Frame};
use crate::mac::FrameKey;

/// A file is closed and the next begun beyond this length.
const FILE_BYTES: u64 = if cfg!(test) {
    8 * 1024
} else {
    64 * 1024 * 1024
};
/// First bytes of a file: magic, the file's number, the number of its first frame.
pub(crate) const FILE_HEADER_BYTES: usize = 8 + 8 + 8;
const FILE_MAGIC: [u8; 8] = *b"VTJRNL1\n";

/// Why a journal does not open.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum JournalError {
    /// A file that must be there is not.
    #[error(
        "journal file {} is missing: events acknowledged after frame {frame} stood there; restore it from where it \
         went, or run `veritrail verify` to see what is left", path.display()
    )]
    Missing {
        /// The file.
        path: PathBuf,
        /// The last frame that is safe elsewhere.
        frame: u64,
    },
    /// Bytes that were acknowledged are not what was written.
    #[error("journal file {} is damaged at byte {offset}: {what}; restore it from a copy", path.display())]
    Damaged {
        /// The file.
        path: PathBuf,
        /// Where.
        offset: u64,
        /// How.
        what: &'static str,
    },
    /// The disk failed.
    #[error("journal {} can't be read or written", path.display())]
    Disk {
        /// The file.
        path: PathBuf,
        /// Why.
        source: io::Error,
    },
}

/// The journal of one data directory.
#[derive(Debug)]
pub(crate) struct Journal {
    disk: Arc<dyn Disk>,
    directory: PathBuf,
    key: FrameKey,
    /// Closed files, oldest first, with the last frame of each.
    closed: Vec<(u64, u64)>,
    number: u64,
    file: Box<dyn DiskFile>,
    end: u64,
    next_frame: u64,
    buffer: Vec<u8>,
    syncs: u64,
}

/// How an append failed.
#[derive(Debug)]
pub(crate) enum AppendFailure {
    /// Nothing was written; the journal is as before.
    Full(io::Error),
    /// Whether it was written is unknown: stop.
    Unknown(io::Error),
}

/// The path of journal file `number`.
pub(crate) fn path_of(directory: &Path, number: u64) -> PathBuf {
    directory.join(format!("{number:08}.vtj"))
}

impl Journal {
    /// Begins the journal of a new data directory.
    pub(crate) fn create(
        disk: Arc<dyn Disk>,
        directory: &Path,
        key: FrameKey,
    ) -> Result<Self, JournalError> {
        Self::begin(disk, directory, key, 1, 1)
    }

    fn begin(
        disk: Arc<dyn Disk>,
        directory: &Path,
        key: FrameKey,
        number: u64,
        next_frame: u64,
    ) -> Result<Self, JournalError> {
        let path = path_of(directory, number);
        let file = new_file(&*disk, directory, number, next_frame)
            .map_err(|source| JournalError::Disk { path, source })?;
        Ok(Self {
            disk,
            directory: directory.to_owned(),
            key,
            closed: Vec::new(),
            number,
            file,
            end: FILE_HEADER_BYTES as u64,
            next_frame,
            buffer: Vec::new(),
            syncs: 0,
        })
    }

    /// Opens the journal and answers the frames after `packed`, the last one that is safe in packs.
    #[expect(
        clippy::too_many_lines,
        reason = "recovery of the journal, one straight sequence"
    )]
    pub(crate) fn open(
        disk: Arc<dyn Disk>,
        directory: &Path,
        key: FrameKey,
        packed: u64,
    ) -> Result<(Self, Vec<Frame>), JournalError> {
        let failed = |source| JournalError::Disk {
            path: directory.to_owned(),
            source,
        };
        let mut numbers: Vec<u64> = Vec::new();
        for name in disk.list(directory).map_err(failed)? {
            if let Some(number) = name
                .strip_suffix(".vtj")
                .and_then(|number| number.parse().ok())
            {
                numbers.push(number);
            }
        }
        let mut frames = Vec::new();
        let mut closed: Vec<(u64, u64)> = Vec::new();
        let mut expected = None;
        let mut last = None;
        for (index, number) in numbers.iter().copied().enumerate() {
            let path = path_of(directory, number);
            let newest = index + 1 == numbers.len();
            let failed = |source| JournalError::Disk {
                path: path.clone(),
                source,
            };
            let bytes = disk.read(&path, FILE_BYTES * 4).map_err(failed)?;
            let Some(first) = first_frame(&bytes, number) else {
                // A crash while a file is begun leaves its header behind; no frame can have followed it.
                if newest && is_unbegun(&bytes) && expected.is_some() {
                    disk.remove(&path).map_err(failed)?;
                    break;
                }
                return Err(JournalError::Damaged {
                    path,
                    offset: 0,
                    what: "the file's header is wrong",
                });
            };
            if newest
                && bytes.len() == FILE_HEADER_BYTES
                && expected.is_some_and(|next| first < next)
            {
                // Begun when a sync failed; writing went on in the file before.
                disk.remove(&path).map_err(failed)?;
                break;
            }
            let before = closed.last().map(|(before, _)| *before);
            let follows =
                expected == Some(first) && before.is_some_and(|before| before + 1 == number);
            // Of the files that are not needed any more, a crash while they are removed may leave any.
            let enough = first <= packed + 1 && expected.is_none_or(|next| first >= next);
            if !follows && !enough {
                let path = path_of(
                    directory,
                    before.map_or(number.saturating_sub(1), |before| before + 1),
                );
                return Err(JournalError::Missing {
                    path,
                    frame: packed,
                });
            }
            let (end, after) =
                read_frames(&bytes, &path, number, first, newest, &key, &mut frames)?;
            expected = Some(after);
            closed.push((number, after - 1));
            last = Some((number, end, bytes.len() as u64));
        }
        let Some(((number, end, length), next_frame)) = last.zip(expected) else {
            return Err(JournalError::Missing {
                path: path_of(directory, 1),
                frame: packed,
            });
        };
        if next_frame <= packed {
            return Err(JournalError::Missing {
                path: path_of(directory, number + 1),
                frame: packed,
            });
        }
        closed.pop();
        let path = path_of(directory, number);
        let failed = |source| JournalError::Disk {
            path: path.clone(),
            source,
        };
        if end < length {
            tracing::warn!(
                file = number,
                at = end,
                bytes = length - end,
                "cut a journal frame that was not finished"
            );
        }
        // What a killed process wrote but did not sync was read here, and a power cut could still take it away after we
        // have built on it; where a sync failed, even after the next one.
        renew(&*disk, &path, end, Secrecy::Secret).map_err(failed)?;
        let file = disk
            .open(&path, OpenMode::ReadWrite, Secrecy::Secret)
            .map_err(failed)?;
        frames.retain(|frame| frame.number > packed);
        let directory = directory.to_owned();
        let journal = Self {
            disk,
            directory,
            key,
            closed,
            number,
            file,
            end,
            next_frame,
            buffer: Vec::new(),
            syncs: 0,
        };
        Ok((journal, frames))
    }

    /// The number the next frame will bear.
    pub(crate) fn next_frame(&self) -> u64 {
        self.next_frame
    }

    /// Fsyncs so far.
    pub(crate) fn syncs(&self) -> u64 {
        self.syncs
    }

    /// Makes a frame durable. Its number must be [`next_frame`](Self::next_frame).
    pub(crate) fn append(&mut self, frame: &Frame) -> Result<(), AppendFailure> {
        assert_eq!(
            frame.number, self.next_frame,
            "frames are numbered without a gap"
        );
        if self.end >= FILE_BYTES {
            self.rotate().map_err(AppendFailure::Full)?;
        }
        self.buffer.clear();
        frame.encode(self.number, &self.key, &mut self.buffer);
        if let Err(error) = self.file.write_at(&self.buffer, self.end) {
            // The bytes may be there in part, but nothing was promised yet: cut them off again.
            return match self.file.set_len(self.end) {
                Ok(()) => Err(AppendFailure::Full(error)),
                Err(_) => Err(AppendFailure::Unknown(error)),
            };
        }
        self.syncs += 1;
        self.file.sync().map_err(AppendFailure::Unknown)?;
        self.end += self.buffer.len() as u64;
        self.next_frame += 1;
        if self.buffer.capacity() > 16 * 1024 * 1024 {
            self.buffer = Vec::new();
        }
        Ok(())
    }

    fn rotate(&mut self) -> io::Result<()> {
        let file = new_file(
            &*self.disk,
            &self.directory,
            self.number + 1,
            self.next_frame,
        )?;
        self.closed.push((self.number, self.next_frame - 1));
        self.number += 1;
        self.file = file;
        self.end = FILE_HEADER_BYTES as u64;
        Ok(())
    }

    /// Removes the files whose frames are all packed and signed, `frame` being the last such frame. When everything
    /// is, the current file is exchanged for an empty one, so that nothing lies longer than it must.
    pub(crate) fn cut(&mut self, frame: u64) -> io::Result<()> {
        if self.end > FILE_BYTES / 8 && frame + 1 == self.next_frame {
            self.rotate()?;
        }
        let dead = self
            .closed
            .iter()
            .take_while(|(_, last)| *last <= frame)
            .count();
        for (number, _) in self.closed.drain(..dead) {
            self.disk.remove(&path_of(&self.directory, number))?;
        }
        if dead > 0 {
            self.disk.sync_dir(&self.directory)
        } else {
            Ok(())
        }
    }

    /// Exchanges the current file for an empty one when everything in it is safe elsewhere: at a clean end.
    pub(crate) fn cut_all(&mut self, frame: u64) -> io::Result<()> {
        if frame + 1 == self.next_frame && self.end > FILE_HEADER_BYTES as u64 {
            self.rotate()?;
        }
        self.cut(frame)
    }
}

fn new_file(
    disk: &dyn Disk,
    directory: &Path,
    number: u64,
    first: u64,
) -> io::Result<Box<dyn DiskFile>> {
    let path = path_of(directory, number);
    if disk.exists(&path)? {
        // Left by a rotation that failed before anything was written to it.
        disk.remove(&path)?;
    }
    let file = disk.open(&path, OpenMode::Create, Secrecy::Secret)?;
    let mut header = Vec::with_capacity(FILE_HEADER_BYTES);
    header.extend_from_slice(&FILE_MAGIC);
    header.extend_from_slice(&number.to_be_bytes());
    header.extend_from_slice(&first.to_be_bytes());
    file.write_at(&header, 0)?;
    file.sync()?;
    disk.sync_dir(directory)?;
    Ok(file)
}

/// Whether a crash may have left a file that was being begun like this.
pub(crate) fn is_unbegun(bytes: &[u8]) -> bool {
    bytes.len() < FILE_HEADER_BYTES || bytes.iter().all(|byte| *byte == 0)
}

/// The number of a file's first frame, if the file's header is right.
pub(crate) fn first_frame(bytes: &[u8], number: u64) -> Option<u64> {
    let mut cursor = crate::codec::Cursor::new(bytes);
    let magic = cursor.array::<8>("magic").ok()?;
    let own = cursor.u64("number").ok()?;
    let first = cursor.u64("first frame").ok()?;
    (magic == FILE_MAGIC && own == number && first > 0).then_some(first)
}

/// Reads the frames of one file; answers where they end and the number after the last.
fn read_frames(
    bytes: &[u8],
    path: &Path,
    number: u64,
    first: u64,
    newest: bool,
    key: &FrameKey,
    frames: &mut Vec<Frame>,
) -> Result<(u64, u64), JournalError> {
    let mut at = FILE_HEADER_BYTES;
    let mut next = first;
    let damaged = |at: usize, what| JournalError::Damaged {
        path: path.to_owned(),
        offset: at as u64,
        what,
    };
    loop {
        let rest = bytes.get(at..).unwrap_or_default();
        match frame::read(rest, number, key) {
            Found::Frame(frame, length) if frame.number == next => {
                frames.push(frame);
                at += length;
                next += 1;
            }
            Found::Frame(..) => return Err(damaged(at, "a frame stands out of its order")),
            Found::End => return Ok((at as u64, next)),
            // Only the last group can be unfinished: the next is written after the one before is safe.
            Found::Torn if newest && !another_follows(rest, number, key) => {
                return Ok((at as u64, next));
            }
            Found::Torn => {
                return Err(damaged(
                    at,
                    "a frame is missing bytes, and others follow it",
                ));
            }
            Found::Damaged(what) => return Err(damaged(at, what)),
        }
    }
}

/// Whether a whole frame stands anywhere behind an unreadable one.
fn another_follows(bytes: &[u8], number: u64, key: &FrameKey) -> bool {
    let magics = bytes
        .windows(4)
        .enumerate()
        .skip(1)
        .filter(|(_, window)| *window == frame::MAGIC);
    magics
        .into_iter()
        .any(|(at, _)| matches!(frame::read(&bytes[at..], number, key), Found::Frame(..)))
}

#[cfg(test)]
mod tests;
