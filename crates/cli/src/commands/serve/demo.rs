//! `--demo`: a tenant `demo` with a week that never was ([`crate::demo`]), and a key to look at it.
//!
//! Promises: events come in by the same door as everybody's; made once, and completed by the next start if it was cut off;
//! starting again doubles nothing, because events have the identifiers of the day they were made for. Must never: write
//! into a tenant `demo` that holds anybody else's events, or print the key.

use std::path::PathBuf;

use anyhow::Context as _;
use api::{NewKey, NewTenant};
use keys::durable::{Secrecy, replace};
use ledger::entry::Entry;
use ledger::prepare::{Door, Prepared, prepare as through_the_door};
use ledger::vocabulary::{Mode, NO_ADDITIONS};
use server::Config;
use server::admin::{Administration, KeyOwner};
use server::auth::Token;
use server::own::OWN_SOURCE;
use store::{Batch, LedgerStore, LogRef, Outcome, StoreError, Tenant};

use super::Parts;
use crate::demo::{Calendar, day_of, week};
use crate::failure::Failure;

/// The demo's tenant, and the source of its events.
const DEMO_TENANT: &str = "demo";
/// The file in the keys directory with the demo's key.
const DEMO_KEY: &str = "demo.key";
/// How long the demo's key lives; a start after that makes another.
const KEY_SECONDS: u64 = 30 * 24 * 3_600;
/// Longest key file that is read.
const KEY_FILE_BYTES_MAX: u64 = 4 * 1024;
/// Events that are stored at once.
const BATCH_EVENTS: usize = 500;

/// What there is to see.
pub(super) struct Demo {
    /// Where its key is.
    pub(super) key_file: PathBuf,
    /// The day that it was made for.
    pub(super) calendar: Calendar,
    /// Whether that day is over.
    pub(super) is_old: bool,
    /// How many events were stored now.
    pub(super) stored: usize,
}

/// Makes what is missing of the demo.
pub(super) async fn prepare(
    config: &Config,
    parts: &Parts,
    store: &dyn LedgerStore,
    administration: &Administration<'_>,
) -> anyhow::Result<Demo> {
    if store.tenant_named(DEMO_TENANT).await?.is_none() {
        let new = NewTenant {
            name: DEMO_TENANT.to_owned(),
            ..NewTenant::default()
        };
        let made = administration.create_tenant(&new).await;
        made.context("making tenant demo")?;
    }
    let tenant = store.tenant_named(DEMO_TENANT).await?;
    let tenant = tenant.ok_or(StoreError::NotFound)?;
    let now = parts.clock.wall();
    let begun = day_of_first_event(store, &tenant).await?;
    let calendar = begun.unwrap_or(Calendar::of(now));
    let mut demo = Demo {
        key_file: config.keys.join(DEMO_KEY),
        calendar,
        is_old: calendar != Calendar::of(now),
        stored: 0,
    };
    // The key comes last: who has it has all events.
    let complete = begun.is_some() && has_key(&demo, parts, store, &tenant).await?;
    if !complete {
        demo.stored = store_week(&demo, parts, store, &tenant).await?;
        make_key(&demo, parts, administration, &tenant).await?;
    }
    Ok(demo)
}

/// The day of the demo that the log holds; none if the log is empty. Fails on a log that is somebody else's.
async fn day_of_first_event(
    store: &dyn LedgerStore,
    tenant: &Tenant,
) -> anyhow::Result<Option<Calendar>> {
    // Entry 0 opens the log.
    let records = store.records(LogRef::main(tenant), 1..2).await?;
    let Some(record) = records.first() else {
        return Ok(None);
    };
    let entry = Entry::parse(&record.entry).context("reading the demo's first event")?;
    match day_of(entry.id).filter(|_| entry.source == DEMO_TENANT) {
        Some(day) => Ok(Some(day)),
        None => Err(
            Failure::usage("tenant demo holds events that are not the demo's")
                .hint("start without --demo, or with other directories: --data and --keys")
                .into(),
        ),
    }
}

/// Whether the key that the file holds may still be used.
async fn has_key(
    demo: &Demo,
    parts: &Parts,
    store: &dyn LedgerStore,
    tenant: &Tenant,
) -> anyhow::Result<bool> {
    if !parts.disk.exists(&demo.key_file)? {
        return Ok(false);
    }
    let text = parts.disk.read(&demo.key_file, KEY_FILE_BYTES_MAX)?;
    let text = String::from_utf8(text).unwrap_or_default();
    let Ok(token) = Token::parse(text.trim()) else {
        return Ok(false);
    };
    let now = parts.clock.wall();
    let keys = store.api_keys(tenant.record.id).await?;
    let known = keys.iter().find(|key| token.matches(&key.hash));
    let is_usable = known
        .is_some_and(|key| key.revoked_at.is_none() && key.expires_at.is_none_or(|end| now < end));
    Ok(is_usable)
}

/// Stores the week up to now; what is there already stays as it is. How many events are new.
async fn store_week(
    demo: &Demo,
    parts: &Parts,
    store: &dyn LedgerStore,
    tenant: &Tenant,
) -> anyhow::Result<usize> {
    let door = Door {
        keys: &tenant.keys,
        // No key brought them.
        key: OWN_SOURCE,
        source: DEMO_TENANT,
        mode: Mode::Open,
        additions: &NO_ADDITIONS,
        exceptions: &tenant.record.mask_exceptions,
        idempotency: None,
    };
    let mut events: Vec<Prepared> = Vec::new();
    for event in week(demo.calendar, parts.clock.wall()) {
        let text = event.to_string();
        let value = ledger::json::parse(text.as_bytes()).context("reading an event of the demo")?;
        let prepared = through_the_door(value, &door, &*parts.rng);
        events.push(prepared.context("preparing an event of the demo")?);
    }
    let log = LogRef::main(tenant);
    let mut stored = 0;
    let mut waiting = events.into_iter();
    loop {
        let events: Vec<Prepared> = waiting.by_ref().take(BATCH_EVENTS).collect();
        if events.is_empty() {
            return Ok(stored);
        }
        let outcomes = store.append(Batch { log, events }).await;
        // A conflict is the demo of another version under the same identifier: it stays.
        let outcomes = outcomes.context("storing the demo")?;
        let is_new = |outcome: &&Outcome| matches!(outcome, Outcome::Stored(_));
        stored += outcomes.iter().filter(is_new).count();
    }
}

async fn make_key(
    demo: &Demo,
    parts: &Parts,
    administration: &Administration<'_>,
    tenant: &Tenant,
) -> anyhow::Result<()> {
    let new = NewKey {
        roles: ["writer", "reader", "auditor"].map(str::to_owned).into(),
        source: "demo-key".to_owned(),
        owner: "veritrail serve --demo".to_owned(),
        expires_in_seconds: Some(KEY_SECONDS),
        ..NewKey::default()
    };
    let made = administration
        .create_key(KeyOwner::Tenant(&tenant.record), &new)
        .await
        .context("making the demo's key")?;
    let text = format!("{}\n", made.reveal());
    replace(
        &*parts.disk,
        &demo.key_file,
        text.as_bytes(),
        Secrecy::Secret,
    )
    .with_context(|| format!("writing {}", demo.key_file.display()))
}
