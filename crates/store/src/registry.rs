//! Who exists: the instance, its tenants, their API keys and roles.

use std::sync::Arc;

use ledger::keyring::TenantKeys;
use ledger::name::{InstanceId, LogId, TenantId};
use ledger::time::Micros;
use ledger::vocabulary::Additions;

/// One installation.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Instance {
    /// Its id.
    pub id: InstanceId,
    /// What the origins of its logs begin with: `veritrail.invalid/<instance id>` unless configured.
    pub origin: String,
    /// The tenant of the instance log.
    pub tenant: TenantId,
}

/// The readable name of the tenant that holds the instance log.
pub const INSTANCE_TENANT: &str = "_instance";

/// A tenant as it is stored.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct TenantRecord {
    /// Its opaque id, the only name of it that proofs show.
    pub id: TenantId,
    /// Its readable name: `[a-z0-9][a-z0-9-]{0,62}`, or [`INSTANCE_TENANT`].
    pub name: String,
    /// Salt of its keys.
    pub salt: [u8; 32],
    /// The master secret that its pseudonym and id keys come from: the current one when it was made, which is what
    /// [`TenantKeys::kid`] of the instance's tenant names.
    pub kid: String,
    /// When it was made.
    pub created_at: Micros,
    /// Its `main` log; of the instance tenant, the instance log.
    pub main: LogId,
    /// Its `access` log.
    pub access: LogId,
    /// Whether operations outside the vocabulary are refused.
    pub strict: bool,
    /// Pointers (array indexes as `*`) of fields kept unmasked.
    pub mask_exceptions: Vec<String>,
    /// What can be changed besides.
    pub settings: TenantSettings,
}

/// What a tenant's administrators change as they go.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct TenantSettings {
    /// Counts the changes. A change that does not know of the one before it is refused.
    pub revision: u64,
    /// Countries (ISO 3166-1 codes) from which nothing is unusual; empty when nobody said.
    pub known_countries: Vec<String>,
    /// Operations of the tenant's own.
    pub vocabulary: Additions,
    /// Ways in for vendors.
    pub sources: Vec<SourceRecord>,
    /// People who may sign in, beside those whose groups say so.
    pub accounts: Vec<AccountRecord>,
    /// Saved views, by name.
    pub views: Vec<ViewRecord>,
}

/// A query with a name, shared by everybody of a tenant.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ViewRecord {
    /// Its name within the tenant.
    pub name: String,
    /// The query.
    pub q: String,
    /// When it was saved.
    pub created_at: Micros,
}

/// A person who may sign in.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct AccountRecord {
    /// Its public id, random.
    pub id: String,
    /// Who it is.
    pub name: AccountName,
    /// What they may do.
    pub roles: Roles,
    /// When it was made.
    pub created_at: Micros,
    /// When it ends by itself.
    pub ends_at: Option<Micros>,
    /// When somebody ended it.
    pub ended_at: Option<Micros>,
}

/// How an account knows its person among all whom the identity provider signs in.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum AccountName {
    /// By an address that the provider has verified, in lower case.
    Email(String),
    /// By what the provider calls them for ever.
    Subject(String),
}

impl AccountRecord {
    /// Whether it counts.
    pub fn stands(&self, now: Micros) -> bool {
        self.ended_at.is_none() && self.ends_at.is_none_or(|end| now < end)
    }
}

/// A way in for a vendor's deliveries: webhooks, streams.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct SourceRecord {
    /// Its public id, random; part of its credential.
    pub id: String,
    /// Its name within the tenant, which is also the source of its events.
    pub name: String,
    /// The connector that reads it.
    pub vendor: String,
    /// What its credentials are made with, the newest first. Nobody can compute a credential from it alone.
    pub secrets: Vec<SourceSecret>,
    /// Noise rules as the text that connectors read; empty for the vendor's own.
    pub rules: String,
    /// When it was made.
    pub created_at: Micros,
    /// When it was closed.
    pub closed_at: Option<Micros>,
}

/// What one credential of a source is made with.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct SourceSecret {
    /// 16 random bytes in hex.
    pub nonce: String,
    /// Until when it counts; for ever if nobody said.
    pub until: Option<Micros>,
}

impl TenantRecord {
    /// Whether `newer` is this tenant after one change of what can be changed.
    pub fn is_followed_by(&self, newer: &Self) -> bool {
        let Self {
            id,
            name,
            salt,
            kid,
            created_at,
            main,
            access,
            strict: _,
            mask_exceptions: _,
            settings,
        } = newer;
        (*id, name, salt, kid) == (self.id, &self.name, &self.salt, &self.kid)
            && (*created_at, *main, *access) == (self.created_at, self.main, self.access)
            && settings.revision == self.settings.revision + 1
    }
}

/// A tenant with its keys at hand.
#[derive(Clone, Debug)]
pub struct Tenant {
    /// As stored.
    pub record: TenantRecord,
    /// Its derived keys.
    pub keys: Arc<TenantKeys>,
}

impl Tenant {
    /// Whether this is the instance's own tenant.
    pub fn is_instance(&self) -> bool {
        self.record.name == INSTANCE_TENANT
    }
}

/// What an API key may do.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Role {
    /// Append events; read nothing.
    Writer,
    /// Read without persons.
    Analyst,
    /// Read.
    Reader,
    /// Read, and take proofs, exports and the access log.
    Auditor,
    /// Everything in one tenant, its keys included.
    Admin,
    /// The instance: tenants and keys, no event content but the instance log.
    Operator,
}

impl Role {
    /// Every role.
    pub const ALL: [Self; 6] = [
        Self::Writer,
        Self::Analyst,
        Self::Reader,
        Self::Auditor,
        Self::Admin,
        Self::Operator,
    ];

    /// The role's name.
    pub fn name(self) -> &'static str {
        match self {
            Self::Writer => "writer",
            Self::Analyst => "analyst",
            Self::Reader => "reader",
            Self::Auditor => "auditor",
            Self::Admin => "admin",
            Self::Operator => "operator",
        }
    }

    /// The role of that name.
    pub fn parse(name: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|role| role.name() == name)
    }
}

/// A set of roles.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Roles(Vec<Role>);

impl Roles {
    /// The set of `roles`.
    pub fn of(roles: &[Role]) -> Self {
        let mut roles = roles.to_vec();
        roles.sort_unstable();
        roles.dedup();
        Self(roles)
    }

    /// Whether `role` is among them.
    pub fn has(&self, role: Role) -> bool {
        self.0.contains(&role)
    }

    /// The roles in order.
    pub fn iter(&self) -> impl Iterator<Item = Role> {
        self.0.iter().copied()
    }

    /// Whether there is none.
    pub fn is_empty(&self) -> bool {
        self.0.is_empty()
    }
}

/// Where an API key counts.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Scope {
    /// In one tenant.
    Tenant(TenantId),
    /// In whichever tenant a request names: for platforms that keep a tenant for each of their customers. Never in the
    /// instance's own.
    Platform {
        /// Whether a tenant that is not there yet is made when the first events for it come.
        creates_tenants: bool,
    },
}

impl Scope {
    /// The one tenant; `None` for a platform.
    pub fn tenant(self) -> Option<TenantId> {
        match self {
            Self::Tenant(tenant) => Some(tenant),
            Self::Platform { .. } => None,
        }
    }
}

/// An API key as it is stored: never the key itself.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ApiKey {
    /// Its public id: the first part of the key.
    pub id: String,
    /// Where it counts.
    pub scope: Scope,
    /// What it may do.
    pub roles: Roles,
    /// The way in that it stands for; event ids are unique within it.
    pub source: String,
    /// Whose key it is, for people.
    pub owner: String,
    /// SHA-256 of the whole key.
    pub hash: [u8; 32],
    /// When it was made.
    pub created_at: Micros,
    /// When it ends.
    pub expires_at: Option<Micros>,
    /// When it was revoked.
    pub revoked_at: Option<Micros>,
}

/// A change of the registry. Stored in one step with the entry that records it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Change {
    /// A new tenant; its logs are opened with it.
    CreateTenant(TenantRecord),
    /// A tenant as it is from now on. Only what can be changed differs, and the revision is the next one.
    UpdateTenant(TenantRecord),
    /// A new key.
    CreateKey(ApiKey),
    /// The end of a key.
    RevokeKey {
        /// Which.
        id: String,
        /// When.
        at: Micros,
    },
}
