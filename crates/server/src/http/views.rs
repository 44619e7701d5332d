//! Saved views: queries with a name, shared by everybody of a tenant.

pub(super) mod create;
pub(super) mod delete;
pub(super) mod list;

use std::sync::Arc;

use store::{Tenant, ViewRecord};

use super::error::HttpError;
use crate::auth::Caller;
use crate::server::Server;

/// The caller's tenant. The instance's own has no views.
async fn tenant_of(server: &Server, caller: &Caller) -> Result<Arc<Tenant>, HttpError> {
    let tenant = server.store.tenant(caller.tenant_id()).await?;
    let tenant = tenant.filter(|tenant| !tenant.is_instance());
    tenant.ok_or_else(HttpError::not_found)
}

/// A view on the wire.
fn shown(view: &ViewRecord) -> api::View {
    api::View {
        name: view.name.clone(),
        q: view.q.clone(),
        created_at: view.created_at.to_string(),
    }
}
