//! API keys, for operators and a tenant's admins.

pub(super) mod create;
pub(super) mod list;
pub(super) mod revoke;

use std::sync::Arc;

use api::code;
use store::{ApiKey, Scope, Tenant};

use super::error::HttpError;
use crate::admin::KeyOwner;
use crate::auth::{Act, Caller};
use crate::server::Server;

/// The tenant whose keys the caller manages: an admin's own, whatever is asked for; the one an operator names. An admin
/// who names another one is answered as if it did not exist.
async fn managed(
    server: &Server,
    caller: &Caller,
    asked: Option<&str>,
) -> Result<Arc<Tenant>, HttpError> {
    caller.require(Act::ManageKeys)?;
    let name = match asked {
        Some(name) => name,
        None if !caller.is_operator() => caller.tenant_name(),
        None => {
            return Err(
                HttpError::new(code::BAD_FIELD, "expected the name of a tenant").at("/tenant"),
            );
        }
    };
    super::managed::managed(server, caller, name).await
}

/// A key on the wire.
fn shown(key: &ApiKey, whose: KeyOwner<'_>) -> api::Key {
    let creates = matches!(
        key.scope,
        Scope::Platform {
            creates_tenants: true
        }
    );
    api::Key {
        id: key.id.clone(),
        tenant: match whose {
            KeyOwner::Tenant(record) => Some(record.name.clone()),
            KeyOwner::Platform => None,
        },
        platform: key.scope.tenant().is_none(),
        create_tenants: creates,
        roles: key
            .roles
            .iter()
            .map(|role| role.name().to_owned())
            .collect(),
        source: key.source.clone(),
        owner: key.owner.clone(),
        created_at: key.created_at.to_string(),
        expires_at: key.expires_at.map(|at| at.to_string()),
        revoked_at: key.revoked_at.map(|at| at.to_string()),
    }
}
