//! `GET /v1/fields`: what a query can name; with `field`, values to complete one with.

use std::sync::Arc;

use api::{Completions, Fields, ValueCount};
use axum::body::Body;
use axum::extract::State;
use axum::http::{Response, StatusCode};
use ledger::entry::Kind;
use ledger::vocabulary;
use query::Field;
use query::field::{FIELDS, SHORTHANDS};
use query::words::fold;
use schemars::JsonSchema;
use serde::Deserialize;
use store::LogRef;

use crate::access::{Question, QuestionKind};
use crate::auth::{Act, Caller};
use crate::http::HttpError;
use crate::http::asked::{Texts, WhichLog, whole};
use crate::http::countable;
use crate::http::extract::{Expected, Parameters};
use crate::http::json;
use crate::http::stats::count::value_count;
use crate::server::Server;

/// Most values.
const LIMIT_MAX: usize = 100;
/// Values unless another number is asked for.
const LIMIT_DEFAULT: usize = 20;
/// Longest beginning in bytes.
const PREFIX_BYTES_MAX: usize = 256;

/// Which values; every field when no field is named.
#[derive(Clone, Debug, Default, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub(crate) struct FieldParameters {
    /// The field whose values are wanted.
    #[schemars(extend("example" = "operation"))]
    field: Option<String>,
    /// What they begin with.
    #[schemars(extend("maxLength" = PREFIX_BYTES_MAX, "example" = "dep"))]
    prefix: Option<String>,
    /// Most values: 1 to 100, by default 20.
    #[schemars(with = "Option<u8>", extend("minimum" = 1, "maximum" = LIMIT_MAX, "default" = LIMIT_DEFAULT))]
    limit: Option<String>,
    /// `main` (by default) or `access`.
    #[schemars(extend("enum" = ["main", "access"], "default" = "main"))]
    log: Option<String>,
}

impl Expected for FieldParameters {
    const EXPECTED: &'static str =
        "expected no parameters but field, prefix, limit and log, each once";
}

pub(crate) async fn list(
    State(server): State<Arc<Server>>,
    caller: Caller,
    Parameters(parameters): Parameters<FieldParameters>,
) -> Result<Response<Body>, HttpError> {
    caller.require(Act::ReadEvents)?;
    let which = WhichLog::read(parameters.log.as_deref())?;
    let Some(name) = &parameters.field else {
        for (name, sent) in [("prefix", &parameters.prefix), ("limit", &parameters.limit)] {
            if sent.is_some() {
                return Err(HttpError::bad_parameter(name, "none without a field"));
            }
        }
        // What the language is made of shows nothing of anybody.
        return json::answer(StatusCode::OK, &every_field());
    };
    let log = caller.log_to_search(which)?;
    let field = countable::read("field", name)?;
    let limit = parameters.limit.as_deref();
    let limit = whole("limit", limit, 1..=LIMIT_MAX, LIMIT_DEFAULT)?;
    let prefix = parameters.prefix.as_deref().unwrap_or_default();
    if prefix.len() > PREFIX_BYTES_MAX {
        return Err(HttpError::bad_parameter(
            "prefix",
            format_args!("at most {PREFIX_BYTES_MAX} bytes"),
        ));
    }
    let (named, folded, viewer) = (field.name(), fold(prefix), caller.viewer());
    let question = Question {
        kind: QuestionKind::Values,
        log,
        texts: &Texts::default(),
        more: vec![("field", &named), ("prefix", prefix)],
    };
    let found = server.answer_recorded(&caller, &question, async {
        let values = server.index.values(log, &field, &folded, viewer, limit);
        Ok(values.await?)
    });
    let mut values: Vec<ValueCount> = found.await?.into_iter().map(value_count).collect();
    if field == Field::Operation {
        complete_operations(&mut values, &folded, log);
        values.truncate(limit);
    }
    let field = named.into_owned();
    json::answer(StatusCode::OK, &Completions { field, values })
}

/// Adds what the vocabulary has and no event of the log bears, by name.
fn complete_operations(values: &mut Vec<ValueCount>, prefix: &str, log: LogRef) {
    // The server's own stand in the logs that it keeps.
    let of_server = log.kind() != Kind::Main;
    let mut names: Vec<&str> = vocabulary::all()
        .filter(|operation| operation.is_reserved() == of_server)
        .map(|operation| operation.name)
        .filter(|name| name.starts_with(prefix))
        .filter(|name| values.iter().all(|known| known.value != *name))
        .collect();
    names.sort_unstable();
    values.extend(names.into_iter().map(|name| ValueCount {
        value: name.to_owned(),
        count: 0,
    }));
}

fn every_field() -> Fields {
    let owned = |names: &[&str]| names.iter().map(|name| (*name).to_owned()).collect();
    let fields = FIELDS.iter().map(|info| api::Field {
        name: info.name.to_owned(),
        aliases: owned(info.aliases),
        kind: info.kind.as_str().to_owned(),
        countable: countable::is_countable(info.kind),
        description: info.description.to_owned(),
        example: info.example.to_owned(),
    });
    let shorthands = SHORTHANDS.iter().map(|shorthand| api::Shorthand {
        name: shorthand.name.to_owned(),
        aliases: owned(shorthand.aliases),
        description: shorthand.description.to_owned(),
        example: shorthand.example.to_owned(),
    });
    Fields {
        fields: fields.collect(),
        shorthands: shorthands.collect(),
    }
}
