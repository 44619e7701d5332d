//! `/t/{tenant}/access`: who read the log: searched, opened events, took proofs and files.

mod row;

use api::{Events, Statistics};
use askama::Template;
use axum::body::Body;
use axum::extract::Query;
use axum::http::{Response, StatusCode};
use ledger::time::Micros;
use query::limits::QUERY_BYTES_MAX;
use serde::Deserialize;

use self::row::Row;
use super::page::{REPEATED_BYTES_MAX, redirect, render};
use super::problem::Refused;
use super::shell::{Section, Shell};
use super::term::term;
use super::visit::Visit;
use crate::auth::Act;
use crate::http::HttpError;
use crate::http::asked::TIME_BYTES_MAX;

/// Records of a page.
const RECORDS: usize = 100;
/// Readers that are counted.
const READERS: &str = "12";
/// How far back the page looks unless it is told.
const WINDOW_MICROS: i64 = 7 * 86_400_000_000;
/// Windows to choose from: days, and what they are called.
const WINDOWS: [(i64, &str); 4] = [
    (1, "24 hours"),
    (7, "7 days"),
    (30, "30 days"),
    (90, "90 days"),
];

/// Kinds of acts: name in addresses, in words, and the query that finds them.
const KINDS: [(&str, &str, &str); 8] = [
    ("", "Everything", ""),
    (
        "search",
        "Searches and counts",
        "operation:veritrail.search.*",
    ),
    ("event", "Events opened", "operation:veritrail.event.read"),
    (
        "proof",
        "Proofs, checkpoints, tiles",
        "operation:(veritrail.proof.read OR veritrail.tile.read)",
    ),
    ("export", "Exports", "operation:veritrail.export.*"),
    ("review", "Reviews", "operation:veritrail.review.recorded"),
    (
        "verify",
        "Verifications",
        "operation:veritrail.log.verified",
    ),
    (
        "admin",
        "Administration",
        "operation:(veritrail.account.* OR veritrail.session.revoked OR veritrail.key.* OR veritrail.tenant.* OR veritrail.source.* OR veritrail.vocabulary.*)",
    ),
];
/// What is told with the act that it ends, and not counted again.
const ENDS: &str =
    "-operation:(veritrail.search.completed OR veritrail.export.completed) -metadata.phase:totals";

/// What the address says.
#[derive(Clone, Debug, Default, Deserialize)]
pub(super) struct Asked {
    #[serde(default)]
    reader: String,
    #[serde(default)]
    kind: String,
    #[serde(default)]
    since: String,
    #[serde(default)]
    until: String,
    #[serde(default)]
    q: String,
}

/// The page.
#[derive(Debug, Template)]
#[template(path = "access.html")]
struct AccessPage {
    shell: Shell,
    tabs: Vec<Choice>,
    asked: Asked,
    kinds: Vec<Choice>,
    windows: Vec<Choice>,
    /// What was refused of the question.
    refused: String,
    rows: Vec<Row>,
    total: u64,
    readers: Vec<Reader>,
    everybody: String,
    /// Whether the question is too long to be repeated by every row.
    links_left_out: bool,
    older: String,
    here: String,
}

/// One of several things to choose.
#[derive(Clone, Debug)]
pub(super) struct Choice {
    pub(super) value: String,
    pub(super) label: String,
    pub(super) chosen: bool,
}

/// A reader with how much was done.
#[derive(Debug)]
struct Reader {
    name: String,
    count: u64,
    href: String,
    chosen: bool,
}

/// The pages that tell who looked at the log.
pub(super) fn tabs(visit: &Visit, at: &str) -> Vec<Choice> {
    let tabs = [("/access", "Access history"), ("/reviews", "Reviews")];
    let tab = |(page, label): (&str, &str)| Choice {
        value: visit.path(page),
        label: label.to_owned(),
        chosen: page == at,
    };
    tabs.into_iter().map(tab).collect()
}

pub(super) async fn show(visit: Visit, Query(asked): Query<Asked>) -> Response<Body> {
    let page = page(&visit, asked).await;
    visit.finish(page)
}

async fn page(visit: &Visit, mut asked: Asked) -> Result<Response<Body>, Refused> {
    if !visit.may(Act::ReadAccessLog) {
        let detail = "who read the log is for auditors and administrators";
        return Err(HttpError::new(api::code::FORBIDDEN, detail).into());
    }
    asked.check()?;
    // A link says the same to everybody at any time.
    if let Some(since) = absolute(&asked.since, visit.now) {
        asked.since = since;
        return Ok(redirect(&asked.href(visit)));
    }
    if asked.since.is_empty() {
        asked.since = seconds(visit.now.plus(-WINDOW_MICROS));
    }
    let mut refused = String::new();
    let mut counted = Statistics::default();
    let found = match asked.find(visit).await {
        Ok(found) => {
            counted = asked.count(visit).await?;
            Some(found)
        }
        Err(problem) if matches!(problem.0.status, 400 | 422) => {
            refused.clone_from(&problem.0.detail);
            None
        }
        Err(problem) => return Err(problem),
    };
    let events = found.map_or_else(Vec::new, |found| found.events);
    let older = events.last().filter(|_| events.len() >= RECORDS);
    let older = older.and_then(|event| event.said.get("timestamp")?.as_str());
    let older = older.and_then(|at| Micros::parse(at).ok());
    let rows = row::rows(&events, &asked, visit);
    let page = AccessPage {
        shell: visit.shell("Access history", Section::Access),
        tabs: tabs(visit, "/access"),
        kinds: kinds(&asked),
        windows: windows(&asked, visit),
        refused,
        total: counted.total,
        readers: readers(&counted, &rows, &asked, visit),
        everybody: asked.with_reader("").href(visit),
        // The border itself comes again rather than never.
        older: older.map_or_else(String::new, |at| {
            Asked {
                until: at.plus(1).to_string(),
                ..asked.clone()
            }
            .href(visit)
        }),
        links_left_out: asked.is_long(),
        here: visit.path("/access"),
        rows,
        asked,
    };
    Ok(render(StatusCode::OK, &page))
}

impl Asked {
    /// Refuses what no form of the page sends: each of many links would repeat it.
    fn check(&self) -> Result<(), HttpError> {
        if !KINDS.iter().any(|(name, ..)| *name == self.kind) {
            let known = KINDS.iter().map(|(name, ..)| *name);
            let known = known.filter(|name| !name.is_empty()).collect::<Vec<_>>();
            let known = format!("nothing or one of {}", known.join(", "));
            return Err(HttpError::bad_parameter("kind", known));
        }
        let bounded = [
            ("reader", &self.reader, QUERY_BYTES_MAX),
            ("q", &self.q, QUERY_BYTES_MAX),
            ("since", &self.since, TIME_BYTES_MAX),
            ("until", &self.until, TIME_BYTES_MAX),
        ];
        let long = bounded.iter().find(|(_, text, most)| text.len() > *most);
        long.map_or(Ok(()), |(name, _, most)| {
            let expected = format!("at most {most} bytes");
            Err(HttpError::bad_parameter(name, expected))
        })
    }

    /// Whether there is more to repeat than each of many links should.
    pub(super) fn is_long(&self) -> bool {
        self.q.len() + self.reader.len() > REPEATED_BYTES_MAX
    }

    /// The page with this question.
    fn href(&self, visit: &Visit) -> String {
        visit.link(
            "/access",
            &[
                ("reader", &self.reader),
                ("kind", &self.kind),
                ("since", &self.since),
                ("until", &self.until),
                ("q", &self.q),
            ],
        )
    }

    /// The newest acts.
    async fn find(&self, visit: &Visit) -> Result<Events, Refused> {
        let (q, limit) = (self.query(true), RECORDS.to_string());
        let parameters = [
            ("log", "access"),
            ("q", &q),
            ("since", &self.since),
            ("until", &self.until),
            ("limit", &limit),
        ];
        visit.ask().get("/v1/events", &parameters).await
    }

    /// How much each reader did.
    async fn count(&self, visit: &Visit) -> Result<Statistics, Refused> {
        let q = format!("{} {ENDS}", self.query(false));
        let parameters = [
            ("log", "access"),
            ("q", q.trim()),
            ("since", &self.since),
            ("until", &self.until),
            ("by", "actor.name"),
            ("top", READERS),
            ("interval", "none"),
        ];
        visit.ask().get("/v1/stats", &parameters).await
    }

    /// The same question of one reader's acts.
    fn with_reader(&self, reader: &str) -> Self {
        Self {
            reader: reader.to_owned(),
            ..self.clone()
        }
    }

    /// The question in the language of queries.
    fn query(&self, with_reader: bool) -> String {
        let mut conditions = Vec::new();
        let kind = KINDS.iter().find(|(name, ..)| *name == self.kind);
        conditions.extend(
            kind.map(|(.., query)| (*query).to_owned())
                .filter(|query| !query.is_empty()),
        );
        let reader = self.reader.trim();
        if with_reader && !reader.is_empty() {
            conditions.push(term("actor", reader));
        }
        let q = self.q.trim();
        if !q.is_empty() {
            conditions.push(if conditions.is_empty() {
                q.to_owned()
            } else {
                format!("({q})")
            });
        }
        conditions.join(" ")
    }
}

/// A time to the second, `2026-03-12T14:32:07Z`.
fn seconds(at: Micros) -> String {
    let mut text = at.to_string();
    text.truncate("2026-03-12T14:32:07".len());
    text.push('Z');
    text
}

/// The time that `7d` or `24h` was at `now`; nothing for what is no length of time.
fn absolute(text: &str, now: Micros) -> Option<String> {
    let (count, unit) = text.split_at_checked(text.len().checked_sub(1)?)?;
    let seconds = match unit {
        "s" => 1,
        "m" => 60,
        "h" => 3_600,
        "d" => 86_400,
        "w" => 7 * 86_400,
        _ => return None,
    };
    let count: i64 = count
        .parse()
        .ok()
        .filter(|count| (1..=1_000_000).contains(count))?;
    Some(self::seconds(
        now.plus(-count.saturating_mul(seconds * 1_000_000)),
    ))
}

fn kinds(asked: &Asked) -> Vec<Choice> {
    let kinds = KINDS.iter().map(|(value, label, _)| Choice {
        value: (*value).to_owned(),
        label: (*label).to_owned(),
        chosen: *value == asked.kind,
    });
    kinds.collect()
}

fn windows(asked: &Asked, visit: &Visit) -> Vec<Choice> {
    let windows = WINDOWS.iter().map(|(days, label)| {
        let since = seconds(visit.now.plus(-days * 86_400_000_000));
        let chosen = asked.until.is_empty() && asked.since == since;
        let there = Asked {
            since,
            until: String::new(),
            ..asked.clone()
        };
        Choice {
            value: there.href(visit),
            label: (*label).to_owned(),
            chosen,
        }
    });
    windows.collect()
}

/// Readers by how much they did. Counted values are in lower case; a name on this page stands as it was written.
fn readers(counted: &Statistics, rows: &[Row], asked: &Asked, visit: &Visit) -> Vec<Reader> {
    let values = counted.top.first().map_or(&[][..], |top| &top.values[..]);
    let reader = |value: &api::ValueCount| {
        let written = rows.iter().map(|row| row.told.actor.as_str());
        let written = written
            .into_iter()
            .find(|name| name.to_lowercase() == value.value);
        let name = written.unwrap_or(&value.value).to_owned();
        let there = asked.with_reader(&name);
        Reader {
            count: value.count,
            href: if asked.is_long() {
                String::new()
            } else {
                there.href(visit)
            },
            chosen: asked.reader.to_lowercase() == value.value,
            name,
        }
    };
    values.iter().map(reader).collect()
}
