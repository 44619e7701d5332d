//! The access log: every read of content is recorded before its first byte leaves.
//!
//! Promises: a record is durable before the answer begins, or the answer is 503; bulk reads (tiles, checkpoints) are
//! one intent and one totals entry for each key, log and minute, whatever their number; so are searches, whatever the
//! number of their pages. Can't be switched off.
//! Must never: put what was asked for into an entry; it goes to the `details` part, masked like anything else.

mod exports;
mod searches;
mod totals;

use api::code;
use ledger::json::Value;
use ledger::limits::EVENT_ID_BYTES_MAX;
use store::LogRef;

use crate::auth::{Caller, Destination};
use crate::http::HttpError;
use crate::own::OwnEvent;
use crate::server::Server;

pub(crate) use searches::{InUse, OpenSearches, Question, QuestionKind, SearchId};
pub(crate) use totals::{BulkKind, ReadTotals};

impl Server {
    /// Records that `caller` asked for one event. `found` is the log that has it; without one, the caller's own
    /// events were searched in vain.
    pub(crate) async fn record_event_read(
        &self,
        caller: &Caller,
        operation: &'static str,
        asked: &str,
        searched: LogRef,
        found: bool,
    ) -> Result<(), HttpError> {
        let mut event = OwnEvent::new(operation, caller.actor(), "event");
        // No event has an id of another form; what was asked for instead is nobody's business.
        if is_event_id(asked) {
            event.resource_id = Some(asked);
        } else {
            event
                .metadata
                .push(("asked", Value::string("not an event id")));
        }
        event.outcome = Some(if found { "success" } else { "failure" });
        let log = searched.log().to_string();
        event.metadata.push(("log", Value::string(log)));
        event.metadata.push(("found", Value::Bool(found)));
        self.record_read(&caller.destination(searched, &self.instance), &event)
            .await
    }

    /// Records a read; without a record there is no read.
    pub(crate) async fn record_read(
        &self,
        to: &Destination,
        event: &OwnEvent<'_>,
    ) -> Result<(), HttpError> {
        self.record(to, event).await.map_err(|error| {
            HttpError::new(
                code::ACCESS_NOT_RECORDED,
                "every read is recorded first, and this one could not be; try again",
            )
            .retry_after(5)
            .because(error.to_string())
        })
    }
}

/// Whether an event can have this id.
pub(crate) fn is_event_id(id: &str) -> bool {
    (1..=EVENT_ID_BYTES_MAX).contains(&id.len())
        && id
            .bytes()
            .all(|byte| byte.is_ascii_alphanumeric() || byte == b'_' || byte == b'-')
}
