//! What the store itself records in the instance log. The form is the same in every store, because verification
//! reads it: the resource is the log, `metadata` holds texts.

use ledger::json::{Value, parse, write_compact};
use ledger::keyring::TenantKeys;
use ledger::name::InstanceId;
use ledger::prepare::{Door, Prepared, prepare_own};
use ledger::source::Rng;
use ledger::vocabulary::{Mode, NO_ADDITIONS};

use crate::error::StoreError;
use crate::record::{LogRef, SignedHead};

/// Key and source of the server's own events.
const OWN: &str = "veritrail";

/// A log was begun.
pub(super) fn log_created(
    log: LogRef,
    keys: &TenantKeys,
    rng: &dyn Rng,
) -> Result<Prepared, StoreError> {
    let metadata = [
        ("kind", log.kind().name().to_owned()),
        ("tenant", log.tenant().to_string()),
    ];
    event(
        "veritrail.log.created",
        ("log", &log.log().to_string()),
        &metadata,
        keys,
        rng,
    )
}

/// The head of another log.
pub(super) fn head_recorded(
    log: LogRef,
    head: &SignedHead,
    keys: &TenantKeys,
    rng: &dyn Rng,
) -> Result<Prepared, StoreError> {
    let metadata = [
        ("kind", log.kind().name().to_owned()),
        ("tenant", log.tenant().to_string()),
        ("size", head.size.to_string()),
        ("root", head.root.to_hex()),
    ];
    event(
        "veritrail.log.head_recorded",
        ("log", &log.log().to_string()),
        &metadata,
        keys,
        rng,
    )
}

/// Nothing changed, and the server was alive.
pub(super) fn heartbeat(
    instance: InstanceId,
    keys: &TenantKeys,
    rng: &dyn Rng,
) -> Result<Prepared, StoreError> {
    let operation = "veritrail.instance.heartbeat_recorded";
    event(
        operation,
        ("instance", &instance.to_string()),
        &[],
        keys,
        rng,
    )
}

fn event(
    operation: &str,
    (kind, id): (&str, &str),
    metadata: &[(&'static str, String)],
    keys: &TenantKeys,
    rng: &dyn Rng,
) -> Result<Prepared, StoreError> {
    let text = |text: &str| Value::string(text.to_owned());
    let members = metadata
        .iter()
        .map(|(name, value)| ((*name).into(), text(value)));
    let resource = vec![("type".into(), text(kind)), ("id".into(), text(id))];
    let mut event = vec![
        ("operation".into(), text(operation)),
        (
            "actor".into(),
            Value::Object(vec![("type".into(), text("system"))]),
        ),
        ("resource".into(), Value::Object(resource)),
    ];
    if !metadata.is_empty() {
        event.push(("metadata".into(), Value::Object(members.collect())));
    }
    let mut bytes = String::new();
    write_compact(&Value::Object(event), &mut bytes);
    let door = Door {
        keys,
        key: OWN,
        source: OWN,
        mode: Mode::Strict,
        additions: &NO_ADDITIONS,
        exceptions: &[],
        idempotency: None,
    };
    let value = parse(bytes.as_bytes());
    let value = value.map_err(|error| StoreError::engine("an event of our own", error))?;
    prepare_own(value, &door, rng).map_err(|error| StoreError::engine("an event of our own", error))
}
