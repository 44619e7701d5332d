//! Rows of the page's tables.
//!
//! Promises: what producers said is on one line and of bounded length, as in sentences; links have it whole.

use api::{Deployment, DeploymentBucket, DeploymentFigures, DeploymentGroup};
use ledger::vocabulary::sentence::clean;

use super::Address;
use super::charts::{Scale, Spark};
use super::words;
use crate::ui::ask::segment;
use crate::ui::moment::Moment;
use crate::ui::telling::page_of;
use crate::ui::visit::Visit;

/// Figures in words.
#[derive(Clone, Debug)]
pub(super) struct Figures {
    pub(super) finished: u64,
    pub(super) often: String,
    pub(super) failure: String,
    pub(super) rollback: String,
    pub(super) restore: String,
    pub(super) duration: String,
    pub(super) failed: u64,
    pub(super) rolled_back: u64,
    pub(super) unrestored: u64,
}

/// A day or week.
#[derive(Clone, Debug)]
pub(super) struct TrendRow {
    pub(super) day: String,
    pub(super) partial: bool,
    pub(super) figures: Figures,
}

/// A project in an environment.
#[derive(Clone, Debug)]
pub(super) struct GroupRow {
    pub(super) project: String,
    pub(super) environment: String,
    pub(super) href: String,
    pub(super) spark: Spark,
    pub(super) figures: Figures,
}

/// The changes before a deployment.
#[derive(Clone, Debug)]
pub(super) struct Changes {
    pub(super) href: String,
    pub(super) text: String,
    pub(super) any: bool,
}

/// A deployment.
#[derive(Clone, Debug)]
pub(super) struct Row {
    pub(super) when: Option<Moment>,
    pub(super) href: String,
    pub(super) place: String,
    pub(super) service: String,
    pub(super) version: String,
    pub(super) version_whole: String,
    pub(super) name: String,
    pub(super) outcome: String,
    pub(super) outcome_words: &'static str,
    pub(super) rollback: &'static str,
    pub(super) took: String,
    pub(super) restored: Option<Moment>,
    pub(super) rolled_back: Option<Moment>,
    pub(super) actor: String,
    pub(super) actor_href: String,
    pub(super) resource_href: String,
    pub(super) changes: Option<Changes>,
}

impl Figures {
    fn new(figures: &DeploymentFigures) -> Self {
        let known = |text: Option<String>| text.unwrap_or_else(|| "–".to_owned());
        Self {
            finished: figures.finished,
            often: words::frequency(figures.per_day),
            failure: known(figures.change_failure_rate.map(words::percent)),
            rollback: known(figures.rollback_rate.map(words::percent)),
            restore: known(figures.restore_seconds_median.map(words::length)),
            duration: known(figures.duration_seconds_median.map(words::length)),
            failed: figures.failed,
            rolled_back: figures.rolled_back,
            unrestored: figures.unrestored,
        }
    }
}

impl TrendRow {
    pub(super) fn new(bucket: &DeploymentBucket) -> Self {
        Self {
            day: bucket.at.get(..10).unwrap_or_default().to_owned(),
            partial: bucket.partial,
            figures: Figures::new(&bucket.figures),
        }
    }
}

impl GroupRow {
    pub(super) fn new(
        address: &Address<'_>,
        group: &DeploymentGroup,
        (since, until): (&str, &str),
        scale: Scale,
    ) -> Self {
        let named = |text: &Option<String>| text.clone().unwrap_or_default();
        let (project, environment) = (named(&group.project), named(&group.environment));
        Self {
            href: address.narrowed(&[
                ("since", since),
                ("until", until),
                ("project", &project),
                ("environment", &environment),
            ]),
            project: clean(&project),
            environment: clean(&environment),
            spark: Spark::new(&group.trend, scale),
            figures: Figures::new(&group.figures),
        }
    }
}

impl Row {
    pub(super) fn new(visit: &Visit, deployment: &Deployment) -> Self {
        let time = |text: &Option<String>| Moment::read(text.as_deref()?, visit.now);
        let named = |text: &Option<String>| text.as_deref().map(clean).unwrap_or_default();
        let (kind, actor) = (&deployment.actor.kind, &deployment.actor);
        let called = actor
            .name
            .as_ref()
            .or(actor.email.as_ref())
            .or(actor.id.as_ref());
        let page = |page: &str, kind: &str, id: &Option<String>| {
            page_of(&visit.tenant, page, Some(kind), id.as_deref())
        };
        let resource = &deployment.resource;
        Self {
            when: time(&deployment.finished)
                .or_else(|| time(&deployment.started))
                .or_else(|| Moment::read(&deployment.events.first()?.at, visit.now)),
            href: event_of(visit, deployment),
            place: place_of(
                deployment.project.as_deref(),
                deployment.environment.as_deref(),
            ),
            service: named(&deployment.service),
            version: clean(&words::version(
                deployment.version.as_deref().unwrap_or_default(),
            )),
            version_whole: named(&deployment.version),
            name: resource.name.as_ref().or(resource.id.as_ref()).map_or_else(
                || clean(&resource.kind.replace('_', " ")),
                |name| clean(name),
            ),
            outcome_words: words::outcome(&deployment.outcome),
            outcome: deployment.outcome.clone(),
            rollback: match deployment.rollback.as_deref() {
                Some("event") => "An event says that it is the rollback of another one",
                Some(_) => "Its version had served here before another one came",
                None => "",
            },
            took: deployment
                .duration_seconds
                .map(words::length)
                .unwrap_or_default(),
            restored: time(&deployment.restored),
            rolled_back: time(&deployment.rolled_back),
            actor: called.map_or_else(|| clean(&kind.replace('_', " ")), |name| clean(name)),
            actor_href: page("actors", kind, &actor.id),
            resource_href: page("resources", &resource.kind, &resource.id),
            changes: deployment.changes_before.as_ref().map(|before| Changes {
                href: visit.link(
                    "/search",
                    &[
                        ("q", &before.query),
                        ("since", &before.since),
                        ("until", &before.until),
                    ],
                ),
                text: before
                    .counts
                    .map_or_else(|| "look".to_owned(), words::changes),
                any: before
                    .counts
                    .is_some_and(|counts| counts != api::ChangeCounts::default()),
            }),
        }
    }
}

/// The page of the event that tells how a deployment ended; of its last one that is known, where none does.
pub(super) fn event_of(visit: &Visit, deployment: &Deployment) -> String {
    let ended = deployment.events.iter().find(|event| {
        let is_its_end = deployment.finished.as_ref() == Some(&event.at);
        is_its_end && !event.operation.ends_with(".started")
    });
    let event = ended.or_else(|| deployment.events.last());
    let id = event.map(|event| segment(&event.id));
    id.map(|id| visit.path(&format!("/events/{id}")))
        .unwrap_or_default()
}

/// Where something was deployed to.
pub(super) fn place_of(project: Option<&str>, environment: Option<&str>) -> String {
    match (project.map(clean), environment.map(clean)) {
        (Some(project), Some(environment)) => format!("{project} / {environment}"),
        (Some(project), None) => project,
        (None, Some(environment)) => environment,
        (None, None) => "no project told".to_owned(),
    }
}
