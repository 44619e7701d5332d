//! Making, changing and closing ways in for vendors.

use std::sync::Arc;

use connectors::Vendor;
use ledger::json::Value;
use ledger::name::TenantId;
use ledger::time::Micros;
use store::{SourceRecord, SourceSecret, StoreError, Tenant, TenantRecord};

use super::settings::Said;
use super::{AdminError, Administration, field, is_source};
use crate::auth::random_digits;
use crate::own::OWN_SOURCE;
use crate::sources::{SOURCES_MAX, credential, rules};

/// How long the secret before a new one is still taken, in microseconds: a day.
const OLD_SECRET_MICROS: i64 = 24 * 3_600 * 1_000_000;
impl Administration<'_> {
    /// Makes a source. Answers the tenant as it is now.
    pub(crate) async fn create_source(
        &self,
        tenant: TenantId,
        new: &api::NewSource,
    ) -> Result<(Arc<Tenant>, SourceRecord), AdminError> {
        let Some(vendor) = Vendor::parse(&new.vendor) else {
            let names = Vendor::ALL.map(Vendor::name).join(", ");
            return Err(field("/vendor", format!("expected one of {names}")));
        };
        if !is_source(&new.name) || new.name == OWN_SOURCE {
            return Err(field(
                "/name",
                "expected 1 to 64 of a-z, 0-9, _, . and -, beginning with a letter or digit, and not veritrail",
            ));
        }
        let rules = stored_rules(new.rules.as_ref())?;
        let now = self.clock.wall();
        let source = SourceRecord {
            id: random_digits(credential::ID_BYTES, self.rng),
            name: new.name.clone(),
            vendor: vendor.name().to_owned(),
            secrets: vec![self.secret()],
            rules,
            created_at: now,
            closed_at: None,
        };
        let said = || Said {
            operation: "veritrail.source.created",
            kind: "source",
            id: Some(&source.id),
            name: Some(&source.name),
            metadata: vec![("vendor", Value::string(vendor.name()))],
        };
        let changed = |record: &mut TenantRecord| {
            let sources = &mut record.settings.sources;
            if sources.len() >= SOURCES_MAX {
                let expected = format!("expected at most {SOURCES_MAX} sources of a tenant");
                return Err(field("/name", expected));
            }
            if sources
                .iter()
                .any(|known| known.name == source.name && known.closed_at.is_none())
            {
                return Err(AdminError::Store(StoreError::Exists {
                    what: "a source of this name",
                }));
            }
            sources.push(source.clone());
            Ok(())
        };
        let tenant = self.change_tenant(tenant, said, changed).await?;
        Ok((tenant, source))
    }

    /// Gives a source new rules; `None` for the vendor's own.
    pub(crate) async fn set_rules(
        &self,
        tenant: TenantId,
        name: &str,
        new: Option<&api::NoiseRules>,
    ) -> Result<Arc<Tenant>, AdminError> {
        let rules = stored_rules(new)?;
        let said = || Said {
            operation: "veritrail.source.updated",
            kind: "source",
            id: None,
            name: Some(name),
            metadata: vec![("rules", Value::string(rules.as_str()))],
        };
        self.change_source(tenant, name, said, |source| source.rules.clone_from(&rules))
            .await
    }

    /// Gives a source a new secret; the one before is taken for another day.
    pub(crate) async fn rotate_source(
        &self,
        tenant: TenantId,
        name: &str,
    ) -> Result<Arc<Tenant>, AdminError> {
        let until = self.clock.wall().plus(OLD_SECRET_MICROS);
        let secret = self.secret();
        let said = || Said {
            operation: "veritrail.source.secret_rotated",
            kind: "source",
            id: None,
            name: Some(name),
            metadata: vec![("old_secret_until", Value::string(until.to_string()))],
        };
        self.change_source(tenant, name, said, |source| {
            source.secrets.truncate(1);
            for old in &mut source.secrets {
                old.until = Some(until);
            }
            source.secrets.insert(0, secret.clone());
        })
        .await
    }

    /// Closes a source for good.
    pub(crate) async fn close_source(
        &self,
        tenant: TenantId,
        name: &str,
    ) -> Result<Arc<Tenant>, AdminError> {
        let now = self.clock.wall();
        let said = || Said {
            operation: "veritrail.source.deleted",
            kind: "source",
            id: None,
            name: Some(name),
            metadata: Vec::new(),
        };
        self.change_source(tenant, name, said, |source| {
            source.closed_at = Some(now);
            source.secrets.clear();
        })
        .await
    }

    async fn change_source<'s>(
        &self,
        tenant: TenantId,
        name: &'s str,
        said: impl Fn() -> Said<'s> + Send + Sync,
        change: impl Fn(&mut SourceRecord) + Send + Sync,
    ) -> Result<Arc<Tenant>, AdminError> {
        self.change_tenant(tenant, said, |record| {
            let mut sources = record.settings.sources.iter_mut();
            let open = sources.find(|known| known.name == name && known.closed_at.is_none());
            change(open.ok_or(StoreError::NotFound)?);
            Ok(())
        })
        .await
    }

    fn secret(&self) -> SourceSecret {
        let mut nonce = [0; 16];
        self.rng.fill(&mut nonce);
        SourceSecret {
            nonce: ledger::name::to_hex(&nonce),
            until: None,
        }
    }
}

/// Rules as they are stored: empty for the vendor's own.
fn stored_rules(sent: Option<&api::NoiseRules>) -> Result<String, AdminError> {
    let Some(sent) = sent else {
        return Ok(String::new());
    };
    rules::read(sent).map_err(|(pointer, expected)| AdminError::Place { pointer, expected })?;
    serde_json::to_string(sent).map_err(|error| AdminError::Record(error.to_string()))
}

/// Until when the secret before the present one is taken.
pub(crate) fn old_secret_until(source: &SourceRecord, now: Micros) -> Option<Micros> {
    let old = source.secrets.get(1)?;
    old.until.filter(|until| now < *until)
}
