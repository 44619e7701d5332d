//! `POST /services/collector/ack`: whether what was answered is durable. It always is.

use axum::body::Body;
use axum::http::{Response, StatusCode};
use serde::Deserialize;
use serde_json::{Map, Value, json};

use super::{answer, said};
use crate::http::json;

/// Most acknowledgements of one request.
const ACKS_MAX: usize = 10_000;

/// What is asked.
#[derive(Debug, Deserialize)]
struct Asked {
    acks: Vec<u64>,
}

pub(crate) async fn acknowledge(body: Body) -> Response<Body> {
    match json::read::<Asked>(body).await {
        Ok(asked) if asked.acks.len() <= ACKS_MAX => {
            let acks = asked.acks.into_iter();
            let acks: Map<String, Value> = acks.map(|id| (id.to_string(), json!(true))).collect();
            answer(StatusCode::OK, &json!({"acks": acks}))
        }
        _ => said(StatusCode::BAD_REQUEST, "Invalid data format", 6),
    }
}
