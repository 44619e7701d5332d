//! Tenants, for operators.

pub(super) mod change;
pub(super) mod create;
pub(super) mod list;
pub(super) mod show;

use std::sync::Arc;

use ledger::vocabulary::Addition;
use store::{Tenant, TenantRecord};

use super::HttpError;
use super::managed::managed_customer;
use crate::auth::{Act, Caller};
use crate::server::Server;

/// Names the caller's own tenant, whatever its name. No tenant is called so.
const OWN: &str = "_own";

fn operation(addition: &Addition) -> api::OwnOperation {
    api::OwnOperation {
        name: addition.name.clone(),
        category: addition.category.as_str().to_owned(),
        severity: addition.severity.as_str().to_owned(),
        description: addition.description.clone(),
        aliases: addition.aliases.clone(),
    }
}

/// A tenant that the caller may look after: an admin's own, an operator's any. Unknown and foreign ones answer alike.
async fn managed(server: &Server, caller: &Caller, name: &str) -> Result<Arc<Tenant>, HttpError> {
    caller.require(Act::ManageSettings)?;
    let name = if name == OWN {
        caller.tenant_name()
    } else {
        name
    };
    managed_customer(server, caller, name).await
}

/// A tenant on the wire.
fn shown(record: &TenantRecord) -> api::Tenant {
    api::Tenant {
        id: record.id.to_string(),
        name: record.name.clone(),
        strict: record.strict,
        mask_exceptions: record.mask_exceptions.clone(),
        revision: record.settings.revision,
        known_countries: record.settings.known_countries.clone(),
        vocabulary: record
            .settings
            .vocabulary
            .all()
            .iter()
            .map(operation)
            .collect(),
        created_at: record.created_at.to_string(),
        logs: api::TenantLogs {
            main: record.main.to_string(),
            access: record.access.to_string(),
        },
    }
}
