//! The questions of `docs/guide/cloudtrail.md`: query and `jq` find the same records, under the default noise rules and
//! without any.
//!
//! Needs `jq` and the folder `shared/data/cloudtrail` beside the repository; says so where one is absent.

#![expect(clippy::unwrap_used, reason = "tests may fail loudly")]

use std::collections::BTreeSet;
use std::path::{Path, PathBuf};
use std::process::Command;

use connectors::noise::{Decision, Rules};
use connectors::{Delivery, Vendor};
use ledger::entry::{Kind, Opening};
use ledger::keyring::TenantKeys;
use ledger::name::{LogId, TenantId};
use ledger::part::Label;
use ledger::prepare::{Door, prepare};
use ledger::seal::Head;
use ledger::source::Rng;
use ledger::time::Micros;
use ledger::vocabulary::{Mode, NO_ADDITIONS};
use query::evaluate::matches;
use query::{Document, Nowhere, Viewer};

#[derive(Debug)]
struct Zeros;

impl Rng for Zeros {
    fn fill(&self, out: &mut [u8]) {
        out.fill(0);
    }
}

/// What a question asks, in both languages.
struct Question {
    query: String,
    jq: String,
}

fn questions() -> Vec<Question> {
    let guide = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../docs/guide/cloudtrail.md");
    let guide = std::fs::read_to_string(guide).unwrap();
    let blocks = guide.split("```veritrail-question\n").skip(1);
    blocks
        .map(|block| {
            let line = |name: &str| {
                let line = block.lines().find_map(|line| line.strip_prefix(name));
                line.unwrap().to_owned()
            };
            Question {
                query: line("query: "),
                jq: line("jq: "),
            }
        })
        .collect()
}

/// The raw files, or nothing where there are none.
fn files() -> Vec<PathBuf> {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../../shared/data/cloudtrail");
    let entries = std::fs::read_dir(folder).into_iter().flatten();
    let mut files: Vec<_> = entries.map(|entry| entry.unwrap().path()).collect();
    files.retain(|path| path.extension().is_some_and(|end| end == "json"));
    files
}

/// What a query finds, as AWS's ids: of every event, and of those that the default rules keep.
fn found(files: &[PathBuf], query: &str) -> (BTreeSet<String>, BTreeSet<String>) {
    let now = Micros::parse("2026-03-12T00:00:00Z").unwrap();
    let filter = query::parse(query, now).unwrap();
    let keys = TenantKeys::new("k", [1; 32], [2; 32], [3; 32], [4; 32]);
    let door = Door {
        keys: &keys,
        key: "vtk_1",
        source: "aws",
        mode: Mode::Open,
        exceptions: &[],
        additions: &NO_ADDITIONS,
        idempotency: None,
    };
    let log = LogId([7; 16]);
    let mut head = Head::new(log);
    head.open(&Opening {
        log,
        kind: Kind::Main,
        tenant: TenantId([2; 16]),
        origin: "o".into(),
        vkey: "v".into(),
        recorded_at: Micros::default(),
        predecessor: None,
    });
    let rules = Rules::of_vendor(Vendor::Cloudtrail);
    let (mut all, mut kept) = (BTreeSet::new(), BTreeSet::new());
    for file in files {
        let body = std::fs::read(file).unwrap();
        let reading = Vendor::Cloudtrail.read(&Delivery::file(&body)).unwrap();
        for event in reading.events() {
            let prepared = prepare(event.to_value(), &door, &Zeros).unwrap();
            let sealed = head.seal(&prepared, now);
            let part = |label| prepared.part(label).map(|part| part.bytes.as_slice());
            let (person, details) = (part(Label::Person), part(Label::Details));
            let document = Document::read(&sealed.entry, person, details, &Nowhere).unwrap();
            if matches(&filter, &document, Viewer::Whole) {
                let value = event.to_value();
                let id = connectors::look::text(&value, &["metadata", "event_id"]).unwrap();
                all.insert(id.to_owned());
                if rules.decide(event) == Decision::Keep {
                    kept.insert(id.to_owned());
                }
            }
        }
    }
    (all, kept)
}

#[test]
fn every_question_of_the_guide_finds_what_jq_finds() {
    let questions = questions();
    assert_eq!(questions.len(), 4);
    let files = files();
    if files.is_empty() || Command::new("jq").arg("--version").output().is_err() {
        println!("NOT TESTED: jq or shared/data/cloudtrail is absent");
        return;
    }
    for Question { query, jq } in questions {
        let output = Command::new("jq")
            .arg("-r")
            .arg(&jq)
            .args(&files)
            .output()
            .unwrap();
        assert!(output.status.success(), "{jq}");
        let expect: BTreeSet<String> = String::from_utf8(output.stdout)
            .unwrap()
            .lines()
            .map(str::to_owned)
            .collect();
        println!("{:>4} {query}", expect.len());
        assert!(!expect.is_empty(), "{jq}");
        let (all, kept) = found(&files, &query);
        assert_eq!(all, expect, "{query}");
        assert_eq!(kept, expect, "{query}, with the default rules");
    }
}
