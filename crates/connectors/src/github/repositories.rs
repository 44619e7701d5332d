//! Repositories as a whole: made, renamed, opened to everybody, moved, imported, starred; their properties.

use super::kind::{Kind, kind};

pub(super) const KINDS: &[Kind] = &[
    kind(
        "repository",
        &["repository", "action", "!action=started"],
        "repository",
    )
    .alone(&[])
    .of("repository")
    .id(REPOSITORY)
    .named(FULL_NAME)
    .maps(&[
        ("created", "repository.created"),
        ("deleted", "repository.deleted"),
        ("archived", "repository.archived"),
        ("unarchived", "repository.unarchived"),
        ("edited", "repository.updated"),
        ("renamed", "repository.renamed"),
        ("transferred", "repository.transferred"),
        ("publicized", "repository.publicized"),
        ("privatized", "repository.visibility_changed"),
    ])
    .facts(&[
        "visibility=repository/visibility",
        "private=repository/private",
        "default_branch=repository/default_branch",
    ]),
    kind("public", &["repository", "!action"], "repository")
        .alone(&[])
        .of("repository")
        .id(REPOSITORY)
        .named(FULL_NAME)
        .maps(&[("*", "repository.publicized")]),
    kind("repository_import", &["status", "repository"], "repository")
        .alone(&[])
        .id(REPOSITORY)
        .named(FULL_NAME)
        .facts(&["status"]),
    kind("star", &["?starred_at"], "repository")
        .id(REPOSITORY)
        .named(FULL_NAME)
        .maps(&[
            ("created", "repository.starred"),
            ("deleted", "repository.unstarred"),
        ]),
    // Sent beside `star`, under the older name.
    kind("watch", &["action=started", "repository"], "repository")
        .alone(&[])
        .id(REPOSITORY)
        .named(FULL_NAME)
        .maps(&[("started", "repository.starred")]),
    kind("cache_sync", &["cache_location", "repository"], "repository")
        .id(REPOSITORY)
        .named(FULL_NAME)
        .facts(&["cache_location", "ref", "before", "after"]),
    kind("content_reference", &["content_reference"], "content_reference")
        .of("content_reference")
        .id(&["content_reference/id"]),
    kind("custom_property", &["definition"], "custom_property")
        .of("definition")
        .id(&["definition/property_name"])
        .named(&["definition/property_name"])
        .maps(&[
            ("created", "setting.created"),
            ("updated", "setting.updated"),
            ("deleted", "setting.deleted"),
        ])
        .facts(&[
            "value_type=definition/value_type",
            "required=definition/required",
            "allowed_values=definition/allowed_values",
        ]),
    kind("custom_property_values", &["?new_property_values", "?old_property_values"], "repository")
        .of("repository")
        .id(REPOSITORY)
        .named(FULL_NAME)
        .maps(&[("updated", "repository.updated")]),
];

const REPOSITORY: &[&str] = &["repository/id"];
const FULL_NAME: &[&str] = &["repository/full_name"];
