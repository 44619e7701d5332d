//! `veritrail tenant`: makes and lists tenants. Takes an operator's key.

use api::{NewTenant, Tenant as Made, Tenants};

use super::Ending;
use crate::client::{Client, Connection};
use crate::printer::Printer;

/// Make and list tenants
#[derive(Debug, clap::Subcommand)]
pub(crate) enum Tenant {
    /// Make a tenant with its logs
    Create(Create),
    /// List all tenants
    List(List),
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
