//! Planning and talk: issues, comments, discussions, labels, milestones, boards. Titles are kept, bodies are not.

use super::kind::{Kind, Number, kind};

pub(super) const KINDS: &[Kind] = &[
    kind("issues", &["issue", "!comment"], "issue")
        .of("issue")
        .id(&["issue/id"])
        .numbered(Number::Name)
        .maps(&[
            ("opened", "issue.opened"),
            ("closed", "issue.closed"),
            ("reopened", "issue.reopened"),
            ("deleted", "issue.deleted"),
            ("transferred", "issue.transferred"),
            ("locked", "issue.locked"),
            ("unlocked", "issue.unlocked"),
            ("edited", "issue.updated"),
            ("assigned", "issue.updated"),
            ("unassigned", "issue.updated"),
            ("labeled", "issue.updated"),
            ("unlabeled", "issue.updated"),
            ("milestoned", "issue.updated"),
            ("demilestoned", "issue.updated"),
            ("pinned", "issue.updated"),
            ("unpinned", "issue.updated"),
            ("typed", "issue.updated"),
            ("untyped", "issue.updated"),
        ])
        .facts(&[
            "title=issue/title",
            "state_reason=issue/state_reason",
            "label=label/name",
            "milestone=milestone/title",
        ])
        .people(&["issue/user", "assignee"]),
    // A comment on a pull request comes under this name too; `operation.rs` tells.
    kind("issue_comment", &["issue", "comment"], "issue")
        .of("comment")
        .id(&["issue/id"])
        .numbered(Number::Name)
        .maps(&[
            ("created", "issue.commented"),
            ("edited", "comment.updated"),
            ("deleted", "comment.deleted"),
        ])
        .facts(&["title=issue/title", "comment_id=comment/id"])
        .people(&["comment/user"]),
    kind("issue_dependencies", &["blocking_issue", "blocked_issue"], "issue")
        .of("blocked_issue")
        .id(&["blocked_issue/id"])
        .maps(&[("*", "issue.updated")])
        .facts(&["blocking_issue=blocking_issue/id"]),
    kind("sub_issues", &["parent_issue", "sub_issue"], "issue")
        .of("parent_issue")
        .id(&["parent_issue/id"])
        .maps(&[("*", "issue.updated")])
        .facts(&["sub_issue=sub_issue/id"]),
    kind("label", &["label", "!issue", "!pull_request", "!discussion"], "label")
        .of("label")
        .id(&["label/id"])
        .named(&["label/name"])
        .maps(&[
            ("created", "label.created"),
            ("edited", "label.updated"),
            ("deleted", "label.deleted"),
        ]),
    kind("milestone", &["milestone", "!issue", "!pull_request"], "milestone")
        .of("milestone")
        .id(&["milestone/id"])
        .named(&["milestone/title"])
        .maps(&[
            ("created", "milestone.created"),
            ("closed", "milestone.closed"),
            ("opened", "milestone.updated"),
            ("edited", "milestone.updated"),
            ("deleted", "milestone.deleted"),
        ])
        .facts(&["due_on=milestone/due_on"]),
    kind("discussion", &["discussion", "!comment"], "discussion")
        .of("discussion")
        .id(&["discussion/id"])
        .numbered(Number::Name)
        .maps(&[
            ("created", "discussion.created"),
            ("deleted", "discussion.deleted"),
            ("closed", "discussion.closed"),
            ("reopened", "discussion.reopened"),
            ("answered", "discussion.answered"),
            ("transferred", "discussion.transferred"),
            ("edited", "discussion.updated"),
            ("unanswered", "discussion.updated"),
            ("category_changed", "discussion.updated"),
            ("labeled", "discussion.updated"),
            ("unlabeled", "discussion.updated"),
            ("locked", "discussion.updated"),
            ("unlocked", "discussion.updated"),
            ("pinned", "discussion.updated"),
            ("unpinned", "discussion.updated"),
        ])
        .facts(&[
            "title=discussion/title",
            "category=discussion/category/name",
            "label=label/name",
        ]),
    kind("discussion_comment", &["discussion", "comment"], "discussion")
        .of("comment")
        .id(&["discussion/id"])
        .numbered(Number::Name)
        .maps(&[
            ("created", "discussion.commented"),
            ("edited", "comment.updated"),
            ("deleted", "comment.deleted"),
        ])
        .facts(&["title=discussion/title", "comment_id=comment/id"])
        .people(&["comment/user"]),
    kind("project", &["project"], "project_board")
        .of("project")
        .id(&["project/id"])
        .named(&["project/name"])
        .maps(BOARD),
    kind("project_card", &["project_card"], "project_board")
        .of("project_card")
        .id(&["project_card/id"])
        .maps(&[("*", "project_board.updated")])
        .facts(&["column=project_card/column_id"]),
    kind("project_column", &["project_column"], "project_board")
        .of("project_column")
        .id(&["project_column/id"])
        .named(&["project_column/name"])
        .maps(&[("*", "project_board.updated")]),
    kind("projects_v2", &["projects_v2"], "project_board")
        .of("projects_v2")
        .id(&["projects_v2/id"])
        .named(&["projects_v2/title"])
        .maps(BOARD)
        .facts(&["public=projects_v2/public"]),
    kind("projects_v2_item", &["projects_v2_item"], "project_board")
        .of("projects_v2_item")
        .id(&["projects_v2_item/project_node_id"])
        .maps(&[("*", "project_board.updated")])
        .facts(&["item=projects_v2_item/id", "content_type=projects_v2_item/content_type"]),
    kind("projects_v2_status_update", &["projects_v2_status_update"], "project_board")
        .of("projects_v2_status_update")
        .id(&["projects_v2_status_update/project_node_id"])
        .maps(&[("*", "project_board.updated")])
        .facts(&["status=projects_v2_status_update/status"]),
];

const BOARD: &[(&str, &str)] = &[
    ("created", "project_board.created"),
    ("closed", "project_board.closed"),
    ("reopened", "project_board.reopened"),
    ("edited", "project_board.updated"),
    ("deleted", "project_board.deleted"),
];
