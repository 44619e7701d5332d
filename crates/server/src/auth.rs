//! Who is calling and what they may do.
//!
//! Promises: a handler sees a tenant only through a `Caller`, which is bound to it by its key, or by a platform's key and
//! the name in the request's head (`sign_in`), or by a browser's session (`browser`) and what its person may there
//! (`grants`); every way of being refused answers alike; what a role may do stands in one table. Must never: compare
//! secrets in a way that time tells, or keep a key's text longer than its check.

mod admission;
mod attempts;
mod browser;
mod caller;
mod grants;
mod identity;
mod refusals;
mod role;
mod sender;
mod sessions;
mod sign_in;
mod standing;
mod token;

pub use role::{Act, may};
pub use token::{NotAToken, Token};

pub(crate) use admission::NotAdmitted;
pub(crate) use attempts::{Attempts, Peer};
pub(crate) use browser::{browser_cookie, cookie, is_secure, session_cookie, session_of};
pub(crate) use caller::{Caller, Destination};
pub(crate) use grants::is_for_persons;
pub(crate) use identity::Identity;
pub(crate) use refusals::{RefusalCounts, RefusalReason};
pub(crate) use sender::Sender;
pub(crate) use sessions::{Session, SessionEnd, Sessions, Whose};
pub(crate) use sign_in::{key_of, scope_admits};
pub(crate) use standing::{Ended, Standing};
pub(crate) use token::random_digits;
