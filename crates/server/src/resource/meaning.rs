//! What the name of an operation says about a resource: whether it begins or ends, and whether something is given to it
//! or taken from it.
//!
//! Events keep the canonical name and, where another was sent, that one too. The canonical name says what was done, but
//! not always in which way: `role.assigned` is a `user.role_changed`, and `role.added` a `role.created` even where a user
//! got the role. So an alias of the vocabulary is asked as well, and only those: their meaning is pinned.

use ledger::vocabulary;

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
    /// What an event of `operation`, sent as `sent`, means to a resource of this type.
    ///
    /// What the canonical name says of giving holds. Where it says nothing, an alias that gives or takes does, unless the
    /// resource is by one of the operation's names what begins or ends: `env_var.added` of an `environment_variable`.
    pub(super) fn of(operation: &str, sent: Option<&str>, resource_type: &str) -> Self {
        let canonical = Self::of_name(operation, resource_type);
        let Some((known, alias)) = sent.and_then(|sent| alias(operation, sent)) else {
            return canonical;
        };
        let as_sent = Self::of_name(alias, resource_type);
        if Giving::of_name(operation).is_some() || as_sent.gives.is_none() {
            return canonical;
        }
        if canonical.existence.is_some() && objects(known).any(|object| object == resource_type) {
            return canonical;
        }
        Self {
            existence: None,
            gives: as_sent.gives,
            is_about_rights: canonical.is_about_rights || as_sent.is_about_rights,
        }
    }

    fn of_name(operation: &str, resource_type: &str) -> Self {
        let flat = operation.replace('.', "_");
        let (object, action) = flat.rsplit_once('_').unwrap_or(("", flat.as_str()));
        let is_of_itself = object == resource_type;
        let existence = match action {
            "created" | "restored" => Some(Existence::Begins),
            "deleted" | "destroyed" => Some(Existence::Ends),
            // `domain.added`; a member that is added to a team makes no team.
            "added" | "add" if is_of_itself => Some(Existence::Begins),
            "removed" | "remove" if is_of_itself => Some(Existence::Ends),
            _ => None,
        }
        // `database.user_created` makes no database.
        .filter(|_| operation.rsplit('.').next() == Some(action));
        // A key that is revoked loses nothing but itself.
        let gives = Giving::of_name(operation)
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

impl Giving {
    fn of_name(operation: &str) -> Option<Self> {
        match operation.rsplit(['.', '_']).next()? {
            "granted" | "added" | "assigned" | "attached" | "grant" | "add" | "assign"
            | "attach" => Some(Self::Grants),
            "revoked" | "removed" | "unassigned" | "detached" | "revoke" | "remove"
            | "unassign" | "detach" => Some(Self::Revokes),
            _ => None,
        }
    }
}

/// The operation and the alias of it that was sent, in whatever case and with whatever separators.
fn alias(operation: &str, sent: &str) -> Option<(&'static vocabulary::Operation, &'static str)> {
    let letters = |text: &'_ str| -> String {
        let letters = text.chars().filter(char::is_ascii_alphanumeric);
        letters.map(|letter| letter.to_ascii_lowercase()).collect()
    };
    let known = vocabulary::find(operation)?;
    let sent = letters(sent);
    let alias = known
        .aliases
        .iter()
        .copied()
        .find(|alias| letters(alias) == sent)?;
    Some((known, alias))
}

/// What an operation is of, under each of its names: `env_var` as well as `environment_variable`.
fn objects(known: &vocabulary::Operation) -> impl Iterator<Item = String> {
    let names = std::iter::once(&known.name).chain(known.aliases);
    names.filter_map(|name| {
        let (object, _) = name.rsplit_once(['.', '_'])?;
        Some(object.replace('.', "_"))
    })
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
            let found = Meaning::of(operation, None, kind);
            assert_eq!(found, expect, "{operation} {kind}");
        }
    }

    #[test]
    fn an_alias_that_gives_or_takes_does_so_whatever_its_canonical_name_says() {
        for (sent, kind, existence, gives, rights) in [
            ("role.assigned", "user", None, Some(Grants), true),
            ("role.assigned", "role", None, Some(Grants), true),
            ("RoleAssigned", "user", None, Some(Grants), true),
            ("role-assign", "user", None, Some(Grants), true),
            ("user.role.assigned", "user", None, Some(Grants), true),
            ("role.changed", "user", None, None, true),
            // Somebody got a role, or lost it; nobody was made or deleted.
            ("role.added", "user", None, Some(Grants), true),
            ("role.removed", "user", None, Some(Revokes), true),
            ("role.added", "role", Some(Begins), None, true),
            ("role.removed", "role", Some(Ends), None, true),
            ("user.added", "team", None, Some(Grants), false),
            ("user.removed", "team", None, Some(Revokes), false),
            ("user.removed", "account", Some(Ends), None, false),
            ("env_var.added", "env_var", Some(Begins), None, false),
            (
                "env_var.added",
                "environment_variable",
                Some(Begins),
                None,
                false,
            ),
            ("env_var.added", "project", None, Some(Grants), false),
            (
                "deployment.approval_granted",
                "deployment",
                None,
                Some(Grants),
                false,
            ),
            (
                "database.access_granted",
                "database",
                None,
                Some(Grants),
                true,
            ),
            // The canonical name gives already.
            ("policy.attached", "role", None, Some(Grants), true),
            ("token.revoked", "access_token", None, None, true),
        ] {
            let known = vocabulary::resolve(sent).unwrap();
            let expect = Meaning {
                existence,
                gives,
                is_about_rights: rights,
            };
            let found = Meaning::of(known.name(), Some(sent), kind);
            assert_eq!(found, expect, "{sent} {kind}");
        }
    }

    #[test]
    fn what_is_no_alias_of_the_operation_says_nothing() {
        let canonical = Meaning::of("user.role_changed", None, "user");
        for sent in ["", "role.granted", "permission.granted", "[masked:x]", "é"] {
            let found = Meaning::of("user.role_changed", Some(sent), "user");
            assert_eq!(found, canonical, "{sent}");
        }
        assert_eq!(
            Meaning::of("thing.poked", Some("role.assigned"), "user"),
            Meaning::of("thing.poked", None, "user")
        );
    }
}
