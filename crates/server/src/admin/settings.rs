//! Changing what can be changed of a tenant.

use std::sync::Arc;

use ledger::json::Value;
use ledger::name::TenantId;
use ledger::vocabulary::{Addition, AdditionError, Additions, Category, Severity};
use store::{Change, LogRef, StoreError, Tenant, TenantRecord};

use super::{AdminError, Administration, are_mask_exceptions, field, mask_exceptions_expected};
use crate::own::OwnEvent;

/// How often a change of a tenant is tried when others change it, too.
const ATTEMPTS_MAX: usize = 8;
/// Most known countries: a question for all others is one condition each, and a query has 64 of them.
const COUNTRIES_MAX: usize = 60;

/// What is recorded of a change of a tenant.
pub(super) struct Said<'a> {
    pub(super) operation: &'static str,
    pub(super) kind: &'static str,
    pub(super) id: Option<&'a str>,
    pub(super) name: Option<&'a str>,
    pub(super) metadata: Vec<(&'static str, Value<'a>)>,
}

impl Administration<'_> {
    /// Changes a tenant's settings. Answers the tenant as it is now.
    pub(crate) async fn change_settings(
        &self,
        tenant: TenantId,
        new: &api::TenantChange,
    ) -> Result<Arc<Tenant>, AdminError> {
        let countries = new.known_countries.as_deref().map(codes).transpose()?;
        if let Some(exceptions) = &new.mask_exceptions
            && !are_mask_exceptions(exceptions)
        {
            return Err(field("/mask_exceptions", mask_exceptions_expected()));
        }
        let vocabulary = new.vocabulary.as_deref().map(additions).transpose()?;
        let said = || Said {
            operation: if new.vocabulary.is_some() {
                "veritrail.vocabulary.updated"
            } else {
                "veritrail.tenant.updated"
            },
            kind: "tenant",
            id: None,
            name: None,
            metadata: said_of(new),
        };
        self.change_tenant(tenant, said, |record| {
            if new
                .revision
                .is_some_and(|known| known != record.settings.revision)
            {
                return Err(AdminError::Store(StoreError::Exists {
                    what: "a newer change of this tenant",
                }));
            }
            record.strict = new.strict.unwrap_or(record.strict);
            if let Some(exceptions) = &new.mask_exceptions {
                record.mask_exceptions.clone_from(exceptions);
            }
            if let Some(countries) = &countries {
                record.settings.known_countries.clone_from(countries);
            }
            if let Some(vocabulary) = &vocabulary {
                record.settings.vocabulary.clone_from(vocabulary);
            }
            Ok(())
        })
        .await
    }

    /// Changes what can be changed of a tenant, in one step with the entry that records it. What others change at the
    /// same time is kept.
    pub(super) async fn change_tenant<'s>(
        &self,
        id: TenantId,
        said: impl Fn() -> Said<'s> + Send + Sync,
        change: impl Fn(&mut TenantRecord) -> Result<(), AdminError> + Send + Sync,
    ) -> Result<Arc<Tenant>, AdminError> {
        let mut attempts = ATTEMPTS_MAX;
        loop {
            attempts -= 1;
            let tenant = self.store.tenant(id).await?.ok_or(StoreError::NotFound)?;
            let mut record = tenant.record.clone();
            change(&mut record)?;
            record.settings.revision += 1;
            let said = said();
            let mut event = OwnEvent::new(said.operation, self.actor, said.kind);
            event.resource_id = said.id;
            event.resource_name = said.name;
            event.metadata = said.metadata;
            let tenant_name = Value::string(record.name.as_str());
            event.metadata.push(("tenant", tenant_name));
            let now = self.clock.wall();
            let mut records = vec![self.record(&event, now)?];
            // What an operator changes of a tenant, the tenant's own auditors see, too.
            let own = LogRef::access(&tenant);
            if own != self.log {
                let prepared = event.prepare(&tenant, now, self.rng);
                let prepared = prepared.map_err(|error| AdminError::Record(error.to_string()))?;
                records.push((own, prepared));
            }
            let update = Change::UpdateTenant(record.clone());
            match self.store.administer(update, records).await {
                Ok(()) => {
                    let now = self.store.tenant(id).await?;
                    return Ok(now.ok_or(StoreError::NotFound)?);
                }
                Err(StoreError::Exists { .. }) if attempts > 0 => {}
                Err(error) => return Err(error.into()),
            }
        }
    }
}

/// What was asked for, for the record.
fn said_of(new: &api::TenantChange) -> Vec<(&'static str, Value<'_>)> {
    let list = |texts: &[String]| {
        let texts = texts.iter().map(|text| Value::string(text.clone()));
        Value::Array(texts.collect())
    };
    let mut said = Vec::new();
    said.extend(new.strict.map(|strict| ("strict", Value::Bool(strict))));
    said.extend(
        new.mask_exceptions
            .as_deref()
            .map(|it| ("mask_exceptions", list(it))),
    );
    said.extend(
        new.known_countries
            .as_deref()
            .map(|it| ("known_countries", list(it))),
    );
    said.extend(new.vocabulary.as_deref().map(|operations| {
        let names = operations.iter().map(|it| Value::string(it.name.as_str()));
        ("vocabulary", Value::Array(names.collect()))
    }));
    said
}

/// Codes of countries as queries read them: `UK` is `GB`. In order, each once.
fn codes(sent: &[String]) -> Result<Vec<String>, AdminError> {
    let known: Option<Vec<String>> = sent
        .iter()
        .map(|text| query::country::code_of(text).map(str::to_owned))
        .collect();
    let mut known = known
        .filter(|known| known.len() <= COUNTRIES_MAX)
        .ok_or_else(|| {
            let expected = format!(
                "expected at most {COUNTRIES_MAX} countries by ISO 3166-1 code, such as DE"
            );
            field("/known_countries", expected)
        })?;
    known.sort();
    known.dedup();
    Ok(known)
}

/// Reads operations of a tenant's own.
fn additions(sent: &[api::OwnOperation]) -> Result<Additions, AdminError> {
    let place = |index: usize, field: &str, expected: String| AdminError::Place {
        pointer: format!("/vocabulary/{index}{field}"),
        expected,
    };
    let mut read = Vec::new();
    for (index, sent) in sent.iter().enumerate() {
        let category = Category::parse(&sent.category).ok_or_else(|| {
            place(
                index,
                "/category",
                "expected a category of the vocabulary, such as infrastructure".to_owned(),
            )
        })?;
        let severity = Severity::parse(&sent.severity).ok_or_else(|| {
            place(
                index,
                "/severity",
                "expected info, notice, warning or critical".to_owned(),
            )
        })?;
        read.push(Addition {
            name: sent.name.clone(),
            category,
            severity,
            description: sent.description.clone(),
            aliases: sent.aliases.clone(),
        });
    }
    Additions::new(read).map_err(|error: AdditionError| {
        place(error.index, error.field.as_str(), error.problem.to_string())
    })
}
