//! Browsers that are signed in, for operators and a tenant's admins.
//!
//! Promises: an admin learns nothing of a session that may not enter the own tenant, and of one that may only that.

pub(super) mod end;
pub(super) mod list;

use std::sync::Arc;

use ledger::time::Micros;
use store::Tenant;

use crate::auth::{Session, Whose};

/// A session on the wire; `None` if it may enter none of the tenants.
fn shown(session: &Session, tenants: &[Arc<Tenant>], now: Micros) -> Option<api::Session> {
    let open = tenants
        .iter()
        .filter(|tenant| session.whose.may_enter(tenant, now));
    let open: Vec<_> = open.map(|tenant| tenant.record.name.clone()).collect();
    if open.is_empty() {
        return None;
    }
    let (whose, email) = match &session.whose {
        Whose::Key { id, .. } => (id, None),
        Whose::Member(member) => (&member.subject, member.email.clone()),
    };
    Some(api::Session {
        id: session.id.clone(),
        with: session.whose.way().to_owned(),
        whose: whose.clone(),
        name: session.whose.name().to_owned(),
        email,
        tenants: open,
        begun_at: session.begun_at.to_string(),
        seen_at: session.seen_at.to_string(),
    })
}
