//! Attacks on the bytes: torn, flipped, cut, swapped.

use super::*;

const KEY: [u8; 32] = [7; 32];

fn log(number: u8) -> LogId {
    LogId([number; 16])
}

fn heads(logs: std::ops::Range<u8>, size: u64) -> BTreeMap<LogId, PinnedHead> {
    logs.map(|number| {
        let head = PinnedHead {
            origin: format!("veritrail.invalid/x/{}", log(number)),
            size,
            root: Hash::of(&size.to_be_bytes()),
        };
        (log(number), head)
    })
    .collect()
}

/// A file of a header and these groups, and where each of them begins.
fn file(groups: &[BTreeMap<LogId, PinnedHead>]) -> (Vec<u8>, Vec<usize>) {
    let mut bytes = header(&KEY).into_bytes();
    let mut starts = Vec::new();
    for changed in groups {
        let group = parse(&bytes).unwrap().group(changed);
        starts.push(bytes.len());
        bytes.extend_from_slice(&group.bytes);
    }
    (bytes, starts)
}

fn damage(bytes: &[u8]) -> &'static str {
    match parse(bytes) {
        Err(Flaw::Damaged { why, .. }) => why,
        other => panic!("{other:?}"),
    }
}

#[test]
fn the_last_head_of_each_log_is_read_back() {
    let (bytes, _) = file(&[heads(0..3, 5), heads(1..2, 9), heads(3..4, 1)]);
    let memory = parse(&bytes).unwrap();
    let mut expected = heads(0..3, 5);
    expected.extend(heads(1..2, 9));
    expected.extend(heads(3..4, 1));
    assert_eq!(memory.heads, expected);
    assert_eq!((memory.key, memory.records, memory.groups), (KEY, 5, 3));
    assert_eq!(memory.end, bytes.len() as u64);
}

#[test]
fn an_origin_is_written_once() {
    let (bytes, starts) = file(&[heads(0..1, 5), heads(0..1, 6)]);
    let text = std::str::from_utf8(&bytes).unwrap();
    assert_eq!(text.matches("veritrail.invalid").count(), 1);
    assert!(text[starts[1]..].contains(" -\n"));
}

#[test]
fn a_last_group_cut_short_is_left_out() {
    let (bytes, starts) = file(&[heads(0..2, 5), heads(0..9, 6)]);
    for length in starts[1]..bytes.len() {
        let memory = parse(&bytes[..length]).unwrap();
        assert_eq!(memory.heads, heads(0..2, 5), "cut at {length}");
        assert_eq!(memory.end, starts[1] as u64);
    }
}

#[test]
fn a_last_group_with_lost_sectors_is_left_out() {
    let (bytes, starts) = file(&[heads(0..2, 5), heads(0..20, 6)]);
    let start = starts[1];
    let first = start / SECTOR_BYTES;
    let sectors = bytes.len() / SECTOR_BYTES + 1 - first;
    assert!((4..12).contains(&sectors), "{sectors}");
    // Every way to lose sectors, at every length the file may have come to have.
    for lost in 1u32..1 << sectors {
        let mut torn = bytes.clone();
        for sector in (0..sectors).filter(|sector| lost >> sector & 1 == 1) {
            let from = ((first + sector) * SECTOR_BYTES).max(start);
            let end = ((first + sector + 1) * SECTOR_BYTES).min(bytes.len());
            torn[from..end].fill(0);
        }
        for length in [bytes.len(), bytes.len() - 1, bytes.len() - 600, start + 40] {
            let memory = parse(&torn[..length]).unwrap();
            assert_eq!(memory.heads, heads(0..2, 5), "lost {lost:b} of {length}");
        }
    }
}

#[test]
fn every_flipped_bit_is_refused_even_in_the_last_group() {
    let (bytes, _) = file(&[heads(0..2, 5), heads(0..1, 6), heads(1..2, 7)]);
    for at in 0..bytes.len() {
        for bit in 0..8 {
            let mut flipped = bytes.clone();
            flipped[at] ^= 1 << bit;
            assert!(parse(&flipped).is_err(), "bit {bit} of byte {at}");
        }
    }
}

#[test]
fn a_zeroed_sector_before_the_last_group_is_refused() {
    let groups = [heads(0..20, 5), heads(0..20, 6), heads(0..20, 7)];
    let (bytes, starts) = file(&groups);
    // Up to the sector in which the last group begins: an earlier group lost bytes, so no crash did this.
    for sector in 0..=starts[2] / SECTOR_BYTES {
        let mut zeroed = bytes.clone();
        zeroed[sector * SECTOR_BYTES..(sector + 1) * SECTOR_BYTES].fill(0);
        assert!(parse(&zeroed).is_err(), "sector {sector}");
    }
}

#[test]
fn groups_dropped_swapped_or_repeated_are_refused() {
    let (bytes, starts) = file(&[heads(0..2, 5), heads(0..2, 6), heads(0..2, 7)]);
    let (head, rest) = bytes.split_at(starts[0]);
    let (one, rest) = rest.split_at(starts[1] - starts[0]);
    let (two, three) = rest.split_at(starts[2] - starts[1]);
    for order in [
        &[one, three][..],
        &[two, three],
        &[two, one, three],
        &[one, two, two],
        &[one, two, three, three],
        &[one, two, three, one],
    ] {
        let changed = [&[head], order].concat().concat();
        assert_eq!(damage(&changed), "a group is out of order");
    }
}

#[test]
fn a_group_of_another_file_is_refused() {
    let (bytes, starts) = file(&[heads(0..2, 5), heads(0..2, 6)]);
    let (other, _) = file(&[heads(0..2, 4), heads(0..2, 6)]);
    let spliced = [&bytes[..starts[1]], &other[starts[1]..]].concat();
    assert_eq!(damage(&spliced), "a group does not match its check");
}

#[test]
fn a_rightly_checked_group_that_contradicts_is_refused() {
    let (bytes, _) = file(&[heads(0..1, 5)]);
    let memory = parse(&bytes).unwrap();
    let mut fork = heads(0..1, 5);
    fork.get_mut(&log(0)).unwrap().root = Hash::of(b"other");
    let mut moved = heads(0..1, 6);
    moved.get_mut(&log(0)).unwrap().origin = "elsewhere".to_owned();
    for (changed, why) in [
        (heads(0..1, 4), "a record contradicts an earlier one"),
        (fork, "a record contradicts an earlier one"),
        (moved, "a record changes an origin"),
    ] {
        let group = memory.group(&changed);
        assert_eq!(damage(&[&bytes[..], &group.bytes].concat()), why);
    }
}

#[test]
fn bytes_after_the_last_group_that_no_crash_explains_are_refused() {
    let (bytes, _) = file(&[heads(0..1, 5)]);
    let more = b"these are more than twenty-eight bytes of something else";
    assert_eq!(damage(&[&bytes[..], more].concat()), "no group begins here");
}

#[test]
fn other_files_and_newer_ones_are_told_apart() {
    for text in ["", "v", "veritrail-heads 1 00\n", "hello\n"] {
        assert_eq!(damage(text.as_bytes()), "no heads file begins like this");
    }
    let newer = format!("veritrail-heads 2 {}\n", to_hex(&KEY));
    assert_eq!(parse(newer.as_bytes()).unwrap_err(), Flaw::Newer);
}
