//! Anchors to every kind of place: they arrive, they vouch, and a place that fails or hangs harms no other.

use std::io::{BufRead as _, BufReader, Read as _, Write as _};
use std::net::{TcpListener, TcpStream};
use std::path::Path;
use std::sync::mpsc::{Receiver, channel};
use std::time::Duration;

use crate::running::Running;

/// Longest wait for something that comes each second.
const PATIENCE: Duration = Duration::from_mins(1);
/// Between two looks.
const MOMENT: Duration = Duration::from_millis(20);

/// What came in one request.
struct Received {
    head: String,
    body: String,
}

/// Answers every request with `status`, and hands on what came.
fn receiver(status: &'static str) -> (String, Receiver<Received>) {
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    let url = format!(
        "http://{}/anchors?token=hidden",
        listener.local_addr().unwrap()
    );
    let (sender, received) = channel();
    // Ends with the test's process at the latest.
    std::thread::spawn(move || {
        for stream in listener.incoming().flatten() {
            let Some(request) = request(stream, status) else {
                continue;
            };
            if sender.send(request).is_err() {
                return;
            }
        }
    });
    (url, received)
}

fn request(stream: TcpStream, status: &str) -> Option<Received> {
    let mut stream = BufReader::new(stream);
    let mut head = String::new();
    while !head.ends_with("\r\n\r\n") {
        if stream.read_line(&mut head).ok()? == 0 {
            return None;
        }
    }
    let lower = head.to_ascii_lowercase();
    let length = lower.split("content-length: ").nth(1)?;
    let mut body = vec![0; length.lines().next()?.trim().parse().ok()?];
    stream.read_exact(&mut body).ok()?;
    let answer = format!(
        "HTTP/1.1 {status}\r\nlocation: http://127.0.0.1:1/\r\ncontent-length: 0\r\nconnection: close\r\n\r\n"
    );
    stream.get_mut().write_all(answer.as_bytes()).ok()?;
    Some(Received {
        head: lower,
        body: String::from_utf8(body).ok()?,
    })
}

fn start(arguments: &[&str]) -> Running {
    let directory = tempfile::tempdir().unwrap();
    start_in(directory, arguments)
}

fn start_in(directory: tempfile::TempDir, arguments: &[&str]) -> Running {
    let every_second = ["--print-key", "--anchor-interval-seconds", "1"];
    Running::start_in(directory, &[&every_second, arguments].concat())
}

fn lines(path: &Path) -> usize {
    std::fs::read_to_string(path).map_or(0, |text| text.lines().count())
}

#[track_caller]
fn wait(server: &Running, what: &str, mut happened: impl FnMut() -> bool) {
    let looks = PATIENCE.as_millis() / MOMENT.as_millis();
    for _ in 0..looks {
        if happened() {
            return;
        }
        std::thread::sleep(MOMENT);
    }
    panic!("{what} did not happen; the server logged: {}", server.log());
}

fn get(server: &Running, path: &str) -> String {
    let agent = ureq::Agent::config_builder()
        .proxy(None)
        .build()
        .new_agent();
    let mut answer = agent.get(format!("{}{path}", server.url)).call().unwrap();
    answer.body_mut().read_to_string().unwrap()
}

/// The value of a counter of anchors.
fn count(server: &Running, sink: &str, result: &str) -> u64 {
    let name = format!("veritrail_anchors_total{{sink=\"{sink}\",result=\"{result}\"}} ");
    let metrics = get(server, "/metrics");
    let line = metrics.lines().find_map(|line| line.strip_prefix(&name));
    line.unwrap_or_else(|| panic!("no {name} in {metrics}"))
        .parse()
        .unwrap()
}

#[test]
fn every_place_gets_the_line_and_what_it_stored_vouches() {
    let (url, received) = receiver("204 No Content");
    let directory = tempfile::tempdir().unwrap();
    let token = ["Bea", "rer s3same-open"].concat();
    std::fs::write(
        directory.path().join("header"),
        format!("Authorization: {token}\n"),
    )
    .unwrap();
    let server = start_in(
        directory,
        &[
            "--anchor-file",
            "filed",
            "--anchor-command",
            "cat >> commanded",
            "--anchor-url",
            &url,
            "--anchor-url-header-file",
            "header",
        ],
    );
    assert!(
        server
            .welcome
            .contains("anchored (filed, a command, http://127.0.0.1:"),
        "{}",
        server.welcome
    );
    assert!(!server.welcome.contains("hidden"), "{}", server.welcome);
    let posted = received.recv_timeout(PATIENCE).unwrap();
    assert!(
        posted
            .head
            .starts_with("post /anchors?token=hidden http/1.1\r\n")
    );
    assert!(posted.head.contains("content-type: application/json\r\n"));
    let header = format!("authorization: {}\r\n", token.to_ascii_lowercase());
    assert!(posted.head.contains(&header), "{}", posted.head);
    std::fs::write(server.path().join("posted"), &posted.body).unwrap();
    let stored = |name: &str| lines(&server.path().join(name)) > 0;
    wait(&server, "an anchor in each place", || {
        stored("filed") && stored("commanded")
    });
    wait(&server, "the count", || {
        ["file", "command", "url"]
            .iter()
            .all(|sink| count(&server, sink, "published") > 0)
    });
    for sink in ["file", "command", "url"] {
        assert_eq!(count(&server, sink, "failed"), 0);
    }
    assert!(!get(&server, "/readyz").contains("anchors_failing"));
    let log = server.log();
    assert!(!log.contains("s3same") && !log.contains("hidden"), "{log}");
    let directory = server.stop();
    for place in ["filed", "commanded", "posted"] {
        let arguments = ["verify", "--data", "veritrail-data", "--anchors", place];
        let out = crate::command::run(directory.path(), &arguments).ends(0);
        assert!(out.contains("anchor"), "{out}");
    }
}

#[test]
fn a_command_that_hangs_delays_no_other_place_and_ends_with_the_server() {
    let server = start(&[
        "--anchor-file",
        "filed",
        "--anchor-command",
        "sleep 600 & echo $! > pid; wait",
    ]);
    let filed = server.path().join("filed");
    wait(&server, "three anchors in the file", || lines(&filed) >= 3);
    wait(&server, "skipping", || {
        count(&server, "command", "skipped") >= 1
    });
    assert_eq!(count(&server, "command", "published"), 0);
    assert_eq!(count(&server, "file", "skipped"), 0);
    let ready = get(&server, "/readyz");
    assert!(
        ready.contains("\"ready\":true") && ready.contains("\"anchors_failing\":[\"command\"]"),
        "{ready}"
    );
    let pid = std::fs::read_to_string(server.path().join("pid")).unwrap();
    let stat = format!("/proc/{}/stat", pid.trim());
    assert!(Path::new(&stat).exists());
    let directory = server.stop();
    // Killed; if nobody has reaped it yet, it is a zombie.
    let state = std::fs::read_to_string(&stat);
    assert!(state.is_err() || state.unwrap().contains(") Z "));
    drop(directory);
}

#[test]
fn failures_are_counted_and_told_and_the_next_interval_tries_again() {
    let (url, received) = receiver("307 Temporary Redirect");
    let directory = tempfile::tempdir().unwrap();
    let token = ["s3same", "-open"].concat();
    std::fs::write(directory.path().join("header"), format!("X-Token: {token}")).unwrap();
    let server = start_in(
        directory,
        &[
            "--anchor-command",
            "echo no remote named elsewhere >&2; exit 7",
            "--anchor-url",
            &url,
            "--anchor-url-header-file",
            "header",
        ],
    );
    wait(&server, "two failures each", || {
        count(&server, "command", "failed") >= 2 && count(&server, "url", "failed") >= 2
    });
    assert!(received.iter().take(2).count() == 2);
    let log = server.log();
    assert!(
        log.contains("the command ended with exit status: 7: no remote named elsewhere"),
        "{log}"
    );
    assert!(log.contains("the answer has status 307"), "{log}");
    assert!(!log.contains("s3same") && !log.contains("hidden"), "{log}");
    let ready = get(&server, "/readyz");
    assert!(
        ready.contains("\"anchors_failing\":[\"command\",\"url\"]"),
        "{ready}"
    );
}

#[test]
fn a_header_file_that_can_not_be_used_is_named_at_the_start() {
    let directory = tempfile::tempdir().unwrap();
    let word = ["hun", "ter2"].concat();
    std::fs::write(directory.path().join("header"), format!("{word}\n")).unwrap();
    let arguments = [
        "serve",
        "--anchor-url",
        "https://anchors.example/",
        "--anchor-url-header-file",
        "header",
    ];
    let ran = crate::command::run(directory.path(), &arguments);
    assert!(!ran.err.contains(&word), "{}", ran.err);
    ran.complains(2, "header: expected one header line");
    assert!(!directory.path().join("veritrail-data").exists());
}
