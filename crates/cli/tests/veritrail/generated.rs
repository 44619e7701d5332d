//! What is made of the definitions besides help: completions and manual pages.

use std::path::Path;

use crate::command::run;
use crate::help::COMMANDS;

#[test]
fn every_shell_gets_a_script_that_knows_the_commands() {
    for shell in ["bash", "zsh", "fish", "powershell", "elvish"] {
        let ran = run(Path::new("."), &["completions", shell]);
        assert_eq!(ran.err, "");
        let script = ran.ends(0);
        for word in ["verify-proof", "tls-cert", "completions"] {
            assert!(script.contains(word), "{shell}: {word}");
        }
    }
    run(Path::new("."), &["completions", "cmd"]).complains(2, "fish");
}

#[test]
fn every_command_that_help_shows_has_a_manual_page() {
    let directory = tempfile::tempdir().unwrap();
    for _ in 0..2 {
        // The second time in the place of the first.
        run(directory.path(), &["man", "pages/man1"]).ends(0);
    }
    let mut pages: Vec<String> = std::fs::read_dir(directory.path().join("pages/man1"))
        .unwrap()
        .map(|page| page.unwrap().file_name().into_string().unwrap())
        .collect();
    pages.sort();
    let mut expected: Vec<String> = COMMANDS
        .iter()
        .filter(|name| **name != "reference")
        .map(|name| format!("{}.1", format!("veritrail {name}").trim().replace(' ', "-")))
        .collect();
    expected.sort();
    assert_eq!(pages, expected);
    let read = |name: &str| {
        std::fs::read_to_string(directory.path().join("pages/man1").join(name)).unwrap()
    };
    let page = read("veritrail-verify.1");
    assert!(page.contains(".TH veritrail-verify 1"), "{page}");
    assert!(page.contains("\\-\\-anchors"), "{page}");
    assert!(read("veritrail.1").contains("Exit codes"));
}
