//! Branches and tags: what a push moved, with its commits by hash alone.

use ledger::json::Value;

use super::kind::{find, text, word};
use crate::event::{Event, Thing};
use crate::look;

/// Most hashes of commits that are kept of a push; how many there were is always kept.
const COMMITS_MAX: usize = 50;

/// The branch or tag that was pushed.
pub(super) fn pushed(body: &Value<'_>) -> Thing {
    thing(body, text(body, "ref").unwrap_or_default())
}

/// The branch or tag that was created or deleted: its short name and type stand apart.
pub(super) fn named(body: &Value<'_>) -> Thing {
    let name = text(body, "ref").unwrap_or_default();
    match text(body, "ref_type") {
        Some("tag") => thing(body, &format!("refs/tags/{name}")),
        Some("repository") => Thing {
            kind: "repository".into(),
            id: word(body, "repository/id"),
            name: text(body, "repository/full_name").map(str::to_owned),
        },
        _ => thing(body, &format!("refs/heads/{name}")),
    }
}

/// A branch or tag: its id is the repository's with the whole reference, so that it outlives a rename of the repository.
fn thing(body: &Value<'_>, reference: &str) -> Thing {
    let (kind, name) = match reference.strip_prefix("refs/tags/") {
        Some(tag) => ("tag", tag),
        None => (
            "branch",
            reference.strip_prefix("refs/heads/").unwrap_or(reference),
        ),
    };
    let repository = word(body, "repository/id").unwrap_or_default();
    Thing::new(kind, format!("{repository}/{reference}")).named(name)
}

/// The branch that something ran for or goes into.
pub(super) fn related_branch(resource: &Thing, event: &str, body: &Value<'_>) -> Option<Thing> {
    if matches!(event, "push" | "create" | "delete") || resource.kind == "branch" {
        return None;
    }
    let paths = [
        "pull_request/base/ref",
        "workflow_run/head_branch",
        "workflow_job/head_branch",
        "check_run/check_suite/head_branch",
        "check_suite/head_branch",
    ];
    // A run for a pull request of a fork names the fork's branch.
    let fork = text(body, "workflow_run/head_repository/full_name");
    if fork.is_some_and(|name| Some(name) != text(body, "repository/full_name")) {
        return None;
    }
    let name = paths.iter().find_map(|path| text(body, path))?;
    find(body, "repository")?;
    Some(thing(body, &format!("refs/heads/{name}")))
}

/// How many commits a push brought and which; nothing of who wrote them, when, or why.
pub(super) fn commits(body: &Value<'_>, made: &mut Event) {
    let commits = look::items(body, &["commits"]);
    made.metadata.push((
        "commit_count",
        Value::Number(commits.len().to_string().into()),
    ));
    let hashes: Vec<_> = commits
        .iter()
        .filter_map(|commit| look::text(commit, &["id"]))
        .take(COMMITS_MAX)
        .map(|hash| Value::string(crate::clean::cut(hash).into_owned()))
        .collect();
    if !hashes.is_empty() {
        made.metadata.push(("commits", Value::Array(hashes)));
    }
}
