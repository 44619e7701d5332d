//! What changed in the half hour before a deployment: the query that finds it, and counts.

use ledger::time::Micros;
use query::plan::{Bound, Span};
use query::words::fold;
use query::{Field, Filter, Test, Viewer};
use store::LogRef;
use store::index::{Counting, VALUES_MAX};

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

/// The changes before a deployment, if it is known where it was made to.
pub(super) fn before(
    deployment: &Deployment,
    now: Micros,
) -> Result<Option<(api::ChangesBefore, Filter)>, HttpError> {
    let Some(place) = place(&deployment.target) else {
        return Ok(None);
    };
    let begin = deployment.started().unwrap_or(deployment.at());
    let since = begin.plus(-BEFORE);
    let changes =
        query::parse(CHANGES, now).map_err(|error| HttpError::internal(error.to_string()))?;
    let filter = changes.and(place);
    let span = Span {
        min: Some(Bound::included(since.as_micros())),
        max: Some(Bound::excluded(begin.as_micros())),
    };
    let told = api::ChangesBefore {
        query: filter.to_string(),
        since: since.to_string(),
        until: begin.to_string(),
        counts: None,
    };
    let filter = filter.and(Filter::leaf(Field::Timestamp, Test::Time(span)));
    Ok(Some((told, filter)))
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

/// How many there are.
pub(super) async fn count(
    server: &Server,
    log: LogRef,
    (filter, viewer, size): (Filter, Viewer, u64),
) -> Result<api::ChangeCounts, HttpError> {
    let counting = Counting {
        filter,
        viewer,
        size,
        histogram: None,
        top: vec![Field::Operation],
        limit: VALUES_MAX,
    };
    let counted = server.index.statistics(log, &counting).await?;
    let mut counts = api::ChangeCounts::default();
    for found in counted.top.into_iter().flatten() {
        let known = ledger::vocabulary::all().find(|operation| operation.name == found.value);
        let is_access =
            known.is_some_and(|it| it.category == ledger::vocabulary::Category::AccessControl);
        *match found.value.split('.').next() {
            Some("secret") => &mut counts.secrets,
            _ if is_access => &mut counts.permissions,
            _ => &mut counts.configuration,
        } += found.count;
    }
    Ok(counts)
}
