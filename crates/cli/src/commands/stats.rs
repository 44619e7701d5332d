//! `veritrail stats`: how many events a query finds, when, and with which values.
//!
//! Promises: every count as the server told it; bars are in proportion and no wider than the terminal.

use api::{Bucket, Statistics, TopValues};
use ledger::time::Micros;

use super::Ending;
use super::list::say_nothing_was_found;
use crate::bars::{bar, percent};
use crate::client::{Client, Connection, with_parameters};
use crate::escape::escaped;
use crate::pager::PagerChoice;
use crate::printer::Printer;
use crate::question::{Period, Question};
use crate::width::{cut, width};
use crate::zone::{Zone, ZoneChoice};

/// Columns where there is no terminal.
const COLUMNS: usize = 80;
/// Longest bar in columns.
const BAR_MAX: usize = 60;
/// Shortest bar in columns: names are cut before it gets shorter.
const BAR_MIN: usize = 10;
/// Spans of the histogram that are drawn although nothing happened in them; beyond, they are left out.
const SPANS_MAX: u64 = 2_000;
/// Spans that are asked for when their width is left to the server.
const SPANS: &str = "24";

/// Count events: over time, and by what they say
#[derive(Debug, clap::Args)]
#[command(after_help = "\
Examples:
  veritrail stats --since 7d
  veritrail stats --since 24h outcome:denied --by actor,ip
  veritrail stats --type 'secret.*' --by project --interval 1d --top 5")]
pub(crate) struct Stats {
    #[command(flatten)]
    question: Question,

    #[command(flatten)]
    period: Period,

    /// Fields whose most frequent values are wanted
    #[arg(long, value_name = "FIELDS", default_value = "operation,actor.id")]
    by: String,

    /// Most values of each
    #[arg(long, value_name = "N", default_value_t = 10)]
    top: u64,

    /// Width of the spans of time: auto, none, or a number with s, m, h, d or w
    #[arg(long, value_name = "WIDTH", default_value = "auto")]
    interval: String,

    /// Print the answer as JSON
    #[arg(long)]
    json: bool,

    #[command(flatten)]
    zone: ZoneChoice,

    #[command(flatten)]
    pager: PagerChoice,

    #[command(flatten)]
    connection: Connection,
}

impl Stats {
    pub(crate) fn run(self, printer: &mut Printer) -> anyhow::Result<Ending> {
        let query = self.question.query("stats")?;
        let zone = self.zone.zone(printer);
        let client = Client::new(&self.connection, printer)?;
        let top = self.top.to_string();
        let (since, until) = (self.period.since.as_deref(), self.period.until.as_deref());
        let path = with_parameters(
            "/v1/stats",
            &[
                ("q", query.as_deref()),
                ("since", since),
                ("until", until),
                ("by", Some(&self.by)),
                ("top", Some(&top)),
                ("interval", Some(&self.interval)),
                ("buckets", Some(SPANS).filter(|_| self.interval == "auto")),
                ("log", self.question.log()),
            ],
        );
        let (text, answer): (String, Statistics) = client.read_json(&path).map_err(|failure| {
            failure.pointing_into(&[
                ("q", "", query.as_deref().unwrap_or_default()),
                ("since", "--since ", since.unwrap_or_default()),
                ("until", "--until ", until.unwrap_or_default()),
                ("by", "--by ", &self.by),
                ("top", "--top ", &top),
                ("interval", "--interval ", &self.interval),
            ])
        })?;
        if self.json {
            printer.json(&text);
            return Ok(Ending::Done);
        }
        printer.page(self.pager.pager());
        print(&answer, &zone, printer);
        printer.settle();
        if answer.total == 0 {
            say_nothing_was_found(&answer.query, printer);
        }
        Ok(Ending::Done)
    }
}

fn print(answer: &Statistics, zone: &Zone, printer: &mut Printer) {
    let columns = printer.screen().map_or(COLUMNS, |screen| screen.columns);
    let events = if answer.total == 1 { "event" } else { "events" };
    let span = match (&answer.earliest, &answer.latest) {
        (Some(earliest), Some(latest)) => {
            let (from, to) = (zone.to_second(earliest), zone.to_second(latest));
            format!("  {from} – {to}")
        }
        _ => String::new(),
    };
    let heading = format!("{} {events}{span}", answer.total);
    printer.heading(&heading);
    if let Some(seconds) = answer
        .interval_seconds
        .filter(|_| !answer.histogram.is_empty())
    {
        printer.line("");
        let spans = spans(&answer.histogram, seconds);
        let label = |at: &str| match seconds {
            ..60 => zone.to_second(at),
            _ => zone.to_minute(at),
        };
        let rows = spans.iter().map(|(at, count)| (label(at), *count));
        print_bars(&rows.collect::<Vec<_>>(), None, columns, printer);
    }
    for top in answer.top.iter().filter(|top| !top.values.is_empty()) {
        printer.line("");
        printer.heading(&top.field);
        print_top(top, answer.total, columns, printer);
    }
}

fn print_top(top: &TopValues, total: u64, columns: usize, printer: &mut Printer) {
    let rows = top
        .values
        .iter()
        .map(|value| (escaped(&value.value), value.count));
    print_bars(&rows.collect::<Vec<_>>(), Some(total), columns, printer);
}

/// A line for each: name, count, share of the total if there is one, bar. Names are escaped.
fn print_bars(rows: &[(String, u64)], total: Option<u64>, columns: usize, printer: &mut Printer) {
    const GAPS: usize = 8;
    const SHARE: usize = 6;
    let most = rows.iter().map(|(_, count)| *count).max().unwrap_or(0);
    let digits = most.to_string().len();
    let share = if total.is_some() { SHARE + 2 } else { 0 };
    let beside = digits + share + GAPS;
    let names = rows.iter().map(|(name, _)| width(name)).max().unwrap_or(0);
    let names = match total {
        Some(_) => names.min(columns.saturating_sub(beside + BAR_MIN).max(8)),
        // Times are of no use when cut.
        None => names,
    };
    let room = columns.saturating_sub(beside + names).clamp(1, BAR_MAX);
    for (name, count) in rows {
        let name = cut(name, names);
        let padding = " ".repeat(names.saturating_sub(width(&name)));
        let share = total.map_or(String::new(), |total| {
            format!("  {:>SHARE$}", percent(*count, total))
        });
        let line = format!(
            "  {name}{padding}  {count:>digits$}{share}  {}",
            bar(*count, most, room)
        );
        printer.line(line.trim_end());
    }
}

/// The spans that hold events and those between them.
fn spans(histogram: &[Bucket], seconds: u64) -> Vec<(String, u64)> {
    let told = |bucket: &Bucket| (bucket.at.clone(), bucket.count);
    let at = |bucket: &Bucket| Micros::parse(&bucket.at).ok().map(Micros::as_micros);
    let step = i64::try_from(seconds)
        .ok()
        .and_then(|seconds| seconds.checked_mul(1_000_000));
    let (first, last) = (
        histogram.first().and_then(at),
        histogram.last().and_then(at),
    );
    let (Some(first), Some(last), Some(step)) = (first, last, step.filter(|step| *step > 0)) else {
        return histogram.iter().map(told).collect();
    };
    let count = last.saturating_sub(first) / step;
    if u64::try_from(count).map_or(true, |count| count >= SPANS_MAX) {
        return histogram.iter().map(told).collect();
    }
    let mut spans = Vec::new();
    let mut next = first;
    for bucket in histogram {
        let Some(at) = at(bucket) else { continue };
        while next < at {
            spans.push((Micros::from_micros(next).to_string(), 0));
            next += step;
        }
        spans.push(told(bucket));
        next = at.saturating_add(step);
    }
    spans
}

#[cfg(test)]
mod tests {
    use super::*;

    fn bucket(at: &str, count: u64) -> Bucket {
        Bucket {
            at: at.to_owned(),
            count,
        }
    }

    #[test]
    fn spans_without_events_are_drawn_too() {
        let told = [
            bucket("2026-03-12T14:00:00.000000Z", 3),
            bucket("2026-03-12T17:00:00.000000Z", 1),
        ];
        let spans = spans(&told, 3_600);
        let counts: Vec<u64> = spans.iter().map(|(_, count)| *count).collect();
        assert_eq!(counts, [3, 0, 0, 1]);
        assert_eq!(spans[1].0, "2026-03-12T15:00:00.000000Z");
    }

    #[test]
    fn no_answer_makes_endless_spans() {
        let far = [
            bucket("1970-01-01T00:00:00.000000Z", 1),
            bucket("9999-01-01T00:00:00.000000Z", 1),
        ];
        assert_eq!(spans(&far, 1).len(), 2);
        assert_eq!(spans(&far, 0).len(), 2);
        assert_eq!(spans(&far, u64::MAX).len(), 2);
        let backwards = [far[1].clone(), far[0].clone()];
        assert_eq!(spans(&backwards, 60).len(), 2);
        assert_eq!(spans(&[bucket("x", 1)], 60).len(), 1);
        assert!(spans(&[], 60).is_empty());
    }
}
