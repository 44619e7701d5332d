//! `/t/{tenant}/health`: how the logs are doing, and what of it wants a person.

mod log;
mod verify;

use api::{Health, Logs, Producer, Producers};
use askama::Template;
use axum::body::Body;
use axum::http::{Response, StatusCode};

use self::log::LogView;
use super::moment::{Moment, length_of};
use super::page::render;
use super::problem::Refused;
use super::shell::{Section, Shell};
use super::visit::Visit;
use crate::auth::Act;

pub(super) use verify::begin;

/// How long a checkpoint may be outstanding before it is worth a word, in microseconds.
const UNSIGNED_MICROS: i64 = 60 * 1_000_000;

/// The page.
#[derive(Debug, Template)]
#[template(path = "health.html")]
struct HealthPage {
    shell: Shell,
    /// What wants a person, each in a sentence.
    concerns: Vec<String>,
    health: Health,
    signed: Option<Moment>,
    anchors: Vec<Anchor>,
    interval: String,
    disk: String,
    index_size: String,
    logs: Vec<LogView>,
    may_prove: bool,
    producers: Vec<ProducerView>,
    /// Producers that lost nothing.
    complete: usize,
    /// Why there is no list of producers.
    producers_refused: String,
}

/// A place outside.
#[derive(Debug)]
struct Anchor {
    kind: String,
    last: String,
    last_at: Option<Moment>,
    published: Option<Moment>,
    failed: Option<Moment>,
}

/// A producer that counts, and lost something.
#[derive(Debug)]
struct ProducerView {
    name: String,
    missing: u64,
    gaps: String,
    late: u64,
    doubled: u64,
    last: Option<Moment>,
}

pub(super) async fn show(visit: Visit) -> Response<Body> {
    let page = page(&visit).await;
    visit.finish(page)
}

async fn page(visit: &Visit) -> Result<Response<Body>, Refused> {
    let ask = visit.ask();
    let health: Health = ask.get("/v1/health", &[]).await?;
    let known: Logs = ask.get("/v1/logs", &[]).await?;
    let may_prove = visit.may(Act::TakeProofs);
    let mut logs = Vec::new();
    for log in &known.logs {
        logs.push(LogView::read(visit, log, may_prove).await?);
    }
    let producers: Result<Producers, Refused> = ask.get("/v1/producers", &[]).await;
    let (producers, producers_refused) = match producers {
        Ok(known) => (known.producers, String::new()),
        Err(refused) => (Vec::new(), refused.0.title.clone()),
    };
    let now = visit.now;
    let moment = |at: &Option<String>| at.as_deref().and_then(|at| Moment::read(at, now));
    let anchors = health.anchors.iter().map(|place| Anchor {
        kind: place.kind.clone(),
        last: place.last.clone().unwrap_or_default(),
        last_at: moment(&place.last_at),
        published: moment(&place.published_at),
        failed: moment(&place.failed_at),
    });
    let anchors: Vec<_> = anchors.collect();
    let lossy: Vec<_> = producers
        .iter()
        .filter(|producer| is_lossy(producer))
        .collect();
    let mut page = HealthPage {
        shell: visit.shell("Log health", Section::Health),
        concerns: Vec::new(),
        signed: moment(&health.signed_at),
        interval: length_of(i64::try_from(health.anchor_interval_seconds).unwrap_or(i64::MAX)),
        disk: health.disk_free_bytes.map(bytes).unwrap_or_default(),
        index_size: health
            .figures
            .map(|figures| bytes(figures.index_bytes))
            .unwrap_or_default(),
        anchors,
        complete: producers.len() - lossy.len(),
        producers: lossy
            .iter()
            .map(|producer| producer_view(producer, visit))
            .collect(),
        health,
        logs,
        may_prove,
        producers_refused,
    };
    page.concerns = concerns(&page, visit);
    Ok(render(StatusCode::OK, &page))
}

/// What wants a person, the worst first.
fn concerns(page: &HealthPage, visit: &Visit) -> Vec<String> {
    let mut concerns = concerns_of_logs(&page.logs, visit);
    if !page.health.writing {
        let why = page
            .health
            .refusing
            .as_deref()
            .unwrap_or("the server does not say why");
        concerns.push(format!("Events are refused: {why}."));
    }
    if page.health.unsearchable.is_some() {
        let how = page.health.rebuilt_percent;
        concerns.push(match how {
            Some(percent) => format!("Nothing can be searched until the index is rebuilt: {percent} % done. Events are taken and proved meanwhile."),
            None => String::from("Nothing can be searched: the index is damaged. Events are taken and proved meanwhile."),
        });
    }
    for anchor in page
        .anchors
        .iter()
        .filter(|anchor| matches!(anchor.last.as_str(), "failed" | "skipped"))
    {
        concerns.push(format!(
            "The last anchor did not get to the place outside ({}).",
            anchor.kind
        ));
    }
    if page.anchors.is_empty() {
        concerns.push(String::from(
            "No place outside takes anchors: whoever administers this machine could replace the logs and the key together.",
        ));
    }
    if !page.producers.is_empty() {
        let (count, verb) = (
            page.producers.len(),
            if page.producers.len() == 1 {
                "producer counts"
            } else {
                "producers count"
            },
        );
        concerns.push(format!("{count} {verb} events that did not arrive."));
    }
    concerns
}

fn concerns_of_logs(logs: &[LogView], visit: &Visit) -> Vec<String> {
    let mut concerns = Vec::new();
    for log in logs {
        if let Some(verified) = &log.verified
            && verified.state == "failed"
        {
            concerns.push(format!(
                "The {} does not hold: {}.",
                log.name, verified.found
            ));
        }
        if log.signature == "broken" {
            concerns.push(format!(
                "The checkpoint of the {} is not signed by the log’s key.",
                log.name
            ));
        }
    }
    let late = |at: &Moment| visit.now.as_micros() - at.at.as_micros() > UNSIGNED_MICROS;
    for log in logs
        .iter()
        .filter(|log| log.unsigned > 0 && log.kind != "access")
    {
        if log.recorded.as_ref().is_some_and(late) {
            concerns.push(format!(
                "No checkpoint covers the last entries of the {} yet.",
                log.name
            ));
        }
    }
    concerns
}

fn is_lossy(producer: &Producer) -> bool {
    producer.missing > 0 || producer.doubled > 0
}

fn producer_view(producer: &Producer, visit: &Visit) -> ProducerView {
    const GAPS_SHOWN: usize = 4;
    let range = |gap: &api::Gap| {
        if gap.from == gap.to {
            gap.from.to_string()
        } else {
            format!("{}–{}", gap.from, gap.to)
        }
    };
    let mut gaps: Vec<_> = producer.gaps.iter().take(GAPS_SHOWN).map(range).collect();
    if producer.gaps.len() > GAPS_SHOWN {
        gaps.push(String::from("…"));
    }
    ProducerView {
        name: producer
            .id
            .clone()
            .unwrap_or_else(|| producer.reference.clone()),
        missing: producer.missing,
        gaps: gaps.join(", "),
        late: producer.late,
        doubled: producer.doubled,
        last: Moment::read(&producer.last_recorded_at, visit.now),
    }
}

/// A number of bytes in its largest unit.
fn bytes(count: u64) -> String {
    const UNITS: [&str; 4] = ["KiB", "MiB", "GiB", "TiB"];
    let mut tenths = u128::from(count) * 10;
    let mut unit = "bytes";
    for next in UNITS {
        if tenths < 10_240 {
            break;
        }
        tenths /= 1_024;
        unit = next;
    }
    if unit == "bytes" {
        format!("{count} bytes")
    } else {
        format!("{}.{} {unit}", tenths / 10, tenths % 10)
    }
}

/// A number with narrow blanks between its thousands.
fn grouped(count: u64) -> String {
    let digits = count.to_string();
    let mut text = String::with_capacity(digits.len() * 2);
    for (index, digit) in digits.chars().enumerate() {
        if index > 0 && (digits.len() - index).is_multiple_of(3) {
            text.push('\u{202f}');
        }
        text.push(digit);
    }
    text
}
