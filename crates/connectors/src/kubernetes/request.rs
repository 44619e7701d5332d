//! One request to the API server, whichever log told of it, and the event that it becomes.

use std::borrow::Cow;

use ledger::json::Value;
use ledger::time::Micros;

use super::act::{Act, STREAMS};
use super::changes::Changes;
use super::redact;
use super::subject::Subject;
use super::uri;
use crate::clean;
use crate::event::{Event, Outcome, Thing};
use crate::limits::LIST_ITEMS_MAX;
use crate::look;

/// How far the answer had come.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Stage {
    /// It had begun, and goes on.
    Started,
    /// It was complete.
    Complete,
    /// The API server failed at it.
    Panic,
}

/// Which cluster it was, as far as what is wrapped around an event says.
#[derive(Clone, Debug, Default)]
pub(super) struct Place {
    /// The cluster's name.
    pub cluster: Option<String>,
    /// The cloud's account, project or subscription.
    pub account: Option<String>,
    /// The region.
    pub region: Option<String>,
}

/// How the API server answered.
#[derive(Clone, Debug, Default)]
pub(super) struct Answer<'v> {
    /// What became of it.
    pub result: Option<&'static str>,
    /// The code, as it was logged.
    pub code: Option<String>,
    /// One word.
    pub reason: Option<&'v str>,
    /// In words.
    pub message: Option<&'v str>,
    /// What the authorizer decided.
    pub decision: Option<&'v str>,
    /// And why.
    pub decision_reason: Option<&'v str>,
}

/// One request.
#[derive(Clone, Debug)]
pub(super) struct Request<'v> {
    /// The event's id.
    pub id: String,
    /// The request's id. Clients may choose it.
    pub audit_id: &'v str,
    /// How far it had come.
    pub stage: Stage,
    /// Whether Google wrote it, who tells of each request once.
    pub is_from_google: bool,
    /// The verb in lower case.
    pub verb: Cow<'v, str>,
    /// The API group; empty for the core.
    pub group: &'v str,
    /// The version.
    pub version: &'v str,
    /// The resource's plural; empty for paths that are none.
    pub resource: &'v str,
    /// The subresource, or empty.
    pub subresource: &'v str,
    /// The namespace, or empty.
    pub namespace: &'v str,
    /// The name, or empty.
    pub name: &'v str,
    /// The version of the audit event, if it is none that is known.
    pub unknown_version: Option<&'v str>,
    /// The path and query.
    pub uri: &'v str,
    /// Who asked.
    pub subject: Subject,
    /// As whom.
    pub impersonated: Option<Subject>,
    /// Where from, first the claimed origin, last the peer.
    pub addresses: Vec<&'v str>,
    /// The program.
    pub user_agent: Option<&'v str>,
    /// How it was answered.
    pub answer: Answer<'v>,
    /// The request's body, if it was logged.
    pub sent: Option<&'v Value<'v>>,
    /// The answer's body, if it was logged.
    pub answered: Option<&'v Value<'v>>,
    /// Whether bodies had to be left out.
    pub is_bodiless: bool,
    /// When.
    pub at: Option<Micros>,
    /// The vendor's name of the action.
    pub action: String,
    /// Which cluster.
    pub place: Place,
}

impl Request<'_> {
    /// Whether it was granted and done.
    pub(super) fn is_success(&self) -> bool {
        self.answer.result == Some("success")
    }

    /// Whether it was made to see what would happen: by what the API server goes by. Of a deletion that is the body, and
    /// the query only where there is none, which an event without a body does not say. Tokens are made in any case.
    pub(super) fn dry_run(&self) -> bool {
        match (&*self.verb, self.resource, self.subresource) {
            (_, "serviceaccounts", "token") => false,
            ("delete" | "deletecollection", ..) => self.sent.is_some_and(|sent| {
                let tried = |item: &Value<'_>| item.as_str() == Some("All");
                look::items(sent, &["dryRun"]).iter().any(tried)
            }),
            _ => self.asks_dry_run(),
        }
    }

    /// Whether the query asks for a dry run, be it heeded or not.
    fn asks_dry_run(&self) -> bool {
        uri::values(self.uri, "dryRun")
            .iter()
            .any(|value| value == "All")
    }

    /// Whether the request stays open until its client goes.
    pub(super) fn is_stream(&self) -> bool {
        self.resource == "pods" && STREAMS.contains(&self.subresource)
    }

    /// The event.
    pub(super) fn into_event(self) -> Event {
        let act = Act::of(&self);
        let changes = Changes::of(&self, &act);
        let mut event = Event::new(
            self.id.clone(),
            act.operation.clone(),
            self.thing(&act),
            self.action.clone(),
        );
        event.timestamp = self.at;
        event.nature = act.nature;
        event.verb = self.verb.clone().into_owned();
        event.project_id = (!self.namespace.is_empty()).then(|| self.namespace.to_owned());
        event.outcome = self.outcome();
        event.changes = changes.list;
        event.related = changes.related;
        event.request_id = Some(self.audit_id.to_owned());
        event.context.application = Some("kubernetes".into());
        event.context.service = self.api();
        event.context.region.clone_from(&self.place.region);
        event.context.channel = Some("api".into());
        self.actor(&mut event);
        self.notes(&mut event);
        if changes.is_cut {
            event.note("more_changes", Some("left out".into()));
        }
        event
    }

    /// `apps/v1`.
    fn api(&self) -> Option<String> {
        match (self.group, self.version) {
            ("", "") => None,
            ("", version) => Some(version.to_owned()),
            (group, "") => Some(group.to_owned()),
            (group, version) => Some(format!("{group}/{version}")),
        }
    }

    fn thing(&self, act: &Act) -> Thing {
        let mut thing = Thing {
            kind: act.kind.clone(),
            ..Thing::default()
        };
        if self.resource.is_empty() {
            thing.id = Some(uri::path(self.uri).to_owned()).filter(|path| !path.is_empty());
            return thing;
        }
        let given = |object: Option<&Value<'_>>| {
            look::text(object?, &["metadata", "name"]).map(str::to_owned)
        };
        // A name that the API server made up stands in its answer only.
        let name = Some(self.name.to_owned())
            .filter(|name| !name.is_empty())
            .or_else(|| {
                (self.verb == "create")
                    .then(|| given(self.answered).or_else(|| given(self.sent)))?
            });
        thing.id = name.as_ref().map(|name| match self.namespace {
            "" => name.clone(),
            _ if self.resource == "namespaces" => name.clone(),
            namespace => format!("{namespace}/{name}"),
        });
        thing.name = name;
        thing
    }

    fn outcome(&self) -> Option<Outcome> {
        let answer = &self.answer;
        let message = answer.message.map(redact::message);
        let message = message.map(|message| self.without_names(&message));
        let failed = answer.result.is_some_and(|result| result != "success");
        let reason = answer.reason.filter(|_| failed);
        let message = match (reason, message) {
            (Some(reason), Some(message)) => Some(format!("{reason}: {message}")),
            (Some(reason), None) => Some(reason.to_owned()),
            (None, message) => message,
        };
        Some(Outcome {
            result: answer.result?,
            code: answer.code.clone(),
            message,
        })
    }

    fn actor(&self, event: &mut Event) {
        event.actor = self.subject.actor();
        if event.actor.id.as_deref() == Some("") {
            event.actor.id = None;
        }
        event.personal.clone_from(&self.subject.more);
        if let Some(other) = &self.impersonated {
            event.actor.on_behalf_of = Some(other.thing());
            let groups = other.more.iter().find(|(name, _)| *name == "groups");
            let groups = groups.map(|(_, groups)| ("on_behalf_of_groups", groups.clone()));
            event.personal.extend(groups);
        }
        event.origin.ip = self.addresses.first().map(|&ip| ip.to_owned());
        event.origin.user_agent = self.user_agent.map(str::to_owned);
        if self.addresses.len() > 1 {
            let all = self.addresses.iter().take(LIST_ITEMS_MAX);
            let all = all.map(|&ip| Value::string(clean::cut(ip).into_owned()));
            event
                .personal
                .push(("source_ips", Value::Array(all.collect())));
        }
    }

    fn notes(&self, event: &mut Event) {
        let query = |name: &str| uri::value(self.uri, name).map(|text| clean::hide_emails(&text));
        event.note("cluster", self.place.cluster.clone());
        event.note("cloud_account", self.place.account.clone());
        event.note("subresource", some(self.subresource));
        event.note(
            "stage",
            match self.stage {
                Stage::Started => Some("ResponseStarted".into()),
                Stage::Panic => Some("Panic".into()),
                Stage::Complete => None,
            },
        );
        let (tried, asked) = (self.dry_run(), self.asks_dry_run());
        event.note("dry_run", tried.then(|| "true".into()));
        event.note("dry_run_asked", (asked && !tried).then(|| "true".into()));
        event.note("api_version", self.unknown_version.map(str::to_owned));
        event.note("field_manager", query("fieldManager"));
        event.note("label_selector", query("labelSelector"));
        event.note("field_selector", query("fieldSelector"));
        if self.is_stream() {
            event.note("container", query("container"));
            let command = uri::values(self.uri, "command").join(" ");
            event.note("command", some(&clean::hide_emails(&command)));
        }
        if self.subresource == "proxy" {
            // The query belongs to whatever is behind the proxy, and may hold anything.
            let path = uri::path(self.uri);
            let behind = path
                .split_once("/proxy/")
                .map(|(_, rest)| format!("/{rest}"));
            event.note("proxied_path", behind);
        }
        let decision = self.answer.decision.filter(|decision| *decision != "allow");
        event.note("authorization_decision", decision.map(str::to_owned));
        let reason = self
            .answer
            .decision_reason
            .filter(|reason| !reason.is_empty());
        let reason = reason.map(|reason| self.without_names(reason));
        event.note("authorization_reason", reason);
        event.note(
            "body",
            self.is_bodiless.then(|| "left out: unreadable".into()),
        );
    }

    /// A text of the API server's without the names of the persons it is about: those stand in the actor.
    fn without_names(&self, text: &str) -> String {
        let mut text = clean::cut(text).into_owned();
        for subject in std::iter::once(&self.subject).chain(&self.impersonated) {
            if subject.kind == "user" && !subject.name.is_empty() {
                text = text.replace(&format!("\"{}\"", subject.name), "\"[user]\"");
            }
        }
        clean::hide_emails(&text)
    }
}

fn some(text: &str) -> Option<String> {
    (!text.is_empty()).then(|| text.to_owned())
}
