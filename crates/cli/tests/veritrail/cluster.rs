//! A PostgreSQL of our own, in a directory that goes when it goes.
//!
//! The binaries are Debian's (`postgresql-15`), or where `POSTGRES_BIN` says. `make test` sets
//! `VERITRAIL_REQUIRE_POSTGRES`: then it is an error that they are missing; else the tests say so and do nothing.

use std::io::Write as _;
use std::os::unix::fs::{PermissionsExt, chown};
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use std::time::Duration;

use rustix::process::{Pid, Signal, kill_process};
use tempfile::TempDir;

use crate::certificates::Issued;

/// How often it is asked whether it is up, and for how long: a minute.
const LOOKS: usize = 1_200;
const LOOK_EVERY: Duration = Duration::from_millis(50);

/// A running cluster. Ended when dropped, and with the thread that started it.
pub(crate) struct Cluster {
    directory: TempDir,
    server: Child,
    binaries: PathBuf,
    pub(crate) port: u16,
}

/// Who may run it: root may not.
struct Owner {
    uid: u32,
    gid: u32,
}

impl Cluster {
    /// Starts one, if this machine has the binaries.
    pub(crate) fn start() -> Option<Self> {
        Self::start_with(None)
    }

    /// Starts one that speaks TLS on 127.0.0.1 and wants the password `s3cr3t` there.
    pub(crate) fn start_with(tls: Option<&Issued>) -> Option<Self> {
        let binaries = std::env::var_os("POSTGRES_BIN").map_or_else(
            || PathBuf::from("/usr/lib/postgresql/15/bin"),
            PathBuf::from,
        );
        if !binaries.join("postgres").is_file() {
            assert!(
                std::env::var_os("VERITRAIL_REQUIRE_POSTGRES").is_none(),
                "there is no PostgreSQL in {}: install postgresql-15",
                binaries.display()
            );
            // Past the harness, which keeps what a test prints for failures.
            let line = "NOT TESTED: this machine has no PostgreSQL (package postgresql-15)\n";
            std::io::stdout().write_all(line.as_bytes()).unwrap();
            return None;
        }
        let directory = tempfile::tempdir().unwrap();
        let owner = owner();
        let data = directory.path().join("pg");
        std::fs::set_permissions(directory.path(), PermissionsExt::from_mode(0o755)).unwrap();
        std::fs::create_dir(&data).unwrap();
        std::fs::set_permissions(&data, PermissionsExt::from_mode(0o700)).unwrap();
        hand_over(&data, owner.as_ref());
        let mut initdb = as_owner(&binaries.join("initdb"), owner.as_ref());
        initdb.arg("--pgdata").arg(&data);
        initdb.args([
            "--auth=trust",
            "--username=audit",
            "--encoding=UTF8",
            "--locale=C.UTF-8",
            "--no-sync",
        ]);
        let made = initdb.current_dir(&data).output().unwrap();
        assert!(
            made.status.success(),
            "{}",
            String::from_utf8_lossy(&made.stderr)
        );
        let port = free_port();
        let mut settings = vec![
            "fsync=off".to_owned(),
            format!("port={port}"),
            format!("unix_socket_directories={}", data.display()),
            "listen_addresses=127.0.0.1".to_owned(),
        ];
        if let Some(issued) = tls {
            for (name, text) in [("server.crt", &issued.cert), ("server.key", &issued.key)] {
                let path = data.join(name);
                std::fs::write(&path, text).unwrap();
                std::fs::set_permissions(&path, PermissionsExt::from_mode(0o600)).unwrap();
                hand_over(&path, owner.as_ref());
            }
            let rules = "local all all trust\nhostssl all all 127.0.0.1/32 scram-sha-256\n";
            std::fs::write(data.join("pg_hba.conf"), rules).unwrap();
            settings.push("ssl=on".to_owned());
        }
        let log = std::fs::File::create(directory.path().join("postgres.log")).unwrap();
        let mut command = as_owner(&binaries.join("postgres"), owner.as_ref());
        command.arg("-D").arg(&data);
        command.args(settings.iter().map(|setting| format!("-c{setting}")));
        command.current_dir(&data).stdout(Stdio::null()).stderr(log);
        let mut cluster = Self {
            server: command.spawn().unwrap(),
            directory,
            binaries,
            port,
        };
        cluster.wait();
        if tls.is_some() {
            cluster.sql("alter user audit password 's3cr3t'");
        }
        Some(cluster)
    }

    fn wait(&mut self) {
        for _ in 0..LOOKS {
            let mut ask = self.psql();
            if ask
                .args(["-c", "select 1"])
                .output()
                .unwrap()
                .status
                .success()
            {
                return;
            }
            if self.server.try_wait().unwrap().is_some() {
                break;
            }
            std::thread::sleep(LOOK_EVERY);
        }
        let log = std::fs::read_to_string(self.directory.path().join("postgres.log")).unwrap();
        panic!("PostgreSQL did not start:\n{log}");
    }

    /// `psql`, quiet, that ends at the first error.
    pub(crate) fn psql(&self) -> Command {
        let mut command = Command::new(self.binaries.join("psql"));
        command.args([
            "--no-psqlrc",
            "-q",
            "-v",
            "ON_ERROR_STOP=1",
            "-U",
            "audit",
            "-d",
            "postgres",
        ]);
        command.arg("-h").arg(self.directory.path().join("pg"));
        command.arg("-p").arg(self.port.to_string());
        command
    }

    /// Runs statements.
    #[track_caller]
    pub(crate) fn sql(&self, text: &str) {
        let mut psql = self
            .psql()
            .stdin(Stdio::piped())
            .stderr(Stdio::piped())
            .stdout(Stdio::null())
            .spawn()
            .unwrap();
        psql.stdin
            .take()
            .unwrap()
            .write_all(text.as_bytes())
            .unwrap();
        let ran = psql.wait_with_output().unwrap();
        assert!(
            ran.status.success(),
            "{}",
            String::from_utf8_lossy(&ran.stderr)
        );
    }

    /// Its address on the socket.
    pub(crate) fn url(&self) -> String {
        let socket = self.directory.path().join("pg").display().to_string();
        format!(
            "postgres:///postgres?host={socket}&port={}&user=audit",
            self.port
        )
    }
}

impl Drop for Cluster {
    fn drop(&mut self) {
        // QUIT ends it at once, and its children with it.
        let _ = kill_process(Pid::from_child(&self.server), Signal::QUIT);
        for _ in 0..LOOKS {
            if !matches!(self.server.try_wait(), Ok(None)) {
                return;
            }
            std::thread::sleep(LOOK_EVERY);
        }
        let _ = self.server.kill();
        let _ = self.server.wait();
    }
}

/// A command as somebody who is not root, that gets a signal when the thread that starts it ends.
fn as_owner(program: &Path, owner: Option<&Owner>) -> Command {
    let mut command = Command::new("setpriv");
    command.args(["--pdeathsig", "QUIT"]);
    if let Some(Owner { uid, gid }) = owner {
        command.args([
            format!("--reuid={uid}"),
            format!("--regid={gid}"),
            "--clear-groups".to_owned(),
        ]);
    }
    command.arg("--").arg(program);
    command
}

fn owner() -> Option<Owner> {
    if !rustix::process::geteuid().is_root() {
        return None;
    }
    let accounts = std::fs::read_to_string("/etc/passwd").unwrap();
    let find = |name: &str| {
        let line = accounts
            .lines()
            .find(|line| line.split(':').next() == Some(name))?;
        let mut fields = line.split(':').skip(2);
        let (uid, gid) = (fields.next()?.parse().ok()?, fields.next()?.parse().ok()?);
        Some(Owner { uid, gid })
    };
    find("postgres").or_else(|| find("nobody"))
}

fn hand_over(path: &Path, owner: Option<&Owner>) {
    if let Some(Owner { uid, gid }) = owner {
        chown(path, Some(*uid), Some(*gid)).unwrap();
    }
}

fn free_port() -> u16 {
    let listener = std::net::TcpListener::bind("127.0.0.1:0").unwrap();
    listener.local_addr().unwrap().port()
}
