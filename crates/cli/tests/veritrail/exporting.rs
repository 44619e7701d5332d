//! Exports: taken from a running server, checked offline, and attacked in every way that a file can be.

use std::fs;
use std::os::unix::fs::PermissionsExt as _;
use std::path::Path;

use ledger::export::Kind;
use ledger::export::manifest::Manifest;
use ledger::hash::Hash;
use ledger::note::Note;
use ledger::tree::{CompactRange, cover};
use serde_json::{Value, json};

use crate::command::{Ran, run};
use crate::running::Running;

/// Events behind entry 0.
const EVENTS: usize = 600;

/// A running server with [`EVENTS`] events; every third failed.
fn filled() -> Running {
    let server = Running::start();
    let events: Vec<String> = (0..EVENTS)
        .map(|n| {
            let result = if n % 3 == 0 { "failure" } else { "success" };
            format!(
                r#"{{"id":"e{n}","operation":"deployment.created","actor":{{"id":"42","email":"dev@example.com"}},"resource":{{"type":"deployment","id":"dpl_{n}"}},"outcome":{{"result":"{result}"}},"reason":"=1+{n}"}}"#
            )
        })
        .collect();
    server.emit(&format!("[{}]", events.join(","))).ends(0);
    server
}

/// A stopped server's directory with exports: `all`, `some` (every failure), `part` (seq 100 to 499), as `.ndjson` and
/// `.csv`.
fn exported() -> tempfile::TempDir {
    let server = filled();
    for (name, arguments) in [
        ("all", &[][..]),
        ("some", &["outcome:failure"]),
        ("part", &["--from-seq", "100", "--to-seq", "499"]),
    ] {
        for format in ["ndjson", "csv"] {
            let file = format!("{name}.{format}");
            let mut command = vec!["export", "-o", &file, "--format", format];
            command.extend(arguments);
            server.run(&command).complains(0, "verify-export");
        }
    }
    server.stop()
}

fn verify(directory: &Path, file: &str) -> Ran {
    run(
        directory,
        &["verify-export", file, "--keys", "veritrail-keys"],
    )
}

/// What is done to an export.
type Attack<'a> = &'a dyn Fn(&mut Bent);
/// What is done to a manifest.
type Edit<'a> = &'a dyn Fn(&mut Manifest);

/// How much an attacker without the key recomputes.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
enum Effort {
    /// Edits the file alone.
    Nothing,
    /// What the manifest says of the file as a whole.
    File,
    /// And the leaf hashes.
    Leaves,
    /// And the chain.
    Chain,
    /// And the subtrees and everything else that can be computed.
    Everything,
}

/// An export that is being attacked.
struct Bent {
    rows: Vec<Value>,
    manifest: Manifest,
    /// The signature that was there.
    signature: String,
}

impl Bent {
    fn read(directory: &Path, name: &str) -> Self {
        let text = fs::read_to_string(directory.join(name)).unwrap();
        let rows = text.lines().map(|line| serde_json::from_str(line).unwrap());
        let note = fs::read_to_string(directory.join(format!("{name}.manifest"))).unwrap();
        let signed = Note::parse(&note).unwrap();
        let text = signed.unverified_text();
        Self {
            rows: rows.collect(),
            manifest: Manifest::parse(text).unwrap(),
            signature: note.strip_prefix(text).unwrap().to_owned(),
        }
    }

    fn replace(&mut self, row: usize, member: &str, from: &str, to: &str) {
        let text = self.rows[row][member].as_str().unwrap();
        assert!(text.contains(from), "{text}");
        self.rows[row][member] = text.replacen(from, to, 1).into();
    }

    /// Writes `bent` with the manifest as far as it was recomputed, and checks it with the key.
    fn verify(mut self, directory: &Path, effort: Effort) -> Value {
        if effort >= Effort::Leaves {
            for row in &mut self.rows {
                let leaf = Hash::leaf(row["entry"].as_str().unwrap().as_bytes());
                row["leaf_hash"] = leaf.to_hex().into();
            }
        }
        let leaves: Vec<Hash> = self
            .rows
            .iter()
            .map(|row| ledger::name::from_hex(row["leaf_hash"].as_str().unwrap()).map(Hash))
            .collect::<Option<_>>()
            .unwrap();
        if effort >= Effort::Chain && self.manifest.chain.is_some() {
            let mut chain = Hash::default();
            for (row, leaf) in self.rows.iter_mut().zip(&leaves) {
                chain = chain.chain(leaf);
                row["chain"] = chain.to_hex().into();
            }
            self.manifest.chain = Some(chain);
        }
        if effort >= Effort::Everything && self.manifest.kind == Kind::Whole {
            let mut edge = CompactRange::new();
            let mut subtrees = Vec::new();
            for leaf in &leaves {
                edge.push_with(*leaf, |level, _, hash| {
                    subtrees.extend((level == self.manifest.subtree_level).then_some(hash));
                });
            }
            self.manifest.subtrees = subtrees;
        }
        let rows = self.rows.iter();
        let text = rows.fold(String::new(), |text, row| text + &row.to_string() + "\n");
        fs::write(directory.join("bent"), &text).unwrap();
        if effort >= Effort::File {
            let seqs = self.rows.iter().map(|row| row["seq"].as_u64().unwrap());
            let manifest = &mut self.manifest;
            manifest.bytes = text.len() as u64;
            manifest.sha256 = Hash::of(text.as_bytes());
            manifest.count = self.rows.len() as u64;
            manifest.first = seqs.clone().min();
            if manifest.kind == Kind::Whole {
                manifest.last = manifest.first.map(|first| first + manifest.count - 1);
            } else {
                manifest.last = seqs.max();
            }
        }
        let note = self.manifest.to_text() + &self.signature;
        fs::write(directory.join("bent.manifest"), note).unwrap();
        let ran = run(
            directory,
            &[
                "verify-export",
                "bent",
                "--keys",
                "veritrail-keys",
                "--json",
            ],
        );
        serde_json::from_str(&ran.ends(1)).unwrap()
    }
}

const EFFORTS: [Effort; 5] = [
    Effort::Nothing,
    Effort::File,
    Effort::Leaves,
    Effort::Chain,
    Effort::Everything,
];

#[test]
fn exports_hold_and_say_what_they_prove() {
    let directory = exported();
    for (file, proves, sentence) in [
        (
            "all.ndjson",
            "all",
            "These are all: 601 entries, seq 0 to 600",
        ),
        (
            "part.ndjson",
            "all",
            "These are all of that range, not the whole log: 400 entries, seq 100 to 499",
        ),
        ("some.ndjson", "genuine", "can't prove"),
        ("all.csv", "all", "rests on the signature"),
        ("part.csv", "all", ": entries 100 to 499."),
        ("all.csv", "all", ": everything."),
        (
            "all.ndjson",
            "all",
            "any of them would pass: this is the main log",
        ),
        ("some.csv", "signed", "They carry no proofs"),
    ] {
        let out = verify(directory.path(), file).ends(0);
        assert!(
            out.contains(sentence) && out.contains("Verified: "),
            "{out}"
        );
        let json = ["verify-export", file, "--keys", "veritrail-keys", "--json"];
        let json: Value = serde_json::from_str(&run(directory.path(), &json).ends(0)).unwrap();
        assert_eq!(
            (&json["verdict"], &json["proves"]),
            (&"verified".into(), &proves.into())
        );
        let unpinned = run(directory.path(), &["verify-export", file]).complains(4, "--vkey");
        assert!(unpinned.contains("Self-consistent only"), "{unpinned}");
    }
}

#[test]
fn the_key_of_one_log_passes_no_export_of_another() {
    let server = filled();
    let path = server.path().to_owned();
    server.run(&["export", "-o", "main"]).ends(0);
    server
        .run(&["export", "-o", "access", "--log", "access"])
        .ends(0);
    server.run(&["log", "export", "logs"]).ends(0);
    for name in ["main", "access"] {
        let note = fs::read_to_string(path.join(format!("{name}.manifest"))).unwrap();
        let note = Note::parse(&note).unwrap();
        let log = Manifest::parse(note.unverified_text()).unwrap().log;
        let kept = path.join("logs").join(log.to_string()).join("vkey");
        fs::copy(kept, path.join(format!("{name}.vkey"))).unwrap();
    }
    for (file, key, code) in [
        ("main", "main.vkey", 0),
        ("access", "access.vkey", 0),
        ("main", "access.vkey", 1),
        ("access", "main.vkey", 1),
    ] {
        let out = run(&path, &["verify-export", file, "--vkey", key]).ends(code);
        let other = out.starts_with("tampered: the manifest is of another log than the pinned one");
        assert_eq!(other, code == 1, "{out}");
        assert!(!out.contains("any of them would pass"), "{out}");
    }
    let out = run(
        &path,
        &["verify-export", "access", "--keys", "veritrail-keys"],
    );
    assert!(out.ends(0).contains("this is the access log"));
}

#[test]
fn the_first_line_names_the_row_when_the_manifest_was_changed_too() {
    let directory = exported();
    let mut bent = Bent::read(directory.path(), "all.ndjson");
    bent.replace(300, "entry", "deployment.created", "deployment.deleted");
    bent.verify(directory.path(), Effort::File);
    let out = verify(directory.path(), "bent").ends(1);
    assert!(out.starts_with("tampered: row 301 (seq 300): "), "{out}");
    assert!(out.contains("\nAlso: the manifest was changed"), "{out}");
}

#[test]
fn a_changed_entry_is_named_as_closely_as_the_forger_left_possible() {
    let directory = exported();
    for effort in EFFORTS {
        let mut bent = Bent::read(directory.path(), "all.ndjson");
        bent.replace(300, "entry", "deployment.created", "deployment.deleted");
        let verdict = bent.verify(directory.path(), effort);
        let (row, seqs, words) = match effort {
            Effort::Nothing | Effort::File => (json!(301), json!([300, 300]), "leaf hash"),
            Effort::Leaves => (json!(301), json!([300, 300]), "the chain breaks"),
            Effort::Chain => (json!(null), json!([256, 511]), "from seq 256 to 511"),
            Effort::Everything => (json!(null), json!(null), "no single row can be named"),
        };
        assert_eq!(
            (&verdict["row"], &verdict["seqs"]),
            (&row, &seqs),
            "{verdict}"
        );
        assert!(
            verdict["problems"][0].as_str().unwrap().contains(words),
            "{verdict}"
        );
        let signature = verdict["problems"]
            .to_string()
            .contains("changed after it was signed");
        assert_eq!(signature, effort > Effort::Nothing, "{verdict}");
    }
}

#[test]
fn whatever_is_done_to_rows_of_a_whole_log_is_named_however_much_is_recomputed() {
    let directory = exported();
    let attacks: [(&str, Attack<'_>, u64); 9] = [
        (
            "changed part",
            &|bent| bent.replace(300, "details", "dpl_299", "dpl_298"),
            301,
        ),
        (
            "changed person",
            &|bent| bent.replace(300, "person", "dev@", "sam@"),
            301,
        ),
        (
            "part left out",
            &|bent| drop(bent.rows[300].as_object_mut().unwrap().remove("person")),
            301,
        ),
        ("removed", &|bent| drop(bent.rows.remove(300)), 301),
        (
            "removed and renumbered outside",
            &|bent| {
                bent.rows.remove(300);
                for (index, row) in bent.rows.iter_mut().enumerate() {
                    row["seq"] = index.into();
                }
            },
            301,
        ),
        ("swapped", &|bent| bent.rows.swap(300, 301), 301),
        (
            "doubled",
            &|bent| {
                let row = bent.rows[300].clone();
                bent.rows.insert(300, row);
            },
            302,
        ),
        (
            "a member added",
            &|bent| bent.rows[300]["approved_by"] = "the board".into(),
            301,
        ),
        (
            "no row at all",
            &|bent| bent.rows[300]["entry"] = 7.into(),
            301,
        ),
    ];
    for (what, attack, row) in attacks {
        for effort in EFFORTS {
            if what == "no row at all" && effort > Effort::File {
                continue;
            }
            let mut bent = Bent::read(directory.path(), "all.ndjson");
            attack(&mut bent);
            let verdict = bent.verify(directory.path(), effort);
            assert_eq!(verdict["row"], row, "{what}, {effort:?}: {verdict}");
        }
    }
}

#[test]
fn rows_added_or_cut_off_at_the_ends_are_found() {
    let directory = exported();
    for effort in EFFORTS {
        let mut longer = Bent::read(directory.path(), "all.ndjson");
        let mut row = longer.rows[600].clone();
        row["seq"] = 601.into();
        longer.rows.push(row);
        let verdict = longer.verify(directory.path(), effort);
        assert!(
            verdict["row"] == 602 || effort > Effort::Nothing,
            "{effort:?}: {verdict}"
        );
        let mut shorter = Bent::read(directory.path(), "all.ndjson");
        shorter.rows.pop();
        let verdict = shorter.verify(directory.path(), effort);
        let told = verdict["problems"].to_string();
        let ended = told.contains("seq 600 and what follows are missing");
        assert!(
            ended || effort > Effort::Nothing && told.contains("signed"),
            "{told}"
        );
        let mut headless = Bent::read(directory.path(), "all.ndjson");
        headless.rows.remove(0);
        let verdict = headless.verify(directory.path(), effort);
        assert!(
            !verdict["problems"][0].as_str().unwrap().is_empty(),
            "{verdict}"
        );
    }
    // The cleverest cut: an honest export of a shorter range, under the old signature.
    let mut cut = Bent::read(directory.path(), "all.ndjson");
    cut.rows.pop();
    let size = cut.manifest.last.unwrap() + 1;
    let last = Bent::read(directory.path(), "all.ndjson")
        .rows
        .pop()
        .unwrap();
    let leaf = Hash::leaf(last["entry"].as_str().unwrap().as_bytes());
    assert_eq!(cover(size - 1, size), [(0, size - 1)]);
    cut.manifest.right = vec![leaf];
    let verdict = cut.verify(directory.path(), Effort::Everything);
    let told = verdict["problems"].as_array().unwrap();
    assert!(
        told.len() == 1 && told[0].as_str().unwrap().contains("after it was signed"),
        "{told:?}"
    );
}

#[test]
fn a_withheld_part_is_said_to_be_and_one_taken_out_later_is_not_the_signed_file() {
    let directory = exported();
    for (effort, words) in [
        (Effort::Nothing, "parts were taken out"),
        (Effort::Everything, "changed after it was signed"),
    ] {
        let mut bent = Bent::read(directory.path(), "all.ndjson");
        bent.rows[300]["person"] = Value::Null;
        let verdict = bent.verify(directory.path(), effort);
        let problems = verdict["problems"].as_array().unwrap();
        assert!(
            problems.len() == 1 && problems[0].as_str().unwrap().contains(words),
            "{verdict}"
        );
    }
    // Nobody's signature is asked: the rows prove themselves with what is left of them.
    let unpinned = run(directory.path(), &["verify-export", "bent"]).ends(4);
    assert!(
        unpinned.contains("1 person parts had been withheld or erased"),
        "{unpinned}"
    );
}

#[test]
fn a_manifest_that_was_edited_alone_is_found_and_the_rows_are_not_blamed() {
    let directory = exported();
    let edits: [Edit<'_>; 6] = [
        &|manifest| manifest.owner = "Somebody Else".into(),
        &|manifest| manifest.query = "actor:7".into(),
        &|manifest| manifest.zone = "Europe/Berlin".into(),
        &|manifest| manifest.asked.push(("until".into(), "x".into())),
        &|manifest| manifest.export = "0".repeat(32),
        &|manifest| manifest.entries += 1,
    ];
    for edit in edits {
        for file in ["all.ndjson", "some.ndjson"] {
            let mut bent = Bent::read(directory.path(), file);
            edit(&mut bent.manifest);
            fs::copy(directory.path().join(file), directory.path().join("bent")).unwrap();
            let note = bent.manifest.to_text() + &bent.signature;
            fs::write(directory.path().join("bent.manifest"), note).unwrap();
            let out = verify(directory.path(), "bent").ends(1);
            assert!(
                out.starts_with("tampered: the manifest was changed after it was signed"),
                "{out}"
            );
            run(directory.path(), &["verify-export", "bent"]).ends(4);
        }
    }
    let edits: [(Edit<'_>, &str); 6] = [
        (&|manifest| manifest.count -= 1, "do not fit together"),
        (&|manifest| manifest.subtrees.reverse(), "subtrees"),
        (&|manifest| manifest.chain = Some(Hash::default()), "chain"),
        (
            &|manifest| manifest.right.push(Hash::default()),
            "right of its range",
        ),
        (&|manifest| manifest.sha256 = Hash::default(), "not the one"),
        (&|manifest| manifest.origin.push('x'), "another log"),
    ];
    for (edit, words) in edits {
        let mut bent = Bent::read(directory.path(), "all.ndjson");
        edit(&mut bent.manifest);
        fs::copy(
            directory.path().join("all.ndjson"),
            directory.path().join("bent"),
        )
        .unwrap();
        let note = bent.manifest.to_text() + &bent.signature;
        fs::write(directory.path().join("bent.manifest"), note).unwrap();
        for key in [
            &["verify-export", "bent"][..],
            &["verify-export", "bent", "--keys", "veritrail-keys"],
        ] {
            let out = run(directory.path(), key).ends(1);
            assert!(out.contains(words), "{words}: {out}");
        }
    }
}

#[test]
#[expect(clippy::too_many_lines, reason = "every attack")]
fn rows_of_a_query_are_named_too() {
    let directory = exported();
    let attacks: [(&str, Attack<'_>, Effort, u64); 8] = [
        (
            "changed, proof left",
            &|bent| bent.replace(50, "entry", "deployment.created", "deployment.deleted"),
            Effort::Everything,
            51,
        ),
        (
            "changed part",
            &|bent| bent.replace(50, "details", "=1+", "=2+"),
            Effort::Everything,
            51,
        ),
        (
            "removed",
            &|bent| drop(bent.rows.remove(50)),
            Effort::Everything,
            51,
        ),
        (
            "swapped",
            &|bent| bent.rows.swap(50, 51),
            Effort::Everything,
            51,
        ),
        (
            "swapped and renumbered",
            &|bent| {
                bent.rows.swap(50, 51);
                renumber(bent);
            },
            Effort::Everything,
            52,
        ),
        (
            "doubled and renumbered",
            &|bent| {
                let row = bent.rows[50].clone();
                bent.rows.insert(50, row);
                renumber(bent);
            },
            Effort::Everything,
            52,
        ),
        (
            "another's proof",
            &|bent| bent.rows[50]["proof"] = bent.rows[51]["proof"].clone(),
            Effort::Everything,
            51,
        ),
        (
            "proof left out",
            &|bent| drop(bent.rows[50].as_object_mut().unwrap().remove("proof")),
            Effort::Everything,
            51,
        ),
    ];
    for (what, attack, effort, row) in attacks {
        for effort in [Effort::Nothing, Effort::File, effort] {
            let mut bent = Bent::read(directory.path(), "some.ndjson");
            attack(&mut bent);
            let verdict = bent.verify(directory.path(), effort);
            assert_eq!(verdict["row"], row, "{what}, {effort:?}: {verdict}");
        }
    }
    // All that is left is genuine; only the signature knows that there was more.
    let mut fewer = Bent::read(directory.path(), "some.ndjson");
    fewer.rows.remove(50);
    renumber(&mut fewer);
    let verdict = fewer.verify(directory.path(), Effort::Everything);
    assert!(
        verdict["problems"][0]
            .as_str()
            .unwrap()
            .contains("after it was signed"),
        "{verdict}"
    );
}

fn renumber(bent: &mut Bent) {
    for (index, row) in bent.rows.iter_mut().enumerate() {
        row["row"] = (index + 1).into();
    }
}

#[test]
fn a_csv_that_was_edited_is_not_the_signed_file() {
    let directory = exported();
    let sound = fs::read_to_string(directory.path().join("all.csv")).unwrap();
    fs::copy(
        directory.path().join("all.csv.manifest"),
        directory.path().join("bent.manifest"),
    )
    .unwrap();
    let rows: Vec<&str> = sound.split_inclusive("\r\n").collect();
    let other = rows[10]
        .replace(",failure,", ",success,")
        .replace(",success,", ",denied,");
    let mut leaf: Vec<u8> = rows[10].trim_end().bytes().collect();
    let at = leaf.len() - 70;
    leaf[at] = if leaf[at] == b'a' { b'b' } else { b'a' };
    let leaf = String::from_utf8(leaf).unwrap() + "\r\n";
    for (what, row, words) in [
        (
            "cell",
            other.as_str(),
            "what readable columns say was changed",
        ),
        ("leaf hash", &leaf, "row 10 (seq 9): the chain breaks"),
        ("row", "", "row 10 (seq 10): seq 9 should stand here"),
        ("quote", "\"\r\n", "row 10: it "),
        ("no row", "a,b\r\n", "row 10: it has not as many cells"),
    ] {
        let mut rows = rows.clone();
        rows[10] = row;
        fs::write(directory.path().join("bent"), rows.concat()).unwrap();
        let out = verify(directory.path(), "bent").ends(1);
        assert!(out.contains(words), "{what}: {out}");
    }
    fs::write(directory.path().join("bent"), &sound["time,".len()..]).unwrap();
    let out = verify(directory.path(), "bent").ends(1);
    assert!(out.contains("name the columns"), "{out}");
}

#[test]
fn files_that_are_no_export_are_refused_and_never_held_in_memory() {
    let directory = exported();
    let path = directory.path();
    run(path, &["verify-export", "nothing"]).complains(2, "can not be read");
    fs::write(path.join("x"), "x").unwrap();
    fs::write(path.join("x.manifest"), "x").unwrap();
    run(path, &["verify-export", "x"]).complains(2, "no manifest of an export");
    fs::write(path.join("x.manifest"), "veritrail/export/1\n{}\n").unwrap();
    let out = run(path, &["verify-export", "x"]).ends(1);
    assert!(out.contains("malformed"), "{out}");
    let long = vec![b'a'; 3_000_000];
    fs::copy(path.join("all.ndjson.manifest"), path.join("x.manifest")).unwrap();
    for contents in [
        &b""[..],
        b"\xff\xfe\n",
        b"[]\n",
        b"{}\n",
        b"\n\n",
        long.as_slice(),
    ] {
        fs::write(path.join("x"), contents).unwrap();
        let out = verify(path, "x").ends(1);
        assert!(out.contains("tampered: "), "{out}");
    }
    let other = filled();
    other.run(&["export", "-o", "all.ndjson"]).ends(0);
    let others = other.stop();
    fs::rename(others.path().join("veritrail-keys"), path.join("others")).unwrap();
    let out = run(path, &["verify-export", "all.ndjson", "--keys", "others"]).ends(1);
    assert!(
        out.contains("tampered: the manifest was changed after it was signed, or never was"),
        "{out}"
    );
}

#[test]
fn nothing_is_overwritten_and_no_part_is_left_behind() {
    let server = filled();
    let path = server.path().to_owned();
    server
        .run(&["export", "-o", "a", "--from-seq", "0", "--to-seq", "9"])
        .ends(0);
    let first = fs::read(path.join("a")).unwrap();
    server
        .run(&["export", "-o", "a"])
        .complains(2, "a is there already");
    assert_eq!(fs::read(path.join("a")).unwrap(), first);
    fs::write(path.join("c.part"), "somebody's").unwrap();
    server
        .run(&["export", "-o", "c"])
        .complains(2, "c.part is there already");
    assert_eq!(fs::read(path.join("c.part")).unwrap(), b"somebody's");
    server
        .run(&["export", "-o", "b", "(unclosed"])
        .complains(2, "expected");
    server
        .run(&["export", "-o", "b", "--zone", "Mars/X"])
        .complains(2, "zone");
    server
        .run(&["export", "-o", "b", "--key", "vtk_x"])
        .complains(3, "key");
    for name in ["b", "b.part", "b.manifest"] {
        assert!(!path.join(name).exists(), "{name}");
    }
    let out = server
        .run(&["export", "-o", "a", "--force", "--json"])
        .ends(0);
    let told: Value = serde_json::from_str(&out).unwrap();
    assert_eq!(
        (&told["events"], &told["holds"]),
        (&601.into(), &"whole".into())
    );
    run(&path, &["verify-export", "a", "--keys", "veritrail-keys"]).ends(0);
    for name in ["a", "a.manifest"] {
        let mode = fs::metadata(path.join(name)).unwrap().permissions().mode();
        assert_eq!(mode & 0o777, 0o600, "{name}");
    }
}
