//! Publishing signed heads outside.

use std::fmt::Debug;
use std::io;

use ledger::name::LogId;
use ledger::time::Micros;
use store::SignedHead;

/// A place outside that takes lines. Called from a thread that may block.
pub trait AnchorSink: Send + Sync + Debug {
    /// Publishes one line (JSON, without its line feed); on return it would survive a power cut.
    ///
    /// # Errors
    /// Why it could not; it is logged, and the next interval publishes a newer head.
    fn publish(&self, line: &str) -> io::Result<()>;
}

/// The line of a checkpoint: `{"at":…,"log":…,"checkpoint":…}`.
pub(crate) fn line(at: Micros, log: LogId, head: &SignedHead) -> String {
    let mut line = format!("{{\"at\":\"{at}\",\"log\":\"{log}\",\"checkpoint\":");
    ledger::json::write_string(&head.note, &mut line);
    line.push('}');
    line
}
