use std::borrow::Cow;

use ed25519_dalek::SigningKey;

use super::csv::{cells, goes_on, guarded, write_cell};
use super::manifest::Manifest;
use super::row::{PartText, Row};
use super::*;
use crate::checkpoint::{self, Checkpoint};
use crate::hash::Hash;
use crate::name::{LogId, TenantId};
use crate::note::{Note, VerifierKey, sign_note};
use crate::time::Micros;

fn manifest() -> Manifest {
    Manifest {
        export: "0".repeat(32),
        kind: Kind::Whole,
        format: Format::Ndjson,
        origin: format!("veritrail.invalid/{}", LogId([2; 16])),
        log: LogId([2; 16]),
        log_kind: crate::entry::Kind::Main,
        tenant: TenantId([3; 16]),
        asked: vec![("q".into(), "name:\"a\u{1}b\"".into())],
        query: String::new(),
        key: "k".into(),
        owner: "Zoë\n\"x\"".into(),
        zone: "UTC".into(),
        begun_at: Micros::from_micros(1),
        ended_at: Micros::from_micros(2),
        entries: 3,
        checkpoint: "o\n3\nx\n\n— o y\n".into(),
        count: 3,
        first: Some(0),
        last: Some(2),
        chain: Some(Hash([1; 32])),
        bytes: 9,
        sha256: Hash([2; 32]),
        left: vec![],
        right: vec![Hash([3; 32])],
        subtree_level: 8,
        subtrees: vec![Hash([4; 32]), Hash([5; 32])],
    }
}

#[test]
fn a_manifest_is_read_and_written_to_the_same_bytes() {
    let text = manifest().to_text();
    assert_eq!(Manifest::parse(&text), Ok(manifest()));
    assert!(is_manifest(&text), "{text}");
    let filtered = Manifest {
        kind: Kind::Filtered,
        chain: None,
        first: None,
        last: None,
        right: vec![],
        subtree_level: 0,
        subtrees: vec![],
        ..manifest()
    };
    assert_eq!(Manifest::parse(&filtered.to_text()), Ok(filtered));
}

#[test]
fn whatever_else_stands_in_a_manifest_is_refused() {
    let text = manifest().to_text();
    for (from, to) in [
        ("veritrail/export/1", "veritrail/export/2"),
        ("\"count\": 3", "\"count\": 3.0"),
        ("\"count\": 3", "\"count\":3"),
        ("\"count\": 3", "\"count\": 3,\n  \"approved\": \"yes\""),
        ("\"count\": 3", "\"count\": -3"),
        ("\"whole\"", "\"all\""),
        ("\"zone\": \"UTC\"", "\"zone\": \"UTC\", \"zone\": \"UTC\""),
        ("\n}\n", "\n} \n"),
    ] {
        let bent = text.replacen(from, to, 1);
        assert_ne!(bent, text, "{from}");
        assert!(Manifest::parse(&bent).is_err(), "{to}");
    }
}

#[test]
fn a_manifest_is_no_checkpoint_and_a_checkpoint_no_manifest() {
    let signing_key = SigningKey::from_bytes(&[9; 32]);
    let origin = manifest().origin;
    let key = VerifierKey::new(&origin, signing_key.verifying_key()).unwrap();
    let note = sign_note(&manifest().to_text(), &origin, &signing_key).unwrap();
    assert!(checkpoint::open(&note, &key, &origin).is_err());
    // Nor under an origin of that very name.
    let verified = Note::parse(&note).unwrap().verify(&[key]).unwrap();
    assert!(Checkpoint::parse(verified.text()).is_err());
    let named_so = Checkpoint::new(HEADING, 7, Hash([1; 32])).unwrap();
    assert!(!is_manifest(&named_so.to_string()));
    for text in [
        "",
        "veritrail/export/1",
        "veritrail/export/1\n",
        "veritrail/export/1\n7\n{}\n",
        "x\nveritrail/export/1\n{}\n",
    ] {
        assert!(!is_manifest(text), "{text}");
    }
}

#[test]
fn a_row_is_read_and_written_to_the_same_bytes() {
    let row = Row {
        row: Some(4),
        seq: 7,
        leaf: Hash([0xab; 32]),
        chain: None,
        entry: Cow::Borrowed("{\"a\":\"b\"}"),
        person: PartText::Absent,
        details: PartText::Here(Cow::Borrowed("[\"x\\\"y\",\"\u{7f}Zoë\"]")),
        proof: Some(vec![Hash([1; 32]), Hash([2; 32])]),
    };
    let mut text = String::new();
    row.write(&mut text);
    let line = text.strip_suffix('\n').unwrap();
    assert_eq!(Row::parse(line.as_bytes()), Ok(row));
    assert!(line.contains(&"ab".repeat(32)), "{line}");
    for (from, to) in [
        ("\"seq\":7", "\"seq\":7,\"note\":1"),
        ("\"seq\":7", "\"seq\":7,\"seq\":7"),
        ("\"seq\":7", "\"seq\":07"),
        ("\"seq\":7", "\"seq\":\"7\""),
        ("null", "1"),
        ("abab", "ABAB"),
    ] {
        let bent = line.replacen(from, to, 1);
        assert!(Row::parse(bent.as_bytes()).is_err(), "{to}");
    }
    for bytes in [&b""[..], b"[]", b"\xff", b"{\"seq\":1}", &[b'['; 10_000]] {
        assert!(Row::parse(bytes).is_err());
    }
}

#[test]
fn no_cell_begins_a_formula() {
    for (text, expect) in [
        ("=1+1", "'=1+1"),
        ("+49 30", "'+49 30"),
        ("-5", "'-5"),
        ("@SUM(A1)", "'@SUM(A1)"),
        ("\t=1", "'\t'=1"),
        ("\r=1", "'\r'=1"),
        ("\u{ff1d}1", "'\u{ff1d}1"),
        ("\u{ff0b}1", "'\u{ff0b}1"),
        ("\u{2212}1", "'\u{2212}1"),
        ("  =1", "  '=1"),
        ("\u{feff}\u{a0}=1", "\u{feff}\u{a0}'=1"),
        ("\"=1", "\"'=1"),
        ("a;=cmd|'/c calc'!A0", "a;'=cmd|'/c calc'!A0"),
        ("a\n=1", "a\n'=1"),
        ("a\t @b", "a\t '@b"),
        ("\u{202e}=1", "\u{202e}'=1"),
        ("\u{2066}\u{180e}=1", "\u{2066}\u{180e}'=1"),
        ("\u{34f}\u{3164}\u{2800}@b", "\u{34f}\u{3164}\u{2800}'@b"),
        ("\u{e0001}\u{e0041}=1", "\u{e0001}\u{e0041}'=1"),
        ("\u{fe66}1", "'\u{fe66}1"),
        ("\u{fe62}1", "'\u{fe62}1"),
        ("\0=1", "\u{fffd}'=1"),
        ("a\0b\u{1b}[31m\tc", "a\u{fffd}b\u{fffd}[31m\tc"),
        ("a=1", "a=1"),
        ("dev@example.com", "dev@example.com"),
        ("dpl-1", "dpl-1"),
        ("", ""),
    ] {
        assert_eq!(guarded(text), expect, "{text:?}");
    }
}

#[test]
fn cells_are_read_back() {
    let texts = [
        "",
        "plain",
        "a,b",
        "say \"hi\"",
        "two\r\nlines",
        "a;b",
        " x ",
        "Zoë",
    ];
    let mut record = String::new();
    for (index, text) in texts.iter().enumerate() {
        if index > 0 {
            record.push(',');
        }
        write_cell(text, &mut record);
    }
    assert_eq!(cells(&record).unwrap(), texts);
    for (index, byte) in record.bytes().enumerate() {
        if byte == b'\n' {
            let (line, rest) = record.as_bytes().split_at(index + 1);
            assert!(goes_on(line, false) && !goes_on(rest, true));
        }
    }
    assert!(!goes_on(record.as_bytes(), false));
    for broken in ["\"a", "a\"b", "\"a\"b", "\"a\"\"", "a\nb"] {
        assert_eq!(cells(broken), None, "{broken}");
    }
    assert_eq!(cells("a,").unwrap(), ["a", ""]);
}

#[test]
fn subtrees_stay_few_however_long_the_range() {
    for (start, end, level) in [
        (0, 1, 8),
        (0, 1_000_000, 8),
        (5, 4_096 * 256, 8),
        (0, 4_097 * 256, 9),
        (0, 1 << 40, 28),
        (0, u64::MAX >> 1, 51),
    ] {
        assert_eq!(subtree_level(start, end), level, "{end}");
    }
}
