//! The vocabulary: the built-in operations, their aliases, and how a name a producer sent becomes one of them.
//!
//! Promises: a name resolves to the same operation on every machine and in every later version (names and aliases
//! are only ever added); whatever is accepted is two to four dotted parts of `[a-z][a-z0-9_]*`, at most
//! [`OPERATION_BYTES_MAX`] bytes; nothing a producer can spell reaches the server's own `veritrail.*` names.
//! A tenant may add names of its own (`additions.rs`); they go through the same rules and are known in that tenant only.
//! Must never: repeat what was sent in an error, since a secret may have been put in the wrong field; guess (only
//! pinned aliases and the rules of `spelling.rs` decide). DESIGN.md section 2, "Vocabulary".

use std::cmp::Ordering;
use std::fmt;
use std::sync::LazyLock;

use crate::limits::OPERATION_BYTES_MAX;

use self::spelling::Spelling;

pub use self::additions::{
    Addition, AdditionError, AdditionField, AdditionProblem, Additions, NO_ADDITIONS,
};

mod access_control;
mod additions;
mod application_errors;
mod audit_log;
mod authentication;
mod billing;
mod configuration;
mod data_access;
mod databases;
mod deployments;
mod infrastructure;
mod nearest;
pub mod sentence;
mod source_code;
mod spelling;
#[cfg(test)]
mod tests;

/// Every built-in operation, by category and in reading order, the server's own (`veritrail.*`) last.
pub fn all() -> impl Iterator<Item = &'static Operation> {
    TABLES.iter().flat_map(|table| table.iter())
}

/// The operation of exactly this canonical name, the server's own included.
///
/// For readers. A name that a producer sent goes through [`resolve`] or [`check`], which refuse the server's own.
pub fn find(name: &str) -> Option<&'static Operation> {
    let index = INDEX
        .names
        .binary_search_by(|operation| operation.name.cmp(name))
        .ok()?;
    INDEX.names.get(index).copied()
}

/// The server's own operation of exactly this canonical name. Nothing else, and no other spelling, is found.
pub fn resolve_reserved(name: &str) -> Option<&'static Operation> {
    find(name).filter(|operation| operation.is_reserved())
}

/// What a producer meant by `sent`, in open mode.
///
/// Case and separators do not matter when an operation is looked up: `DeploymentCreated`, `deployment-created` and
/// `deployment.created` are one name. See [`Resolved`] for what to store.
///
/// # Errors
/// [`NameError::Reserved`], [`NameError::Malformed`] or [`NameError::TooLong`].
pub fn resolve(sent: &str) -> Result<Resolved, NameError> {
    if let Some(operation) = find(sent).filter(|operation| !operation.is_reserved()) {
        return Ok(Resolved::Canonical(operation));
    }
    let spelling = Spelling::read(sent)?;
    if spelling.is_reserved() {
        return Err(NameError::Reserved);
    }
    if let Some(operation) = INDEX.spelled(&spelling.flat()) {
        return Ok(Resolved::Alias { operation });
    }
    let name = spelling.into_name()?;
    Ok(Resolved::Unknown { name })
}

/// [`resolve`] under a tenant's mode, for a tenant that added no names.
///
/// # Errors
/// Those of [`resolve`]; in strict mode also [`NameError::NotCanonical`].
pub fn check(sent: &str, mode: Mode) -> Result<Resolved, NameError> {
    check_with(sent, mode, &NO_ADDITIONS)
}

/// [`resolve_with`] under a tenant's mode.
///
/// # Errors
/// Those of [`resolve`]; in strict mode also [`NameError::NotCanonical`].
pub fn check_with(sent: &str, mode: Mode, additions: &Additions) -> Result<Resolved, NameError> {
    let resolved = resolve_with(sent, additions)?;
    if mode == Mode::Open {
        return Ok(resolved);
    }
    let suggested = match resolved {
        Resolved::Canonical(_) | Resolved::Addition { .. } => return Ok(resolved),
        Resolved::Alias { operation } => Some(operation.name.to_owned()),
        Resolved::AdditionAlias { name } => Some(name),
        Resolved::Unknown { .. } => suggest_with(sent, additions),
    };
    Err(NameError::NotCanonical { suggested })
}

/// What a producer of a tenant with these additions meant by `sent`, in open mode: the tenant's own names, and then
/// those of everybody.
///
/// An addition collided with nothing when it was made. Where a later version has the name, too, it keeps the meaning that
/// the tenant gave to it.
///
/// # Errors
/// Those of [`resolve`].
pub fn resolve_with(sent: &str, additions: &Additions) -> Result<Resolved, NameError> {
    if additions.is_empty() {
        return resolve(sent);
    }
    match Spelling::read(sent) {
        Ok(spelling) if !spelling.is_reserved() => match additions.spelled(&spelling.flat()) {
            Some(addition) if addition.name == sent => Ok(Resolved::Addition {
                name: addition.name.clone(),
            }),
            Some(addition) => Ok(Resolved::AdditionAlias {
                name: addition.name.clone(),
            }),
            None => resolve(sent),
        },
        _ => resolve(sent),
    }
}

/// The canonical name nearest to `sent`, if one is near: for messages, never for storing.
///
/// Compares with names and aliases, within a few letters; never names a `veritrail.*` operation.
pub fn suggest(sent: &str) -> Option<&'static str> {
    suggest_built_in(sent).map(|(operation, _)| operation.name)
}

/// [`suggest`] for a tenant with these additions; of equally near names, the tenant's own.
pub fn suggest_with(sent: &str, additions: &Additions) -> Option<String> {
    let built_in = suggest_built_in(sent);
    let own = Spelling::read(sent)
        .ok()
        .filter(|spelling| !spelling.is_reserved())
        .and_then(|spelling| additions.nearest(&spelling.flat()));
    match (own, built_in) {
        (Some((_, further)), Some((operation, edits))) if edits < further => {
            Some(operation.name.to_owned())
        }
        (Some((addition, _)), _) => Some(addition.name.clone()),
        (None, built_in) => built_in.map(|(operation, _)| operation.name.to_owned()),
    }
}

fn suggest_built_in(sent: &str) -> Option<(&'static Operation, usize)> {
    let spelling = Spelling::read(sent).ok()?;
    if spelling.is_reserved() {
        return None;
    }
    let (operation, edits) = nearest::nearest(&spelling.flat(), &INDEX.spellings)?;
    Some((operation, edits))
}

/// One built-in operation: what happened, as `resource.action`.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Operation {
    /// Canonical name: two to four dotted parts of `[a-z][a-z0-9_]*`, the action in the past tense.
    pub name: &'static str,
    /// What it is about.
    pub category: Category,
    /// How much attention it deserves when nothing else is known.
    pub severity: Severity,
    /// One plain sentence without a full stop.
    pub description: &'static str,
    /// What an event of it says to people, as a template: see [`sentence`].
    pub sentence: &'static str,
    /// Other names in common use, as their users spell them. Case and separators do not matter.
    pub aliases: &'static [&'static str],
}

impl Operation {
    /// Whether only the server itself may record it.
    pub fn is_reserved(&self) -> bool {
        matches!(self.category, Category::AuditLog)
    }
}

/// What an operation is about.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
#[non_exhaustive]
pub enum Category {
    /// Signing in and out, second factors, sessions, access tokens and passwords.
    Authentication,
    /// Builds, deployments, promotions, rollbacks and releases.
    Deployments,
    /// Environment variables, secrets, settings, feature flags, domains and projects.
    Configuration,
    /// Users, roles, permissions, teams, invitations, API keys and single sign-on.
    AccessControl,
    /// Servers, clusters, networks, certificates, DNS, volumes, load balancers, scaling and scheduled jobs.
    Infrastructure,
    /// Databases, their backups, users, credentials and migrations, and direct queries.
    Databases,
    /// Pushes, reviews and merges, checks and test results, repositories and their safeguards.
    SourceCode,
    /// Exports, imports, and reads of what is sensitive.
    DataAccess,
    /// Subscriptions, plans, payments and quotas.
    Billing,
    /// What an application refused or could not do.
    ApplicationErrors,
    /// What the server records about itself: the reserved `veritrail.*`.
    AuditLog,
}

impl Category {
    /// Its name in queries and answers, such as `access_control`.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Authentication => "authentication",
            Self::Deployments => "deployments",
            Self::Configuration => "configuration",
            Self::AccessControl => "access_control",
            Self::Infrastructure => "infrastructure",
            Self::Databases => "databases",
            Self::SourceCode => "source_code",
            Self::DataAccess => "data_access",
            Self::Billing => "billing",
            Self::ApplicationErrors => "application_errors",
            Self::AuditLog => "audit_log",
        }
    }
}

impl Category {
    /// Every category, in reading order.
    pub const ALL: [Self; 11] = [
        Self::Authentication,
        Self::SourceCode,
        Self::Deployments,
        Self::Configuration,
        Self::AccessControl,
        Self::Infrastructure,
        Self::Databases,
        Self::DataAccess,
        Self::Billing,
        Self::ApplicationErrors,
        Self::AuditLog,
    ];

    /// Reads what [`Self::as_str`] writes.
    pub fn parse(text: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|it| it.as_str() == text)
    }
}

impl fmt::Display for Category {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.as_str())
    }
}

/// How much attention an operation deserves when nothing else is known, least first.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum Severity {
    /// Part of an ordinary day: work that runs its course, or something that was read.
    Info,
    /// A person changed something that others may want to know of.
    Notice,
    /// Something failed, was refused, was taken away, or somebody's rights or reach grew.
    Warning,
    /// Hard to undo, or a safeguard of everybody is gone: look now.
    Critical,
}

impl Severity {
    /// Its name in queries and answers, such as `notice`.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Info => "info",
            Self::Notice => "notice",
            Self::Warning => "warning",
            Self::Critical => "critical",
        }
    }
}

impl Severity {
    /// Every severity, least first.
    pub const ALL: [Self; 4] = [Self::Info, Self::Notice, Self::Warning, Self::Critical];

    /// Reads what [`Self::as_str`] writes.
    pub fn parse(text: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|it| it.as_str() == text)
    }
}

impl fmt::Display for Severity {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.as_str())
    }
}

/// How a tenant treats names that are not canonical.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum Mode {
    /// Aliases become canonical names and well-formed unknown names are accepted, both with a flag and a warning:
    /// an event is never lost over its name.
    #[default]
    Open,
    /// Only canonical names are accepted and the refusal names the right one: for CI and typed clients.
    Strict,
}

impl Mode {
    /// Its name in configuration and answers.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Open => "open",
            Self::Strict => "strict",
        }
    }

    /// Reads `open` or `strict`.
    pub fn parse(text: &str) -> Option<Self> {
        [Self::Open, Self::Strict]
            .into_iter()
            .find(|mode| mode.as_str() == text)
    }
}

impl fmt::Display for Mode {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.as_str())
    }
}

/// What a name that was sent stands for.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Resolved {
    /// Sent exactly as the canonical name.
    Canonical(&'static Operation),
    /// Another name, or another spelling of the name, of a built-in operation. Store the canonical name, keep what
    /// was sent as `operation_as_sent`, and flag `alias`.
    Alias {
        /// What it stands for.
        operation: &'static Operation,
    },
    /// Sent exactly as the canonical name of one that the tenant added. Store `name`; nothing to flag.
    Addition {
        /// The canonical name.
        name: String,
    },
    /// Another name, or another spelling of the name, of one that the tenant added. As [`Self::Alias`].
    AdditionAlias {
        /// The canonical name.
        name: String,
    },
    /// Not in the vocabulary, yet well-formed. Store `name` and flag `unknown_operation`.
    Unknown {
        /// The name in canonical spelling; may differ from what was sent in case and separators.
        name: String,
    },
}

impl Resolved {
    /// The name to store.
    pub fn name(&self) -> &str {
        match self {
            Self::Canonical(operation) | Self::Alias { operation } => operation.name,
            Self::Addition { name } | Self::AdditionAlias { name } | Self::Unknown { name } => name,
        }
    }

    /// The built-in operation, if it is one.
    pub fn operation(&self) -> Option<&'static Operation> {
        match self {
            Self::Canonical(operation) | Self::Alias { operation } => Some(operation),
            Self::Addition { .. } | Self::AdditionAlias { .. } | Self::Unknown { .. } => None,
        }
    }
}

/// Why a name was refused. Never holds or shows what was sent: the names in it are of the vocabulary or were added to it.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum NameError {
    /// It is, or is spelled like, one of the server's own; no producer may write those.
    #[error("operation names under `veritrail` are reserved for the server itself")]
    Reserved,
    /// It cannot be read as a name.
    #[error("operation name is malformed: expected {expected}")]
    Malformed {
        /// What was expected instead.
        expected: &'static str,
    },
    /// Longer than [`OPERATION_BYTES_MAX`], as sent or once spelled canonically.
    #[error("operation name is longer than {OPERATION_BYTES_MAX} bytes")]
    TooLong,
    /// Strict mode: an alias, or not in the vocabulary at all.
    #[error("strict mode takes canonical operation names only: {}", advice(.suggested.as_deref()))]
    NotCanonical {
        /// The canonical name to use: what the alias stands for, else the nearest if one is near.
        suggested: Option<String>,
    },
}

fn advice(suggested: Option<&str>) -> String {
    suggested.map_or_else(
        || "this one is not in the vocabulary".to_owned(),
        |name| format!("use `{name}`"),
    )
}

/// Every table; those of a category stand together.
const TABLES: [&[Operation]; 26] = [
    authentication::OPERATIONS,
    source_code::OPERATIONS,
    source_code::repositories::OPERATIONS,
    source_code::reviews::OPERATIONS,
    source_code::issues::OPERATIONS,
    source_code::checks::OPERATIONS,
    source_code::weaknesses::OPERATIONS,
    deployments::OPERATIONS,
    configuration::OPERATIONS,
    configuration::integrations::OPERATIONS,
    access_control::OPERATIONS,
    access_control::members::OPERATIONS,
    access_control::credentials::OPERATIONS,
    infrastructure::OPERATIONS,
    infrastructure::servers::OPERATIONS,
    infrastructure::network::OPERATIONS,
    infrastructure::services::OPERATIONS,
    infrastructure::kubernetes::OPERATIONS,
    infrastructure::cloud::OPERATIONS,
    infrastructure::safeguards::OPERATIONS,
    infrastructure::resources::OPERATIONS,
    databases::OPERATIONS,
    data_access::OPERATIONS,
    billing::OPERATIONS,
    application_errors::OPERATIONS,
    audit_log::OPERATIONS,
];

static INDEX: LazyLock<Index> = LazyLock::new(Index::build);

/// The vocabulary sorted for binary search.
struct Index {
    /// Everything, by canonical name.
    names: Vec<&'static Operation>,
    /// What producers may write, by the flat spelling of each name and alias.
    spellings: Vec<(String, &'static Operation)>,
}

impl Index {
    fn build() -> Self {
        let mut names: Vec<_> = all().collect();
        names.sort_by_key(|operation| operation.name);
        let mut spellings: Vec<_> = all()
            .filter(|operation| !operation.is_reserved())
            .flat_map(|operation| {
                std::iter::once(&operation.name)
                    .chain(operation.aliases)
                    // Every name and alias is readable: a test holds the data to it.
                    .filter_map(|name| Spelling::read(name).ok())
                    .map(move |spelling| (spelling.flat(), operation))
            })
            .collect();
        spellings.sort_by(|(left, _), (right, _)| left.cmp(right));
        // A name and its own CamelCase alias share a flat spelling; a test forbids two operations to share one.
        spellings.dedup_by(|(left, _), (right, _)| left == right);
        Self { names, spellings }
    }

    fn spelled(&self, flat: &str) -> Option<&'static Operation> {
        let order = |(spelling, _): &(String, _)| -> Ordering { spelling.as_str().cmp(flat) };
        let index = self.spellings.binary_search_by(order).ok()?;
        self.spellings.get(index).map(|(_, operation)| *operation)
    }
}
