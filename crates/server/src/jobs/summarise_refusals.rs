//! Each minute in which sign-ins were refused: one entry in the instance log says how many and why.

use std::sync::Arc;

use super::MINUTE;
use crate::own::{Actor, OwnEvent, number};
use crate::server::Server;
use crate::tasks::Stop;

pub(super) async fn run(server: Arc<Server>, mut stop: Stop) {
    while stop.sleep(MINUTE).await {
        summarise_refusals(&server).await;
    }
}

/// Records what gathered; what can't be recorded stays for the next time.
pub(crate) async fn summarise_refusals(server: &Server) {
    let counts = server.refusals.take();
    if counts.is_empty() {
        return;
    }
    let mut event = OwnEvent::new("veritrail.signin.refused", Actor::Anonymous, "server");
    event.outcome = Some("denied");
    let metadata = counts.iter();
    event.metadata = metadata
        .map(|(reason, count)| (reason.name(), number(*count)))
        .collect();
    if let Err(error) = server.record_of_instance(&event).await {
        tracing::warn!(error = %error, "refused sign-ins are summarised later");
        server.refusals.put_back(&counts);
    }
}
