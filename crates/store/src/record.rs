//! What is read from a log.

use ledger::entry::Kind;
use ledger::hash::Hash;
use ledger::name::{LogId, TenantId};

use crate::registry::{Tenant, TenantRecord};

/// Names one log of one tenant. Can't be made without the tenant, so nothing is read or written outside one.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct LogRef {
    tenant: TenantId,
    log: LogId,
    kind: Kind,
}

impl LogRef {
    /// A tenant's `main` log, or the instance log of the instance's tenant.
    pub fn main(tenant: &Tenant) -> Self {
        Self::of_record(&tenant.record, false)
    }

    /// A tenant's `access` log.
    pub fn access(tenant: &Tenant) -> Self {
        Self::of_record(&tenant.record, true)
    }

    /// Either log of a tenant as it is stored.
    pub fn of_record(tenant: &TenantRecord, access: bool) -> Self {
        let main = if tenant.name == crate::registry::INSTANCE_TENANT {
            Kind::Instance
        } else {
            Kind::Main
        };
        Self {
            tenant: tenant.id,
            log: if access { tenant.access } else { tenant.main },
            kind: if access { Kind::Access } else { main },
        }
    }

    /// The tenant's log of that id, if it is one of the tenant's.
    pub fn find(tenant: &Tenant, log: LogId) -> Option<Self> {
        [Self::main(tenant), Self::access(tenant)]
            .into_iter()
            .find(|found| found.log == log)
    }

    /// The tenant.
    pub fn tenant(&self) -> TenantId {
        self.tenant
    }

    /// The log.
    pub fn log(&self) -> LogId {
        self.log
    }

    /// What the log is for.
    pub fn kind(&self) -> Kind {
        self.kind
    }
}

/// One entry and what is left of its parts: the stored bytes, nothing rebuilt.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Record {
    /// The leaf index.
    pub seq: u64,
    /// The leaf.
    pub entry: Vec<u8>,
    /// The `person` part.
    pub person: Option<Vec<u8>>,
    /// The `details` part.
    pub details: Option<Vec<u8>>,
}

/// How far a log goes.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct LogHead {
    /// Acknowledged and visible entries.
    pub size: u64,
    /// The newest checkpoint; none until the first is signed.
    pub signed: Option<SignedHead>,
}

/// A signed statement of a log's size and root.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct SignedHead {
    /// Entries it covers.
    pub size: u64,
    /// Root over them.
    pub root: Hash,
    /// The checkpoint as a signed note.
    pub note: String,
}
