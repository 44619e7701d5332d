//! Bringing in what other systems kept: rows of audit tables, and files of events.
//!
//! Promises: every event is stored once however often an import runs or breaks off, because its id is made of what it came
//! from and the server keeps ids for ever; what could not be brought in is counted under a name and never stops the rest;
//! memory does not grow with what is read. Must never: print or store a password, or leave an import without a record of
//! itself among the events.
//!
//! A reader ([`table`], [`files`]) hands events to the [`intake`], which gathers them for the [`sender`], counts
//! ([`tally`]) and remembers how far it is ([`state`]). Tables, and files of rows, become events by a [`map`].

pub(crate) mod account;
pub(crate) mod address;
pub(crate) mod database_tls;
pub(crate) mod files;
pub(crate) mod intake;
pub(crate) mod map;
pub(crate) mod mapped;
pub(crate) mod opened;
pub(crate) mod preset;
pub(crate) mod recipe;
pub(crate) mod rejected;
pub(crate) mod row;
pub(crate) mod select;
pub(crate) mod sender;
pub(crate) mod state;
pub(crate) mod stop;
pub(crate) mod table;
pub(crate) mod tally;
pub(crate) mod walk;
