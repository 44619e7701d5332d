//! Code: pushes, branches, tags, pull requests, reviews, releases, packages, forks.

use super::kind::{Kind, Number, kind};

pub(super) const KINDS: &[Kind] = &[
    // Named by `operation.rs`: created, deleted, forced or none of these; the resource by `reference.rs`.
    kind("push", &["ref", "?before", "?after", "?commits"], "branch").facts(&[
        "ref",
        "before",
        "after",
        "base_ref",
        "forced",
        "compare",
    ]),
    kind("create", &["ref_type", "?ref", "?master_branch", "!before"], "branch").facts(&[
        "ref",
        "ref_type",
        "pusher_type",
    ]),
    kind("delete", &["ref_type", "ref", "!master_branch", "!before"], "branch").facts(&[
        "ref",
        "ref_type",
        "pusher_type",
    ]),
    kind("pull_request", &["pull_request", "number", "!review", "!thread"], "pull_request")
        .of("pull_request")
        .id(&["pull_request/id"])
        .numbered(Number::Name)
        .maps(&[
            ("opened", "pull_request.opened"),
            ("closed", "pull_request.closed"),
            ("merged", "pull_request.merged"),
            ("reopened", "pull_request.reopened"),
            ("edited", "pull_request.updated"),
            ("synchronize", "pull_request.updated"),
            ("assigned", "pull_request.updated"),
            ("unassigned", "pull_request.updated"),
            ("labeled", "pull_request.updated"),
            ("unlabeled", "pull_request.updated"),
            ("milestoned", "pull_request.updated"),
            ("demilestoned", "pull_request.updated"),
            ("locked", "pull_request.locked"),
            ("unlocked", "pull_request.unlocked"),
            ("converted_to_draft", "pull_request.drafted"),
            ("ready_for_review", "pull_request.readied"),
            ("review_requested", "pull_request.review_requested"),
            ("review_request_removed", "pull_request.review_request_removed"),
            ("auto_merge_enabled", "pull_request.auto_merge_enabled"),
            ("auto_merge_disabled", "pull_request.auto_merge_disabled"),
            ("enqueued", "pull_request.queued"),
            ("dequeued", "pull_request.dequeued"),
        ])
        .facts(&[
            "title=pull_request/title",
            "head=pull_request/head/ref",
            "head_sha=pull_request/head/sha",
            "head_repository=pull_request/head/repo/full_name",
            "base=pull_request/base/ref",
            "merge_commit_sha=pull_request/merge_commit_sha",
            "draft=pull_request/draft",
            "commits=pull_request/commits",
            "label=label/name",
            "requested_team=requested_team/slug",
            "queue_reason=reason",
        ])
        .people(&["pull_request/user", "assignee", "requested_reviewer"]),
    kind("pull_request_review", &["pull_request", "review"], "pull_request")
        .of("review")
        .id(&["pull_request/id"])
        .numbered(Number::Name)
        .maps(&[
            ("submitted", "pull_request.reviewed"),
            ("edited", "comment.updated"),
            ("dismissed", "pull_request.approval_dismissed"),
        ])
        .facts(&[
            "title=pull_request/title",
            "review_id=review/id",
            "state=review/state",
            "commit_sha=review/commit_id",
            "base=pull_request/base/ref",
        ])
        .people(&["pull_request/user", "review/user"]),
    kind("pull_request_review_comment", &["pull_request", "comment", "!review"], "pull_request")
        .of("comment")
        .id(&["pull_request/id"])
        .numbered(Number::Name)
        .maps(&[
            ("created", "pull_request.commented"),
            ("edited", "comment.updated"),
            ("deleted", "comment.deleted"),
        ])
        .facts(&["title=pull_request/title", "comment_id=comment/id", "path=comment/path"])
        .people(&["comment/user"]),
    kind("pull_request_review_thread", &["pull_request", "thread"], "pull_request")
        .of("thread")
        .id(&["pull_request/id"])
        .numbered(Number::Name)
        .maps(&[
            ("resolved", "pull_request.thread_resolved"),
            ("unresolved", "pull_request.thread_reopened"),
        ])
        .facts(&["title=pull_request/title", "thread=thread/node_id"]),
    kind("merge_group", &["merge_group"], "merge_group")
        .of("merge_group")
        .id(&["merge_group/head_sha"])
        .named(&["merge_group/head_ref"])
        .maps(&[
            ("checks_requested", "merge_queue.checks_requested"),
            ("destroyed", "merge_queue.group_dissolved"),
        ])
        .facts(&["base=merge_group/base_ref", "base_sha=merge_group/base_sha", "reason"]),
    kind("commit_comment", &["comment/commit_id", "!pull_request", "!issue"], "commit")
        .of("comment")
        .id(&["comment/commit_id"])
        .maps(&[("created", "commit.commented")])
        .facts(&["comment_id=comment/id", "path=comment/path"]),
    // One release is told up to three times: created, published and released. It counts once, when it is published.
    kind("release", &["release"], "release")
        .of("release")
        .id(&["release/id"])
        .named(&["release/tag_name"])
        .maps(&[
            ("published", "release.created"),
            ("created", "release.updated"),
            ("released", "release.updated"),
            ("prereleased", "release.updated"),
            ("edited", "release.updated"),
            ("unpublished", "release.updated"),
            ("deleted", "release.deleted"),
        ])
        .facts(&[
            "title=release/name",
            "tag=release/tag_name",
            "target=release/target_commitish",
            "draft=release/draft",
            "prerelease=release/prerelease",
        ]),
    kind("package", &["package"], "package")
        .of("package")
        .id(&["package/id"])
        .named(&["package/name"])
        .maps(&[("published", "package.published"), ("updated", "package.updated")])
        .facts(&[
            "package_type=package/package_type",
            "ecosystem=package/ecosystem",
            "version=package/package_version/version",
            "target_sha=package/package_version/target_oid",
        ]),
    kind("registry_package", &["registry_package"], "package")
        .of("registry_package")
        .id(&["registry_package/id"])
        .named(&["registry_package/name"])
        .maps(&[("published", "package.published"), ("updated", "package.updated")])
        .facts(&[
            "package_type=registry_package/package_type",
            "ecosystem=registry_package/ecosystem",
            "version=registry_package/package_version/version",
        ]),
    kind("fork", &["forkee"], "repository")
        .of("forkee")
        .id(&["repository/id"])
        .named(&["repository/full_name"])
        .maps(&[("*", "repository.forked")])
        .facts(&["fork=forkee/full_name", "fork_id=forkee/id", "private=forkee/private"]),
    kind("gollum", &["pages"], "wiki")
        .id(&["repository/id"])
        .named(&["repository/full_name"])
        .maps(&[("*", "wiki.updated")]),
];
