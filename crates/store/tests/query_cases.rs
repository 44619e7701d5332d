//! The shared query cases against the evaluator and the in-memory store.
#![expect(clippy::unwrap_used, reason = "tests may fail loudly")]

use std::path::Path;
use std::sync::Arc;

use store::conformance::places::ExamplePlaces;
use store::conformance::query_cases::{self, CaseFile};
use store::memory::MemoryStore;
use testkit::block_on::block_on;
use testkit::sources::{TestClock, TestRng};

fn files() -> Vec<CaseFile> {
    let directory = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../tests/query");
    query_cases::read_all(&directory).unwrap_or_else(|broken| panic!("{broken}"))
}

/// A store in which the events of a file are, its clock where the file wants it.
fn filled(file: &CaseFile) -> MemoryStore {
    let clock = Arc::new(TestClock::new(file.now()));
    let store = MemoryStore::new(clock, Arc::new(TestRng::new(1))).unwrap();
    let store = store.with_places(Arc::new(ExamplePlaces::default()));
    block_on(file.write(&store, 0..file.events())).unwrap();
    store
}

#[test]
fn every_query_case_agrees_with_the_evaluator_and_the_memory_store() {
    let files = files();
    let cases: usize = files.iter().map(CaseFile::cases).sum();
    assert!(cases >= 150, "there are {cases} cases");
    let broken: Vec<String> = files
        .iter()
        .filter_map(|file| block_on(file.check(&filled(file))).err())
        .map(|broken| broken.to_string())
        .collect();
    assert!(broken.is_empty(), "{}", broken.join("\n"));
}

/// A file of one event and one case.
fn one(event: &str, case: &str) -> Result<CaseFile, String> {
    let text = format!(
        r#"{{"name":"one","now":"2026-03-12T14:32:07.123Z","events":[{event}],"cases":[{case}]}}"#
    );
    CaseFile::parse(&text).map_err(|broken| broken.to_string())
}

const EVENT: &str = r#"{"id":"e1","operation":"deployment.created","actor":{"id":"42"},"resource":{"type":"deployment"}}"#;

#[test]
fn a_case_that_expects_something_else_fails() {
    for (query, expect, words) in [
        ("actor:42", "", "the evaluator finds [\"e1\"]"),
        ("actor:42", "", "the store finds [\"e1\"]"),
        ("actor:42", "", "the store in pages finds [\"e1\"]"),
        ("actor:42", "", "the store counts 1"),
        ("actor:43", "\"e1\"", "the evaluator finds []"),
        ("actor:43", "\"e1\"", "the store counts 0"),
    ] {
        let file = one(
            EVENT,
            &format!(r#"{{"name":"c","query":"{query}","expect":[{expect}]}}"#),
        )
        .unwrap();
        let broken = block_on(file.check(&filled(&file)))
            .unwrap_err()
            .to_string();
        assert!(broken.contains(words), "{words}: {broken}");
    }
}

#[test]
fn a_file_that_contradicts_itself_is_refused() {
    for (event, case, words) in [
        (
            EVENT,
            r#"{"name":"c","query":"","expect":["e2"]}"#,
            "an event that is not there",
        ),
        (
            EVENT,
            r#"{"name":"c","query":"nofield:x","expect":[]}"#,
            "column 1",
        ),
        (
            EVENT,
            r#"{"name":"c","query":"","viewer":"nobody","expect":[]}"#,
            "no such viewer",
        ),
        (
            EVENT,
            r#"{"name":"c","query":"","order":"best","expect":[]}"#,
            "no such order",
        ),
        (
            EVENT,
            r#"{"name":"c","query":"","expect":[]},{"name":"c","query":"","expect":[]}"#,
            "two cases",
        ),
        ("{}", "", "id must be a text"),
    ] {
        let refused = one(event, case).unwrap_err();
        assert!(refused.contains(words), "{words}: {refused}");
    }
    let twice = one(&format!("{EVENT},{EVENT}"), "").unwrap_err();
    assert!(twice.contains("an id stands twice"), "{twice}");
}

#[test]
fn a_store_with_another_time_is_told_so() {
    let file = one(EVENT, r#"{"name":"c","query":"","expect":["e1"]}"#).unwrap();
    let clock = Arc::new(TestClock::new(file.now().plus(1)));
    let store = MemoryStore::new(clock, Arc::new(TestRng::new(1))).unwrap();
    block_on(file.write(&store, 0..1)).unwrap();
    let broken = block_on(file.check(&store)).unwrap_err().to_string();
    assert!(broken.contains("the store's clock stands at"), "{broken}");
}
