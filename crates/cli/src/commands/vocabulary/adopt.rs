//! `veritrail vocabulary adopt`: unknown names that were seen become operations of the tenant's own. Takes an admin's key.

use std::collections::BTreeSet;

use api::{OwnOperation, Statistics, Tenant, TenantChange, ValueCount};
use ledger::vocabulary::{Category, Severity, suggest};

use super::super::Ending;
use crate::client::{Client, Connection, with_parameters};
use crate::failure::Failure;
use crate::printer::Printer;

/// Where an admin's own tenant is, whatever its name.
const OWN: &str = "/v1/tenants/_own";
/// Most unknown names that are looked at.
const NAMES: &str = "1000";

/// Make unknown names that were seen operations of the tenant's own
///
/// Without names, lists what was seen that is not in the vocabulary. An adopted name is no longer flagged, and strict
/// tenants take it. Events that are stored already stay as they are.
#[derive(Debug, clap::Args)]
pub(crate) struct Adopt {
    /// The names to adopt
    #[arg(value_name = "NAME", conflicts_with = "all")]
    names: Vec<String>,

    /// Adopt every unknown name that was seen
    #[arg(long)]
    all: bool,

    /// What they are about, such as `infrastructure`
    #[arg(long, value_name = "CATEGORY", default_value = "configuration")]
    category: String,

    /// How much attention they deserve: info, notice, warning or critical
    #[arg(long, value_name = "SEVERITY", default_value = "info")]
    severity: String,

    /// One plain sentence, for a single name
    #[arg(long, value_name = "TEXT", default_value = "")]
    description: String,

    /// Adopt names that were not seen, too
    #[arg(long)]
    unseen: bool,

    /// Print the answer as JSON
    #[arg(long)]
    json: bool,

    #[command(flatten)]
    connection: Connection,
}

impl Adopt {
    pub(crate) fn run(self, printer: &mut Printer) -> anyhow::Result<Ending> {
        if Category::parse(&self.category).is_none() {
            let names = Category::ALL.map(Category::as_str).join(", ");
            return Err(Failure::usage(format!("--category: expected one of {names}")).into());
        }
        if Severity::parse(&self.severity).is_none() {
            let expected = "--severity: expected info, notice, warning or critical";
            return Err(Failure::usage(expected).into());
        }
        let client = Client::new(&self.connection, printer)?;
        let (_, tenant): (String, Tenant) = client.read_json(OWN)?;
        let known: BTreeSet<&str> = tenant
            .vocabulary
            .iter()
            .map(|it| it.name.as_str())
            .collect();
        let mut seen = seen(&client)?;
        seen.retain(|it| !known.contains(it.value.as_str()));
        let names: Vec<String> = if self.all {
            seen.iter().map(|it| it.value.clone()).collect()
        } else {
            self.names.clone()
        };
        if names.is_empty() {
            list(&seen, self.json, printer);
            return Ok(Ending::Done);
        }
        let unseen = names
            .iter()
            .find(|name| !self.unseen && !seen.iter().any(|it| it.value == **name));
        if let Some(name) = unseen {
            let why = format!("{name} was not seen, or is known already");
            return Err(Failure::usage(why)
                .hint("veritrail vocabulary adopt lists what was seen; --unseen adopts a name all the same")
                .into());
        }
        self.adopt(&client, &tenant, &names, printer)
    }

    fn adopt(
        &self,
        client: &Client,
        tenant: &Tenant,
        names: &[String],
        printer: &mut Printer,
    ) -> anyhow::Result<Ending> {
        let mut vocabulary = tenant.vocabulary.clone();
        vocabulary.extend(names.iter().map(|name| OwnOperation {
            name: name.clone(),
            category: self.category.clone(),
            severity: self.severity.clone(),
            description: self.description.clone(),
            aliases: Vec::new(),
        }));
        let change = TenantChange {
            revision: Some(tenant.revision),
            vocabulary: Some(vocabulary),
            ..TenantChange::default()
        };
        let (text, changed): (String, Tenant) = client.post_json(OWN, &change)?;
        if self.json {
            printer.json(&text);
        } else {
            for name in names {
                printer.line(name);
            }
            let all = changed.vocabulary.len();
            printer.note(&format!(
                "{} adopted; {} has {all} of its own",
                names.len(),
                changed.name
            ));
        }
        Ok(Ending::Done)
    }
}

/// Names that were stored as they came, and how often.
fn seen(client: &Client) -> anyhow::Result<Vec<ValueCount>> {
    let path = with_parameters(
        "/v1/stats",
        &[
            ("q", Some("flag:unknown_operation")),
            ("by", Some("operation")),
            ("top", Some(NAMES)),
            ("interval", Some("none")),
        ],
    );
    let (_, answer): (String, Statistics) = client.read_json(&path)?;
    let top = answer.top.into_iter().next();
    Ok(top.map(|top| top.values).unwrap_or_default())
}

fn list(seen: &[ValueCount], json: bool, printer: &mut Printer) {
    if json {
        let seen = seen.iter().map(|it| {
            serde_json::json!({"name": it.value, "events": it.count, "near": suggest(&it.value)})
        });
        let text = serde_json::Value::Array(seen.collect()).to_string();
        printer.json(&text);
        return;
    }
    if seen.is_empty() {
        printer.note("every operation that was seen is in the vocabulary");
        return;
    }
    let rows: Vec<Vec<String>> = seen
        .iter()
        .map(|it| {
            let near = suggest(&it.value).unwrap_or("-").to_owned();
            vec![it.value.clone(), it.count.to_string(), near]
        })
        .collect();
    printer.table(&["NAME", "EVENTS", "NEAR"], &rows);
    printer.note("adopt with veritrail vocabulary adopt NAME…, or --all");
}
