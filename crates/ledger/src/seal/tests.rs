//! Sealing: places, times, flags, leaves and roots.

use super::*;
use crate::entry::{Entry, Kind};
use crate::json;
use crate::keyring::TenantKeys;
use crate::name::TenantId;
use crate::prepare::{Door, prepare};
use crate::source::Rng;
use crate::vocabulary::{Mode, NO_ADDITIONS};

const S: i64 = 1_000_000;

#[derive(Debug)]
struct Fixed;

impl Rng for Fixed {
    fn fill(&self, bytes: &mut [u8]) {
        bytes.fill(7);
    }
}

fn at(seconds: i64) -> Micros {
    Micros::from_micros(seconds * S)
}

fn event(id: u64, timestamp: Option<Micros>) -> Prepared {
    let time = timestamp.map_or(String::new(), |at| format!(r#""timestamp":"{at}","#));
    let text = format!(
        r#"{{"id":"e{id}",{time}"operation":"deployment.created","actor":{{}},"resource":{{"type":"deployment"}}}}"#
    );
    let keys = TenantKeys::new("k", [1; 32], [2; 32], [3; 32], [4; 32]);
    let door = Door {
        keys: &keys,
        key: "vtk_1",
        source: "api",
        mode: Mode::Strict,
        additions: &NO_ADDITIONS,
        exceptions: &[],
        idempotency: None,
    };
    prepare(json::parse(text.as_bytes()).unwrap(), &door, &Fixed).unwrap()
}

fn opening(log: LogId, recorded_at: Micros) -> Opening {
    Opening {
        log,
        kind: Kind::Main,
        tenant: TenantId([2; 16]),
        origin: "o/1".to_owned(),
        vkey: "o/1+00000000+AQ==".to_owned(),
        recorded_at,
        predecessor: None,
    }
}

fn opened(seconds: i64) -> Head {
    let log = LogId([1; 16]);
    let mut head = Head::new(log);
    let sealed = head.open(&opening(log, at(seconds)));
    assert_eq!((sealed.seq, sealed.recorded_at), (0, at(seconds)));
    head
}

/// RFC 6962 section 2.1, as it is written down.
fn root_by_definition(leaves: &[Hash]) -> Hash {
    match leaves {
        [] => Hash::empty_root(),
        [leaf] => *leaf,
        _ => {
            let (left, right) = leaves.split_at(leaves.len().next_power_of_two() / 2);
            Hash::node(&root_by_definition(left), &root_by_definition(right))
        }
    }
}

/// Seals one event at `now` in a log whose last entry is of second 1,000; answers its time and flags.
fn check(now: i64, claimed: Option<i64>, expect_at: i64, expect_flags: &[&str]) {
    let mut head = opened(1_000);
    let sealed = head.seal(&event(1, claimed.map(at)), at(now));
    let entry = Entry::parse(&sealed.entry).unwrap();
    assert_eq!(sealed.recorded_at, at(expect_at), "{now} {claimed:?}");
    assert_eq!(entry.place.recorded_at, sealed.recorded_at);
    assert_eq!(entry.flags, expect_flags, "{now} {claimed:?}");
    assert_eq!(head.last(), sealed.recorded_at);
}

#[test]
fn our_time_never_runs_backwards_and_says_when_it_was_held() {
    check(1_000, None, 1_000, &[]);
    check(1_001, None, 1_001, &[]);
    check(999, None, 1_000, &["clock_clamped"]);
    check(0, Some(0), 1_000, &["clock_clamped"]);
}

#[test]
fn a_claim_is_flagged_beyond_five_minutes_ahead_of_our_clock() {
    check(2_000, Some(2_300), 2_000, &[]);
    check(2_000, Some(0), 2_000, &[]);
    check(2_000, Some(2_301), 2_000, &["clock_ahead"]);
    check(900, Some(1_300), 1_000, &["clock_ahead", "clock_clamped"]);
    let mut head = opened(2_000);
    let edge = Micros::from_micros(2_300 * S + 1);
    let sealed = head.seal(&event(1, Some(edge)), at(2_000));
    assert_eq!(Entry::parse(&sealed.entry).unwrap().flags, ["clock_ahead"]);
}

#[test]
fn places_are_consecutive_leaves_are_of_the_bytes_and_roots_those_of_rfc_6962() {
    let mut head = opened(1_000);
    let first = Hash::leaf(&opening(LogId([1; 16]), at(1_000)).encode());
    let mut leaves = vec![first];
    let mut last = at(1_000);
    for id in 1..=150_u64 {
        let now = at(1_000 + i64::try_from(id * 37 % 50).unwrap());
        let sealed = head.seal(&event(id, None), now);
        assert_eq!(sealed.seq, id);
        assert_eq!(sealed.leaf, Hash::leaf(&sealed.entry));
        assert!(sealed.recorded_at >= last && sealed.recorded_at == now.max(last));
        last = sealed.recorded_at;
        let entry = Entry::parse(&sealed.entry).unwrap();
        assert_eq!((entry.place.seq, entry.place.log), (id, LogId([1; 16])));
        leaves.push(sealed.leaf);
        assert_eq!(head.size(), id + 1);
        assert_eq!(head.range().root(), root_by_definition(&leaves), "{id}");
    }
}

#[test]
fn a_head_that_was_left_goes_on_where_it_stood() {
    let mut one = opened(1_000);
    one.seal(&event(1, None), at(1_005));
    let mut two = Head::resume(one.log(), one.range().clone(), one.last());
    for id in 2..20 {
        let sealed = one.seal(&event(id, None), at(1_003));
        assert_eq!(two.seal(&event(id, None), at(1_003)), sealed);
    }
    assert_eq!(one.range(), two.range());
}

#[test]
fn sealing_on_a_copy_leaves_the_head_alone() {
    let head = opened(1_000);
    let mut copy = head.clone();
    copy.seal(&event(1, None), at(2_000));
    assert_eq!((head.size(), head.last()), (1, at(1_000)));
    assert_ne!(head.range().root(), copy.range().root());
}

#[test]
fn equal_events_in_two_logs_have_other_leaves() {
    let log = LogId([5; 16]);
    let mut other = Head::new(log);
    other.open(&opening(log, at(1_000)));
    let mut head = opened(1_000);
    assert_ne!(
        head.seal(&event(1, None), at(1_000)).leaf,
        other.seal(&event(1, None), at(1_000)).leaf
    );
}
