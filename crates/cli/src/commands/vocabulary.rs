//! `veritrail vocabulary`: the built-in names of operations, and what a name stands for. Needs no server, but for `adopt`.

mod adopt;

use std::fmt::Write as _;
use std::path::Path;

use ledger::vocabulary::{self, Category, Mode, Operation, Resolved, sentence};
use serde_json::json;

use super::Ending;
use crate::input;
use crate::printer::Printer;

/// Longest list of names in bytes.
const NAMES_BYTES_MAX: u64 = 16 * 1024 * 1024;

/// Look at the built-in names of operations
#[derive(Debug, clap::Subcommand)]
pub(crate) enum Vocabulary {
    /// List all operations
    ///
    /// With what each means and how an event of it is told to people: ACTOR, RESOURCE and so on stand for what
    /// the event says.
    List(List),
    /// Say what names stand for
    ///
    /// Knows the built-in names, and none of a tenant's own. A name is canonical, an alias of a canonical one, unknown but well-formed (stored with a flag), or
    /// refused. Exits with 2 if any is refused.
    Check(Check),
    /// Make unknown names that were seen operations of the tenant's own
    Adopt(adopt::Adopt),
}

/// List all operations
#[derive(Debug, clap::Args)]
pub(crate) struct List {
    /// Only those of one category, such as `access_control`
    #[arg(long, value_name = "NAME")]
    category: Option<String>,

    /// Print JSON, with aliases and the templates of sentences
    #[arg(long)]
    json: bool,
}

/// Say what names stand for
#[derive(Debug, clap::Args)]
pub(crate) struct Check {
    /// The names; - reads one a line from standard input
    #[arg(value_name = "NAME", required = true)]
    names: Vec<String>,

    /// Refuse what is not canonical, as strict tenants do
    #[arg(long)]
    strict: bool,

    /// Print JSON, one object a line
    #[arg(long)]
    json: bool,
}

impl Vocabulary {
    pub(crate) fn run(self, printer: &mut Printer) -> anyhow::Result<Ending> {
        match self {
            Self::List(list) => Ok(list.run(printer)),
            Self::Check(check) => check.run(printer),
            Self::Adopt(adopt) => adopt.run(printer),
        }
    }
}

impl List {
    fn run(self, printer: &mut Printer) -> Ending {
        let wanted = |operation: &&'static Operation| {
            let category = self.category.as_deref();
            category.is_none_or(|category| category == operation.category.as_str())
        };
        let found: Vec<&Operation> = vocabulary::all().filter(wanted).collect();
        if found.is_empty() {
            let names = Category::ALL.map(Category::as_str);
            printer.error("no such category");
            printer.hint(&format!("the categories are {}", names.join(", ")));
            return Ending::Refused;
        }
        if self.json {
            let operations: Vec<_> = found.iter().map(|operation| described(operation)).collect();
            printer.json(&json!({ "operations": operations }).to_string());
        } else {
            let rows: Vec<Vec<String>> = found
                .iter()
                .map(|operation| {
                    vec![
                        operation.name.to_owned(),
                        operation.category.to_string(),
                        operation.severity.to_string(),
                        operation.description.to_owned(),
                        sentence::sample(operation),
                    ]
                })
                .collect();
            let heads = ["OPERATION", "CATEGORY", "SEVERITY", "MEANING", "SENTENCE"];
            printer.table(&heads, &rows);
        }
        Ending::Done
    }
}

impl Check {
    fn run(self, printer: &mut Printer) -> anyhow::Result<Ending> {
        let names = if self.names == ["-"] {
            let text = input::read_text(Path::new("-"), NAMES_BYTES_MAX)?;
            let lines = text.lines().map(str::trim);
            lines
                .filter(|line| !line.is_empty())
                .map(str::to_owned)
                .collect()
        } else {
            self.names
        };
        let mode = if self.strict {
            Mode::Strict
        } else {
            Mode::Open
        };
        let mut ending = Ending::Done;
        for name in &names {
            let verdict = Verdict::of(name, mode);
            if verdict.status == "refused" {
                ending = Ending::Refused;
            }
            if self.json {
                printer.json(&verdict.to_json(name));
            } else {
                printer.line(&verdict.sentence(name));
            }
        }
        Ok(ending)
    }
}

/// What a name stands for.
struct Verdict {
    status: &'static str,
    canonical: Option<String>,
    /// The built-in operation, if it is one.
    operation: Option<&'static Operation>,
    why: Option<String>,
}

impl Verdict {
    fn of(name: &str, mode: Mode) -> Self {
        match vocabulary::check(name, mode) {
            Ok(Resolved::Canonical(operation)) => Self::found("canonical", operation),
            Ok(Resolved::Alias { operation }) => Self::found("alias", operation),
            Ok(other) => Self {
                status: "unknown",
                canonical: Some(other.name().to_owned()),
                operation: None,
                why: vocabulary::suggest(name).map(|near| format!("near to {near}")),
            },
            Err(error) => Self {
                status: "refused",
                canonical: None,
                operation: None,
                why: Some(error.to_string()),
            },
        }
    }

    fn found(status: &'static str, operation: &'static Operation) -> Self {
        Self {
            status,
            canonical: Some(operation.name.to_owned()),
            operation: Some(operation),
            why: None,
        }
    }

    fn sentence(&self, name: &str) -> String {
        let mut text = format!("{name}: {}", self.status);
        if let Some(canonical) = self.canonical.as_deref().filter(|stored| *stored != name) {
            let relation = if self.status == "alias" {
                "of"
            } else {
                "stored as"
            };
            // Writing to a string does not fail.
            let _ = write!(text, " {relation} {canonical}");
        }
        if let Some(why) = &self.why {
            let _ = write!(text, ", {why}");
        }
        if let Some(operation) = self.operation {
            let _ = write!(text, ", told as \"{}\"", sentence::sample(operation));
        }
        text
    }

    fn to_json(&self, name: &str) -> String {
        let told = self.operation.map(|operation| operation.sentence);
        json!({
            "name": name,
            "status": self.status,
            "operation": self.canonical,
            "sentence": told,
            "detail": self.why,
        })
        .to_string()
    }
}

fn described(operation: &Operation) -> serde_json::Value {
    json!({
        "name": operation.name,
        "category": operation.category.as_str(),
        "severity": operation.severity.as_str(),
        "description": operation.description,
        "sentence": operation.sentence,
        "aliases": operation.aliases,
    })
}
