//! A tenant's settings, its sources among them, as JSON.

use ledger::json::Value;
use ledger::time::Micros;
use ledger::vocabulary::Additions;
use store::{AccountName, AccountRecord, Role, SourceRecord, SourceSecret, TenantSettings};

use super::{list, object, roles, string, strings, text, time};

pub(super) fn value(settings: &TenantSettings) -> Value<'static> {
    let TenantSettings {
        revision,
        known_countries,
        vocabulary,
        sources,
        accounts,
        views,
    } = settings;
    let mut members = vec![
        ("revision", text(revision.to_string())),
        (
            "known_countries",
            list(known_countries.iter().map(String::as_str)),
        ),
        ("vocabulary", text(vocabulary.to_json())),
        (
            "sources",
            Value::Array(sources.iter().map(source).collect()),
        ),
    ];
    // As they were written before there were accounts.
    if !accounts.is_empty() {
        let accounts = accounts.iter().map(account).collect();
        members.push(("accounts", Value::Array(accounts)));
    }
    // Absent as in settings that were written before there were views.
    if !views.is_empty() {
        members.push(("views", super::views::value(views)));
    }
    object(members)
}

pub(super) fn read(value: &Value<'_>) -> Option<TenantSettings> {
    let sources = value.member("sources")?.as_array()?;
    // Settings that were written before there were accounts have none.
    let accounts = match value.member("accounts") {
        None => &[],
        Some(accounts) => accounts.as_array()?,
    };
    Some(TenantSettings {
        revision: string(value, "revision")?.parse().ok()?,
        known_countries: strings(value, "known_countries")?,
        vocabulary: Additions::parse(string(value, "vocabulary")?.as_bytes()).ok()?,
        sources: sources.iter().map(read_source).collect::<Option<_>>()?,
        accounts: accounts.iter().map(read_account).collect::<Option<_>>()?,
        views: super::views::read(value.member("views"))?,
    })
}

fn source(source: &SourceRecord) -> Value<'static> {
    let SourceRecord {
        id,
        name,
        vendor,
        secrets,
        rules,
        created_at,
        closed_at,
    } = source;
    let mut members = vec![
        ("id", text(id)),
        ("name", text(name)),
        ("vendor", text(vendor)),
        (
            "secrets",
            Value::Array(secrets.iter().map(secret).collect()),
        ),
        ("rules", text(rules)),
        ("created_at", text(created_at.to_string())),
    ];
    members.extend(closed_at.map(|at| ("closed_at", text(at.to_string()))));
    object(members)
}

fn read_source(value: &Value<'_>) -> Option<SourceRecord> {
    let secrets = value.member("secrets")?.as_array()?;
    Some(SourceRecord {
        id: string(value, "id")?,
        name: string(value, "name")?,
        vendor: string(value, "vendor")?,
        secrets: secrets.iter().map(read_secret).collect::<Option<_>>()?,
        rules: string(value, "rules")?,
        created_at: time(value, "created_at")?,
        closed_at: time(value, "closed_at"),
    })
}

fn account(account: &AccountRecord) -> Value<'static> {
    let AccountRecord {
        id,
        name,
        roles: may,
        created_at,
        ends_at,
        ended_at,
    } = account;
    let name = match name {
        AccountName::Email(email) => ("email", text(email)),
        AccountName::Subject(subject) => ("subject", text(subject)),
    };
    let mut members = vec![
        ("id", text(id)),
        name,
        ("roles", list(may.iter().map(Role::name))),
        ("created_at", text(created_at.to_string())),
    ];
    members.extend(ends_at.map(|at| ("ends_at", text(at.to_string()))));
    members.extend(ended_at.map(|at| ("ended_at", text(at.to_string()))));
    object(members)
}

fn read_account(value: &Value<'_>) -> Option<AccountRecord> {
    let name = match (string(value, "email"), string(value, "subject")) {
        (Some(email), None) => AccountName::Email(email),
        (None, Some(subject)) => AccountName::Subject(subject),
        _ => return None,
    };
    Some(AccountRecord {
        id: string(value, "id")?,
        name,
        roles: roles(value)?,
        created_at: time(value, "created_at")?,
        ends_at: end(value, "ends_at").ok()?,
        ended_at: end(value, "ended_at").ok()?,
    })
}

/// An end that may be missing. One that can't be read must not become none: the account would go on for ever.
fn end(value: &Value<'_>, name: &str) -> Result<Option<Micros>, NoTime> {
    match value.member(name) {
        None => Ok(None),
        Some(_) => time(value, name).map(Some).ok_or(NoTime),
    }
}

/// Something stands where a time should.
struct NoTime;

fn secret(secret: &SourceSecret) -> Value<'static> {
    let SourceSecret { nonce, until } = secret;
    let mut members = vec![("nonce", text(nonce))];
    members.extend(until.map(|at| ("until", text(at.to_string()))));
    object(members)
}

fn read_secret(value: &Value<'_>) -> Option<SourceSecret> {
    Some(SourceSecret {
        nonce: string(value, "nonce")?,
        until: time(value, "until"),
    })
}
