//! What is known of one kind of webhook: what it is about, and what else is kept of it.

/// One kind. Paths are lists of member names from the root of the body.
#[derive(Clone, Copy, Debug)]
pub(super) struct Kind {
    /// The type of what is acted upon; empty where the kind is not known.
    pub(super) resource: &'static str,
    /// Where its id stands.
    pub(super) id: &'static [&'static str],
    /// Where its name stands.
    pub(super) name: &'static [&'static str],
    /// What else is kept, as `path` or `name=path` with slashes.
    pub(super) facts: &'static [&'static str],
}

/// The row of an `object_kind`.
pub(super) fn of(name: &str) -> Kind {
    let known = KINDS.iter().find(|(kind, _)| *kind == name);
    known.map_or(kind("", ID, NAME, &[]), |(_, kind)| *kind)
}

const fn kind(
    resource: &'static str,
    id: &'static [&'static str],
    name: &'static [&'static str],
    facts: &'static [&'static str],
) -> Kind {
    Kind {
        resource,
        id,
        name,
        facts,
    }
}

const ID: &[&str] = &["object_attributes", "id"];
const NAME: &[&str] = &["object_attributes", "name"];
const TITLE: &[&str] = &["object_attributes", "title"];

const ISSUE: Kind = kind(
    "issue",
    ID,
    &[],
    &[
        "title=object_attributes/title",
        "type=object_attributes/type",
        "state=object_attributes/state",
        "confidential=object_attributes/confidential",
    ],
);
const TOKEN: Kind = kind(
    "access_token",
    ID,
    NAME,
    &["expires_at=object_attributes/expires_at"],
);

#[rustfmt::skip] // a table reads better packed
const KINDS: &[(&str, Kind)] = &[
    ("merge_request", kind("merge_request", ID, &[], &[
        "title=object_attributes/title",
        "source_branch=object_attributes/source_branch",
        "target_branch=object_attributes/target_branch",
        "state=object_attributes/state",
        "head_sha=object_attributes/last_commit/id",
        "merge_commit_sha=object_attributes/merge_commit_sha",
        "draft=object_attributes/draft",
    ])),
    ("issue", ISSUE),
    ("work_item", ISSUE),
    ("note", kind("comment", ID, &[], &[
        "on=object_attributes/noteable_type",
        "commit_sha=object_attributes/commit_id",
    ])),
    ("wiki_page", kind("wiki", &["project", "id"], &["project", "path_with_namespace"], &[
        "title=object_attributes/title",
        "action=object_attributes/action",
    ])),
    ("pipeline", kind("pipeline", ID, NAME, &[
        "status=object_attributes/status",
        "source=object_attributes/source",
        "ref=object_attributes/ref",
        "sha=object_attributes/sha",
        "duration_s=object_attributes/duration",
        "merge_request=merge_request/iid",
    ])),
    ("build", kind("job", &["build_id"], &["build_name"], &[
        "stage=build_stage",
        "status=build_status",
        "ref",
        "sha",
        "duration_s=build_duration",
        "allowed_to_fail=build_allow_failure",
        "runner=runner/description",
    ])),
    ("deployment", kind("deployment", &["deployment_id"], &["environment"], &[
        "status",
        "ref",
        "sha=short_sha",
        "environment_tier",
        "environment_url=environment_external_url",
        "job=deployable_id",
    ])),
    ("feature_flag", kind("feature_flag", ID, NAME, &[])),
    ("release", kind("release", &["id"], &["tag"], &["title=name", "tag", "sha=commit/id"])),
    ("emoji", kind("reaction", ID, NAME, &["on=object_attributes/awardable_type"])),
    ("access_token", TOKEN),
    ("deploy_token", TOKEN),
    ("milestone", kind("milestone", ID, TITLE, &["due_date=object_attributes/due_date"])),
    ("vulnerability", kind("vulnerability", ID, TITLE, &[
        "severity=object_attributes/severity",
        "state=object_attributes/state",
        "report=object_attributes/report_type",
    ])),
];
