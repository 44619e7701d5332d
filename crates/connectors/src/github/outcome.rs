//! How it ended, where GitHub says: conclusions of what ran, states of deployments, decisions of reviewers. Everything else
//! that GitHub tells has happened; whether it was tried in vain before is not known, so nothing is said.

use ledger::json::Value;

use super::kind::text;
use super::operation::{Conclusion, conclusion};
use crate::clean;
use crate::event::Outcome;

pub(super) fn of(event: &str, action: &str, body: &Value<'_>) -> Option<Outcome> {
    let (path, message) = match event {
        // Asked to run again: the conclusion that stands there is the last run's.
        "check_run" | "check_suite" | "workflow_run" | "workflow_job"
            if !matches!(action, "completed" | "created") =>
        {
            return None;
        }
        "check_run" => ("check_run/conclusion", None),
        "check_suite" => ("check_suite/conclusion", None),
        "workflow_run" => ("workflow_run/conclusion", None),
        "workflow_job" => ("workflow_job/conclusion", None),
        "deployment_status" => ("deployment_status/state", Some("deployment_status/description")),
        "status" => ("state", Some("description")),
        "page_build" => ("build/status", Some("build/error/message")),
        "repository_import" => ("status", None),
        "deployment_review" if action == "rejected" => return Some(Outcome::of("denied")),
        "deployment_review" if action == "approved" => return Some(Outcome::of("success")),
        "personal_access_token_request" if action == "denied" => {
            return Some(Outcome::of("denied"));
        }
        _ if action == "response_submitted" => return answered(body),
        _ => return None,
    };
    let word = text(body, path)?;
    let mut outcome = of_conclusion(word)?;
    outcome.message = message
        .and_then(|path| text(body, path))
        .map(clean::hide_emails);
    Some(outcome)
}

/// What a conclusion or state says; `None` while it runs.
pub(crate) fn of_conclusion(word: &str) -> Option<Outcome> {
    let result = match word {
        "built" => "success",
        "errored" => "failure",
        word => match conclusion(word)? {
            Conclusion::Succeeded => "success",
            Conclusion::Failed => "failure",
            Conclusion::Cancelled | Conclusion::Skipped => "cancelled",
        },
    };
    let plain = matches!(word, "success" | "failure" | "cancelled");
    Some(Outcome {
        code: (!plain).then(|| word.to_owned()),
        ..Outcome::of(result)
    })
}

fn answered(body: &Value<'_>) -> Option<Outcome> {
    match text(body, "exemption_response/status")? {
        "approved" => Some(Outcome::of("success")),
        "rejected" | "denied" => Some(Outcome::of("denied")),
        _ => None,
    }
}
