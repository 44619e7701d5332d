//! The table of DESIGN section 10: what was measured beside what is wanted and what the peers do.

use super::peers::{NAMES, Peers};

/// Rows under headings.
pub(crate) struct Table {
    peers: Peers,
    lines: Vec<Line>,
}

enum Line {
    Heading(String),
    Row(Row),
}

/// One measurement.
pub(crate) struct Row {
    what: String,
    unit: Unit,
    ours: f64,
    must: Option<f64>,
    goal: Option<f64>,
    /// Names of the peers' rows, the first that a peer has, and the number in it.
    beside: (Vec<String>, &'static str),
}

/// What is counted, and so whether more is better.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(crate) enum Unit {
    PerSecond,
    Seconds,
    Millis,
    Micros,
    Bytes,
    Megabytes,
    Times,
}

impl Table {
    pub(crate) fn new(peers: Peers) -> Self {
        Self {
            peers,
            lines: Vec::new(),
        }
    }

    pub(crate) fn peers(&self) -> &Peers {
        &self.peers
    }

    pub(crate) fn heading(&mut self, text: impl Into<String>) {
        self.lines.push(Line::Heading(text.into()));
    }

    pub(crate) fn add(&mut self, row: Row) {
        self.lines.push(Line::Row(row));
    }

    #[expect(clippy::print_stdout, reason = "a tool whose output is its table")]
    pub(crate) fn print(&self) {
        print!(
            "\n{:<46} {:>10} {:>9} {:>9}  held",
            "what", "measured", "must", "goal"
        );
        println!("{}", NAMES.map(|name| format!(" {name:>18}")).concat());
        for line in &self.lines {
            match line {
                Line::Heading(text) => println!("\n{text}"),
                Line::Row(row) => println!("{}", row.text(&self.peers)),
            }
        }
        println!("\n×: how many times better than the peer we are; below 1, how much worse");
    }
}

impl Row {
    pub(crate) fn new(what: impl Into<String>, unit: Unit, ours: f64) -> Self {
        Self {
            what: what.into(),
            unit,
            ours,
            must: None,
            goal: None,
            beside: (Vec::new(), ""),
        }
    }

    /// What it has to be, and what it should be.
    pub(crate) fn wanted(mut self, must: f64, goal: impl Into<Option<f64>>) -> Self {
        (self.must, self.goal) = (Some(must), goal.into());
        self
    }

    /// Which number of the peers stands beside it.
    pub(crate) fn beside(mut self, rows: &[&str], number: &'static str) -> Self {
        self.beside = (rows.iter().map(|row| (*row).to_owned()).collect(), number);
        self
    }

    fn text(&self, peers: &Peers) -> String {
        let wanted =
            |value: Option<f64>| value.map_or_else(String::new, |value| self.unit.text(value));
        let held = match self.must {
            None => "",
            Some(must) if self.unit.is_as_good(self.ours, must) => "yes",
            Some(_) => "NO",
        };
        let mut text = format!(
            "{:<46} {:>10} {:>9} {:>9}  {held:<4}",
            self.what,
            self.unit.text(self.ours),
            wanted(self.must),
            wanted(self.goal),
        );
        let cells = NAMES.map(|peer| {
            let (rows, number) = &self.beside;
            let theirs = rows.iter().find_map(|row| peers.number(peer, row, number));
            let cell = theirs.map_or_else(String::new, |theirs| {
                let ratio = self.unit.ratio(self.ours, theirs);
                format!("{} ×{}", self.unit.text(theirs), short(ratio))
            });
            format!(" {cell:>18}")
        });
        text.push_str(&cells.concat());
        text.truncate(text.trim_end().len());
        text
    }
}

impl Unit {
    fn text(self, value: f64) -> String {
        match self {
            Self::PerSecond => format!("{value:.0}/s"),
            Self::Seconds => format!("{value:.2} s"),
            Self::Millis => format!("{} ms", short(value)),
            Self::Micros => format!("{value:.1} µs"),
            Self::Bytes => format!("{value:.0} B"),
            Self::Megabytes => format!("{value:.0} MB"),
            Self::Times => format!("{value:.2}×"),
        }
    }

    fn is_as_good(self, ours: f64, must: f64) -> bool {
        if self == Self::PerSecond {
            ours >= must
        } else {
            ours <= must
        }
    }

    fn ratio(self, ours: f64, theirs: f64) -> f64 {
        if self == Self::PerSecond {
            ours / theirs
        } else {
            theirs / ours
        }
    }
}

/// Three digits that count.
fn short(value: f64) -> String {
    match value {
        value if value < 10.0 => format!("{value:.2}"),
        value if value < 100.0 => format!("{value:.1}"),
        value => format!("{value:.0}"),
    }
}
