//! What the server records about itself. No producer may write these, and they have no aliases.
//!
//! Promises: a name or alias once released here is never taken away or given another meaning; stored events carry it.
//! Must never: hold logic. The rules are in `vocabulary.rs`.

use super::{Category, Operation, Severity};

pub(super) const OPERATIONS: &[Operation] = &[
    Operation {
        name: "veritrail.log.created",
        category: Category::AuditLog,
        severity: Severity::Notice,
        description: "A log was begun",
        aliases: &[],
    },
    Operation {
        name: "veritrail.log.head_recorded",
        category: Category::AuditLog,
        severity: Severity::Info,
        description: "The size and root of a log were recorded in the instance log",
        aliases: &[],
    },
    Operation {
        name: "veritrail.log.read",
        category: Category::AuditLog,
        severity: Severity::Notice,
        description: "A log was read in bulk, as raw entries or as an export",
        aliases: &[],
    },
    Operation {
        name: "veritrail.event.read",
        category: Category::AuditLog,
        severity: Severity::Info,
        description: "One event was read",
        aliases: &[],
    },
    Operation {
        name: "veritrail.proof.read",
        category: Category::AuditLog,
        severity: Severity::Info,
        description: "A checkpoint or proof was read",
        aliases: &[],
    },
    Operation {
        name: "veritrail.tile.read",
        category: Category::AuditLog,
        severity: Severity::Info,
        description: "Tiles were read, summarised by key and minute",
        aliases: &[],
    },
    Operation {
        name: "veritrail.search.performed",
        category: Category::AuditLog,
        severity: Severity::Info,
        description: "A search began; its filters are kept, masked",
        aliases: &[],
    },
    Operation {
        name: "veritrail.search.completed",
        category: Category::AuditLog,
        severity: Severity::Info,
        description: "A search ended; how many events it showed",
        aliases: &[],
    },
    Operation {
        name: "veritrail.export.started",
        category: Category::AuditLog,
        severity: Severity::Notice,
        description: "An export began; its query is kept, masked",
        aliases: &[],
    },
    Operation {
        name: "veritrail.export.completed",
        category: Category::AuditLog,
        severity: Severity::Notice,
        description: "An export ended; how many events it held and the hashes of file and manifest",
        aliases: &[],
    },
    Operation {
        name: "veritrail.index.rebuild_started",
        category: Category::AuditLog,
        severity: Severity::Notice,
        description: "The index of events was begun anew from the ledger",
        aliases: &[],
    },
    Operation {
        name: "veritrail.tenant.created",
        category: Category::AuditLog,
        severity: Severity::Notice,
        description: "A tenant was created",
        aliases: &[],
    },
    Operation {
        name: "veritrail.key.created",
        category: Category::AuditLog,
        severity: Severity::Warning,
        description: "An API key of this server was issued",
        aliases: &[],
    },
    Operation {
        name: "veritrail.key.revoked",
        category: Category::AuditLog,
        severity: Severity::Notice,
        description: "An API key of this server was withdrawn",
        aliases: &[],
    },
    Operation {
        name: "veritrail.key.refused",
        category: Category::AuditLog,
        severity: Severity::Warning,
        description: "A known API key was refused: expired, revoked or without the right",
        aliases: &[],
    },
    Operation {
        name: "veritrail.signin.refused",
        category: Category::AuditLog,
        severity: Severity::Warning,
        description: "Sign-ins with no valid key were refused, summarised",
        aliases: &[],
    },
    Operation {
        name: "veritrail.clock.confirmed",
        category: Category::AuditLog,
        severity: Severity::Critical,
        description: "An operator confirmed the clock after it stopped writes",
        aliases: &[],
    },
    Operation {
        name: "veritrail.server.started",
        category: Category::AuditLog,
        severity: Severity::Notice,
        description: "The server started",
        aliases: &[],
    },
    Operation {
        name: "veritrail.server.stopped",
        category: Category::AuditLog,
        severity: Severity::Notice,
        description: "The server stopped in order",
        aliases: &[],
    },
    Operation {
        name: "veritrail.instance.heartbeat_recorded",
        category: Category::AuditLog,
        severity: Severity::Info,
        description: "No head changed for an interval and the server was alive",
        aliases: &[],
    },
];
