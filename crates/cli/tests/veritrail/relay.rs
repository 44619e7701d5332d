//! A relay between a client and a server that can be cut at any byte, and pointed at another server.

use std::io::{Read, Write};
use std::net::{Shutdown, TcpListener, TcpStream};
use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering};
use std::sync::{Arc, Mutex};
use std::thread::JoinHandle;
use std::time::Duration;

/// How often something is looked at that is to come about soon, and for how long.
const LOOKS: usize = 1_500;
const LOOK_EVERY: Duration = Duration::from_millis(20);

/// Waits until something holds.
#[track_caller]
pub(crate) fn wait_until(what: &str, holds: impl Fn() -> bool) {
    for _ in 0..LOOKS {
        if holds() {
            return;
        }
        std::thread::sleep(LOOK_EVERY);
    }
    panic!("waited in vain for {what}");
}

/// A running relay. Ends when dropped.
pub(crate) struct Relay {
    shared: Arc<Shared>,
    pub(crate) url: String,
    accepting: Option<JoinHandle<()>>,
}

struct Shared {
    /// `HOST:PORT` of the server.
    target: Mutex<String>,
    open: Mutex<Vec<TcpStream>>,
    /// Bytes that came from the server over all connections.
    answered: AtomicUsize,
    ending: AtomicBool,
}

impl Relay {
    /// A relay to the server of this URL.
    pub(crate) fn to(url: &str) -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").unwrap();
        let url_of_relay = format!("http://{}", listener.local_addr().unwrap());
        let shared = Arc::new(Shared {
            target: Mutex::new(host(url)),
            open: Mutex::new(Vec::new()),
            answered: AtomicUsize::new(0),
            ending: AtomicBool::new(false),
        });
        let accepting = {
            let shared = Arc::clone(&shared);
            std::thread::spawn(move || {
                for client in listener.incoming() {
                    if shared.ending.load(Ordering::SeqCst) {
                        return;
                    }
                    shared.connect(client.unwrap());
                }
            })
        };
        Self {
            shared,
            url: url_of_relay,
            accepting: Some(accepting),
        }
    }

    /// Points at another server, for connections to come.
    pub(crate) fn point_at(&self, url: &str) {
        *self.shared.target.lock().unwrap() = host(url);
    }

    /// Cuts every connection wherever it is; how many there were.
    pub(crate) fn cut(&self) -> usize {
        let mut open = self.shared.open.lock().unwrap();
        for connection in open.iter() {
            let _ = connection.shutdown(Shutdown::Both);
        }
        std::mem::take(&mut *open).len() / 2
    }

    /// Bytes that came from the server so far.
    pub(crate) fn answered(&self) -> usize {
        self.shared.answered.load(Ordering::SeqCst)
    }

    /// Waits until the server has answered something that was not answered before.
    #[track_caller]
    pub(crate) fn wait_for_answer(&self, before: usize) {
        wait_until("an answer", || self.answered() > before);
    }
}

impl Shared {
    fn connect(self: &Arc<Self>, client: TcpStream) {
        let target = self.target.lock().unwrap().clone();
        // A server that is not there: the client finds its connection closed.
        let Ok(server) = TcpStream::connect(target) else {
            return;
        };
        {
            let mut open = self.open.lock().unwrap();
            open.extend([client.try_clone().unwrap(), server.try_clone().unwrap()]);
        }
        let back = (server.try_clone().unwrap(), client.try_clone().unwrap());
        std::thread::spawn(move || pass(client, server, |_| {}));
        let shared = Arc::clone(self);
        std::thread::spawn(move || {
            pass(back.0, back.1, |bytes| {
                shared.answered.fetch_add(bytes, Ordering::SeqCst);
            });
        });
    }
}

impl Drop for Relay {
    fn drop(&mut self) {
        self.shared.ending.store(true, Ordering::SeqCst);
        self.cut();
        // Wakes it.
        let _ = TcpStream::connect(host(&self.url));
        if let Some(accepting) = self.accepting.take() {
            let _ = accepting.join();
        }
    }
}

fn pass(mut from: TcpStream, mut to: TcpStream, count: impl Fn(usize)) {
    // Small, so that cuts fall within events.
    let mut bytes = [0; 700];
    while let Ok(read @ 1..) = from.read(&mut bytes) {
        count(read);
        if to.write_all(&bytes[..read]).is_err() {
            break;
        }
    }
    let _ = to.shutdown(Shutdown::Both);
    let _ = from.shutdown(Shutdown::Both);
}

fn host(url: &str) -> String {
    url.trim_start_matches("http://").to_owned()
}
