//! `POST /v1/sources`: makes a source and shows its secret this once.

use std::sync::Arc;

use axum::body::Body;
use axum::extract::State;
use axum::http::{Response, StatusCode};
use store::{SourceRecord, Tenant};

use super::{managed, shown};
use crate::auth::{Act, Caller};
use crate::http::{HttpError, json};
use crate::server::Server;
use crate::sources::credential;

pub(crate) async fn create(
    State(server): State<Arc<Server>>,
    caller: Caller,
    body: Body,
) -> Result<Response<Body>, HttpError> {
    caller.require(Act::ManageSources)?;
    let new: api::NewSource = json::read(body).await?;
    let tenant = managed(&server, &caller, new.tenant.as_deref()).await?;
    let to = caller.administration(&server.instance);
    let made = server
        .administration(&caller, &to)
        .create_source(tenant.record.id, &new)
        .await;
    let (tenant, source) = made?;
    revealed(&server, StatusCode::CREATED, &tenant, &source)
}

/// A source with its newest secret.
pub(super) fn revealed(
    server: &Server,
    status: StatusCode,
    tenant: &Tenant,
    source: &SourceRecord,
) -> Result<Response<Body>, HttpError> {
    let secret = source.secrets.first().ok_or_else(HttpError::not_found)?;
    let secret = credential::of(tenant, source, secret);
    let answer = api::CreatedSource {
        secret: secret.reveal().to_owned(),
        source: shown(tenant, source, server.clock.wall()),
    };
    json::answer(status, &answer)
}
