//! `GET /v1/sources`: a tenant's sources, without their secrets.

use std::sync::Arc;

use axum::body::Body;
use axum::extract::State;
use axum::http::{Response, StatusCode};

use super::{TenantParameters, managed, shown};
use crate::auth::{Act, Caller};
use crate::http::extract::Parameters;
use crate::http::{HttpError, json};
use crate::server::Server;

pub(crate) async fn list(
    State(server): State<Arc<Server>>,
    caller: Caller,
    Parameters(parameters): Parameters<TenantParameters>,
) -> Result<Response<Body>, HttpError> {
    caller.require(Act::ManageSources)?;
    let now = server.clock.wall();
    let tenants = match parameters.tenant {
        None if caller.is_operator() => server.store.tenants().await?,
        asked => vec![managed(&server, &caller, asked.as_deref()).await?],
    };
    let sources = tenants.iter().flat_map(|tenant| {
        let sources = tenant.record.settings.sources.iter();
        sources.map(|source| shown(tenant, source, now))
    });
    let mut sources: Vec<_> = sources.collect();
    sources.sort_by(|left, right| {
        let key = |source: &api::Source| {
            (
                source.tenant.clone(),
                source.name.clone(),
                source.created_at.clone(),
            )
        };
        key(left).cmp(&key(right))
    });
    json::answer(StatusCode::OK, &api::Sources { sources })
}
