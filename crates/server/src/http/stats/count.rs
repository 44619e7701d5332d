//! `GET /v1/stats`: how many events a query finds, when, and with which values.

use std::sync::Arc;

use api::{Bucket, Searched, Statistics, TopValues};
use axum::body::Body;
use axum::extract::State;
use axum::http::{Response, StatusCode};
use query::Field;
use schemars::JsonSchema;
use serde::Deserialize;
use store::index::{BUCKETS_MAX, Counting, Interval, TOP_FIELDS_MAX, VALUES_MAX};

use crate::access::{Question, QuestionKind};
use crate::auth::{Act, Caller};
use crate::http::HttpError;
use crate::http::asked::{TIME_BYTES_MAX, Texts, WhichLog, whole};
use crate::http::countable;
use crate::http::extract::{Expected, Parameters};
use crate::http::json;
use crate::server::Server;

/// Values of each field unless another number is asked for.
const TOP_DEFAULT: usize = 10;
/// Buckets unless another number is asked for.
const BUCKETS_DEFAULT: usize = 60;
/// Widest bucket that can be asked for, in seconds: ten years.
const INTERVAL_SECONDS_MAX: i64 = 10 * 366 * 86_400;
const SECOND: i64 = 1_000_000;

/// What is counted.
#[derive(Clone, Debug, Default, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub(crate) struct CountParameters {
    /// The query.
    #[schemars(extend("maxLength" = query::limits::QUERY_BYTES_MAX, "example" = "operation:deployment.* outcome:failure"))]
    q: Option<String>,
    /// No event before this time, as `since:` takes it.
    #[schemars(extend("maxLength" = TIME_BYTES_MAX, "example" = "7d"))]
    since: Option<String>,
    /// No event at or after this time, as `until:` takes it.
    #[schemars(extend("maxLength" = TIME_BYTES_MAX, "example" = "2026-03-13"))]
    until: Option<String>,
    /// Fields whose most frequent values are wanted, with commas between them; at most 8.
    #[schemars(extend("example" = "operation,actor"))]
    by: Option<String>,
    /// Most values of each: 1 to 1000, by default 10.
    #[schemars(with = "Option<u16>", extend("minimum" = 1, "maximum" = VALUES_MAX, "default" = TOP_DEFAULT))]
    top: Option<String>,
    /// Width of the histogram's buckets: `auto` (by default), `none`, or a number with `s`, `m`, `h`, `d` or `w`.
    #[schemars(extend("pattern" = "^(auto|none|[0-9]+[smhdw])$", "default" = "auto", "example" = "1d"))]
    interval: Option<String>,
    /// Most buckets of `interval=auto`: 1 to 2000, by default 60.
    #[schemars(with = "Option<u16>", extend("minimum" = 1, "maximum" = BUCKETS_MAX, "default" = BUCKETS_DEFAULT))]
    buckets: Option<String>,
    /// `main` (by default) or `access`.
    #[schemars(extend("enum" = ["main", "access"], "default" = "main"))]
    log: Option<String>,
}

impl Expected for CountParameters {
    const EXPECTED: &'static str =
        "expected no parameters but q, since, until, by, top, interval, buckets and log, each once";
}

pub(crate) async fn count(
    State(server): State<Arc<Server>>,
    caller: Caller,
    Parameters(parameters): Parameters<CountParameters>,
) -> Result<Response<Body>, HttpError> {
    caller.require(Act::ReadEvents)?;
    let log = caller.log_to_search(WhichLog::read(parameters.log.as_deref())?)?;
    let top = fields(parameters.by.as_deref().unwrap_or_default())?;
    let limit = whole(
        "top",
        parameters.top.as_deref(),
        1..=VALUES_MAX,
        TOP_DEFAULT,
    )?;
    let histogram = interval(
        parameters.interval.as_deref(),
        parameters.buckets.as_deref(),
    )?;
    let texts = Texts::new(parameters.q, parameters.since, parameters.until);
    let counting = Counting {
        filter: texts.filter(server.clock.wall(), caller.known_countries())?,
        viewer: caller.viewer(),
        size: server.store.head(log).await?.size,
        histogram,
        top,
        limit,
    };
    let by: Vec<_> = counting.top.iter().map(Field::name).collect();
    let by = by.join(",");
    let question = Question {
        kind: QuestionKind::Statistics,
        log,
        texts: &texts,
        more: vec![("by", &by)],
    };
    let counted = server.answer_recorded(&caller, &question, async {
        Ok(server.index.statistics(log, &counting).await?)
    });
    let searched = Searched {
        log: log.log().to_string(),
        kind: log.kind().name().to_owned(),
        size: counting.size,
    };
    json::answer(StatusCode::OK, &shown(&counting, counted.await?, searched))
}

fn fields(by: &str) -> Result<Vec<Field>, HttpError> {
    let mut fields = Vec::new();
    for name in by.split(',').filter(|name| !name.is_empty()) {
        let field = countable::read("by", name)?;
        if !fields.contains(&field) {
            fields.push(field);
        }
    }
    if fields.len() > TOP_FIELDS_MAX {
        return Err(HttpError::bad_parameter(
            "by",
            format_args!("at most {TOP_FIELDS_MAX} fields"),
        ));
    }
    Ok(fields)
}

fn interval(width: Option<&str>, buckets: Option<&str>) -> Result<Option<Interval>, HttpError> {
    let buckets_max = whole("buckets", buckets, 1..=BUCKETS_MAX, BUCKETS_DEFAULT)?;
    match width {
        None | Some("auto") => return Ok(Some(Interval::Auto { buckets_max })),
        _ if buckets.is_some() => {
            return Err(HttpError::bad_parameter(
                "buckets",
                "none beside an interval other than auto",
            ));
        }
        Some("none") => return Ok(None),
        Some(_) => {}
    }
    let seconds = width
        .and_then(seconds)
        .filter(|seconds| (1..=INTERVAL_SECONDS_MAX).contains(seconds));
    let width = seconds.map(|seconds| Interval::Micros(seconds * SECOND));
    width.map(Some).ok_or_else(|| {
        HttpError::bad_parameter(
            "interval",
            "auto, none, or a width such as 15m, 1h, 1d or 1w",
        )
    })
}

fn seconds(text: &str) -> Option<i64> {
    let (digits, unit) = text.split_at_checked(text.len().checked_sub(1)?)?;
    let unit = match unit {
        "s" => 1,
        "m" => 60,
        "h" => 3_600,
        "d" => 86_400,
        "w" => 604_800,
        _ => return None,
    };
    let plain = digits.bytes().all(|byte| byte.is_ascii_digit());
    digits
        .parse::<i64>()
        .ok()
        .filter(|_| plain)?
        .checked_mul(unit)
}

fn shown(counting: &Counting, counted: store::index::Statistics, searched: Searched) -> Statistics {
    let top = counting.top.iter().zip(counted.top);
    let histogram = counted.histogram.into_iter();
    let interval = u64::try_from(counted.interval / SECOND).unwrap_or_default();
    Statistics {
        query: counting.filter.to_string(),
        total: counted.total,
        earliest: counted.earliest.map(|at| at.to_string()),
        latest: counted.latest.map(|at| at.to_string()),
        interval_seconds: (interval > 0).then_some(interval),
        histogram: histogram
            .map(|(at, count)| Bucket {
                at: at.to_string(),
                count,
            })
            .collect(),
        top: top
            .map(|(field, values)| TopValues {
                field: field.name().into_owned(),
                values: values.into_iter().map(value_count).collect(),
            })
            .collect(),
        searched,
    }
}

/// A value on the wire.
pub(in crate::http) fn value_count(found: store::index::ValueCount) -> api::ValueCount {
    api::ValueCount {
        value: found.value,
        count: found.count,
    }
}
