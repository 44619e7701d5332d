//! People's accounts, for operators and a tenant's admins.

pub(super) mod create;
pub(super) mod end;
pub(super) mod list;

use std::sync::Arc;

use api::code;
use schemars::JsonSchema;
use serde::Deserialize;
use store::{AccountName, AccountRecord, Tenant};

use super::error::HttpError;
use super::extract::Expected;
use crate::auth::{Act, Caller};
use crate::server::Server;

/// Which tenant's accounts.
#[derive(Clone, Debug, Default, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub(crate) struct TenantParameters {
    /// The tenant. Left out, it is an admin's own; every tenant where an operator lists accounts.
    #[schemars(extend("example" = "default"))]
    tenant: Option<String>,
}

impl Expected for TenantParameters {
    const EXPECTED: &'static str = "expected none of the parameters, or tenant=<name>";
}

/// The tenant whose accounts the caller manages.
async fn managed(
    server: &Server,
    caller: &Caller,
    asked: Option<&str>,
) -> Result<Arc<Tenant>, HttpError> {
    caller.require(Act::ManageAccounts)?;
    let name = match asked {
        Some(name) => name,
        None if !caller.is_operator() => caller.tenant_name(),
        None => {
            let expected = "expected the name of a tenant";
            return Err(HttpError::new(code::BAD_FIELD, expected).at("/tenant"));
        }
    };
    super::managed::managed(server, caller, name).await
}

/// An account on the wire.
fn shown(tenant: &Tenant, account: &AccountRecord) -> api::Account {
    let (email, subject) = match &account.name {
        AccountName::Email(email) => (Some(email.clone()), None),
        AccountName::Subject(subject) => (None, Some(subject.clone())),
    };
    let roles = account.roles.iter().map(|role| role.name().to_owned());
    api::Account {
        id: account.id.clone(),
        tenant: tenant.record.name.clone(),
        email,
        subject,
        roles: roles.collect(),
        created_at: account.created_at.to_string(),
        ends_at: account.ends_at.map(|at| at.to_string()),
        ended_at: account.ended_at.map(|at| at.to_string()),
    }
}
