//! Each minute in which sign-ins were refused: one entry in the instance log says how many and why.

use std::sync::Arc;

use ledger::json::Value;

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
    summarise_deliveries(server).await;
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

/// Deliveries to known sources that were refused: whose, and how many.
async fn summarise_deliveries(server: &Server) {
    for ((tenant_id, id), count) in server.sources.take_refused() {
        let tenant = server.store.tenant(tenant_id).await.ok().flatten();
        let name = tenant.as_ref().and_then(|tenant| {
            let mut sources = tenant.record.settings.sources.iter();
            sources.find(|source| source.id == id)
        });
        let mut event = OwnEvent::new("veritrail.source.refused", Actor::Anonymous, "source");
        event.resource_id = Some(&id);
        event.resource_name = name.map(|source| source.name.as_str());
        event.outcome = Some("denied");
        event.metadata = vec![("deliveries", number(count))];
        if let Some(tenant) = &tenant {
            let name = Value::string(tenant.record.name.as_str());
            event.metadata.push(("tenant", name));
        }
        if let Err(error) = server.record_of_instance(&event).await {
            tracing::warn!(error = %error, "refused deliveries are summarised later");
            server
                .sources
                .put_back_refused((tenant_id, id.clone()), count);
        }
    }
}
