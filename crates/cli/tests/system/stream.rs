//! A stream that is cut again and again while events pour in shows each of them once.

use std::collections::BTreeMap;
use std::io::{self, BufRead as _, BufReader, Read as _, Write as _};
use std::net::{SocketAddr, TcpStream};
use std::thread;

use crate::command::{is_chosen, tell};
use crate::events::{Numbers, array};
use crate::site::{PATIENCE, Site};

const CUTS: usize = 20;
const PRODUCERS: usize = 4;
const BATCH: usize = 500;

/// How many events arrive: an unoptimised server takes longer for each.
fn events() -> usize {
    if is_chosen() { 100_000 } else { 20_000 }
}

/// One connection to the stream.
struct Stream {
    reader: BufReader<TcpStream>,
    /// Decoded bytes that make no whole line yet.
    line: Vec<u8>,
    chunk: usize,
}

/// One server-sent event.
struct Sent {
    id: String,
    kind: String,
    data: String,
}

impl Stream {
    fn open(address: SocketAddr, key: &str, last: Option<&str>) -> io::Result<Self> {
        let stream = TcpStream::connect_timeout(&address, PATIENCE)?;
        stream.set_read_timeout(Some(PATIENCE))?;
        let mut reader = BufReader::new(stream);
        let mut request = format!(
            "GET /v1/events/stream?since=2020-01-01 HTTP/1.1\r\nhost: veritrail\r\nauthorization: Bearer {key}\r\n"
        );
        if let Some(last) = last {
            request.extend(["last-event-id: ", last, "\r\n"]);
        }
        request.push_str("\r\n");
        reader.get_mut().write_all(request.as_bytes())?;
        let mut head = String::new();
        while !head.ends_with("\r\n\r\n") {
            assert!(reader.read_line(&mut head)? > 0, "the stream ended: {head}");
        }
        assert!(head.starts_with("HTTP/1.1 200"), "{head}");
        assert!(
            head.to_ascii_lowercase().contains("text/event-stream"),
            "{head}"
        );
        Ok(Self {
            reader,
            line: Vec::new(),
            chunk: 0,
        })
    }

    /// The next byte of the body, its chunks taken apart.
    fn line(&mut self) -> io::Result<String> {
        loop {
            if self.chunk == 0 {
                let mut size = String::new();
                self.reader.read_line(&mut size)?;
                if size.trim().is_empty() {
                    size.clear();
                    self.reader.read_line(&mut size)?;
                }
                self.chunk = usize::from_str_radix(size.trim(), 16).unwrap();
                if self.chunk == 0 {
                    return Err(io::ErrorKind::UnexpectedEof.into());
                }
            }
            let mut byte = [0];
            self.reader.read_exact(&mut byte)?;
            self.chunk -= 1;
            if byte[0] == b'\n' {
                let line = std::mem::take(&mut self.line);
                return Ok(String::from_utf8(line)
                    .unwrap()
                    .trim_end_matches('\r')
                    .to_owned());
            }
            self.line.push(byte[0]);
        }
    }

    fn next(&mut self) -> io::Result<Sent> {
        let mut sent = Sent {
            id: String::new(),
            kind: String::new(),
            data: String::new(),
        };
        loop {
            let line = self.line()?;
            match line.split_once(':') {
                Some(("id", value)) => value.trim().clone_into(&mut sent.id),
                Some(("event", value)) => value.trim().clone_into(&mut sent.kind),
                Some(("data", value)) => sent.data.push_str(value.trim()),
                _ if line.is_empty() && !sent.data.is_empty() => return Ok(sent),
                // A comment, sent so that nobody takes silence for death.
                _ => {}
            }
        }
    }
}

#[test]
fn a_stream_cut_twenty_times_shows_every_event_once() {
    let site = Site::new();
    let server = site.start(&[]);
    let total = events();
    let mut times: BTreeMap<String, usize> = BTreeMap::new();
    let mut cuts = 0;
    thread::scope(|scope| {
        for producer in 0..PRODUCERS {
            let mut connection = server.connect();
            scope.spawn(move || {
                let mine = total / PRODUCERS;
                for first in (0..mine).step_by(BATCH) {
                    let ids: Vec<String> = (first..first + BATCH)
                        .map(|number| format!("s{producer}-{number}"))
                        .collect();
                    let body = array(&ids);
                    // A busy server asks to come again.
                    loop {
                        let answer = connection
                            .request(
                                "POST",
                                "/v1/events",
                                &[("content-type", "application/json")],
                                &body,
                            )
                            .unwrap();
                        if answer.status == 200 {
                            break;
                        }
                        assert!(matches!(answer.status, 429 | 503), "{}", answer.text());
                        thread::sleep(std::time::Duration::from_millis(100));
                    }
                }
            });
        }
        let mut numbers = Numbers(7);
        let mut last: Option<String> = None;
        let mut seen = 0;
        while seen < total {
            let mut stream = Stream::open(server.address, &server.key, last.as_deref()).unwrap();
            let share = total / (CUTS + 1);
            let until = if cuts < CUTS {
                share / 2 + numbers.index(share)
            } else {
                usize::MAX
            };
            for _ in 0..until {
                if seen == total {
                    break;
                }
                let sent = stream.next().unwrap();
                assert_eq!(sent.kind, "audit", "{}", sent.data);
                let event: serde_json::Value = serde_json::from_str(&sent.data).unwrap();
                *times
                    .entry(event["id"].as_str().unwrap().to_owned())
                    .or_default() += 1;
                last = Some(sent.id);
                seen += 1;
            }
            cuts += 1;
        }
    });
    assert!(cuts > CUTS, "{cuts} connections");
    assert_eq!(times.len(), total, "events that were shown");
    assert!(times.values().all(|times| *times == 1), "shown twice");
    tell(&format!(
        "{total} events streamed over {cuts} connections, each once"
    ));
    server.stop();
}
