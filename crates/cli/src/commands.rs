//! One file for each verb. A command checks its arguments, acts, prints through [`crate::printer`], and says how it
//! ended; `main.rs` makes an exit code of that.

pub(crate) mod account;
pub(crate) mod completions;
pub(crate) mod doctor;
pub(crate) mod emit;
pub(crate) mod export;
pub(crate) mod fields;
pub(crate) mod import;
pub(crate) mod index;
pub(crate) mod key;
pub(crate) mod list;
pub(crate) mod log;
pub(crate) mod man;
pub(crate) mod producers;
pub(crate) mod prove;
pub(crate) mod reference;
pub(crate) mod serve;
pub(crate) mod session;
pub(crate) mod show;
pub(crate) mod source;
pub(crate) mod state;
pub(crate) mod stats;
pub(crate) mod tail;
pub(crate) mod tenant;
pub(crate) mod verify;
pub(crate) mod verify_export;
pub(crate) mod verify_proof;
pub(crate) mod vocabulary;

/// How a command ended that did what it was asked.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Ending {
    /// Done; verified.
    Done,
    /// Something stored contradicts itself or what was expected.
    Tampered,
    /// Something is wrong that should be put right.
    Ailing,
    /// Some of the input was refused; the output says which.
    Refused,
    /// Everything fits together, but nothing outside vouches for it.
    SelfConsistent,
}
