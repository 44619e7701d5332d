//! The whole system from outside: the real binary, its files and its HTTP, on its worst days.
//!
//! The binary is the one that cargo built beside these tests, or the one that `VERITRAIL_BIN` names (`make test`: the
//! release build). Every wait is bounded; what can't be tried on a machine is said in the output, never left out in
//! silence.
#![expect(
    clippy::unwrap_used,
    clippy::disallowed_methods,
    reason = "tests may fail loudly, write files that need not survive a power cut, and look at the clock"
)]

mod account;
mod command;
mod disk;
mod events;
mod found;
mod http;
mod misplaced;
mod outside;
mod planted;
mod secrets;
mod shutdown;
mod site;
mod stored;
mod stream;
mod torture;
