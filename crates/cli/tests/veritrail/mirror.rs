//! A server that shows an exported directory, as it stands: what a dishonest one would do.

use std::io::{BufRead, BufReader, Write};
use std::net::{TcpListener, TcpStream};
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::thread::JoinHandle;

/// Serves `DIR/<log id>/…` as `/v1/logs/<log id>/…` until dropped.
pub(crate) struct Mirror {
    pub(crate) url: String,
    address: std::net::SocketAddr,
    stop: Arc<AtomicBool>,
    thread: Option<JoinHandle<()>>,
}

impl Mirror {
    pub(crate) fn of(directory: &Path) -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").unwrap();
        let address = listener.local_addr().unwrap();
        let stop = Arc::new(AtomicBool::new(false));
        let (stopped, directory) = (Arc::clone(&stop), directory.to_owned());
        let thread = std::thread::spawn(move || {
            for stream in listener.incoming() {
                if stopped.load(Ordering::SeqCst) {
                    return;
                }
                answer(&stream.unwrap(), &directory);
            }
        });
        Self {
            url: format!("http://{address}"),
            address,
            stop,
            thread: Some(thread),
        }
    }
}

impl Drop for Mirror {
    fn drop(&mut self) {
        self.stop.store(true, Ordering::SeqCst);
        let _ = TcpStream::connect(self.address);
        self.thread.take().unwrap().join().unwrap();
    }
}

/// Answers one request, then closes.
fn answer(mut stream: &TcpStream, directory: &Path) {
    let mut lines = BufReader::new(stream).lines().map_while(Result::ok);
    let Some(first) = lines.next() else { return };
    // The rest of the head, up to the empty line.
    lines.take_while(|line| !line.is_empty()).for_each(drop);
    let path = first.split(' ').nth(1).unwrap().to_owned();
    let found = match path.strip_prefix("/v1/logs").unwrap() {
        "" => Ok(list(directory)),
        path => std::fs::read(directory.join(path.trim_start_matches('/'))),
    };
    let (status, body) = match found {
        Ok(body) => ("200 OK", body),
        Err(_) => (
            "404 Not Found",
            br#"{"type":"t","title":"t","status":404,"detail":"nothing is here","code":"not_found"}"#.to_vec(),
        ),
    };
    let head = format!(
        "HTTP/1.1 {status}\r\nContent-Length: {}\r\nConnection: close\r\n\r\n",
        body.len()
    );
    // A client that has seen enough goes away.
    let _ = stream.write_all(&[head.into_bytes(), body].concat());
}

fn list(directory: &Path) -> Vec<u8> {
    let logs: Vec<serde_json::Value> = logs(directory)
        .into_iter()
        .map(|log| {
            let id = log.file_name().unwrap().to_str().unwrap();
            serde_json::json!({ "id": id, "kind": "main", "size": 0, "signed_size": 0, "origin": "" })
        })
        .collect();
    serde_json::json!({ "logs": logs }).to_string().into_bytes()
}

/// The directories of the logs.
pub(crate) fn logs(directory: &Path) -> Vec<PathBuf> {
    let logs = std::fs::read_dir(directory).unwrap();
    let mut logs: Vec<PathBuf> = logs.map(|log| log.unwrap().path()).collect();
    logs.sort();
    logs
}
