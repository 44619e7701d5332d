//! The reference of the vocabulary, held to the data it is made of.
//!
//! `VERITRAIL_BLESS=1 cargo test -p veritrail-ledger --test vocabulary` writes its tables anew.

#![expect(
    clippy::disallowed_methods,
    reason = "a test writes the document anew when it is asked to"
)]

use std::fmt::Write as _;
use std::fs;
use std::path::{Path, PathBuf};

use ledger::limits::{ADDITION_ALIASES_MAX, ADDITIONS_MAX, OPERATION_BYTES_MAX};
use ledger::vocabulary::{self, Category, Operation, sentence};

fn path() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("../../docs/reference/vocabulary.md")
}

fn row(operation: &Operation) -> String {
    let aliases: Vec<String> = operation
        .aliases
        .iter()
        .map(|alias| format!("`{alias}`"))
        .collect();
    format!(
        "| `{}` | {} | {} | {} | {} |\n",
        operation.name,
        operation.severity,
        operation.description,
        sentence::sample(operation),
        aliases.join(" ")
    )
}

/// A section for each category: a heading and its table.
fn tables() -> String {
    let mut text = String::new();
    for category in Category::ALL {
        let operations: Vec<&Operation> = vocabulary::all()
            .filter(|operation| operation.category == category)
            .collect();
        assert!(!operations.is_empty(), "{category}");
        let _ = writeln!(text, "\n## {category}: {}\n", operations.len());
        text.push_str(
            "| name | severity | what happened | told as | also |\n|---|---|---|---|---|\n",
        );
        text.extend(operations.into_iter().map(row));
    }
    text.push('\n');
    text
}

#[test]
fn the_tables_are_what_the_data_says() {
    let kept = fs::read_to_string(path()).unwrap();
    let (begin, end) = (
        "<!-- operations: generated -->\n",
        "<!-- operations: end -->\n",
    );
    let (before, rest) = kept.split_once(begin).expect("where the tables begin");
    let (_, after) = rest.split_once(end).expect("where the tables end");
    let text = format!("{before}{begin}{}{end}{after}", tables());
    if std::env::var_os("VERITRAIL_BLESS").is_some() {
        fs::write(path(), &text).unwrap();
        return;
    }
    assert!(
        kept == text,
        "docs/reference/vocabulary.md is not what the data says; VERITRAIL_BLESS=1 writes it anew"
    );
}

#[test]
fn nothing_in_the_tables_breaks_them() {
    for operation in vocabulary::all() {
        let row = row(operation);
        assert_eq!(row.matches('|').count(), 6, "{}", operation.name);
        assert_eq!(row.matches('\n').count(), 1, "{}", operation.name);
    }
}

#[test]
fn the_reference_names_the_limits_and_placeholders_that_hold() {
    let kept = fs::read_to_string(path()).unwrap();
    for said in [
        format!("{OPERATION_BYTES_MAX} bytes"),
        format!("{ADDITIONS_MAX} names"),
        format!("{ADDITION_ALIASES_MAX} aliases"),
    ] {
        assert!(kept.contains(&said), "{said}");
    }
    for name in sentence::PLACEHOLDERS {
        assert!(kept.contains(&format!("`{{{name}}}`")), "{name}");
    }
}

#[test]
fn every_category_is_read_as_it_is_written() {
    for category in Category::ALL {
        assert_eq!(Category::parse(category.as_str()), Some(category));
    }
    assert!(vocabulary::all().all(|it| Category::ALL.contains(&it.category)));
    assert_eq!(Category::parse("Billing"), None);
}
