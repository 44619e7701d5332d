//! The house rules that a machine can hold: file sizes, module documents, who may call what, the crates' arrows.
//!
//! Every check here has been seen to fail; an exemption carries its reason.

use std::collections::{BTreeMap, BTreeSet};
use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;

use serde_json::Value;

/// Files longer than 800 lines, with the reason.
const LONG_FILES: &[(&str, &str)] = &[];

/// Which of our crates may use which others, outside of tests. DESIGN section 9; docs/adr/0001 for `cli → api`.
const ARROWS: &[(&str, &[&str])] = &[
    ("veritrail-ledger", &[]),
    ("veritrail-query", &["veritrail-ledger"]),
    ("veritrail-geo", &["veritrail-ledger", "veritrail-query"]),
    ("veritrail-keys", &["veritrail-ledger"]),
    ("veritrail-store", &["veritrail-ledger", "veritrail-query"]),
    (
        "veritrail-store-embedded",
        &[
            "veritrail-keys",
            "veritrail-ledger",
            "veritrail-query",
            "veritrail-store",
        ],
    ),
    ("veritrail-api", &["veritrail-ledger"]),
    // docs/adr/0015
    ("veritrail-connectors", &["veritrail-ledger"]),
    (
        "veritrail-server",
        &[
            "veritrail-api",
            "veritrail-connectors",
            "veritrail-ledger",
            "veritrail-query",
            "veritrail-store",
        ],
    ),
    (
        "veritrail",
        &[
            "veritrail-api",
            "veritrail-connectors",
            "veritrail-geo",
            "veritrail-keys",
            "veritrail-ledger",
            "veritrail-query",
            "veritrail-server",
            "veritrail-store",
            "veritrail-store-embedded",
        ],
    ),
    (
        "veritrail-testkit",
        &["veritrail-keys", "veritrail-ledger", "veritrail-store"],
    ),
];

/// Licences that may be linked into the product.
const LICENCES: &[&str] = &[
    "Apache-2.0",
    "MIT",
    "BSD-2-Clause",
    "BSD-3-Clause",
    "ISC",
    "Unicode-3.0",
    "Zlib",
    "0BSD",
    "CC0-1.0",
    "Unlicense",
    "BSL-1.0",
    "CDLA-Permissive-2.0",
    "MIT-0",
    "Apache-2.0 WITH LLVM-exception",
];

/// Crates that must not be in the graph: the TLS library is rustls.
const BANNED: &[&str] = &["openssl", "openssl-sys", "native-tls"];

fn root() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR"))
        .join("../..")
        .canonicalize()
        .expect("the workspace is there")
}

fn rust_files() -> Vec<(String, String)> {
    fn walk(directory: &Path, found: &mut Vec<PathBuf>) {
        for entry in fs::read_dir(directory)
            .expect("a folder that was listed")
            .flatten()
        {
            let path = entry.path();
            let name = entry.file_name();
            if path.is_dir() && name != "target" {
                walk(&path, found);
            } else if path.extension().is_some_and(|extension| extension == "rs") {
                found.push(path);
            }
        }
    }
    let root = root();
    let mut found = Vec::new();
    walk(&root.join("crates"), &mut found);
    if root.join("fuzz").is_dir() {
        walk(&root.join("fuzz"), &mut found);
    }
    found.sort();
    let read = |path: PathBuf| {
        let name = path
            .strip_prefix(&root)
            .expect("below the root")
            .to_string_lossy()
            .into_owned();
        (name, fs::read_to_string(&path).expect("a readable file"))
    };
    let files: Vec<_> = found.into_iter().map(read).collect();
    assert!(
        files.len() > 100,
        "the walk found only {} files",
        files.len()
    );
    files
}

/// Fails with every offence at once.
fn none(rule: &str, offences: &[String]) {
    assert!(offences.is_empty(), "{rule}:\n  {}", offences.join("\n  "));
}

fn is_test(path: &str) -> bool {
    path.contains("/tests/") || path.ends_with("/tests.rs") || path.contains("/benches/")
}

#[test]
fn files_stay_short() {
    let long = rust_files().into_iter().filter_map(|(path, text)| {
        let lines = text.lines().count();
        let limit = if is_test(&path) { 1_500 } else { 800 };
        let exempt = LONG_FILES.iter().any(|(file, _)| *file == path);
        (lines > limit && !exempt).then(|| format!("{path}: {lines} lines, at most {limit}"))
    });
    none("files stay short", &long.collect::<Vec<_>>());
}

#[test]
fn every_file_says_what_it_is() {
    let silent = rust_files().into_iter().filter(|(path, text)| {
        // A file of tests beside its module says it in the module.
        let beside = path.ends_with("/tests.rs") && path.contains("/src/");
        !text.trim_start().starts_with("//!") && !beside && !path.contains("/src/") || {
            let module = path.contains("/src/") && !is_test(path);
            module && !text.trim_start().starts_with("//!")
        }
    });
    none(
        "a file opens with //!",
        &silent.map(|(path, _)| path).collect::<Vec<_>>(),
    );
}

#[test]
fn rooms_have_names_that_say_something() {
    let vague = rust_files()
        .into_iter()
        .map(|(path, _)| path)
        .filter(|path| {
            let name = path.rsplit('/').next().unwrap_or_default();
            matches!(
                name,
                "mod.rs"
                    | "utils.rs"
                    | "util.rs"
                    | "common.rs"
                    | "helpers.rs"
                    | "types.rs"
                    | "misc.rs"
            ) && !path.contains("/tests/")
        });
    none(
        "no mod.rs, utils, common, types, helpers",
        &vague.collect::<Vec<_>>(),
    );
}

/// The code of a file without comments and without its inline tests.
fn code(text: &str) -> String {
    let text = text
        .split("#[cfg(test)]\nmod tests {")
        .next()
        .unwrap_or_default();
    text.lines()
        .filter(|line| !line.trim_start().starts_with("//"))
        .collect::<Vec<_>>()
        .join("\n")
}

/// What is looked for, why, and in which files it may stand.
type Rule = (&'static str, &'static [&'static str], fn(&str) -> bool);

#[test]
fn calls_stay_in_their_room() {
    let rules: &[Rule] = &[
        (
            "fsync and rename",
            &[".sync_all(", ".sync_data(", "fs::rename("],
            |path| {
                path.starts_with("crates/keys/src/durable") || path.ends_with("state/backend.rs")
            },
        ),
        (
            "hash maps never reach bytes",
            &["HashMap", "HashSet"],
            |path| !path.starts_with("crates/ledger/src"),
        ),
        (
            "the ledger does no I/O",
            &[
                "std::fs",
                "std::net::Tcp",
                "std::thread",
                "SystemTime",
                "Instant::now",
            ],
            |path| !path.starts_with("crates/ledger/src"),
        ),
        (
            "the wall clock is read in one file",
            &["SystemTime::now("],
            |path| path == "crates/cli/src/clock.rs",
        ),
        (
            "the environment is read by clap and the configuration",
            &["env::var("],
            |path| {
                path.starts_with("crates/server/src/config") || path.starts_with("crates/testkit")
            },
        ),
        (
            "HTML and SQL have their own rooms",
            &["<html", "select * from"],
            |path| path.starts_with("crates/server/src/ui"),
        ),
        ("unsafe", &["unsafe {", "unsafe fn"], |_| false),
    ];
    let mut offences = Vec::new();
    for (path, text) in rust_files()
        .into_iter()
        .filter(|(path, _)| path.contains("/src/") && !is_test(path))
    {
        let code = code(&text);
        for (rule, needles, allowed) in rules {
            for needle in needles
                .iter()
                .filter(|needle| code.contains(**needle) && !allowed(&path))
            {
                offences.push(format!("{path}: {needle:?} ({rule})"));
            }
        }
    }
    none("calls stay in their room", &offences);
}

/// Files of the pages with one of these endings.
fn page_files(ending: &str) -> Vec<(String, String)> {
    let mut found = Vec::new();
    for folder in ["templates", "assets"] {
        let folder = root().join("crates/server").join(folder);
        let entries = fs::read_dir(&folder).expect("the folders of the pages");
        for path in entries.flatten().map(|entry| entry.path()) {
            let name = path.to_string_lossy().into_owned();
            if name.ends_with(ending) {
                let text = fs::read_to_string(&path).expect("a readable file");
                found.push((name, text));
            }
        }
    }
    assert!(!found.is_empty(), "no page file ends in {ending}");
    found
}

#[test]
fn pages_hold_no_markup_from_values_nothing_inline_and_no_foreign_host() {
    // In templates: values unescaped, styles and handlers inline (the policy would stop them), other hosts.
    let forbidden = [
        "|safe",
        "| safe",
        "|escape(\"none\")",
        " style=",
        "<style",
        "javascript:",
        "http://",
        "https://",
        "src=\"//",
        " onclick",
        " onload",
        " onsubmit",
        " onchange",
        " oninput",
        " onkey",
        " onerror",
    ];
    let mut offences = Vec::new();
    for (name, text) in page_files(".html") {
        let found = forbidden.iter().filter(|word| text.contains(**word));
        offences.extend(found.map(|word| format!("{name}: {word}")));
    }
    none("in templates", &offences);
    // In scripts: ways to make markup or code of text, and other hosts.
    let forbidden = [
        "innerHTML",
        "outerHTML",
        "insertAdjacentHTML",
        "document.write",
        "eval(",
        "new Function",
        "http://",
        "https://",
        "setAttribute(\"style",
        "parseFromString",
    ];
    let mut offences = Vec::new();
    for (name, text) in page_files(".js") {
        // Live rows are markup of our own server, escaped by the template that wrote the rows of the page.
        let is_ours = |word: &str| word == "innerHTML" && name.ends_with("/live.js");
        let found = forbidden
            .iter()
            .filter(|word| text.contains(**word) && !is_ours(word));
        offences.extend(found.map(|word| format!("{name}: {word}")));
    }
    none("in scripts", &offences);
    for (name, text) in page_files(".css") {
        let (open, close) = (text.matches('{').count(), text.matches('}').count());
        assert_eq!(
            open, close,
            "{name}: a rule is not closed, and takes the next ones with it"
        );
    }
    let outside: Vec<_> = page_files(".css")
        .into_iter()
        .filter(|(_, text)| text.contains("url(") || text.contains("@import"))
        .map(|(name, _)| name)
        .collect();
    none("style sheets that load something", &outside);
}

#[test]
fn todos_carry_an_issue() {
    let marker = ["TO", "DO"].concat();
    let bare = rust_files().into_iter().flat_map(|(path, text)| {
        let marker = marker.clone();
        let lines: Vec<String> = text.lines().map(str::to_owned).collect();
        lines
            .into_iter()
            .filter(move |line| line.contains(&marker) && !line.contains('#'))
            .map(move |_| path.clone())
    });
    none(
        "a TODO names its issue",
        &bare
            .filter(|path| !path.ends_with("tidy.rs"))
            .collect::<Vec<_>>(),
    );
}

fn metadata() -> Value {
    let output = Command::new(env!("CARGO"))
        .args([
            "metadata",
            "--format-version=1",
            "--locked",
            "--offline",
            "--filter-platform",
            "x86_64-unknown-linux-gnu",
        ])
        .current_dir(root())
        .output()
        .expect("cargo runs");
    assert!(
        output.status.success(),
        "{}",
        String::from_utf8_lossy(&output.stderr)
    );
    serde_json::from_slice(&output.stdout).expect("cargo prints JSON")
}

#[test]
fn crates_use_each_other_along_the_arrows_only() {
    let metadata = metadata();
    let packages = metadata["packages"].as_array().expect("packages");
    let members: BTreeSet<&str> = metadata["workspace_members"]
        .as_array()
        .expect("members")
        .iter()
        .filter_map(Value::as_str)
        .collect();
    let arrows: BTreeMap<&str, &[&str]> = ARROWS.iter().copied().collect();
    let mut offences = Vec::new();
    let mut seen = 0;
    for package in packages
        .iter()
        .filter(|package| members.contains(package["id"].as_str().unwrap_or_default()))
    {
        let name = package["name"].as_str().unwrap_or_default();
        let Some(allowed) = arrows.get(name) else {
            offences.push(format!("{name} has no arrows in this test"));
            continue;
        };
        seen += 1;
        for dependency in package["dependencies"].as_array().expect("dependencies") {
            let other = dependency["name"].as_str().unwrap_or_default();
            let ours = arrows.contains_key(other);
            let for_tests = dependency["kind"] == "dev";
            if ours && !for_tests && !allowed.contains(&other) {
                offences.push(format!("{name} uses {other}"));
            }
            if other == "veritrail-testkit" && !for_tests {
                offences.push(format!("{name} links the test kit"));
            }
        }
    }
    assert_eq!(
        seen,
        ARROWS.len(),
        "every crate of the arrows is in the workspace"
    );
    none("the arrows hold", &offences);
}

#[test]
fn dependencies_come_from_crates_io_under_known_licences() {
    let metadata = metadata();
    let mut offences = Vec::new();
    for package in metadata["packages"].as_array().expect("packages") {
        let name = package["name"].as_str().unwrap_or_default();
        let source = package["source"].as_str();
        if source.is_some_and(|source| {
            !source.starts_with("registry+https://github.com/rust-lang/crates.io-index")
        }) {
            offences.push(format!("{name} comes from {source:?}"));
        }
        if BANNED.contains(&name) {
            offences.push(format!("{name} is banned"));
        }
        let licence = package["license"]
            .as_str()
            .unwrap_or_default()
            .replace('/', " OR ");
        // Every AND must be allowed; of alternatives one suffices.
        let allowed = |term: &str| LICENCES.contains(&term.trim().trim_matches(['(', ')']).trim());
        let fine = licence
            .split(" AND ")
            .all(|group| group.split(" OR ").any(allowed));
        if !fine {
            offences.push(format!("{name} has licence {licence:?}"));
        }
    }
    none("dependencies", &offences);
}

#[test]
fn documents_name_files_that_exist() {
    let root = root();
    let mut offences = Vec::new();
    let mut links = 0;
    for document in [
        "README.md",
        "ARCHITECTURE.md",
        "CONTRIBUTING.md",
        "SECURITY.md",
        "STYLE.md",
    ] {
        let Ok(text) = fs::read_to_string(root.join(document)) else {
            offences.push(format!("{document} is missing"));
            continue;
        };
        for target in text
            .split("](")
            .skip(1)
            .filter_map(|rest| rest.split(')').next())
        {
            let path = target.split('#').next().unwrap_or_default();
            if path.is_empty() || path.contains("://") {
                continue;
            }
            links += 1;
            if !root.join(path).exists() {
                offences.push(format!("{document}: {path}"));
            }
        }
    }
    assert!(links > 5, "the documents link to {links} files");
    none("links lead somewhere", &offences);
}
