//! `GET /v1/keys`: the keys of a tenant or of platforms, without the keys themselves.

use std::sync::Arc;

use api::code;
use axum::body::Body;
use axum::extract::State;
use axum::http::{Response, StatusCode};
use schemars::JsonSchema;
use serde::Deserialize;

use super::{KeyOwner, managed, shown};
use crate::auth::{Act, Caller};
use crate::http::HttpError;
use crate::http::extract::{Expected, Parameters};
use crate::http::json;
use crate::server::Server;

/// Whose keys.
#[derive(Clone, Debug, Default, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub(crate) struct ListParameters {
    /// The tenant whose keys are wanted.
    #[schemars(extend("example" = "default"))]
    tenant: Option<String>,
    /// Those of platforms.
    #[serde(default)]
    platform: bool,
}

impl Expected for ListParameters {
    const EXPECTED: &'static str =
        "expected none of the parameters, or one of tenant=<name>, platform=true";
}

pub(crate) async fn list(
    State(server): State<Arc<Server>>,
    caller: Caller,
    Parameters(parameters): Parameters<ListParameters>,
) -> Result<Response<Body>, HttpError> {
    caller.require(Act::ManageKeys)?;
    let ListParameters { tenant, platform } = parameters;
    if platform {
        caller.require(Act::ManageTenants)?;
        if tenant.is_some() {
            return Err(HttpError::new(code::BAD_REQUEST, ListParameters::EXPECTED));
        }
    }
    let everybodys = tenant.is_none() && caller.is_operator();
    let tenants = match tenant {
        _ if platform => Vec::new(),
        None if everybodys => server.store.tenants().await?,
        asked => vec![managed(&server, &caller, asked.as_deref()).await?],
    };
    let mut keys = Vec::new();
    for tenant in tenants {
        let found = server.store.api_keys(tenant.record.id).await?;
        let whose = KeyOwner::Tenant(&tenant.record);
        keys.extend(found.iter().map(|key| shown(key, whose)));
    }
    if platform || everybodys {
        let found = server.store.platform_keys().await?;
        keys.extend(found.iter().map(|key| shown(key, KeyOwner::Platform)));
    }
    json::answer(StatusCode::OK, &api::Keys { keys })
}
