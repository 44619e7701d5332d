//! The server under load: the real binary in a directory of its own.

use std::io::{BufRead, BufReader};
use std::net::SocketAddr;
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use std::time::{Duration, Instant};

use super::Error;

/// A running server; stopped when dropped.
pub(crate) struct Server {
    child: Child,
    directory: PathBuf,
    pub(crate) address: SocketAddr,
    pub(crate) key: String,
    pub(crate) ready_after: Duration,
}

impl Server {
    pub(crate) fn start(binary: &Path) -> Result<Self, Error> {
        let directory = std::env::temp_dir().join(format!("veritrail-load-{}", std::process::id()));
        std::fs::create_dir_all(&directory)?;
        let begun = Instant::now();
        let mut child = Command::new(binary)
            .args(["serve", "--print-key", "--listen", "127.0.0.1:0", "--data"])
            .arg(directory.join("data"))
            .arg("--keys")
            .arg(directory.join("keys"))
            .stdout(Stdio::piped())
            .spawn()?;
        let lines = BufReader::new(child.stdout.take().ok_or("no output")?).lines();
        let (mut address, mut key) = (None, None);
        for line in lines {
            let line = line?;
            if let Some((_, url)) = line.split_once("http://").filter(|_| address.is_none()) {
                address = url.trim().parse().ok();
            }
            if line.starts_with("vtk_") {
                key = Some(line.trim().to_owned());
            }
            if address.is_some() && key.is_some() {
                break;
            }
        }
        let (Some(address), Some(key)) = (address, key) else {
            let _ = child.kill();
            return Err("the server printed no address or no key".into());
        };
        Ok(Self {
            child,
            directory,
            address,
            key,
            ready_after: begun.elapsed(),
        })
    }

    /// Waits until every acknowledged entry is covered by a checkpoint.
    pub(crate) fn wait_signed(&self) -> Result<(), Error> {
        let begun = Instant::now();
        while begun.elapsed() < Duration::from_mins(1) {
            let state = self.read("/readyz")?;
            if state.contains("\"unsigned_entries\":0") {
                return Ok(());
            }
            std::thread::sleep(Duration::from_millis(50));
        }
        Err("entries stayed unsigned for a minute".into())
    }

    fn read(&self, path: &str) -> Result<String, Error> {
        use std::io::{Read, Write};
        let mut stream = std::net::TcpStream::connect(self.address)?;
        write!(
            stream,
            "GET {path} HTTP/1.1\r\nHost: {}\r\nConnection: close\r\n\r\n",
            self.address
        )?;
        let mut text = String::new();
        stream.read_to_string(&mut text)?;
        Ok(text)
    }

    /// Anonymous memory of the process, from the kernel.
    pub(crate) fn anonymous_memory_mb(&self) -> Result<u64, Error> {
        let status = std::fs::read_to_string(format!("/proc/{}/status", self.child.id()))?;
        let line = status
            .lines()
            .find(|line| line.starts_with("RssAnon:"))
            .ok_or("no RssAnon")?;
        let kilobytes: u64 = line.split_whitespace().nth(1).ok_or("no number")?.parse()?;
        Ok(kilobytes / 1024)
    }

    /// Ends the server cleanly; answers its directory, which is removed at the end of the run.
    pub(crate) fn stop(mut self) -> Result<PathBuf, Error> {
        let stopped = Command::new("kill")
            .args(["-TERM", &self.child.id().to_string()])
            .status()?;
        let ended = self.child.wait()?;
        if !stopped.success() || !ended.success() {
            return Err(format!("the server ended with {ended}").into());
        }
        Ok(self.directory.clone())
    }
}

impl Drop for Server {
    fn drop(&mut self) {
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}
