//! Registry changes as JSON: in journal frames, registry blocks of packs, and rows of the state file.

use ledger::json::{self, Value};
use ledger::name::{LogId, TenantId, from_hex, to_hex};
use ledger::time::Micros;
use store::{ApiKey, Change, Role, Roles, Scope, TenantRecord, TenantSettings};

mod settings;
mod views;

/// A change as one line.
pub(crate) fn encode(change: &Change) -> Vec<u8> {
    let value = match change {
        Change::CreateTenant(tenant) => object(vec![("tenant", tenant_value(tenant))]),
        Change::UpdateTenant(tenant) => object(vec![("update", tenant_value(tenant))]),
        Change::CreateKey(key) => object(vec![("key", key_value(key))]),
        Change::RevokeKey { id, at } => object(vec![(
            "revoke",
            object(vec![("id", text(id)), ("at", text(at.to_string()))]),
        )]),
    };
    compact(&value)
}

/// Reads a change. `None` when the bytes are no such line.
pub(crate) fn decode(bytes: &[u8]) -> Option<Change> {
    let value = json::parse(bytes).ok()?;
    if let Some(tenant) = value.member("tenant") {
        return read_tenant(tenant).map(Change::CreateTenant);
    }
    if let Some(tenant) = value.member("update") {
        return read_tenant(tenant).map(Change::UpdateTenant);
    }
    if let Some(key) = value.member("key") {
        return read_key(key).map(Change::CreateKey);
    }
    let revoke = value.member("revoke")?;
    Some(Change::RevokeKey {
        id: string(revoke, "id")?,
        at: time(revoke, "at")?,
    })
}

/// A tenant's row.
pub(crate) fn encode_tenant(tenant: &TenantRecord) -> Vec<u8> {
    compact(&tenant_value(tenant))
}

/// Reads a tenant's row.
pub(crate) fn decode_tenant(bytes: &[u8]) -> Option<TenantRecord> {
    read_tenant(&json::parse(bytes).ok()?)
}

/// A key's row.
pub(crate) fn encode_key(key: &ApiKey) -> Vec<u8> {
    compact(&key_value(key))
}

/// Reads a key's row.
pub(crate) fn decode_key(bytes: &[u8]) -> Option<ApiKey> {
    read_key(&json::parse(bytes).ok()?)
}

fn compact(value: &Value<'_>) -> Vec<u8> {
    value.to_compact().into_bytes()
}

fn text(text: impl Into<String>) -> Value<'static> {
    Value::string(text.into())
}

fn object(members: Vec<(&'static str, Value<'static>)>) -> Value<'static> {
    Value::Object(
        members
            .into_iter()
            .map(|(name, value)| (name.into(), value))
            .collect(),
    )
}

fn list<'a>(items: impl Iterator<Item = &'a str>) -> Value<'static> {
    Value::Array(items.map(text).collect())
}

fn tenant_value(tenant: &TenantRecord) -> Value<'static> {
    let TenantRecord {
        id,
        name,
        salt,
        kid,
        created_at,
        main,
        access,
        strict,
        mask_exceptions,
        settings,
    } = tenant;
    let mut members = vec![
        ("id", text(id.to_string())),
        ("name", text(name)),
        ("salt", text(to_hex(salt))),
        ("kid", text(kid)),
        ("created_at", text(created_at.to_string())),
        ("main", text(main.to_string())),
        ("access", text(access.to_string())),
        ("strict", Value::Bool(*strict)),
        (
            "mask_exceptions",
            list(mask_exceptions.iter().map(String::as_str)),
        ),
    ];
    if *settings != TenantSettings::default() {
        members.push(("settings", settings::value(settings)));
    }
    object(members)
}

fn key_value(key: &ApiKey) -> Value<'static> {
    let ApiKey {
        id,
        scope,
        roles,
        source,
        owner,
        hash,
        created_at,
        expires_at,
        revoked_at,
    } = key;
    let scope = match scope {
        Scope::Tenant(tenant) => ("tenant", text(tenant.to_string())),
        Scope::Platform { creates_tenants } => (
            "platform",
            object(vec![("creates_tenants", Value::Bool(*creates_tenants))]),
        ),
    };
    let mut members = vec![
        ("id", text(id)),
        scope,
        ("roles", list(roles.iter().map(Role::name))),
        ("source", text(source)),
        ("owner", text(owner)),
        ("hash", text(to_hex(hash))),
        ("created_at", text(created_at.to_string())),
    ];
    members.extend(expires_at.map(|at| ("expires_at", text(at.to_string()))));
    members.extend(revoked_at.map(|at| ("revoked_at", text(at.to_string()))));
    object(members)
}

fn string(value: &Value<'_>, name: &str) -> Option<String> {
    value.member(name)?.as_str().map(str::to_owned)
}

fn time(value: &Value<'_>, name: &str) -> Option<Micros> {
    Micros::parse(value.member(name)?.as_str()?).ok()
}

fn strings(value: &Value<'_>, name: &str) -> Option<Vec<String>> {
    value
        .member(name)?
        .as_array()?
        .iter()
        .map(|item| item.as_str().map(str::to_owned))
        .collect()
}

fn read_tenant(value: &Value<'_>) -> Option<TenantRecord> {
    Some(TenantRecord {
        id: TenantId::parse(value.member("id")?.as_str()?)?,
        name: string(value, "name")?,
        salt: from_hex(value.member("salt")?.as_str()?)?,
        kid: string(value, "kid")?,
        created_at: time(value, "created_at")?,
        main: LogId::parse(value.member("main")?.as_str()?)?,
        access: LogId::parse(value.member("access")?.as_str()?)?,
        strict: *value.member("strict")? == Value::Bool(true),
        mask_exceptions: strings(value, "mask_exceptions")?,
        settings: match value.member("settings") {
            Some(settings) => settings::read(settings)?,
            None => TenantSettings::default(),
        },
    })
}

/// One of the two: a key that said both could be read either way.
fn read_scope(key: &Value<'_>) -> Option<Scope> {
    match (key.member("tenant"), key.member("platform")) {
        (Some(tenant), None) => Some(Scope::Tenant(TenantId::parse(tenant.as_str()?)?)),
        (None, Some(platform)) => Some(Scope::Platform {
            creates_tenants: match platform.member("creates_tenants")? {
                Value::Bool(creates) => *creates,
                _ => return None,
            },
        }),
        _ => None,
    }
}

fn roles(value: &Value<'_>) -> Option<Roles> {
    let names = strings(value, "roles")?;
    let roles: Option<Vec<Role>> = names.iter().map(|name| Role::parse(name)).collect();
    Some(Roles::of(&roles?))
}

fn read_key(value: &Value<'_>) -> Option<ApiKey> {
    Some(ApiKey {
        id: string(value, "id")?,
        scope: read_scope(value)?,
        roles: roles(value)?,
        source: string(value, "source")?,
        owner: string(value, "owner")?,
        hash: from_hex(value.member("hash")?.as_str()?)?,
        created_at: time(value, "created_at")?,
        expires_at: time(value, "expires_at"),
        revoked_at: time(value, "revoked_at"),
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    const HEAD: &str = r#"{"key":{"id":"AAAAAAAA","#;
    const REST: &str = r#","roles":["writer"],"source":"ci","owner":"o","hash":"2222222222222222222222222222222222222222222222222222222222222222","created_at":"2026-11-21T08:00:00.000000Z"}}"#;
    const TENANT: &str = r#""tenant":"33333333333333333333333333333333""#;

    fn scope(text: &str) -> Option<Scope> {
        match decode(format!("{HEAD}{text}{REST}").as_bytes())? {
            Change::CreateKey(key) => Some(key.scope),
            _ => None,
        }
    }

    #[test]
    fn every_scope_reads_back_and_is_written_alike() {
        let platform = |creates_tenants| Scope::Platform { creates_tenants };
        for (text, expect) in [
            (TENANT, Scope::Tenant(TenantId([0x33; 16]))),
            (r#""platform":{"creates_tenants":true}"#, platform(true)),
            (r#""platform":{"creates_tenants":false}"#, platform(false)),
        ] {
            assert_eq!(scope(text), Some(expect), "{text}");
            let line = format!("{HEAD}{text}{REST}");
            let change = decode(line.as_bytes()).unwrap();
            assert_eq!(encode(&change), line.as_bytes());
        }
    }

    #[test]
    fn a_tenants_settings_read_back_and_rows_without_them_do_too() {
        let bare = r#"{"tenant":{"id":"33333333333333333333333333333333","name":"acme","salt":"2222222222222222222222222222222222222222222222222222222222222222","kid":"k","created_at":"2026-11-21T08:00:00.000000Z","main":"44444444444444444444444444444444","access":"55555555555555555555555555555555","strict":false,"mask_exceptions":[]}}"#;
        let Some(Change::CreateTenant(tenant)) = decode(bare.as_bytes()) else {
            panic!("a row of before there were settings is read");
        };
        assert_eq!(tenant.settings, TenantSettings::default());
        assert_eq!(
            encode(&Change::CreateTenant(tenant.clone())),
            bare.as_bytes()
        );
        let settings = r#""settings":{"revision":"7","known_countries":["DE"],"vocabulary":"[]","sources":[{"id":"i","name":"n","vendor":"github","secrets":[{"nonce":"00","until":"2026-11-21T08:00:00.000000Z"},{"nonce":"01"}],"rules":"{}","created_at":"2026-11-21T08:00:00.000000Z","closed_at":"2026-11-21T09:00:00.000000Z"}]}"#;
        let rich = bare
            .replace("{\"tenant\"", "{\"update\"")
            .replace("[]}}", &format!("[],{settings}}}}}"));
        let change = decode(rich.as_bytes()).unwrap();
        assert!(matches!(change, Change::UpdateTenant(_)));
        assert_eq!(encode(&change), rich.as_bytes());
        let views =
            r#""views":[{"name":"n","q":"a b","created_at":"2026-11-21T08:00:00.000000Z"}]}}}"#;
        let viewed = rich.replace("}]}}}", &format!("}}],{views}"));
        assert_ne!(viewed, rich);
        let change = decode(viewed.as_bytes()).unwrap();
        assert_eq!(encode(&change), viewed.as_bytes());
        assert_eq!(decode(viewed.replace("a b", "a\u{0}").as_bytes()), None);
        let accounts = r#"}],"accounts":[{"id":"a","email":"ana@example.com","roles":["auditor"],"created_at":"2026-11-21T08:00:00.000000Z","ends_at":"2026-12-01T00:00:00.000000Z"},{"id":"b","subject":"42","roles":["reader"],"created_at":"2026-11-21T08:00:00.000000Z","ended_at":"2026-11-21T09:00:00.000000Z"}]}"#;
        let richer = rich.replace("}]}}}", &format!("{accounts}}}}}"));
        let change = decode(richer.as_bytes()).unwrap();
        assert_eq!(encode(&change), richer.as_bytes());
        // An end that can't be read is not none.
        for (from, to) in [
            ("2026-12-01T00:00:00.000000Z", "soon"),
            (
                r#""ended_at":"2026-11-21T09:00:00.000000Z""#,
                r#""ended_at":null"#,
            ),
            (r#""subject""#, r#""name""#),
        ] {
            assert!(richer.contains(from) && decode(richer.replace(from, to).as_bytes()).is_none());
        }
    }

    #[test]
    fn a_key_of_both_of_none_or_of_half_a_scope_is_no_key() {
        for text in [
            &format!(r#"{TENANT},"platform":{{"creates_tenants":true}}"#),
            r#""x":1"#,
            r#""platform":{}"#,
            r#""platform":true"#,
            r#""platform":{"creates_tenants":"true"}"#,
            r#""tenant":null"#,
        ] {
            assert_eq!(scope(text), None, "{text}");
        }
    }
}
