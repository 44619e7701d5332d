//! Browsers that are signed in, for operators and a tenant's admins.
//!
//! Promises: an admin sees and ends no session but those that may enter the own tenant, and of other tenants that such a one
//! may enter nothing is told.

pub(super) mod end;
pub(super) mod list;

use std::sync::Arc;

use ledger::time::Micros;
use store::Tenant;

use crate::auth::{Session, Whose};

/// The tenants among those that a session may enter.
fn open_to<'t>(
    session: &Session,
    tenants: &'t [Arc<Tenant>],
    now: Micros,
) -> impl Iterator<Item = &'t Arc<Tenant>> {
    let tenants = tenants.iter();
    tenants.filter(move |tenant| session.whose.may_enter(tenant, now))
}

/// A session on the wire; `None` if it may enter none of the tenants.
fn shown(session: &Session, tenants: &[Arc<Tenant>], now: Micros) -> Option<api::Session> {
    let open = open_to(session, tenants, now);
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
