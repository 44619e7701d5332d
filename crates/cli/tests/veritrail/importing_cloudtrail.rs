//! An account under attack: its CloudTrail files, imported and asked by the real binary. The files lie beside the
//! repository; without them the test says so.

use std::collections::BTreeSet;
use std::path::{Path, PathBuf};
use std::process::Command;

use serde_json::Value;

use crate::importing::{events, import};
use crate::running::Running;

const GUIDE: &str = "../../docs/guide/cloudtrail.md";

/// Names of the files' users, wherever they stand in a record.
fn names(files: &[PathBuf]) -> BTreeSet<String> {
    let mut names = BTreeSet::new();
    for file in files {
        let text = std::fs::read_to_string(file).unwrap();
        gather(&serde_json::from_str(&text).unwrap(), &mut names);
    }
    names
}

fn gather(value: &Value, names: &mut BTreeSet<String>) {
    match value {
        Value::Object(members) => {
            for (name, member) in members {
                match member.as_str() {
                    Some(text) if name == "userName" => drop(names.insert(text.to_owned())),
                    _ => gather(member, names),
                }
            }
        }
        Value::Array(items) => items.iter().for_each(|item| gather(item, names)),
        _ => {}
    }
}

/// The guide's questions: a query, and the same for `jq` over the raw files.
fn questions() -> Vec<(String, String)> {
    let guide = Path::new(env!("CARGO_MANIFEST_DIR")).join(GUIDE);
    let guide = std::fs::read_to_string(guide).unwrap();
    let blocks = guide.split("```veritrail-question\n").skip(1);
    blocks
        .map(|block| {
            let line = |start: &str| {
                let mut lines = block.lines();
                let found = lines.find_map(|line| line.strip_prefix(start));
                found.unwrap().to_owned()
            };
            (line("query: "), line("jq: "))
        })
        .collect()
}

#[test]
fn four_questions_find_what_jq_finds_and_no_name_is_in_any_entry() {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../../shared/data/cloudtrail");
    if !folder.is_dir() || Command::new("jq").arg("--version").output().is_err() {
        println!("NOT TESTED: jq or shared/data/cloudtrail is absent");
        return;
    }
    let entries = std::fs::read_dir(&folder).unwrap();
    let mut files: Vec<PathBuf> = entries
        .map(|entry| entry.unwrap().path())
        .filter(|path| {
            path.extension()
                .is_some_and(|extension| extension == "json")
        })
        .collect();
    files.sort();
    let server = Running::start();
    let account = import(&server, &[&folder.display().to_string()], 0);
    assert_eq!(account["stored"], 2_900, "{account}");
    let questions = questions();
    assert_eq!(questions.len(), 4);
    for (query, jq) in questions {
        let output = Command::new("jq").args(["-r", &jq]).args(&files).output();
        let expect: BTreeSet<String> = String::from_utf8(output.unwrap().stdout)
            .unwrap()
            .lines()
            .map(str::to_owned)
            .collect();
        let found = events(&server, &query);
        let found: BTreeSet<String> = found
            .iter()
            .map(|event| event["metadata"]["event_id"].as_str().unwrap().to_owned())
            .collect();
        assert!(!found.is_empty() && found == expect, "{query}");
    }
    // Nobody's name stands in what can't be erased.
    server.run(&["export", "-o", "all.ndjson"]).ends(0);
    let rows = std::fs::read_to_string(server.path().join("all.ndjson")).unwrap();
    let names = names(&files);
    assert!(names.len() > 10, "{names:?}");
    let mut checked = 0;
    for row in rows.lines() {
        let row: Value = serde_json::from_str(row).unwrap();
        let entry = row["entry"].as_str().unwrap();
        let words: BTreeSet<&str> = entry
            .split(|character: char| {
                !character.is_ascii_alphanumeric() && !"-_.@+=,".contains(character)
            })
            .collect();
        let told = names.iter().find(|name| words.contains(name.as_str()));
        assert_eq!(told, None, "{entry}");
        let long = names
            .iter()
            .find(|name| name.len() > 7 && entry.contains(name.as_str()));
        assert_eq!(long, None, "{entry}");
        checked += 1;
    }
    assert!(checked > 2_900, "{checked}");
    server
        .run(&["verify-export", "all.ndjson", "--keys", "veritrail-keys"])
        .ends(0);
}
