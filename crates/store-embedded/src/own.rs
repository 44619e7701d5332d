//! Events that the store itself records in the instance log.

use ledger::json::{Value, write_string};
use ledger::keyring::TenantKeys;
use ledger::prepare::{Door, Prepared, prepare_own};
use ledger::source::Rng;
use ledger::vocabulary::{Mode, NO_ADDITIONS};
use store::StoreError;

/// Who an event of the server's own is from.
const SOURCE: &str = "veritrail";

/// Prepares `operation` on a resource, with `metadata` as texts.
pub(crate) fn event(
    operation: &str,
    resource: (&str, &str),
    metadata: &[(&str, String)],
    keys: &TenantKeys,
    rng: &dyn Rng,
) -> Result<Prepared, StoreError> {
    let mut text = String::with_capacity(256);
    text.push_str("{\"operation\":");
    write_string(operation, &mut text);
    text.push_str(",\"actor\":{\"type\":\"system\"},\"resource\":{\"type\":");
    write_string(resource.0, &mut text);
    text.push_str(",\"id\":");
    write_string(resource.1, &mut text);
    text.push_str("},\"outcome\":{\"result\":\"success\"}");
    if !metadata.is_empty() {
        let members = metadata
            .iter()
            .map(|(name, value)| ((*name).to_owned().into(), Value::string(value.clone())));
        text.push_str(",\"metadata\":");
        ledger::json::write_compact(&Value::Object(members.collect()), &mut text);
    }
    text.push('}');
    let door = Door {
        keys,
        key: SOURCE,
        source: SOURCE,
        mode: Mode::Open,
        additions: &NO_ADDITIONS,
        exceptions: &[],
        idempotency: None,
    };
    let value = ledger::json::parse(text.as_bytes())
        .map_err(|error| StoreError::engine("an event of our own", error))?;
    prepare_own(value, &door, rng).map_err(|error| StoreError::engine("an event of our own", error))
}
