//! Who acted: a person, a service account, a part of the cluster.

use ledger::json::Value;

use crate::clean;
use crate::event::{Actor, Thing};
use crate::limits::LIST_ITEMS_MAX;
use crate::look;

/// Somebody as the API server saw them.
#[derive(Clone, Debug, Default)]
pub(super) struct Subject {
    /// One of the ledger's actor types.
    pub kind: &'static str,
    /// The user name; empty for nobody.
    pub name: String,
    /// Key, token or certificate, by its id.
    pub credential_id: Option<String>,
    /// What else is known, all of it about the person.
    pub more: Vec<(&'static str, Value<'static>)>,
}

/// Where a credential's id stands: Kubernetes' own, then EKS'.
const CREDENTIALS: [&str; 2] = ["authentication.kubernetes.io/credential-id", "accessKeyId"];
/// What is kept of the extras, and under which names.
const EXTRAS: [(&str, &str); 4] = [
    ("authentication.kubernetes.io/pod-name", "pod"),
    ("authentication.kubernetes.io/node-name", "node"),
    ("arn", "arn"),
    ("sessionName", "session_name"),
];

impl Subject {
    /// A user by name alone.
    pub(super) fn named(name: &str) -> Self {
        Self {
            kind: kind(name),
            name: name.to_owned(),
            ..Self::default()
        }
    }

    /// `user` or `impersonatedUser` of an audit event.
    pub(super) fn of(user: &Value<'_>) -> Self {
        let mut subject = Self::named(look::text(user, &["username"]).unwrap_or_default());
        let extra = |name: &str| {
            let value = look::at(user, &["extra", name])?;
            let first = look::text(value, &["0"]).or(value.as_str())?;
            Some(first.to_owned())
        };
        subject.credential_id = CREDENTIALS.iter().find_map(|name| extra(name));
        let uid = look::text(user, &["uid"]).map(str::to_owned);
        let known = EXTRAS.iter().map(|(there, here)| (*here, extra(there)));
        for (name, value) in std::iter::once(("uid", uid)).chain(known) {
            let value = value.map(|text| Value::string(clean::cut(&text).into_owned()));
            subject.more.extend(value.map(|value| (name, value)));
        }
        let groups = look::items(user, &["groups"]).iter().take(LIST_ITEMS_MAX);
        let groups: Vec<_> = groups
            .filter_map(|group| Some(Value::string(clean::cut(group.as_str()?).into_owned())))
            .collect();
        if !groups.is_empty() {
            subject.more.push(("groups", Value::Array(groups)));
        }
        subject
    }

    /// As the actor of an event.
    pub(super) fn actor(&self) -> Actor {
        let account = self.name.strip_prefix("system:serviceaccount:");
        let has_address = self.kind == "user" && clean::has_email(&self.name);
        Actor {
            kind: self.kind,
            id: Some(self.name.clone()),
            name: account.map(|account| account.replacen(':', "/", 1)),
            email: (has_address && !self.name.contains('/')).then(|| self.name.clone()),
            credential_id: self.credential_id.clone(),
            on_behalf_of: None,
        }
    }

    /// As somebody acted for.
    pub(super) fn thing(&self) -> Thing {
        Thing::new(self.kind, self.name.clone())
    }
}

/// The type of actor that a user name stands for. Names that begin with `system:` belong to the cluster, but for the
/// administrator that some distributions call `system:admin`.
fn kind(name: &str) -> &'static str {
    match name {
        "" | "system:anonymous" | "system:unauthenticated" => "anonymous",
        "system:admin" | "system:masters" => "user",
        "aksService" => "system",
        _ if name.starts_with("system:serviceaccount:") => "service_account",
        _ if name.ends_with(".gserviceaccount.com") => "service_account",
        _ if name.starts_with("system:") || name.starts_with("eks:") => "system",
        _ => "user",
    }
}
