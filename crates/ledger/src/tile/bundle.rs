//! What is inside an entry bundle and a hash tile (C2SP tlog-tiles v0.1.0, "Log entries" and "Merkle Tree").
//!
//! Promises: decoding gives back what was encoded, borrowed from the input. Must never: read beyond 256 items, or
//! make an empty tile.

use super::TILE_WIDTH;
use crate::hash::Hash;

/// Why there is no bundle or tile.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum BundleError {
    /// Nothing in it.
    #[error("a tile or bundle is never empty")]
    Empty,
    /// More than [`TILE_WIDTH`] items.
    #[error("a tile or bundle holds at most {TILE_WIDTH} items")]
    TooMany,
    /// An entry beyond 65,535 bytes.
    #[error("an entry of a bundle has at most 65535 bytes")]
    EntryTooLong,
    /// Ends within an item.
    #[error("the tile or bundle ends within an item")]
    Truncated,
}

/// Joins entries, each behind its length in two bytes, big-endian.
///
/// # Errors
/// [`BundleError::Empty`], [`BundleError::TooMany`] or [`BundleError::EntryTooLong`].
pub fn bundle_encode<'a>(
    entries: impl IntoIterator<Item = &'a [u8]>,
) -> Result<Vec<u8>, BundleError> {
    let mut bundle = Vec::new();
    let mut count = 0;
    for entry in entries {
        count += 1;
        if count > TILE_WIDTH {
            return Err(BundleError::TooMany);
        }
        let length = u16::try_from(entry.len()).map_err(|_| BundleError::EntryTooLong)?;
        bundle.extend(length.to_be_bytes());
        bundle.extend(entry);
    }
    if count == 0 {
        Err(BundleError::Empty)
    } else {
        Ok(bundle)
    }
}

/// Takes a bundle apart. Whether it holds as many entries as its path says is the caller's to compare.
///
/// # Errors
/// [`BundleError::Empty`], [`BundleError::TooMany`] or [`BundleError::Truncated`].
pub fn bundle_decode(bytes: &[u8]) -> Result<Vec<&[u8]>, BundleError> {
    let mut entries = Vec::new();
    let mut rest = bytes;
    while !rest.is_empty() {
        if entries.len() >= usize::from(TILE_WIDTH) {
            return Err(BundleError::TooMany);
        }
        let (length, after) = rest.split_first_chunk().ok_or(BundleError::Truncated)?;
        let length = usize::from(u16::from_be_bytes(*length));
        let (entry, after) = after
            .split_at_checked(length)
            .ok_or(BundleError::Truncated)?;
        entries.push(entry);
        rest = after;
    }
    if entries.is_empty() {
        Err(BundleError::Empty)
    } else {
        Ok(entries)
    }
}

/// Joins the hashes of a tile.
///
/// # Errors
/// [`BundleError::Empty`] or [`BundleError::TooMany`].
pub fn tile_encode(hashes: &[Hash]) -> Result<Vec<u8>, BundleError> {
    check_count(hashes.len())?;
    Ok(hashes.iter().flat_map(|hash| hash.0).collect())
}

/// Takes a hash tile apart.
///
/// # Errors
/// [`BundleError::Empty`], [`BundleError::TooMany`] or [`BundleError::Truncated`].
pub fn tile_decode(bytes: &[u8]) -> Result<Vec<Hash>, BundleError> {
    let (hashes, rest) = bytes.as_chunks();
    if !rest.is_empty() {
        return Err(BundleError::Truncated);
    }
    check_count(hashes.len())?;
    Ok(hashes.iter().copied().map(Hash).collect())
}

fn check_count(count: usize) -> Result<(), BundleError> {
    match count {
        0 => Err(BundleError::Empty),
        _ if count > usize::from(TILE_WIDTH) => Err(BundleError::TooMany),
        _ => Ok(()),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_bundle_is_length_prefixed_big_endian_and_comes_back() {
        let long = vec![7; 300];
        let entries: [&[u8]; 3] = [b"one", b"", &long];
        let bundle = bundle_encode(entries).unwrap();
        assert_eq!(bundle[..9], [0, 3, b'o', b'n', b'e', 0, 0, 1, 44]);
        assert_eq!(bundle_decode(&bundle), Ok(entries.to_vec()));
    }

    #[test]
    fn a_cut_bundle_is_truncated_wherever_no_entry_ends() {
        let bundle = bundle_encode([b"one".as_slice(), b"", b"three"]).unwrap();
        for length in 0..bundle.len() {
            let expected = match length {
                0 => Err(BundleError::Empty),
                5 => Ok(1),
                7 => Ok(2),
                _ => Err(BundleError::Truncated),
            };
            assert_eq!(
                bundle_decode(&bundle[..length]).map(|entries| entries.len()),
                expected,
                "{length}"
            );
        }
    }

    #[test]
    fn a_bundle_has_1_to_256_entries_of_at_most_65_535_bytes() {
        let entry: &[u8] = b"x";
        assert_eq!(bundle_encode([]), Err(BundleError::Empty));
        let full = bundle_encode([entry; 256]).unwrap();
        assert_eq!(bundle_decode(&full).map(|entries| entries.len()), Ok(256));
        assert_eq!(bundle_encode([entry; 257]), Err(BundleError::TooMany));
        assert_eq!(bundle_decode(&[0; 514]), Err(BundleError::TooMany));
        let (longest, longer) = (vec![0; 65_535], vec![0; 65_536]);
        let bundle = bundle_encode([longest.as_slice()]).unwrap();
        assert_eq!(bundle_decode(&bundle), Ok(vec![longest.as_slice()]));
        assert_eq!(
            bundle_encode([longer.as_slice()]),
            Err(BundleError::EntryTooLong)
        );
    }

    #[test]
    fn a_hash_tile_has_1_to_256_whole_hashes() {
        let hashes: Vec<Hash> = (0u16..257).map(|n| Hash::leaf(&n.to_be_bytes())).collect();
        let tile = tile_encode(&hashes[..256]).unwrap();
        assert_eq!(tile.len(), 8192);
        assert_eq!(tile_decode(&tile), Ok(hashes[..256].to_vec()));
        assert_eq!(tile_decode(&tile[1..]), Err(BundleError::Truncated));
        assert_eq!(tile_encode(&hashes), Err(BundleError::TooMany));
        assert_eq!(tile_decode(&[0; 257 * 32]), Err(BundleError::TooMany));
        assert_eq!(
            (tile_encode(&[]), tile_decode(&[])),
            (Err(BundleError::Empty), Err(BundleError::Empty))
        );
    }
}
