//! Branches and tags: what a push moved, with its commits by hash alone.

use ledger::json::Value;

use crate::event::{Event, Thing};
use crate::look;

/// Most hashes of commits that are kept of a push.
const COMMITS_MAX: usize = 50;

/// The branch or tag that was pushed.
pub(super) fn pushed(body: &Value<'_>) -> Thing {
    let reference = look::text(body, &["ref"]).unwrap_or_default();
    let (kind, name) = match reference.strip_prefix("refs/tags/") {
        Some(tag) => ("tag", tag),
        None => (
            "branch",
            reference.strip_prefix("refs/heads/").unwrap_or(reference),
        ),
    };
    let project = look::word(body, &["project_id"])
        .or_else(|| look::word(body, &["project", "id"]))
        .unwrap_or_default();
    Thing::new(kind, format!("{project}/{reference}")).named(name)
}

/// Created, deleted or moved. Whether it was forced GitLab does not say.
pub(super) fn operation(kind: &str, body: &Value<'_>) -> &'static str {
    let is_zero = |name: &str| {
        look::text(body, &[name]).is_some_and(|hash| hash.bytes().all(|byte| byte == b'0'))
    };
    match (kind == "tag_push", is_zero("before"), is_zero("after")) {
        (true, _, true) => "tag.deleted",
        (true, true, _) => "tag.created",
        (true, ..) => "tag.updated",
        (false, _, true) => "branch.deleted",
        (false, true, _) => "branch.created",
        (false, ..) => "code.pushed",
    }
}

/// How many commits a push brought and which; nothing of who wrote them, when, or why.
pub(super) fn commits(body: &Value<'_>, event: &mut Event) {
    let commits = look::items(body, &["commits"]);
    let count = look::word(body, &["total_commits_count"])
        .filter(|count| count.parse::<u32>().is_ok())
        .unwrap_or_else(|| commits.len().to_string());
    event
        .metadata
        .push(("commit_count", Value::Number(count.into())));
    let hashes: Vec<_> = commits
        .iter()
        .filter_map(|commit| look::text(commit, &["id"]))
        .take(COMMITS_MAX)
        .map(|hash| Value::string(crate::clean::cut(hash).into_owned()))
        .collect();
    if !hashes.is_empty() {
        event.metadata.push(("commits", Value::Array(hashes)));
    }
}
