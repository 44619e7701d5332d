//! One route: a method and a path, who serves it, and what its description says.
//!
//! Promises: what is served and what is described are one value, so neither can be there without the other. Must never:
//! decide anything about a request.

use std::sync::Arc;

use axum::handler::Handler;
use axum::routing::{MethodRouter, delete, get, post};
use schemars::{JsonSchema, Schema, SchemaGenerator};
use serde_json::Value;

use crate::auth::Act;
use crate::server::Server;

/// How a type becomes a schema.
pub(super) type Form = fn(&mut SchemaGenerator) -> Schema;

/// One route.
#[derive(Debug)]
pub(super) struct Route {
    /// In lower case.
    pub(super) method: &'static str,
    /// As the router takes it.
    pub(super) path: &'static str,
    /// Who serves it.
    pub(super) service: MethodRouter<Arc<Server>>,
    /// Its stable name.
    pub(super) id: &'static str,
    /// What it does, in a line.
    pub(super) summary: &'static str,
    /// What else there is to know.
    pub(super) description: String,
    /// Who may.
    pub(super) access: Access,
    /// The variable segments of the path, in order.
    pub(super) segments: Vec<Parameter>,
    /// Header fields that it reads.
    pub(super) headers: Vec<Parameter>,
    /// The parameters of the query.
    pub(super) query: Option<Form>,
    /// What it takes.
    pub(super) body: Option<Body>,
    /// What it answers when it does what was asked.
    pub(super) answers: Vec<Answer>,
    /// Codes of [`api::code`] and of refused events that it answers when not.
    pub(super) problems: Vec<&'static str>,
}

/// Who may call a route.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Access {
    /// Whoever asks, without a key.
    Everybody,
    /// Whoever knows the secret of the source that is named.
    Source,
    /// Keys whose roles may do this.
    Act(Act),
}

/// One parameter of a path or header.
#[derive(Clone, Debug)]
pub(super) struct Parameter {
    /// Its name.
    pub(super) name: &'static str,
    /// What it says.
    pub(super) description: &'static str,
    /// What it may be.
    pub(super) schema: Value,
    /// A value that works.
    pub(super) example: &'static str,
}

/// What a route takes as its body.
#[derive(Debug)]
pub(super) enum Body {
    /// A small JSON object.
    Json(Form, Value),
    /// One event, many, or lines.
    Events,
    /// Whatever a vendor sends.
    Anything,
}

/// One answer.
#[derive(Debug)]
pub(super) struct Answer {
    /// The status.
    pub(super) status: u16,
    /// When it is answered.
    pub(super) description: &'static str,
    /// Media types and what stands in them.
    pub(super) content: Vec<(&'static str, Content)>,
    /// Header fields that tell something.
    pub(super) headers: Vec<(&'static str, &'static str)>,
}

/// What stands in an answer.
#[derive(Clone, Copy, Debug)]
pub(super) enum Content {
    /// JSON of one of the wire types.
    Json(Form),
    /// Any JSON object.
    Object,
    /// Text.
    Text,
    /// Bytes.
    Bytes,
}

/// The JSON of a wire type.
pub(super) fn json<T: JsonSchema>() -> Content {
    Content::Json(SchemaGenerator::subschema_for::<T>)
}

/// A route that reads.
pub(super) fn reads<H, T>(path: &'static str, handler: H) -> Route
where
    H: Handler<T, Arc<Server>>,
    T: 'static,
{
    route("get", path, get(handler))
}

/// A route that makes or begins something.
pub(super) fn makes<H, T>(path: &'static str, handler: H) -> Route
where
    H: Handler<T, Arc<Server>>,
    T: 'static,
{
    route("post", path, post(handler))
}

/// A route that ends something.
pub(super) fn ends<H, T>(path: &'static str, handler: H) -> Route
where
    H: Handler<T, Arc<Server>>,
    T: 'static,
{
    route("delete", path, delete(handler))
}

fn route(method: &'static str, path: &'static str, service: MethodRouter<Arc<Server>>) -> Route {
    Route {
        method,
        path,
        service,
        id: "",
        summary: "",
        description: String::new(),
        access: Access::Everybody,
        segments: Vec::new(),
        headers: Vec::new(),
        query: None,
        body: None,
        answers: Vec::new(),
        problems: Vec::new(),
    }
}

impl Route {
    /// Its stable name, what it does in a line, and what else there is to know.
    pub(super) fn named(
        mut self,
        id: &'static str,
        summary: &'static str,
        description: impl Into<String>,
    ) -> Self {
        self.id = id;
        self.summary = summary;
        self.description = description.into();
        self
    }

    /// Takes a key that may do this.
    pub(super) fn needs(mut self, act: Act) -> Self {
        self.access = Access::Act(act);
        self
    }

    /// Takes the secret of a source.
    pub(super) fn needs_source(mut self) -> Self {
        self.access = Access::Source;
        self
    }

    /// The next variable segment of the path.
    pub(super) fn segment(mut self, segment: Parameter) -> Self {
        self.segments.push(segment);
        self
    }

    /// A header field.
    pub(super) fn header(mut self, header: Parameter) -> Self {
        self.headers.push(header);
        self
    }

    /// The parameters of the query.
    pub(super) fn query<T: JsonSchema>(mut self) -> Self {
        self.query = Some(|generator| T::json_schema(generator));
        self
    }

    /// A JSON object as its body, with an example.
    pub(super) fn takes<T: JsonSchema>(mut self, example: Value) -> Self {
        let form: Form = |generator| generator.subschema_for::<T>();
        self.body = Some(Body::Json(form, example));
        self
    }

    /// Events as its body.
    pub(super) fn takes_events(mut self) -> Self {
        self.body = Some(Body::Events);
        self
    }

    /// Whatever a vendor sends as its body.
    pub(super) fn takes_anything(mut self) -> Self {
        self.body = Some(Body::Anything);
        self
    }

    /// An answer of one media type.
    pub(super) fn answers(
        self,
        status: u16,
        description: &'static str,
        media_type: &'static str,
        content: Content,
    ) -> Self {
        self.answer(status, description, vec![(media_type, content)])
    }

    /// An answer of several media types, or of none.
    pub(super) fn answer(
        mut self,
        status: u16,
        description: &'static str,
        content: Vec<(&'static str, Content)>,
    ) -> Self {
        self.answers.push(Answer {
            status,
            description,
            content,
            headers: Vec::new(),
        });
        self
    }

    /// A header field of the answer named last.
    pub(super) fn tells(mut self, name: &'static str, description: &'static str) -> Self {
        if let Some(answer) = self.answers.last_mut() {
            answer.headers.push((name, description));
        }
        self
    }

    /// Codes that it answers, too.
    pub(super) fn refuses(mut self, codes: &[&'static str]) -> Self {
        self.problems.extend_from_slice(codes);
        self
    }
}
