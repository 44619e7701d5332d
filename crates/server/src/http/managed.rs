//! The tenant that somebody looks after: an admin the own one, an operator any.

use std::sync::Arc;

use store::Tenant;

use super::error::HttpError;
use crate::auth::Caller;
use crate::server::Server;

/// The tenant of that name. An admin who names another one is answered as if it did not exist. Whether the caller may do
/// what is to be done is asked before.
pub(super) async fn managed(
    server: &Server,
    caller: &Caller,
    name: &str,
) -> Result<Arc<Tenant>, HttpError> {
    if !caller.is_operator() && name != caller.tenant_name() {
        return Err(HttpError::not_found());
    }
    let tenant = server.store.tenant_named(name).await?;
    tenant.ok_or_else(HttpError::not_found)
}

/// The same, but for the instance's own, which has no settings and no sources.
pub(super) async fn managed_customer(
    server: &Server,
    caller: &Caller,
    name: &str,
) -> Result<Arc<Tenant>, HttpError> {
    let tenant = managed(server, caller, name).await?;
    if tenant.is_instance() {
        return Err(HttpError::not_found());
    }
    Ok(tenant)
}
