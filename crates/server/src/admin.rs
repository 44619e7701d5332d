//! Making tenants, keys, sources and accounts: the same functions for HTTP and for the first start.
//!
//! Promises: every change is stored in one step with the entry that records it; a key's text leaves this module once,
//! in [`NewlyMade`]. Must never: check who may (that is [`crate::auth`]'s), or keep a secret.

use std::fmt;

use ledger::json::Value;
use ledger::name::{LogId, TenantId};
use ledger::source::{Clock, Rng};
use ledger::time::Micros;
use store::registry::INSTANCE_TENANT;
use store::{
    ApiKey, Change, LedgerStore, LogRef, Role, Roles, Scope, StoreError, Tenant, TenantRecord,
    TenantSettings,
};

use crate::auth::Token;
use crate::http::HttpError;
use crate::own::{Actor, OWN_SOURCE, OwnEvent};

mod accounts;
mod settings;
mod sources;
mod views;

pub(crate) use sources::old_secret_until;

/// Longest name of a key's owner in bytes.
pub const OWNER_BYTES_MAX: usize = 128;
/// Longest life of a key in seconds: ten years.
pub const KEY_SECONDS_MAX: u64 = 10 * 366 * 24 * 3_600;
/// Most mask exceptions of a tenant.
pub const MASK_EXCEPTIONS_MAX: usize = 100;
/// Longest mask exception in bytes.
const MASK_EXCEPTION_BYTES_MAX: usize = 512;
/// How often an id is made up anew when it is taken; ids have 47 bits.
const KEY_ATTEMPTS_MAX: usize = 4;

/// Why nothing was made.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum AdminError {
    /// A field has no legal value.
    #[error("{pointer}: {expected}")]
    Field {
        /// RFC 6901 pointer.
        pointer: &'static str,
        /// What was expected.
        expected: String,
    },
    /// A field of a list has no legal value.
    #[error("{pointer}: {expected}")]
    Place {
        /// RFC 6901 pointer.
        pointer: String,
        /// What was expected.
        expected: String,
    },
    /// The store refused.
    #[error("the change could not be stored")]
    Store(#[from] StoreError),
    /// Our own record of it was refused.
    #[error("the change could not be recorded: {0}")]
    Record(String),
}

/// A key that was just made.
#[derive(Clone)]
pub struct NewlyMade {
    /// What is kept.
    pub stored: ApiKey,
    token: Token,
}

impl NewlyMade {
    /// The key's text, to be shown once.
    pub fn reveal(&self) -> &str {
        self.token.reveal()
    }
}

impl fmt::Debug for NewlyMade {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("NewlyMade")
            .field("stored", &self.stored.id)
            .finish_non_exhaustive()
    }
}

/// Whose a key is.
#[derive(Clone, Copy, Debug)]
pub enum KeyOwner<'a> {
    /// One tenant's.
    Tenant(&'a TenantRecord),
    /// A platform's.
    Platform,
}

/// Who administers, and what with.
#[derive(Clone, Copy, Debug)]
pub struct Administration<'a> {
    /// The store.
    pub store: &'a dyn LedgerStore,
    /// Time.
    pub clock: &'a dyn Clock,
    /// Randomness.
    pub rng: &'a dyn Rng,
    /// Who.
    pub actor: Actor<'a>,
    /// The log that records it.
    pub log: LogRef,
    /// That log's tenant.
    pub tenant: &'a Tenant,
}

impl Administration<'_> {
    /// Makes a tenant with its logs.
    pub async fn create_tenant(&self, new: &api::NewTenant) -> Result<TenantRecord, AdminError> {
        let now = self.clock.wall();
        let instance = self.store.tenant(self.store.instance().tenant).await?;
        let instance = instance.ok_or(StoreError::NotFound)?;
        let record = new_tenant(new, instance.keys.kid(), now, self.rng)?;
        let id = record.id.to_string();
        let (main, access) = (record.main.to_string(), record.access.to_string());
        let mut created = OwnEvent::new("veritrail.tenant.created", self.actor, "tenant");
        created.resource_id = Some(&id);
        created.resource_name = Some(&record.name);
        created.metadata = vec![("strict", Value::Bool(record.strict))];
        let mut records = vec![self.record(&created, now)?];
        for (log, kind) in [(&main, "main"), (&access, "access")] {
            let mut opened = OwnEvent::new("veritrail.log.created", self.actor, "log");
            opened.resource_id = Some(log);
            opened.resource_name = Some(kind);
            opened.metadata = vec![
                ("kind", Value::string(kind)),
                ("log", Value::string(log.as_str())),
                ("tenant", Value::string(id.as_str())),
            ];
            records.push(self.record(&opened, now)?);
        }
        self.store
            .administer(Change::CreateTenant(record.clone()), records)
            .await?;
        Ok(record)
    }

    /// Makes a key of a tenant or a platform.
    pub async fn create_key(
        &self,
        whose: KeyOwner<'_>,
        new: &api::NewKey,
    ) -> Result<NewlyMade, AdminError> {
        let mut attempts = KEY_ATTEMPTS_MAX;
        loop {
            attempts -= 1;
            let now = self.clock.wall();
            let made = new_key(whose, new, now, self.rng)?;
            let event = self.key_event("veritrail.key.created", whose, &made.stored);
            let record = self.record(&event, now)?;
            let change = Change::CreateKey(made.stored.clone());
            match self.store.administer(change, vec![record]).await {
                Ok(()) => return Ok(made),
                Err(StoreError::Exists { .. }) if attempts > 0 => {}
                Err(error) => return Err(error.into()),
            }
        }
    }

    /// Ends a key of a tenant or a platform.
    pub async fn revoke_key(&self, whose: KeyOwner<'_>, key: &ApiKey) -> Result<(), AdminError> {
        let now = self.clock.wall();
        let event = self.key_event("veritrail.key.revoked", whose, key);
        let record = self.record(&event, now)?;
        let change = Change::RevokeKey {
            id: key.id.clone(),
            at: now,
        };
        Ok(self.store.administer(change, vec![record]).await?)
    }

    fn key_event<'a>(
        &'a self,
        operation: &'static str,
        whose: KeyOwner<'a>,
        key: &'a ApiKey,
    ) -> OwnEvent<'a> {
        let mut event = OwnEvent::new(operation, self.actor, "api_key");
        event.resource_id = Some(&key.id);
        event.resource_name = Some(&key.owner);
        let roles = key.roles.iter().map(|role| Value::string(role.name()));
        event.metadata = vec![
            ("roles", Value::Array(roles.collect())),
            ("source", Value::string(key.source.as_str())),
        ];
        event.metadata.push(match whose {
            KeyOwner::Tenant(tenant) => ("tenant", Value::string(tenant.name.as_str())),
            KeyOwner::Platform => ("platform", Value::Bool(true)),
        });
        if let Scope::Platform { creates_tenants } = key.scope {
            let creates = ("create_tenants", Value::Bool(creates_tenants));
            event.metadata.push(creates);
        }
        let end = key.expires_at.map(|at| at.to_string());
        event
            .metadata
            .extend(end.map(|end| ("expires_at", Value::string(end))));
        event
    }

    fn record(
        &self,
        event: &OwnEvent<'_>,
        now: Micros,
    ) -> Result<(LogRef, ledger::prepare::Prepared), AdminError> {
        let prepared = event.prepare(self.tenant, now, self.rng);
        let prepared = prepared.map_err(|error| AdminError::Record(error.to_string()))?;
        Ok((self.log, prepared))
    }
}

/// The record of a new tenant: random ids and salt. `kid` names the master secret that its keys will come from: that of
/// the instance's own tenant.
pub fn new_tenant(
    new: &api::NewTenant,
    kid: &str,
    now: Micros,
    rng: &dyn Rng,
) -> Result<TenantRecord, AdminError> {
    if !is_tenant_name(&new.name) {
        return Err(field(
            "/name",
            "expected 1 to 63 of a-z, 0-9 and -, beginning with a letter or digit",
        ));
    }
    if !are_mask_exceptions(&new.mask_exceptions) {
        return Err(field("/mask_exceptions", mask_exceptions_expected()));
    }
    let mut salt = [0; 32];
    rng.fill(&mut salt);
    Ok(TenantRecord {
        id: TenantId::random(rng),
        name: new.name.clone(),
        salt,
        kid: kid.to_owned(),
        created_at: now,
        main: LogId::random(rng),
        access: LogId::random(rng),
        strict: new.strict,
        mask_exceptions: new.mask_exceptions.clone(),
        settings: TenantSettings::default(),
    })
}

fn are_mask_exceptions(pointers: &[String]) -> bool {
    let sound = |pointer: &String| {
        pointer.starts_with('/')
            && pointer.len() <= MASK_EXCEPTION_BYTES_MAX
            && !pointer.chars().any(char::is_control)
    };
    pointers.len() <= MASK_EXCEPTIONS_MAX && pointers.iter().all(sound)
}

fn mask_exceptions_expected() -> String {
    format!(
        "expected JSON pointers such as /metadata/build_id, with * for array indexes, at most {MASK_EXCEPTIONS_MAX}"
    )
}

/// A new key of a tenant or a platform: what is kept, and the text that is shown once.
pub fn new_key(
    whose: KeyOwner<'_>,
    new: &api::NewKey,
    now: Micros,
    rng: &dyn Rng,
) -> Result<NewlyMade, AdminError> {
    let roles = roles_of(whose, new)?;
    let scope = scope_of(whose, &roles, new)?;
    if !is_source(&new.source) || new.source == OWN_SOURCE {
        return Err(field(
            "/source",
            "expected 1 to 64 of a-z, 0-9, _, . and -, beginning with a letter or digit, and not veritrail",
        ));
    }
    let owner = new.owner.trim();
    if owner.is_empty() || owner.len() > OWNER_BYTES_MAX || owner.chars().any(char::is_control) {
        return Err(field(
            "/owner",
            format!("expected a name of 1 to {OWNER_BYTES_MAX} bytes"),
        ));
    }
    let expires_at = match new.expires_in_seconds {
        None => None,
        Some(seconds @ 1..=KEY_SECONDS_MAX) => {
            let micros = i64::try_from(seconds * 1_000_000).unwrap_or(i64::MAX);
            Some(now.plus(micros))
        }
        Some(_) => {
            return Err(field(
                "/expires_in_seconds",
                format!("expected 1 to {KEY_SECONDS_MAX} seconds"),
            ));
        }
    };
    let token = Token::random(rng);
    Ok(NewlyMade {
        stored: ApiKey {
            id: token.id().to_owned(),
            scope,
            roles,
            source: new.source.clone(),
            owner: owner.to_owned(),
            hash: token.hash(),
            created_at: now,
            expires_at,
            revoked_at: None,
        },
        token,
    })
}

/// Where a new key counts.
fn scope_of(whose: KeyOwner<'_>, roles: &Roles, new: &api::NewKey) -> Result<Scope, AdminError> {
    match whose {
        KeyOwner::Tenant(_) if new.platform => {
            Err(field("/platform", "expected false for a tenant's key"))
        }
        KeyOwner::Tenant(_) if new.create_tenants => Err(field(
            "/create_tenants",
            "expected false but for a platform's key",
        )),
        KeyOwner::Tenant(tenant) => Ok(Scope::Tenant(tenant.id)),
        KeyOwner::Platform if new.tenant.is_some() => Err(field(
            "/tenant",
            "expected no tenant: a platform's key names one with each request",
        )),
        KeyOwner::Platform if new.create_tenants && !roles.has(Role::Writer) => Err(field(
            "/create_tenants",
            "expected the role writer besides: tenants are made by sending events",
        )),
        KeyOwner::Platform => Ok(Scope::Platform {
            creates_tenants: new.create_tenants,
        }),
    }
}

/// The instance's own tenant has operators and those who check its log; every other tenant has everybody else. A
/// platform's key sends and reads in every tenant, and administers none: a key that it made would outlive it.
fn roles_of(whose: KeyOwner<'_>, new: &api::NewKey) -> Result<Roles, AdminError> {
    let of_platform = matches!(whose, KeyOwner::Platform);
    let of_instance = matches!(whose, KeyOwner::Tenant(tenant) if tenant.name == INSTANCE_TENANT);
    let fits = |role: &Role| match role {
        Role::Operator => of_instance,
        Role::Reader | Role::Auditor => true,
        Role::Writer | Role::Analyst => !of_instance,
        Role::Admin => !of_instance && !of_platform,
    };
    let roles: Option<Vec<Role>> = new
        .roles
        .iter()
        .map(|name| Role::parse(name).filter(fits))
        .collect();
    match roles {
        Some(roles) if !roles.is_empty() => Ok(Roles::of(&roles)),
        _ => {
            let names: Vec<&str> = Role::ALL
                .iter()
                .filter(|role| fits(role))
                .map(|role| role.name())
                .collect();
            let expected = format!("expected one or more of {}", names.join(", "));
            Err(field("/roles", expected))
        }
    }
}

/// `[a-z0-9][a-z0-9-]{0,62}`.
pub(crate) fn is_tenant_name(name: &str) -> bool {
    (1..=63).contains(&name.len())
        && !name.starts_with('-')
        && name
            .bytes()
            .all(|byte| byte.is_ascii_lowercase() || byte.is_ascii_digit() || byte == b'-')
}

fn is_source(source: &str) -> bool {
    (1..=ledger::limits::SOURCE_BYTES_MAX).contains(&source.len())
        && source.starts_with(|first: char| first.is_ascii_lowercase() || first.is_ascii_digit())
        && source.bytes().all(|byte| {
            byte.is_ascii_lowercase() || byte.is_ascii_digit() || matches!(byte, b'_' | b'.' | b'-')
        })
}

fn field(pointer: &'static str, expected: impl Into<String>) -> AdminError {
    AdminError::Field {
        pointer,
        expected: expected.into(),
    }
}

impl From<AdminError> for HttpError {
    fn from(error: AdminError) -> Self {
        match error {
            AdminError::Field { pointer, expected } => {
                Self::new(api::code::BAD_FIELD, expected).at(pointer)
            }
            AdminError::Place { pointer, expected } => {
                Self::new(api::code::BAD_FIELD, expected).at(pointer)
            }
            AdminError::Store(error) => error.into(),
            AdminError::Record(why) => Self::internal(why),
        }
    }
}
