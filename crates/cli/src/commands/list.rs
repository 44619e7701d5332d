//! `veritrail list`: the events that a query finds.
//!
//! Promises: as many as were asked for and no more, over as many pages as that takes; with `--json` each event's own
//! text, one a line. Must never let an event's text reach a terminal unescaped (the table sees to it).

use serde::Deserialize;
use serde_json::value::RawValue;

use super::Ending;
use crate::client::{Client, Connection, with_parameters};
use crate::columns::{self, Column, Event};
use crate::failure::Failure;
use crate::pager::PagerChoice;
use crate::printer::Printer;
use crate::question::{Period, Question};
use crate::table::{Cell, Table};
use crate::zone::{Zone, ZoneChoice};

/// Most events of one request.
const PAGE_EVENTS_MAX: u64 = 1_000;
/// Most events of one list.
const EVENTS_MAX: u64 = 1_000_000;
/// Most requests for one list: the server may look through much and find little.
const PAGES_MAX: usize = 1_000_000;

/// Find events
#[derive(Debug, clap::Args)]
#[command(after_help = "\
Examples:
  veritrail list --since 1h
  veritrail list --type deployment.created --limit 50
  veritrail list --actor dev@example.com --since 7d -outcome:success
  veritrail list 'operation:environment_variable.* project:proj_456 since:24h'
  veritrail list DATABASE_URL --columns time,actor,changes,id

docs/reference/query.md describes the query language. Put a query in quotes where the shell would
read it: parentheses, *, >, \"two words\".")]
pub(crate) struct List {
    #[command(flatten)]
    question: Question,

    #[command(flatten)]
    period: Period,

    /// Most events
    #[arg(long, value_name = "N", default_value_t = 20, value_parser = clap::value_parser!(u64).range(1..=EVENTS_MAX))]
    limit: u64,

    /// Which come first: newest or oldest
    #[arg(
        long,
        value_enum,
        value_name = "ORDER",
        default_value_t = Order::Newest,
        hide_possible_values = true
    )]
    order: Order,

    /// What to show of each, such as time,actor,changes,metadata.build
    #[arg(
        long,
        value_name = "NAMES",
        value_delimiter = ',',
        conflicts_with = "json"
    )]
    columns: Vec<String>,

    /// Print each event as JSON, one a line
    #[arg(long)]
    json: bool,

    #[command(flatten)]
    zone: ZoneChoice,

    #[command(flatten)]
    pager: PagerChoice,

    #[command(flatten)]
    connection: Connection,
}

/// Which end of time comes first.
#[derive(Clone, Copy, Debug, PartialEq, Eq, clap::ValueEnum)]
enum Order {
    /// The latest.
    Newest,
    /// The earliest.
    Oldest,
}

/// [`api::Events`], with each event as text.
#[derive(Deserialize)]
struct Page {
    events: Vec<Box<RawValue>>,
    cursor: Option<String>,
    query: String,
}

impl List {
    pub(crate) fn run(self, printer: &mut Printer) -> anyhow::Result<Ending> {
        let columns = columns::chosen(&self.columns)?;
        let query = self.question.query("list")?;
        let mut listing = Listing {
            columns,
            zone: self.zone.zone(printer),
            json: self.json,
            table: None,
        };
        let client = Client::new(&self.connection, printer)?;
        printer.page(self.pager.pager());
        let mut left = self.limit;
        let mut cursor = None;
        for _ in 0..PAGES_MAX {
            let path = self.path(query.as_deref(), cursor.as_deref(), left);
            let page = client.read_json(&path);
            let page: Page = page
                .map(|(_, page)| page)
                .map_err(|failure| self.pointed(failure, query.as_deref()))?;
            let events = &page.events[..page.events.len().min(usize::try_from(left)?)];
            listing.print(events, printer);
            left -= events.len() as u64;
            cursor = page.cursor;
            if cursor.is_some() && left > 0 && !printer.is_closed() {
                continue;
            }
            printer.settle();
            if left == self.limit {
                say_nothing_was_found(&page.query, printer);
            } else if cursor.is_some() && left == 0 && !self.json && !printer.is_closed() {
                printer.note(&format!("there are more than {}: see --limit", self.limit));
            }
            return Ok(Ending::Done);
        }
        Err(Failure::unreachable("the server never came to an end").into())
    }

    fn path(&self, query: Option<&str>, cursor: Option<&str>, left: u64) -> String {
        let limit = left.min(PAGE_EVENTS_MAX).to_string();
        let order = match self.order {
            Order::Newest => None,
            Order::Oldest => Some("oldest"),
        };
        let parameters = match cursor {
            Some(_) => vec![("cursor", cursor), ("limit", Some(limit.as_str()))],
            None => vec![
                ("q", query),
                ("since", self.period.since.as_deref()),
                ("until", self.period.until.as_deref()),
                ("limit", Some(limit.as_str())),
                ("order", order),
                ("log", self.question.log()),
            ],
        };
        with_parameters("/v1/events", &parameters)
    }

    fn pointed(&self, failure: Failure, query: Option<&str>) -> Failure {
        let typed = |text: &Option<String>| text.clone().unwrap_or_default();
        failure.pointing_into(&[
            ("q", "", query.unwrap_or_default()),
            ("since", "--since ", &typed(&self.period.since)),
            ("until", "--until ", &typed(&self.period.until)),
        ])
    }
}

/// What is printed of events.
struct Listing {
    columns: Vec<Column>,
    zone: Zone,
    json: bool,
    /// Measured by the first events; the others keep to it.
    table: Option<Table>,
}

impl Listing {
    fn print(&mut self, events: &[Box<RawValue>], printer: &mut Printer) {
        if self.json {
            for event in events {
                printer.json_line(event.get());
            }
            return;
        }
        let rows: Vec<Vec<Cell>> = events.iter().map(|event| self.row(event.get())).collect();
        if rows.is_empty() {
            return;
        }
        let columns = &self.columns;
        let table = self.table.get_or_insert_with(|| {
            let headings = columns.iter().map(Column::heading).collect();
            let limit = printer.screen().map(|screen| screen.columns);
            let table = Table::measured(headings, &rows, limit);
            printer.table_heading(&table);
            table
        });
        for row in &rows {
            printer.table_row(table, row);
        }
    }

    fn row(&self, event: &str) -> Vec<Cell> {
        let event = Event::read(event);
        let columns = self.columns.iter();
        columns
            .map(|column| column.cell(&event, &self.zone))
            .collect()
    }
}

/// That the answer is nothing is no failure.
pub(super) fn say_nothing_was_found(query: &str, printer: &mut Printer) {
    if query.is_empty() {
        printer.note("there are no events");
    } else {
        printer.note(&format!("nothing was found for: {query}"));
    }
}
