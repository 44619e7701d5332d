//! Saving and deleting a tenant's views.
//!
//! Promises: a view names no person and holds no address and no secret that the rules know: everybody of the tenant sees
//! it, and it stands in the registry, where nothing can be erased. Names that are words like any other can't be told apart.

use std::sync::Arc;

use ledger::json::Value;
use ledger::name::TenantId;
use ledger::secret;
use query::visibility::{holds_address, is_person_type};
use query::{Field, Filter, Leaf, Test};
use store::{StoreError, Tenant, TenantRecord, ViewRecord};

use super::settings::Said;
use super::{AdminError, Administration, field};

/// Most views of a tenant.
pub(crate) const VIEWS_MAX: usize = 100;
/// Longest name in characters.
const NAME_CHARACTERS_MAX: usize = 64;
/// Longest query in bytes.
const QUERY_BYTES_MAX: usize = 1_024;

impl Administration<'_> {
    /// Saves a view.
    pub(crate) async fn create_view(
        &self,
        tenant: TenantId,
        new: &api::NewView,
    ) -> Result<ViewRecord, AdminError> {
        let view = ViewRecord {
            name: name(&new.name)?,
            q: checked_query(&new.q, self.clock.wall())?,
            created_at: self.clock.wall(),
        };
        let said = || Said {
            operation: "veritrail.view.created",
            kind: "view",
            id: None,
            name: Some(&view.name),
            metadata: vec![("q", Value::string(view.q.as_str()))],
        };
        let changed = |record: &mut TenantRecord| {
            let views = &mut record.settings.views;
            if views.len() >= VIEWS_MAX {
                return Err(field(
                    "/name",
                    format!("expected at most {VIEWS_MAX} views of a tenant"),
                ));
            }
            if views.iter().any(|known| known.name == view.name) {
                return Err(AdminError::Store(StoreError::Exists {
                    what: "a view of this name",
                }));
            }
            views.push(view.clone());
            views.sort_by(|one, other| one.name.cmp(&other.name));
            Ok(())
        };
        self.change_tenant(tenant, said, changed).await?;
        Ok(view)
    }

    /// Deletes a view.
    pub(crate) async fn delete_view(
        &self,
        tenant: TenantId,
        name: &str,
    ) -> Result<Arc<Tenant>, AdminError> {
        let said = || Said {
            operation: "veritrail.view.deleted",
            kind: "view",
            id: None,
            name: Some(name),
            metadata: Vec::new(),
        };
        self.change_tenant(tenant, said, |record| {
            let views = &mut record.settings.views;
            let at = views.iter().position(|known| known.name == name);
            views.remove(at.ok_or(StoreError::NotFound)?);
            Ok(())
        })
        .await
    }
}

fn name(sent: &str) -> Result<String, AdminError> {
    let name = sent.trim();
    let fits = (1..=NAME_CHARACTERS_MAX).contains(&name.chars().count());
    if !fits || name.chars().any(char::is_control) || is_private(name) {
        let expected = format!(
            "expected 1 to {NAME_CHARACTERS_MAX} characters, none of them a control character, and no address or secret"
        );
        return Err(field("/name", expected));
    }
    Ok(name.to_owned())
}

fn checked_query(sent: &str, now: ledger::time::Micros) -> Result<String, AdminError> {
    let q = sent.trim();
    if q.is_empty() || q.len() > QUERY_BYTES_MAX {
        return Err(field(
            "/q",
            format!("expected a query of at most {QUERY_BYTES_MAX} bytes"),
        ));
    }
    let filter = query::parse(q, now).map_err(|error| field("/q", error.to_string()))?;
    if is_private(q) || names_persons(&filter) {
        let expected = "expected a query that names no person and holds no address and no secret: everybody of the tenant \
                        sees a view, and it can't be erased";
        return Err(field("/q", expected.to_owned()));
    }
    Ok(q.to_owned())
}

fn is_private(text: &str) -> bool {
    holds_address(text) || secret::is_secret_shaped(text)
}

/// Whether a condition is about what only those see who may see persons, or about who a person is.
fn names_persons(filter: &Filter) -> bool {
    let of_field = filter.leaves().any(|leaf| {
        matches!(
            leaf.field,
            Field::ActorId
                | Field::ActorEmail
                | Field::ActorName
                | Field::Credential
                | Field::OnBehalfOf
                | Field::Ip
                | Field::UserAgent
                | Field::Device
                | Field::Session
                | Field::ApprovedBy
        )
    });
    of_field || singles_out_a_person(filter)
}

/// Whether a condition is about one thing that is a person: by what stands before its id, or by a type beside it.
fn singles_out_a_person(filter: &Filter) -> bool {
    let of_person = filter.leaves().any(|leaf| {
        matches!(leaf.field, Field::ResourceType | Field::RelatedType)
            && texts(leaf).iter().any(|kind| is_person_type(kind))
    });
    filter.leaves().any(|leaf| {
        matches!(
            leaf.field,
            Field::ResourceId | Field::ResourceName | Field::RelatedId
        ) && texts(leaf).iter().any(|text| {
            let kind = text.split_once('/').map(|(kind, _)| kind);
            of_person || kind.is_some_and(is_person_type)
        })
    })
}

/// The values that a condition names.
fn texts(leaf: &Leaf) -> &[String] {
    match &leaf.test {
        Test::Is(text) | Test::StartsWith(text) => std::slice::from_ref(text),
        Test::OneOf(texts) => texts,
        _ => &[],
    }
}
