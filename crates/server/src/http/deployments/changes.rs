//! What changed in the half hour before a deployment: the query that finds it, and counts.

use ledger::vocabulary::Category;
use query::plan::{Bound, Span};
use query::words::fold;
use query::{Field, Filter, Test, Viewer};
use store::LogRef;
use store::index::{Counting, VALUES_MAX, ValueCount};

use crate::deployments::{Deployment, Target};
use crate::http::HttpError;
use crate::server::Server;

/// How long before a deployment changes are looked for.
const BEFORE: i64 = 30 * 60 * 1_000_000;
/// Changes of configuration, secrets and rights: what was only read, asked for or refused is none.
const CHANGES: &str = "(category:configuration OR category:access_control) \
     -operation:(environment_variable.read OR secret.read OR secret.listed OR webhook.tested OR permission.checked OR \
     api_key.used OR access.requested OR access.request_rejected OR access.reviewed OR access.denied) \
     -outcome:(failure OR denied OR cancelled)";

/// The changes before a deployment, if it is known where it was made to; counted for a viewer of a log of this size.
pub(super) async fn told(
    server: &Server,
    log: LogRef,
    deployment: &Deployment,
    counted: Option<(Viewer, u64)>,
) -> Result<Option<api::ChangesBefore>, HttpError> {
    let Some(place) = place(&deployment.target) else {
        return Ok(None);
    };
    let begin = deployment.started().unwrap_or(deployment.at());
    let since = begin.plus(-BEFORE);
    let changes =
        query::parse(CHANGES, begin).map_err(|error| HttpError::internal(error.to_string()))?;
    let filter = changes.and(place);
    let mut told = api::ChangesBefore {
        query: filter.to_string(),
        since: since.to_string(),
        until: begin.to_string(),
        counts: None,
    };
    if let Some((viewer, size)) = counted {
        let span = Span {
            min: Some(Bound::included(since.as_micros())),
            max: Some(Bound::excluded(begin.as_micros())),
        };
        let counting = Counting {
            filter: filter.and(Filter::leaf(Field::Timestamp, Test::Time(span))),
            viewer,
            size,
            histogram: None,
            top: vec![Field::Operation],
            limit: VALUES_MAX,
        };
        let counted = server.index.statistics(log, &counting).await?;
        told.counts = Some(counts(counted.top.into_iter().flatten()));
    }
    Ok(Some(told))
}

/// The project, and its environment or none: what is changed for a whole project is changed for every environment.
fn place(target: &Target) -> Option<Filter> {
    let is = |field, text: &String| Filter::leaf(field, Test::Is(fold(text).into_owned()));
    let project = target.project.as_ref().map(|text| is(Field::Project, text));
    let environment = target.environment.as_ref();
    let environment = environment.map(|text| is(Field::Environment, text));
    match (project, environment) {
        (Some(project), Some(environment)) => {
            let nowhere = !Filter::leaf(Field::Environment, Test::Exists);
            Some(project.and(environment.or(nowhere)))
        }
        (project, environment) => project.or(environment),
    }
}

/// How many there are of each kind.
fn counts(operations: impl Iterator<Item = ValueCount>) -> api::ChangeCounts {
    let mut counts = api::ChangeCounts::default();
    for found in operations {
        let known = ledger::vocabulary::all().find(|operation| operation.name == found.value);
        let is_access = known.is_some_and(|it| it.category == Category::AccessControl);
        *match found.value.split('.').next() {
            Some("secret") => &mut counts.secrets,
            _ if is_access => &mut counts.permissions,
            _ => &mut counts.configuration,
        } += found.count;
    }
    counts
}
