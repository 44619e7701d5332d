//! `/t/{tenant}/deployments`: how often and how well is deployed, when, and what changed before.
//!
//! Promises: every number is one of `GET /v1/deployments` or `/v1/deployments/figures`, with its definition beside it;
//! links lead to absolute times. Must never: say more than was covered.

mod cards;
mod charts;
mod lanes;
mod rows;
mod words;

use api::{Definition, DeploymentTrends, Deployments};
use askama::Template;
use axum::body::Body;
use axum::extract::Query;
use axum::http::{Response, StatusCode};
use serde::Deserialize;

use cards::{Card, cards};
use charts::Scale;
use lanes::Lane;
use rows::{GroupRow, Row, TrendRow};

use super::moment::Moment;
use super::page::{REPEATED_BYTES_MAX, render};
use super::problem::Refused;
use super::shell::{Section, Shell};
use super::visit::Visit;

/// Deployments on the timeline.
const MARKS: &str = "200";
/// Deployments that are listed, each with the changes before it.
const LISTED: usize = 50;
/// Projects and environments that are listed.
const GROUPS: usize = 30;
/// Lanes of the timeline.
const LANES: usize = 12;
const DAY_SECONDS: i64 = 86_400;
/// Windows to choose from, in days.
const WINDOWS: [(i64, &str); 4] = [
    (7, "7 days"),
    (28, "28 days"),
    (90, "90 days"),
    (364, "52 weeks"),
];

/// What the page is of, as its address says.
#[derive(Clone, Debug, Default, Deserialize)]
#[serde(default)]
pub(super) struct Asked {
    since: String,
    until: String,
    q: String,
    project: String,
    environment: String,
    outcome: String,
    bucket: String,
}

/// A link with words.
struct Choice {
    href: String,
    label: String,
    current: bool,
}

#[derive(Template)]
#[template(path = "deployments.html")]
struct DeploymentsPage {
    shell: Shell,
    asked: Asked,
    action: String,
    since: Moment,
    until: Moment,
    /// The same for fields of forms.
    since_field: String,
    until_field: String,
    length: String,
    /// From when on, where not the whole window was looked at.
    covered: Option<Moment>,
    events: u64,
    windows: Vec<Choice>,
    buckets: Vec<Choice>,
    outcomes: Vec<(&'static str, &'static str)>,
    earlier: String,
    later: String,
    everything: String,
    here: String,
    is_filtered: bool,
    /// Whether the query is too long to be repeated by every row.
    links_left_out: bool,
    /// Whether anything was told at all.
    is_empty: bool,
    bucket: String,
    cards: Vec<Card>,
    trend: Vec<TrendRow>,
    groups: Vec<GroupRow>,
    groups_more: u64,
    lanes: Vec<Lane>,
    lanes_more: usize,
    ticks: Vec<String>,
    rows: Vec<Row>,
    listed: usize,
    marked: usize,
    total: u64,
    definitions: Vec<Definition>,
}

pub(super) async fn show(visit: Visit, Query(asked): Query<Asked>) -> Response<Body> {
    let page = page(&visit, asked).await;
    visit.finish(page)
}

async fn page(visit: &Visit, mut asked: Asked) -> Result<Response<Body>, Refused> {
    asked.q = asked.q.trim().to_owned();
    let ask = visit.ask();
    let which = [
        ("since", asked.since.as_str()),
        ("until", &asked.until),
        ("q", &asked.q),
        ("project", &asked.project),
        ("environment", &asked.environment),
    ];
    let of_figures = [&which[..], &[("bucket", asked.bucket.as_str())]].concat();
    let of_list = [
        ("outcome", asked.outcome.as_str()),
        ("limit", MARKS),
        ("changes", "true"),
    ];
    let of_list = [&which[..], &of_list].concat();
    let (figures, list) = tokio::join!(
        ask.get::<DeploymentTrends>("/v1/deployments/figures", &of_figures),
        ask.get::<Deployments>("/v1/deployments", &of_list),
    );
    let page = DeploymentsPage::new(visit, asked, &figures?, &list?);
    Ok(render(StatusCode::OK, &page))
}

impl DeploymentsPage {
    fn new(visit: &Visit, asked: Asked, figures: &DeploymentTrends, list: &Deployments) -> Self {
        let moment = |text: &str| {
            Moment::read(text, visit.now).unwrap_or_else(|| Moment::new(visit.now, visit.now))
        };
        let window = &figures.window;
        let (since, until) = (moment(&window.since), moment(&window.until));
        let scale = Scale::new(since.at, until.at, &figures.bucket);
        let address = Address {
            visit,
            asked: &asked,
        };
        let links_left_out = address.is_long();
        let lanes = lanes::lanes(&address, list, figures, scale);
        let total = &figures.total;
        let beside = total.cancelled + total.running + total.undecided + total.refused;
        Self {
            shell: visit.shell("Deployments", Section::Deployments),
            action: visit.path("/deployments"),
            length: words::days((until.at.as_micros() - since.at.as_micros()) / 1_000_000),
            covered: (!window.complete).then(|| moment(&window.covered_since)),
            events: window.events,
            windows: windows(&address, &since, &until),
            buckets: buckets(&address, &since, &until, &figures.bucket),
            outcomes: words::OUTCOMES.to_vec(),
            earlier: address.shifted(&since, &until, -1),
            later: address.shifted(&since, &until, 1),
            everything: visit.link(
                "/deployments",
                &[("since", &since.iso), ("until", &until.iso)],
            ),
            here: address.of(&[("since", &since.iso), ("until", &until.iso)]),
            is_filtered: !(asked.q.is_empty()
                && asked.project.is_empty()
                && asked.environment.is_empty()
                && asked.outcome.is_empty()),
            links_left_out,
            is_empty: total.finished + beside + list.total == 0,
            bucket: figures.bucket.clone(),
            cards: cards(figures, scale),
            trend: figures.trend.iter().map(TrendRow::new).collect(),
            groups: figures
                .groups
                .iter()
                .take(GROUPS)
                .map(|group| GroupRow::new(&address, group, (&since.iso, &until.iso), scale))
                .collect(),
            groups_more: figures.groups_left_out
                + figures.groups.len().saturating_sub(GROUPS) as u64,
            lanes_more: lanes.len().saturating_sub(LANES),
            lanes: lanes.into_iter().take(LANES).collect(),
            ticks: scale.ticks(),
            rows: list
                .deployments
                .iter()
                .take(LISTED)
                .map(|deployment| Row::new(visit, deployment))
                .collect(),
            listed: list.deployments.len().min(LISTED),
            marked: list.deployments.len(),
            total: list.total,
            definitions: figures.definitions.clone(),
            since_field: since.iso.get(..19).unwrap_or_default().to_owned(),
            until_field: until.iso.get(..19).unwrap_or_default().to_owned(),
            since,
            until,
            asked,
        }
    }

    /// Whether a choice of a form is the one that is made.
    fn is_outcome(&self, name: &str) -> bool {
        self.asked.outcome == name
    }
}

/// Addresses of this page with something else asked for.
struct Address<'a> {
    visit: &'a Visit,
    asked: &'a Asked,
}

impl Address<'_> {
    /// The page with these parameters in the place of those that were asked for.
    fn of(&self, changed: &[(&str, &str)]) -> String {
        let asked = self.asked;
        let mut parameters = [
            ("since", asked.since.as_str()),
            ("until", asked.until.as_str()),
            ("q", asked.q.as_str()),
            ("project", asked.project.as_str()),
            ("environment", asked.environment.as_str()),
            ("outcome", asked.outcome.as_str()),
            ("bucket", asked.bucket.as_str()),
        ];
        for (name, value) in changed {
            for known in parameters.iter_mut().filter(|known| known.0 == *name) {
                known.1 = value;
            }
        }
        self.visit.link("/deployments", &parameters)
    }

    /// The same for one of many rows; empty where each of them would have to repeat something long.
    fn narrowed(&self, changed: &[(&str, &str)]) -> String {
        if self.is_long() {
            return String::new();
        }
        self.of(changed)
    }

    fn is_long(&self) -> bool {
        self.asked.q.len() > REPEATED_BYTES_MAX
    }

    /// The window as long as this one, right before or behind it.
    fn shifted(&self, since: &Moment, until: &Moment, by: i64) -> String {
        let micros = (until.at.as_micros() - since.at.as_micros()).saturating_mul(by);
        let (since, until) = (since.at.plus(micros), until.at.plus(micros));
        if since > self.visit.now {
            return String::new();
        }
        let (since, until) = (since.to_string(), until.to_string());
        self.of(&[("since", &since), ("until", &until)])
    }
}

fn windows(address: &Address<'_>, since: &Moment, until: &Moment) -> Vec<Choice> {
    let seconds = (until.at.as_micros() - since.at.as_micros()) / 1_000_000;
    let choices = WINDOWS.iter().map(|(days, label)| {
        let begin = until.at.plus(-days * DAY_SECONDS * 1_000_000).to_string();
        Choice {
            href: address.of(&[("since", &begin), ("until", &until.iso), ("bucket", "")]),
            label: (*label).to_owned(),
            current: days * DAY_SECONDS == seconds,
        }
    });
    choices.collect()
}

fn buckets(address: &Address<'_>, since: &Moment, until: &Moment, bucket: &str) -> Vec<Choice> {
    let choices = [("day", "by day"), ("week", "by week")];
    let choices = choices.iter().map(|(name, label)| Choice {
        href: address.of(&[
            ("since", &since.iso),
            ("until", &until.iso),
            ("bucket", name),
        ]),
        label: (*label).to_owned(),
        current: *name == bucket,
    });
    choices.collect()
}
