//! Following events: nothing lost, nothing twice.

use std::io::{BufRead as _, BufReader, Read as _};
use std::process::{ChildStdout, Command, Stdio};
use std::sync::mpsc::{Receiver, channel};
use std::time::Duration;

use rustix::process::Signal;

use crate::guarded::Guarded;
use crate::relay::{Relay, wait_until};
use crate::running::Running;

/// How long a line may take.
const PATIENCE: Duration = Duration::from_mins(1);

/// A running `veritrail tail`. Killed when dropped.
struct Tail {
    child: Guarded,
    lines: Receiver<String>,
}

impl Tail {
    fn start(mut command: Command, arguments: &[&str]) -> Self {
        command.arg("tail").args(arguments);
        command.stdout(Stdio::piped()).stderr(Stdio::piped());
        let mut child = Guarded::start(&mut command);
        let lines = lines_of(child.0.stdout.take().unwrap());
        Self { child, lines }
    }

    #[track_caller]
    fn line(&self) -> String {
        self.lines.recv_timeout(PATIENCE).unwrap()
    }

    /// The ids of the next events.
    #[track_caller]
    fn ids(&self, count: usize) -> Vec<String> {
        (0..count).map(|_| id(&self.line())).collect()
    }

    /// Waits for its end: the code, if no signal ended it, and what it said.
    fn end(mut self) -> (Option<i32>, String) {
        let code = self.child.end().code();
        let mut said = String::new();
        let mut talk = self.child.0.stderr.take().unwrap();
        talk.read_to_string(&mut said).unwrap();
        (code, said)
    }
}

fn lines_of(out: ChildStdout) -> Receiver<String> {
    let (sender, receiver) = channel();
    std::thread::spawn(move || {
        for line in BufReader::new(out).lines().map_while(Result::ok) {
            if sender.send(line).is_err() {
                return;
            }
        }
    });
    receiver
}

fn id(line: &str) -> String {
    let event: serde_json::Value = serde_json::from_str(line).unwrap();
    event["id"].as_str().unwrap().to_owned()
}

fn events(numbers: std::ops::Range<usize>) -> String {
    let line = |number: usize| {
        // Of some size, so that cuts fall within them.
        let note = "y".repeat(number % 997);
        format!(
            "{{\"id\":\"e{number}\",\"operation\":\"deployment.created\",\"actor\":{{\"id\":\"1\"}},\"resource\":{{\"type\":\"deployment\"}},\"metadata\":{{\"note\":\"{note}\"}}}}\n"
        )
    };
    numbers.map(line).collect()
}

fn expected(numbers: std::ops::Range<usize>) -> Vec<String> {
    numbers.map(|number| format!("e{number}")).collect()
}

/// A client of the relay's server.
fn through(relay: &Relay, server: &Running, key: &str) -> Command {
    let mut command = server.client();
    command
        .env("VERITRAIL_URL", &relay.url)
        .env("VERITRAIL_KEY", key);
    command
}

#[test]
fn a_stream_that_is_cut_twenty_times_shows_every_event_once() {
    let server = Running::start();
    let relay = Relay::to(&server.url);
    let tail = Tail::start(through(&relay, &server, &server.key), &["--json"]);
    relay.wait_for_answer(0);
    let mut cut = 0;
    for round in 0..20 {
        server.emit(&events(round * 200..(round + 1) * 200)).ends(0);
        if round % 3 == 0 {
            // Let it come along: a cut between events, not of a connection that is only being made.
            wait_until("the connection", || relay.cut() > 0);
            cut += 1;
        } else {
            cut += relay.cut();
        }
    }
    assert_eq!(tail.ids(4_000), expected(0..4_000));
    assert!(cut >= 7, "{cut}");
    // Nothing comes twice afterwards.
    server.emit(&events(4_000..4_001)).ends(0);
    assert_eq!(tail.ids(1), expected(4_000..4_001));
    tail.child.signal(Signal::INT);
    let (code, said) = tail.end();
    // Ended by the signal.
    assert_eq!(code, None);
    assert!(
        said.contains("connecting again") && said.contains("nothing was missed"),
        "{said}"
    );
}

#[test]
fn a_server_that_is_killed_and_started_again_is_followed_on() {
    let mut server = Running::start();
    let key = server.key.clone();
    let relay = Relay::to(&server.url);
    let tail = Tail::start(through(&relay, &server, &key), &["--json"]);
    relay.wait_for_answer(0);
    let emit = |server: &Running, numbers| {
        let mut command = server.client();
        command
            .env("VERITRAIL_KEY", &key)
            .args(["emit", "--json", "-"]);
        crate::command::run_with_input(command, &events(numbers)).ends(0);
    };
    for round in 0..3 {
        let first = round * 300;
        emit(&server, first..first + 150);
        // Wherever the stream is now.
        server.signal(if round == 1 {
            Signal::TERM
        } else {
            Signal::KILL
        });
        let directory = std::mem::replace(&mut server.directory, tempfile::tempdir().unwrap());
        server.wait();
        server = Running::start_in(directory, &[]);
        relay.point_at(&server.url);
        emit(&server, first + 150..first + 300);
    }
    assert_eq!(tail.ids(900), expected(0..900));
    emit(&server, 900..901);
    assert_eq!(tail.ids(1), expected(900..901));
}

#[test]
fn history_comes_first_and_then_what_is_new() {
    let server = Running::start();
    server.emit(&events(0..700)).ends(0);
    let relay = Relay::to(&server.url);
    let tail = Tail::start(
        through(&relay, &server, &server.key),
        &["--json", "--since", "10m", "-id:e699"],
    );
    assert_eq!(tail.ids(300), expected(0..300));
    relay.cut();
    server.emit(&events(700..800)).ends(0);
    let mut rest = expected(300..800);
    rest.retain(|id| id != "e699");
    assert_eq!(tail.ids(499), rest);
}

#[test]
fn a_revoked_key_ends_it_with_a_word() {
    let server = Running::start();
    let key = server
        .operate(&[
            "key", "create", "--role", "reader", "--source", "x", "--owner", "me", "--tenant",
            "default",
        ])
        .ends(0);
    let key = key.trim();
    let relay = Relay::to(&server.url);
    let tail = Tail::start(through(&relay, &server, key), &[]);
    relay.wait_for_answer(0);
    server.operate(&["key", "revoke", &key[4..12]]).ends(0);
    let (code, said) = tail.end();
    assert_eq!(code, Some(3));
    assert!(
        said.contains("revoked") && said.contains("VERITRAIL_KEY"),
        "{said}"
    );
    // Revoked while it was cut off: the same.
    let key = server
        .operate(&[
            "key", "create", "--role", "reader", "--source", "x", "--owner", "me", "--tenant",
            "default",
        ])
        .ends(0);
    let key = key.trim();
    let before = relay.answered();
    let tail = Tail::start(through(&relay, &server, key), &[]);
    relay.wait_for_answer(before);
    relay.point_at("http://127.0.0.1:9");
    relay.cut();
    server.operate(&["key", "revoke", &key[4..12]]).ends(0);
    relay.point_at(&server.url);
    let (code, said) = tail.end();
    assert_eq!(code, Some(3));
    assert!(said.contains("revoked"), "{said}");
}

#[test]
fn rows_line_up_and_it_ends_when_nobody_reads_on() {
    let server = Running::start();
    let relay = Relay::to(&server.url);
    let mut command = through(&relay, &server, &server.key);
    command
        .arg("tail")
        .stdout(Stdio::piped())
        .stderr(Stdio::piped());
    let mut child = Guarded::start(&mut command);
    relay.wait_for_answer(0);
    server.emit(&events(0..1)).ends(0);
    let mut out = BufReader::new(child.0.stdout.take().unwrap());
    // On a thread of its own, so that lines which never come are waited for no longer than others.
    let (sender, read) = channel();
    std::thread::spawn(move || {
        let mut lines = [String::new(), String::new()];
        for line in &mut lines {
            out.read_line(line).unwrap();
        }
        let _ = sender.send((lines, out));
    });
    let (lines, out) = read.recv_timeout(PATIENCE).unwrap();
    assert!(lines[0].starts_with("TIME "), "{lines:?}");
    let at = lines[0].find("OPERATION").unwrap();
    assert_eq!(lines[1].find("deployment.created"), Some(at), "{lines:?}");
    drop(out);
    // It finds out with the next event.
    server.emit(&events(1..2)).ends(0);
    assert_eq!(child.end().code(), Some(0));
}

#[test]
fn columns_line_up_in_any_zone() {
    let server = Running::start();
    server.emit(&events(0..1)).ends(0);
    for (arguments, time) in [
        (&["--since", "10m"][..], 20),
        (&["--since", "10m", "--local"], 25),
        (
            &[
                "--since",
                "10m",
                "--columns",
                "recorded,actor,operation",
                "--local",
            ],
            25,
        ),
    ] {
        let mut command = server.client();
        command.env("TZ", "IST-5:30");
        let tail = Tail::start(command, arguments);
        let (heading, row) = (tail.line(), tail.line());
        assert_eq!(heading.find("ACTOR"), Some(time + 2), "{heading}");
        for (name, value) in [("ACTOR", "1 "), ("OPERATION", "deployment.created")] {
            let at = heading.find(name).unwrap();
            assert!(
                row[at..].starts_with(value),
                "{arguments:?}\n{heading}\n{row}"
            );
        }
    }
    let mut command = server.client();
    command.env("TZ", "IST-5:30").args(["list", "--local"]);
    let listed = crate::command::ran(command.output().unwrap()).ends(0);
    let lines: Vec<&str> = listed.lines().collect();
    let at = lines[0].find("OPERATION");
    assert_eq!(lines[1].find("deployment.created"), at, "{listed}");
}

#[test]
fn what_can_not_begin_ends_at_once() {
    let server = Running::start();
    let mut command = server.client();
    command.env("VERITRAIL_KEY", "vtk_wrong");
    let (code, said) = Tail::start(command, &[]).end();
    assert_eq!(code, Some(3));
    assert!(said.contains("VERITRAIL_KEY"), "{said}");
    let mut command = server.client();
    command.env("VERITRAIL_URL", "http://127.0.0.1:9");
    let (code, said) = Tail::start(command, &[]).end();
    assert_eq!(code, Some(3));
    assert!(said.contains("veritrail serve"), "{said}");
}
