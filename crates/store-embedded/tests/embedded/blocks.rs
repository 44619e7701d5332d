//! The pack format once more, written from docs/formats/pack.md and not from the store's code: what an administrator
//! with a text editor and an evening can do.

use std::path::Path;

use hmac::{Hmac, KeyInit, Mac};
use ledger::name::{InstanceId, LogId};
use sha2::Sha256;

use crate::site::Site;

const FILE_HEADER_BYTES: usize = 32;
const HEADER_BYTES: usize = 40;

/// What a block holds.
pub(crate) const ENTRIES: u8 = 1;
pub(crate) const PARTS: u8 = 2;
pub(crate) const REGISTRY: u8 = 3;

/// One block of a file.
#[derive(Clone, Debug)]
pub(crate) struct Block {
    pub(crate) offset: usize,
    pub(crate) kind: u8,
    /// Header and payload, as they are stored.
    pub(crate) bytes: Vec<u8>,
    payload: Vec<u8>,
}

/// One record of a pack.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Written {
    pub(crate) log: LogId,
    pub(crate) seq: u64,
    pub(crate) entry: Vec<u8>,
    pub(crate) person: Option<Vec<u8>>,
    pub(crate) details: Option<Vec<u8>>,
}

/// Everything that pack 1 holds.
#[derive(Clone, Debug)]
pub(crate) struct Pack {
    pub(crate) records: Vec<Written>,
    pub(crate) registry: Vec<Vec<u8>>,
    pub(crate) instance: InstanceId,
}

/// The blocks of a file of a pack.
pub(crate) fn blocks(file: &[u8]) -> Vec<Block> {
    let mut found = Vec::new();
    let mut at = FILE_HEADER_BYTES;
    while at < file.len() {
        let word = |from: usize| u32_at(file, at + from);
        let end = at + HEADER_BYTES + word(16);
        let payload = zstd::bulk::decompress(&file[at + HEADER_BYTES..end], word(12)).unwrap();
        found.push(Block {
            offset: at,
            kind: file[at + 4],
            bytes: file[at..end].to_vec(),
            payload,
        });
        at = end;
    }
    found
}

impl Pack {
    /// Reads both halves of pack 1.
    pub(crate) fn read(site: &Site) -> Self {
        let entries = blocks(&site.read(&path(site, "vte")));
        let parts = blocks(&site.read(&path(site, "vtp")));
        let parts = parts.iter().flat_map(|block| pieces(block, 2));
        let of_entries = entries.iter().filter(|block| block.kind == ENTRIES);
        let records = of_entries
            .flat_map(|block| pieces(block, 1))
            .zip(parts)
            .map(|(entry, parts)| {
                assert_eq!(
                    (entry.0, entry.1),
                    (parts.0, parts.1),
                    "halves go side by side"
                );
                let [person, details] = parts.2.try_into().unwrap();
                Written {
                    log: entry.0,
                    seq: entry.1,
                    entry: entry.2[0].clone().unwrap(),
                    person,
                    details,
                }
            });
        let records = records.collect();
        let registry = entries.iter().filter(|block| block.kind == REGISTRY);
        let registry = registry.map(|block| block.payload.clone()).collect();
        Self {
            records,
            registry,
            instance: site.keys_directory().instance(),
        }
    }

    /// The record at a place.
    pub(crate) fn record(&mut self, log: LogId, seq: u64) -> &mut Written {
        self.records
            .iter_mut()
            .find(|record| record.log == log && record.seq == seq)
            .unwrap()
    }

    /// Where in the pack a record stands.
    pub(crate) fn index(&self, log: LogId, seq: u64) -> usize {
        self.records
            .iter()
            .position(|record| record.log == log && record.seq == seq)
            .unwrap()
    }

    /// Gives the records of a log the places in which they stand, on the outside; the entries say what they say.
    pub(crate) fn renumber(&mut self, log: LogId) {
        for (seq, record) in (0..).zip(self.records.iter_mut().filter(|record| record.log == log)) {
            record.seq = seq;
        }
    }

    /// Writes pack 1 anew under a key, a block for each record.
    pub(crate) fn write(&self, site: &Site, key: &[u8; 32]) {
        let mut entries = file_header(self.instance, "vte");
        for payload in &self.registry {
            append(&mut entries, REGISTRY, payload, key);
        }
        self.append(site, entries, file_header(self.instance, "vtp"), key);
    }

    /// Writes the records behind what the two files hold.
    pub(crate) fn append(
        &self,
        site: &Site,
        mut entries: Vec<u8>,
        mut parts: Vec<u8>,
        key: &[u8; 32],
    ) {
        for record in &self.records {
            append(
                &mut entries,
                ENTRIES,
                &payload_of(record, &[Some(&record.entry)], 0),
                key,
            );
            let both = [record.person.as_ref(), record.details.as_ref()];
            append(&mut parts, PARTS, &payload_of(record, &both, 1), key);
        }
        site.overwrite(&path(site, "vte"), &entries);
        site.overwrite(&path(site, "vtp"), &parts);
    }
}

/// A file of pack 1.
pub(crate) fn path(site: &Site, half: &str) -> std::path::PathBuf {
    site.data
        .join("packs")
        .join(Path::new("00000001").with_extension(half))
}

/// Appends a block to a file of pack 1.
fn append(file: &mut Vec<u8>, kind: u8, payload: &[u8], key: &[u8; 32]) {
    let stored = zstd::bulk::compress(payload, 1).unwrap();
    let mut position = 1_u32.to_be_bytes().to_vec();
    position.extend((file.len() as u64).to_be_bytes());
    let mut header = b"VTB1".to_vec();
    header.extend([kind, 1, 0, 0, 0, 0, 0, 0]);
    header.extend(length(payload.len()));
    header.extend(length(stored.len()));
    let check = mac(key, &[b"veritrail/block-header", &position, &header]);
    header.extend(&check[..4]);
    let check = mac(key, &[b"veritrail/block", &position, &header, &stored]);
    header.extend(check);
    assert_eq!(header.len(), HEADER_BYTES);
    file.extend(header);
    file.extend(stored);
}

fn payload_of(record: &Written, pieces: &[Option<&Vec<u8>>], plus: usize) -> Vec<u8> {
    let mut out = length(1).to_vec();
    out.extend(record.log.0);
    out.extend(record.seq.to_be_bytes());
    out.extend(length(1));
    for piece in pieces {
        out.extend(length(piece.map_or(0, |piece| piece.len() + plus)));
    }
    pieces.iter().flatten().for_each(|piece| out.extend(*piece));
    out
}

/// Log, seq and pieces of a record: its entry, or its parts.
type Pieces = (LogId, u64, Vec<Option<Vec<u8>>>);

/// The pieces of every record of a block.
fn pieces(block: &Block, each: usize) -> Vec<Pieces> {
    let bytes = &block.payload;
    let runs = u32_at(bytes, 0);
    let mut places = Vec::new();
    for run in 0..runs {
        let at = 4 + run * 28;
        let log = LogId(bytes[at..at + 16].try_into().unwrap());
        let first = u64::from_be_bytes(bytes[at + 16..at + 24].try_into().unwrap());
        places.extend((first..).take(u32_at(bytes, at + 24)).map(|seq| (log, seq)));
    }
    let table = 4 + runs * 28;
    let mut at = table + places.len() * each * 4;
    let mut number = 0;
    let mut found = Vec::new();
    for (log, seq) in places {
        let mut pieces = Vec::new();
        for _ in 0..each {
            let mut size = u32_at(bytes, table + number * 4);
            number += 1;
            if block.kind == PARTS {
                if size == 0 {
                    pieces.push(None);
                    continue;
                }
                size -= 1;
            }
            pieces.push(Some(bytes[at..at + size].to_vec()));
            at += size;
        }
        found.push((log, seq, pieces));
    }
    assert_eq!(at, bytes.len());
    found
}

fn file_header(instance: InstanceId, half: &str) -> Vec<u8> {
    let mut header = b"VTPACK1\n".to_vec();
    header.extend(1_u32.to_be_bytes());
    header.extend(half.as_bytes());
    header.push(0);
    header.extend(instance.0);
    header
}

fn mac(key: &[u8; 32], pieces: &[&[u8]]) -> [u8; 16] {
    let mut mac = Hmac::<Sha256>::new_from_slice(key).unwrap();
    for piece in pieces {
        mac.update(piece);
    }
    mac.finalize().into_bytes()[..16].try_into().unwrap()
}

fn length(bytes: usize) -> [u8; 4] {
    u32::try_from(bytes).unwrap().to_be_bytes()
}

fn u32_at(bytes: &[u8], at: usize) -> usize {
    u32::from_be_bytes(bytes[at..at + 4].try_into().unwrap()) as usize
}
