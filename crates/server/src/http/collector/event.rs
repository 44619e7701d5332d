//! `POST /services/collector/event`, `/raw` and their other names: events of a stream that was made for Splunk.

use std::sync::Arc;

use axum::body::Body;
use axum::extract::State;
use axum::http::{HeaderMap, HeaderValue, Request, Response, StatusCode};
use connectors::Vendor;
use ledger::name::TenantId;
use serde_json::json;

use super::{answer, has_channel, refused, said};
use crate::http::HttpError;
use crate::http::sources::deliver::{Found, find, pairs, take};
use crate::http::sources::keep::store_delivery;
use crate::server::Server;
use crate::sources::credential;

/// How the reader learns that lines came without envelopes.
const RAW: &str = "veritrail-collector";

pub(crate) async fn event(
    State(server): State<Arc<Server>>,
    request: Request<Body>,
) -> Response<Body> {
    collect(&server, request).await
}

pub(crate) async fn raw(
    State(server): State<Arc<Server>>,
    mut request: Request<Body>,
) -> Response<Body> {
    let headers = request.headers_mut();
    headers.insert(RAW, HeaderValue::from_static("raw"));
    collect(&server, request).await
}

async fn collect(server: &Arc<Server>, request: Request<Body>) -> Response<Body> {
    if !request.headers().contains_key("authorization") {
        return said(StatusCode::UNAUTHORIZED, "Token is required", 2);
    }
    let channel = has_channel(request.headers(), request.uri().query());
    match deliver(server, request).await {
        Err(error) => refused(error),
        Ok(delivered) => match delivered.refused.first() {
            // What came before it is stored, as it is there.
            Some(refused) => answer(
                StatusCode::BAD_REQUEST,
                &json!({"text": "Invalid data format", "code": 6, "invalid-event-number": refused.index}),
            ),
            None if channel => answer(
                StatusCode::OK,
                &json!({"text": "Success", "code": 0, "ackId": 0}),
            ),
            None => said(StatusCode::OK, "Success", 0),
        },
    }
}

async fn deliver(
    server: &Arc<Server>,
    request: Request<Body>,
) -> Result<api::Delivered, HttpError> {
    let named = named(request.headers());
    let found = found(server, named).await?;
    let (found, taken) = take(server, found, request).await?;
    store_delivery(server, found, taken).await
}

/// The source that the token names. Whether the token is right is decided later, whatever it names.
fn named(headers: &HeaderMap) -> Option<(TenantId, String)> {
    let headers = pairs(headers);
    let delivery = connectors::Delivery {
        headers: &headers,
        body: &[],
    };
    credential::named(&Vendor::Hec.proof().credential(&delivery)?)
}

async fn found(
    server: &Server,
    named: Option<(TenantId, String)>,
) -> Result<Option<Found>, HttpError> {
    let Some((tenant, id)) = named else {
        return Ok(None);
    };
    let tenant = server.store.tenant(tenant).await?;
    Ok(tenant.and_then(|tenant| {
        find(&tenant, |tenant| {
            let mut sources = tenant.record.settings.sources.iter();
            sources.find(|source| {
                source.id == id && source.vendor == Vendor::Hec.name() && source.closed_at.is_none()
            })
        })
    }))
}
