//! The wire: every JSON type that crosses HTTP, and the codes of refusals.
//!
//! Promises: what the server answers reads into these types, unknown members are ignored by readers, and a code once
//! released keeps its meaning. Must never: hold logic, or know a store or a server.
//!
//! Hashes named `…_hash` are lower-case hex; hashes of a `proof` and the bytes of [`proof::Disclosures`] are standard,
//! padded base64; times are RFC 3339 in UTC with six digits after the second.

pub mod account;
pub mod code;
pub mod deployment;
pub mod event;
pub mod field;
pub mod health;
pub mod index;
pub mod key;
pub mod location;
pub mod log;
pub mod problem;
pub mod producer;
pub mod proof;
pub mod receipt;
pub mod resource;
pub mod review;
pub mod search;
pub mod session;
pub mod source;
pub mod statistics;
pub mod tenant;
pub mod verification;
pub mod view;

pub use account::{Account, Accounts, NewAccount};
pub use deployment::{
    ChangeCounts, ChangesBefore, Definition, DeployedResource, Deployment, DeploymentBucket,
    DeploymentEvent, DeploymentFigures, DeploymentGroup, DeploymentTrends, DeploymentWindow,
    Deployments,
};
pub use event::{Event, Ingest, Parts};
pub use field::{Completions, Field, Fields, Shorthand};
pub use health::{AnchorPlace, Figures, Health, Ready};
pub use index::{Index, Progress};
pub use key::{CreatedKey, Key, Keys, NewKey};
pub use location::{Location, PlaceDatabase};
pub use log::{Log, Logs};
pub use problem::{Fault, Problem};
pub use producer::{Gap, Producer, Producers};
pub use proof::{Disclosures, Proof};
pub use receipt::{BatchAnswer, Item, Outcome, Preview, Receipt, Refused, Warning};
pub use resource::{Actor, FieldState, Inconsistency, ResourceName, ResourceState};
pub use review::{NewReview, Review, Reviews};
pub use search::{Events, Searched, StreamEnd};
pub use session::{Session, Sessions};
pub use source::{
    CreatedSource, Delivered, NewSource, NoiseRule, NoiseRules, RefusedItem, Source, Sources,
};
pub use statistics::{Bucket, Statistics, TopValues, ValueCount};
pub use tenant::{NewTenant, OwnOperation, Tenant, TenantChange, TenantLogs, Tenants};
pub use verification::Verification;
pub use view::{NewView, View, Views};
