//! What a value asks of a field: text to test, by the field's kind.
//!
//! Promises: a test that fits the field's kind, or a refusal that says what the field takes. Must never guess: a value
//! that can't match any event is refused where that is certain.

use std::cmp::Ordering;

use ledger::event::{ACTOR_TYPES, OUTCOMES};
use ledger::time::Micros;
use ledger::vocabulary::{self, Category, NameError, Severity};

use crate::address::Network;
use crate::country;
use crate::error::Refusal;
use crate::field::{Field, Kind};
use crate::lexer::Form;
use crate::limits::{VALUE_BYTES_MAX, WORD_BYTES_MAX};
use crate::plan::{Bound, Number, Span, Test};
use crate::syntax::Value;
use crate::time::{self, Moment};
use crate::words::{fold, words};

/// What a value asks of a field.
pub(crate) fn test(field: &Field, value: &Value<'_>, now: Micros) -> Result<Test, Refusal> {
    let kind = field.kind();
    if *field != Field::Text
        && kind != Kind::Time
        && value.form == Form::Prefix
        && value.text.is_empty()
    {
        return Ok(Test::Exists);
    }
    match kind {
        Kind::Prose => of_words(value),
        Kind::Keyword if *field == Field::Operation => operation(value),
        Kind::Keyword if *field == Field::Country => country(value),
        Kind::Keyword => match known_values(field) {
            Some(known) => one_of_few(value, known),
            None => keyword(value),
        },
        Kind::Identifier => {
            if value.form == Form::Prefix {
                return Err(Refusal::new(value.place, "a whole identifier without `*`")
                    .hint("identifiers are matched whole"));
            }
            keyword(value)
        }
        Kind::Open => match numbers(value) {
            Numbers::Within(span) => Ok(Test::Number(span)),
            Numbers::Refused(refusal) => Err(refusal),
            Numbers::Single(_) | Numbers::None => keyword(value),
        },
        Kind::Number => match numbers(value) {
            Numbers::Within(span) => Ok(Test::Number(span)),
            Numbers::Single(number) => Ok(Test::Number(Span {
                min: Some(Bound::included(number.clone())),
                max: Some(Bound::included(number)),
            })),
            Numbers::Refused(refusal) => Err(refusal),
            Numbers::None => Err(Refusal::new(value.place, NUMBER_FORMS)),
        },
        Kind::Time => times(value, now),
        Kind::Address => network(value),
    }
}

const NUMBER_FORMS: &str = "a number, a comparison such as `>=5`, or a range such as `5..10`";

/// A whole value or the beginning of one.
fn keyword(value: &Value<'_>) -> Result<Test, Refusal> {
    if value.form != Form::Quoted && comparison(&value.text).is_some() {
        return Err(
            Refusal::new(value.place, "a value; this field can't be compared")
                .hint("a value that begins with `<` or `>` stands in quotes"),
        );
    }
    let folded = fold(&value.text).into_owned();
    if folded.is_empty() {
        return Err(Refusal::new(value.place, "a value")
            .hint("`*` stands for any value; with a `-` before the name, for none"));
    }
    if value.form != Form::Prefix {
        return Ok(Test::Is(folded));
    }
    if folded.len() > VALUE_BYTES_MAX {
        return Err(Refusal::new(
            value.place,
            format!("at most {VALUE_BYTES_MAX} bytes before a `*`"),
        ));
    }
    Ok(Test::StartsWith(folded))
}

/// Every value that a field can have, where events with others are refused.
fn known_values(field: &Field) -> Option<&'static [&'static str]> {
    match field {
        Field::Outcome => Some(&OUTCOMES),
        Field::ActorType => Some(&ACTOR_TYPES),
        _ => None,
    }
}

/// One of the known values, or the beginning of any: what is misspelt would find nothing and look like an answer.
fn one_of_few(value: &Value<'_>, known: &[&str]) -> Result<Test, Refusal> {
    let test = keyword(value)?;
    match &test {
        Test::Is(folded) if !known.contains(&folded.as_str()) => Err(Refusal::new(
            value.place,
            format!("one of {}", known.join(", ")),
        )),
        _ => Ok(test),
    }
}

/// The canonical name of an operation, whichever name was written.
fn operation(value: &Value<'_>) -> Result<Test, Refusal> {
    let test = keyword(value)?;
    let Test::Is(folded) = test else {
        return Ok(test);
    };
    // The server's own names are no producer's, and stand as they are.
    if folded.starts_with("veritrail.") {
        return Ok(Test::Is(folded));
    }
    match vocabulary::resolve(&value.text) {
        Ok(resolved) => Ok(Test::Is(resolved.name().to_owned())),
        Err(NameError::Reserved) => Err(Refusal::new(
            value.place,
            "the name of an operation of the server as it stands, such as `veritrail.key.created`",
        )),
        Err(_) => Err(
            Refusal::new(value.place, "an operation such as `deployment.created`")
                .hint("`deployment.*` stands for everything that happens to deployments"),
        ),
    }
}

/// The code of a country, whichever way it was named. A code of two letters that is no country's is taken as it stands:
/// databases have some, such as `EU`.
fn country(value: &Value<'_>) -> Result<Test, Refusal> {
    let test = keyword(value)?;
    let Test::Is(folded) = &test else {
        return Ok(test);
    };
    if let Some(code) = country::code_of(&value.text) {
        return Ok(Test::Is(fold(code).into_owned()));
    }
    if folded.len() == 2 && folded.bytes().all(|byte| byte.is_ascii_alphabetic()) {
        return Ok(test);
    }
    Err(Refusal::new(
        value.place,
        "a country's ISO code such as DE, or its English name",
    )
    .hint("a name of several words stands in quotes"))
}

fn of_words(value: &Value<'_>) -> Result<Test, Refusal> {
    let words: Vec<String> = words(&value.text)
        .map(std::borrow::Cow::into_owned)
        .collect();
    let Some(last) = words.last() else {
        return Err(Refusal::new(value.place, "a word: letters or digits")
            .hint("leave it out to find everything; signs between words are not searched for"));
    };
    let prefix = value.form == Form::Prefix;
    if prefix && last.len() > WORD_BYTES_MAX {
        return Err(Refusal::new(
            value.place,
            format!("at most {WORD_BYTES_MAX} bytes of a word before a `*`"),
        )
        .hint("longer words are matched whole"));
    }
    Ok(Test::Words { words, prefix })
}

fn network(value: &Value<'_>) -> Result<Test, Refusal> {
    Network::parse(&value.text)
        .filter(|_| value.form != Form::Prefix)
        .map(Test::Within)
        .ok_or_else(|| {
            Refusal::new(
                value.place,
                "an address such as `198.51.100.23` or a network such as `10.0.0.0/8`",
            )
        })
}

/// What begins a value that is compared.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Comparison {
    AtLeast,
    AtMost,
    Above,
    Below,
}

/// The comparison that a value begins with, and what follows it.
fn comparison(text: &str) -> Option<(Comparison, &str)> {
    [
        (">=", Comparison::AtLeast),
        ("<=", Comparison::AtMost),
        (">", Comparison::Above),
        ("<", Comparison::Below),
    ]
    .into_iter()
    .find_map(|(sign, comparison)| text.strip_prefix(sign).map(|rest| (comparison, rest)))
}

/// What a value says about numbers.
enum Numbers {
    /// A comparison or a range.
    Within(Span<Number>),
    /// A number by itself.
    Single(Number),
    /// Nothing.
    None,
    /// Something that is wrong.
    Refused(Refusal),
}

fn numbers(value: &Value<'_>) -> Numbers {
    let text = value.text.as_ref();
    if value.form == Form::Prefix {
        return Numbers::None;
    }
    if value.form == Form::Plain {
        if let Some((comparison, rest)) = comparison(text) {
            let Some(number) = Number::parse(rest) else {
                return Numbers::Refused(
                    Refusal::new(value.place, "a number behind the comparison")
                        .hint("a value that begins with `<` or `>` stands in quotes"),
                );
            };
            let (min, max) = match comparison {
                Comparison::AtLeast => (Some(Bound::included(number)), None),
                Comparison::AtMost => (None, Some(Bound::included(number))),
                Comparison::Above => (Some(Bound::excluded(number)), None),
                Comparison::Below => (None, Some(Bound::excluded(number))),
            };
            return Numbers::Within(Span { min, max });
        }
        let ends = text
            .split_once("..")
            .and_then(|(from, to)| Number::parse(from).zip(Number::parse(to)));
        if let Some((from, to)) = ends {
            if from.compare(&to) == Ordering::Greater {
                return Numbers::Refused(Refusal::new(
                    value.place,
                    "a range whose first number is the smaller",
                ));
            }
            return Numbers::Within(Span {
                min: Some(Bound::included(from)),
                max: Some(Bound::included(to)),
            });
        }
    }
    Number::parse(text).map_or(Numbers::None, Numbers::Single)
}

fn times(value: &Value<'_>, now: Micros) -> Result<Test, Refusal> {
    let text = value.text.as_ref();
    match comparison(text).filter(|_| value.form == Form::Plain) {
        None => during(value, now),
        Some((comparison, rest)) => {
            let moment = moment(rest, value, now)?;
            Ok(match comparison {
                Comparison::AtLeast => from(moment.start()),
                Comparison::Above => from(moment.end()),
                Comparison::Below => before(moment.start()),
                Comparison::AtMost => before(moment.end()),
            })
        }
    }
}

/// Times from a moment on.
pub(crate) fn since(value: &Value<'_>, now: Micros) -> Result<Test, Refusal> {
    Ok(from(moment(&value.text, value, now)?.start()))
}

/// Times before a moment.
pub(crate) fn until(value: &Value<'_>, now: Micros) -> Result<Test, Refusal> {
    Ok(before(moment(&value.text, value, now)?.start()))
}

/// Times within a period or between two moments, the second one's period included.
pub(crate) fn during(value: &Value<'_>, now: Micros) -> Result<Test, Refusal> {
    let text = value.text.as_ref();
    let (start, end) = match text.split_once("..").filter(|_| value.form == Form::Plain) {
        Some((from, to)) => {
            let (from, to) = (moment(from, value, now)?, moment(to, value, now)?);
            (from.start(), to.end())
        }
        None => match moment(text, value, now)? {
            Moment::Period { start, end } => (start, end),
            Moment::Point(_) => {
                return Err(Refusal::new(value.place, time::PERIOD_FORMS)
                    .hint("a time counted back from now begins a period: `since:24h`"));
            }
        },
    };
    if start >= end {
        return Err(Refusal::new(
            value.place,
            "a range whose first time is the earlier",
        ));
    }
    Ok(Test::Time(Span {
        min: Some(Bound::included(start)),
        max: Some(Bound::excluded(end)),
    }))
}

fn moment(text: &str, value: &Value<'_>, now: Micros) -> Result<Moment, Refusal> {
    if value.form == Form::Prefix {
        return Err(Refusal::new(value.place, time::FORMS)
            .hint("a time takes no `*`: `2026-03` is the whole month"));
    }
    time::moment(text, now).map_err(|problem| Refusal::new(value.place, problem.expected()))
}

fn from(start: i64) -> Test {
    Test::Time(Span {
        min: Some(Bound::included(start)),
        max: None,
    })
}

fn before(end: i64) -> Test {
    Test::Time(Span {
        min: None,
        max: Some(Bound::excluded(end)),
    })
}

/// The operations of a category.
pub(crate) fn category(value: &Value<'_>) -> Result<Test, Refusal> {
    let name = fold(&value.text);
    Category::ALL
        .into_iter()
        .find(|category| category.as_str() == name && value.form != Form::Prefix)
        .and_then(operations_of_category)
        .ok_or_else(|| {
            let names = Category::ALL.map(Category::as_str);
            Refusal::new(value.place, format!("one of {}", names.join(", ")))
        })
}

/// The operations of a severity or of a range of severities.
pub(crate) fn severity(value: &Value<'_>) -> Result<Test, Refusal> {
    let (range, name) = match comparison(&value.text).filter(|_| value.form == Form::Plain) {
        None => (None, value.text.as_ref()),
        Some((comparison, rest)) => (Some(comparison), rest),
    };
    let name = fold(name);
    let named = Severity::ALL
        .into_iter()
        .find(|severity| severity.as_str() == name && value.form != Form::Prefix);
    let Some(named) = named else {
        let names = Severity::ALL.map(Severity::as_str).join(", ");
        return Err(Refusal::new(
            value.place,
            format!("one of {names}, after a comparison such as `>=` perhaps"),
        ));
    };
    operations_of_severity(range, named)
        .ok_or_else(|| Refusal::new(value.place, "a comparison that some severity passes"))
}

fn operations_of_category(category: Category) -> Option<Test> {
    let names = vocabulary::all()
        .filter(|operation| operation.category == category)
        .map(|operation| operation.name.to_owned());
    Test::one_of(names)
}

fn operations_of_severity(range: Option<Comparison>, named: Severity) -> Option<Test> {
    let passes = |severity: Severity| match range {
        None => severity == named,
        Some(Comparison::AtLeast) => severity >= named,
        Some(Comparison::AtMost) => severity <= named,
        Some(Comparison::Above) => severity > named,
        Some(Comparison::Below) => severity < named,
    };
    let names = vocabulary::all()
        .filter(|operation| passes(operation.severity))
        .map(|operation| operation.name.to_owned());
    Test::one_of(names)
}

/// The shorthand that stands for exactly these operations, if there is one.
pub(crate) fn shorthand_of(test: &Test) -> Option<String> {
    let category = Category::ALL
        .into_iter()
        .find(|category| operations_of_category(*category).as_ref() == Some(test))
        .map(|category| format!("category:{category}"));
    let ranges = [
        ("", None),
        (">=", Some(Comparison::AtLeast)),
        ("<=", Some(Comparison::AtMost)),
    ];
    category.or_else(|| {
        ranges.into_iter().find_map(|(sign, range)| {
            Severity::ALL
                .into_iter()
                .find(|named| operations_of_severity(range, *named).as_ref() == Some(test))
                .map(|named| format!("severity:{sign}{named}"))
        })
    })
}
