//! The databases of `--geoip`: read, checked, and asked together.
//!
//! Promises: a file that can't be used stops the start and is named, before anything is made or listened to.

use std::fs::File;
use std::io::Read as _;
use std::path::{Path, PathBuf};
use std::sync::Arc;

use geo::database::BYTES_MAX;
use geo::{Database, Databases};
use query::{Nowhere, Places};

use crate::failure::Failure;

/// What the settings name; nothing, when they name nothing.
pub(super) fn open(paths: &[PathBuf]) -> Result<Arc<dyn Places>, Failure> {
    if paths.is_empty() {
        return Ok(Arc::new(Nowhere));
    }
    let mut databases = Vec::with_capacity(paths.len());
    for path in paths {
        let database = read(path).map_err(|why| {
            Failure::usage(unusable(path, &why))
                .hint("--geoip wants MaxMind DB files (.mmdb) of countries or cities; fetch this one again")
        })?;
        let source = database.source();
        let (kind, built_at) = (&source.kind, source.built_at);
        tracing::info!(database = %kind, %built_at, "a database of places is in use");
        databases.push(database);
    }
    let databases =
        Databases::new(databases).map_err(|error| Failure::usage(format!("--geoip: {error}")))?;
    Ok(Arc::new(databases))
}

/// Why a start with these would be refused: a sentence for each that can't be used.
pub(crate) fn refusals(paths: &[PathBuf]) -> Vec<String> {
    let (mut databases, mut refusals) = (Vec::new(), Vec::new());
    for path in paths {
        match read(path) {
            Ok(database) => databases.push(database),
            Err(why) => refusals.push(unusable(path, &why)),
        }
    }
    if let Err(error) = Databases::new(databases) {
        refusals.push(format!("--geoip: {error}"));
    }
    refusals
}

fn unusable(path: &Path, why: &str) -> String {
    format!("{} can't be used for --geoip: {why}", path.display())
}

/// A database, or why there is none in one sentence.
fn read(path: &Path) -> Result<Database, String> {
    let unreadable = |error: std::io::Error| error.to_string();
    // A pipe would be waited for, and a device may have no end.
    if !std::fs::metadata(path).map_err(unreadable)?.is_file() {
        return Err("it is no regular file".to_owned());
    }
    // No more than fits, however large the file says it is.
    let mut file = File::open(path)
        .map_err(unreadable)?
        .take(BYTES_MAX as u64 + 1);
    let mut bytes = Vec::new();
    file.read_to_end(&mut bytes).map_err(unreadable)?;
    Database::read(bytes).map_err(|error| {
        let mut why = error.to_string();
        let mut cause = std::error::Error::source(&error);
        while let Some(error) = cause {
            why = format!("{why}: {error}");
            cause = error.source();
        }
        why
    })
}
