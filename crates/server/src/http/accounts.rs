//! People's accounts, for operators and a tenant's admins.

pub(super) mod create;
pub(super) mod end;
pub(super) mod list;

use store::{AccountName, AccountRecord, Tenant};

/// An account on the wire.
fn shown(tenant: &Tenant, account: &AccountRecord) -> api::Account {
    let (email, subject) = match &account.name {
        AccountName::Email(email) => (Some(email.clone()), None),
        AccountName::Subject(subject) => (None, Some(subject.clone())),
    };
    let roles = account.roles.iter().map(|role| role.name().to_owned());
    api::Account {
        id: account.id.clone(),
        tenant: tenant.record.name.clone(),
        email,
        subject,
        roles: roles.collect(),
        created_at: account.created_at.to_string(),
        ends_at: account.ends_at.map(|at| at.to_string()),
        ended_at: account.ended_at.map(|at| at.to_string()),
    }
}
