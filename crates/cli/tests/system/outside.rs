//! What is held against the data from outside: while they are being written, after they were rolled back, after a byte
//! was changed.

use std::path::PathBuf;
use std::sync::atomic::{AtomicBool, Ordering};
use std::thread;

use serde_json::Value;

use crate::account::{Account, wait_signed};
use crate::command::tell;
use crate::events::{Numbers, array};
use crate::site::{Server, Site, copy, serve};

fn json(text: &str) -> Value {
    serde_json::from_str(text).unwrap()
}

/// The ids of the logs of a kind, as `verify` without anything outside finds them.
fn logs_of(site: &Site, kind: &str) -> Vec<String> {
    let report = json(&site.run(&["verify", "--data", "data", "--json"]).ends(4));
    let logs = report["logs"]
        .as_array()
        .unwrap()
        .iter()
        .filter(|log| log["kind"] == kind);
    logs.map(|log| log["log"].as_str().unwrap().to_owned())
        .collect()
}

const VERIFICATIONS: usize = 12;
/// Beyond so many bytes the journal is cut as soon as everything in it is packed.
const JOURNAL_CUT_BYTES: usize = 8 * 1024 * 1024;
/// So that packing and signing keep up.
const QUICK: [&str; 2] = ["--checkpoint-interval-ms", "10"];

#[test]
fn verification_raises_no_false_alarm_while_the_server_writes() {
    let site = Site::new();
    let server = site.start(&QUICK);
    let mut account = Account::default();
    // Before anything is signed there is nothing that could vouch.
    wait_signed(&server, "the-first");
    let stop = AtomicBool::new(false);
    thread::scope(|scope| {
        let clients = [50, 1, 1].into_iter().enumerate();
        let clients = clients.map(|(client, batch)| {
            let (connection, stop) = (server.connect(), &stop);
            scope
                .spawn(move || Account::produce(connection, &format!("load-{client}"), batch, stop))
        });
        let clients: Vec<_> = clients.collect();
        let mut connection = server.connect();
        let checked: Result<(), String> = (0..VERIFICATIONS).try_for_each(|round| {
            // Acknowledged just now: these move from the journal into packs while they are looked for.
            let ids: Vec<String> = (0..20)
                .map(|number| format!("now-{round}-{number}"))
                .collect();
            let mut now = Account::default();
            assert!(now.send(&mut connection, &ids));
            let checked = verified(&site, &now);
            account.join(now);
            checked
        });
        stop.store(true, Ordering::SeqCst);
        for client in clients {
            let heard = client.join().unwrap();
            assert!(
                heard.unknown.is_empty() && heard.refused.is_empty(),
                "the load broke off: {:?}",
                heard.refusal
            );
            account.join(heard);
        }
        checked.unwrap();
    });
    server.stop();
    verified(&site, &account).unwrap();
    let all = account.acknowledged.len();
    tell(&format!(
        "{VERIFICATIONS} verifications under a load of {all} events: no false alarm"
    ));
}

#[test]
fn verification_raises_no_false_alarm_while_the_journal_is_emptied() {
    let site = Site::new();
    let server = site.start(&QUICK);
    wait_signed(&server, "the-first");
    let mut account = Account::default();
    // Bursts, then next to nothing: in it the journal is emptied under the eyes of a verification.
    let mut connection = server.connect();
    for round in 0..VERIFICATIONS {
        let mut bytes = 0;
        while bytes < JOURNAL_CUT_BYTES {
            let ids: Vec<String> = (0..500)
                .map(|number| format!("burst-{round}-{bytes}-{number}"))
                .collect();
            // What a record takes in the journal is more than what was sent.
            bytes += array(&ids).len();
            let mut now = Account::default();
            assert!(now.send(&mut connection, &ids), "{:?}", now.refusal);
            now.write_receipts(&site, "receipts");
            account.join(now);
        }
        let ended = AtomicBool::new(false);
        thread::scope(|scope| {
            let verification = scope.spawn(|| {
                let ran = site.verify(&["--receipts", "receipts"]);
                ended.store(true, Ordering::SeqCst);
                ran
            });
            for turn in 0.. {
                if ended.load(Ordering::SeqCst) {
                    break;
                }
                let receipt = wait_signed(&server, &format!("after-{round}-{turn}"));
                account.acknowledged.insert(receipt.id.clone(), receipt);
            }
            let ran = verification.join().unwrap();
            assert_eq!(ran.code, 0, "{}{}", ran.out, ran.err);
        });
    }
    server.stop();
    verified(&site, &account).unwrap();
    let all = account.acknowledged.len();
    tell(&format!(
        "{VERIFICATIONS} verifications after bursts ({all} events), while the journal was emptied: no false alarm"
    ));
}

/// Verifies with every receipt of an account.
fn verified(site: &Site, account: &Account) -> Result<(), String> {
    account.write_receipts(site, "receipts");
    let ran = site.verify(&["--receipts", "receipts"]);
    if ran.code == 0 {
        Ok(())
    } else {
        Err(format!("exit {}: {}{}", ran.code, ran.out, ran.err))
    }
}

const ANCHORED: [&str; 6] = [
    "--anchor-file",
    "anchors",
    "--anchor-interval-seconds",
    "1",
    "--checkpoint-interval-ms",
    "50",
];

/// Waits for an anchor that covers what was recorded before: two more lines, because one may be on its way.
fn wait_anchored(site: &Site, server: &Server, name: &str) {
    let lines = || {
        std::fs::read_to_string(site.path("anchors"))
            .unwrap_or_default()
            .lines()
            .count()
    };
    let wanted = lines() + 2;
    // Each turn waits for a checkpoint, which takes its interval.
    for turn in 0..2_000 {
        if lines() >= wanted {
            return;
        }
        wait_signed(server, &format!("{name}-{turn}"));
    }
    panic!("no anchors came: {}", server.said());
}

/// An installation whose older data and keys lie in `old-data` and `old-keys`, with anchors and a pinned checkpoint of
/// the main log in `pinned` that are newer.
fn with_an_older_copy() -> Site {
    let site = Site::new();
    let server = site.start(&ANCHORED);
    let key = server.key.clone();
    wait_signed(&server, "early");
    wait_anchored(&site, &server, "early");
    server.stop();
    copy(&site.data(), &site.path("old-data"));
    copy(&site.keys(), &site.path("old-keys"));
    let server = site.restart(&key, &ANCHORED);
    wait_signed(&server, "late");
    wait_anchored(&site, &server, "late");
    let listed = json(&server.client(&site, &["log", "list", "--json"]).ends(0));
    let main = listed["logs"]
        .as_array()
        .unwrap()
        .iter()
        .find(|log| log["kind"] == "main")
        .unwrap();
    let path = format!("/v1/logs/{}/checkpoint", main["id"].as_str().unwrap());
    std::fs::write(site.path("pinned"), server.connect().get(&path).body).unwrap();
    server.stop();
    site
}

fn exchange(site: &Site, directory: &str, older: &str) {
    std::fs::remove_dir_all(site.path(directory)).unwrap();
    copy(&site.path(older), &site.path(directory));
}

#[test]
fn a_restored_copy_is_found_out_by_what_was_kept_outside() {
    let site = with_an_older_copy();
    let sound = site
        .verify(&["--anchors", "anchors", "--checkpoint", "pinned"])
        .ends(0);
    assert!(
        sound.contains("anchored checkpoints") && sound.contains("checkpoints that you kept"),
        "{sound}"
    );
    site.run(&["verify", "--data", "data", "--anchors", "anchors"])
        .ends(0);
    exchange(&site, "data", "old-data");
    let instance = logs_of(&site, "instance").concat();
    let main = logs_of(&site, "main");
    // The keys were not restored: they remember.
    let found = site.verify(&[]).ends(1);
    assert!(
        found.contains(&instance) && found.contains("missing"),
        "{found}"
    );
    let arguments = serve(&[]);
    let arguments: Vec<&str> = arguments.iter().map(String::as_str).collect();
    site.run(&arguments)
        .complains(1, "restored from an old copy");
    // They were restored too: only what lies outside can tell.
    exchange(&site, "keys", "old-keys");
    let taken_in = site.verify(&[]).ends(0);
    assert!(
        taken_in.contains("that the signer remembers in the keys directory"),
        "{taken_in}"
    );
    let found = site.verify(&["--anchors", "anchors"]).ends(1);
    assert!(
        found.contains(&instance) && found.contains("an anchor"),
        "{found}"
    );
    let found = site.verify(&["--checkpoint", "pinned"]).ends(1);
    assert!(
        main.iter().any(|log| found.contains(log)) && found.contains("a checkpoint that you kept"),
        "{found}"
    );
    let found = site
        .run(&["verify", "--data", "data", "--anchors", "anchors"])
        .ends(1);
    assert!(found.contains(&instance), "{found}");
    // Nothing from outside is no evidence, however well it fits.
    let alone = site.run(&["verify", "--data", "data"]).ends(4);
    assert!(
        alone
            .lines()
            .last()
            .unwrap()
            .starts_with("Self-consistent only: "),
        "{alone}"
    );
}

#[test]
fn any_changed_byte_of_a_pack_is_tampering_with_its_place() {
    const FLIPS: usize = 50;
    let site = Site::new();
    let server = site.start(&[]);
    let mut account = Account::default();
    let mut connection = server.connect();
    for batch in 0..4 {
        let ids: Vec<String> = (0..150)
            .map(|number| format!("b{batch}-{number}"))
            .collect();
        assert!(account.send(&mut connection, &ids));
        wait_signed(&server, &format!("b{batch}"));
    }
    server.stop();
    site.verify(&[]).ends(0);
    let packs = std::fs::read_dir(site.data().join("packs")).unwrap();
    let packs: Vec<(PathBuf, Vec<u8>)> = packs
        .map(|pack| pack.unwrap().path())
        .map(|path| (path.clone(), std::fs::read(path).unwrap()))
        .collect();
    assert_eq!(packs.len(), 2, "one pack of entries and one of parts");
    let mut numbers = Numbers(7);
    let mut places: Vec<(usize, usize)> = Vec::new();
    for (pack, (_, bytes)) in packs.iter().enumerate() {
        places.extend([(pack, 0), (pack, bytes.len() - 1)]);
        places.extend((0..FLIPS / 2).map(|_| (pack, numbers.index(bytes.len()))));
    }
    let count = places.len();
    for (pack, at) in places {
        let (path, sound) = &packs[pack];
        let mut bent = sound.clone();
        bent[at] ^= 1 << numbers.below(8);
        std::fs::write(path, &bent).unwrap();
        let report = json(&site.verify(&["--json"]).ends(1));
        let of_logs = report["logs"]
            .as_array()
            .unwrap()
            .iter()
            .flat_map(|log| log["faults"].as_array().unwrap());
        let faults: Vec<&Value> = report["faults"]
            .as_array()
            .unwrap()
            .iter()
            .chain(of_logs)
            .collect();
        let name = path.file_name().unwrap().to_str().unwrap();
        let named = |fault: &&Value| {
            let file = fault["file"]
                .as_str()
                .is_some_and(|file| file.ends_with(name));
            file || (fault["log"].is_string() && fault["seq"].is_u64())
        };
        assert!(faults.iter().any(named), "{name} byte {at}: {report:#}");
        std::fs::write(path, sound).unwrap();
    }
    site.verify(&[]).ends(0);
    tell(&format!(
        "{count} flipped bits in packs: each named with its file or entry"
    ));
}
