//! Questions that are made to cost much, on a real socket: each is answered or refused by what is wrong with it and where,
//! and the server has time for others meanwhile.

use std::fmt::Write as _;
use std::io::{Read, Write};
use std::net::{SocketAddr, TcpStream};
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};
use std::thread::ScopedJoinHandle;

use axum::http::{HeaderMap, HeaderName, HeaderValue, Method, StatusCode};

use crate::documented;
use crate::support::World;

/// Threads that ask the worst at once: fewer than a tenant may.
const BOMBERS: usize = 4;
/// Events that are looked through.
const EVENTS: usize = 240;

/// What becomes of a question.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Fate {
    /// It is answered.
    Answered,
    /// It is refused, and this parameter is named; of a query, a column, too.
    Refused(&'static str),
}

use Fate::{Answered, Refused};

/// Many alternatives or conditions.
fn many(count: usize, between: &str, one: impl Fn(usize) -> String) -> String {
    let all: Vec<String> = (0..count).map(one).collect();
    all.join(between)
}

fn letter(number: usize) -> char {
    char::from(b'a' + u8::try_from(number % 26).unwrap())
}

/// Queries, each with what becomes of it.
#[expect(clippy::too_many_lines, reason = "one table")]
fn queries() -> Vec<(String, Fate)> {
    let nested = |open: &str, depth: usize, close: &str| {
        format!("{}word{}", open.repeat(depth), close.repeat(depth))
    };
    let q = Refused("q");
    let long = "9".repeat(4_000);
    vec![
        // Depth.
        (nested("(", 16, ")"), Answered),
        (nested("(", 17, ")"), q),
        (nested("(", 2_000, ")"), q),
        (nested("(", 4_000, ""), q),
        (nested("-", 4_000, ""), q),
        (nested("NOT ", 16, ""), Answered),
        (nested("NOT ", 1_000, ""), q),
        (nested("-(", 1_300, ")"), q),
        (nested("(a OR ", 600, ")"), q),
        // Width.
        (many(64, " ", |n| format!("w{n}")), Answered),
        (many(65, " ", |n| format!("w{n}")), q),
        (many(64, " OR ", |n| format!("the{n} OR")), q),
        (many(64, " OR ", |n| format!("{}*", letter(n))), Answered),
        (many(64, " ", |n| format!("-{}*", letter(n))), Answered),
        (many(700, " OR ", |n| letter(n).to_string()), q),
        (many(1_300, "|", |_| "a".to_owned()), Answered),
        (
            format!("actor.id:({})", many(65, " OR ", |n| n.to_string())),
            q,
        ),
        (
            format!(
                "operation:({})",
                many(63, " OR ", |n| format!("{}*", letter(n)))
            ),
            Answered,
        ),
        (many(60, " OR ", |n| format!("(-w{n} (x{n} OR -y{n}))")), q),
        // Phrases.
        (format!("\"{}\"", "a ".repeat(2_000)), Answered),
        (format!("\"{}\"", "word ".repeat(800)), Answered),
        (format!("reason:\"{}\"", "the quick ".repeat(400)), Answered),
        (format!("-\"{}\"", "the ".repeat(1_000)), Answered),
        ("é".repeat(2_048), Answered),
        ("a".repeat(4_096), Answered),
        ("a".repeat(4_097), q),
        ("é".repeat(2_049), q),
        ("a ".repeat(2_049), q),
        ("\u{202e}\u{fe0f}\u{0}".repeat(100), q),
        (format!("\"{}", "x".repeat(4_000)), q),
        (format!("\"{}\"", "\\\"".repeat(2_000)), q),
        (format!("x{}", "\\".repeat(4_000)), Answered),
        // Wildcards.
        ("*".repeat(4_096), q),
        ("a*".repeat(2_000), q),
        ("*a".into(), q),
        (format!("{}*", "a".repeat(4_095)), q),
        ("operation:*".into(), Answered),
        ("operation:*.*.*.*".into(), q),
        ("ip:10.*".into(), q),
        ("-a*".into(), Answered),
        // Ranges.
        (format!("metadata.n:>{long}"), q),
        (format!("metadata.n:>0.{long}"), q),
        (
            format!("metadata.n:-{long}..{long}")
                .chars()
                .take(4_096)
                .collect(),
            Answered,
        ),
        ("metadata.n:-1e999999999..1e999999999".into(), Answered),
        ("metadata.n:>1e99999999999999999999999".into(), q),
        (
            many(60, " OR ", |n| format!("metadata.n:-{n}0..{n}1")),
            Answered,
        ),
        ("seq:0..99999999999999999999999999999".into(), Answered),
        ("seq:5..1".into(), q),
        ("ip:0.0.0.0/0 OR ip:::/0".into(), Answered),
        ("ip:0.0.0.0/99".into(), q),
        ("timestamp:0001-01-01..9999-12-30".into(), q),
        ("timestamp:1970-01-01..9999-12-30".into(), Answered),
        ("since:99999999999999999999d".into(), q),
        ("until:10000-01-01".into(), q),
        ("during:2026-02-30".into(), q),
        // What there is everywhere, and what is long.
        ("has:text".into(), q),
        ("has:changes".into(), Answered),
        (
            format!("has:{}", many(1_000, ".", |n| letter(n).to_string())),
            q,
        ),
        (
            format!("metadata.{}:x", many(1_500, ".", |n| letter(n).to_string())),
            Answered,
        ),
        (format!("changes.{}:x", "f".repeat(4_000)), Answered),
        (format!("{}:x", "f".repeat(4_000)), q),
    ]
}

/// Paths whose parameters are extreme, and those of the queries.
#[expect(clippy::too_many_lines, reason = "one table")]
fn paths() -> Vec<(String, Fate)> {
    let most = u64::MAX;
    let mut paths: Vec<(String, Fate)> = Vec::new();
    for limit in [
        "0",
        "1001",
        "-1",
        "1e3",
        "18446744073709551616",
        " 5",
        "%31%30%30%31",
    ] {
        paths.push((format!("/v1/events?limit={limit}"), Refused("limit")));
    }
    paths.push(("/v1/events?limit=1000".into(), Answered));
    paths.push((format!("/v1/events?limit={}1", "0".repeat(3_000)), Answered));
    for parameter in ["since", "until"] {
        for time in [
            "99999999999999999999d".to_owned(),
            "9".repeat(5_000),
            "-1h".into(),
            "10000-01-01".into(),
            "2026-02-30".into(),
            "a OR b".into(),
            "\"2026\"".into(),
        ] {
            let path = format!("/v1/events?{parameter}={}", encoded(&time));
            paths.push((path, Refused(parameter)));
        }
    }
    paths.extend([
        (
            "/v1/events?since=0001-01-01&until=9999-12-30".into(),
            Refused("since"),
        ),
        (
            "/v1/events?since=1970-01-01&until=9999-12-30".into(),
            Answered,
        ),
        (
            format!("/v1/events?cursor={}", "A".repeat(50_000)),
            Refused("cursor"),
        ),
        ("/v1/events?order=sideways".into(), Refused("order")),
        ("/v1/stats?interval=1s".into(), Answered),
        (
            "/v1/stats?interval=1s&since=1970-01-01&until=9999-12-30".into(),
            Answered,
        ),
        (format!("/v1/stats?interval={most}w"), Refused("interval")),
        ("/v1/stats?buckets=2001".into(), Refused("buckets")),
        ("/v1/stats?top=1001".into(), Refused("top")),
        (format!("/v1/stats?by={}", ",".repeat(10_000)), Answered),
        (
            format!("/v1/stats?by={}", many(10_000, ",", |_| "actor".into())),
            Answered,
        ),
        (
            format!(
                "/v1/stats?by={}",
                many(9, ",", |n| format!("metadata.m{n}"))
            ),
            Refused("by"),
        ),
        (
            format!("/v1/fields?field=operation&prefix={}", "a".repeat(257)),
            Refused("prefix"),
        ),
        (
            "/v1/fields?field=operation&limit=101".into(),
            Refused("limit"),
        ),
        (
            format!("/v1/fields?field={}", "f".repeat(20_000)),
            Refused("field"),
        ),
        (
            "/v1/resources/thing/t/state?at=10000-01-01".into(),
            Refused("at"),
        ),
        ("/v1/resources/thing/t/state?at=9999-12-30".into(), Answered),
        (
            format!("/v1/events/stream?q={}", encoded(&"(".repeat(4_000))),
            Refused("q"),
        ),
        (
            format!("/v1/events/stream?since={}", "9".repeat(65)),
            Refused("since"),
        ),
    ]);
    for (query, fate) in queries() {
        let q = encoded(&query);
        paths.push((format!("/v1/events?q={q}"), fate));
        paths.push((format!("/v1/stats?by=operation,actor&q={q}"), fate));
    }
    paths
}

fn encoded(text: &str) -> String {
    let mut out = String::with_capacity(text.len() * 3);
    for byte in text.bytes() {
        if byte.is_ascii_alphanumeric() {
            out.push(char::from(byte));
        } else {
            write!(out, "%{byte:02X}").unwrap();
        }
    }
    out
}

struct Answer {
    status: StatusCode,
    headers: HeaderMap,
    body: Vec<u8>,
}

/// One request on a connection of its own.
fn call(address: SocketAddr, key: &str, path: &str) -> Answer {
    let mut stream = TcpStream::connect(address).unwrap();
    let path = path.replace(' ', "%20");
    write!(
        stream,
        "GET {path} HTTP/1.1\r\nhost: x\r\nconnection: close\r\nauthorization: Bearer {key}\r\n\r\n"
    )
    .unwrap();
    let mut bytes = Vec::new();
    stream.read_to_end(&mut bytes).unwrap();
    let end = bytes.windows(4).position(|four| four == b"\r\n\r\n");
    let end = end.unwrap_or_else(|| panic!("no answer to {path}"));
    let head = str::from_utf8(&bytes[..end]).unwrap();
    let mut lines = head.split("\r\n");
    let status = lines.next().unwrap().split(' ').nth(1).unwrap();
    let headers = lines.map(|line| {
        let (name, value) = line.split_once(": ").unwrap();
        let name = HeaderName::from_bytes(name.as_bytes()).unwrap();
        (name, HeaderValue::from_str(value).unwrap())
    });
    Answer {
        status: status.parse().unwrap(),
        headers: headers.collect(),
        body: bytes[end + 4..].to_vec(),
    }
}

/// What is wrong with an answer. Anything but 200 and a refusal that points is a bomb that went off.
fn fault(path: &str, fate: Fate, answer: &Answer) -> Option<String> {
    let (route, _) = path.split_once('?').unwrap_or((path, ""));
    documented::hold(
        (&Method::GET, route),
        (answer.status, &answer.headers),
        Some(&answer.body),
    );
    let shown: String = path.chars().take(100).collect();
    if answer.status == StatusCode::OK {
        return matches!(fate, Refused(_)).then(|| format!("answered: {shown}"));
    }
    let problem: api::Problem = serde_json::from_slice(&answer.body).unwrap();
    let is_so = match fate {
        Answered => false,
        Refused(parameter) => {
            problem.status == 400
                && problem.parameter.as_deref() == Some(parameter)
                && problem.column.is_some() == (parameter == "q")
                // It doesn't repeat what was sent.
                && answer.body.len() < 1_500
        }
    };
    (!is_so).then(|| format!("{fate:?}: {shown}: {problem:?}"))
}

/// Long and repetitive texts, numbers of every size, times far apart.
fn events() -> String {
    let events: Vec<String> = (0..EVENTS)
        .map(|number| {
            format!(
                r#"{{"id":"e{number}","timestamp":"{:04}-01-01T00:00:00Z","operation":"thing.happened","actor":{{"id":"{number}"}},
                    "origin":{{"ip":"10.0.0.{number}"}},"resource":{{"type":"thing","id":"t"}},"metadata":{{"n":{number}e{number},"m":-0.{number}}},
                    "changes":[{{"field":"n","after":{number}}}],"reason":"{}"}}"#,
                1970 + number,
                "the quick a a word ".repeat(40)
            )
        })
        .collect();
    format!("[{}]", events.join(","))
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn no_question_is_too_much_and_others_are_answered_meanwhile() {
    let world = World::new().await;
    world.store(&events()).await;
    let bomber = world.key_of("acme", &["reader"], "x").await;
    let other = world.key_of("umbrella", &["reader"], "x").await;
    let (address, stop, serving) = world.on_a_socket().await;
    let asking = tokio::task::spawn_blocking(move || {
        let answered = bomb_while_others_ask(address, &bomber, &other);
        // The server lives, and its readiness is what it was.
        let ready = call(address, "", "/readyz");
        stop.send(()).unwrap();
        (answered, ready.status)
    });
    serving.await.unwrap();
    let (answered, ready) = asking.await.unwrap();
    assert!(answered > 0, "nobody else was answered");
    assert_eq!(ready, StatusCode::OK);
}

/// Sends every bomb, from several threads; answers how many questions of another tenant were answered meanwhile.
fn bomb_while_others_ask(address: SocketAddr, bomber: &str, other: &str) -> u64 {
    let paths = paths();
    let (over, answered) = (AtomicBool::new(false), AtomicU64::new(0));
    std::thread::scope(|scope| {
        let asking = scope.spawn(|| {
            while !over.load(Ordering::Relaxed) {
                for path in ["/v1/events?q=word", "/healthz", "/v1/stats"] {
                    let answer = call(address, other, path);
                    assert_eq!(answer.status, StatusCode::OK, "{path}");
                }
                answered.fetch_add(1, Ordering::Relaxed);
            }
        });
        let bombers: Vec<_> = (0..BOMBERS)
            .map(|number| {
                let paths = paths.iter().skip(number).step_by(BOMBERS);
                scope.spawn(move || {
                    let faults = paths.filter_map(|(path, fate)| {
                        fault(path, *fate, &call(address, bomber, path))
                    });
                    faults.collect::<Vec<String>>()
                })
            })
            .collect();
        let ended: Vec<_> = bombers.into_iter().map(ScopedJoinHandle::join).collect();
        over.store(true, Ordering::Relaxed);
        asking.join().unwrap();
        let faults: Vec<String> = ended.into_iter().flat_map(Result::unwrap).collect();
        assert!(faults.is_empty(), "{faults:#?}");
    });
    answered.into_inner()
}
