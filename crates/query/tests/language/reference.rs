//! The reference of the language, held to the tables it is made of and to the parser.
//!
//! `VERITRAIL_BLESS=1 cargo test -p veritrail-query reference::` writes its tables anew.

use std::fs;
use std::mem::discriminant;
use std::path::{Path, PathBuf};

use query::field::{FIELDS, FieldInfo, SHORTHANDS, Shorthand};
use query::limits::{DEPTH_MAX, LEAVES_MAX, QUERY_BYTES_MAX};

use crate::now;

fn path() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("../../docs/reference/query.md")
}

fn reference() -> String {
    fs::read_to_string(path()).unwrap()
}

fn aliases(names: &[&str]) -> String {
    let names: Vec<String> = names.iter().map(|name| format!("`{name}`")).collect();
    names.join(", ")
}

fn tables() -> [(&'static str, String); 2] {
    let field = |info: &FieldInfo| {
        format!(
            "| `{}` | {} | {} | {} | `{}` |\n",
            info.name,
            aliases(info.aliases),
            info.kind.as_str(),
            info.description,
            info.example
        )
    };
    let shorthand = |shorthand: &Shorthand| {
        format!(
            "| `{}` | {} | {} | `{}` |\n",
            shorthand.name,
            aliases(shorthand.aliases),
            shorthand.description,
            shorthand.example
        )
    };
    let fields: String = FIELDS.iter().map(field).collect();
    let shorthands: String = SHORTHANDS.iter().map(shorthand).collect();
    [
        (
            "fields",
            format!(
                "| name | also | kind | what it is | example |\n|---|---|---|---|---|\n{fields}"
            ),
        ),
        (
            "shorthands",
            format!(
                "| name | also | what it stands for | example |\n|---|---|---|---|\n{shorthands}"
            ),
        ),
    ]
}

#[test]
fn the_tables_are_what_the_code_says() {
    let kept = reference();
    let mut text = kept.clone();
    for (name, table) in tables() {
        let (begin, end) = (
            format!("<!-- {name}: generated -->\n"),
            format!("<!-- {name}: end -->\n"),
        );
        let (before, rest) = text.split_once(&begin).expect("where the table begins");
        let (_, after) = rest.split_once(&end).expect("where the table ends");
        text = format!("{before}{begin}{table}{end}{after}");
    }
    if std::env::var_os("VERITRAIL_BLESS").is_some() {
        fs::write(path(), &text).unwrap();
        return;
    }
    assert!(
        kept == text,
        "docs/reference/query.md is not what the tables say; VERITRAIL_BLESS=1 writes it anew:\n{text}"
    );
}

#[test]
fn examples_of_the_tables_are_about_what_they_explain() {
    for info in FIELDS {
        let filter = query::parse(info.example, now())
            .unwrap_or_else(|error| panic!("{}: {error}", info.example));
        let field = &filter.leaves().next().unwrap().field;
        assert_eq!(field.info().name, info.name, "{}", info.example);
        assert_eq!(
            discriminant(field),
            discriminant(&query::Field::parse(&field.name()).unwrap())
        );
    }
    for shorthand in SHORTHANDS {
        assert!(
            shorthand
                .example
                .trim_start_matches('-')
                .starts_with(shorthand.name)
        );
        query::parse(shorthand.example, now())
            .unwrap_or_else(|error| panic!("{}: {error}", shorthand.example));
    }
}

#[test]
fn examples_of_the_reference_are_queries() {
    let reference = reference();
    let mut examples = 0;
    for block in reference.split("```veritrail-query\n").skip(1) {
        for line in block.split("```").next().unwrap_or_default().lines() {
            query::parse(line, now()).unwrap_or_else(|error| panic!("{line}: {error}"));
            examples += 1;
        }
    }
    assert!(examples > 20, "only {examples} examples were read");
}

#[test]
fn the_reference_names_the_limits_that_hold() {
    let reference = reference();
    for limit in [
        format!("{QUERY_BYTES_MAX} bytes"),
        format!("{LEAVES_MAX} conditions"),
        format!("{DEPTH_MAX} parentheses"),
    ] {
        assert!(reference.contains(&limit), "{limit}");
    }
}
