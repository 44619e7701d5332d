//! What `serve --demo` shows: a week in the life of a small platform that does not exist.
//!
//! Promises: the same day gives the same events under the same identifiers, and an earlier hour the beginning of them; every
//! event says `metadata.demo: true`; people, addresses and secrets are invented, under names and addresses that are kept
//! for examples. Must never: look at a clock, or hold anything that anybody uses.
//!
//! The stories, each in its file: [`leak`], [`rollback`], [`deleted_variable`]; the ordinary days around them:
//! [`sign_ins`], [`pipelines`], [`configuration`], [`access`], [`databases`], [`infrastructure`].

mod access;
mod calendar;
mod cast;
mod configuration;
mod databases;
mod deleted_variable;
mod dice;
mod event;
mod infrastructure;
mod leak;
mod pipelines;
mod places;
mod rollback;
mod script;
mod sign_ins;

use ledger::time::Micros;
use serde_json::Value;

pub(crate) use calendar::Calendar;
pub(crate) use cast::JONAS as CONTRACTOR;
use script::Script;

/// The events of the week that ends with the calendar's day, as far as they happened before `until`, oldest first, each as
/// a producer sends it.
pub(crate) fn week(calendar: Calendar, until: Micros) -> Vec<Value> {
    let mut script = Script::new(calendar);
    sign_ins::tell(&mut script);
    pipelines::tell(&mut script);
    configuration::tell(&mut script);
    access::tell(&mut script);
    databases::tell(&mut script);
    infrastructure::tell(&mut script);
    leak::tell(&mut script);
    rollback::tell(&mut script);
    deleted_variable::tell(&mut script);
    script.sent(until)
}

/// The day of the demo that an event with this identifier is of, if it is of one.
pub(crate) fn day_of(id: &str) -> Option<Calendar> {
    let (stamp, _) = id.strip_prefix("demo-")?.split_once('-')?;
    Calendar::stamped(stamp)
}

#[cfg(test)]
mod tests;
