//! Events and parameters for software that is not ours, on stdout.
//!
//! Promises: the same numbers give the same bytes as the bench itself works with.

use std::io::{BufWriter, ErrorKind, Write};
use std::path::Path;

use serde_json::json;
use testkit::events::Events;

use super::{Error, drawing};

/// The events of a seed, one a line.
pub(crate) fn events(count: usize, seed: u64) -> Result<(), Error> {
    to_stdout(Events::new(seed).take(count))
}

/// Drawn parameters, one round of one query a line.
pub(crate) fn queries(path: &Path, rounds: usize, events: usize, seed: u64) -> Result<(), Error> {
    let questions = drawing::draw(path, events, seed, rounds)?;
    to_stdout(questions.iter().flat_map(|question| {
        question.rounds.iter().map(|parameters| {
            let text = question.text(parameters);
            json!({"name": question.name, "parameters": parameters, "veritrail": text}).to_string()
        })
    }))
}

fn to_stdout(lines: impl Iterator<Item = String>) -> Result<(), Error> {
    let mut out = BufWriter::with_capacity(1 << 20, std::io::stdout().lock());
    for line in lines {
        match writeln!(out, "{line}") {
            // Whoever reads has enough.
            Err(error) if error.kind() == ErrorKind::BrokenPipe => return Ok(()),
            written => written?,
        }
    }
    Ok(out.flush()?)
}
