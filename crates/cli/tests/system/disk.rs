//! A disk that is full, or says that a file may not grow: writes are refused, what was acknowledged stays.

use std::path::Path;
use std::process::Command;
use std::sync::atomic::AtomicBool;

use serde_json::Value;

use crate::account::{Account, wait_signed};
use crate::command::{binary, tell, veritrail};
use crate::events::event;
use crate::http::Response;
use crate::site::{Server, Site};

fn code(response: &Response) -> String {
    let problem: Value = serde_json::from_slice(&response.body).unwrap();
    problem["code"].as_str().unwrap_or_default().to_owned()
}

/// Sends batches until one is refused.
fn fill(server: &Server, name: &str) -> Account {
    let mut account = Account::produce(server.connect(), name, 20, &AtomicBool::new(false));
    let refusal = account
        .refusal
        .take()
        .unwrap_or_else(|| panic!("the connection broke: {}", server.said()));
    assert_eq!(refusal.status, 503, "{}", refusal.text());
    account.refusal = Some(refusal);
    account
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
    let ids: Vec<String> = account.acknowledged.keys().cloned().collect();
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
    let free = rustix::fs::statvfs(&site.path("")).unwrap();
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
        let refused = connection.post(event("refused").as_bytes()).unwrap();
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

#[test]
fn files_that_may_not_grow_refuse_writes_and_lose_nothing_acknowledged() {
    // One limit after another is in the way first: of the state file, of the journal, of a pack.
    for kib in [256, 1_500, 3_000, 6_000, 12_000] {
        let site = Site::new();
        let server = site.start(&[]);
        let key = server.key.clone();
        let mut account = Account::default();
        let ids: Vec<String> = (0..50).map(|number| format!("before-{number}")).collect();
        assert!(account.send(&mut server.connect(), &ids));
        server.stop();
        // In units of 512 bytes. Without the trap the signal would end the server before it sees the error.
        let script = format!("trap '' XFSZ; ulimit -f {}; exec \"$0\" \"$@\"", kib * 2);
        let mut command = Command::new("/bin/sh");
        command
            .args(["-c", &script])
            .arg(binary())
            .args(site.serve(&[]))
            .env_clear();
        let mut server = match site.launch(command) {
            Ok(server) => server,
            Err(said) => {
                tell(&format!(
                    "files of {kib} KiB at most: does not start ({})",
                    said.lines().last().unwrap_or("")
                ));
                check_recovered(&site, &key, &mut account);
                continue;
            }
        };
        server.key.clone_from(&key);
        let heard = fill(&server, "fill");
        let refusal = heard.refusal.as_ref().unwrap();
        let (why, stored) = (code(refusal), heard.acknowledged.len());
        account.join(heard);
        let mut connection = server.connect();
        assert_eq!(connection.get("/healthz").status, 200);
        let read = connection.get("/v1/events/before-1");
        assert!(
            matches!(read.status, 200 | 503),
            "{}: {}",
            read.status,
            read.text()
        );
        account.write_receipts(&site, "receipts");
        let found = site.verify(&["--receipts", "receipts"]);
        assert_eq!(
            found.code, 0,
            "files of {kib} KiB at most: {}{}",
            found.out, found.err
        );
        server.kill();
        check_recovered(&site, &key, &mut account);
        tell(&format!(
            "files of {kib} KiB at most: {stored} events, then 503 {why}; nothing acknowledged was lost"
        ));
    }
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
    let site = Site::new();
    let Some(disk) = SmallDisk::mount(&site, "12m") else {
        tell(
            "a small file system can't be mounted here (that takes root): a full disk was tried by limiting the \
             size of files and by the reserve only",
        );
        return;
    };
    let server = site.start(&[]);
    let key = server.key.clone();
    let first = wait_signed(&server, "the-first");
    let mut account = fill(&server, "fill");
    account.acknowledged.insert(first.id.clone(), first);
    let stored = account.acknowledged.len();
    let why = code(account.refusal.as_ref().unwrap());
    assert!(stored > 500, "{stored} events, then {why}");
    let mut connection = server.connect();
    assert_eq!(connection.get("/healthz").status, 200);
    account.write_receipts(&site, "receipts");
    let found = site.verify(&["--receipts", "receipts"]);
    assert_eq!(found.code, 0, "{}{}", found.out, found.err);
    server.kill();
    // While it is full: it starts or says why not; either way nothing is lost.
    let mut command = veritrail(&site.path(""));
    command.args(site.serve(&[]));
    let again = match site.launch(command) {
        Ok(server) => {
            server.kill();
            "started on the full disk".to_owned()
        }
        Err(said) => format!(
            "did not start on the full disk ({})",
            said.lines().last().unwrap_or("")
        ),
    };
    disk.grow("200m");
    check_recovered(&site, &key, &mut account);
    tell(&format!(
        "a disk of 12 MiB: {stored} events, then 503 {why}; {again}; with room nothing acknowledged was lost"
    ));
}
