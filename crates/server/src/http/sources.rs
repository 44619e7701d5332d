//! Ways in for vendors: their administration, and deliveries.

pub(super) mod close;
pub(super) mod create;
pub(super) mod deliver;
pub(super) mod keep;
pub(super) mod list;
pub(super) mod rotate;
pub(super) mod rules;

use std::sync::Arc;

use ledger::time::Micros;
use schemars::JsonSchema;
use serde::Deserialize;
use store::{SourceRecord, Tenant};

use super::error::HttpError;
use super::extract::Expected;
use super::managed::managed_customer;
use crate::admin::old_secret_until;
use crate::auth::{Act, Caller};
use crate::server::Server;
use crate::sources::rules as noise;

/// Which tenant's sources.
#[derive(Clone, Debug, Default, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub(crate) struct TenantParameters {
    /// The tenant. Left out, it is an admin's own; an operator's `default`, or every tenant where sources are listed.
    #[schemars(extend("example" = "default"))]
    tenant: Option<String>,
}

impl Expected for TenantParameters {
    const EXPECTED: &'static str = "expected none of the parameters, or tenant=<name>";
}

/// The tenant whose sources the caller manages. The instance's own has none.
async fn managed(
    server: &Server,
    caller: &Caller,
    asked: Option<&str>,
) -> Result<Arc<Tenant>, HttpError> {
    caller.require(Act::ManageSources)?;
    let name = match asked {
        Some(name) => name,
        None if caller.is_operator() => deliver::DEFAULT_TENANT,
        None => caller.tenant_name(),
    };
    managed_customer(server, caller, name).await
}

/// The source of that name that was changed.
fn changed<'t>(tenant: &'t Tenant, name: &str) -> Result<&'t SourceRecord, HttpError> {
    let mut sources = tenant.record.settings.sources.iter().rev();
    sources
        .find(|source| source.name == name)
        .ok_or_else(HttpError::not_found)
}

/// A source on the wire.
fn shown(tenant: &Tenant, source: &SourceRecord, now: Micros) -> api::Source {
    api::Source {
        id: source.id.clone(),
        name: source.name.clone(),
        tenant: tenant.record.name.clone(),
        vendor: source.vendor.clone(),
        path: path_of(tenant, source),
        default_rules: source.rules.is_empty(),
        rules: noise::shown(&noise::of(source)),
        created_at: source.created_at.to_string(),
        old_secret_until: old_secret_until(source, now).map(|at| at.to_string()),
        closed_at: source.closed_at.map(|at| at.to_string()),
    }
}

/// Where its deliveries go.
fn path_of(tenant: &Tenant, source: &SourceRecord) -> String {
    if source.vendor == connectors::Vendor::Hec.name() {
        return "/services/collector".to_owned();
    }
    let tenant = &tenant.record.name;
    if tenant == deliver::DEFAULT_TENANT {
        format!("/v1/sources/{}", source.name)
    } else {
        format!("/v1/sources/{}?tenant={tenant}", source.name)
    }
}
