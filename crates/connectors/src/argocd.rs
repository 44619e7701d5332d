//! Argo CD notifications, in the form that the templates of `integrations/argocd` give them.
//!
//! Promises: a notification that is sent again is the same event, because its id is derived from the body, which holds when
//! the operation began. Nobody is named who did not act: where Argo CD doesn't say who did something, Argo CD is the actor.

use ledger::json::Value;
use ledger::time::Micros;

use crate::delivery::Delivery;
use crate::event::{Actor, Change, Event, Nature, Outcome, Thing};
use crate::limits::LIST_ITEMS_MAX;
use crate::reading::{Reading, Unreadable};
use crate::{clean, id, look};

/// The form that is known; of another what fits is read, and the event says so.
const KNOWN: &str = "argocd/1";
const EXPECTED: &str = "a notification of Argo CD in the form of Veritrail's templates";

/// Reads a delivery.
pub(crate) fn read(delivery: &Delivery<'_>) -> Result<Reading, Unreadable> {
    let body = delivery.json()?;
    let shape = Unreadable::Shape { expected: EXPECTED };
    let is_ours = look::text(&body, &["veritrail"]).is_some_and(|form| form.starts_with("argocd/"));
    let (Some(trigger), Some(name)) = (
        look::text(&body, &["trigger"]),
        look::text(&body, &["app", "name"]),
    ) else {
        return Err(shape);
    };
    if !is_ours {
        return Err(shape);
    }
    let id = id::of("argocd", &[delivery.body]);
    Ok(Reading::of(event(&body, id, trigger, name)))
}

/// What happened, as Argo CD's triggers are called; when; how it ended.
struct Act {
    operation: String,
    /// Members that hold the time, the best first.
    times: &'static [&'static [&'static str]],
    outcome: Option<&'static str>,
    /// Whether somebody asked for it: the operation says who.
    is_asked: bool,
}

const STARTED: &[&str] = &["operation", "started_at"];
const FINISHED: &[&str] = &["operation", "finished_at"];
const HEALTH: &[&str] = &["state", "health", "lastTransitionTime"];
const RECONCILED: &[&str] = &["state", "reconciled_at"];

impl Act {
    fn of(trigger: &str) -> Self {
        let act = |operation: &str, times, outcome, is_asked| Self {
            operation: operation.to_owned(),
            times,
            outcome,
            is_asked,
        };
        match trigger {
            "on-sync-running" => act("application.sync_started", &[STARTED], None, true),
            "on-sync-succeeded" => act(
                "application.synced",
                &[FINISHED, STARTED],
                Some("success"),
                true,
            ),
            "on-sync-failed" => act(
                "application.sync_failed",
                &[FINISHED, STARTED],
                Some("failure"),
                true,
            ),
            "on-deployed" => act(
                "deployment.succeeded",
                &[FINISHED, STARTED],
                Some("success"),
                true,
            ),
            "on-health-degraded" => act(
                "application.health_degraded",
                &[HEALTH, RECONCILED],
                None,
                false,
            ),
            "on-sync-status-unknown" => act("application.sync_unknown", &[RECONCILED], None, false),
            "on-created" => act(
                "application.created",
                &[&["app", "created_at"]],
                None,
                false,
            ),
            "on-deleted" => act(
                "application.deleted",
                &[&["app", "deleted_at"]],
                None,
                false,
            ),
            other => act(
                &clean::operation(&format!("argocd.{}", clean::snake(other, 60))),
                &[FINISHED, STARTED, RECONCILED],
                None,
                true,
            ),
        }
    }
}

/// What a trigger is called that the table does not know.
const UNKNOWN: &str = "argocd.";
/// The operation of what Argo CD was asked to try.
const TRIED: &str = "resource.change_tried";

impl Act {
    /// What the body says of the operation goes before the name of the trigger, which whoever set it up may have given to
    /// any condition.
    fn told(trigger: &str, body: &Value<'_>) -> Self {
        let mut act = Self::of(trigger);
        if !act.is_asked {
            return act;
        }
        let phase = look::text(body, &["operation", "phase"]);
        if matches!(phase, Some("Failed" | "Error")) {
            act.outcome = Some("failure");
            if !act.operation.starts_with(UNKNOWN) {
                "application.sync_failed".clone_into(&mut act.operation);
            }
        }
        if look::word(body, &["operation", "dry_run"]).as_deref() == Some("true") {
            TRIED.clone_into(&mut act.operation);
        }
        act
    }
}

fn event(body: &Value<'_>, id: String, trigger: &str, name: &str) -> Event {
    let act = Act::told(trigger, body);
    let text = |path: &[&str]| look::text(body, path).map(str::to_owned);
    let full = match look::text(body, &["app", "namespace"]) {
        Some(namespace) => format!("{namespace}/{name}"),
        None => name.to_owned(),
    };
    let resource = Thing::new("application", full.clone()).named(name);
    let nature = if act.operation == TRIED {
        Nature::Read
    } else {
        Nature::Change
    };
    let mut event = Event::new(id, act.operation, resource, trigger);
    event.nature = nature;
    event.timestamp = act.times.iter().find_map(|path| time(body, path));
    event.verb = trigger.to_ascii_lowercase();
    event.actor = actor(body, act.is_asked);
    event.project_id = text(&["app", "project"]);
    event.related = related(body);
    event.outcome = act.outcome.map(|result| Outcome {
        message: text(&["operation", "message"]).map(|words| clean::hide_emails(words.trim())),
        code: text(&["operation", "phase"]),
        ..Outcome::of(result)
    });
    event.context.application = Some("argocd".into());
    event.context.channel = Some("webhook".into());
    event.changes = revisions(body);
    // What an operation is told at its stages belongs together.
    event.correlation_id = look::text(body, STARTED).map(|started| {
        let uid = look::text(body, &["app", "uid"]).unwrap_or(&full);
        format!("{uid}@{started}")
    });
    notes(body, &mut event);
    event
}

fn time(body: &Value<'_>, path: &[&str]) -> Option<Micros> {
    clean::time(look::at(body, path)?)
}

/// Who asked for an operation. What Argo CD found or did by itself is Argo CD's.
fn actor(body: &Value<'_>, is_asked: bool) -> Actor {
    let name = look::text(body, &["operation", "initiated_by", "username"]);
    let Some(name) = name.filter(|_| is_asked) else {
        return Actor {
            kind: "system",
            id: Some("argocd".to_owned()),
            ..Actor::default()
        };
    };
    // Tokens of a project's roles are called `proj:<project>:<role>`.
    let is_token = name.starts_with("proj:");
    Actor {
        kind: if is_token { "service_account" } else { "user" },
        id: Some(name.to_owned()),
        email: clean::has_email(name).then(|| name.to_owned()),
        ..Actor::default()
    }
}

/// Where it is deployed to, and from where.
fn related(body: &Value<'_>) -> Vec<Thing> {
    let mut things = Vec::new();
    let destination = |name| look::text(body, &["app", "destination", name]);
    let cluster = destination("name").or_else(|| destination("server"));
    things.extend(cluster.map(|cluster| Thing::new("cluster", cluster)));
    things.extend(destination("namespace").map(|name| Thing::new("namespace", name)));
    for source in sources(body) {
        let kind = if look::text(source, &["chart"]).is_some() {
            "helm_repository"
        } else {
            "repository"
        };
        let url = look::text(source, &["repo_url"]);
        things.extend(url.map(|url| Thing::new(kind, without_credentials(url))));
    }
    things
}

fn sources<'v, 'a>(body: &'v Value<'a>) -> impl Iterator<Item = &'v Value<'a>> {
    let one = look::at(body, &["app", "source"]);
    let many = look::items(body, &["app", "sources"]);
    one.into_iter().chain(many).take(LIST_ITEMS_MAX)
}

/// An address of a repository without the name and password that may stand in it.
fn without_credentials(url: &str) -> String {
    let Some((scheme, rest)) = url.split_once("://") else {
        return url.to_owned();
    };
    let (host, path) = rest.split_once('/').unwrap_or((rest, ""));
    let host = host.rsplit('@').next().unwrap_or(host);
    format!("{scheme}://{host}/{path}")
}

/// What was deployed: a commit or the version of a chart, one for each source.
fn revisions(body: &Value<'_>) -> Vec<Change> {
    let change = |field: String, revision: &str| Change {
        field,
        before: None,
        after: Some(Value::string(clean::cut(revision).into_owned())),
    };
    if let Some(revision) = look::text(body, &["operation", "revision"]) {
        return vec![change("revision".to_owned(), revision)];
    }
    let many = look::items(body, &["operation", "revisions"]).iter();
    let many = many.take(LIST_ITEMS_MAX).enumerate();
    many.filter_map(|(index, revision)| {
        Some(change(format!("revisions[{index}]"), revision.as_str()?))
    })
    .collect()
}

fn notes(body: &Value<'_>, event: &mut Event) {
    let word = |path: &[&str]| look::word(body, path);
    let mut targets = Vec::new();
    for source in sources(body) {
        let part = |name| look::text(source, &[name]);
        let path = part("chart").or_else(|| part("path")).unwrap_or_default();
        if let Some(target) = part("target_revision") {
            targets.push(format!("{path}@{target}"));
        }
    }
    event.note("target", (!targets.is_empty()).then(|| targets.join(", ")));
    event.note(
        "requested_revision",
        word(&["operation", "requested_revision"]),
    );
    event.note("phase", word(&["operation", "phase"]));
    event.note("retry_count", word(&["operation", "retry_count"]));
    event.note("prune", word(&["operation", "prune"]));
    event.note("dry_run", word(&["operation", "dry_run"]));
    let automated = look::is_true(body, &["operation", "initiated_by", "automated"]);
    event.note("automated", automated.then(|| "true".to_owned()));
    event.note("sync_status", word(&["state", "sync"]));
    event.note("health_status", word(&["state", "health", "status"]));
    let said = word(&["state", "health", "message"]);
    event.note(
        "health_message",
        said.map(|words| clean::hide_emails(&words)),
    );
    let conditions = look::items(body, &["state", "conditions"]).iter();
    let conditions: Vec<_> = conditions
        .take(LIST_ITEMS_MAX)
        .map(|condition| {
            let part = |name| look::text(condition, &[name]).unwrap_or_default();
            clean::hide_emails(&format!("{}: {}", part("type"), part("message")))
        })
        .collect();
    event.note(
        "conditions",
        (!conditions.is_empty()).then(|| conditions.join("\n")),
    );
    let form = word(&["veritrail"]).filter(|form| form != KNOWN);
    event.note("template_version", form);
    event.note("argocd_url", word(&["argocd_url"]));
    event.note("application_uid", word(&["app", "uid"]));
}

#[cfg(test)]
mod tests {
    use super::*;

    fn read_text(body: &str) -> Result<Reading, Unreadable> {
        read(&Delivery::file(body.as_bytes()))
    }

    fn notification(more: &str) -> String {
        format!(r#"{{"veritrail":"argocd/1","app":{{"name":"a"}},{more}}}"#)
    }

    #[test]
    fn a_retry_is_the_same_event_and_the_next_operation_another() {
        let told = |started: &str| {
            let more =
                format!(r#""trigger":"on-sync-running","operation":{{"started_at":"{started}"}}"#);
            let reading = read_text(&notification(&more)).unwrap();
            reading.events().next().unwrap().id.clone()
        };
        let first = told("2026-03-12T14:32:07Z");
        assert_eq!(first, told("2026-03-12T14:32:07Z"));
        assert_ne!(first, told("2026-03-12T14:32:08Z"));
    }

    #[test]
    fn another_form_is_refused_and_another_version_read_as_far_as_it_fits() {
        for body in [
            "[]",
            "{}",
            r#"{"text":"Application checkout has been synced"}"#,
            r#"{"veritrail":"argocd/1","trigger":"on-created"}"#,
            r#"{"veritrail":"github/1","trigger":"on-created","app":{"name":"a"}}"#,
            r#"{"veritrail":1,"trigger":["on-created"],"app":"a"}"#,
        ] {
            let shape = Unreadable::Shape { expected: EXPECTED };
            assert_eq!(read_text(body).unwrap_err(), shape, "{body}");
        }
        let next = r#"{"veritrail":"argocd/2","trigger":"on-Some Thing!","app":{"name":"a"}}"#;
        let reading = read_text(next).unwrap();
        let event = reading.events().next().unwrap();
        assert_eq!(event.operation, "argocd.on_some_thing");
        let said = |event: &Event| event.to_value().to_compact().contains("template_version");
        assert!(said(event));
        let known = read_text(&notification(r#""trigger":"on-created""#)).unwrap();
        assert!(!said(known.events().next().unwrap()));
    }

    #[test]
    fn a_sync_that_was_only_tried_or_failed_is_never_told_as_done() {
        let told = |trigger: &str, operation: &str| {
            let more = format!(r#""trigger":"{trigger}","operation":{{{operation}}}"#);
            let reading = read_text(&notification(&more)).unwrap();
            let event = reading.events().next().unwrap();
            let outcome = event.outcome.as_ref().map(|outcome| outcome.result);
            (event.operation.to_string(), event.nature, outcome)
        };
        let tried = r#""phase":"Succeeded","dry_run":true"#;
        for trigger in ["on-sync-succeeded", "on-deployed", "on-mine"] {
            let (operation, nature, _) = told(trigger, tried);
            assert_eq!(
                (&*operation, nature),
                ("resource.change_tried", Nature::Read)
            );
        }
        for phase in ["Failed", "Error"] {
            let phase = format!(r#""phase":"{phase}","dry_run":false"#);
            for trigger in ["on-sync-succeeded", "on-sync-running", "on-deployed"] {
                let (operation, nature, outcome) = told(trigger, &phase);
                assert_eq!(operation, "application.sync_failed", "{trigger}");
                assert_eq!((nature, outcome), (Nature::Change, Some("failure")));
            }
            let (operation, _, outcome) = told("on-mine", &phase);
            assert_eq!((&*operation, outcome), ("argocd.on_mine", Some("failure")));
            // The health of what runs is not that of the operation before.
            let (operation, _, outcome) = told("on-health-degraded", &phase);
            assert_eq!(
                (&*operation, outcome),
                ("application.health_degraded", None)
            );
        }
    }

    #[test]
    fn members_of_the_wrong_kind_are_absent_and_a_duplicate_is_refused() {
        let odd = notification(
            r#""trigger":"on-sync-failed","operation":{"message":7,"started_at":{},"initiated_by":[],"revisions":[1]},"state":3"#,
        );
        let reading = read_text(&odd).unwrap();
        let event = reading.events().next().unwrap();
        assert_eq!(event.actor.kind, "system");
        assert_eq!(event.timestamp, None);
        assert!(ledger::event::read(event.to_value()).is_ok());
        let twice = notification(r#""trigger":"on-created","trigger":"on-deleted""#);
        assert!(matches!(read_text(&twice), Err(Unreadable::Json(_))));
    }

    #[test]
    fn passwords_in_addresses_of_repositories_are_left_out() {
        for (url, expect) in [
            (
                "https://u:p@git.example.com/a/b.git",
                "https://git.example.com/a/b.git",
            ),
            ("https://git.example.com", "https://git.example.com/"),
            ("git@git.example.com:a/b.git", "git@git.example.com:a/b.git"),
            ("ssh://git:p@x@host/a", "ssh://host/a"),
        ] {
            assert_eq!(without_credentials(url), expect);
        }
    }
}
