//! The query language: text to a typed plan that every store understands, and the reference evaluator.
//!
//! Promises: the same text, time and event give the same answer everywhere; a text that is refused is refused with the
//! column and what was expected there; every size is bounded by [`limits`]. Does no I/O, reads no clock. Must never
//! know a store.
//!
//! Read in this order: [`field`] (what can be asked), [`plan`] (what a query means), [`parse()`] (from text),
//! [`document`] (what an event is to a query), [`place`] (where it came from), [`evaluate`] (the judge).

pub mod address;
pub mod country;
pub mod document;
pub mod error;
pub mod evaluate;
pub mod field;
pub mod limits;
pub mod place;
pub mod plan;
pub mod visibility;
pub mod words;

mod format;
mod lexer;
mod parser;
mod syntax;
mod time;
mod value;

pub use document::{Access, Document, Fact, Viewer};
pub use error::QueryError;
pub use field::{Field, Kind, Side};
pub use parser::{parse, parse_knowing};
pub use place::{Location, Nowhere, Places};
pub use plan::{Filter, Leaf, Test};
