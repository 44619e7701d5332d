//! Schemas of the document: what is answered, what is sent, and the parameters of queries.

use schemars::generate::SchemaSettings;
use schemars::{JsonSchema, SchemaGenerator};
use serde_json::{Map, Value, json};

use crate::http::route::Form;

/// Where schemas stand.
pub(super) const AT: &str = "#/components/schemas/";

/// The schemas that were asked for so far.
#[derive(Debug)]
pub(super) struct Forms {
    answered: SchemaGenerator,
    sent: SchemaGenerator,
    queries: SchemaGenerator,
}

impl Forms {
    pub(super) fn new() -> Self {
        let mut settings = SchemaSettings::draft2020_12();
        settings.definitions_path = "/components/schemas".into();
        settings.meta_schema = None;
        let mut inline = settings.clone();
        inline.inline_subschemas = true;
        Self {
            answered: settings.clone().for_serialize().into_generator(),
            sent: settings.into_generator(),
            queries: inline.into_generator(),
        }
    }

    /// What is answered.
    pub(super) fn answered(&mut self, form: Form) -> Value {
        tidy_answer(form(&mut self.answered).to_value())
    }

    /// A reference to a wire type that is answered.
    pub(super) fn answered_type<T: JsonSchema>(&mut self) -> Value {
        self.answered.subschema_for::<T>().to_value()
    }

    /// What is sent as a body.
    pub(super) fn sent(&mut self, form: Form) -> Value {
        tidy(form(&mut self.sent).to_value())
    }

    /// The parameters of a query, by name.
    pub(super) fn query(&mut self, form: Form) -> Vec<Value> {
        let form = tidy(form(&mut self.queries).to_value());
        let Some(Value::Object(members)) = form.get("properties").cloned() else {
            return Vec::new();
        };
        members
            .into_iter()
            .map(|(name, schema)| parameter(&name, without_null(schema)))
            .collect()
    }

    /// Every schema that was referred to.
    pub(super) fn finish(mut self) -> Map<String, Value> {
        let sent = self.sent.take_definitions(true).into_iter();
        let answered = self.answered.take_definitions(true).into_iter();
        let mut schemas: Map<String, Value> = sent.map(|(name, form)| (name, tidy(form))).collect();
        schemas.extend(answered.map(|(name, form)| (name, tidy_answer(form))));
        schemas
    }
}

fn parameter(name: &str, mut schema: Value) -> Value {
    let mut parameter = json!({"name": name, "in": "query"});
    if let Some(members) = schema.as_object_mut() {
        for moved in ["description", "example"] {
            if let Some(value) = members.remove(moved) {
                parameter[moved] = value;
            }
        }
    }
    parameter["schema"] = schema;
    parameter
}

/// A parameter that is not there is left out, never null.
fn without_null(mut schema: Value) -> Value {
    let null = json!("null");
    if let Some(members) = schema.as_object_mut() {
        if let Some(Value::Array(types)) = members.get_mut("type") {
            types.retain(|kind| *kind != null);
            if let [only] = types.as_slice() {
                let only = only.clone();
                members.insert("type".into(), only);
            }
        }
        if let Some(Value::Array(words)) = members.get_mut("enum") {
            words.retain(|word| !word.is_null());
        }
        if let Some(Value::Array(kinds)) = members.get_mut("anyOf") {
            kinds.retain(|kind| kind.get("type") != Some(&null));
            if let [Value::Object(only)] = kinds.as_slice() {
                let only = only.clone();
                members.remove("anyOf");
                for (name, value) in only {
                    members.entry(name).or_insert(value);
                }
            }
        }
    }
    schema
}

/// What is answered leaves absent members out.
fn tidy_answer(schema: Value) -> Value {
    let mut schema = tidy(schema);
    leave_out_nulls(&mut schema);
    schema
}

fn leave_out_nulls(schema: &mut Value) {
    match schema {
        Value::Array(items) => items.iter_mut().for_each(leave_out_nulls),
        Value::Object(members) => {
            let required = members.get("required").cloned().unwrap_or_default();
            let is_required = |name: &String| {
                let names = required.as_array().map_or(&[][..], Vec::as_slice);
                names.iter().any(|known| known.as_str() == Some(name))
            };
            if let Some(Value::Object(properties)) = members.get_mut("properties") {
                for (name, property) in properties {
                    if !is_required(name) {
                        *property = without_null(property.take());
                    }
                }
            }
            members.values_mut().for_each(leave_out_nulls);
        }
        _ => {}
    }
}

/// Descriptions without what only rustdoc understands, and on one line.
fn tidy(mut schema: Value) -> Value {
    tidy_in(&mut schema);
    schema
}

fn tidy_in(schema: &mut Value) {
    match schema {
        Value::Array(items) => items.iter_mut().for_each(tidy_in),
        Value::Object(members) => {
            if let Some(Value::String(text)) = members.get_mut("description") {
                *text = text
                    .replace('\n', " ")
                    .replace("[`", "`")
                    .replace("`]", "`")
                    .replace("crate::", "");
            }
            members.values_mut().for_each(tidy_in);
        }
        _ => {}
    }
}
