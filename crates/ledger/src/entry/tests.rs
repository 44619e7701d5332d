//! The bytes of an entry: what the writer writes is what the reader reads, and nothing else is.

use std::collections::BTreeSet;

use super::*;
use crate::hash::Hash;
use crate::json;
use crate::name::TenantId;

const LOG: LogId = LogId([0x0b; 16]);

fn full() -> Fields<'static> {
    Fields {
        actor_type: "user",
        actor_ref: Some("AAAAAAAAAAAAAAAAAAAAAA"),
        id: "evt_1",
        flags: Flags::ALIAS.with(Flags::MASKED),
        key: "vtk_1",
        source: "api",
        occurred_at: Some(Micros::parse("2026-03-12T14:32:07.123Z").unwrap()),
        operation: "deployment.created",
        outcome: Some("success"),
        details: Some("ZGV0YWlsc2RldGFpbHNkZXRhaWxzZGV0YWlsc2RldGE"),
        person: Some("cGVyc29ucGVyc29ucGVyc29ucGVyc29ucGVyc29ucGU"),
        producer_ref: Some("BBBBBBBBBBBBBBBBBBBBBB"),
        producer_seq: Some(8412),
        project_ref: Some("CCCCCCCCCCCCCCCCCCCCCC"),
        resource_ref: Some("DDDDDDDDDDDDDDDDDDDDDD"),
        resource_type: "deployment",
    }
}

fn least() -> Fields<'static> {
    Fields {
        actor_type: "anonymous",
        actor_ref: None,
        flags: Flags::default(),
        occurred_at: None,
        outcome: None,
        details: None,
        person: None,
        producer_ref: None,
        producer_seq: None,
        project_ref: None,
        resource_ref: None,
        ..full()
    }
}

fn written(fields: &Fields<'_>) -> String {
    let draft = EntryDraft::new(fields);
    let bytes = draft.complete(
        &LOG.to_string(),
        17,
        "2026-03-12T15:00:00.000001Z",
        fields.flags,
    );
    String::from_utf8(bytes).unwrap()
}

/// Every combination of members that may be absent.
fn variants() -> Vec<String> {
    let mut texts = Vec::new();
    for bits in 0..1_u32 << 10 {
        let has = |bit: u32| bits >> bit & 1 == 1;
        let (every, none) = (full(), least());
        let pick = |bit, some: Option<&'static str>| some.filter(|_| has(bit));
        texts.push(written(&Fields {
            actor_ref: pick(0, every.actor_ref),
            flags: if has(1) { every.flags } else { none.flags },
            occurred_at: every.occurred_at.filter(|_| has(2)),
            outcome: pick(3, every.outcome),
            details: pick(4, every.details),
            person: pick(5, every.person),
            producer_ref: pick(6, every.producer_ref),
            producer_seq: every.producer_seq.filter(|_| has(6) && has(7)),
            project_ref: pick(8, every.project_ref),
            resource_ref: pick(9, every.resource_ref),
            ..none
        }));
    }
    texts.sort();
    texts.dedup();
    texts
}

#[test]
fn an_entry_is_written_byte_for_byte_as_documented() {
    assert_eq!(
        written(&full()),
        r#"{"actor":{"ref":"AAAAAAAAAAAAAAAAAAAAAA","type":"user"},"id":"evt_1","ingest":{"flags":["alias","masked"],"key":"vtk_1","source":"api"},"log":"0b0b0b0b0b0b0b0b0b0b0b0b0b0b0b0b","occurred_at":"2026-03-12T14:32:07.123000Z","operation":"deployment.created","outcome":"success","parts":{"details":"ZGV0YWlsc2RldGFpbHNkZXRhaWxzZGV0YWlsc2RldGE","person":"cGVyc29ucGVyc29ucGVyc29ucGVyc29ucGVyc29ucGU"},"producer":{"ref":"BBBBBBBBBBBBBBBBBBBBBB","seq":"8412"},"recorded_at":"2026-03-12T15:00:00.000001Z","resource":{"project_ref":"CCCCCCCCCCCCCCCCCCCCCC","ref":"DDDDDDDDDDDDDDDDDDDDDD","type":"deployment"},"seq":"17","v":"veritrail/entry/1"}"#
    );
    assert_eq!(
        written(&least()),
        r#"{"actor":{"type":"anonymous"},"id":"evt_1","ingest":{"key":"vtk_1","source":"api"},"log":"0b0b0b0b0b0b0b0b0b0b0b0b0b0b0b0b","operation":"deployment.created","recorded_at":"2026-03-12T15:00:00.000001Z","resource":{"type":"deployment"},"seq":"17","v":"veritrail/entry/1"}"#
    );
}

#[test]
fn every_combination_of_members_is_canonical_and_reads_back() {
    let texts = variants();
    assert_eq!(texts.len(), 768);
    for text in texts {
        let value = json::parse(text.as_bytes()).unwrap();
        let mut canonical = String::new();
        json::write_canonical(&value, &mut canonical);
        assert_eq!(canonical, text);
        let entry = Entry::parse(text.as_bytes()).unwrap();
        let again = EntryDraft::new(&Fields {
            actor_type: entry.actor_type,
            actor_ref: entry.actor_ref,
            id: entry.id,
            flags: if entry.flags.is_empty() {
                Flags::default()
            } else {
                full().flags
            },
            key: entry.key,
            source: entry.source,
            occurred_at: entry.occurred_at,
            operation: entry.operation,
            outcome: entry.outcome,
            details: entry.details,
            person: entry.person,
            producer_ref: entry.producer_ref,
            producer_seq: entry.producer_seq,
            project_ref: entry.project_ref,
            resource_ref: entry.resource_ref,
            resource_type: entry.resource_type,
        });
        let place = entry.place;
        let bytes = again.complete(
            &place.log.to_string(),
            place.seq,
            &place.recorded_at.to_string(),
            again.flags(),
        );
        assert_eq!(bytes, text.as_bytes());
    }
}

#[test]
fn another_json_reader_sees_the_same_values() {
    let text = written(&full());
    let value: serde_json::Value = serde_json::from_str(&text).unwrap();
    for (pointer, expect) in [
        ("/v", VERSION),
        ("/log", "0b0b0b0b0b0b0b0b0b0b0b0b0b0b0b0b"),
        ("/seq", "17"),
        ("/recorded_at", "2026-03-12T15:00:00.000001Z"),
        ("/occurred_at", "2026-03-12T14:32:07.123000Z"),
        ("/id", "evt_1"),
        ("/operation", "deployment.created"),
        ("/outcome", "success"),
        ("/actor/type", "user"),
        ("/actor/ref", "AAAAAAAAAAAAAAAAAAAAAA"),
        ("/ingest/key", "vtk_1"),
        ("/ingest/source", "api"),
        ("/ingest/flags/0", "alias"),
        ("/ingest/flags/1", "masked"),
        ("/producer/ref", "BBBBBBBBBBBBBBBBBBBBBB"),
        ("/producer/seq", "8412"),
        ("/resource/type", "deployment"),
        ("/resource/ref", "DDDDDDDDDDDDDDDDDDDDDD"),
        ("/resource/project_ref", "CCCCCCCCCCCCCCCCCCCCCC"),
        (
            "/parts/details",
            "ZGV0YWlsc2RldGFpbHNkZXRhaWxzZGV0YWlsc2RldGE",
        ),
        (
            "/parts/person",
            "cGVyc29ucGVyc29ucGVyc29ucGVyc29ucGVyc29ucGU",
        ),
    ] {
        assert_eq!(
            value.pointer(pointer).and_then(|it| it.as_str()),
            Some(expect),
            "{pointer}"
        );
    }
    let entry = Entry::parse(text.as_bytes()).unwrap();
    assert_eq!(
        entry.place,
        Place {
            log: LOG,
            seq: 17,
            recorded_at: Micros::parse("2026-03-12T15:00:00.000001Z").unwrap()
        }
    );
    assert_eq!(
        (entry.flags.as_slice(), entry.producer_seq),
        (&["alias", "masked"][..], Some(8412))
    );
}

/// Bytes put in place of another: neighbours, JSON's own, spaces, digits, upper and lower case, other alphabets.
fn replacements(byte: u8) -> BTreeSet<u8> {
    let mut bytes: BTreeSet<u8> = b"\"\\{}[]:, \n\t\0+-.0189aAfFzZ~\x7f\x80\xff"
        .iter()
        .copied()
        .collect();
    bytes.extend([
        byte.wrapping_add(1),
        byte.wrapping_sub(1),
        byte ^ 0x20,
        byte ^ 0x80,
    ]);
    bytes.remove(&byte);
    bytes
}

#[test]
fn no_changed_byte_reads_as_the_same_entry() {
    for text in [written(&full()), written(&least())] {
        let entry = Entry::parse(text.as_bytes()).unwrap();
        let (mut other, mut refused) = (0, 0);
        for at in 0..text.len() {
            for byte in replacements(text.as_bytes()[at]) {
                let mut bytes = text.clone().into_bytes();
                bytes[at] = byte;
                match Entry::parse(&bytes) {
                    Err(_) => refused += 1,
                    Ok(found) => {
                        other += 1;
                        assert_ne!(found, entry, "byte {at} as {byte}");
                        let value = json::parse(&bytes).unwrap();
                        let mut canonical = String::new();
                        json::write_canonical(&value, &mut canonical);
                        assert_eq!(canonical.as_bytes(), bytes, "byte {at} as {byte}");
                    }
                }
            }
        }
        assert!(other > 1_000 && refused > 5_000, "{other} {refused}");
    }
}

#[test]
fn no_dropped_doubled_or_added_byte_reads_as_the_same_entry() {
    let text = written(&full());
    let entry = Entry::parse(text.as_bytes()).unwrap();
    for at in 0..text.len() {
        let mut dropped = text.clone().into_bytes();
        dropped.remove(at);
        let mut doubled = text.clone().into_bytes();
        doubled.insert(at, text.as_bytes()[at]);
        let mut spaced = text.clone().into_bytes();
        spaced.insert(at, b' ');
        for bytes in [&dropped, &doubled, &spaced, &text.as_bytes()[..at].to_vec()] {
            assert!(
                Entry::parse(bytes).as_ref() != Ok(&entry),
                "{}",
                String::from_utf8_lossy(bytes)
            );
        }
    }
    for tail in [" ", "\n", "}", "\0", ",\"x\":1}"] {
        assert!(Entry::parse(format!("{text}{tail}").as_bytes()).is_err());
    }
}

#[test]
fn other_layouts_are_refused_by_what_was_expected() {
    let text = written(&full());
    for (from, to, expected) in [
        ("{\"actor\"", "{\"a\"", "actor"),
        (",\"id\":", ",\"ID\":", "id"),
        (
            "[\"alias\",\"masked\"]",
            "[\"masked\",\"alias\"]",
            "flags in sorted order",
        ),
        (
            "[\"alias\",\"masked\"]",
            "[\"alias\",\"alias\"]",
            "flags in sorted order",
        ),
        ("[\"alias\",\"masked\"]", "[]", "a string"),
        (
            "veritrail/entry/1",
            "veritrail/entry/2",
            "the version veritrail/entry/1",
        ),
        ("\"seq\":\"17\"", "\"seq\":\"017\"", "a decimal count"),
        ("\"seq\":\"17\"", "\"seq\":\"+17\"", "a decimal count"),
        (
            "\"seq\":\"17\"",
            "\"seq\":\"18446744073709551616\"",
            "a decimal count",
        ),
        ("\"seq\":\"17\"", "\"seq\":17", "a string"),
        ("\"8412\"", "\"08412\"", "a decimal count"),
        ("evt_1", "evt_\u{e9}", "a plain string"),
        ("evt_1", "evt_\\u0031", "a plain string"),
        ("0b0b0b0b0b0b", "0B0b0b0b0b0b", "a log id"),
        ("07.123000Z", "07.123Z", "a time of fixed width"),
        ("00.000001Z", "00.000001+00:00", "a time of fixed width"),
        ("\"seq\":\"17\",", "\"seq\":\"17\",\"u\":\"x\",", "v"),
    ] {
        assert!(text.contains(from), "{from}");
        let error = Entry::parse(text.replacen(from, to, 1).as_bytes()).unwrap_err();
        assert_eq!(error.expected, expected, "{from} {to}");
    }
    assert_eq!(Entry::parse(b"\xff").unwrap_err().expected, "ASCII");
    assert_eq!(Entry::parse(b"").unwrap_err().expected, "actor");
}

#[test]
fn flags_of_later_versions_are_read() {
    let text = written(&full()).replace("\"masked\"", "\"zz_of_the_future\"");
    assert_eq!(
        Entry::parse(text.as_bytes()).unwrap().flags,
        ["alias", "zz_of_the_future"]
    );
}

fn opening(predecessor: Option<Predecessor>) -> Opening {
    Opening {
        log: LOG,
        kind: Kind::Access,
        tenant: TenantId([9; 16]),
        origin: "veritrail.invalid/00/0b".to_owned(),
        vkey: "veritrail.invalid/00/0b+00112233+AQ==".to_owned(),
        recorded_at: Micros::parse("2026-03-12T15:00:00Z").unwrap(),
        predecessor,
    }
}

#[test]
fn an_opening_is_canonical_reads_back_and_stands_no_change() {
    let old = Predecessor {
        log: LogId([1; 16]),
        size: 4711,
        root: Hash::leaf(b"old"),
    };
    for opening in [
        opening(None),
        opening(Some(old)),
        Opening {
            kind: Kind::Main,
            ..opening(None)
        },
        Opening {
            kind: Kind::Instance,
            origin: "quote\" \\ é 😀".to_owned(),
            ..opening(None)
        },
    ] {
        let bytes = opening.encode();
        assert_eq!(Opening::parse(&bytes).as_ref(), Ok(&opening));
        let value: serde_json::Value = serde_json::from_slice(&bytes).unwrap();
        assert_eq!(
            (value["v"].as_str(), value["seq"].as_str()),
            (Some(OPENING_VERSION), Some("0"))
        );
        assert_eq!(
            value.get("predecessor").is_some(),
            opening.predecessor.is_some()
        );
        assert!(Entry::parse(&bytes).is_err());
        for at in 0..bytes.len() {
            for byte in replacements(bytes[at]) {
                let mut changed = bytes.clone();
                changed[at] = byte;
                assert!(
                    Opening::parse(&changed).as_ref() != Ok(&opening),
                    "byte {at} as {byte}"
                );
            }
        }
    }
}

#[test]
fn what_is_no_opening_is_refused_by_what_was_expected() {
    let text = String::from_utf8(opening(None).encode()).unwrap();
    for (from, to, expected) in [
        ("\"access\"", "\"other\"", "a kind of log"),
        ("\"log\":\"0b", "\"log\":\"0B", "a log id"),
        ("\"tenant\":\"09", "\"tenant\":\"", "a tenant id"),
        ("\"origin\"", "\"origim\"", "an origin"),
        ("\"vkey\"", "\"vkez\"", "a verifier key"),
        ("T15:00", "X15:00", "a time"),
        (
            "\"seq\":\"0\"",
            "\"seq\":\"1\"",
            "the canonical bytes of veritrail/log/1",
        ),
        ("log/1", "log/2", "the canonical bytes of veritrail/log/1"),
        (
            "{\"kind\"",
            "{\"a\":1,\"kind\"",
            "the canonical bytes of veritrail/log/1",
        ),
        (
            "{\"kind\"",
            "{ \"kind\"",
            "the canonical bytes of veritrail/log/1",
        ),
        (
            "\"origin\"",
            "\"predecessor\":{},\"origin\"",
            "a predecessor with log, size and root",
        ),
        ("{", "", "JSON"),
    ] {
        assert!(text.contains(from), "{from}");
        let error = Opening::parse(text.replacen(from, to, 1).as_bytes()).unwrap_err();
        assert_eq!(error.expected, expected, "{from} {to}");
    }
}
