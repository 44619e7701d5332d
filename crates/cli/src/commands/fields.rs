//! `veritrail fields`: what a query can name, and values to complete one with.

use api::{Completions, Fields as Named};

use super::Ending;
use crate::client::{Client, Connection, with_parameters};
use crate::pager::PagerChoice;
use crate::printer::Printer;
use crate::table::{Cell, Heading};

/// List what a query can name, or values to complete one with
#[derive(Debug, clap::Args)]
#[command(after_help = "\
Examples:
  veritrail fields
  veritrail fields --field operation --prefix env")]
pub(crate) struct Fields {
    /// The field whose values are wanted, the most frequent first
    #[arg(long, value_name = "NAME")]
    field: Option<String>,

    /// What they begin with
    #[arg(long, value_name = "TEXT", requires = "field")]
    prefix: Option<String>,

    /// Most values
    #[arg(long, value_name = "N", default_value_t = 20, requires = "field")]
    limit: u64,

    /// Print the answer as JSON
    #[arg(long)]
    json: bool,

    #[command(flatten)]
    pager: PagerChoice,

    #[command(flatten)]
    connection: Connection,
}

impl Fields {
    pub(crate) fn run(self, printer: &mut Printer) -> anyhow::Result<Ending> {
        let client = Client::new(&self.connection, printer)?;
        match &self.field {
            None => {
                let (text, named) = client.read_json("/v1/fields")?;
                self.print_fields(&text, &named, printer);
            }
            Some(field) => self.print_values(&client, field, printer)?,
        }
        Ok(Ending::Done)
    }

    fn print_fields(&self, text: &str, named: &Named, printer: &mut Printer) {
        if self.json {
            printer.json(text);
            return;
        }
        let headings = vec![
            Heading::whole("NAME"),
            Heading::whole("KIND"),
            Heading::new("WHAT IT IS").at_least(30),
            Heading::new("ALSO"),
            Heading::new("EXAMPLE").at_least(16),
        ];
        let row = |texts: [&str; 5]| texts.into_iter().map(Cell::new).collect();
        let fields = named.fields.iter().map(|field| {
            let also = field.aliases.join(", ");
            row([
                &field.name,
                &field.kind,
                &field.description,
                &also,
                &field.example,
            ])
        });
        let shorthands = named.shorthands.iter().map(|short| {
            let also = short.aliases.join(", ");
            row([
                &short.name,
                "shorthand",
                &short.description,
                &also,
                &short.example,
            ])
        });
        let rows: Vec<Vec<Cell>> = fields.chain(shorthands).collect();
        printer.page(self.pager.pager());
        printer.fitting_table(headings, &rows);
    }

    fn print_values(
        &self,
        client: &Client,
        field: &str,
        printer: &mut Printer,
    ) -> anyhow::Result<()> {
        let limit = self.limit.to_string();
        let prefix = self.prefix.as_deref();
        let path = with_parameters(
            "/v1/fields",
            &[
                ("field", Some(field)),
                ("prefix", prefix),
                ("limit", Some(&limit)),
            ],
        );
        let answer = client.read_json(&path).map_err(|failure| {
            failure.pointing_into(&[
                ("field", "--field ", field),
                ("prefix", "--prefix ", prefix.unwrap_or_default()),
                ("limit", "--limit ", &limit),
            ])
        });
        let (text, found): (String, Completions) = answer?;
        if self.json {
            printer.json(&text);
            return Ok(());
        }
        if found.values.is_empty() {
            printer.note("no value begins so");
            return Ok(());
        }
        let headings = vec![Heading::new("VALUE"), Heading::whole("EVENTS")];
        let rows = found.values.iter().map(|value| {
            let count = value.count.to_string();
            vec![Cell::new(&value.value), Cell::new(&count)]
        });
        printer.fitting_table(headings, &rows.collect::<Vec<_>>());
        Ok(())
    }
}
