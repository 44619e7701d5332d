//! Who is calling and what they may do.
//!
//! Promises: a handler sees a tenant only through a `Caller`, which is bound to it by its key, or by a platform's key and
//! the name in the request's head (`sign_in`); every way of being refused answers alike; what a role may do stands in one table. Must never: compare secrets in a way that time tells, or keep a key's
//! text longer than its check.

mod caller;
mod identity;
mod refusals;
mod role;
mod sender;
mod sign_in;
mod standing;
mod token;

pub use role::{Act, may};
pub use token::{NotAToken, Token};

pub(crate) use caller::{Caller, Destination};
pub(crate) use identity::{Identity, Person};
pub(crate) use refusals::{RefusalCounts, RefusalReason};
pub(crate) use sender::Sender;
pub(crate) use standing::{Ended, Standing};
pub(crate) use token::random_digits;
