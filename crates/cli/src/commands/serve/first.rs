//! What a first start makes: tenant `default`, the operator's key, and an API key to begin with.
//!
//! Promises: each step looks whether it is needed, so a start that was cut off is completed by the next. What a crash
//! between making the operator's key and writing its file leaves is a key that nobody knows; `--new-operator-key` makes
//! another.

use std::path::PathBuf;

use anyhow::Context as _;
use api::{NewKey, NewTenant};
use keys::durable::{Secrecy, replace};
use server::Config;
use server::admin::{Administration, KeyOwner};
use server::own::Actor;
use store::{LedgerStore, LogRef, Role, StoreError, Tenant};

use super::demo::{self, Demo};
use super::{Parts, Serve};

/// The tenant that every installation begins with.
pub(super) const DEFAULT_TENANT: &str = "default";
/// The file in the keys directory with the operator's key.
const OPERATOR_KEY: &str = "operator.key";
/// How long the key lives that is printed.
const PRINTED_KEY_SECONDS: u64 = 24 * 3_600;

/// What was made, as far as it is to be told.
#[derive(Default)]
pub(super) struct First {
    /// Whether tenant `default` was made now.
    pub(super) tenant_made: bool,
    /// Where the operator's key was written, if one was made now.
    pub(super) operator_key_written: bool,
    /// Where the operator's key is, or should be.
    pub(super) operator_key: PathBuf,
    /// A new API key to be shown, and when it ends.
    pub(super) shown_key: Option<(String, String)>,
    /// What there is to see of the demo, if it was asked for.
    pub(super) demo: Option<Demo>,
}

/// Makes what is missing.
pub(super) async fn prepare(
    serve: &Serve,
    config: &Config,
    parts: &Parts,
    store: &dyn LedgerStore,
    may_show: bool,
) -> anyhow::Result<First> {
    let instance = store.tenant(store.instance().tenant).await?;
    let instance = instance.ok_or(StoreError::NotFound)?;
    let administration = Administration {
        store,
        clock: &*parts.clock,
        rng: &*parts.rng,
        actor: Actor::System("veritrail serve"),
        log: LogRef::main(&instance),
        tenant: &instance,
    };
    let mut first = First {
        operator_key: config.keys.join(OPERATOR_KEY),
        ..First::default()
    };
    if serve.new_operator_key || !has_operator(store, &instance).await? {
        let key = make_key(&administration, &instance, &["operator"], None).await?;
        replace(
            &*parts.disk,
            &first.operator_key,
            format!("{}\n", key.0).as_bytes(),
            Secrecy::Secret,
        )
        .with_context(|| format!("writing {}", first.operator_key.display()))?;
        first.operator_key_written = true;
    }
    let mut tenant = store.tenant_named(DEFAULT_TENANT).await?;
    if tenant.is_none() {
        let new = NewTenant {
            name: DEFAULT_TENANT.to_owned(),
            ..NewTenant::default()
        };
        administration
            .create_tenant(&new)
            .await
            .context("making tenant default")?;
        first.tenant_made = true;
        tenant = store.tenant_named(DEFAULT_TENANT).await?;
    }
    let tenant = tenant.ok_or(StoreError::NotFound)?;
    if serve.print_key || (first.tenant_made && may_show) {
        let roles = ["writer", "auditor"];
        let key = make_key(&administration, &tenant, &roles, Some(PRINTED_KEY_SECONDS)).await?;
        first.shown_key = Some(key);
    }
    if serve.demo {
        first.demo = Some(demo::prepare(config, parts, store, &administration).await?);
    }
    Ok(first)
}

async fn has_operator(store: &dyn LedgerStore, instance: &Tenant) -> Result<bool, StoreError> {
    let keys = store.api_keys(instance.record.id).await?;
    Ok(keys.iter().any(|key| key.roles.has(Role::Operator)))
}

/// A key's text, and when it ends.
async fn make_key(
    administration: &Administration<'_>,
    tenant: &Tenant,
    roles: &[&str],
    expires_in_seconds: Option<u64>,
) -> anyhow::Result<(String, String)> {
    let new = NewKey {
        roles: roles.iter().map(|role| (*role).to_owned()).collect(),
        source: "first-start".to_owned(),
        owner: "veritrail serve".to_owned(),
        expires_in_seconds,
        ..NewKey::default()
    };
    let made = administration
        .create_key(KeyOwner::Tenant(&tenant.record), &new)
        .await
        .context("making a key")?;
    let end = made
        .stored
        .expires_at
        .map_or_else(|| "never".to_owned(), |at| at.to_string());
    Ok((made.reveal().to_owned(), end))
}
