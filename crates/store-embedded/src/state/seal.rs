//! The checks over the rows that say who may do what: tenants, API keys, and how far each log goes.
//!
//! Promises: whoever changes, adds, swaps, removes or puts back such a row without the keys directory is found at the
//! next opening (docs/adr/0011). Each row bears a check that binds its table and its key; one check binds all of them
//! together with how far packing has come, so that only a state file which was written as a whole is whole. That it is
//! the newest one is the signer's to say: the right edges are among the rows.
//! Must never: write down the sum of the rows' digests. Who knew it could look for other rows with the same one.

use crate::codec::{Cursor, Malformed};
use crate::mac::{FrameKey, MAC_BYTES};

/// Version of a checked row, and of the check over all.
const VERSION: u8 = 1;
const ROW_LABEL: &[u8] = b"veritrail/registry-row\0";
const DIGEST_LABEL: &[u8] = b"veritrail/registry-digest\0";
const WHOLE_LABEL: &[u8] = b"veritrail/registry\0";

/// Why rows are not believed. The message says what to do.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum Unsealed {
    /// There is no check over all rows.
    #[error(
        "it bears no check: an earlier development version wrote it, and this one can't take it over (begin a new data \
         directory), or somebody took the check away (restore the newest copy of the data directory)"
    )]
    Missing,
    /// A row is not what we wrote under its key.
    #[error(
        "a row of {table} is not what was written there: somebody changed it from outside; restore the newest copy of \
         the data directory, and find out who could write to it"
    )]
    Row {
        /// In which table.
        table: &'static str,
    },
    /// Every row is ours, but they don't belong together.
    #[error(
        "rows were added, removed or put back from outside; restore the newest copy of the data directory, and find out \
         who could write to it"
    )]
    Whole,
}

/// A table whose rows are checked.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Table {
    Tenants,
    ApiKeys,
    Logs,
}

impl Table {
    pub(super) fn name(self) -> &'static str {
        match self {
            Self::Tenants => "tenants",
            Self::ApiKeys => "api_keys",
            Self::Logs => "logs",
        }
    }
}

/// What all rows come to: how many there are, and the exclusive or of their digests. A row stands under one key of one
/// table, so none can be there twice.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(super) struct Sum {
    rows: u64,
    digests: [u8; 32],
}

/// Makes and compares the checks.
#[derive(Debug)]
pub(super) struct Seal(FrameKey);

impl Seal {
    pub(super) fn new(key: FrameKey) -> Self {
        Self(key)
    }

    /// A row as it is stored: version, check, content.
    pub(super) fn row(&self, table: Table, key: &[u8], content: &[u8]) -> Vec<u8> {
        let check = self.0.mac(&bound(table, &length(key), key, content));
        let mut row = Vec::with_capacity(1 + MAC_BYTES + content.len());
        row.push(VERSION);
        row.extend_from_slice(&check);
        row.extend_from_slice(content);
        row
    }

    /// The content of a stored row.
    pub(super) fn open<'a>(
        &self,
        table: Table,
        key: &[u8],
        row: &'a [u8],
    ) -> Result<&'a [u8], Unsealed> {
        let wrong = Unsealed::Row {
            table: table.name(),
        };
        let (check, content) = split(row).ok_or(wrong)?;
        if self
            .0
            .verify(&bound(table, &length(key), key, content), check)
        {
            Ok(content)
        } else {
            Err(wrong)
        }
    }

    /// The check over all rows, as it is stored beside `progress`.
    pub(super) fn whole(&self, progress: &[u8], sum: &Sum) -> Vec<u8> {
        let rows = sum.rows.to_be_bytes();
        let mut out = vec![VERSION];
        out.extend_from_slice(&rows);
        out.extend_from_slice(&self.0.mac(&all(progress, &rows, sum)));
        out
    }

    /// Holds the rows that were found against the check over all.
    pub(super) fn verify(&self, stored: &[u8], progress: &[u8], sum: &Sum) -> Result<(), Unsealed> {
        let mut cursor = Cursor::new(stored);
        let read = (|| {
            let version = cursor.u8("version")?;
            let rows = cursor.array::<8>("rows")?;
            Ok::<_, Malformed>((version, rows, cursor.array::<MAC_BYTES>("check")?))
        })();
        let (version, rows, check) = read.map_err(|_| Unsealed::Whole)?;
        let sound = version == VERSION
            && cursor.is_done()
            && rows == sum.rows.to_be_bytes()
            && self.0.verify(&all(progress, &rows, sum), &check);
        if sound { Ok(()) } else { Err(Unsealed::Whole) }
    }
}

impl Sum {
    /// Counts a row in; `old` is the one that stood in its place.
    pub(super) fn put(&mut self, seal: &Seal, old: Option<&[u8]>, new: &[u8]) {
        match old {
            Some(old) => self.turn(seal, old),
            None => self.rows += 1,
        }
        self.turn(seal, new);
    }

    /// The check of a row names its table, key and content, so its digest stands for all of them.
    fn turn(&mut self, seal: &Seal, row: &[u8]) {
        let check = split(row).map_or(&[][..], |(check, _)| check);
        let digest = seal.0.digest(&[DIGEST_LABEL, check]);
        for (sum, byte) in self.digests.iter_mut().zip(digest) {
            *sum ^= byte;
        }
    }
}

/// What a row's check is made over. Table and key bear their lengths, so that no byte can move between the pieces.
fn bound<'a>(table: Table, length: &'a [u8], key: &'a [u8], content: &'a [u8]) -> [&'a [u8]; 6] {
    let tag = match table {
        Table::Tenants => b"\x01",
        Table::ApiKeys => b"\x02",
        Table::Logs => b"\x03",
    };
    [ROW_LABEL, &[VERSION], tag, length, key, content]
}

fn all<'a>(progress: &'a [u8], rows: &'a [u8], sum: &'a Sum) -> [&'a [u8]; 5] {
    // Each piece but the progress row has a fixed length, and that row has too.
    [WHOLE_LABEL, &[VERSION], progress, rows, &sum.digests]
}

fn length(key: &[u8]) -> [u8; 4] {
    // Keys of rows have 8 or 16 bytes.
    u32::try_from(key.len()).unwrap_or(u32::MAX).to_be_bytes()
}

/// Check and content of a row of this version.
fn split(row: &[u8]) -> Option<(&[u8], &[u8])> {
    let rest = row.strip_prefix(&[VERSION])?;
    rest.split_at_checked(MAC_BYTES)
}

#[cfg(test)]
mod tests {
    use super::*;

    /// docs/formats/state.md, computed by a program that shares no code with this one.
    const K_FRAME: &str = "807d17560c32534d74c808671f9b946d974b6599ef4172edf360521e6b133da2";
    const ROW: &str = "0179129eab89561c1899ee99d69cc88ca97b7d";
    const PROGRESS: &str = "00000000000000070000000100000000000010000000000000002000\
                            000000040000000000000002";
    const WHOLE: &str = "01000000000000000143d19f29138093332fe0a982f934202d";

    fn bytes(hex: &str) -> Vec<u8> {
        let digits = hex.as_bytes().chunks(2);
        let read = digits.map(|pair| u8::from_str_radix(str::from_utf8(pair).unwrap(), 16));
        read.map(Result::unwrap).collect()
    }

    fn seal() -> Seal {
        Seal::new(FrameKey::new(&bytes(K_FRAME).try_into().unwrap()))
    }

    #[test]
    fn the_worked_example_of_the_format_holds() {
        let seal = seal();
        let row = seal.row(Table::ApiKeys, b"AAAAAAAA", b"{}");
        assert_eq!(row, bytes(ROW));
        assert_eq!(seal.open(Table::ApiKeys, b"AAAAAAAA", &row), Ok(&b"{}"[..]));
        let mut sum = Sum::default();
        sum.put(&seal, None, &row);
        let progress = bytes(PROGRESS);
        assert_eq!(seal.whole(&progress, &sum), bytes(WHOLE));
        assert_eq!(seal.verify(&bytes(WHOLE), &progress, &sum), Ok(()));
    }

    #[test]
    fn a_row_is_of_its_table_and_key_alone() {
        let seal = seal();
        let row = seal.row(Table::Tenants, b"key", b"content");
        for (table, key) in [
            (Table::Logs, &b"key"[..]),
            (Table::Tenants, b"kex"),
            (Table::Tenants, b"ke"),
        ] {
            assert!(seal.open(table, key, &row).is_err(), "{table:?} {key:?}");
        }
    }

    #[test]
    fn every_flipped_bit_and_every_cut_is_noticed() {
        let seal = seal();
        let row = seal.row(Table::Logs, b"key", b"content");
        let (mut sum, progress) = (Sum::default(), [7; 40]);
        sum.put(&seal, None, &row);
        let whole = seal.whole(&progress, &sum);
        for bit in 0..row.len() * 8 {
            let mut row = row.clone();
            row[bit / 8] ^= 1 << (bit % 8);
            assert!(seal.open(Table::Logs, b"key", &row).is_err(), "bit {bit}");
        }
        for bit in 0..whole.len() * 8 {
            let mut whole = whole.clone();
            whole[bit / 8] ^= 1 << (bit % 8);
            assert!(seal.verify(&whole, &progress, &sum).is_err(), "bit {bit}");
        }
        for end in 0..row.len() {
            assert!(seal.open(Table::Logs, b"key", &row[..end]).is_err());
        }
        for end in 0..whole.len() {
            assert!(seal.verify(&whole[..end], &progress, &sum).is_err());
        }
    }

    #[test]
    fn the_sum_is_the_same_whatever_the_way_to_it() {
        let seal = seal();
        let rows = ["a", "b", "c"].map(|key| seal.row(Table::Tenants, key.as_bytes(), b"x"));
        let newer = seal.row(Table::Tenants, b"b", b"y");
        let (mut one, mut other) = (Sum::default(), Sum::default());
        for row in &rows {
            one.put(&seal, None, row);
        }
        one.put(&seal, Some(&rows[1]), &newer);
        for row in [&newer, &rows[2], &rows[0]] {
            other.put(&seal, None, row);
        }
        assert_eq!(one, other);
        one.put(&seal, Some(&newer), &rows[1]);
        assert_ne!(one, other);
    }
}
