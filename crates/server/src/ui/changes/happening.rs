//! An event as the timeline sees it: told as a sentence, with what decides where it stands.
//!
//! Promises: pure. What failed, was denied, took something away, or touched secrets or rights stands by itself
//! ([`Happening::stands`]), whoever did it; in doubt it stands. Must never: show what the API withheld.

use api::Event;
use ledger::time::Micros;
use ledger::vocabulary::{self, Category, Operation, Severity};
use serde_json::{Map, Value};

use crate::ui::telling::Told;

/// Kinds of actors that act by themselves.
const MACHINES: [&str; 4] = ["agent", "api_key", "service_account", "system"];
/// Beginnings of words that say that something failed, was refused or was taken away.
const GRAVE: [&str; 26] = [
    "abort", "cancel", "delet", "denied", "deny", "destroy", "detach", "disabl", "drop", "eras",
    "error", "evict", "fail", "lost", "purg", "refus", "reject", "remov", "revert", "revok",
    "rollback", "rolled", "terminat", "timed", "truncat", "wip",
];
/// Beginnings of words that name secrets or rights.
const PROTECTED: [&str; 15] = [
    "acl",
    "admin",
    "apikey",
    "credential",
    "grant",
    "iam",
    "key",
    "member",
    "passkey",
    "password",
    "permission",
    "polic",
    "role",
    "secret",
    "token",
];
/// Last words of operations that changed nothing.
const READS: [&str; 14] = [
    "checked",
    "connected",
    "downloaded",
    "exported",
    "listed",
    "queried",
    "read",
    "refreshed",
    "requested",
    "searched",
    "used",
    "viewed",
    "visited",
    "watched",
];
/// Operations that put a deployment to an end or tell its way: the later in the list, the more they tell.
const DEPLOYS: [&str; 4] = [
    "deployment.promoted",
    "deployment.succeeded",
    "deployment.failed",
    "deployment.rolled_back",
];
/// Operations that are a failed deployment if they failed.
const BEGUN: [&str; 4] = [
    "deployment.created",
    "deployment.started",
    "deployment.promoted",
    "deployment.succeeded",
];

/// How an event is marked.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Mark {
    /// Not at all.
    None,
    /// It failed.
    Failed,
    /// It was denied.
    Denied,
    /// It was cancelled.
    Cancelled,
    /// It took something back.
    RolledBack,
}

impl Mark {
    /// Class, sign and word; nothing for what went well.
    pub(super) fn shown(self) -> Option<(&'static str, &'static str, &'static str)> {
        match self {
            Self::None => None,
            Self::Failed => Some(("bad", "✕", "failed")),
            Self::Denied => Some(("warn", "⊘", "denied")),
            Self::Cancelled => Some(("plain", "–", "cancelled")),
            Self::RolledBack => Some(("warn", "↺", "rolled back")),
        }
    }
}

/// An event in the timeline.
#[derive(Clone, Debug)]
#[expect(
    clippy::struct_excessive_bools,
    reason = "answers to questions that have nothing to do with each other"
)]
pub(super) struct Happening {
    /// As people read it.
    pub(super) told: Told,
    /// When it happened.
    pub(super) at: Micros,
    /// Its place in the log.
    pub(super) seq: u64,
    /// How it is marked.
    pub(super) mark: Mark,
    /// Whether it may never be folded away.
    pub(super) stands: bool,
    /// Whether it read secrets or rights; a fold that holds such says so.
    pub(super) reads_protected: bool,
    /// Whether a machine did it.
    pub(super) machine: bool,
    /// Whether it is part of an ordinary day, by its operation.
    pub(super) ordinary: bool,
    /// Whether it changed something.
    pub(super) changes: bool,
    /// Tells actors apart.
    pub(super) actor: String,
    /// The actor's id, where it may be seen.
    pub(super) actor_id: String,
    /// What it came with: the correlation.
    pub(super) correlation: Option<String>,
    /// The deployment that it is of.
    pub(super) deployment: Option<String>,
    /// How much it tells of its deployment; 0 for what is no deployment.
    pub(super) deploy_rank: usize,
    /// Project and environment, where the project is known.
    pub(super) scope: Option<(String, String)>,
    /// What was said about it: how it went wrong, else why it was done.
    pub(super) note: String,
}

impl Happening {
    /// The event, for pages of `tenant`, seen at `now`.
    pub(super) fn new(event: &Event, tenant: &str, now: Micros) -> Self {
        let mut told = Told::new(event, tenant, now);
        let said = &event.said;
        let actor = object(said, "actor");
        let resource = object(said, "resource");
        let context = object(said, "context");
        let actor_id = text(actor, "id").unwrap_or_default().to_owned();
        let known = vocabulary::find(&event.operation);
        let mark = mark_of(&event.operation, &told.outcome);
        let bot = told.actor.ends_with("[bot]") || actor_id.ends_with("[bot]");
        let machine = bot || MACHINES.contains(&told.actor_type.as_str());
        let stands = mark != Mark::None || stands(known, &event.operation, &told, machine);
        let project = [resource, context].into_iter().find_map(project_of);
        let environment = text(context, "environment")
            .or_else(|| text(resource, "environment"))
            .unwrap_or_default();
        drop_outcome(&mut told, mark);
        let message = text(object(said, "outcome"), "message").filter(|_| mark != Mark::None);
        let note = vocabulary::sentence::clean(message.unwrap_or(&told.reason));
        Self {
            note,
            at: told.when.at,
            seq: event.seq,
            mark,
            stands,
            reads_protected: is_read(&event.operation) && is_protected(&event.operation, &told),
            machine,
            ordinary: known.is_some_and(|operation| operation.severity == Severity::Info),
            changes: !is_read(&event.operation),
            actor: format!(
                "{}/{}",
                told.actor_type,
                if actor_id.is_empty() {
                    &told.actor
                } else {
                    &actor_id
                }
            ),
            actor_id,
            correlation: said
                .get("correlation_id")
                .and_then(Value::as_str)
                .map(str::to_owned),
            deployment: deployment_of(said, resource),
            deploy_rank: deploy_rank(&event.operation),
            scope: project.map(|project| (project.to_owned(), environment.to_owned())),
            told,
        }
    }

    /// Whether it is a deployment that failed, or was taken back.
    pub(super) fn is_broken_deploy(&self) -> bool {
        let operation = self.told.operation.as_str();
        match self.mark {
            Mark::RolledBack => true,
            Mark::Failed => operation == "deployment.failed" || BEGUN.contains(&operation),
            _ => false,
        }
    }

    /// What the actor is called in a sentence about many events.
    pub(super) fn actor_name(&self) -> String {
        if !self.told.actor.is_empty() {
            return self.told.actor.clone();
        }
        match self.told.actor_type.as_str() {
            "service_account" => "Service accounts",
            "system" => "The system",
            "agent" => "Agents",
            "api_key" => "API keys",
            _ => "Somebody",
        }
        .to_owned()
    }
}

fn object<'a>(said: &'a Map<String, Value>, name: &str) -> Option<&'a Map<String, Value>> {
    said.get(name).and_then(Value::as_object)
}

fn text<'a>(members: Option<&'a Map<String, Value>>, name: &str) -> Option<&'a str> {
    let text = members?.get(name)?.as_str()?.trim();
    (!text.is_empty()).then_some(text)
}

/// The project's id, else its name.
fn project_of(members: Option<&Map<String, Value>>) -> Option<&str> {
    let inner = members.and_then(|members| object(members, "project"));
    text(members, "project_id")
        .or_else(|| text(inner, "id"))
        .or_else(|| text(members, "project"))
        .or_else(|| text(members, "project_name"))
        .or_else(|| text(inner, "name"))
}

fn deployment_of(
    said: &Map<String, Value>,
    resource: Option<&Map<String, Value>>,
) -> Option<String> {
    let related = said.get("related").and_then(Value::as_array);
    let others = related.into_iter().flatten().map(Value::as_object);
    let mut all = std::iter::once(resource).chain(others);
    all.find_map(|thing| text(thing, "id").filter(|_| text(thing, "type") == Some("deployment")))
        .map(str::to_owned)
}

fn mark_of(operation: &str, outcome: &str) -> Mark {
    match outcome {
        "failure" => Mark::Failed,
        "denied" => Mark::Denied,
        "cancelled" => Mark::Cancelled,
        _ if operation == "deployment.rolled_back" => Mark::RolledBack,
        _ if operation.ends_with(".failed") || operation.ends_with("_failed") => Mark::Failed,
        _ if operation.ends_with(".denied") || operation.ends_with(".refused") => Mark::Denied,
        _ => Mark::None,
    }
}

/// Words of an operation's name or of a type, whatever stands between them.
fn words(name: &str) -> impl Iterator<Item = String> {
    let parts = name.split(|c: char| !c.is_alphanumeric());
    parts.flat_map(|part| {
        let mut words = vec![String::new()];
        for c in part.chars() {
            if c.is_uppercase() && words.last().is_some_and(|word| !word.is_empty()) {
                words.push(String::new());
            }
            if let Some(word) = words.last_mut() {
                word.extend(c.to_lowercase());
            }
        }
        // Names in capitals fall apart into letters: they count as one word, too.
        words.push(part.to_lowercase());
        words
    })
}

fn has_word(name: &str, beginnings: &[&str]) -> bool {
    words(name).any(|word| {
        beginnings
            .iter()
            .any(|beginning| word.starts_with(beginning))
    })
}

fn is_read(operation: &str) -> bool {
    let last = operation
        .rsplit(|c: char| !c.is_alphanumeric())
        .next()
        .unwrap_or_default();
    READS.contains(&last.to_lowercase().as_str())
}

/// Whether an event that went well is one of those that a fold must not hide.
fn stands(known: Option<&'static Operation>, name: &str, told: &Told, machine: bool) -> bool {
    if has_word(name, &GRAVE) {
        return true;
    }
    let protected = is_protected(name, told);
    match known {
        Some(operation) if operation.severity >= Severity::Warning => true,
        // What is ordinary was only used or looked at, and machines live on reading their secrets.
        Some(operation) if operation.severity == Severity::Info => protected && !is_read(name),
        Some(_) if machine && is_read(name) => false,
        Some(operation) => protected || operation.category == Category::AccessControl,
        None => protected,
    }
}

fn is_protected(name: &str, told: &Told) -> bool {
    has_word(name, &PROTECTED) || has_word(&told.resource_type, &PROTECTED)
}

fn deploy_rank(operation: &str) -> usize {
    let rank = DEPLOYS.iter().position(|known| *known == operation);
    rank.map_or(usize::from(operation.starts_with("deployment.")), |rank| {
        rank + 2
    })
}

/// The mark says how it ended: the sentence need not say it again.
fn drop_outcome(told: &mut Told, mark: Mark) {
    let Some((_, _, word)) = mark.shown() else {
        return;
    };
    let said = format!(" ({word})");
    // Only the stretch that says nothing else: what a producer's name ends with stays.
    told.sentence
        .pop_if(|last| last.kind.is_empty() && last.text == said);
}

#[cfg(test)]
pub(super) mod tests {
    use super::*;
    use serde_json::json;

    /// An event of so many seconds after a moment, as the API shows it.
    #[expect(
        clippy::needless_pass_by_value,
        reason = "tests write what they send where they send it"
    )]
    pub(in crate::ui::changes) fn happened(
        second: i64,
        operation: &str,
        actor: &str,
        more: Value,
    ) -> Happening {
        let at = Micros::from_micros((1_795_248_000 + second) * 1_000_000);
        let (kind, id) = actor.split_once('/').unwrap();
        let mut event = json!({
            "id": format!("e{second}"), "operation": operation, "log": "0", "seq": second.unsigned_abs(),
            "recorded_at": at.to_string(), "leaf_hash": "", "timestamp": at.to_string(),
            "ingest": {"key": "k", "source": "s"}, "actor": {"type": kind, "id": id, "name": id},
            "resource": {"type": "service", "id": "svc_1", "name": "api", "project_id": "shop"},
            "context": {"environment": "production"}, "outcome": {"result": "success"},
        });
        for (name, value) in more.as_object().into_iter().flatten() {
            event[name] = value.clone();
        }
        Happening::new(&serde_json::from_value(event).unwrap(), "acme", at)
    }

    #[test]
    fn what_failed_took_away_or_touched_secrets_and_rights_stands_whatever_it_is_called() {
        let bot = "service_account/argocd";
        for operation in [
            "pod.deleted",
            "secret.updated",
            "role.created",
            "permission.granted",
            "team.member_added",
            "acme.wiped_everything",
            "DropTable",
            "iam:AttachRolePolicy",
            "CREATE_ACCESS_KEY",
            "acme.token_minted",
            "branch_protection.bypassed",
            "deployment.rolled_back",
            "deployment.failed",
            "database.credentials_rotated",
        ] {
            assert!(happened(0, operation, bot, json!({})).stands, "{operation}");
        }
        for outcome in ["failure", "denied", "cancelled"] {
            let event = happened(
                0,
                "workload.updated",
                bot,
                json!({"outcome": {"result": outcome}}),
            );
            assert!(event.stands, "{outcome}");
        }
        let on_secret = json!({"resource": {"type": "secret", "id": "s"}});
        assert!(happened(0, "resource.updated", bot, on_secret).stands);
        assert!(happened(0, "secret.read", "user/ana", json!({})).stands);
        let read = happened(0, "secret.read", bot, json!({}));
        assert_eq!((read.stands, read.reads_protected), (false, true));
        for operation in [
            "workload.updated",
            "application.synced",
            "build.succeeded",
            "acme.cache_warmed",
            "api_key.used",
        ] {
            assert!(
                !happened(0, operation, bot, json!({})).stands,
                "{operation}"
            );
        }
    }

    #[test]
    fn a_mark_says_it_once() {
        let event = happened(
            0,
            "workload.updated",
            "user/ana",
            json!({"outcome": {"result": "failure"}}),
        );
        assert_eq!(event.mark, Mark::Failed);
        assert!(
            !event.told.text().contains("failed"),
            "{}",
            event.told.text()
        );
        assert!(
            event.told.text().starts_with("ana "),
            "{}",
            event.told.text()
        );
    }

    #[test]
    fn a_rollback_that_was_denied_took_nothing_back() {
        let denied = json!({"outcome": {"result": "denied"}});
        let event = happened(0, "deployment.rolled_back", "user/ana", denied);
        assert_eq!(
            (event.mark, event.is_broken_deploy()),
            (Mark::Denied, false)
        );
    }
}
