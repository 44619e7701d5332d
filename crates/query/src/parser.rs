//! Query text to plan: names become fields, values become tests.
//!
//! Promises: a plan in normal form, within every limit; the first mistake from the left decides what a refusal says of
//! a name or a value. Must never read a clock: the time is an argument.

use std::borrow::Cow;

use ledger::time::Micros;

use crate::error::{Place, QueryError, Refusal};
use crate::field::{Field, Kind, Meaning, Shorthand, suggestion};
use crate::lexer::Form;
use crate::limits::{LEAVES_MAX, QUERY_BYTES_MAX};
use crate::place::{UNFAMILIAR_COUNTRY, unfamiliar};
use crate::plan::{Filter, Test};
use crate::syntax::{Condition, Tree, Value, check_depth, read};
use crate::value;

/// Reads a query. `now` is what durations and names of days are counted from.
///
/// # Errors
/// [`QueryError`] with the column and what was expected there.
pub fn parse(text: &str, now: Micros) -> Result<Filter, QueryError> {
    parse_knowing(text, now, &[])
}

/// Reads a query of a tenant that knows some countries, by their ISO codes: what `flag:unfamiliar_country` means
/// depends on them, and is decided here. Without any, nothing is unfamiliar.
///
/// # Errors
/// [`QueryError`] with the column and what was expected there.
pub fn parse_knowing(
    text: &str,
    now: Micros,
    known_countries: &[String],
) -> Result<Filter, QueryError> {
    plan(text, now, known_countries).map_err(|refusal| refusal.within(text))
}

fn plan(text: &str, now: Micros, known_countries: &[String]) -> Result<Filter, Refusal> {
    if text.len() > QUERY_BYTES_MAX {
        let place = Place {
            start: QUERY_BYTES_MAX,
            end: text.len(),
        };
        return Err(Refusal::new(
            place,
            format!("a query of at most {QUERY_BYTES_MAX} bytes"),
        ));
    }
    let mut planner = Planner {
        now,
        unfamiliar: unfamiliar(known_countries),
        leaves: 0,
    };
    match read(text)? {
        None => Ok(Filter::All),
        Some(tree) => join(&tree, &mut |condition| planner.condition(condition)),
    }
}

/// A tree with every single one replaced by its filter.
fn join<T>(
    tree: &Tree<T>,
    one: &mut dyn FnMut(&T) -> Result<Filter, Refusal>,
) -> Result<Filter, Refusal> {
    let mut all = |members: &[Tree<T>]| -> Result<Vec<Filter>, Refusal> {
        members.iter().map(|member| join(member, one)).collect()
    };
    match tree {
        Tree::And(members) => Ok(Filter::every(all(members)?)),
        Tree::Or(members) => Ok(Filter::any(all(members)?)),
        Tree::Not(inner) => Ok(!join(inner, one)?),
        Tree::One(single) => one(single),
    }
}

/// What a name stands for.
enum Target {
    /// One of these fields.
    Fields(Cow<'static, [Field]>),
    /// Something else.
    Other(Meaning),
}

struct Planner {
    now: Micros,
    /// What the flag of that name means.
    unfamiliar: Option<Filter>,
    /// Conditions so far.
    leaves: usize,
}

impl Planner {
    fn condition(&mut self, condition: &Condition<'_>) -> Result<Filter, Refusal> {
        let target = match condition.name {
            None => Target::Fields(Cow::Borrowed(&[Field::Text])),
            Some((name, place)) => target(name).ok_or_else(|| unknown(name, place))?,
        };
        match target {
            Target::Fields(fields) => self.of_fields(&fields, &condition.values),
            Target::Other(meaning) => join(&condition.values, &mut |value| {
                self.count(1, value.place)?;
                self.of_meaning(meaning, value)
            }),
        }
    }

    fn of_fields(&mut self, fields: &[Field], values: &Tree<Value<'_>>) -> Result<Filter, Refusal> {
        let spread = |test: &Test| {
            let leaf = |field: &Field| Filter::leaf(field.clone(), test.clone());
            Filter::any(fields.iter().map(leaf))
        };
        if let Some(test) = self.one_of(fields, values)? {
            return Ok(spread(&test));
        }
        join(values, &mut |value| {
            let test = self.test(fields, value)?;
            if let Some(unfamiliar) = self.unfamiliar(fields, &test) {
                // Written out, it stands in parentheses and has a negation and a group within.
                check_depth(value.depth + 3, value.place)?;
                let unfamiliar = unfamiliar.clone();
                self.count(unfamiliar.leaves().count(), value.place)?;
                return Ok(unfamiliar);
            }
            self.count(fields.len(), value.place)?;
            Ok(spread(&test))
        })
    }

    /// A group of nothing but whole values is a single condition.
    fn one_of(
        &mut self,
        fields: &[Field],
        values: &Tree<Value<'_>>,
    ) -> Result<Option<Test>, Refusal> {
        let Tree::Or(members) = values else {
            return Ok(None);
        };
        let mut texts = Vec::with_capacity(members.len());
        for member in members {
            let Tree::One(value) = member else {
                return Ok(None);
            };
            let test = self.test(fields, value)?;
            if self.unfamiliar(fields, &test).is_some() {
                return Ok(None);
            }
            let Test::Is(text) = test else {
                return Ok(None);
            };
            texts.push((text, value.place));
        }
        for (_, place) in &texts {
            self.count(fields.len(), *place)?;
        }
        Ok(Test::one_of(texts.into_iter().map(|(text, _)| text)))
    }

    /// What stands for a test of the flag that is no event's own.
    fn unfamiliar(&self, fields: &[Field], test: &Test) -> Option<&Filter> {
        let is_asked =
            fields == [Field::Flag] && matches!(test, Test::Is(text) if text == UNFAMILIAR_COUNTRY);
        self.unfamiliar.as_ref().filter(|_| is_asked)
    }

    /// What a value asks of fields, which are of one kind when there are several.
    fn test(&self, fields: &[Field], value: &Value<'_>) -> Result<Test, Refusal> {
        if fields.len() > 1 {
            // Written out, these fields stand in parentheses.
            check_depth(value.depth + 1, value.place)?;
        }
        match fields.first() {
            Some(field) => value::test(field, value, self.now),
            None => Err(Refusal::new(value.place, "a value of a field")),
        }
    }

    fn of_meaning(&mut self, meaning: Meaning, value: &Value<'_>) -> Result<Filter, Refusal> {
        let at = |test| Filter::leaf(Field::Timestamp, test);
        match meaning {
            Meaning::AnyOf(fields) => self.of_fields(fields, &Tree::One(value.clone())),
            Meaning::Category => {
                value::category(value).map(|test| Filter::leaf(Field::Operation, test))
            }
            Meaning::Severity => {
                value::severity(value).map(|test| Filter::leaf(Field::Operation, test))
            }
            Meaning::Since => value::since(value, self.now).map(at),
            Meaning::Until => value::until(value, self.now).map(at),
            Meaning::During => value::during(value, self.now).map(at),
            Meaning::Has => self.has(value),
        }
    }

    fn has(&mut self, value: &Value<'_>) -> Result<Filter, Refusal> {
        let named = target(&value.text).filter(|_| value.form != Form::Prefix);
        let Some(Target::Fields(fields)) = named else {
            return Err(Refusal::new(value.place, "a field that events may have"));
        };
        let every_event_has = |field: &Field| field.kind() == Kind::Time || *field == Field::Text;
        if fields.iter().any(every_event_has) {
            return Err(Refusal::new(
                value.place,
                "a field that not every event has",
            ));
        }
        if fields.len() > 1 {
            check_depth(value.depth + 1, value.place)?;
            self.count(fields.len() - 1, value.place)?;
        }
        let leaf = |field: &Field| Filter::leaf(field.clone(), Test::Exists);
        Ok(Filter::any(fields.iter().map(leaf)))
    }

    fn count(&mut self, leaves: usize, place: Place) -> Result<(), Refusal> {
        self.leaves += leaves;
        if self.leaves > LEAVES_MAX {
            return Err(Refusal::new(
                place,
                format!(
                    "at most {LEAVES_MAX} conditions; a name that stands for several fields counts for each"
                ),
            ));
        }
        Ok(())
    }
}

fn target(name: &str) -> Option<Target> {
    if let Some(field) = Field::parse(name) {
        return Some(Target::Fields(Cow::Owned(vec![field])));
    }
    Some(match Shorthand::parse(name)?.meaning {
        Meaning::AnyOf(fields) => Target::Fields(Cow::Borrowed(fields)),
        meaning => Target::Other(meaning),
    })
}

fn unknown(name: &str, place: Place) -> Refusal {
    let refusal = Refusal::new(place, "a field; there is none of this name");
    let lower = name.to_ascii_lowercase();
    let quote = "to search for the text as it stands, put it in quotes";
    match (lower.trim_end_matches('.'), suggestion(name)) {
        ("http" | "https", _) => refusal.hint("put an address of the web in quotes"),
        ("metadata", _) => refusal.hint("name the value: `metadata.<path>:`"),
        ("changes", _) => refusal.hint("name the changed field: `changes.<name>:`"),
        (_, Some(near)) => refusal.hint(format!("did you mean `{near}`? {quote}")),
        (_, None) => refusal.hint(quote),
    }
}
