//! One event of the demo, put together sentence by sentence.
//!
//! Promises: every event says that it is of the demo, who acted, from where and by which way, and comes from a producer.

use ledger::time::Micros;
use serde_json::{Map, Value, json};

use super::cast::{Machine, Person};
use super::dice::Dice;
use super::places::Thing;

/// Who acts.
#[derive(Clone, Copy, Debug)]
pub(super) enum Who {
    /// A person.
    Person(&'static Person),
    /// A machine.
    Machine(&'static Machine),
    /// Somebody who did not sign in, at an address.
    Stranger(&'static str),
}

/// By which way something is done.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Way {
    /// In the browser.
    Dashboard,
    /// On the command line.
    Cli,
    /// By the pipeline.
    Ci,
    /// By what deploys.
    Deployer,
    /// By the clock.
    Schedule,
    /// By signing in.
    SignIn,
}

impl Way {
    /// The channel as events call it, and the producer that sends them.
    fn names(self) -> (&'static str, &'static str) {
        match self {
            Self::Dashboard => ("dashboard", "dashboard-1"),
            Self::Cli => ("cli", "api-1"),
            Self::Ci => ("ci", "ci-2"),
            Self::Deployer => ("api", "deployer-1"),
            Self::Schedule => ("schedule", "scheduler-1"),
            Self::SignIn => ("dashboard", "identity-1"),
        }
    }
}

/// What ties the events of one undertaking together.
#[derive(Clone, Debug)]
pub(super) struct Tie {
    correlation: String,
    trace: String,
}

impl Tie {
    /// A new one.
    pub(super) fn new(dice: &mut Dice) -> Self {
        Self {
            correlation: format!("cor_{}", dice.hex(12)),
            trace: dice.hex(32),
        }
    }
}

/// An event in the making.
#[derive(Clone, Debug)]
pub(super) struct Event {
    /// When it happens.
    pub(super) at: Micros,
    /// A name for the identifier, where others refer to it.
    pub(super) name: Option<&'static str>,
    /// The event that caused it, by that name.
    pub(super) cause: Option<&'static str>,
    /// Who counts it.
    pub(super) producer: &'static str,
    /// What is sent.
    pub(super) body: Map<String, Value>,
}

impl Event {
    pub(super) fn new(at: Micros, operation: &str, who: Who, what: &Thing, way: Way) -> Self {
        let (channel, producer) = way.names();
        let mut body = Map::new();
        let mut put = |name: &str, value| body.insert(name.to_owned(), value);
        put("operation", json!(operation));
        put("actor", actor(who));
        put("origin", origin(who, at));
        let mut resource = json!({ "type": what.kind, "id": what.id, "name": what.name });
        let mut context = json!({ "channel": channel });
        if let Some(project) = &what.project {
            resource["project_id"] = json!(project);
            context["application"] = json!(project);
        }
        if let Some(environment) = what.environment {
            context["environment"] = json!(environment);
            context["region"] = json!("eu-west");
        }
        put("resource", resource);
        put("context", context);
        put("outcome", json!({ "result": "success" }));
        put("metadata", json!({ "demo": true }));
        Self {
            at,
            name: None,
            cause: None,
            producer,
            body,
        }
    }

    /// A name by which others can say that it caused them.
    pub(super) fn named(mut self, name: &'static str) -> Self {
        self.name = Some(name);
        self
    }

    /// The event that caused it.
    pub(super) fn caused_by(mut self, name: &'static str) -> Self {
        self.cause = Some(name);
        self
    }

    /// How it ended, if not well.
    pub(super) fn ended(mut self, result: &str, code: &str, message: &str) -> Self {
        let outcome = json!({ "result": result, "code": code, "message": message });
        self.body.insert("outcome".to_owned(), outcome);
        self
    }

    /// Why.
    pub(super) fn because(mut self, reason: &str) -> Self {
        self.body.insert("reason".to_owned(), json!(reason));
        self
    }

    /// Who approved it, in which ticket.
    pub(super) fn approved(mut self, by: &Person, ticket: &str) -> Self {
        let approval = json!({ "by": by.email, "ticket": ticket });
        self.body.insert("approval".to_owned(), approval);
        self
    }

    /// What changed. `null` stands for nothing.
    pub(super) fn change(mut self, field: &str, before: Value, after: Value) -> Self {
        let mut change = json!({ "field": field });
        for (side, value) in [("before", before), ("after", after)] {
            if !value.is_null() {
                change[side] = value;
            }
        }
        match self.body.get_mut("changes").and_then(Value::as_array_mut) {
            Some(changes) => changes.push(change),
            None => {
                self.body.insert("changes".to_owned(), json!([change]));
            }
        }
        self
    }

    /// Something else to be known.
    pub(super) fn meta(self, name: &str, value: Value) -> Self {
        self.within("metadata", name, value)
    }

    /// The service that it is about.
    pub(super) fn service(self, project: &str) -> Self {
        self.within("context", "service", json!(format!("{project}-api")))
    }

    /// Another place than the usual one.
    pub(super) fn from(self, ip: &str, device: &str, session: &str) -> Self {
        self.within("origin", "ip", json!(ip))
            .within("origin", "device", json!(device))
            .within("origin", "session_id", json!(session))
    }

    /// For whom it is done.
    pub(super) fn for_user(self, id: &str) -> Self {
        self.within("actor", "on_behalf_of", json!({ "type": "user", "id": id }))
    }

    /// With which credential.
    pub(super) fn with_credential(self, id: &str) -> Self {
        self.within("actor", "credential_id", json!(id))
    }

    /// What else it is about.
    pub(super) fn about(mut self, what: &Thing) -> Self {
        let related = json!({ "type": what.kind, "id": what.id });
        match self.body.get_mut("related").and_then(Value::as_array_mut) {
            Some(others) => others.push(related),
            None => {
                self.body.insert("related".to_owned(), json!([related]));
            }
        }
        self
    }

    /// What it belongs together with.
    pub(super) fn tied(mut self, tie: &Tie) -> Self {
        let mut put = |name: &str, text: &str| self.body.insert(name.to_owned(), json!(text));
        put("correlation_id", &tie.correlation);
        put("trace_id", &tie.trace);
        self
    }

    /// The request that it is part of, where several events are.
    pub(super) fn requested(mut self, request: &str) -> Self {
        self.body.insert("request_id".to_owned(), json!(request));
        self
    }

    fn within(mut self, object: &str, name: &str, value: Value) -> Self {
        if let Some(object) = self.body.get_mut(object).and_then(Value::as_object_mut) {
            object.insert(name.to_owned(), value);
        }
        self
    }
}

fn actor(who: Who) -> Value {
    match who {
        Who::Person(person) => json!({
            "type": "user", "id": person.id, "email": person.email, "name": person.name,
        }),
        Who::Machine(machine) => json!({
            "type": machine.kind, "id": machine.id, "name": machine.name,
        }),
        Who::Stranger(_) => json!({ "type": "anonymous" }),
    }
}

fn origin(who: Who, at: Micros) -> Value {
    match who {
        Who::Person(person) => json!({
            "ip": person.ip, "user_agent": person.agent, "device": person.device,
            "session_id": session(person, at),
        }),
        Who::Machine(machine) => json!({ "ip": machine.ip, "user_agent": machine.agent }),
        Who::Stranger(ip) => json!({ "ip": ip, "user_agent": "python-requests/2.32" }),
    }
}

/// A person's session: one a day.
pub(super) fn session(person: &Person, at: Micros) -> String {
    let day = at.as_micros().div_euclid(86_400_000_000);
    format!("sess_{}", Dice::of(person.id, day).hex(12))
}
