//! `POST /v1/keys`: makes a key and shows it this once.

use std::sync::Arc;

use axum::body::Body;
use axum::extract::State;
use axum::http::{Response, StatusCode};

use super::{KeyOwner, managed, shown};
use crate::auth::{Act, Caller};
use crate::http::HttpError;
use crate::http::json;
use crate::server::Server;

pub(crate) async fn create(
    State(server): State<Arc<Server>>,
    caller: Caller,
    body: Body,
) -> Result<Response<Body>, HttpError> {
    caller.require(Act::ManageKeys)?;
    let new: api::NewKey = json::read(body).await?;
    let tenant = if new.platform {
        // Whoever makes tenants may make keys that reach all of them.
        caller.require(Act::ManageTenants)?;
        None
    } else {
        Some(managed(&server, &caller, new.tenant.as_deref()).await?)
    };
    let whose = tenant.as_ref().map_or(KeyOwner::Platform, |tenant| {
        KeyOwner::Tenant(&tenant.record)
    });
    let to = caller.administration(&server.instance);
    let made = server
        .administration(&caller, &to)
        .create_key(whose, &new)
        .await?;
    let created = api::CreatedKey {
        key: made.reveal().to_owned(),
        stored: shown(&made.stored, whose),
    };
    json::answer(StatusCode::CREATED, &created)
}
