//! `POST /v1/sources/{name}`: a vendor's delivery.
//!
//! Promises: unknown sources, foreign ones and wrong secrets are answered alike, and after the same work; nothing is
//! answered 2xx that is not durable; what is left out is counted, and a record says so before the answer.

use std::sync::Arc;

use axum::body::Body;
use axum::extract::State;
use axum::http::{HeaderMap, Request, Response, StatusCode};
use connectors::authentic::Verdict;
use connectors::limits::BODY_BYTES_MAX;
use connectors::{Delivery, Vendor};
use ledger::name::TenantId;
use ledger::time::Micros;
use schemars::JsonSchema;
use serde::Deserialize;
use store::{SourceRecord, Tenant};

use super::keep::store_delivery;
use crate::auth::RefusalReason;
use crate::http::body::{self, EventBody};
use crate::http::extract::{Expected, Parameters, Segment};
use crate::http::{HttpError, json};
use crate::server::Server;
use crate::shares::Held;
use crate::sources::credential::Credential;
use crate::sources::{self, credential};

/// The tenant of a source whose address names none.
pub(crate) const DEFAULT_TENANT: &str = "default";

/// Whose source.
#[derive(Clone, Debug, Default, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub(crate) struct DeliverParameters {
    /// The source's tenant; `default` when left out. The address that `POST /v1/sources` answers has it.
    #[schemars(extend("example" = "default"))]
    tenant: Option<String>,
}

impl Expected for DeliverParameters {
    const EXPECTED: &'static str = "expected none of the parameters, or tenant=<name>";
}

/// A source and its tenant, as a delivery names them.
#[derive(Clone, Debug)]
pub(crate) struct Found {
    pub(crate) tenant: Arc<Tenant>,
    pub(crate) source: SourceRecord,
    pub(crate) vendor: Vendor,
}

pub(crate) async fn deliver(
    State(server): State<Arc<Server>>,
    Segment(name): Segment,
    Parameters(parameters): Parameters<DeliverParameters>,
    request: Request<Body>,
) -> Result<Response<Body>, HttpError> {
    let tenant = parameters.tenant.as_deref().unwrap_or(DEFAULT_TENANT);
    let tenant = server.store.tenant_named(tenant).await?;
    let found = tenant.and_then(|tenant| find(&tenant, |tenant| sources::named(tenant, &name)));
    let (found, taken) = take(&server, found, request).await?;
    let delivered = store_delivery(&server, found, taken).await?;
    json::answer(StatusCode::OK, &delivered)
}

/// The source of a tenant that `which` chooses, if its vendor is known to this version.
pub(crate) fn find(
    tenant: &Arc<Tenant>,
    which: impl Fn(&Tenant) -> Option<&SourceRecord>,
) -> Option<Found> {
    let source = which(tenant)?;
    Some(Found {
        tenant: Arc::clone(tenant),
        vendor: Vendor::parse(&source.vendor)?,
        source: source.clone(),
    })
}

/// A delivery whose sender was checked, and its place among those of the source.
#[derive(Debug)]
pub(crate) struct Taken {
    pub(crate) headers: HeaderMap,
    pub(crate) body: EventBody,
    _place: Held,
}

/// Reads the body and checks who sent it.
pub(crate) async fn take(
    server: &Arc<Server>,
    found: Option<Found>,
    request: Request<Body>,
) -> Result<(Found, Taken), HttpError> {
    let (parts, body) = request.into_parts();
    let named = found.as_ref().map(|found| (&*found.tenant, &found.source));
    let place = server.sources.place(named).ok_or_else(|| {
        let why = "nothing of the request was done; too many deliveries of this source at once";
        HttpError::new(api::code::BUSY, why).retry_after(1)
    })?;
    // Whoever names no source takes of nobody's share of the memory.
    let owner = named.map_or(TenantId([0; 16]), |(tenant, _)| tenant.record.id);
    let budget = (&server.bodies, owner);
    let body = body::read_up_to(BODY_BYTES_MAX, &parts.headers, body, budget).await?;
    let taken = Taken {
        headers: parts.headers,
        body,
        _place: place,
    };
    let now = server.clock.wall();
    let checking = move || {
        let verdict = verdict(found.as_ref(), &taken, now);
        (found, taken, verdict)
    };
    let checked = tokio::task::spawn_blocking(checking).await;
    let (found, taken, verdict) =
        checked.map_err(|error| HttpError::internal(format!("checking a delivery: {error}")))?;
    match (found, verdict) {
        (Some(found), Verdict::Right) => Ok((found, taken)),
        (found, verdict) => Err(refused(server, found.as_ref(), verdict)),
    }
}

/// Whether the sender knows the source's secret. Where there is no source, the same work is done for nothing.
fn verdict(found: Option<&Found>, taken: &Taken, now: Micros) -> Verdict {
    let headers = pairs(&taken.headers);
    let delivery = Delivery {
        headers: &headers,
        body: &taken.body.bytes,
    };
    let Some(found) = found else {
        let proof = Vendor::Github.proof();
        let verdict = proof.check(&delivery, &["nobody's"]);
        return if verdict == Verdict::Missing {
            Verdict::Missing
        } else {
            Verdict::Wrong
        };
    };
    let secrets = credential::present(&found.tenant, &found.source, now);
    let secrets: Vec<&str> = secrets.iter().map(Credential::reveal).collect();
    found.vendor.proof().check(&delivery, &secrets)
}

fn refused(server: &Server, found: Option<&Found>, verdict: Verdict) -> HttpError {
    let reason = match (found, verdict) {
        (None, _) => RefusalReason::UnknownSource,
        (Some(_), Verdict::Missing) => RefusalReason::UnsignedDelivery,
        (Some(_), _) => RefusalReason::ForgedDelivery,
    };
    server.refusals.count(reason);
    server.metrics.refused_sign_in(reason);
    if let Some(found) = found {
        let tenant = found.tenant.record.id;
        server.sources.count_refused(tenant, &found.source.id);
    }
    HttpError::new(
        api::code::UNAUTHENTICATED,
        "expected a source's address and a delivery signed with, or bearing, its secret",
    )
}

/// Header fields as connectors take them; those that are no text are nobody's.
pub(crate) fn pairs(headers: &HeaderMap) -> Vec<(&str, &str)> {
    let texts = headers.iter();
    texts
        .filter_map(|(name, value)| Some((name.as_str(), value.to_str().ok()?)))
        .collect()
}
