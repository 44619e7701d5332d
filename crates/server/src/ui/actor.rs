//! `/t/{tenant}/actors/{type}/{id}`: what somebody did, from where, with what, and at which hours.
//!
//! Must never: show anything of a person to who sees no persons; not even that there is one.

use api::{Events, Statistics};
use askama::Template;
use axum::body::Body;
use axum::extract::Path;
use axum::http::{Response, StatusCode};

use ledger::vocabulary::sentence;

use super::hours::{ACTS_MIN, Hours};
use super::moment::Moment;
use super::page::render;
use super::problem::Refused;
use super::shell::{Section, Shell};
use super::tally::{Tallied, counts};
use super::telling::Told;
use super::term::term;
use super::visit::Visit;
use crate::auth::Act;
use crate::http::HttpError;

/// Events that are listed.
const LISTED: &str = "60";
/// What is counted.
const COUNTED: &str = "operation,outcome,project,environment,country,city,ip,actor.credential_id";
/// How far back hours are counted.
const HOURS_SINCE: &str = "60d";
/// Most acts at unusual hours that are named.
const ODD_MAX: usize = 12;
/// Height of the tallest bar of an hour.
const BAR: u64 = 60;

/// An hour of the day as a bar.
struct Bar {
    x: usize,
    y: u64,
    height: u64,
    hour: usize,
    acts: u64,
    unusual: bool,
}

/// Acts within one unusual hour.
struct Odd {
    when: Moment,
    count: u64,
    href: String,
}

/// A titled list of counts.
struct Tally {
    title: &'static str,
    counts: Vec<Tallied>,
}

#[derive(Template)]
#[template(path = "actor.html")]
struct ActorPage {
    shell: Shell,
    name: String,
    kind: String,
    id: String,
    email: String,
    total: u64,
    first: Option<Moment>,
    last: Option<Moment>,
    all: String,
    tallies: Vec<Tally>,
    bars: Vec<Bar>,
    hours_known: bool,
    acts_min: u64,
    odd: Vec<Odd>,
    odd_more: usize,
    events: Vec<Told>,
}

pub(super) async fn show(
    visit: Visit,
    Path((_, kind, id)): Path<(String, String, String)>,
) -> Response<Body> {
    let page = page(&visit, &kind, &id).await;
    visit.finish(page)
}

async fn page(visit: &Visit, kind: &str, id: &str) -> Result<Response<Body>, Refused> {
    if !visit.may(Act::ReadPersons) {
        return Err(HttpError::new(
            api::code::FORBIDDEN,
            "pages of actors are for accounts that may see persons",
        )
        .into());
    }
    let q = format!("{} {}", term("actor.type", kind), term("actor.id", id));
    let (whole, hours, events) = ask(visit, &q).await?;
    let (Some(first), true) = (events.events.first(), whole.total > 0) else {
        return Err(Refused::not_found());
    };
    let said = |name: &str| {
        let actor = first.said.get("actor")?;
        Some(actor.get(name)?.as_str()?.to_owned())
    };
    let by_hour = Hours::of(&hours.histogram);
    let odd = by_hour.odd(&hours.histogram);
    let name = sentence::clean(&said("name").unwrap_or_else(|| id.to_owned()));
    let page = ActorPage {
        shell: visit.shell(&name, Section::None),
        name,
        kind: kind.replace('_', " "),
        id: id.to_owned(),
        email: sentence::clean(&said("email").unwrap_or_default()),
        total: whole.total,
        first: Moment::read_if(whole.earliest.as_deref(), visit.now),
        last: Moment::read_if(whole.latest.as_deref(), visit.now),
        all: visit.link(
            "/search",
            &[
                ("q", &q),
                ("since", whole.earliest.as_deref().unwrap_or_default()),
            ],
        ),
        tallies: tallies(visit, &whole, &q),
        bars: bars(&by_hour),
        hours_known: by_hour.is_known(),
        acts_min: ACTS_MIN,
        odd_more: odd.len().saturating_sub(ODD_MAX),
        odd: odd
            .iter()
            .rev()
            .take(ODD_MAX)
            .filter_map(|bucket| odd_hour(visit, bucket, &q))
            .collect(),
        events: visit.told(&events.events),
    };
    Ok(render(StatusCode::OK, &page))
}

/// Asks for what was counted, for the acts by hour, and for the latest.
async fn ask(visit: &Visit, q: &str) -> Result<(Statistics, Statistics, Events), Refused> {
    let ask = visit.ask();
    let (whole, hours, events) = tokio::join!(
        ask.get::<Statistics>(
            "/v1/stats",
            &[("q", q), ("by", COUNTED), ("interval", "none")]
        ),
        ask.get::<Statistics>(
            "/v1/stats",
            &[("q", q), ("since", HOURS_SINCE), ("interval", "1h")]
        ),
        ask.get::<Events>("/v1/events", &[("q", q), ("limit", LISTED)]),
    );
    // A type that is none makes no query; nobody has it.
    let whole = whole.map_err(|refused| {
        if refused.0.status == 400 {
            Refused::not_found()
        } else {
            refused
        }
    })?;
    Ok((whole, hours?, events?))
}

fn tallies(visit: &Visit, counted: &Statistics, q: &str) -> Vec<Tally> {
    let fields = [
        ("What", "operation"),
        ("How it ended", "outcome"),
        ("Projects", "project"),
        ("Environments", "environment"),
        ("Countries", "country"),
        ("Cities", "city"),
        ("Addresses", "ip"),
        ("Credentials", "actor.credential_id"),
    ];
    let tallies = fields.into_iter().map(|(title, field)| {
        let mut counts = counts(visit, counted, field, q);
        for counted in &mut counts {
            counted.label = sentence::clean(&counted.label);
        }
        Tally { title, counts }
    });
    tallies.filter(|tally| !tally.counts.is_empty()).collect()
}

fn bars(hours: &Hours) -> Vec<Bar> {
    let most = hours.acts.iter().copied().max().unwrap_or(0).max(1);
    let bars = hours.acts.iter().zip(hours.unusual).enumerate();
    let bar = |(hour, (acts, unusual)): (usize, (&u64, bool))| {
        // A single act must be seen, too.
        let height = (acts * BAR / most).max(u64::from(*acts > 0) * 2);
        Bar {
            x: hour * 20,
            y: BAR - height,
            height,
            hour,
            acts: *acts,
            unusual,
        }
    };
    bars.map(bar).collect()
}

fn odd_hour(visit: &Visit, bucket: &api::Bucket, q: &str) -> Option<Odd> {
    let when = Moment::read(&bucket.at, visit.now)?;
    let until = when.at.plus(3_600 * 1_000_000).to_string();
    let href = visit.link(
        "/search",
        &[("q", q), ("since", &when.iso), ("until", &until)],
    );
    Some(Odd {
        when,
        count: bucket.count,
        href,
    })
}
