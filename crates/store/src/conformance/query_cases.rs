//! The shared query cases: events, queries and the ids they find, read from files that no store knows. The same data and
//! the same query give the same answer everywhere.
//!
//! A file of `tests/query` is one JSON object: its `name`, the time `now` at which every query is asked and every event
//! recorded, `events` as producers send them, each with an id, and `cases`. A case has a `name`, a `query`, and the ids
//! it must find (`expect`) in their order; `viewer` is `whole` (the default) or `without_persons`, `order` is `newest`
//! (the default) or `oldest`. Addresses are where [`super::places::ExamplePlaces`] says; `known` lists the countries that
//! the asking tenant knows.
//!
//! Promises: every case is held against the evaluator and against the store; a file that says something twice, or names
//! an event that it does not have, is refused. What is expected was written from the language's definition, and must
//! never be copied from what some code answered.

use std::collections::BTreeSet;
use std::fs;
use std::ops::Range;
use std::path::Path;
use std::sync::Arc;

use ledger::entry::Entry;
use ledger::json::{self, Value};
use ledger::time::Micros;
use query::evaluate::matches;
use query::{Document, Filter, Places, Viewer};

use super::fixture::{all_records, prepared, size, store_all, tenant};
use super::index::Searchable;
use super::{Broken, Verdict, ensure};
use crate::index::{Counting, HITS_MAX, Order, Place, Search};
use crate::record::{LogRef, Record};
use crate::registry::Tenant;

/// Most pages of one case.
const PAGES_MAX: usize = 1_000;
/// Hits of one page when a case is asked in pages.
const SHORT_PAGE: usize = 2;

/// A data set and what is asked of it.
#[derive(Clone, Debug)]
pub struct CaseFile {
    name: String,
    now: Micros,
    /// Ids and texts.
    events: Vec<(String, String)>,
    cases: Vec<QueryCase>,
}

/// A query and what it finds.
#[derive(Clone, Debug)]
struct QueryCase {
    name: String,
    query: String,
    filter: Filter,
    viewer: Viewer,
    order: Order,
    expect: Vec<String>,
}

/// Reads every case file of a directory, by name.
pub fn read_all(directory: &Path) -> Result<Vec<CaseFile>, Broken> {
    let unreadable = |error: std::io::Error| Broken::new(format!("the query cases: {error}"));
    let mut paths = Vec::new();
    for entry in fs::read_dir(directory).map_err(unreadable)? {
        let path = entry.map_err(unreadable)?.path();
        if path
            .extension()
            .is_some_and(|extension| extension == "json")
        {
            paths.push(path);
        }
    }
    paths.sort();
    let mut files = Vec::new();
    for path in paths {
        let text = fs::read_to_string(&path).map_err(unreadable)?;
        let file = CaseFile::parse(&text)
            .map_err(|broken| Broken::new(format!("{}: {broken}", path.display())))?;
        files.push(file);
    }
    Ok(files)
}

impl CaseFile {
    /// Reads one file.
    pub fn parse(text: &str) -> Result<Self, Broken> {
        let value = json::parse(text.as_bytes()).map_err(|error| Broken::new(error.to_string()))?;
        let now = Micros::parse(&text_of(&value, "now")?)
            .map_err(|error| Broken::new(format!("now: {error}")))?;
        let mut events = Vec::new();
        for event in items_of(&value, "events")? {
            events.push((text_of(event, "id")?, event.to_compact()));
        }
        let known: BTreeSet<&str> = events.iter().map(|(id, _)| id.as_str()).collect();
        ensure!(known.len() == events.len(), "an id stands twice");
        let mut cases: Vec<QueryCase> = Vec::new();
        for case in items_of(&value, "cases")? {
            let case = QueryCase::read(case, now)?;
            ensure!(
                case.expect.iter().all(|id| known.contains(id.as_str())),
                "case {:?} expects an event that is not there",
                case.name
            );
            ensure!(
                cases.iter().all(|other| other.name != case.name),
                "two cases are called {:?}",
                case.name
            );
            cases.push(case);
        }
        Ok(Self {
            name: text_of(&value, "name")?,
            now,
            events,
            cases,
        })
    }

    /// Its name; also that of the tenant that has its events.
    pub fn name(&self) -> &str {
        &self.name
    }

    /// The time at which the store's clock must stand.
    pub fn now(&self) -> Micros {
        self.now
    }

    /// Events.
    pub fn events(&self) -> usize {
        self.events.len()
    }

    /// Cases.
    pub fn cases(&self) -> usize {
        self.cases.len()
    }

    /// Writes some of the events, making their tenant first unless it is there.
    pub async fn write(&self, store: &dyn Searchable, range: Range<usize>) -> Verdict {
        let tenant = match self.tenant(store).await? {
            Some(tenant) => tenant,
            None => tenant(store, &self.name).await?,
        };
        let mut events = Vec::new();
        for (id, text) in self.events.get(range).unwrap_or_default() {
            let event = prepared(&tenant, "api", text, id);
            events.push(event.map_err(|broken| Broken::new(format!("event {id}: {broken}")))?);
        }
        store_all(store, LogRef::main(&tenant), events)
            .await
            .map(drop)
    }

    async fn tenant(&self, store: &dyn Searchable) -> Result<Option<Arc<Tenant>>, Broken> {
        Ok(store.tenant_named(&self.name).await?)
    }

    /// Holds every case against the evaluator and the store, which has all of the events.
    pub async fn check(&self, store: &dyn Searchable) -> Verdict {
        let tenant = self.tenant(store).await?;
        let tenant = tenant.ok_or_else(|| Broken::new("the events were never written"))?;
        let log = LogRef::main(&tenant);
        let records = all_records(store, log).await?;
        ensure!(
            records.len() == self.events.len() + 1,
            "{} has {} events and {} records",
            self.name,
            self.events.len(),
            records.len()
        );
        let mut wrong = Vec::new();
        for case in &self.cases {
            let judged = case.judged(&records, self.now, &**store.places())?;
            let answers = [
                ("the evaluator", judged),
                ("the store", case.asked(store, log, HITS_MAX).await?),
                (
                    "the store in pages",
                    case.asked(store, log, SHORT_PAGE).await?,
                ),
            ];
            for (who, found) in answers {
                if found != case.expect {
                    wrong.push(format!(
                        "{}: {} `{}`: {who} finds {found:?}, expected are {:?}",
                        self.name, case.name, case.query, case.expect
                    ));
                }
            }
            let total = case.counted(store, log).await?;
            if total != case.expect.len() as u64 {
                wrong.push(format!(
                    "{}: {} `{}`: the store counts {total}, expected are {}",
                    self.name,
                    case.name,
                    case.query,
                    case.expect.len()
                ));
            }
        }
        ensure!(wrong.is_empty(), "{}", wrong.join("\n"));
        Ok(())
    }
}

impl QueryCase {
    fn read(value: &Value<'_>, now: Micros) -> Result<Self, Broken> {
        let (name, query) = (text_of(value, "name")?, text_of(value, "query")?);
        let mut known = Vec::new();
        for code in value
            .member("known")
            .and_then(Value::as_array)
            .unwrap_or_default()
        {
            known.push(code.as_str().unwrap_or_default().to_owned());
        }
        let filter = query::parse_knowing(&query, now, &known)
            .map_err(|error| Broken::new(format!("case {name:?} `{query}`: {error}")))?;
        let choice = |member: &str| {
            value
                .member(member)
                .map(|value| value.as_str().unwrap_or_default())
        };
        let viewer = match choice("viewer") {
            None | Some("whole") => Viewer::Whole,
            Some("without_persons") => Viewer::WithoutPersons,
            Some(_) => return Err(Broken::new(format!("case {name:?} has no such viewer"))),
        };
        let order = match choice("order") {
            None | Some("newest") => Order::Newest,
            Some("oldest") => Order::Oldest,
            Some(_) => return Err(Broken::new(format!("case {name:?} has no such order"))),
        };
        let expect = items_of(value, "expect")?
            .iter()
            .map(|id| id.as_str().unwrap_or_default().to_owned())
            .collect();
        Ok(Self {
            name,
            query,
            filter,
            viewer,
            order,
            expect,
        })
    }

    /// What the evaluator accepts, in order.
    fn judged(
        &self,
        records: &[Record],
        now: Micros,
        places: &dyn Places,
    ) -> Result<Vec<String>, Broken> {
        let mut found = Vec::new();
        // Entry 0 is no event.
        for record in records.iter().skip(1) {
            let unreadable = |error: &dyn std::error::Error| {
                Broken::new(format!("record {}: {error}", record.seq))
            };
            let (person, details) = (record.person.as_deref(), record.details.as_deref());
            let document = Document::read(&record.entry, person, details, places)
                .map_err(|error| unreadable(&error))?;
            ensure!(
                document.recorded_at == now,
                "the store's clock stands at {}, and must at {now}",
                document.recorded_at
            );
            if matches(&self.filter, &document, self.viewer) {
                let place = Place {
                    time: document.time,
                    seq: document.seq,
                };
                let entry = Entry::parse(&record.entry).map_err(|error| unreadable(&error))?;
                found.push((place, entry.id.to_owned()));
            }
        }
        found.sort();
        if self.order == Order::Newest {
            found.reverse();
        }
        Ok(found.into_iter().map(|(_, id)| id).collect())
    }

    /// What the store finds, in order, in pages of a size.
    async fn asked(
        &self,
        store: &dyn Searchable,
        log: LogRef,
        limit: usize,
    ) -> Result<Vec<String>, Broken> {
        let mut search = Search {
            filter: self.filter.clone(),
            viewer: self.viewer,
            order: self.order,
            after: None,
            size: size(store, log).await?,
            limit,
        };
        let mut found = Vec::new();
        for _ in 0..PAGES_MAX {
            let page = store.search(log, &search).await?;
            for hit in &page.hits {
                let entry = Entry::parse(&hit.record.entry)
                    .map_err(|error| Broken::new(error.to_string()))?;
                found.push(entry.id.to_owned());
            }
            search.after = page.next;
            if search.after.is_none() {
                return Ok(found);
            }
        }
        Err(Broken::new(format!("case {:?} never ends", self.name)))
    }

    /// How many events the store counts.
    async fn counted(&self, store: &dyn Searchable, log: LogRef) -> Result<u64, Broken> {
        let counting = Counting {
            filter: self.filter.clone(),
            viewer: self.viewer,
            size: size(store, log).await?,
            histogram: None,
            top: Vec::new(),
            limit: 0,
        };
        Ok(store.statistics(log, &counting).await?.total)
    }
}

fn text_of(value: &Value<'_>, member: &str) -> Result<String, Broken> {
    let text = value.member(member).and_then(Value::as_str);
    let text = text.ok_or_else(|| Broken::new(format!("{member} must be a text")))?;
    Ok(text.to_owned())
}

fn items_of<'v, 'a>(value: &'v Value<'a>, member: &str) -> Result<&'v [Value<'a>], Broken> {
    let items = value.member(member).and_then(Value::as_array);
    items.ok_or_else(|| Broken::new(format!("{member} must be a list")))
}
