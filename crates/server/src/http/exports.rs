//! Exports: a log, a range of it, or what a query finds in it, as one file, and the signed manifest that says what the file
//! holds. docs/formats/export.md has the bytes.

pub(crate) mod begin;
pub(crate) mod manifest;

mod feed;
mod file;
mod kept;
mod maker;
mod proofs;
mod table;

pub(crate) use kept::{CutExport, Exports};
