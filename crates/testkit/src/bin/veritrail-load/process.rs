//! The server under load: the real binary over a directory of its own.

use std::io::{BufRead, BufReader, Read, Write};
use std::net::{SocketAddr, TcpStream};
use std::path::Path;
use std::process::{Child, Command, Stdio};
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::thread::JoinHandle;
use std::time::{Duration, Instant};

use super::Error;
use super::home::Home;

/// A running server; killed when dropped.
pub(crate) struct Server {
    child: Child,
    pub(crate) address: SocketAddr,
    pub(crate) key: String,
    /// From the start of the process until `/readyz` said so.
    pub(crate) ready_after: Duration,
}

impl Server {
    /// The first start over a directory, which makes an API key.
    pub(crate) fn start(binary: &Path, home: &Home) -> Result<Self, Error> {
        Self::start_with(binary, home, None)
    }

    /// A later start, with the key of the first.
    pub(crate) fn again(binary: &Path, home: &Home, key: &str) -> Result<Self, Error> {
        Self::start_with(binary, home, Some(key))
    }

    fn start_with(binary: &Path, home: &Home, key: Option<&str>) -> Result<Self, Error> {
        let begun = Instant::now();
        let mut command = Command::new(binary);
        command.args([
            "serve",
            "--log-level",
            "warn",
            "--listen",
            "127.0.0.1:0",
            "--data",
        ]);
        command.arg(home.data()).arg("--keys").arg(home.keys());
        if key.is_none() {
            command.arg("--print-key");
        }
        let mut child = command.stdout(Stdio::piped()).spawn()?;
        let said = Self::read_welcome(&mut child, key);
        let Ok(Some((address, key))) = said else {
            let _ = child.kill();
            let _ = child.wait();
            return Err("the server printed no address or no key".into());
        };
        let mut server = Self {
            child,
            address,
            key,
            ready_after: Duration::ZERO,
        };
        while !server.read("/readyz")?.starts_with("HTTP/1.1 200") {
            if begun.elapsed() > READY_MAX {
                return Err("the server did not become ready".into());
            }
            std::thread::sleep(Duration::from_millis(5));
        }
        server.ready_after = begun.elapsed();
        Ok(server)
    }

    fn read_welcome(
        child: &mut Child,
        key: Option<&str>,
    ) -> Result<Option<(SocketAddr, String)>, Error> {
        let lines = BufReader::new(child.stdout.take().ok_or("no output")?).lines();
        let (mut address, mut key) = (None, key.map(str::to_owned));
        for line in lines {
            let line = line?;
            if let Some((_, url)) = line.split_once("http://").filter(|_| address.is_none()) {
                address = url.trim().parse().ok();
            }
            if line.starts_with("vtk_") {
                key = Some(line.trim().to_owned());
            }
            if let (Some(address), Some(key)) = (address, &key) {
                return Ok(Some((address, key.clone())));
            }
        }
        Ok(None)
    }

    /// Waits until every acknowledged entry is covered by a checkpoint.
    pub(crate) fn wait_signed(&self) -> Result<(), Error> {
        self.wait_until("\"unsigned_entries\":0")
    }

    /// Waits until every acknowledged event is in the index.
    pub(crate) fn wait_indexed(&self) -> Result<(), Error> {
        self.wait_until("\"waiting\":0,")
    }

    fn wait_until(&self, state: &str) -> Result<(), Error> {
        let begun = Instant::now();
        while begun.elapsed() < SETTLED_MAX {
            if self.read("/readyz")?.contains(state) {
                return Ok(());
            }
            std::thread::sleep(Duration::from_millis(20));
        }
        Err(format!("the server did not come to {state} within minutes").into())
    }

    fn read(&self, path: &str) -> Result<String, Error> {
        let mut stream = TcpStream::connect(self.address)?;
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
    pub(crate) fn anonymous_memory_mb(&self) -> Result<f64, Error> {
        memory_mb(self.child.id())
    }

    /// Looks at the anonymous memory until asked for the highest that was seen.
    pub(crate) fn watch_memory(&self) -> MemoryWatch {
        MemoryWatch::of(self.child.id())
    }

    /// Ends the server cleanly.
    pub(crate) fn stop(mut self) -> Result<(), Error> {
        let stopped = Command::new("kill")
            .args(["-TERM", &self.child.id().to_string()])
            .status()?;
        let ended = self.child.wait()?;
        if !stopped.success() || !ended.success() {
            return Err(format!("the server ended with {ended}").into());
        }
        Ok(())
    }
}

impl Drop for Server {
    fn drop(&mut self) {
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

/// Longest wait for a server to become ready.
const READY_MAX: Duration = Duration::from_mins(2);
/// Longest wait for checkpoints and the index.
const SETTLED_MAX: Duration = Duration::from_mins(10);

/// A look at the memory that goes on beside the load.
pub(crate) struct MemoryWatch {
    stop: Arc<AtomicBool>,
    watcher: JoinHandle<f64>,
}

impl MemoryWatch {
    /// Looks at a process until asked.
    pub(crate) fn of(process: u32) -> Self {
        let stop = Arc::new(AtomicBool::new(false));
        let stopped = Arc::clone(&stop);
        let watcher = std::thread::spawn(move || {
            let mut highest = 0.0;
            while !stopped.load(Ordering::Relaxed) {
                highest = memory_mb(process).unwrap_or_default().max(highest);
                std::thread::sleep(Duration::from_millis(20));
            }
            highest
        });
        Self { stop, watcher }
    }

    /// Ends it.
    pub(crate) fn highest_mb(self) -> f64 {
        self.stop.store(true, Ordering::Relaxed);
        self.watcher.join().unwrap_or_default()
    }
}

fn memory_mb(process: u32) -> Result<f64, Error> {
    let status = std::fs::read_to_string(format!("/proc/{process}/status"))?;
    let line = status.lines().find(|line| line.starts_with("RssAnon:"));
    let kilobytes = line.and_then(|line| line.split_whitespace().nth(1));
    Ok(kilobytes.ok_or("no RssAnon")?.parse::<f64>()? / 1024.0)
}
