//! `GET /v1/keys`: the keys of a tenant, without the keys themselves.

use std::sync::Arc;

use axum::body::Body;
use axum::extract::State;
use axum::http::{Response, StatusCode};
use serde::Deserialize;

use super::{managed, shown};
use crate::auth::{Act, Caller};
use crate::http::HttpError;
use crate::http::extract::{Expected, Parameters};
use crate::http::json;
use crate::server::Server;

/// Whose keys.
#[derive(Clone, Debug, Default, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct ListParameters {
    tenant: Option<String>,
}

impl Expected for ListParameters {
    const EXPECTED: &'static str = "expected no parameter but tenant=<name>";
}

pub(crate) async fn list(
    State(server): State<Arc<Server>>,
    caller: Caller,
    Parameters(parameters): Parameters<ListParameters>,
) -> Result<Response<Body>, HttpError> {
    caller.require(Act::ManageKeys)?;
    let tenants = match parameters.tenant {
        None if caller.is_operator() => server.store.tenants().await?,
        asked => vec![managed(&server, &caller, asked.as_deref()).await?],
    };
    let mut keys = Vec::new();
    for tenant in tenants {
        let found = server.store.api_keys(tenant.record.id).await?;
        keys.extend(found.iter().map(|key| shown(key, &tenant)));
    }
    json::answer(StatusCode::OK, &api::Keys { keys })
}
