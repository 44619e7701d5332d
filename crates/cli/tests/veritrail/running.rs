//! A server of our own, on a port that the system chose, in a directory that goes when it goes.

use std::io::{BufRead, BufReader};
use std::path::Path;
use std::process::{Command, Stdio};

use tempfile::TempDir;

use crate::command::{Ran, ran, run_with_input, veritrail};
use crate::guarded::Guarded;

/// What it wrote on stderr, beside its directories.
const LOG: &str = "server.log";

/// A running server. Killed when dropped.
pub(crate) struct Running {
    pub(crate) directory: TempDir,
    child: Guarded,
    pub(crate) url: String,
    /// The key that was printed; empty if none was.
    pub(crate) key: String,
    /// Everything printed on stdout by then.
    pub(crate) welcome: String,
}

impl Running {
    /// A first start that prints a key.
    pub(crate) fn start() -> Self {
        Self::start_in(tempfile::tempdir().unwrap(), &["--print-key"])
    }

    /// Any start.
    pub(crate) fn start_in(directory: TempDir, arguments: &[&str]) -> Self {
        let log = std::fs::File::create(directory.path().join(LOG)).unwrap();
        let mut command = veritrail(directory.path());
        command
            .args([
                "serve",
                "--listen",
                "127.0.0.1:0",
                "--limits-reserve-disk-bytes",
                "0",
            ])
            .args(arguments)
            .stdout(Stdio::piped())
            .stderr(log);
        let mut child = Guarded::start(&mut command);
        let mut lines = BufReader::new(child.0.stdout.take().unwrap()).lines();
        let mut welcome = String::new();
        // The last line says how to go on.
        while !welcome.contains("curl -sS") && !welcome.contains("veritrail key create") {
            let line = lines
                .next()
                .expect("the server ended before it was up")
                .unwrap();
            welcome.push_str(&line);
            welcome.push('\n');
        }
        let line = |start: &str| welcome.lines().find_map(|line| line.strip_prefix(start));
        Self {
            url: line("Veritrail listens on ").unwrap().to_owned(),
            key: line("vtk_").map_or(String::new(), |rest| format!("vtk_{rest}")),
            directory,
            child,
            welcome,
        }
    }

    /// A client command with the printed key.
    pub(crate) fn client(&self) -> Command {
        let mut command = veritrail(self.directory.path());
        command.env("VERITRAIL_URL", &self.url);
        if !self.key.is_empty() {
            command.env("VERITRAIL_KEY", &self.key);
        }
        command
    }

    /// Runs a client command with the printed key.
    pub(crate) fn run(&self, arguments: &[&str]) -> Ran {
        ran(self.client().args(arguments).output().unwrap())
    }

    /// Runs a client command as the operator.
    pub(crate) fn operate(&self, arguments: &[&str]) -> Ran {
        let mut command = self.client();
        command
            .args(arguments)
            .args(["--key-file", "veritrail-keys/operator.key"]);
        ran(command.output().unwrap())
    }

    /// Sends JSON.
    pub(crate) fn emit(&self, json: &str) -> Ran {
        let mut command = self.client();
        command.args(["emit", "--json", "-"]);
        run_with_input(command, json)
    }

    /// What it logged so far.
    pub(crate) fn log(&self) -> String {
        std::fs::read_to_string(self.path().join(LOG)).unwrap()
    }

    /// Sends it a signal.
    pub(crate) fn signal(&self, signal: rustix::process::Signal) {
        self.child.signal(signal);
    }

    pub(crate) fn path(&self) -> &Path {
        self.directory.path()
    }

    /// Waits for its end.
    pub(crate) fn wait(&mut self) {
        self.child.end();
    }

    /// Asks it to end, and waits; its directory stays.
    pub(crate) fn stop(mut self) -> TempDir {
        self.signal(rustix::process::Signal::TERM);
        assert!(self.child.end().success());
        std::mem::replace(&mut self.directory, tempfile::tempdir().unwrap())
    }
}
