//! When it happened. GitHub puts no time on an event: the object's own times say, where the action is what set them.

use ledger::json::Value;
use ledger::time::Micros;

use super::kind::{Kind, find};
use crate::clean;

/// The time of an event, if its body tells one. Deletions don't: the object's last change was an earlier one.
pub(super) fn of(kind: Option<&Kind>, event: &str, action: &str, body: &Value<'_>) -> Option<Micros> {
    let at = |path: &str| find(body, path).and_then(clean::time);
    match event {
        // When the push arrived; the times of commits are their authors' claims.
        "push" => return at("repository/pushed_at"),
        "star" => return at("starred_at"),
        "status" => return at("updated_at").or_else(|| at("created_at")),
        "deployment_review" => return at("since").filter(|_| action == "requested"),
        "secret_scanning_scan" => return at("completed_at"),
        "repository" if action == "created" => return at("repository/created_at"),
        "repository" if action == "deleted" => return None,
        _ => {}
    }
    let thing = kind.filter(|kind| !kind.thing.is_empty())?.thing;
    let names: &[&str] = match action {
        "deleted" | "removed" | "destroyed" => &[],
        "created" | "opened" | "requested" | "queued" | "waiting" | "submitted" => &[
            "submitted_at",
            "created_at",
            "run_started_at",
            "started_at",
            "updated_at",
        ],
        "in_progress" => &["started_at", "run_started_at", "updated_at"],
        "closed" | "merged" => &["closed_at", "updated_at"],
        "completed" => &["completed_at", "updated_at"],
        "published" | "released" | "prereleased" => &["published_at", "updated_at"],
        "fixed" => &["fixed_at", "updated_at"],
        "resolved" => &["resolved_at", "updated_at"],
        "dismissed" | "closed_by_user" | "dismiss" => &["dismissed_at", "updated_at"],
        _ => &["updated_at", "created_at"],
    };
    // Creation is told apart from later changes only where the object bears both times.
    let only_created = |name: &str| name == "created_at" && !is_first(action);
    names
        .iter()
        .filter(|name| !only_created(name) || matches!(event, "deployment_status" | "page_build"))
        .find_map(|name| at(&format!("{thing}/{name}")))
}

fn is_first(action: &str) -> bool {
    matches!(
        action,
        "" | "created" | "opened" | "requested" | "queued" | "waiting" | "submitted"
    )
}
