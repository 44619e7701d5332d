//! What a running server answers. Asked once, for all checks.
//!
//! Promises: each question is bounded in time and size; the key goes only to questions that need one. A server that does
//! not answer is a fact like any other.

use std::time::Duration;

use api::{Key, Keys, Log, Logs, Ready, Tenant, Tenants};
use jiff::fmt::rfc2822;
use ledger::time::Micros;
use serde::de::DeserializeOwned;

use super::Told;
use crate::client::{Client, Look};

/// How long one answer may take.
pub(crate) const PATIENCE: Duration = Duration::from_secs(3);
/// Longest answer in bytes.
const ANSWER_BYTES_MAX: u64 = 8 * 1024 * 1024;
/// Why nothing is known that only a running server can tell.
pub(crate) const SILENT: &str = "the server does not answer";
const NO_KEY: &str =
    "it takes a key: --key-file names an operator's, such as operator.key in the keys directory";

/// Everything that was answered.
#[derive(Clone, Debug)]
pub(crate) struct Answers {
    /// Where the server was asked.
    pub(crate) url: String,
    /// Whether it answers at all.
    pub(crate) reached: Told<()>,
    /// How far its clock is ahead of ours, in seconds.
    pub(crate) ahead_seconds: Option<i64>,
    /// `/readyz`.
    pub(crate) ready: Told<Ready>,
    /// `/metrics`.
    pub(crate) metrics: Told<String>,
    /// Which version it is.
    pub(crate) version: Told<String>,
    /// All keys that the key may see.
    pub(crate) keys: Told<Vec<Key>>,
    /// All tenants, for an operator.
    pub(crate) tenants: Told<Vec<Tenant>>,
    /// The logs that the key may look at.
    pub(crate) logs: Told<Vec<Log>>,
}

impl Answers {
    /// Those of nobody.
    pub(crate) fn none(url: &str, why: &str) -> Self {
        let silent = || SILENT.to_owned();
        Self {
            url: url.to_owned(),
            reached: Err(why.to_owned()),
            ahead_seconds: None,
            ready: Err(silent()),
            metrics: Err(silent()),
            version: Err(silent()),
            keys: Err(silent()),
            tenants: Err(silent()),
            logs: Err(silent()),
        }
    }

    /// Asks. `now` is asked for when an answer has come.
    pub(crate) fn gather(client: &Client, now: &dyn Fn() -> Micros) -> Self {
        let alive = match client.look("/healthz", ANSWER_BYTES_MAX) {
            Ok(look) if look.status == 200 && look.body == b"ok\n" => look,
            Ok(_) => return Self::none(client.base(), "what answers is no Veritrail server"),
            Err(failure) => return Self::none(client.base(), &failure.message),
        };
        let ahead = alive.date.as_deref().and_then(|date| ahead(date, now()));
        Self {
            url: client.base().to_owned(),
            reached: Ok(()),
            ahead_seconds: ahead,
            // 503 is an answer, too: writes are refused.
            ready: look(client, "/readyz", &[200, 503]).and_then(|look| read(&look)),
            metrics: look(client, "/metrics", &[200]).and_then(|look| text(look.body)),
            version: look(client, "/openapi.json", &[200]).and_then(|look| version(&look)),
            keys: privileged(client, "/v1/keys").map(|Keys { keys }| keys),
            tenants: privileged(client, "/v1/tenants").map(|Tenants { tenants }| tenants),
            logs: privileged(client, "/v1/logs").map(|Logs { logs }| logs),
        }
    }

    /// The samples of a metric: labels and value.
    pub(crate) fn samples(&self, name: &str) -> Vec<(String, f64)> {
        let text = self.metrics.as_deref().unwrap_or_default();
        samples(text, name)
    }
}

fn look(client: &Client, path: &str, statuses: &[u16]) -> Told<Look> {
    let look = client
        .look(path, ANSWER_BYTES_MAX)
        .map_err(|failure| failure.message)?;
    if statuses.contains(&look.status) {
        Ok(look)
    } else {
        Err(format!("{path} answers {}", look.status))
    }
}

fn read<T: DeserializeOwned>(look: &Look) -> Told<T> {
    serde_json::from_slice(&look.body).map_err(|_| "the answer is not as expected".to_owned())
}

fn text(body: Vec<u8>) -> Told<String> {
    String::from_utf8(body).map_err(|_| "the answer is no text".to_owned())
}

fn version(look: &Look) -> Told<String> {
    let document: serde_json::Value = read(look)?;
    let version = document.pointer("/info/version");
    let version = version.and_then(serde_json::Value::as_str);
    version
        .map(str::to_owned)
        .ok_or_else(|| "the server does not say".to_owned())
}

fn privileged<T: DeserializeOwned>(client: &Client, path: &str) -> Told<T> {
    if !client.has_key() {
        return Err(NO_KEY.to_owned());
    }
    let answer = client.read_json(path).map(|(_, answer)| answer);
    answer.map_err(|failure| match failure.code.as_deref() {
        Some(api::code::FORBIDDEN) => "this key may not ask; an operator's may".to_owned(),
        _ => failure.message,
    })
}

/// How far a `Date` header is ahead of our clock.
fn ahead(date: &str, now: Micros) -> Option<i64> {
    let theirs = rfc2822::DateTimeParser::new().parse_timestamp(date).ok()?;
    Some(theirs.as_second() - now.as_micros().div_euclid(1_000_000))
}

fn samples(text: &str, name: &str) -> Vec<(String, f64)> {
    let lines = text.lines().filter_map(|line| line.strip_prefix(name));
    let sample = |rest: &str| {
        let (labels, value) = match rest.strip_prefix('{') {
            Some(rest) => rest.split_once("} ")?,
            None => ("", rest.strip_prefix(' ')?),
        };
        let value = value.split_whitespace().next()?.parse().ok()?;
        Some((labels.to_owned(), value))
    };
    lines.filter_map(sample).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn metrics_are_read_by_their_whole_name() {
        let text = "# HELP veritrail_x X.\nveritrail_x 1\nveritrail_xs 2\nveritrail_y{a=\"b\",c=\"d e\"} 3 1700000000\nveritrail_z nonsense\n";
        assert_eq!(samples(text, "veritrail_x"), [(String::new(), 1.0)]);
        assert_eq!(
            samples(text, "veritrail_y"),
            [("a=\"b\",c=\"d e\"".to_owned(), 3.0)]
        );
        assert_eq!(samples(text, "veritrail_z"), []);
    }

    #[test]
    fn a_servers_clock_is_held_against_ours() {
        let now = Micros::parse("2026-11-21T12:00:00.9Z").unwrap();
        assert_eq!(ahead("Sat, 21 Nov 2026 12:01:05 GMT", now), Some(65));
        assert_eq!(ahead("Sat, 21 Nov 2026 11:59:59 GMT", now), Some(-1));
        assert_eq!(ahead("yesterday", now), None);
    }
}
