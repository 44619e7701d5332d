//! Exports: an intent that is durable before the first byte, and the end with the hashes of file and manifest; for one
//! that was cut off, how much of it may have left.

use ledger::export::manifest::Manifest;
use ledger::hash::Hash;
use ledger::json::Value;

use crate::http::{CutExport, HttpError};
use crate::own::{OwnEvent, number};
use crate::server::Server;

impl Server {
    /// Records that an export begins, and what was asked; without a record there is no export.
    pub(crate) async fn record_export_started(
        &self,
        export: &CutExport,
        manifest: &Manifest,
    ) -> Result<(), HttpError> {
        let log = export.log.log().to_string();
        let mut event = of(export, "veritrail.export.started", &log);
        let mut tell = |name, text: &str| {
            event.metadata.push((name, Value::string(text.to_owned())));
        };
        tell("format", manifest.format.name());
        tell("holds", manifest.kind.name());
        tell("zone", &manifest.zone);
        for (name, text) in &manifest.asked {
            let known = ["q", "since", "until", "from_seq", "to_seq"];
            if let Some(name) = known.into_iter().find(|known| known == name) {
                tell(name, text);
            }
        }
        event.metadata.push(("entries", number(manifest.entries)));
        self.record_read(&export.destination, &event).await
    }

    /// Records what an export held.
    pub(crate) async fn record_export_completed(
        &self,
        export: &CutExport,
        manifest: &Manifest,
        note: Hash,
    ) -> Result<(), HttpError> {
        let log = export.log.log().to_string();
        let mut event = of(export, "veritrail.export.completed", &log);
        event.outcome = Some("success");
        event.metadata.extend([
            ("events", number(manifest.count)),
            ("bytes", number(manifest.bytes)),
            ("file_hash", Value::string(manifest.sha256.to_hex())),
            ("manifest_hash", Value::string(note.to_hex())),
        ]);
        self.record_read(&export.destination, &event).await
    }

    /// Records the ends of exports that were cut off.
    pub(crate) async fn flush_cut_exports(&self) {
        let mut left = self.exports.take_cut().into_iter();
        while let Some(export) = left.next() {
            let log = export.log.log().to_string();
            let mut event = of(&export, "veritrail.export.completed", &log);
            event.outcome = Some(if export.failed {
                "failure"
            } else {
                "cancelled"
            });
            event.metadata.push(("events", number(export.rows)));
            if let Err(error) = self.record(&export.destination, &event).await {
                tracing::warn!(%error, "the end of an export is recorded later");
                let unrecorded = std::iter::once(export.clone()).chain(left).collect();
                return self.exports.put_back(unrecorded);
            }
        }
    }
}

fn of<'a>(export: &'a CutExport, operation: &'static str, log: &'a str) -> OwnEvent<'a> {
    let mut event = OwnEvent::new(operation, export.standing.who.actor(), "log");
    event.resource_id = Some(log);
    event.resource_name = Some(export.log.kind().name());
    event.metadata = vec![("export", Value::string(export.id.to_string()))];
    event
}
