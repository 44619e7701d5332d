//! The vocabulary's name of an event where an action alone does not say it: merged or closed, passed or failed, forced or
//! not. And the honest generic name of what has no mapping.

use std::borrow::Cow;

use ledger::json::Value;

use super::kind::{Kind, find, text};
use crate::clean;
use crate::look;

/// The operation of an event.
pub(super) fn of(
    kind: Option<&Kind>,
    event: &str,
    action: &str,
    body: &Value<'_>,
) -> Cow<'static, str> {
    let named = decided(event, action, body)
        .or_else(|| kind.and_then(|kind| kind.operation(action)));
    match named {
        Some(name) => Cow::Borrowed(name),
        None => {
            // The state says more than that one was created.
            let action = text(body, "deployment_status/state").unwrap_or(action);
            Cow::Owned(generic("github", event, action))
        }
    }
}

/// `github.<event>_<action>`: two parts, well-formed, at most 128 bytes.
pub(crate) fn generic(vendor: &str, event: &str, action: &str) -> String {
    let name = clean::snake(&format!("{event}_{action}"), 100);
    let name = if name.is_empty() { "event".to_owned() } else { name };
    format!("{vendor}.{name}")
}

fn decided(event: &str, action: &str, body: &Value<'_>) -> Option<&'static str> {
    let is = |path| find(body, path) == Some(&Value::Bool(true));
    match (event, action) {
        ("push", _) => pushed(body),
        ("create" | "delete", _) => reference(event, text(body, "ref_type")?),
        ("pull_request", "closed") if is("pull_request/merged") => Some("pull_request.merged"),
        ("pull_request_review", "submitted") => match text(body, "review/state")? {
            "approved" => Some("pull_request.approved"),
            "changes_requested" => Some("pull_request.changes_requested"),
            _ => None,
        },
        ("issue_comment", "created") if find(body, "issue/pull_request").is_some() => {
            Some("pull_request.commented")
        }
        ("check_run", _) => check(action, text(body, "check_run/status"), text(body, "check_run/conclusion")),
        ("check_suite", "completed") => check(action, None, text(body, "check_suite/conclusion")),
        ("workflow_run", "completed") => workflow(text(body, "workflow_run/conclusion")),
        ("workflow_job", "completed") => job(text(body, "workflow_job/conclusion")),
        ("status", _) => match text(body, "state")? {
            "success" => Some("check.succeeded"),
            "failure" | "error" => Some("check.failed"),
            "pending" => Some("check.started"),
            _ => None,
        },
        ("deployment_status", _) => deployment(text(body, "deployment_status/state")?),
        ("page_build", _) => match text(body, "build/status")? {
            "built" => Some("build.succeeded"),
            "errored" => Some("build.failed"),
            "building" | "queued" => Some("build.started"),
            _ => None,
        },
        ("repository_import", _) => match text(body, "status")? {
            "success" => Some("repository.imported"),
            _ => Some("repository.import_failed"),
        },
        ("team", "edited") if find(body, "changes/repository/permissions").is_some() => {
            Some("team.access_updated")
        }
        ("secret_scanning_alert", "resolved") => match text(body, "alert/resolution")? {
            "revoked" | "pattern_deleted" | "pattern_edited" => None,
            _ => Some("security_alert.dismissed"),
        },
        ("security_and_analysis", _) => Some(features(body)),
        (_, "response_submitted") if find(body, "exemption_response").is_some() => {
            match text(body, "exemption_response/status")? {
                "approved" => Some("exemption.approved"),
                "rejected" | "denied" => Some("exemption.rejected"),
                _ => None,
            }
        }
        _ => None,
    }
}

fn pushed(body: &Value<'_>) -> Option<&'static str> {
    let kind = if text(body, "ref")?.starts_with("refs/tags/") { "tag" } else { "branch" };
    if look::is_true(body, &["deleted"]) {
        return reference("delete", kind);
    }
    if look::is_true(body, &["created"]) {
        return reference("create", kind);
    }
    Some(match (kind, look::is_true(body, &["forced"])) {
        ("tag", _) => "tag.updated",
        (_, true) => "code.force_pushed",
        (_, false) => "code.pushed",
    })
}

fn reference(event: &str, kind: &str) -> Option<&'static str> {
    match (event, kind) {
        ("create", "branch") => Some("branch.created"),
        ("create", "tag") => Some("tag.created"),
        ("create", "repository") => Some("repository.created"),
        ("delete", "branch") => Some("branch.deleted"),
        ("delete", "tag") => Some("tag.deleted"),
        _ => None,
    }
}

/// What a conclusion amounts to.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Conclusion {
    /// It passed, or there was nothing against it.
    Succeeded,
    /// It did not, or somebody has to act.
    Failed,
    /// It was stopped or overtaken.
    Cancelled,
    /// It was left out.
    Skipped,
}

/// What the words of a conclusion amount to; `None` for those that are not known.
pub(crate) fn conclusion(word: &str) -> Option<Conclusion> {
    match word {
        "success" | "neutral" => Some(Conclusion::Succeeded),
        "failure" | "timed_out" | "action_required" | "startup_failure" | "error" => {
            Some(Conclusion::Failed)
        }
        "cancelled" | "stale" => Some(Conclusion::Cancelled),
        "skipped" => Some(Conclusion::Skipped),
        _ => None,
    }
}

fn check(action: &str, status: Option<&str>, words: Option<&str>) -> Option<&'static str> {
    match (action, words.and_then(conclusion), status) {
        ("completed" | "created", Some(conclusion), _) => Some(match conclusion {
            Conclusion::Succeeded => "check.succeeded",
            Conclusion::Failed => "check.failed",
            Conclusion::Cancelled => "check.cancelled",
            Conclusion::Skipped => "check.skipped",
        }),
        ("created", None, Some("in_progress")) => Some("check.started"),
        ("created", None, _) => Some("check.requested"),
        _ => None,
    }
}

pub(crate) fn workflow(words: Option<&str>) -> Option<&'static str> {
    Some(match conclusion(words?)? {
        Conclusion::Succeeded => "workflow.succeeded",
        Conclusion::Failed => "workflow.failed",
        Conclusion::Cancelled => "workflow.cancelled",
        Conclusion::Skipped => "workflow.skipped",
    })
}

fn job(words: Option<&str>) -> Option<&'static str> {
    Some(match conclusion(words?)? {
        Conclusion::Succeeded => "job.succeeded",
        Conclusion::Failed => "job.failed",
        Conclusion::Cancelled => "job.cancelled",
        Conclusion::Skipped => "job.skipped",
    })
}

fn deployment(state: &str) -> Option<&'static str> {
    match state {
        "success" => Some("deployment.succeeded"),
        "failure" | "error" => Some("deployment.failed"),
        "in_progress" => Some("deployment.started"),
        "pending" | "queued" => Some("deployment.created"),
        "waiting" => Some("deployment.approval_requested"),
        // `inactive` says that a later deployment took its place: not a name of the vocabulary.
        _ => None,
    }
}

/// A feature that was turned off weighs more than one that was turned on.
fn features(body: &Value<'_>) -> &'static str {
    let before = find(body, "changes/from/security_and_analysis").and_then(Value::as_object);
    let mut name = "setting.updated";
    for (feature, was) in before.unwrap_or_default() {
        let now = look::text(body, &["repository", "security_and_analysis", feature, "status"]);
        match (look::text(was, &["status"]), now) {
            (Some("enabled"), Some("disabled")) => return "security_feature.disabled",
            (Some("disabled"), Some("enabled")) => name = "security_feature.enabled",
            _ => {}
        }
    }
    name
}
