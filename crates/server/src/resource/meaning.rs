//! What the name of an operation says about a resource: whether it begins or ends, and whether something is given to it
//! or taken from it.

/// What an operation means to the resource that is acted upon.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Meaning {
    /// Whether the resource begins or ends.
    pub(super) existence: Option<Existence>,
    /// Whether something is given or taken.
    pub(super) gives: Option<Giving>,
    /// Whether what changes are rights of whom it is related to, rather than the resource by itself.
    pub(super) is_about_rights: bool,
}

/// Whether a resource begins or ends.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Existence {
    /// It is there from now on.
    Begins,
    /// It is gone from now on.
    Ends,
}

/// Whether something is given or taken.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Giving {
    /// What is told joins.
    Grants,
    /// What is told leaves.
    Revokes,
}

/// Types of resources that are given to others.
pub(super) fn can_be_given(kind: &str) -> bool {
    kind.split('_').any(|word| {
        matches!(
            word,
            "permission" | "role" | "team" | "group" | "policy" | "scope" | "membership" | "grant"
        )
    })
}

impl Meaning {
    /// `team.member_added`: the action is `added`, its object `team_member`.
    pub(super) fn of(operation: &str, resource_type: &str) -> Self {
        let flat = operation.replace('.', "_");
        let (object, action) = flat.rsplit_once('_').unwrap_or(("", flat.as_str()));
        let is_of_itself = object == resource_type;
        let existence = match action {
            "created" | "restored" => Some(Existence::Begins),
            "deleted" | "destroyed" => Some(Existence::Ends),
            // `domain.added`; a member that is added to a team makes no team.
            "added" if is_of_itself => Some(Existence::Begins),
            "removed" if is_of_itself => Some(Existence::Ends),
            _ => None,
        }
        // `database.user_created` makes no database.
        .filter(|_| operation.rsplit('.').next() == Some(action));
        let gives = match action {
            "granted" | "added" | "assigned" | "attached" => Some(Giving::Grants),
            "revoked" | "removed" | "unassigned" | "detached" => Some(Giving::Revokes),
            _ => None,
        }
        // A key that is revoked loses nothing but itself.
        .filter(|_| existence.is_none() && (!is_of_itself || can_be_given(object)));
        let is_about_rights = object.split('_').any(|word| {
            matches!(
                word,
                "permission" | "role" | "access" | "grant" | "policy" | "membership"
            )
        });
        Self {
            existence,
            gives,
            is_about_rights,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use Existence::{Begins, Ends};
    use Giving::{Grants, Revokes};

    #[test]
    fn operations_mean_what_their_action_says() {
        for (operation, kind, existence, gives, rights) in [
            ("project.created", "project", Some(Begins), None, false),
            (
                "environment_variable.deleted",
                "env_var",
                Some(Ends),
                None,
                false,
            ),
            ("database.user_created", "database", None, None, false),
            ("database.restored", "database", Some(Begins), None, false),
            ("domain.added", "domain", Some(Begins), None, false),
            ("domain.removed", "domain", Some(Ends), None, false),
            ("domain.added", "project", None, Some(Grants), false),
            ("team.member_added", "team", None, Some(Grants), false),
            ("team.member_removed", "user", None, Some(Revokes), false),
            ("permission.granted", "user", None, Some(Grants), true),
            ("permission.granted", "permission", None, Some(Grants), true),
            ("permission.revoked", "project", None, Some(Revokes), true),
            ("permission.updated", "user", None, None, true),
            ("user.role_changed", "user", None, None, true),
            ("api_key.revoked", "api_key", None, None, false),
        ] {
            let expect = Meaning {
                existence,
                gives,
                is_about_rights: rights,
            };
            assert_eq!(Meaning::of(operation, kind), expect, "{operation} {kind}");
        }
    }
}
