//! The tenants that somebody looks after: an admin the own one, an operator all.

use std::sync::Arc;

use api::code;
use schemars::JsonSchema;
use serde::Deserialize;
use store::Tenant;

use super::error::HttpError;
use super::extract::Expected;
use crate::auth::Caller;
use crate::server::Server;

/// Of which tenant.
#[derive(Clone, Debug, Default, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub(crate) struct TenantParameters {
    /// The tenant. Left out, it is an admin's own; every tenant where an operator asks for a list.
    #[schemars(extend("example" = "default"))]
    pub(super) tenant: Option<String>,
}

impl Expected for TenantParameters {
    const EXPECTED: &'static str = "expected none of the parameters, or tenant=<name>";
}

/// The tenant that is named, or an admin's own.
pub(super) async fn managed_one(
    server: &Server,
    caller: &Caller,
    asked: Option<&str>,
) -> Result<Arc<Tenant>, HttpError> {
    let name = match asked {
        Some(name) => name,
        None if !caller.is_operator() => caller.tenant_name(),
        None => {
            let expected = "expected the name of a tenant";
            return Err(HttpError::new(code::BAD_FIELD, expected).at("/tenant"));
        }
    };
    managed(server, caller, name).await
}

/// The tenant that is named, or all that the caller looks after.
pub(super) async fn managed_all(
    server: &Server,
    caller: &Caller,
    asked: Option<&str>,
) -> Result<Vec<Arc<Tenant>>, HttpError> {
    if asked.is_none() && caller.is_operator() {
        return Ok(server.store.tenants().await?);
    }
    Ok(vec![managed_one(server, caller, asked).await?])
}

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
