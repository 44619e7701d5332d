//! What `tests/bench/peers.py` printed.

use std::collections::BTreeMap;
use std::path::Path;

use serde_json::Value;

use super::Error;

/// The peers in the order of the table.
pub(crate) const NAMES: [&str; 3] = ["postgres", "postgres-gin", "clickhouse"];

/// Rows by peer and name. Empty when there was no file.
#[derive(Default)]
pub(crate) struct Peers(BTreeMap<(String, String), Value>);

impl Peers {
    pub(crate) fn read(path: &Path) -> Result<Self, Error> {
        let text = std::fs::read_to_string(path)
            .map_err(|error| format!("{}: {error}", path.display()))?;
        let mut rows = BTreeMap::new();
        for line in text.lines() {
            let row: Value = serde_json::from_str(line)?;
            let text = |name: &str| row[name].as_str().unwrap_or_default().to_owned();
            let mut name = text("row");
            if let Some(round) = row["round"].as_u64() {
                name = format!("{name}/{round}");
            }
            rows.insert((text("peer"), name), row);
        }
        Ok(Self(rows))
    }

    /// A number of a row.
    pub(crate) fn number(&self, peer: &str, row: &str, name: &str) -> Option<f64> {
        self.row(peer, row)?[name].as_f64()
    }

    /// The ids that a peer answered to a round of a question, in order of their text.
    pub(crate) fn answer(&self, peer: &str, question: &str, round: usize) -> Option<Vec<&str>> {
        let row = self.row(peer, &format!("answer/{question}/{round}"))?;
        let mut ids: Vec<&str> = row["ids"]
            .as_array()?
            .iter()
            .filter_map(Value::as_str)
            .collect();
        ids.sort_unstable();
        Some(ids)
    }

    fn row(&self, peer: &str, row: &str) -> Option<&Value> {
        self.0.get(&(peer.to_owned(), row.to_owned()))
    }
}
