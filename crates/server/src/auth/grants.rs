//! What a person may do, and where: what their groups let them, and the accounts that tenants gave them.
//!
//! Promises: groups count as they were told at sign-in, accounts as they are now, so that one that has ended is over at
//! the next request; an account that is named by an address counts only for an address that the provider verified. Must
//! never: give `writer` to a person, `operator` outside the instance's own tenant, or anything there but what
//! `admin::roles_of` gives its keys.

use std::collections::BTreeMap;

use ledger::time::Micros;
use store::{AccountName, Role, Roles, Tenant};

use crate::config::GroupRole;
use crate::oidc::Profile;
use crate::own::Actor;

/// A person whom the identity provider signed in.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Member {
    /// What the provider calls them for ever.
    pub(crate) subject: String,
    /// What they are called.
    pub(crate) name: String,
    /// Their address, if it was verified.
    pub(crate) email: Option<String>,
    /// By tenants' names.
    by_groups: BTreeMap<String, Vec<Role>>,
}

impl Member {
    /// The person of a profile. Of their groups only what they are worth here is kept.
    pub(crate) fn new(profile: Profile, rules: &[GroupRole]) -> Self {
        let mut by_groups: BTreeMap<String, Vec<Role>> = BTreeMap::new();
        let theirs = rules
            .iter()
            .filter(|rule| profile.groups.contains(&rule.group));
        for rule in theirs {
            let roles = by_groups.entry(rule.tenant.clone()).or_default();
            roles.push(rule.role);
        }
        Self {
            subject: profile.subject,
            name: profile.name,
            email: profile.email,
            by_groups,
        }
    }

    /// What they may do in a tenant as it is now; nothing, if that is so.
    pub(crate) fn roles_in(&self, tenant: &Tenant, now: Micros) -> Roles {
        let record = &tenant.record;
        let mut roles = self
            .by_groups
            .get(&record.name)
            .cloned()
            .unwrap_or_default();
        let accounts = record.settings.accounts.iter();
        for account in accounts.filter(|account| account.stands(now) && self.is(&account.name)) {
            roles.extend(account.roles.iter());
        }
        roles.retain(|role| is_for_persons(*role, tenant.is_instance()));
        Roles::of(&roles)
    }

    /// As the actor of records, in a session.
    pub(crate) fn actor<'a>(&'a self, session: &'a str) -> Actor<'a> {
        Actor::Person {
            id: &self.subject,
            name: &self.name,
            email: self.email.as_deref(),
            session,
        }
    }

    fn is(&self, name: &AccountName) -> bool {
        match name {
            AccountName::Email(email) => self.email.as_ref() == Some(email),
            AccountName::Subject(subject) => self.subject == *subject,
        }
    }
}

/// Which roles people can have.
pub(crate) fn is_for_persons(role: Role, of_instance: bool) -> bool {
    match role {
        Role::Writer => false,
        Role::Operator => of_instance,
        Role::Reader | Role::Auditor => true,
        Role::Analyst | Role::Admin => !of_instance,
    }
}
