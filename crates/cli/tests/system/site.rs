//! One installation in a directory of its own, and its server while it runs.

use std::fs::File;
use std::io::{BufRead as _, BufReader};
use std::net::SocketAddr;
use std::path::{Path, PathBuf};
use std::process::{Child, Command, ExitStatus, Stdio};
use std::sync::mpsc::{Receiver, RecvTimeoutError, channel};
use std::time::Duration;

use rustix::process::{Pid, Signal, kill_process};
use tempfile::TempDir;

use crate::command::{Ran, run, veritrail};
use crate::http::Connection;

/// How long a server may take to start, to end or to answer.
pub(crate) const PATIENCE: Duration = Duration::from_mins(1);

/// Data and keys, which go when this goes.
#[derive(Debug)]
pub(crate) struct Site {
    directory: TempDir,
}

/// A running server; killed when dropped.
#[derive(Debug)]
pub(crate) struct Server {
    child: Child,
    lines: Receiver<String>,
    log: PathBuf,
    pub(crate) address: SocketAddr,
    /// The key that was printed; empty if none was.
    pub(crate) key: String,
    /// What was printed.
    pub(crate) welcome: String,
}

impl Site {
    pub(crate) fn new() -> Self {
        Self {
            directory: tempfile::tempdir().unwrap(),
        }
    }

    /// A site on the file system of `place`, if that can be written to.
    pub(crate) fn new_in(place: &Path) -> Option<Self> {
        Some(Self {
            directory: tempfile::tempdir_in(place).ok()?,
        })
    }

    /// A path in the directory.
    pub(crate) fn path(&self, name: &str) -> PathBuf {
        self.directory.path().join(name)
    }

    /// The data directory.
    pub(crate) fn data(&self) -> PathBuf {
        self.path("data")
    }

    /// The keys directory.
    pub(crate) fn keys(&self) -> PathBuf {
        self.path("keys")
    }

    /// What the server wrote to stderr, over all its lives.
    pub(crate) fn log(&self) -> PathBuf {
        self.path("server.log")
    }

    /// Starts with a new key.
    pub(crate) fn start(&self, arguments: &[&str]) -> Server {
        self.started(&[&["--print-key"], arguments].concat())
    }

    /// Starts again, without a new key: with the one that an earlier start printed.
    pub(crate) fn restart(&self, key: &str, arguments: &[&str]) -> Server {
        let mut server = self.started(arguments);
        key.clone_into(&mut server.key);
        server
    }

    fn started(&self, arguments: &[&str]) -> Server {
        self.try_start(arguments)
            .unwrap_or_else(|said| panic!("the server is not up: {said}"))
    }

    /// Starts, or answers what the server said instead.
    pub(crate) fn try_start(&self, arguments: &[&str]) -> Result<Server, String> {
        let mut command = veritrail(self.directory.path());
        command.args(serve(arguments));
        self.launch(command)
    }

    /// Begins a start and kills it after a while, wherever it is then.
    pub(crate) fn killed_after(&self, moment: Duration) {
        let mut command = veritrail(self.directory.path());
        command
            .args(serve(&[]))
            .stdout(Stdio::null())
            .stderr(Stdio::null());
        let mut child = command.spawn().unwrap();
        // As in the torture: the moment is what is tried.
        std::thread::sleep(moment);
        child.kill().unwrap();
        child.wait().unwrap();
    }

    /// Runs a command that becomes a server, and waits until it is up.
    pub(crate) fn launch(&self, mut command: Command) -> Result<Server, String> {
        let log = File::options()
            .create(true)
            .append(true)
            .open(self.log())
            .unwrap();
        command
            .current_dir(self.directory.path())
            .stdin(Stdio::null())
            .stdout(Stdio::piped())
            .stderr(log);
        let mut child = command.spawn().unwrap();
        let stdout = BufReader::new(child.stdout.take().unwrap());
        let (sender, lines) = channel();
        // Ends with the server, whose stdout it reads.
        std::thread::spawn(move || {
            stdout
                .lines()
                .map_while(Result::ok)
                .try_for_each(|line| sender.send(line))
        });
        let unknown = SocketAddr::from(([127, 0, 0, 1], 0));
        let mut server = Server {
            child,
            lines,
            log: self.log(),
            address: unknown,
            key: String::new(),
            welcome: String::new(),
        };
        // The last line says how to go on.
        while !server.welcome.contains("curl -sS")
            && !server.welcome.contains("veritrail key create")
        {
            match server.lines.recv_timeout(PATIENCE) {
                Ok(line) => server.welcome.extend([&line, "\n"]),
                Err(RecvTimeoutError::Disconnected) => {
                    let ended = server.child.wait().unwrap();
                    return Err(format!("{ended}: {}{}", server.welcome, server.said()));
                }
                Err(RecvTimeoutError::Timeout) => {
                    panic!("it is not up in {PATIENCE:?}: {}", server.said())
                }
            }
        }
        let line = |start: &str| {
            server
                .welcome
                .lines()
                .find_map(|line| line.strip_prefix(start))
        };
        server.address = line("Veritrail listens on http://")
            .unwrap()
            .parse()
            .unwrap();
        server.key = line("vtk_").map_or(String::new(), |rest| format!("vtk_{rest}"));
        Ok(server)
    }

    /// Runs a command of the binary in the directory.
    pub(crate) fn run(&self, arguments: &[&str]) -> Ran {
        run(veritrail(self.directory.path()).args(arguments))
    }

    /// Verifies against the keys directory and whatever is named besides.
    pub(crate) fn verify(&self, arguments: &[&str]) -> Ran {
        self.run(&[&["verify", "--data", "data", "--keys", "keys"], arguments].concat())
    }
}

impl Server {
    /// A connection with the server's key.
    pub(crate) fn connect(&self) -> Connection {
        Connection::open(self.address, &self.key)
            .unwrap_or_else(|error| panic!("{error}: {}", self.said()))
    }

    /// Runs a client command with the server's key.
    pub(crate) fn client(&self, site: &Site, arguments: &[&str]) -> Ran {
        let mut command = veritrail(site.directory.path());
        command
            .env("VERITRAIL_URL", format!("http://{}", self.address))
            .env("VERITRAIL_KEY", &self.key);
        run(command.args(arguments))
    }

    pub(crate) fn send(&self, signal: Signal) {
        kill_process(Pid::from_child(&self.child), signal).unwrap();
    }

    /// Ends it as `kill -9` does.
    pub(crate) fn kill(mut self) {
        self.send(Signal::KILL);
        self.ended();
    }

    /// Asks it to end, and holds it to ending well.
    pub(crate) fn stop(mut self) {
        self.send(Signal::TERM);
        let ended = self.ended();
        assert!(ended.success(), "it ended with {ended}: {}", self.said());
    }

    /// Waits for its end.
    pub(crate) fn ended(&mut self) -> ExitStatus {
        loop {
            match self.lines.recv_timeout(PATIENCE) {
                Ok(line) => self.welcome.extend([&line, "\n"]),
                // Its stdout is closed: it has ended, or is about to.
                Err(RecvTimeoutError::Disconnected) => return self.child.wait().unwrap(),
                Err(RecvTimeoutError::Timeout) => {
                    panic!("it did not end in {PATIENCE:?}: {}", self.said())
                }
            }
        }
    }

    /// The end of what the server wrote to stderr.
    pub(crate) fn said(&self) -> String {
        let text = std::fs::read_to_string(&self.log).unwrap_or_default();
        let lines: Vec<&str> = text.lines().collect();
        lines[lines.len().saturating_sub(20)..].join("\n")
    }
}

impl Drop for Server {
    fn drop(&mut self) {
        // It may have ended already.
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

/// The arguments of `serve` for a site, on a port that the system chooses.
pub(crate) fn serve(arguments: &[&str]) -> Vec<String> {
    const RESERVE: &str = "--limits-reserve-disk-bytes";
    let mut own = vec!["serve", "--data", "data", "--keys", "keys"];
    own.extend(["--listen", "127.0.0.1:0"]);
    // Tests say themselves when the disk is to be short.
    if !arguments.contains(&RESERVE) {
        own.extend([RESERVE, "0"]);
    }
    own.extend(arguments);
    own.into_iter().map(str::to_owned).collect()
}

/// Copies a directory with everything in it.
pub(crate) fn copy(from: &Path, to: &Path) {
    std::fs::create_dir_all(to).unwrap();
    for entry in std::fs::read_dir(from).unwrap() {
        let entry = entry.unwrap();
        let target = to.join(entry.file_name());
        if entry.file_type().unwrap().is_dir() {
            copy(&entry.path(), &target);
        } else {
            std::fs::copy(entry.path(), target).unwrap();
        }
    }
}
