//! Giving people accounts, and ending them.

use std::sync::Arc;

use ledger::json::Value;
use ledger::name::TenantId;
use ledger::time::Micros;
use store::{AccountName, AccountRecord, Role, Roles, StoreError, Tenant, TenantRecord};

use super::settings::Said;
use super::{AdminError, Administration, field};
use crate::auth::{is_for_persons, random_digits};

/// Letters and digits of an account's id.
const ID_DIGITS: usize = 12;
/// Most accounts of a tenant. Beyond it, those that ended first are forgotten; their records stay.
const ACCOUNTS_MAX: usize = 1_000;
/// Longest address (RFC 5321).
const EMAIL_BYTES_MAX: usize = 254;
/// Longest subject (OpenID Connect Core, section 2).
const SUBJECT_BYTES_MAX: usize = 255;
/// Longest text of a time.
const TIME_BYTES_MAX: usize = 40;
const DAY_MICROS: i64 = 24 * 3_600 * 1_000_000;

impl Administration<'_> {
    /// Gives a person an account. Answers the tenant as it is now.
    pub(crate) async fn create_account(
        &self,
        tenant: &Tenant,
        new: &api::NewAccount,
    ) -> Result<(Arc<Tenant>, AccountRecord), AdminError> {
        let now = self.clock.wall();
        let account = AccountRecord {
            id: random_digits(ID_DIGITS, self.rng),
            name: name_of(new)?,
            roles: roles_of(new, tenant.is_instance())?,
            created_at: now,
            ends_at: end_of(new, now)?,
            ended_at: None,
        };
        let said = || said("veritrail.account.created", &account);
        let changed = |record: &mut TenantRecord| {
            let accounts = &mut record.settings.accounts;
            if accounts
                .iter()
                .any(|known| known.name == account.name && known.stands(now))
            {
                return Err(AdminError::Store(StoreError::Exists {
                    what: "an account of this person",
                }));
            }
            make_room(accounts, now)?;
            accounts.push(account.clone());
            Ok(())
        };
        let tenant = self.change_tenant(tenant.record.id, said, changed).await?;
        Ok((tenant, account))
    }

    /// Ends an account at once. One that has ended before stays as it is.
    pub(crate) async fn end_account(
        &self,
        tenant: TenantId,
        account: &AccountRecord,
    ) -> Result<(), AdminError> {
        let now = self.clock.wall();
        if !account.stands(now) {
            return Ok(());
        }
        let said = || said("veritrail.account.ended", account);
        self.change_tenant(tenant, said, |record| {
            let mut accounts = record.settings.accounts.iter_mut();
            let known = accounts.find(|known| known.id == account.id);
            let known = known.ok_or(StoreError::NotFound)?;
            known.ended_at = known.ended_at.or(Some(now));
            Ok(())
        })
        .await?;
        Ok(())
    }
}

fn said<'a>(operation: &'static str, account: &'a AccountRecord) -> Said<'a> {
    let name = match &account.name {
        AccountName::Email(name) | AccountName::Subject(name) => name,
    };
    let roles = account.roles.iter().map(|role| Value::string(role.name()));
    let mut metadata = vec![("roles", Value::Array(roles.collect()))];
    let end = account.ends_at.map(|at| Value::string(at.to_string()));
    metadata.extend(end.map(|end| ("ends_at", end)));
    Said {
        operation,
        kind: "account",
        id: Some(&account.id),
        name: Some(name),
        metadata,
    }
}

/// Forgets what ended first when there is no room for one more.
fn make_room(accounts: &mut Vec<AccountRecord>, now: Micros) -> Result<(), AdminError> {
    if accounts.len() < ACCOUNTS_MAX {
        return Ok(());
    }
    let over = accounts.iter().enumerate();
    let over = over.filter(|(_, account)| !account.stands(now));
    let first = over.min_by_key(|(_, account)| account.ended_at.or(account.ends_at));
    let Some((index, _)) = first else {
        let expected = format!("expected at most {ACCOUNTS_MAX} accounts of a tenant");
        return Err(field("/tenant", expected));
    };
    accounts.remove(index);
    Ok(())
}

fn name_of(new: &api::NewAccount) -> Result<AccountName, AdminError> {
    match (&new.email, &new.subject) {
        (Some(email), None) => {
            let email = email.trim().to_lowercase();
            let parts = email.split_once('@');
            let fits = email.len() <= EMAIL_BYTES_MAX
                && parts.is_some_and(|(name, host)| {
                    !name.is_empty() && !host.is_empty() && !host.contains('@')
                })
                && !email
                    .chars()
                    .any(|char| char.is_control() || char.is_whitespace());
            let expected = || field("/email", "expected an address such as ana@example.com");
            fits.then_some(AccountName::Email(email))
                .ok_or_else(expected)
        }
        (None, Some(subject)) => {
            let fits = (1..=SUBJECT_BYTES_MAX).contains(&subject.len())
                && !subject.chars().any(char::is_control);
            let expected = || {
                field(
                    "/subject",
                    "expected 1 to 255 bytes without control characters",
                )
            };
            fits.then(|| AccountName::Subject(subject.clone()))
                .ok_or_else(expected)
        }
        _ => Err(field(
            "/email",
            "expected email or subject, and one of them only",
        )),
    }
}

fn roles_of(new: &api::NewAccount, of_instance: bool) -> Result<Roles, AdminError> {
    let names = new.roles.iter();
    let roles: Option<Vec<Role>> = names
        .map(|name| Role::parse(name).filter(|role| is_for_persons(*role, of_instance)))
        .collect();
    match roles {
        Some(roles) if !roles.is_empty() => Ok(Roles::of(&roles)),
        _ => {
            let known = Role::ALL.into_iter();
            let known = known.filter(|role| is_for_persons(*role, of_instance));
            let names: Vec<_> = known.map(Role::name).collect();
            Err(field(
                "/roles",
                format!("expected one or more of {}", names.join(", ")),
            ))
        }
    }
}

/// A time, or a day, which ends when the next one begins.
fn end_of(new: &api::NewAccount, now: Micros) -> Result<Option<Micros>, AdminError> {
    let Some(text) = new.ends_at.as_deref().map(str::trim) else {
        return Ok(None);
    };
    let day = || {
        Some(
            Micros::parse(&format!("{text}T00:00:00Z"))
                .ok()?
                .plus(DAY_MICROS),
        )
    };
    let end = if text.len() > TIME_BYTES_MAX {
        None
    } else {
        Micros::parse(text).ok().or_else(day)
    };
    let end = end.filter(|end| *end > now);
    let expected =
        "expected a time to come such as 2027-03-31T18:00:00Z, or a day such as 2027-03-31";
    end.map(Some).ok_or_else(|| field("/ends_at", expected))
}
