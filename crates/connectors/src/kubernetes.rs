//! Kubernetes audit events: as the API server posts them, from its log files, and in what managed clusters wrap around them.
//!
//! Promises: every request that ended is an event, whatever its body looks like: a body that can't be read is left out and
//! the event kept, because whoever sends a request writes its body. The same audit event has the same id from a webhook, a
//! file and a cloud's envelope. Values of Secrets and `ConfigMaps`, environments, arguments, annotations, tokens and
//! certificates are never kept; the names of their keys are. Must never: believe that a client can't choose an audit id.
//!
//! Stages: an event is made of `ResponseComplete` and `Panic`. Requests that stay open (`exec`, `attach`, `portforward`)
//! are told at `ResponseStarted`, when they were let in, and again when they ended. Other stages announce what the last one
//! says in full.

mod act;
mod audit;
mod changes;
mod cloud_logging;
mod envelope;
mod kinds;
mod redact;
mod request;
mod skim;
mod subject;
mod uri;

use crate::delivery::Delivery;
use crate::reading::{Item, Reading, Refusal, Unreadable};

/// Reads a delivery.
pub(crate) fn read(delivery: &Delivery<'_>) -> Result<Reading, Unreadable> {
    let text = delivery.body;
    let text = text.strip_prefix(b"\xef\xbb\xbf").unwrap_or(text);
    let mut found = Found::default();
    if envelope::is_lines(text) {
        for line in text.split(|byte| *byte == b'\n') {
            let line = line.trim_ascii();
            if !line.is_empty() && found.has_room() {
                envelope::line(line, &mut found);
            }
        }
    } else {
        envelope::whole(text.trim_ascii(), &mut found)?;
    }
    Ok(Reading { items: found.items })
}

/// What was found so far.
#[derive(Default)]
struct Found {
    items: Vec<Item>,
}

impl Found {
    /// One more than may be is found, so that the caller sees the excess.
    fn has_room(&self) -> bool {
        self.items.len() <= crate::limits::EVENTS_MAX
    }

    fn item(&mut self, item: Item) {
        if self.has_room() {
            self.items.push(item);
        }
    }

    fn pass(&mut self, rule: &'static str) {
        self.item(Item::Passed { rule });
    }

    fn refuse(&mut self, rule: &'static str, expected: impl Into<String>) {
        let index = self.items.len();
        self.item(Item::Refused(Refusal {
            rule,
            index,
            expected: expected.into(),
        }));
    }
}

#[cfg(test)]
mod attacks;
#[cfg(test)]
mod tests;
