//! `kill -9`, two hundred times, at moments that chance chose, under load. Acknowledged = stored = verified, each once.

use std::collections::BTreeMap;
use std::sync::Barrier;
use std::sync::atomic::AtomicBool;
use std::thread;
use std::time::Duration;

use rustix::process::Signal;

use crate::account::{Account, wait_signed};
use crate::command::{is_chosen, tell};
use crate::events::Numbers;
use crate::found::{counted, found};
use crate::http::Connection;
use crate::site::{Server, Site};
use crate::stored::exported_main_log;

const ROUNDS: u64 = 200;
/// Rounds from one look at what a kill left to the next.
const LOOK_EVERY: u64 = 20;
const SEED: u64 = 0x7665_7269_7472_6169;
/// Acknowledged events that are sent again each round: of the last load, and of all before.
const SAMPLES: (usize, usize) = (40, 10);

/// Batch sizes of the clients that produce at the same time; 1 posts single events.
fn clients() -> [usize; 4] {
    // An unoptimised server is slower, and so is everything after.
    if is_chosen() {
        [15, 15, 1, 1]
    } else {
        [8, 8, 1, 1]
    }
}

#[test]
fn nothing_acknowledged_is_lost_or_doubled_by_two_hundred_kills() {
    let site = Site::new();
    let mut numbers = Numbers(SEED);
    let mut account = Account::default();
    let (mut unanswered, mut stored_unanswered) = (0, 0);
    let mut server = site.start(&[]);
    let key = server.key.clone();
    for round in 1..=ROUNDS {
        let heard = load_until_killed(server, round, &mut numbers);
        let mut sample = choose(&heard, SAMPLES.0, &mut numbers);
        sample.extend(choose(&account, SAMPLES.1, &mut numbers));
        let begun = heard
            .acknowledged
            .values()
            .map(|receipt| receipt.recorded_at.clone())
            .min();
        let ids: Vec<String> = heard.acknowledged.keys().cloned().collect();
        unanswered += heard.unknown.len();
        account.join(heard);
        if round % LOOK_EVERY == 0 {
            account.write_receipts(&site, "receipts");
            // What a kill leaves is not tampering, and holds every receipt before it is recovered.
            let left = site.verify(&["--receipts", "receipts"]);
            assert_eq!(
                left.code, 0,
                "round {round} (seed {SEED:#x}): {}{}",
                left.out, left.err
            );
        }
        server = site.restart(&key, &[]);
        let mut connection = server.connect();
        if let Some(begun) = begun {
            find_again(&mut connection, &begun, &ids, round);
        }
        stored_unanswered += account.settle(&mut connection);
        account.hold(&mut connection, &sample);
    }
    let last = wait_signed(&server, "the-last");
    account.acknowledged.insert(last.id.clone(), last);
    let stored = compare_with_export(&site, &server, &account);
    search_for_all(&mut server.connect(), &account);
    server.stop();
    let verified = verify(&site, &account);
    let acknowledged = account.acknowledged.len();
    assert_eq!((stored, verified), (acknowledged, acknowledged));
    tell(&format!(
        "{ROUNDS} rounds: acknowledged = {acknowledged} = stored = verified"
    ));
    tell(&format!(
        "  ({unanswered} events were in flight at a kill: {stored_unanswered} of them stood in the log, the others were stored when sent again)"
    ));
    assert!(acknowledged > 2_000 && unanswered > 200, "this was no load");
}

/// Searches for what was acknowledged just before the kill: each event is found, once.
fn find_again(connection: &mut Connection, begun: &str, ids: &[String], round: u64) {
    let times = found(connection, &format!("recorded:>={begun}"));
    let lost: Vec<_> = ids.iter().filter(|id| times.get(*id) != Some(&1)).collect();
    assert!(
        lost.is_empty(),
        "round {round}: acknowledged, and not found once by a search: {lost:?}"
    );
    let twice = times.values().filter(|times| **times != 1).count();
    assert_eq!(twice, 0, "round {round}: events that are found twice");
}

/// Searches for every event there is, and counts them.
fn search_for_all(connection: &mut Connection, account: &Account) {
    let times = found(connection, "");
    let expect: BTreeMap<String, usize> = account
        .acknowledged
        .keys()
        .map(|id| (id.clone(), 1))
        .collect();
    assert_eq!(times.len(), expect.len());
    assert!(
        times == expect,
        "what is found is not what was acknowledged"
    );
    assert_eq!(counted(connection, ""), expect.len() as u64);
}

/// Lets the clients produce, kills the server after 5 to 60 ms, and answers what they heard.
fn load_until_killed(server: Server, round: u64, numbers: &mut Numbers) -> Account {
    let moment = Duration::from_micros(5_000 + numbers.below(55_000));
    let begin = Barrier::new(clients().len() + 1);
    let stop = AtomicBool::new(false);
    thread::scope(|scope| {
        let clients = clients().into_iter().enumerate().map(|(client, batch)| {
            let connection = server.connect();
            let (begin, stop) = (&begin, &stop);
            scope.spawn(move || {
                begin.wait();
                Account::produce(connection, &format!("r{round}-c{client}"), batch, stop)
            })
        });
        let clients: Vec<_> = clients.collect();
        begin.wait();
        // The one sleep of these tests: it is what is tried, not what is waited for.
        thread::sleep(moment);
        server.send(Signal::KILL);
        let mut heard = Account::default();
        for client in clients {
            heard.join(client.join().unwrap());
        }
        assert!(
            heard.refused.is_empty(),
            "round {round}: {:?}",
            heard.refusal
        );
        server.kill();
        heard
    })
}

fn choose(account: &Account, count: usize, numbers: &mut Numbers) -> Vec<String> {
    let ids: Vec<&String> = account.acknowledged.keys().collect();
    let count = count.min(ids.len());
    let mut chosen: Vec<String> = (0..count)
        .map(|_| ids[numbers.index(ids.len())].clone())
        .collect();
    // One event must not be sent twice in a batch that expects to know each answer.
    chosen.sort();
    chosen.dedup();
    chosen
}

/// Holds the exported main log against the receipts; answers how many events it has.
fn compare_with_export(site: &Site, server: &Server, account: &Account) -> usize {
    let entries = exported_main_log(site, server, "export");
    let mut times: BTreeMap<&str, usize> = BTreeMap::new();
    for (seq, entry) in entries.iter().enumerate().skip(1) {
        let id = entry["id"].as_str().unwrap();
        *times.entry(id).or_default() += 1;
        let receipt = account
            .acknowledged
            .get(id)
            .unwrap_or_else(|| panic!("{id} was never acknowledged"));
        assert_eq!(
            (receipt.seq, entry["seq"].as_str().unwrap()),
            (seq as u64, &*seq.to_string()),
            "{id}"
        );
        assert_eq!(
            entry["recorded_at"].as_str().unwrap(),
            receipt.recorded_at,
            "{id}"
        );
    }
    let twice: Vec<_> = times.iter().filter(|(_, times)| **times != 1).collect();
    assert!(twice.is_empty(), "ids that stand twice: {twice:?}");
    let missing: Vec<_> = account
        .acknowledged
        .keys()
        .filter(|id| !times.contains_key(id.as_str()))
        .collect();
    assert!(
        missing.is_empty(),
        "acknowledged and not stored: {missing:?}"
    );
    assert_eq!(entries.len(), 1 + account.acknowledged.len());
    entries.len() - 1
}

/// Verifies against the keys and every receipt; answers how many events of the main log were.
fn verify(site: &Site, account: &Account) -> usize {
    account.write_receipts(site, "receipts");
    let report = site.verify(&["--receipts", "receipts", "--json"]).ends(0);
    let report: serde_json::Value = serde_json::from_str(&report).unwrap();
    let sentence = report["detail"].as_str().unwrap();
    assert!(
        sentence.contains(&format!("{} receipts", account.acknowledged.len())),
        "{sentence}"
    );
    assert!(!sentence.contains("not signed yet"), "{sentence}");
    let logs = report["logs"].as_array().unwrap();
    let main = logs.iter().find(|log| log["kind"] == "main").unwrap();
    usize::try_from(main["size"].as_u64().unwrap()).unwrap() - 1
}

#[test]
fn a_first_start_that_is_killed_at_any_moment_is_completed_or_told_how_to_begin_anew() {
    let mut numbers = Numbers(SEED);
    let (mut completed, mut anew) = (0, 0);
    for round in 0..40 {
        let site = Site::new();
        // Half a start long, on the average; whole starts are among them.
        site.killed_after(Duration::from_micros(numbers.below(40_000)));
        match site.try_start(&["--print-key"]) {
            Ok(server) => {
                completed += 1;
                wait_signed(&server, "the-first");
                server.stop();
            }
            Err(said) => {
                assert!(
                    said.contains("made only by half") && said.contains("start again"),
                    "round {round}: {said}"
                );
                anew += 1;
                std::fs::remove_dir_all(site.data()).unwrap();
                let server = site.start(&[]);
                wait_signed(&server, "the-first");
                server.stop();
            }
        }
        site.verify(&[]).ends(0);
    }
    tell(&format!(
        "40 first starts killed: {completed} completed by the next start, {anew} begun anew as told"
    ));
}
