//! How the cases ask: questions in one line, and answers as ids and pairs.

use std::sync::Arc;

use ledger::entry::Entry;
use ledger::prepare::Prepared;
use ledger::time::Micros;
use query::{Field, Filter, Side, Test, Viewer, words};

use super::Searchable;
use crate::conformance::fixture::{prepared, size, store_all, tenant};
use crate::conformance::{Broken, Verdict, ensure};
use crate::index::{
    Counting, HITS_MAX, Hit, Interval, Order, Page, Place, Search, Statistics, ValueCount,
};
use crate::record::LogRef;
use crate::registry::Tenant;

/// An afternoon in March 2026: when the events of the cases begin.
pub(super) const START: i64 = 1_773_325_927_123_000;
pub(super) const SECOND: i64 = 1_000_000;
/// Most pages of one search.
const PAGES_MAX: usize = 20_000;

/// A time so many microseconds after the start.
pub(super) fn at(micros: i64) -> Micros {
    Micros::from_micros(START + micros)
}

/// An event as a producer sends it: the usual deployment, with more members behind it.
pub(super) fn deployment(
    tenant: &Tenant,
    id: &str,
    time: Micros,
    more: &str,
) -> Result<Prepared, Broken> {
    let text = format!(
        r#"{{"id":"{id}","timestamp":"{time}","operation":"deployment.created","actor":{{"id":"42"}},"resource":{{"type":"deployment","id":"dpl_{id}"}}{more}}}"#
    );
    prepared(tenant, "api", &text, id)
}

/// Any event.
pub(super) fn event(tenant: &Tenant, text: &str) -> Result<Prepared, Broken> {
    prepared(tenant, "api", text, text)
}

/// A tenant with its main log.
pub(super) async fn house(
    store: &dyn Searchable,
    name: &str,
) -> Result<(Arc<Tenant>, LogRef), Broken> {
    let tenant = tenant(store, name).await?;
    let log = LogRef::main(&tenant);
    Ok((tenant, log))
}

/// Appends, wants every event stored.
pub(super) async fn store_events(
    store: &dyn Searchable,
    log: LogRef,
    events: Vec<Prepared>,
) -> Verdict {
    store_all(store, log, events).await.map(drop)
}

/// The value of a field is this text.
pub(super) fn is(field: Field, text: &str) -> Filter {
    Filter::leaf(field, Test::Is(text.to_owned()))
}

/// The value of a field begins with this text.
pub(super) fn starts(field: Field, text: &str) -> Filter {
    Filter::leaf(field, Test::StartsWith(text.to_owned()))
}

/// There is a value.
pub(super) fn has(field: Field) -> Filter {
    Filter::leaf(field, Test::Exists)
}

/// These words stand side by side in a text of the event.
pub(super) fn says(text: &str) -> Filter {
    words_of(Field::Text, text, false)
}

/// These words stand side by side in a field.
pub(super) fn words_of(field: Field, text: &str, prefix: bool) -> Filter {
    let words = words::words(text)
        .map(std::borrow::Cow::into_owned)
        .collect();
    Filter::leaf(field, Test::Words { words, prefix })
}

/// A change of a field.
pub(super) fn change(name: &str, side: Side) -> Field {
    Field::Change {
        name: name.to_owned(),
        side,
    }
}

/// One log, and who asks.
#[derive(Clone, Copy)]
pub(super) struct Asker<'a> {
    pub(super) store: &'a dyn Searchable,
    pub(super) log: LogRef,
    pub(super) viewer: Viewer,
}

impl<'a> Asker<'a> {
    /// Somebody who sees everything of a log.
    pub(super) fn of(store: &'a dyn Searchable, log: LogRef) -> Self {
        Self {
            store,
            log,
            viewer: Viewer::Whole,
        }
    }

    /// Somebody else, who sees no persons.
    pub(super) fn without_persons(self) -> Self {
        Self {
            viewer: Viewer::WithoutPersons,
            ..self
        }
    }

    /// A search of everything that is there now.
    pub(super) async fn search(&self, filter: &Filter, order: Order) -> Result<Search, Broken> {
        Ok(Search {
            filter: filter.clone(),
            viewer: self.viewer,
            order,
            after: None,
            size: size(self.store, self.log).await?,
            limit: HITS_MAX,
        })
    }

    /// One page.
    pub(super) async fn page(&self, search: &Search) -> Result<Page, Broken> {
        let page = self.store.search(self.log, search).await?;
        let limit = search.limit.min(HITS_MAX);
        ensure!(
            page.hits.len() <= limit,
            "a page of at most {limit} has {} hits",
            page.hits.len()
        );
        let places = search
            .after
            .into_iter()
            .chain(page.hits.iter().map(|hit| hit.place));
        let places: Vec<Place> = places
            .chain(page.next.filter(|next| {
                // The next page begins behind the last hit, or farther on.
                page.hits.last().is_none_or(|last| last.place != *next)
            }))
            .collect();
        ensure!(
            places.windows(2).all(
                |pair| matches!(pair, [before, after] if search.order.is_after(*after, *before))
            ),
            "a page goes on behind {:?} with {:?} and {:?}",
            search.after,
            page.hits.iter().map(|hit| hit.place).collect::<Vec<_>>(),
            page.next
        );
        Ok(page)
    }

    /// Every page, one after the other.
    pub(super) async fn pages(&self, mut search: Search) -> Result<Vec<Hit>, Broken> {
        let mut hits = Vec::new();
        for _ in 0..PAGES_MAX {
            let page = self.page(&search).await?;
            hits.extend(page.hits);
            if page.next.is_none() {
                return Ok(hits);
            }
            search.after = page.next;
        }
        Err(Broken::new("a search never ends"))
    }

    /// The ids of everything that is found, in order.
    pub(super) async fn found_in(
        &self,
        filter: &Filter,
        order: Order,
    ) -> Result<Vec<String>, Broken> {
        let search = self.search(filter, order).await?;
        ids(&self.pages(search).await?)
    }

    /// The ids of everything that is found, newest first.
    pub(super) async fn found(&self, filter: &Filter) -> Result<Vec<String>, Broken> {
        self.found_in(filter, Order::Newest).await
    }

    /// Wants these ids, newest first, and their number in the statistics.
    pub(super) async fn finds(&self, filter: &Filter, expect: &[&str]) -> Verdict {
        let found = self.found(filter).await?;
        ensure!(
            found == expect,
            "{filter:?} of {:?} finds {found:?}, not {expect:?}",
            self.viewer
        );
        let total = self.count(filter, None, &[]).await?.total;
        ensure!(
            total == expect.len() as u64,
            "{filter:?} of {:?} counts {total}, and finds {}",
            self.viewer,
            expect.len()
        );
        Ok(())
    }

    /// Counts of everything that is there now.
    pub(super) async fn count(
        &self,
        filter: &Filter,
        histogram: Option<Interval>,
        top: &[Field],
    ) -> Result<Statistics, Broken> {
        let counting = Counting {
            filter: filter.clone(),
            viewer: self.viewer,
            size: size(self.store, self.log).await?,
            histogram,
            top: top.to_vec(),
            limit: 100,
        };
        Ok(self.store.statistics(self.log, &counting).await?)
    }

    /// The most frequent values of a field.
    pub(super) async fn top(&self, field: &Field) -> Result<Vec<(String, u64)>, Broken> {
        let fields = std::slice::from_ref(field);
        let top = self.count(&Filter::All, None, fields).await?.top;
        ensure!(
            top.len() == 1,
            "of one field {} lists are counted",
            top.len()
        );
        Ok(top.into_iter().flatten().map(pair).collect())
    }

    /// Values of a field that begin with a text.
    pub(super) async fn values(
        &self,
        field: &Field,
        prefix: &str,
    ) -> Result<Vec<(String, u64)>, Broken> {
        let values = self
            .store
            .values(self.log, field, prefix, self.viewer, 100)
            .await?;
        Ok(values.into_iter().map(pair).collect())
    }

    /// Wants these values, both in the list and counted.
    pub(super) async fn lists(&self, field: &Field, expect: &[(&str, u64)]) -> Verdict {
        let (listed, counted) = (self.values(field, "").await?, self.top(field).await?);
        ensure!(
            same(&listed, expect) && same(&counted, expect),
            "values of {field:?} for {:?} are {listed:?} and counted as {counted:?}, not {expect:?}",
            self.viewer
        );
        Ok(())
    }
}

/// Whether values and counts are these.
pub(super) fn same(found: &[(String, u64)], expect: &[(&str, u64)]) -> bool {
    found.len() == expect.len()
        && found
            .iter()
            .zip(expect)
            .all(|((value, count), (text, number))| value == text && count == number)
}

fn pair(value: ValueCount) -> (String, u64) {
    (value.value, value.count)
}

/// The ids of hits, each of which says the place and log of its own record.
pub(super) fn ids(hits: &[Hit]) -> Result<Vec<String>, Broken> {
    let mut ids = Vec::with_capacity(hits.len());
    for hit in hits {
        let entry = Entry::parse(&hit.record.entry)
            .map_err(|error| Broken::new(format!("the hit at {}: {error}", hit.place.seq)))?;
        let place = Place {
            time: entry.occurred_at.unwrap_or(entry.place.recorded_at),
            seq: entry.place.seq,
        };
        ensure!(
            hit.place == place && hit.record.seq == place.seq,
            "the hit at {:?} is the event at {place:?}",
            hit.place
        );
        ids.push(entry.id.to_owned());
    }
    Ok(ids)
}
