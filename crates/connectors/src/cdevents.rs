//! `CDEvents`: what happened in continuous delivery, in `CloudEvents`.
//!
//! Promises: every version of the specification that begins a type with `dev.cdevents.` is read; a finished run is named by
//! how it ended; what has no word in the vocabulary keeps its own, `cdevents.<subject>.<predicate>`. Custom events
//! (`dev.cdeventsx.`) are left to `cloudevents.rs`. Must never: make a failure of an outcome that it does not know.

use std::borrow::Cow;

use ledger::json::Value;

use crate::clean;
use crate::event::{Event, Outcome, Thing};
use crate::look::{at, text, word};

/// What a type says: subject and predicate.
pub(crate) struct Mapping {
    subject: String,
    predicate: String,
}

/// The parts of a type such as `dev.cdevents.pipelinerun.finished.0.2.0`.
pub(crate) fn parse(kind: &str) -> Option<Mapping> {
    let mut parts = kind.strip_prefix("dev.cdevents.")?.split('.');
    let (subject, predicate) = (parts.next()?, parts.next()?);
    (!subject.is_empty() && !predicate.is_empty()).then(|| Mapping {
        subject: subject.to_ascii_lowercase(),
        predicate: predicate.to_ascii_lowercase(),
    })
}

/// Subjects as resource types: (subject, our type, members of the content that name it).
const SUBJECTS: &[(&str, &str, &[&str])] = &[
    ("pipelinerun", "workflow_run", &["pipelineName"]),
    ("taskrun", "job", &["taskName"]),
    ("build", "build", &[]),
    ("testcaserun", "test_run", &["testCase.name", "testCase.id"]),
    (
        "testsuiterun",
        "test_run",
        &["testSuite.name", "testSuite.id"],
    ),
    ("testoutput", "test_output", &[]),
    ("artifact", "artifact", &[]),
    ("environment", "environment", &["name"]),
    ("service", "service", &[]),
    ("incident", "incident", &["description"]),
    ("branch", "branch", &[]),
    ("change", "pull_request", &["description"]),
    ("repository", "repository", &["name"]),
    ("ticket", "issue", &["summary"]),
];

/// Operations that don't depend on an outcome.
const OPERATIONS: &[(&str, &str, &str)] = &[
    ("pipelinerun", "queued", "workflow.requested"),
    ("pipelinerun", "started", "workflow.started"),
    ("taskrun", "queued", "job.queued"),
    ("taskrun", "started", "job.started"),
    ("build", "queued", "build.queued"),
    ("build", "started", "build.started"),
    ("testcaserun", "queued", "test_run.queued"),
    ("testcaserun", "started", "test_run.started"),
    ("testcaserun", "skipped", "test_run.skipped"),
    ("testsuiterun", "queued", "test_run.queued"),
    ("testsuiterun", "started", "test_run.started"),
    ("testoutput", "published", "report.generated"),
    ("artifact", "packaged", "artifact.created"),
    ("artifact", "signed", "artifact.signed"),
    ("artifact", "published", "artifact.published"),
    ("artifact", "downloaded", "artifact.downloaded"),
    ("artifact", "deleted", "artifact.deleted"),
    ("environment", "created", "environment.created"),
    ("environment", "modified", "environment.updated"),
    ("environment", "deleted", "environment.deleted"),
    ("service", "deployed", "deployment.succeeded"),
    ("service", "upgraded", "deployment.succeeded"),
    ("service", "rolledback", "deployment.rolled_back"),
    ("service", "removed", "deployment.deleted"),
    ("service", "published", "service.updated"),
    ("incident", "detected", "incident.opened"),
    ("incident", "reported", "incident.updated"),
    ("incident", "resolved", "incident.resolved"),
    ("branch", "created", "branch.created"),
    ("branch", "deleted", "branch.deleted"),
    ("change", "created", "pull_request.opened"),
    ("change", "updated", "pull_request.updated"),
    ("change", "reviewed", "pull_request.reviewed"),
    ("change", "merged", "pull_request.merged"),
    ("change", "abandoned", "pull_request.closed"),
    ("repository", "created", "repository.created"),
    ("repository", "modified", "repository.updated"),
    ("repository", "deleted", "repository.deleted"),
    ("ticket", "created", "issue.opened"),
    ("ticket", "updated", "issue.updated"),
    ("ticket", "closed", "issue.closed"),
];

/// Writes what a `CDEvent` says into the event of its envelope.
pub(crate) fn apply(event: &mut Event, mapping: &Mapping, data: &Value<'_>) {
    let none = Value::Null;
    let subject = at(data, &["subject"]).unwrap_or(&none);
    let content = at(subject, &["content"]).unwrap_or(&none);
    let ended = outcome(content);
    event.operation = operation(mapping, ended.as_ref().map(|outcome| outcome.result));
    event.verb = format!("{}.{}", mapping.subject, mapping.predicate);
    let known = SUBJECTS.iter().find(|(name, ..)| *name == mapping.subject);
    let (kind, names) = known.map_or((&*mapping.subject, &[][..]), |(_, kind, names)| {
        (kind, *names)
    });
    event.resource = Thing {
        kind: clean::kind(kind).into(),
        id: text(subject, &["id"])
            .map(str::to_owned)
            .or(event.resource.id.take()),
        name: names.iter().find_map(|path| within(content, path)),
    };
    event.outcome = ended;
    event.timestamp = event
        .timestamp
        .or_else(|| at(data, &["context", "timestamp"]).and_then(clean::time));
    event.context.application = Some("cdevents".into());
    event.correlation_id = text(data, &["context", "chainId"])
        .map(str::to_owned)
        .or(event.correlation_id.take());
    place(event, &mapping.subject, content);
    for (name, path) in [
        ("url", "url"),
        ("uri", "uri"),
        ("ticket_uri", "ticketURI"),
        ("trigger", "trigger.type"),
        ("environment_source", "environment.source"),
    ] {
        event.note(name, within(content, path));
    }
    event.note(
        "cdevents_version",
        word(data, &["context", "version"]).or_else(|| word(data, &["context", "specversion"])),
    );
}

/// Where, and with what.
fn place(event: &mut Event, subject: &str, content: &Value<'_>) {
    event.context.environment = if subject == "environment" {
        event
            .resource
            .name
            .clone()
            .or_else(|| event.resource.id.clone())
    } else {
        within(content, "environment.name").or_else(|| within(content, "environment.id"))
    };
    event.project_id = within(content, "repository.id")
        .or_else(|| within(content, "change.repository.id"))
        .or_else(|| (subject == "repository").then(|| event.resource.id.clone())?);
    for (kind, path) in [
        ("artifact", "artifactId"),
        ("workflow_run", "pipelineRun.id"),
        ("job", "taskRun.id"),
        ("test_run", "testSuiteRun.id"),
        ("test_run", "testCaseRun.id"),
        ("service", "service.id"),
        ("commit", "change.id"),
        ("environment", "environment.id"),
    ] {
        event
            .related
            .extend(within(content, path).map(|id| Thing::new(kind, id)));
    }
    if let Some(user) = within(content, "user").or_else(|| within(content, "creator")) {
        event.actor.kind = "user";
        event.actor.id = Some(user);
    }
}

fn within(content: &Value<'_>, path: &str) -> Option<String> {
    let path: Vec<&str> = path.split('.').collect();
    word(content, &path)
}

/// How a run ended, where it says.
fn outcome(content: &Value<'_>) -> Option<Outcome> {
    let said = text(content, &["outcome"])?.to_ascii_lowercase();
    let result = match said.as_str() {
        "success" | "pass" | "passed" | "succeeded" => "success",
        "failure" | "fail" | "failed" | "error" => "failure",
        "cancel" | "cancelled" | "canceled" | "aborted" => "cancelled",
        _ => return None,
    };
    let words = ["errors", "reason"]
        .iter()
        .find_map(|name| text(content, &[name]));
    Some(Outcome {
        result,
        code: Some(said),
        message: words.map(clean::hide_emails),
    })
}

fn operation(mapping: &Mapping, result: Option<&str>) -> Cow<'static, str> {
    let Mapping { subject, predicate } = mapping;
    let run = match subject.as_str() {
        "pipelinerun" => Some("workflow"),
        "taskrun" => Some("job"),
        "build" => Some("build"),
        "testcaserun" | "testsuiterun" => Some("test_run"),
        _ => None,
    };
    if let (Some(run), "finished") = (run, predicate.as_str()) {
        // A build says nothing of an outcome in some versions: it ends with an artifact or not at all.
        let ending = match (run, result) {
            (_, Some("failure")) => "failed",
            (_, Some("cancelled")) => "cancelled",
            (_, Some(_)) | ("build", None) => "succeeded",
            (_, None) => return Cow::Owned(format!("cdevents.{subject}.finished")),
        };
        return Cow::Owned(format!("{run}.{ending}"));
    }
    let known = OPERATIONS
        .iter()
        .find(|(of, what, _)| of == subject && what == predicate);
    if let Some((_, _, operation)) = known {
        return Cow::Borrowed(operation);
    }
    let word = |text: &str| {
        let word = clean::snake(text, 40);
        if word.is_empty() {
            "event".to_owned()
        } else {
            word
        }
    };
    Cow::Owned(format!("cdevents.{}.{}", word(subject), word(predicate)))
}
