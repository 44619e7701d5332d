//! The store contract: what every backend promises, and the suite that proves it.
//!
//! Read [`contract`] first. [`memory`] is the reference that polices the contract; [`conformance`] runs against every
//! store. Must never know an engine, HTTP or a file.

pub mod batch;
pub mod conformance;
pub mod contract;
pub mod error;
pub mod health;
pub mod index;
pub mod memory;
pub mod record;
pub mod registry;

pub use batch::{Batch, Outcome, Receipt};
pub use contract::{Answer, LedgerStore};
pub use error::StoreError;
pub use health::Health;
pub use index::EventIndex;
pub use record::{LogHead, LogRef, Record, SignedHead};
pub use registry::{
    AccountName, AccountRecord, ApiKey, Change, Instance, Role, Roles, Scope, SourceRecord,
    SourceSecret, Tenant, TenantRecord, TenantSettings, ViewRecord,
};
