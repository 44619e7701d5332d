//! The language from outside: what texts mean, which are refused and how, and whether events are judged as the plan says.
#![expect(
    clippy::unwrap_used,
    clippy::disallowed_methods,
    reason = "tests may fail loudly, and write files that need not survive a power cut"
)]

mod accepted;
mod calendar;
mod evaluation;
mod generated;
mod places;
mod reference;
mod refused;

use ledger::time::Micros;

/// The time of every test: a Thursday in the eleventh week.
fn now() -> Micros {
    Micros::parse("2026-03-12T14:32:07.123456Z").unwrap()
}

/// Another time, at which plans that were written out mean the same.
fn later() -> Micros {
    Micros::parse("2031-11-30T03:04:05.678901Z").unwrap()
}
