//! Command lines that are refused, and what the documents show of that.

use std::path::Path;
use std::process::Command;

use crate::command::ran;
use crate::listing::{DAY, day, ids};

#[test]
fn a_mistyped_flag_is_no_question() {
    let server = day();
    for (arguments, meant) in [
        (&["list", "-n", "5"][..], "hint: --limit N says how many; "),
        (
            &["list", "actor:42", "-s", "1h"],
            "hint: did you mean --since? to leave out ",
        ),
        (&["list", "--json", "-z"], "hint: `veritrail list --help`"),
        (&["stats", "-n", "5"], "hint: --top N says"),
        (&["tail", "-f"], "hint: it follows"),
        (&["tail", "-n", "5", "--json"], "hint: --since 10m"),
    ] {
        let refused = server.run(arguments);
        let flag = arguments.iter().find(|word| word.len() == 2).unwrap();
        let first = format!("error: {flag} looks like a flag, and there is none of this name\n");
        assert!(refused.err.starts_with(&first), "{}", refused.err);
        assert!(
            refused.err.contains(meant),
            "{arguments:?}: {}",
            refused.err
        );
        let ways = format!("write -- {flag} or '-\"{}\"'\n", &flag[1..]);
        assert!(refused.err.ends_with(&ways), "{}", refused.err);
        assert_eq!(refused.ends(2), "");
    }
    // What the hint says leaves the word out, and longer words never needed it.
    server
        .emit(
            &DAY.lines()
                .next()
                .unwrap()
                .replace("evt_1", "evt_n")
                .replace("ci", "n"),
        )
        .ends(0);
    for (arguments, expect) in [
        (&["--actor", "7", "--", "-n"][..], &["evt_1"][..]),
        (&["--actor", "7", "-\"n\""], &["evt_1"]),
        (&["--actor", "7", "n"], &["evt_n"]),
        (&["--project", "proj_1", "-deployment"], &["evt_3"]),
        (&["--actor", "7", "-outcome:denied", "-n:x"], &[]),
    ] {
        if expect.is_empty() {
            server
                .run(&[&["list"], arguments].concat())
                .complains(2, "expected a field");
        } else {
            assert_eq!(ids(&server, arguments), expect, "{arguments:?}");
        }
    }
}

#[test]
fn the_documents_show_refusals_as_they_are_printed() {
    let server = day();
    let root = Path::new(env!("CARGO_MANIFEST_DIR")).join("../..");
    let binary = Path::new(env!("CARGO_BIN_EXE_veritrail"));
    for document in ["README.md", "docs/guide/search.md"] {
        let text = std::fs::read_to_string(root.join(document)).unwrap();
        let (before, rest) = text.split_once("\nerror: ").unwrap();
        let line = before.lines().last().unwrap();
        let (told, _) = rest.split_once("\n```").unwrap();
        // As it is pasted: the quotes are for a shell.
        let mut shell = Command::new("/bin/sh");
        shell
            .args(["-c", line.strip_prefix("$ ").unwrap()])
            .env_clear()
            .env("PATH", binary.parent().unwrap())
            .env("VERITRAIL_URL", &server.url)
            .env("VERITRAIL_KEY", &server.key);
        let refused = ran(shell.output().unwrap());
        assert_eq!(refused.err, format!("error: {told}\n"), "{document}");
        refused.ends(2);
    }
}
