//! What stands beside an event: the same actor around it, the same resource, what belongs together with it.
//!
//! Promises: each list is a search that can be opened as one; a search that is refused leaves a sentence in its place and
//! the page whole; a cause that is linked is there. An id that could not be kept counts as it was sent, too: others name it
//! so.

use ledger::time::Micros;

use super::super::ask::segment;
use super::super::telling::Told;
use super::super::term::quoted;
use super::super::visit::Visit;
use super::super::withheld::is_withheld;
use super::link;
use crate::auth::Act;

/// How far around the event the actor's other acts are looked for, in microseconds.
const AROUND_MICROS: i64 = 15 * 60 * 1_000_000;
/// Events of a list.
const EVENTS: &str = "25";
/// Events of a resource before and after this one.
const NEIGHBOURS: &str = "5";

/// The lists.
#[derive(Clone, Debug)]
pub(super) struct Beside {
    pub(super) lists: Vec<List>,
    /// What this event names as its cause, where that is an id.
    pub(super) cause: Option<Cause>,
}

/// The event that another one names as its cause.
#[derive(Clone, Debug)]
pub(super) struct Cause {
    /// Its id here; empty where it was not found.
    id: String,
    /// Its page, or else the search for what names it, too.
    pub(super) href: String,
}

impl Cause {
    pub(super) fn is_there(&self) -> bool {
        !self.id.is_empty()
    }
}

/// One list.
#[derive(Clone, Debug)]
pub(super) struct List {
    pub(super) id: &'static str,
    pub(super) title: &'static str,
    pub(super) events: Vec<Told>,
    /// The same as a search; empty for none.
    pub(super) href: String,
    /// Another page of the same; empty for none.
    pub(super) page_href: String,
    pub(super) page_label: &'static str,
    /// Why there is none, or nothing in it.
    pub(super) note: String,
}

/// A list to be asked for.
struct Wanted<'a> {
    id: &'static str,
    title: &'static str,
    query: String,
    /// Order and number, of one search or of two that belong together.
    searches: &'a [(&'static str, &'static str, String)],
    nothing: &'static str,
}

impl Beside {
    /// Asks for what stands beside an event.
    pub(super) async fn ask(visit: &Visit, event: &api::Event, told: &Told) -> Self {
        let related = async {
            let cause = cause(visit, event).await;
            let together = together(visit, event, cause.as_ref()).await;
            (cause, together)
        };
        let (actor, resource, (cause, together)) = tokio::join!(
            actor(visit, event, told),
            resource(visit, event, told),
            related,
        );
        let lists = vec![actor, resource, together];
        Self { lists, cause }
    }
}

async fn actor(visit: &Visit, event: &api::Event, told: &Told) -> List {
    let (id, title) = ("same-actor", "The same actor, 15 minutes before and after");
    if !visit.may(Act::ReadPersons) {
        return none(
            id,
            title,
            "This account sees no persons, so what one of them did is not put together here.",
        );
    }
    let of = ["id", "email", "name"].into_iter().find_map(|name| {
        let text = text(event, "actor", name)?;
        Some(link::condition(&format!("actor.{name}"), text))
    });
    let Some(of) = of else {
        return none(id, title, "The event does not say who acted.");
    };
    let (from, to) = (
        told.when.at.plus(-AROUND_MICROS),
        told.when.at.plus(AROUND_MICROS),
    );
    let query = format!("{of} during:{}..{}", second(from), second(to));
    let searches = [("oldest", EVENTS, query.clone())];
    let nothing = "Nothing else in this half hour.";
    let wanted = Wanted {
        id,
        title,
        query,
        searches: &searches,
        nothing,
    };
    let mut list = ask(visit, event, wanted).await;
    list.page_href.clone_from(&told.actor_href);
    list.page_label = "Everything of this actor";
    list
}

async fn resource(visit: &Visit, event: &api::Event, told: &Told) -> List {
    let (id, title) = ("same-resource", "The same resource, before and after");
    let kind = text(event, "resource", "type").unwrap_or_default();
    let of = text(event, "resource", "id").map(|id| ("resource.id", id));
    let Some(of) =
        of.or_else(|| text(event, "resource", "name").map(|name| ("resource.name", name)))
    else {
        return none(id, title, "The event does not say which one it was.");
    };
    if is_withheld(of.1) {
        let why = "Which one it was is withheld from this account, so its events are not put together here.";
        return none(id, title, why);
    }
    let query = link::query(&[("resource.type", kind), of]);
    let at = told.when.at;
    let searches = [
        ("newest", NEIGHBOURS, format!("{query} timestamp:<={at}")),
        ("oldest", NEIGHBOURS, format!("{query} timestamp:>{at}")),
    ];
    let nothing = "This is the only event of it.";
    let wanted = Wanted {
        id,
        title,
        query,
        searches: &searches,
        nothing,
    };
    let mut list = ask(visit, event, wanted).await;
    list.page_href.clone_from(&told.resource_href);
    list.page_label = "Its whole history";
    list
}

/// Looks for the event that this one names as its cause: by its id, else by what its producer called it.
async fn cause(visit: &Visit, event: &api::Event) -> Option<Cause> {
    let named = event.said.get("causation_id")?.as_str()?;
    // What is withheld, masked or too long names nothing that could be found.
    let others = link::of(visit, &["causation_id"], named);
    if others.is_empty() {
        return None;
    }
    let query = link::condition("id", named);
    let mut id = find(visit, &query, |found| found.id == named).await;
    if id.is_none() {
        // No field holds what was sent instead of an id; its words are found.
        let others = link::condition("causation_id", named);
        let query = format!("{} -{others}", quoted(named));
        id = find(visit, &query, |found| original(found) == Some(named)).await;
    }
    Some(match id {
        Some(id) => Cause {
            href: visit.path(&format!("/events/{}", segment(&id))),
            id,
        },
        None => Cause {
            id: String::new(),
            href: others,
        },
    })
}

/// The id of the first event of a search that is meant. A search that is refused finds nothing.
async fn find(
    visit: &Visit,
    query: &str,
    is_meant: impl Fn(&api::Event) -> bool,
) -> Option<String> {
    let asked = [("q", query), ("order", "oldest"), ("limit", EVENTS)];
    let page = visit.ask().get::<api::Events>("/v1/events", &asked).await;
    let events = page.ok()?.events.into_iter();
    let mut meant = events.filter(|found| is_meant(found));
    meant.next().map(|found| found.id)
}

/// What was sent as the id of an event, where that could not be kept.
fn original(event: &api::Event) -> Option<&str> {
    event.said.get("original_id")?.as_str()
}

async fn together(visit: &Visit, event: &api::Event, cause: Option<&Cause>) -> List {
    let (id, title) = ("together", "What belongs together with it");
    let names = ["correlation_id", "request_id", "trace_id"];
    let said = |name: &str| {
        let text = event.said.get(name)?.as_str()?;
        let known = !is_withheld(text) && link::is_understood(&link::condition(name, text));
        known.then_some(text)
    };
    let mut conditions: Vec<String> = names
        .iter()
        .filter_map(|name| Some(link::condition(name, said(name)?)))
        .collect();
    let named = !conditions.is_empty();
    let ids = [Some(event.id.as_str()), original(event)];
    let ids = ids.into_iter().flatten();
    let named_so = ids.map(|id| link::condition("causation_id", id));
    conditions.extend(named_so.filter(|condition| link::is_understood(condition)));
    let cause = cause.filter(|cause| cause.is_there());
    conditions.extend(cause.map(|cause| link::condition("id", &cause.id)));
    let query = conditions.join(" OR ");
    let searches = [("oldest", EVENTS, query.clone())];
    let nothing = if named {
        "No other event names the same correlation, request or trace, or this event as its cause."
    } else {
        "It names no correlation, request or trace, and no event names it as its cause."
    };
    ask(
        visit,
        event,
        Wanted {
            id,
            title,
            query,
            searches: &searches,
            nothing,
        },
    )
    .await
}

async fn ask(visit: &Visit, event: &api::Event, wanted: Wanted<'_>) -> List {
    let mut list = none(wanted.id, wanted.title, "");
    if link::is_understood(&wanted.query) {
        list.href = link::search_for(visit, &wanted.query);
    }
    for (order, limit, query) in wanted.searches {
        let asked = [("q", query.as_str()), ("order", *order), ("limit", *limit)];
        match visit.ask().get::<api::Events>("/v1/events", &asked).await {
            Ok(page) => list.events.extend(visit.told(&page.events)),
            Err(refused) => list.note = format!("This was not answered: {}.", refused.0.detail),
        }
    }
    list.events.sort_by_key(|told| told.when.at);
    let alone = list.events.iter().all(|told| told.id == event.id);
    if alone {
        list.events.clear();
        if list.note.is_empty() {
            wanted.nothing.clone_into(&mut list.note);
        }
    }
    list
}

fn none(id: &'static str, title: &'static str, note: &str) -> List {
    List {
        id,
        title,
        events: Vec::new(),
        href: String::new(),
        page_href: String::new(),
        page_label: "",
        note: note.to_owned(),
    }
}

fn text<'e>(event: &'e api::Event, object: &str, name: &str) -> Option<&'e str> {
    let text = event.said.get(object)?.get(name)?.as_str()?;
    (!text.trim().is_empty()).then_some(text)
}

/// A time as queries take it, to the second.
fn second(at: Micros) -> String {
    at.to_string().get(..19).unwrap_or_default().to_owned()
}
