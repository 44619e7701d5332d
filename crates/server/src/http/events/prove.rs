//! `GET /v1/events/{id}/proof`: one event's inclusion proof, with the entry and its parts.

use std::sync::Arc;

use api::{Disclosures, Proof};
use axum::body::Body;
use axum::extract::State;
use axum::http::{HeaderMap, Response, StatusCode, header};
use base64ct::{Base64, Encoding};

use super::covered::{self, Covered};
use super::find::{self, Choice, Found};
use crate::auth::{Act, Caller};
use crate::http::HttpError;
use crate::http::extract::{Parameters, Segment};
use crate::http::json;
use crate::server::Server;

pub(crate) async fn prove(
    State(server): State<Arc<Server>>,
    caller: Caller,
    Segment(id): Segment,
    Parameters(choice): Parameters<Choice>,
    headers: HeaderMap,
) -> Result<Response<Body>, HttpError> {
    caller.require(Act::TakeProofs)?;
    let found = find::find(&server, &caller, "veritrail.proof.read", &id, &choice).await?;
    let covered = covered::prove(&server, found.log, &[found.record.seq]).await?;
    let disclosures = serde_json::to_vec(&disclosures(&found))
        .map_err(|error| HttpError::internal(format!("writing disclosures: {error}")))?;
    let text = covered.tlog_proof(found.record.seq, Some(disclosures))?;
    if wants_json(&headers) {
        return json::answer(StatusCode::OK, &proof(&found, &covered, text)?);
    }
    Ok(json::text(
        StatusCode::OK,
        "text/plain; charset=utf-8",
        text,
    ))
}

/// Whether JSON was asked for.
fn wants_json(headers: &HeaderMap) -> bool {
    let mut accepted = headers.get_all(header::ACCEPT).iter();
    accepted.any(|value| {
        value.to_str().unwrap_or_default().split(',').any(|range| {
            let essence = range.split(';').next().unwrap_or_default();
            essence.trim().eq_ignore_ascii_case("application/json")
        })
    })
}

fn disclosures(found: &Found) -> Disclosures {
    let part = |bytes: &Option<Vec<u8>>| bytes.as_deref().map(Base64::encode_string);
    Disclosures {
        entry: Base64::encode_string(&found.record.entry),
        person: part(&found.record.person),
        details: part(&found.record.details),
    }
}

fn proof(found: &Found, covered: &Covered, tlog_proof: String) -> Result<Proof, HttpError> {
    let entry = found.entry()?;
    let seq = found.record.seq;
    let text = |bytes: &[u8]| String::from_utf8_lossy(bytes).into_owned();
    Ok(Proof {
        id: entry.id.to_owned(),
        log: entry.place.log.to_string(),
        seq,
        leaf_hash: found.leaf().to_hex(),
        size: covered.size(),
        checkpoint: covered.note().to_owned(),
        proof: covered::base64_of(covered.hashes(seq).unwrap_or_default()).collect(),
        tlog_proof,
        entry: text(&found.record.entry),
        person: found.record.person.as_deref().map(text),
        details: found.record.details.as_deref().map(text),
    })
}
