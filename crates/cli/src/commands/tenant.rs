//! `veritrail tenant`: makes and lists tenants. Takes an operator's key.

use api::{NewTenant, Tenant as Made, TenantChange, Tenants};

use super::Ending;
use crate::client::{Client, Connection, encode};
use crate::printer::Printer;

/// Make and list tenants
#[derive(Debug, clap::Subcommand)]
pub(crate) enum Tenant {
    /// Make a tenant with its logs
    Create(Create),
    /// List all tenants
    List(List),
    /// Show a tenant and its settings
    Show(Show),
    /// Change a tenant's settings; what is not named stays
    Set(Set),
}

/// Show a tenant and its settings
#[derive(Debug, clap::Args)]
pub(crate) struct Show {
    /// Its name
    #[arg(value_name = "NAME")]
    name: String,

    /// Print the answer as JSON
    #[arg(long)]
    json: bool,

    #[command(flatten)]
    connection: Connection,
}

/// Change a tenant's settings
#[derive(Debug, clap::Args)]
#[command(group(clap::ArgGroup::new("change").required(true).multiple(true)
    .args(["strict", "open", "known_countries", "mask_exception"])))]
pub(crate) struct Set {
    /// Its name
    #[arg(value_name = "NAME")]
    name: String,

    /// Refuse operations outside the vocabulary
    #[arg(long, conflicts_with = "open")]
    strict: bool,

    /// Accept well-formed names outside the vocabulary, with a flag
    #[arg(long)]
    open: bool,

    /// Countries from which nothing is unusual, as codes such as DE,PT; none to forget them
    #[arg(long, value_name = "CODES", value_delimiter = ',', num_args = 0..)]
    known_countries: Option<Vec<String>>,

    /// Keep these fields unmasked and no others: JSON pointers, array indexes as *
    #[arg(long, value_name = "POINTER", num_args = 0..)]
    mask_exception: Option<Vec<String>>,

    /// Print the answer as JSON
    #[arg(long)]
    json: bool,

    #[command(flatten)]
    connection: Connection,
}

/// Make a tenant with its logs
#[derive(Debug, clap::Args)]
pub(crate) struct Create {
    /// Its name: 1 to 63 of a-z, 0-9 and -, beginning with a letter or digit
    #[arg(value_name = "NAME")]
    name: String,

    /// Refuse operations outside the vocabulary
    #[arg(long)]
    strict: bool,

    /// Keep this field unmasked: a JSON pointer, array indexes as *; may be given more than once
    #[arg(long, value_name = "POINTER")]
    mask_exception: Vec<String>,

    /// Print the answer as JSON
    #[arg(long)]
    json: bool,

    #[command(flatten)]
    connection: Connection,
}

/// List all tenants
#[derive(Debug, clap::Args)]
pub(crate) struct List {
    /// Print the answer as JSON
    #[arg(long)]
    json: bool,

    #[command(flatten)]
    connection: Connection,
}

impl Tenant {
    pub(crate) fn run(self, printer: &mut Printer) -> anyhow::Result<Ending> {
        match self {
            Self::Create(create) => create.run(printer),
            Self::List(list) => list.run(printer),
            Self::Show(show) => show.run(printer),
            Self::Set(set) => set.run(printer),
        }
    }
}

impl Create {
    fn run(self, printer: &mut Printer) -> anyhow::Result<Ending> {
        let client = Client::new(&self.connection, printer)?;
        let new = NewTenant {
            name: self.name,
            strict: self.strict,
            mask_exceptions: self.mask_exception,
        };
        let (text, made): (String, Made) = client.post_json("/v1/tenants", &new)?;
        if self.json {
            printer.json(&text);
        } else {
            print(std::slice::from_ref(&made), printer);
            printer.note(&format!(
                "next: veritrail key create --tenant {} --role writer --source NAME --owner NAME",
                made.name
            ));
        }
        Ok(Ending::Done)
    }
}

impl List {
    fn run(self, printer: &mut Printer) -> anyhow::Result<Ending> {
        let client = Client::new(&self.connection, printer)?;
        let (text, answer): (String, Tenants) = client.read_json("/v1/tenants")?;
        if self.json {
            printer.json(&text);
        } else {
            print(&answer.tenants, printer);
        }
        Ok(Ending::Done)
    }
}

impl Show {
    fn run(self, printer: &mut Printer) -> anyhow::Result<Ending> {
        let client = Client::new(&self.connection, printer)?;
        let path = format!("/v1/tenants/{}", encode(&self.name));
        let (text, tenant): (String, Made) = client.read_json(&path)?;
        if self.json {
            printer.json(&text);
        } else {
            describe(&tenant, printer);
        }
        Ok(Ending::Done)
    }
}

impl Set {
    fn run(self, printer: &mut Printer) -> anyhow::Result<Ending> {
        let client = Client::new(&self.connection, printer)?;
        let change = TenantChange {
            strict: (self.strict || self.open).then_some(self.strict),
            mask_exceptions: self.mask_exception,
            known_countries: self
                .known_countries
                .map(|codes| codes.iter().map(|code| code.to_uppercase()).collect()),
            ..TenantChange::default()
        };
        let path = format!("/v1/tenants/{}", encode(&self.name));
        let (text, tenant): (String, Made) = client.post_json(&path, &change)?;
        if self.json {
            printer.json(&text);
        } else {
            describe(&tenant, printer);
        }
        Ok(Ending::Done)
    }
}

fn describe(tenant: &Made, printer: &mut Printer) {
    let list = |texts: &[String]| {
        if texts.is_empty() {
            "none".to_owned()
        } else {
            texts.join(", ")
        }
    };
    let names: Vec<String> = tenant.vocabulary.iter().map(|it| it.name.clone()).collect();
    let mode = if tenant.strict { "strict" } else { "open" };
    for (name, value) in [
        ("tenant", tenant.name.clone()),
        ("id", tenant.id.clone()),
        ("vocabulary", mode.to_owned()),
        ("own operations", list(&names)),
        ("known countries", list(&tenant.known_countries)),
        ("kept unmasked", list(&tenant.mask_exceptions)),
        ("main log", tenant.logs.main.clone()),
        ("access log", tenant.logs.access.clone()),
        ("created", tenant.created_at.clone()),
        ("changes", tenant.revision.to_string()),
    ] {
        printer.line(&format!("{name:<16}{value}"));
    }
}

fn print(tenants: &[Made], printer: &mut Printer) {
    let rows: Vec<Vec<String>> = tenants
        .iter()
        .map(|tenant| {
            let mode = if tenant.strict { "strict" } else { "open" };
            vec![
                tenant.name.clone(),
                mode.to_owned(),
                tenant.created_at.clone(),
                tenant.logs.main.clone(),
                tenant.logs.access.clone(),
            ]
        })
        .collect();
    printer.table(
        &["NAME", "MODE", "CREATED", "MAIN LOG", "ACCESS LOG"],
        &rows,
    );
}
