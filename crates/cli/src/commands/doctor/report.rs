//! The findings, for people and for programs.
//!
//! Promises: what is worst comes first, each group under a word that says what it is; on a terminal lines are broken at
//! words. Members of the JSON are only ever added.

use ledger::time::Micros;
use serde_json::json;

use crate::commands::Ending;
use crate::doctor::{Finding, Verdict};
use crate::printer::{Mood, Printer};
use crate::width::width;

/// Columns of the checks' names.
const NAME_COLUMNS: usize = 15;
/// How far the first line of a finding stands in.
const INDENT: &str = "  ";
/// Narrower than this is left to the terminal.
const TEXT_COLUMNS_MIN: usize = 24;

/// All findings, and what was looked at.
#[derive(Clone, Debug)]
pub(super) struct Report {
    /// When.
    pub(super) at: Micros,
    /// The data directory.
    pub(super) data: String,
    /// The keys directory.
    pub(super) keys: String,
    /// Where the server was asked.
    pub(super) url: String,
    /// One of each check.
    pub(super) findings: Vec<Finding>,
}

impl Report {
    /// How it ended.
    pub(super) fn ending(&self, strict: bool) -> Ending {
        match self.worst() {
            Verdict::Problem => Ending::Ailing,
            Verdict::Warning if strict => Ending::Ailing,
            _ => Ending::Done,
        }
    }

    /// For people.
    pub(super) fn print(&self, printer: &mut Printer) {
        let columns = printer.screen().map(|screen| screen.columns);
        for verdict in Verdict::ALL {
            let of_it = self.of(verdict);
            if of_it.is_empty() {
                continue;
            }
            heading(verdict, of_it.len(), printer);
            for finding in of_it {
                for line in lines(finding, columns) {
                    printer.line(&line);
                }
            }
        }
        printer.line("");
        let mood = match self.worst() {
            Verdict::Problem => Mood::Bad,
            Verdict::Warning => Mood::Doubtful,
            _ => Mood::Good,
        };
        printer.verdict(mood, &self.sentence());
    }

    /// For programs: one object.
    pub(super) fn print_json(&self, printer: &mut Printer) {
        let finding = |finding: &&Finding| {
            json!({
                "id": finding.id, "verdict": finding.verdict.name(), "found": finding.found,
                "advice": finding.advice, "details": finding.details,
            })
        };
        let sorted: Vec<&Finding> = Verdict::ALL
            .iter()
            .flat_map(|verdict| self.of(*verdict))
            .collect();
        let report = json!({
            "verdict": self.worst().name(), "at": self.at.to_string(), "version": env!("CARGO_PKG_VERSION"),
            "data": self.data, "keys": self.keys, "url": self.url,
            "findings": sorted.iter().map(finding).collect::<Vec<_>>(),
        });
        printer.json(&report.to_string());
    }

    fn of(&self, verdict: Verdict) -> Vec<&Finding> {
        let of_it = self
            .findings
            .iter()
            .filter(|finding| finding.verdict == verdict);
        of_it.collect()
    }

    /// What is unknown is no worse than a note.
    fn worst(&self) -> Verdict {
        let judged = self.findings.iter().map(|finding| finding.verdict);
        judged.min().unwrap_or(Verdict::Unknown)
    }

    fn sentence(&self) -> String {
        let count = |verdict| self.of(verdict).len();
        let unknown = match count(Verdict::Unknown) {
            0 => String::new(),
            1 => "; 1 check could not be made".to_owned(),
            many => format!("; {many} checks could not be made"),
        };
        let found = match (count(Verdict::Problem), count(Verdict::Warning)) {
            (0, 0) => "Nothing is wrong".to_owned(),
            (0, warnings) => numbered(warnings, "warning"),
            (problems, 0) => numbered(problems, "problem"),
            (problems, warnings) => format!(
                "{}, {}",
                numbered(problems, "problem"),
                numbered(warnings, "warning")
            ),
        };
        format!("{found} in {} checks{unknown}.", self.findings.len())
    }
}

fn numbered(count: usize, noun: &str) -> String {
    let plural = if count == 1 { "" } else { "s" };
    format!("{count} {noun}{plural}")
}

fn heading(verdict: Verdict, count: usize, printer: &mut Printer) {
    let (mood, one, many) = match verdict {
        Verdict::Problem => (Some(Mood::Bad), "Problem", "Problems"),
        Verdict::Warning => (Some(Mood::Doubtful), "Warning", "Warnings"),
        Verdict::Unknown => (None, "Unknown", "Unknown"),
        Verdict::Note => (None, "Note", "Notes"),
        Verdict::Fine => (Some(Mood::Good), "OK", "OK"),
    };
    let word = if count == 1 { one } else { many };
    match mood {
        Some(mood) => printer.verdict(mood, word),
        None => printer.heading(word),
    }
}

/// One finding: its name and sentence, what it is about, what to do.
fn lines(finding: &Finding, columns: Option<usize>) -> Vec<String> {
    let indent = " ".repeat(INDENT.len() + NAME_COLUMNS);
    let first = format!("{INDENT}{:NAME_COLUMNS$}", finding.id);
    let mut lines = broken(&first, &finding.found, &indent, columns);
    for detail in &finding.details {
        lines.extend(broken(
            &format!("{indent}- "),
            detail,
            &format!("{indent}  "),
            columns,
        ));
    }
    if let Some(advice) = &finding.advice {
        lines.extend(broken(
            &format!("{indent}→ "),
            advice,
            &format!("{indent}  "),
            columns,
        ));
    }
    lines
}

/// A text behind `first`, broken at spaces into lines that begin with `next`.
fn broken(first: &str, text: &str, next: &str, columns: Option<usize>) -> Vec<String> {
    let room = columns.map(|columns| columns.saturating_sub(width(next)));
    let Some(room) = room.filter(|room| *room >= TEXT_COLUMNS_MIN) else {
        return vec![format!("{first}{text}")];
    };
    let mut lines = Vec::new();
    let mut line = first.to_owned();
    let mut taken = 0;
    for word in text.split(' ') {
        let wide = width(word);
        if taken > 0 && taken + 1 + wide > room {
            lines.push(std::mem::replace(&mut line, next.to_owned()));
            taken = 0;
        }
        if taken > 0 {
            line.push(' ');
            taken += 1;
        }
        line.push_str(word);
        taken += wide;
    }
    lines.push(line);
    lines
}

#[cfg(test)]
mod tests {
    use super::*;

    fn report(verdicts: &[Verdict]) -> Report {
        let finding = |verdict: &Verdict| Finding {
            verdict: *verdict,
            ..Finding::fine("x", "y")
        };
        Report {
            at: Micros::from_micros(0),
            data: "d".into(),
            keys: "k".into(),
            url: "u".into(),
            findings: verdicts.iter().map(finding).collect(),
        }
    }

    #[test]
    fn problems_end_with_1_and_warnings_when_asked() {
        use Verdict::{Fine, Note, Problem, Unknown, Warning};
        let fine = report(&[Fine, Note, Unknown]);
        assert_eq!(
            (fine.ending(false), fine.ending(true)),
            (Ending::Done, Ending::Done)
        );
        assert_eq!(
            fine.sentence(),
            "Nothing is wrong in 3 checks; 1 check could not be made."
        );
        let warned = report(&[Fine, Warning]);
        assert_eq!(
            (warned.ending(false), warned.ending(true)),
            (Ending::Done, Ending::Ailing)
        );
        let wrong = report(&[Problem, Problem, Warning]);
        assert_eq!(wrong.ending(false), Ending::Ailing);
        assert_eq!(wrong.sentence(), "2 problems, 1 warning in 3 checks.");
    }

    #[test]
    fn long_sentences_break_at_words_on_terminals_only() {
        let finding = Finding::note(
            "disk",
            "a long sentence about the disk and what is free on it",
        )
        .advice("make room");
        let wide = lines(&finding, None);
        assert_eq!(wide.len(), 2);
        let narrow = lines(&finding, Some(45));
        assert_eq!(narrow.len(), 3, "{narrow:?}");
        assert!(narrow.iter().all(|line| width(line) <= 45), "{narrow:?}");
        let joined: Vec<&str> = narrow
            .iter()
            .flat_map(|line| line.split_whitespace())
            .collect();
        assert!(
            joined
                .join(" ")
                .contains("about the disk and what is free on it")
        );
    }
}
