//! What stands on the disk, read by nothing of ours: files, blocks of packs (docs/formats/pack.md), exported logs.

use std::path::{Path, PathBuf};

use serde_json::Value;

use crate::site::{Server, Site};

const PACK_HEADER_BYTES: usize = 32;
const BLOCK_HEADER_BYTES: usize = 40;
/// The largest payload that a block may have.
const PAYLOAD_BYTES_MAX: usize = 16 * 1024 * 1024;

/// Some bytes and where they are from.
#[derive(Debug)]
pub(crate) struct Bytes {
    pub(crate) place: String,
    pub(crate) bytes: Vec<u8>,
}

impl Bytes {
    /// Whether they are a pack file of that half, as it stands.
    pub(crate) fn is_pack_of(&self, half: &str) -> bool {
        Path::new(&self.place)
            .extension()
            .is_some_and(|extension| extension == half)
    }
}

/// Every file below a directory, as it stands.
pub(crate) fn files(directory: &Path) -> Vec<Bytes> {
    let mut paths = Vec::new();
    walk(directory, &mut paths);
    // A running server may have removed one meanwhile.
    let read = |path: PathBuf| {
        Some(Bytes {
            place: path.display().to_string(),
            bytes: std::fs::read(&path).ok()?,
        })
    };
    paths.into_iter().filter_map(read).collect()
}

/// The payloads of all blocks of one half (`vte`, `vtp`) of all packs, decompressed.
pub(crate) fn blocks(data: &Path, half: &str) -> Vec<Bytes> {
    let packs = files(&data.join("packs"))
        .into_iter()
        .filter(|file| file.is_pack_of(half));
    packs.flat_map(|pack| blocks_of(&pack)).collect()
}

fn blocks_of(pack: &Bytes) -> Vec<Bytes> {
    assert!(
        pack.bytes.starts_with(b"VTPACK1\n"),
        "{} is no pack",
        pack.place
    );
    let mut blocks = Vec::new();
    let mut at = PACK_HEADER_BYTES;
    while at < pack.bytes.len() {
        let header = &pack.bytes[at..at + BLOCK_HEADER_BYTES];
        assert_eq!(&header[..4], b"VTB1", "{}: no block at {at}", pack.place);
        assert_eq!(header[5], 1, "{}: block at {at} is no zstd", pack.place);
        let number =
            |from: usize| u32::from_be_bytes(header[from..from + 4].try_into().unwrap()) as usize;
        let (plain, stored) = (number(12), number(16));
        let from = at + BLOCK_HEADER_BYTES;
        let bytes =
            zstd::bulk::decompress(&pack.bytes[from..from + stored], PAYLOAD_BYTES_MAX).unwrap();
        assert_eq!(bytes.len(), plain, "{}: block at {at}", pack.place);
        blocks.push(Bytes {
            place: format!("{} block at {at}", pack.place),
            bytes,
        });
        at = from + stored;
    }
    blocks
}

/// Exports the logs that the server's key sees to `name`, and answers the entries of the main one, entry 0 first.
pub(crate) fn exported_main_log(site: &Site, server: &Server, name: &str) -> Vec<Value> {
    server.client(site, &["log", "export", name]).ends(0);
    let logs = std::fs::read_dir(site.path(name)).unwrap();
    let logs = logs.map(|log| entries(&log.unwrap().path().join("tile/entries")));
    logs.into_iter()
        .find(|entries| entries[0]["kind"] == "main")
        .expect("a main log is exported")
}

/// The entries of all bundles of a log, in order. C2SP: each behind its length in two bytes.
fn entries(bundles: &Path) -> Vec<Value> {
    let mut paths = Vec::new();
    walk(bundles, &mut paths);
    paths.sort_by_key(|path| bundle_number(path.strip_prefix(bundles).unwrap()));
    let mut entries = Vec::new();
    for path in paths {
        let bundle = std::fs::read(path).unwrap();
        let mut rest = &bundle[..];
        while let Some((length, behind)) = rest.split_first_chunk() {
            let (entry, behind) = behind.split_at(usize::from(u16::from_be_bytes(*length)));
            entries.push(serde_json::from_slice(entry).unwrap());
            rest = behind;
        }
    }
    entries
}

/// `x001/x234/067` is 1,234,067, and so is the partial `x001/x234/067.p/5`.
fn bundle_number(path: &Path) -> u64 {
    let pieces = path.iter().map(|piece| piece.to_str().unwrap());
    let mut number = 0;
    for piece in pieces {
        let digits = piece.trim_start_matches('x').trim_end_matches(".p");
        number = number * 1_000 + digits.parse::<u64>().unwrap();
        // What follows the last group of digits is the width of a partial bundle.
        if !piece.starts_with('x') {
            break;
        }
    }
    number
}

fn walk(directory: &Path, found: &mut Vec<PathBuf>) {
    for entry in std::fs::read_dir(directory).unwrap() {
        let path = entry.unwrap().path();
        if path.is_dir() {
            walk(&path, found);
        } else {
            found.push(path);
        }
    }
    found.sort();
}
