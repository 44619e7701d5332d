//! Reading a table, once or for as long as it grows.
//!
//! Promises: nothing in the database is changed (the session is read-only); rows come a page at a time, so that memory does
//! not grow with the table; a row that is no event is counted and does not stop the others. Following, a row is read again
//! for as long as the overlap lasts.

use std::collections::{BTreeMap, BTreeSet};
use std::time::Duration;

use ledger::hash::Hash;
use tokio_postgres::types::{FromSql, Type};
use tokio_postgres::{Row as Record, Transaction};

use super::address::Address;
use super::intake::Intake;
use super::map::{Map, Overlap};
use super::mapped;
use super::row::{Kind, Row, value};
use super::select::{self, Column, Columns, Select, TableName, no_table};
use super::state::Mark;
use crate::failure::{Failure, Kind as FailureKind};

/// Rows of the first page.
const FIRST_PAGE: i32 = 100;
/// Rows of a page.
const PAGE_MAX: i32 = 2_000;
/// Bytes that a page should have.
const PAGE_BYTES: usize = 4 * 1024 * 1024;
/// Rows of the overlap that are remembered, so that they are not sent each round.
const REMEMBERED_MAX: usize = 200_000;
/// How often a connection that was lost is made again, with the pauses below: for half an hour.
const TRIES_MAX: usize = 120;
/// Longest pause between two of these.
const PAUSE_MAX: Duration = Duration::from_secs(15);

/// What is read.
#[derive(Debug)]
pub(crate) struct Table {
    pub(crate) address: Address,
    pub(crate) name: TableName,
    pub(crate) map: Map,
    pub(crate) overlap: Overlap,
    /// From this value of the cursor on, in the place of the beginning.
    pub(crate) since: Option<String>,
    /// How long to wait for more; none: read once.
    pub(crate) every: Option<Duration>,
}

/// What a reading remembers.
#[derive(Debug, Default)]
struct Reading {
    /// The last value of the cursor.
    cursor: Option<String>,
    rows: u64,
    /// Digests of the rows of the last round, and of this one.
    before: BTreeSet<[u8; 32]>,
    seen: BTreeSet<[u8; 32]>,
}

/// A column's text, or bytes that are none.
struct Text<'a>(Option<&'a str>);

impl<'a> FromSql<'a> for Text<'a> {
    fn from_sql(_: &Type, raw: &'a [u8]) -> Result<Self, Box<dyn std::error::Error + Sync + Send>> {
        Ok(Self(str::from_utf8(raw).ok()))
    }

    fn accepts(_: &Type) -> bool {
        true
    }
}

impl Table {
    /// Reads the table; following, until it is to end.
    pub(crate) fn read(&self, intake: &mut Intake<'_>) -> Result<(), Failure> {
        let runtime = tokio::runtime::Builder::new_current_thread()
            .enable_all()
            .build()
            .map_err(|error| Failure::unreachable(format!("starting the runtime: {error}")))?;
        let resumed = intake
            .state()
            .and_then(|state| state.cursor().map(str::to_owned));
        let is_resumed = resumed.is_some();
        let mut reading = Reading {
            cursor: resumed.or_else(|| self.since.clone()),
            ..Reading::default()
        };
        // Where somebody said to begin there is nothing before it to look at again.
        let mut overlap = if is_resumed {
            self.overlap
        } else {
            Overlap { ids: 0, seconds: 0 }
        };
        let (mut tries, mut is_caught_up) = (0, false);
        loop {
            let round = runtime.block_on(self.round(&mut reading, overlap, intake));
            match (round, self.every) {
                (Ok(()), _) if intake.stop().is_asked() => return Ok(()),
                (Ok(()), None) => return Ok(()),
                (Ok(()), Some(every)) => {
                    intake.catch_up()?;
                    if !std::mem::replace(&mut is_caught_up, true) {
                        let read = reading.rows;
                        intake.note(&format!("{read} rows read; following"));
                    }
                    tries = 0;
                    intake.stop().clone().pause(every);
                }
                // A database that restarts is waited for by who follows it.
                (Err(failure), Some(_))
                    if failure.kind == FailureKind::Unreachable
                        && is_caught_up
                        && failure.code.is_none()
                        && tries < TRIES_MAX =>
                {
                    if tries == 0 {
                        intake.note(&format!("{failure}; trying again"));
                    }
                    tries += 1;
                    let pause = Duration::from_millis(500).saturating_mul(1 << tries.min(5));
                    intake.stop().clone().pause(pause.min(PAUSE_MAX));
                }
                (Err(failure), _) => return Err(failure),
            }
            if intake.stop().is_asked() {
                return Ok(());
            }
            // Rows become visible when they are committed, and get their ids and times before: one that is behind the last
            // may come later. So each round looks back; what is known already is not stored twice, however often it comes.
            overlap = self.overlap;
        }
    }

    /// Reads everything from the cursor on.
    #[expect(
        clippy::future_not_send,
        reason = "it stays on the thread of its runtime"
    )]
    async fn round(
        &self,
        reading: &mut Reading,
        overlap: Overlap,
        intake: &mut Intake<'_>,
    ) -> Result<(), Failure> {
        let (mut client, connection) = self.address.connect().await?;
        let work = async {
            self.address.begin(&client).await?;
            let transaction = client
                .build_transaction()
                .read_only(true)
                .start()
                .await
                .map_err(|error| self.address.failed(&error))?;
            self.pages(&transaction, reading, overlap, intake).await
        };
        // The connection is driven beside the work, and has nothing to say of its own but that it broke.
        tokio::select! {
            biased;
            done = work => done,
            broken = connection => Err(match broken {
                Err(error) => self.address.failed(&error),
                Ok(()) => Failure::unreachable(format!("{} ended the connection", self.address.shown())),
            }),
        }
    }

    #[expect(
        clippy::future_not_send,
        reason = "it stays on the thread of its runtime"
    )]
    async fn pages(
        &self,
        transaction: &Transaction<'_>,
        reading: &mut Reading,
        overlap: Overlap,
        intake: &mut Intake<'_>,
    ) -> Result<(), Failure> {
        let failed = |error: tokio_postgres::Error| self.address.failed(&error);
        let select = self.select(transaction, reading.cursor.is_some()).await?;
        let total = self.estimate(transaction).await?;
        let statement = transaction.prepare(&select.text).await.map_err(failed)?;
        let portal = match (&reading.cursor, select.has_beginning) {
            (Some(cursor), true) => {
                transaction
                    .bind(&statement, &[cursor, &select.back(overlap)])
                    .await
            }
            _ => transaction.bind(&statement, &[]).await,
        };
        let portal = portal.map_err(failed)?;
        let mut page = FIRST_PAGE;
        while !intake.stop().is_asked() {
            let records = transaction
                .query_portal(&portal, page)
                .await
                .map_err(failed)?;
            if records.is_empty() {
                break;
            }
            let bytes: usize = records.iter().map(Record::raw_size_bytes).sum();
            for record in &records {
                self.record(&select, record, reading, intake)?;
                if let Some(cursor) = &reading.cursor {
                    intake.reached(|| Mark::Cursor(cursor.clone()))?;
                }
            }
            intake.tell(reading.rows, total.max(reading.rows));
            let each = (bytes / records.len()).max(1);
            page = i32::try_from(PAGE_BYTES / each)
                .unwrap_or(PAGE_MAX)
                .clamp(1, PAGE_MAX);
        }
        if let Some(cursor) = &reading.cursor {
            intake.passed(Mark::Cursor(cursor.clone()));
        }
        reading.before = std::mem::take(&mut reading.seen);
        Ok(())
    }

    /// Makes an event of one row.
    fn record(
        &self,
        select: &Select,
        record: &Record,
        reading: &mut Reading,
        intake: &mut Intake<'_>,
    ) -> Result<(), Failure> {
        reading.rows += 1;
        let text = |index: usize| {
            let read = record.try_get::<_, Option<Text<'_>>>(index);
            read.map_err(|error| self.address.failed(&error))
        };
        let columns = select.columns.len();
        if let Some(Text(Some(cursor))) = text(columns)? {
            reading.cursor = Some(cursor.to_owned());
        }
        let mut row = Row::default();
        let mut fault = None;
        for (index, column) in select.columns.iter().enumerate() {
            match text(index)? {
                None => {}
                Some(Text(Some(text))) => {
                    row.put(
                        column.name.as_str(),
                        value(column.kind, text, column.is_parsed),
                    );
                }
                Some(Text(None)) => fault = Some("not_utf8"),
            }
        }
        if let Some(Text(Some("true"))) = text(columns + 1)? {
            fault = Some("too_large");
        }
        let place = || {
            let key = self.map.key.iter().filter_map(|key| {
                super::recipe::text_of(row.column(key)?).map(std::borrow::Cow::into_owned)
            });
            format!(
                "{} {}",
                self.name.shown(),
                key.collect::<Vec<_>>().join(",")
            )
        };
        let event = fault.map_or_else(|| mapped::event(&self.map, &row), Err);
        if self.every.is_some() {
            let told = event
                .as_deref()
                .map_or_else(|_| row.to_text(), str::to_owned);
            let digest = Hash::of(told.as_bytes()).0;
            if reading.seen.len() < REMEMBERED_MAX {
                reading.seen.insert(digest);
            }
            if reading.before.contains(&digest) {
                return Ok(());
            }
        }
        match event {
            Ok(event) => intake.event(&event, &place()),
            Err(reason) => intake.unreadable(reason, &place(), row.to_text().as_bytes()),
        }
    }

    async fn select(
        &self,
        transaction: &Transaction<'_>,
        has_beginning: bool,
    ) -> Result<Select, Failure> {
        let own = self.columns(transaction, &self.name).await?;
        if own.is_empty() {
            return Err(Failure::usage(format!("{} has no table {}", self.address.shown(), self.name.shown()))
                .hint("a table of another schema is named with it (audit.record_version); capitals matter"));
        }
        let mut joined = BTreeMap::new();
        for (name, join) in &self.map.joins {
            let table = TableName::read(&join.table).ok_or_else(|| no_table(&join.table))?;
            let columns = self.columns(transaction, &table.beside(&self.name)).await?;
            if !columns.is_empty()
                && own.contains_key(&join.is)
                && columns.contains_key(&join.column)
            {
                joined.insert(name.clone(), columns);
            } else if !join.optional {
                return Err(Failure::usage(format!(
                    "the map's table {} is not there, or lacks a column",
                    join.table
                )));
            }
        }
        self.check_times(&own)?;
        if self.every.is_some() && self.map.cursor.is_none() {
            return Err(Failure::usage(
                "--follow takes a map with a cursor: a column that grows",
            ));
        }
        let select = Select::of(&self.map, &self.name, &own, &joined, has_beginning)?;
        if self.every.is_some() && select.steps.is_none() {
            return Err(Failure::usage(
                "--follow takes a cursor that is a number or a time: others do not grow",
            ));
        }
        Ok(select)
    }

    /// A time without a zone is no time.
    fn check_times(&self, own: &Columns) -> Result<(), Failure> {
        let mut unplaced = None;
        for (name, recipe) in self.map.recipes() {
            recipe.each_column(&mut |recipe, column| {
                let kind = own.get(column).map(|column| column.kind);
                if name == "timestamp" && kind == Some(Kind::LocalTime) && recipe.zone.is_none() {
                    unplaced.get_or_insert_with(|| column.to_owned());
                }
            });
        }
        match unplaced {
            Some(column) => Err(Failure::usage(format!(
                "the column {column} has no time zone: write {{ column = \"{column}\", zone = \"UTC\" }} in the map"
            ))),
            None => Ok(()),
        }
    }

    async fn columns(
        &self,
        transaction: &Transaction<'_>,
        table: &TableName,
    ) -> Result<Columns, Failure> {
        let told = transaction
            .query(select::DESCRIBE, &[&table.quoted()])
            .await;
        let told = told.map_err(|error| self.address.failed(&error))?;
        let columns = told.iter().map(|record| {
            let text = |index| record.try_get::<_, String>(index);
            let (name, type_name, category, filled) = (text(0)?, text(1)?, text(2)?, text(3)?);
            let column = Column {
                kind: select::kind(&type_name, &category),
                type_name,
                is_filled: filled == "true",
            };
            Ok((name, column))
        });
        columns
            .collect::<Result<_, tokio_postgres::Error>>()
            .map_err(|error| self.address.failed(&error))
    }

    async fn estimate(&self, transaction: &Transaction<'_>) -> Result<u64, Failure> {
        let told = transaction
            .query_one(select::ESTIMATE, &[&self.name.quoted()])
            .await;
        let rows = told.and_then(|record| record.try_get::<_, i64>(0));
        let rows = rows.map_err(|error| self.address.failed(&error))?;
        Ok(u64::try_from(rows).unwrap_or(0))
    }
}
