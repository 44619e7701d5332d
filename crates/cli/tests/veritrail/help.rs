//! Help texts as snapshots, and the reference made of them.
//!
//! `VERITRAIL_BLESS=1 cargo test -p veritrail help::` writes them anew.

use std::fs;
use std::path::{Path, PathBuf};

use crate::command::run;

pub(crate) const COMMANDS: [&str; 52] = [
    "",
    "serve",
    "emit",
    "import",
    "show",
    "list",
    "tail",
    "stats",
    "state",
    "fields",
    "producers",
    "verify",
    "doctor",
    "prove",
    "verify-proof",
    "export",
    "verify-export",
    "log",
    "log list",
    "log export",
    "index",
    "index status",
    "index rebuild",
    "tenant",
    "tenant create",
    "tenant list",
    "tenant show",
    "tenant set",
    "key",
    "key create",
    "key list",
    "key revoke",
    "account",
    "account create",
    "account list",
    "account end",
    "session",
    "session list",
    "session end",
    "source",
    "source create",
    "source list",
    "source rotate",
    "source rules",
    "source close",
    "vocabulary",
    "vocabulary list",
    "vocabulary check",
    "vocabulary adopt",
    "completions",
    "man",
    "reference",
];

#[test]
fn every_command_helps_as_its_snapshot_says() {
    for name in COMMANDS {
        let mut arguments: Vec<&str> = name.split_whitespace().collect();
        arguments.push("--help");
        let help = run(Path::new("."), &arguments).ends(0);
        let file = match name {
            "" => "veritrail.txt".to_owned(),
            name => format!("veritrail-{}.txt", name.replace(' ', "-")),
        };
        compare(
            &Path::new(env!("CARGO_MANIFEST_DIR"))
                .join("tests/help")
                .join(file),
            &help,
        );
    }
}

#[test]
fn the_reference_is_what_the_definitions_say() {
    let reference = run(Path::new("."), &["reference"]).ends(0);
    let documented: Vec<&str> = reference
        .lines()
        .filter_map(|line| line.strip_prefix("## `veritrail")?.strip_suffix('`'))
        .map(str::trim)
        .collect();
    // Hidden from it: the command that prints it.
    assert_eq!(documented, COMMANDS[..COMMANDS.len() - 1]);
    compare(&root().join("docs/reference/cli.md"), &reference);
}

#[test]
fn version_and_help_are_data_and_mistakes_are_talk() {
    let version = run(Path::new("."), &["--version"]);
    assert_eq!((version.code, version.err.as_str()), (0, ""));
    assert!(version.out.starts_with("veritrail "), "{}", version.out);
    for arguments in [
        &["fly"][..],
        &["show"],
        &["emit", "--wait"],
        &["verify", "--data"],
    ] {
        let ran = run(Path::new("."), arguments);
        assert_eq!((ran.code, ran.out.as_str()), (2, ""), "{arguments:?}");
        assert!(ran.err.contains("--help"), "{}", ran.err);
    }
}

fn root() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("../..")
}

fn compare(path: &Path, text: &str) {
    if std::env::var_os("VERITRAIL_BLESS").is_some() {
        fs::create_dir_all(path.parent().unwrap()).unwrap();
        fs::write(path, text).unwrap();
        return;
    }
    let kept = fs::read_to_string(path).unwrap_or_default();
    assert!(
        kept == text,
        "{} is not what the program prints; VERITRAIL_BLESS=1 writes it anew:\n{text}",
        path.display()
    );
}
