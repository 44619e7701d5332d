//! From a delivery to stored events: reading, noise, preparing, appending.

use std::collections::BTreeMap;
use std::sync::Arc;

use api::code;
use connectors::noise::{Counts, Decision, Rules};
use connectors::{Delivery, Item, Unreadable};
use ledger::json::Value;
use ledger::limits::BATCH_EVENTS_MAX;
use ledger::prepare::{Door, Prepared, prepare_cut};
use ledger::vocabulary::Mode;
use store::{Batch, LogRef, Outcome};

use super::deliver::{Found, Taken, pairs};
use crate::auth::Destination;
use crate::http::HttpError;
use crate::own::{Actor, OwnEvent, number};
use crate::server::Server;
use crate::sources::left_out::Key;
use crate::sources::rules;

/// Most refused items that an answer names.
const REFUSED_SHOWN_MAX: usize = 100;
/// The rule under which a delivery that can't be read at all is counted.
const UNREADABLE: &str = "unreadable";

/// The rule under which events of known ids with other content are counted: the first ones stay.
const CONFLICT: &str = "conflict";

/// What a delivery comes to before it is stored.
#[derive(Debug, Default)]
struct Sorted {
    events: Vec<Prepared>,
    left_out: Counts,
    answer: api::Delivered,
}

/// Stores what a delivery says. What can't be read is counted like what is left out: the vendor won't say it again.
pub(crate) async fn store_delivery(
    server: &Arc<Server>,
    found: Found,
    taken: Taken,
) -> Result<api::Delivered, HttpError> {
    let now = server.clock.monotonic();
    let tenant = found.tenant.record.id;
    server.quota.check(tenant, now)?;
    let found = Arc::new(found);
    let read = read(server, &found, taken).await?;
    let key = (tenant, found.source.id.clone());
    let mut sorted = match read {
        Ok(sorted) => sorted,
        Err(error) => {
            let pair = (UNREADABLE.to_owned(), found.source.vendor.clone());
            let counts = Counts::from([(pair, 1)]);
            announce(server, &found, &key, &counts).await?;
            let now = server.clock.wall();
            server.sources.left_out.add(&key, now, &counts);
            return Err(unreadable(&error));
        }
    };
    let events = std::mem::take(&mut sorted.events);
    server
        .quota
        .spend(tenant, events.len(), server.clock.monotonic())?;
    let count = events.len();
    if let Err(error) = append(server, &found, events, &mut sorted.answer).await {
        // It will be sent again, and is not charged twice.
        let now = server.clock.monotonic();
        server.quota.give_back(tenant, count, now);
        return Err(error);
    }
    if sorted.answer.conflicts > 0 {
        let pair = (CONFLICT.to_owned(), "none".to_owned());
        sorted.left_out.insert(pair, sorted.answer.conflicts);
    }
    // After what could fail: what is sent again is not counted twice. Before the answer: nobody is told that all is well
    // while nothing says what was left out.
    announce(server, &found, &key, &sorted.left_out).await?;
    let now = server.clock.wall();
    server.sources.left_out.add(&key, now, &sorted.left_out);
    Ok(sorted.answer)
}

/// Reads and prepares on a thread for it, at most one for each core.
async fn read(
    server: &Arc<Server>,
    found: &Arc<Found>,
    taken: Taken,
) -> Result<Result<Sorted, Unreadable>, HttpError> {
    let permit = Arc::clone(&server.cores).acquire_owned().await;
    let permit = permit.map_err(|error| HttpError::internal(error.to_string()))?;
    let (server, found) = (Arc::clone(server), Arc::clone(found));
    let work = move || {
        let sorted = sort(&server, &found, &taken);
        drop(permit);
        sorted
    };
    tokio::task::spawn_blocking(work)
        .await
        .map_err(|error| HttpError::internal(format!("reading a delivery: {error}")))
}

fn sort(server: &Server, found: &Found, taken: &Taken) -> Result<Sorted, Unreadable> {
    let headers = pairs(&taken.headers);
    let delivery = Delivery {
        headers: &headers,
        body: &taken.body.bytes,
    };
    let reading = found.vendor.read(&delivery)?;
    let rules = rules::of(&found.source);
    let record = &found.tenant.record;
    let door = Door {
        keys: &found.tenant.keys,
        key: &found.source.id,
        source: &found.source.name,
        // A vendor can't put a name right: strict tenants are so for those who can.
        mode: Mode::Open,
        exceptions: &record.mask_exceptions,
        additions: &record.settings.vocabulary,
        idempotency: None,
    };
    let mut sorted = Sorted::default();
    for (index, item) in reading.items.into_iter().enumerate() {
        sorted.take(index, item, &rules, &door, server);
    }
    Ok(sorted)
}

impl Sorted {
    fn take(&mut self, index: usize, item: Item, rules: &Rules, door: &Door<'_>, server: &Server) {
        let event = match item {
            Item::Event(event) => event,
            Item::Passed { rule } => return self.leave_out(rule, "none"),
            Item::Refused(refusal) => {
                return self.refuse(refusal.index, refusal.rule, refusal.expected);
            }
        };
        if let Decision::LeaveOut { rule } = rules.decide(&event) {
            return self.leave_out(rule, &event.operation);
        }
        match prepare_cut(event.to_value(), door, &*server.rng) {
            Ok(prepared) => self.events.push(prepared),
            Err(rejection) => {
                let code = rejection.reason.code();
                self.refuse(index, code, rejection.expected.into_owned());
            }
        }
    }

    fn leave_out(&mut self, rule: &str, operation: &str) {
        let pair = (rule.to_owned(), operation.to_owned());
        *self.left_out.entry(pair).or_default() += 1;
        *self.answer.left_out.entry(rule.to_owned()).or_default() += 1;
    }

    fn refuse(&mut self, index: usize, rule: &str, detail: String) {
        let pair = (format!("refused.{rule}"), "none".to_owned());
        *self.left_out.entry(pair).or_default() += 1;
        self.answer.refused_count += 1;
        if self.answer.refused.len() < REFUSED_SHOWN_MAX {
            self.answer.refused.push(api::RefusedItem {
                index: index as u64,
                rule: rule.to_owned(),
                detail,
            });
        }
    }
}

/// Before the first thing of an hour is left out, a durable record says that something is: should the counts be lost with
/// the process, it is known that there were some. Two deliveries at once may both say so.
async fn announce(
    server: &Server,
    found: &Found,
    key: &Key,
    counts: &Counts,
) -> Result<(), HttpError> {
    if !counts.is_empty() && !server.sources.left_out.is_announced(key) {
        let mut by_rule: BTreeMap<&str, u64> = BTreeMap::new();
        for ((rule, _), count) in counts {
            *by_rule.entry(rule).or_default() += count;
        }
        let rules = by_rule
            .into_iter()
            .map(|(rule, count)| (rule.to_owned().into(), number(count)));
        let actor = Actor::System("veritrail");
        let mut event = OwnEvent::new("veritrail.source.exclusions_started", actor, "source");
        event.resource_id = Some(&found.source.id);
        event.resource_name = Some(&found.source.name);
        event.metadata = vec![("first", Value::Object(rules.collect()))];
        let to = Destination {
            log: LogRef::main(&found.tenant),
            tenant: Arc::clone(&found.tenant),
        };
        server.record(&to, &event).await?;
    }
    Ok(())
}

/// Appends in batches that the store takes. A delivery that stops half way is sent again, and what is there is repeated.
async fn append(
    server: &Server,
    found: &Found,
    mut events: Vec<Prepared>,
    answer: &mut api::Delivered,
) -> Result<(), HttpError> {
    let log = LogRef::main(&found.tenant);
    while !events.is_empty() {
        let rest = events.split_off(events.len().min(BATCH_EVENTS_MAX));
        let batch = Batch { log, events };
        for outcome in server.store.append(batch).await? {
            match outcome {
                Outcome::Stored(_) => answer.stored += 1,
                Outcome::Repeated(_) => answer.repeated += 1,
                // The id is a digest of all that was said: what differs is how we read it, then and now.
                _ if found.vendor.ids_commit_to_bodies() => answer.repeated += 1,
                _ => answer.conflicts += 1,
            }
        }
        events = rest;
    }
    server.metrics.received("stored", answer.stored);
    server.metrics.received("repeated", answer.repeated);
    server.metrics.received("conflict", answer.conflicts);
    server.metrics.received("refused", answer.refused_count);
    Ok(())
}

fn unreadable(error: &Unreadable) -> HttpError {
    match error {
        Unreadable::Json(error) => HttpError::of_rejection(error.clone().into()),
        other => HttpError::new(code::BAD_BODY, other.to_string()),
    }
}
