//! `POST /v1/clock/confirm`: an operator vouches for the clock's present time after it stopped writes.

use std::sync::Arc;

use axum::body::Body;
use axum::extract::State;
use axum::http::{Response, StatusCode};

use crate::auth::{Act, Caller};
use crate::http::HttpError;
use crate::own::OwnEvent;
use crate::server::Server;

pub(crate) async fn confirm(
    State(server): State<Arc<Server>>,
    caller: Caller,
) -> Result<Response<Body>, HttpError> {
    caller.require(Act::ConfirmClock)?;
    // Before it is confirmed nothing can be recorded, the confirmation neither.
    server.store.confirm_clock().await?;
    let event = OwnEvent::new("veritrail.clock.confirmed", caller.actor(), "clock");
    server.record_of_instance(&event).await?;
    let mut response = Response::new(Body::empty());
    *response.status_mut() = StatusCode::NO_CONTENT;
    Ok(response)
}
