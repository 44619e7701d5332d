//! `veritrail tail`: events as they come.
//!
//! Promises: each event once, in order, over as many connections as it takes; what went wrong on the way is said on
//! stderr. Ends when it is told to, when nobody reads on, or when the API key no longer counts.

use std::io::Read;
use std::time::Duration;

use api::{StreamEnd, code};

use super::Ending;
use crate::client::{Client, Connection, is_passing, with_parameters};
use crate::columns::{self, Column, Event};
use crate::event_stream::{Block, EventStream};
use crate::failure::Failure;
use crate::printer::Printer;
use crate::question::Question;
use crate::table::{Cell, Table};
use crate::zone::{Zone, ZoneChoice};

/// Pauses before connecting again, in milliseconds; the last one again and again.
const PAUSES_MS: [u64; 8] = [250, 500, 1_000, 2_000, 4_000, 8_000, 15_000, 30_000];
/// How often it is tried in a row: for a day.
const TRIES_MAX: usize = 2_880;

/// Show events as they come
#[derive(Debug, clap::Args)]
#[command(after_help = "\
Examples:
  veritrail tail
  veritrail tail --since 10m 'severity:>=warning'
  veritrail tail --type 'deployment.*' --json | jq .operation

A connection that is lost is made again, and goes on where it was: no event is left out or shown
twice. Ctrl-C ends it.")]
pub(crate) struct Tail {
    #[command(flatten)]
    question: Question,

    /// Begin with what happened since then: a time back from now (10m) or a date in UTC
    #[arg(long, value_name = "TIME", help_heading = "Conditions")]
    since: Option<String>,

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
    connection: Connection,
}

/// Why a connection is over.
enum Over {
    /// Nobody reads on.
    Closed,
    /// It was cut, or the server is busy with something else: try again.
    Lost(String),
}

impl Tail {
    pub(crate) fn run(self, printer: &mut Printer) -> anyhow::Result<Ending> {
        let columns = columns::chosen(&self.columns)?;
        let query = self.question.query("tail")?;
        let path = with_parameters(
            "/v1/events/stream",
            &[
                ("q", query.as_deref()),
                ("since", self.since.as_deref()),
                ("log", self.question.log()),
            ],
        );
        let client = Client::new(&self.connection, printer)?;
        let mut shown = Shown::new(columns, self.zone.zone(printer), self.json, printer);
        let mut tries = 0;
        loop {
            let (seen, was_seen) = (shown.place.clone(), shown.place.is_some());
            let why = match client.follow(&path, seen.as_deref()) {
                Ok(body) => {
                    if tries > 0 {
                        printer.note("connected again: nothing was missed");
                    }
                    match shown.follow(EventStream::new(body), printer)? {
                        Over::Closed => return Ok(Ending::Done),
                        Over::Lost(why) => {
                            // A server that takes connections and says nothing is not there.
                            if shown.place != seen {
                                tries = 0;
                            }
                            why
                        }
                    }
                }
                Err(failure) if was_seen && is_passing(&failure) => failure.message,
                Err(failure) => {
                    let since = self.since.as_deref().unwrap_or_default();
                    let failure = if was_seen { ended(failure) } else { failure };
                    let query = query.as_deref().unwrap_or_default();
                    let typed = [("q", "", query), ("since", "--since ", since)];
                    return Err(failure.pointing_into(&typed).into());
                }
            };
            if tries == TRIES_MAX {
                return Err(Failure::unreachable(format!("given up: {why}")).into());
            }
            let pause = PAUSES_MS[tries.min(PAUSES_MS.len() - 1)];
            if tries == 0 {
                printer.note(&format!("{why}; connecting again"));
            }
            tries += 1;
            std::thread::sleep(Duration::from_millis(pause));
        }
    }
}

/// What is shown, and how far that is.
struct Shown {
    columns: Vec<Column>,
    zone: Zone,
    json: bool,
    table: Table,
    is_headed: bool,
    /// The id of the last block.
    place: Option<String>,
}

impl Shown {
    fn new(columns: Vec<Column>, zone: Zone, json: bool, printer: &Printer) -> Self {
        let headings = columns
            .iter()
            .map(|column| (column.heading(), column.usual_width(&zone)))
            .collect();
        let limit = printer.screen().map(|screen| screen.columns);
        Self {
            table: Table::expected(headings, limit),
            columns,
            zone,
            json,
            is_headed: false,
            place: None,
        }
    }

    /// Shows what comes until no more does.
    fn follow<R: Read>(
        &mut self,
        mut stream: EventStream<R>,
        printer: &mut Printer,
    ) -> Result<Over, Failure> {
        loop {
            let block = match stream.next() {
                Ok(Some(block)) => block,
                Ok(None) => return Ok(Over::Lost("the connection was cut".to_owned())),
                Err(error) => return Ok(Over::Lost(format!("the connection was lost: {error}"))),
            };
            match block.event.as_str() {
                "audit" => self.show(&block.data, printer),
                "end" => return ending(&block),
                // A sign of life, or of a later version.
                _ => {}
            }
            if !stream.has_more_at_hand() {
                printer.flush();
            }
            if printer.is_closed() {
                return Ok(Over::Closed);
            }
            // Only now: what was cut before is told again.
            if block.id.is_some() {
                self.place = block.id;
            }
        }
    }

    fn show(&mut self, event: &str, printer: &mut Printer) {
        if self.json {
            printer.json_line(event);
            return;
        }
        if !std::mem::replace(&mut self.is_headed, true) {
            printer.table_heading(&self.table);
        }
        let event = Event::read(event);
        let columns = self.columns.iter();
        let row: Vec<Cell> = columns
            .map(|column| column.cell(&event, &self.zone))
            .collect();
        printer.table_row(&self.table, &row);
    }
}

/// What the server's last word means.
fn ending(block: &Block) -> Result<Over, Failure> {
    let end: StreamEnd = serde_json::from_str(&block.data).unwrap_or_else(|_| StreamEnd {
        code: code::INTERNAL.to_owned(),
        detail: "the server ended the stream".to_owned(),
    });
    match end.code.as_str() {
        StreamEnd::KEY_REVOKED | StreamEnd::KEY_EXPIRED | StreamEnd::SESSION_ENDED => {
            Err(Failure::unreachable(end.detail).hint(OTHER_KEY))
        }
        code::DAMAGED => Err(Failure::tampered(end.detail)
            .hint("run `veritrail verify --data DIR --keys DIR` on the server")),
        code::QUERY_TOO_BROAD | code::BAD_QUERY => Err(Failure::usage(end.detail)),
        code::SHUTTING_DOWN => Ok(Over::Lost("the server is shutting down".to_owned())),
        _ => Ok(Over::Lost(end.detail)),
    }
}

const OTHER_KEY: &str =
    "put another key into VERITRAIL_KEY, and begin with --since where this ended";

/// A refusal of what was let in before.
fn ended(failure: Failure) -> Failure {
    match failure.code.as_deref() {
        Some(code::UNAUTHENTICATED) => {
            Failure::unreachable("the API key no longer counts: it was revoked or has expired")
                .hint(OTHER_KEY)
        }
        Some(code::BAD_CURSOR) => Failure::unreachable(
            "the server does not know where this stream was: its data are not what they were",
        )
        .hint("begin anew with --since; `veritrail verify` says whether something is gone"),
        _ => failure,
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::failure::Kind;

    fn end(code: &str) -> Block {
        Block {
            event: "end".to_owned(),
            data: format!("{{\"code\":\"{code}\",\"detail\":\"because\"}}"),
            ..Block::default()
        }
    }

    #[test]
    fn the_last_word_decides_whether_it_is_tried_again() {
        for code in [StreamEnd::KEY_REVOKED, StreamEnd::KEY_EXPIRED] {
            let failure = ending(&end(code)).err().unwrap();
            assert_eq!(failure.kind, Kind::Unreachable);
        }
        assert_eq!(
            ending(&end(code::DAMAGED)).err().unwrap().kind,
            Kind::Tampered
        );
        assert_eq!(
            ending(&end(code::QUERY_TOO_BROAD)).err().unwrap().kind,
            Kind::Usage
        );
        for code in [code::SHUTTING_DOWN, code::BUSY, "something_new"] {
            assert!(matches!(ending(&end(code)), Ok(Over::Lost(_))), "{code}");
        }
    }

    #[test]
    fn who_is_let_in_no_more_does_not_knock_for_a_day() {
        let refused = |code: &str, kind| Failure {
            code: Some(code.to_owned()),
            kind,
            ..Failure::unreachable("x")
        };
        assert!(is_passing(&Failure::unreachable("no answer")));
        assert!(is_passing(&refused(
            code::TOO_MANY_STREAMS,
            Kind::Unreachable
        )));
        assert!(!is_passing(&refused(
            code::UNAUTHENTICATED,
            Kind::Unreachable
        )));
        assert!(!is_passing(&refused(code::FORBIDDEN, Kind::Unreachable)));
        assert!(!is_passing(&refused(code::BAD_CURSOR, Kind::Usage)));
        let told = ended(refused(code::BAD_CURSOR, Kind::Usage));
        assert_eq!(told.kind, Kind::Unreachable);
    }
}
