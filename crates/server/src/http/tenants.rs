//! Tenants, for operators.

pub(super) mod create;
pub(super) mod list;

use store::TenantRecord;

/// A tenant on the wire.
fn shown(record: &TenantRecord) -> api::Tenant {
    api::Tenant {
        id: record.id.to_string(),
        name: record.name.clone(),
        strict: record.strict,
        mask_exceptions: record.mask_exceptions.clone(),
        created_at: record.created_at.to_string(),
        logs: api::TenantLogs {
            main: record.main.to_string(),
            access: record.access.to_string(),
        },
    }
}
