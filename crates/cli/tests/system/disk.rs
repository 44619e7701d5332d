//! A disk that is full, or says that a file may not grow: writes are refused, what was acknowledged stays.

use std::path::Path;
use std::process::Command;

use serde_json::Value;

use crate::account::{Account, Pace, wait_signed};
use crate::command::{binary, tell};
use crate::http::Response;
use crate::site::{Server, Site, serve};

fn code(response: &Response) -> String {
    let problem: Value = serde_json::from_slice(&response.body).unwrap();
    problem["code"].as_str().unwrap_or_default().to_owned()
}

/// Sends batches until one is refused. In a burst the journal grows until it has no room; at the pace of signing, packs
/// and state grow with it.
fn fill(server: &Server, pace: Pace) -> Account {
    /// No disk of these tests takes as many.
    const BATCHES_MAX: usize = 2_000;
    let mut connection = server.connect();
    let mut account = Account::default();
    for number in 0..BATCHES_MAX {
        let ids = |events| (0..events).map(move |event| format!("fill-{number}-{event}"));
        let going = match pace {
            Pace::Durable => account.send(&mut connection, &ids(20).collect::<Vec<_>>()),
            Pace::Signed => {
                let first = [format!("fill-{number}-first")];
                account.send(&mut connection, &ids(300).collect::<Vec<_>>())
                    && account.send_at(&mut connection, &first, pace)
            }
        };
        if !going {
            let refused = account.refusal.as_ref().map(|refusal| refusal.status);
            assert_eq!(refused, Some(503), "it ended: {}", server.said());
            return account;
        }
    }
    panic!("{BATCHES_MAX} batches were taken")
}

/// Holds a server that was started on a good disk again against what its producers know.
fn check_recovered(site: &Site, key: &str, account: &mut Account) {
    let server = site.restart(key, &[]);
    let mut connection = server.connect();
    if account
        .refusal
        .as_ref()
        .is_some_and(|refusal| code(refusal) == "disk_full")
    {
        // "Nothing of the request was done": none of it may be there.
        let mut anew = Account::default();
        assert!(anew.send(&mut connection, &account.refused));
        account.refused.clear();
        account.join(anew);
    }
    account.unknown.append(&mut account.refused);
    account.settle(&mut connection);
    // Some of them by sending them again; `verify` sees every receipt.
    let share = account.acknowledged.len() / 1_000 + 1;
    let ids: Vec<String> = account
        .acknowledged
        .keys()
        .step_by(share)
        .cloned()
        .collect();
    account.hold(&mut connection, &ids);
    wait_signed(&server, "there-is-room-again");
    server.stop();
    account.write_receipts(site, "receipts");
    let out = site.verify(&["--receipts", "receipts"]).ends(0);
    assert!(!out.contains("not signed yet"), "{out}");
}

#[test]
fn below_the_reserve_writes_are_refused_early_and_reads_go_on() {
    // Where memory is the disk there is little of it: the reserve has an upper bound.
    let site = Site::new_in(Path::new("/dev/shm")).unwrap_or_else(Site::new);
    let free = rustix::fs::statvfs(site.path("")).unwrap();
    let free = free.f_bavail.saturating_mul(free.f_frsize);
    let server = site.start(&[]);
    let key = server.key.clone();
    wait_signed(&server, "before");
    server.stop();
    // Access records may use three quarters of the reserve: at twice the free space there is room for them alone.
    for (times, reads) in [(2, 200), (5, 503)] {
        let reserve = free.saturating_mul(times);
        if reserve > 1 << 40 {
            tell(&format!(
                "{free} bytes are free here, too many for a reserve of {times} times that: not tried"
            ));
            continue;
        }
        let server = site.restart(&key, &["--limits-reserve-disk-bytes", &reserve.to_string()]);
        let mut connection = server.connect();
        let refused = {
            let mut account = Account::default();
            assert!(!account.send(&mut connection, &["refused".to_owned()]));
            account.refusal.unwrap()
        };
        assert_eq!(
            (refused.status, code(&refused).as_str()),
            (503, "disk_full"),
            "{}",
            refused.text()
        );
        assert!(
            refused
                .header("retry-after")
                .is_some_and(|seconds| seconds.parse::<u64>().is_ok()),
            "{}",
            refused.head
        );
        let read = connection.get("/v1/events/before");
        assert_eq!(
            read.status,
            reads,
            "{times} times the free space: {}",
            read.text()
        );
        assert_eq!(connection.get("/healthz").status, 200);
        assert!(
            connection
                .get("/metrics")
                .text()
                .contains("veritrail_refusing_writes 1")
        );
        site.verify(&[]).ends(0);
        server.stop();
    }
    let server = site.restart(&key, &[]);
    wait_signed(&server, "refused");
    server.stop();
    site.verify(&[]).ends(0);
}

/// Paces of filling, and the files that grow at them.
const PACES: [(Pace, &str); 2] = [
    (Pace::Durable, "in a burst"),
    (Pace::Signed, "at the pace of signing"),
];
/// So that signing keeps a quick pace.
const QUICK: [&str; 2] = ["--checkpoint-interval-ms", "10"];

/// Holds a server that refused a write against what its producers know, while there is no room.
fn check_refusing(site: &Site, server: &Server, account: &Account, what: &str) {
    let mut connection = server.connect();
    assert_eq!(connection.get("/healthz").status, 200, "{what}");
    for path in ["/v1/events/before-1", "/v1/events/nobody-1"] {
        // What can't be recorded is not read.
        let read = connection.get(path);
        let fine = matches!(read.status, 200 | 404 | 503);
        assert!(fine, "{what}: {}: {}", read.status, read.text());
    }
    account.write_receipts(site, "receipts");
    let found = site.verify(&["--receipts", "receipts"]);
    assert_eq!(found.code, 0, "{what}: {}{}", found.out, found.err);
}

#[test]
fn files_that_may_not_grow_refuse_writes_and_lose_nothing_acknowledged() {
    // The journal meets the limit first, but at the pace of signing, where it is cut in time: then a pack does.
    let [burst, signed] = PACES;
    for (kib, (pace, name)) in [
        (256, burst),
        (1_500, burst),
        (6_000, burst),
        (12_000, signed),
    ] {
        let what = format!("files of {kib} KiB at most, filled {name}");
        let ended = fill_limited_files(kib, pace, &what);
        tell(&format!("{what}: {ended}; nothing acknowledged was lost"));
    }
}

fn fill_limited_files(kib: u64, pace: Pace, what: &str) -> String {
    let site = Site::new();
    let server = site.start(&[]);
    let key = server.key.clone();
    let mut account = Account::default();
    let ids: Vec<String> = (0..50).map(|number| format!("before-{number}")).collect();
    assert!(account.send_at(&mut server.connect(), &ids, Pace::Signed));
    server.stop();
    // In units of 512 bytes. Without the trap the signal would end the server before it sees the error.
    let script = format!("trap '' XFSZ; ulimit -f {}; exec \"$0\" \"$@\"", kib * 2);
    let mut command = Command::new("/bin/sh");
    command.args(["-c", &script]).arg(binary());
    command.args(serve(&QUICK)).env_clear();
    let ended = match site.launch(command) {
        Ok(mut server) => {
            server.key.clone_from(&key);
            account.join(fill(&server, pace));
            check_refusing(&site, &server, &account, what);
            server.kill();
            refused_after(&account)
        }
        Err(said) => format!("does not start ({})", last_line(&said)),
    };
    check_recovered(&site, &key, &mut account);
    ended
}

fn refused_after(account: &Account) -> String {
    let stored = account.acknowledged.len();
    let why = account.refusal.as_ref().map(code).unwrap_or_default();
    format!("{stored} events, then 503 {why}")
}

fn last_line(text: &str) -> &str {
    text.lines().last().unwrap_or_default()
}

/// A file system of its own for as long as this lives.
struct SmallDisk(std::path::PathBuf);

impl SmallDisk {
    fn mount(site: &Site, size: &str) -> Option<Self> {
        let path = site.data();
        std::fs::create_dir(&path).unwrap();
        let mut command = Command::new("mount");
        command
            .args([
                "-t",
                "tmpfs",
                "-o",
                &format!("size={size},mode=0700"),
                "tmpfs",
            ])
            .arg(&path);
        let mounted = command.output().is_ok_and(|output| output.status.success());
        if mounted {
            return Some(Self(path));
        }
        std::fs::remove_dir(&path).unwrap();
        None
    }

    fn grow(&self, size: &str) {
        let mut command = Command::new("mount");
        command
            .args(["-o", &format!("remount,size={size}")])
            .arg(&self.0);
        assert!(command.status().unwrap().success());
    }
}

impl Drop for SmallDisk {
    fn drop(&mut self) {
        let _ = Command::new("umount").arg("-l").arg(&self.0).status();
    }
}

#[test]
fn a_full_disk_refuses_writes_and_loses_nothing_acknowledged() {
    for (pace, name) in PACES {
        let what = format!("a disk of 12 MiB, filled {name}");
        match fill_small_disk(pace, &what) {
            Some(ended) => tell(&format!(
                "{what}: {ended}; with room nothing acknowledged was lost"
            )),
            None => tell(&format!(
                "{what}: not tried, because a small file system can't be mounted here (that takes root); the tests with \
                 limited files and with the reserve took its place"
            )),
        }
    }
}

fn fill_small_disk(pace: Pace, what: &str) -> Option<String> {
    let site = Site::new();
    let disk = SmallDisk::mount(&site, "12m")?;
    let server = site.start(&QUICK);
    let key = server.key.clone();
    let first = wait_signed(&server, "the-first");
    let mut account = fill(&server, pace);
    account.acknowledged.insert(first.id.clone(), first);
    assert!(
        account.acknowledged.len() > 500,
        "{}",
        refused_after(&account)
    );
    check_refusing(&site, &server, &account, what);
    server.kill();
    // It starts while the disk is full, or says why not.
    let again = match site.try_start(&[]) {
        Ok(server) => {
            server.kill();
            "started again on the full disk".to_owned()
        }
        Err(said) => format!("did not start on the full disk ({})", last_line(&said)),
    };
    disk.grow("200m");
    let ended = refused_after(&account);
    check_recovered(&site, &key, &mut account);
    Some(format!("{ended}; {again}"))
}
