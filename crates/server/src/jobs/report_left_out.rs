//! Each hour in which sources left something out: one entry for each in its tenant's log says how much, by which rule.

use std::sync::Arc;
use std::time::Duration;

use ledger::json::Value;
use store::LogRef;

use crate::auth::Destination;
use crate::own::{Actor, OwnEvent, number};
use crate::server::Server;
use crate::sources::left_out::{Hour, Key};
use crate::tasks::Stop;

const HOUR: Duration = Duration::from_hours(1);

pub(super) async fn run(server: Arc<Server>, mut stop: Stop) {
    while stop.sleep(HOUR).await {
        server.report_left_out().await;
    }
}

impl Server {
    /// Reports what gathered; what can't be recorded stays for the next time.
    pub(crate) async fn report_left_out(&self) {
        for (key, hour) in self.sources.left_out.take() {
            if let Err(error) = self.report_one(&key, &hour).await {
                tracing::warn!(error = %error, "what a source left out is reported later");
                self.sources.left_out.put_back(&key, &hour);
            }
        }
    }

    async fn report_one(&self, key: &Key, hour: &Hour) -> Result<(), crate::http::HttpError> {
        let (tenant, id) = key;
        let Some(tenant) = self.store.tenant(*tenant).await? else {
            return Ok(());
        };
        let sources = &tenant.record.settings.sources;
        let name = sources.iter().find(|source| source.id == *id);
        let name = name.map(|source| source.name.clone());
        let counts = hour.counts.iter().map(|((rule, operation), count)| {
            Value::Object(vec![
                ("rule".into(), Value::string(rule.as_str())),
                ("operation".into(), Value::string(operation.as_str())),
                ("count".into(), number(*count)),
            ])
        });
        let total: u64 = hour.counts.values().sum();
        let actor = Actor::System("veritrail");
        let mut event = OwnEvent::new("veritrail.source.excluded", actor, "source");
        event.resource_id = Some(id);
        event.resource_name = name.as_deref();
        event.metadata = vec![
            ("from", Value::string(hour.since.to_string())),
            ("until", Value::string(self.clock.wall().to_string())),
            ("total", number(total)),
            ("counts", Value::Array(counts.collect())),
        ];
        let to = Destination {
            log: LogRef::main(&tenant),
            tenant: Arc::clone(&tenant),
        };
        self.record(&to, &event).await
    }
}
