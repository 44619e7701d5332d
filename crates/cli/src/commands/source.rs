//! `veritrail source`: ways in for vendors. Takes an admin's key or an operator's.

use std::path::Path;

use api::{CreatedSource, NewSource, NoiseRules, Source as Kept, Sources};
use serde::Serialize;

use super::Ending;
use crate::client::{Client, Connection, encode, with_parameters};
use crate::failure::Failure;
use crate::input;
use crate::printer::Printer;

/// Longest file with rules in bytes.
const RULES_BYTES_MAX: u64 = 64 * 1024;

/// Make, list, change and close ways in for vendors' webhooks and streams
#[derive(Debug, clap::Subcommand)]
pub(crate) enum Source {
    /// Make a source; prints its address and its secret, this once
    Create(Create),
    /// List sources
    List(List),
    /// Give a source a new secret; the one before is taken for another day
    Rotate(Named),
    /// Show or replace what of a source need not be kept
    Rules(Rules),
    /// Close a source for good
    Close(Named),
}

/// Make a source
#[derive(Debug, clap::Args)]
pub(crate) struct Create {
    /// What sends to it: github, gitlab, kubernetes, cloudtrail, argocd, cloudevents or hec
    #[arg(value_name = "VENDOR")]
    vendor: String,

    /// Its name: 1 to 64 of a-z, 0-9, _, . and -
    #[arg(long, value_name = "NAME")]
    name: String,

    /// Whose it is; without it the key's own tenant, or `default`
    #[arg(long, value_name = "TENANT")]
    tenant: Option<String>,

    /// What need not be kept, as JSON in this file (- for stdin); without it the vendor's own rules
    #[arg(long, value_name = "FILE")]
    rules: Option<String>,

    /// Print the answer as JSON
    #[arg(long)]
    json: bool,

    #[command(flatten)]
    connection: Connection,
}

/// List sources
#[derive(Debug, clap::Args)]
pub(crate) struct List {
    /// Those of this tenant only
    #[arg(long, value_name = "TENANT")]
    tenant: Option<String>,

    /// Print the answer as JSON
    #[arg(long)]
    json: bool,

    #[command(flatten)]
    connection: Connection,
}

/// One source
#[derive(Debug, clap::Args)]
pub(crate) struct Named {
    /// The source's name
    #[arg(value_name = "NAME")]
    name: String,

    /// Whose it is; without it the key's own tenant, or `default`
    #[arg(long, value_name = "TENANT")]
    tenant: Option<String>,

    /// Print the answer as JSON
    #[arg(long)]
    json: bool,

    #[command(flatten)]
    connection: Connection,
}

/// Show or replace what of a source need not be kept
#[derive(Debug, clap::Args)]
pub(crate) struct Rules {
    #[command(flatten)]
    named: Named,

    /// The new rules, as JSON in this file (- for stdin)
    #[arg(long, value_name = "FILE", conflicts_with = "default")]
    set: Option<String>,

    /// Back to the vendor's own rules
    #[arg(long)]
    default: bool,
}

/// The body that replaces rules.
#[derive(Serialize)]
struct NewRules {
    rules: Option<NoiseRules>,
}

impl Source {
    pub(crate) fn run(self, printer: &mut Printer) -> anyhow::Result<Ending> {
        match self {
            Self::Create(create) => create.run(printer),
            Self::List(list) => list.run(printer),
            Self::Rotate(named) => rotate(&named, printer),
            Self::Rules(rules) => rules.run(printer),
            Self::Close(named) => close(&named, printer),
        }
    }
}

impl Create {
    fn run(self, printer: &mut Printer) -> anyhow::Result<Ending> {
        let client = Client::new(&self.connection, printer)?;
        let new = NewSource {
            tenant: self.tenant,
            name: self.name,
            vendor: self.vendor,
            rules: self.rules.as_deref().map(read_rules).transpose()?,
        };
        let (text, made): (String, CreatedSource) = client.post_json("/v1/sources", &new)?;
        if self.json {
            printer.json(&text);
        } else {
            reveal(&client, &made, printer);
        }
        Ok(Ending::Done)
    }
}

impl List {
    fn run(self, printer: &mut Printer) -> anyhow::Result<Ending> {
        let client = Client::new(&self.connection, printer)?;
        let path = with_parameters("/v1/sources", &[("tenant", self.tenant.as_deref())]);
        let (text, answer): (String, Sources) = client.read_json(&path)?;
        if self.json {
            printer.json(&text);
            return Ok(Ending::Done);
        }
        let rows: Vec<Vec<String>> = answer.sources.iter().map(row).collect();
        printer.table(
            &[
                "NAME", "TENANT", "VENDOR", "ADDRESS", "RULES", "CREATED", "STATE",
            ],
            &rows,
        );
        Ok(Ending::Done)
    }
}

impl Rules {
    fn run(self, printer: &mut Printer) -> anyhow::Result<Ending> {
        let client = Client::new(&self.named.connection, printer)?;
        let named = &self.named;
        let source = if self.set.is_some() || self.default {
            let rules = self.set.as_deref().map(read_rules).transpose()?;
            let path = path_under(named, "/rules");
            let (_, source): (String, Kept) = client.post_json(&path, &NewRules { rules })?;
            source
        } else {
            let path = with_parameters("/v1/sources", &[("tenant", named.tenant.as_deref())]);
            let (_, answer): (String, Sources) = client.read_json(&path)?;
            let mut sources = answer.sources.into_iter();
            let open = sources.find(|it| it.name == named.name && it.closed_at.is_none());
            open.ok_or_else(|| Failure::usage("there is no open source of this name"))?
        };
        let text = serde_json::to_string_pretty(&source.rules)?;
        printer.json(&text);
        if source.default_rules {
            printer.note("these are the vendor's own rules");
        }
        Ok(Ending::Done)
    }
}

fn rotate(named: &Named, printer: &mut Printer) -> anyhow::Result<Ending> {
    let client = Client::new(&named.connection, printer)?;
    let path = path_under(named, "/rotate");
    let (text, made): (String, CreatedSource) = client.post_json(&path, &serde_json::json!({}))?;
    if named.json {
        printer.json(&text);
    } else {
        reveal(&client, &made, printer);
    }
    Ok(Ending::Done)
}

fn close(named: &Named, printer: &mut Printer) -> anyhow::Result<Ending> {
    let client = Client::new(&named.connection, printer)?;
    client.delete(&path_under(named, ""))?;
    printer.note("closed; deliveries to it are refused from now on, and its events stay");
    Ok(Ending::Done)
}

/// Address and secret, and where they go.
fn reveal(client: &Client, made: &CreatedSource, printer: &mut Printer) {
    let source = &made.source;
    printer.line(&format!("url     {}{}", client.base(), source.path));
    printer.line(&format!("secret  {}", made.secret));
    let how = match source.vendor.as_str() {
        "github" => {
            "in GitHub: Settings, Webhooks, Add webhook; content type application/json; the secret as secret"
        }
        "gitlab" => "in GitLab: Settings, Webhooks; the secret as secret token",
        "hec" => {
            "as a Splunk HTTP event collector: host and port of this server, the secret as token"
        }
        _ => "sent with every request as Authorization: Bearer SECRET",
    };
    printer.note(&format!(
        "the secret is not shown again; {how} (docs/guide/sources.md)"
    ));
    if let Some(until) = &source.old_secret_until {
        printer.note(&format!(
            "the secret before this one is taken until {until}"
        ));
    }
}

fn row(source: &Kept) -> Vec<String> {
    let rules = if source.default_rules {
        "vendor's".to_owned()
    } else {
        let rules = &source.rules;
        let count = rules.include.len() + rules.exclude.len() + rules.sample.len();
        format!("own ({count})")
    };
    let state = match (&source.closed_at, &source.old_secret_until) {
        (Some(at), _) => format!("closed {at}"),
        (None, Some(until)) => format!("open, old secret until {until}"),
        (None, None) => "open".to_owned(),
    };
    vec![
        source.name.clone(),
        source.tenant.clone(),
        source.vendor.clone(),
        source.path.clone(),
        rules,
        source.created_at.clone(),
        state,
    ]
}

fn read_rules(path: &str) -> anyhow::Result<NoiseRules> {
    let text = input::read_text(Path::new(path), RULES_BYTES_MAX)?;
    serde_json::from_str(&text).map_err(|error| {
        let (line, column) = (error.line(), error.column());
        let why = format!("{path}:{line}:{column}: no noise rules: {error}");
        Failure::usage(why).into()
    })
}

fn path_under(named: &Named, verb: &str) -> String {
    let path = format!("/v1/sources/{}{verb}", encode(&named.name));
    with_parameters(&path, &[("tenant", named.tenant.as_deref())])
}
