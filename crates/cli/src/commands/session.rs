//! `veritrail session`: browsers that are signed in. Takes an admin's key for the own tenant, or an operator's.

use api::{Session as Kept, Sessions};

use super::Ending;
use crate::client::{Client, Connection, encode, with_parameters};
use crate::printer::Printer;

/// List browsers that are signed in, and sign them out
#[derive(Debug, clap::Subcommand)]
pub(crate) enum Session {
    /// List browsers that are signed in
    List(List),
    /// Sign a browser out at once
    End(End),
}

/// List browsers that are signed in
#[derive(Debug, clap::Args)]
pub(crate) struct List {
    /// Those that may enter this tenant; an admin's own if left out, for an operator all
    #[arg(long, value_name = "TENANT")]
    tenant: Option<String>,

    /// Print the answer as JSON
    #[arg(long)]
    json: bool,

    #[command(flatten)]
    connection: Connection,
}

/// Sign a browser out at once
#[derive(Debug, clap::Args)]
pub(crate) struct End {
    /// The session's public id, as `session list` and access records say
    #[arg(value_name = "ID")]
    id: String,

    #[command(flatten)]
    connection: Connection,
}

impl Session {
    pub(crate) fn run(self, printer: &mut Printer) -> anyhow::Result<Ending> {
        match self {
            Self::List(list) => list.run(printer),
            Self::End(end) => end.run(printer),
        }
    }
}

impl List {
    fn run(self, printer: &mut Printer) -> anyhow::Result<Ending> {
        let client = Client::new(&self.connection, printer)?;
        let path = with_parameters("/v1/sessions", &[("tenant", self.tenant.as_deref())]);
        let (text, answer): (String, Sessions) = client.read_json(&path)?;
        if self.json {
            printer.json(&text);
            return Ok(Ending::Done);
        }
        let rows: Vec<Vec<String>> = answer.sessions.iter().map(row).collect();
        let heads = [
            "ID",
            "NAME",
            "WHOSE",
            "WITH",
            "TENANTS",
            "BEGUN",
            "LAST USED",
        ];
        printer.table(&heads, &rows);
        Ok(Ending::Done)
    }
}

impl End {
    fn run(self, printer: &mut Printer) -> anyhow::Result<Ending> {
        let client = Client::new(&self.connection, printer)?;
        client.delete(&format!("/v1/sessions/{}", encode(&self.id)))?;
        printer
            .note("signed out; whoever still has a key, a group or an account can sign in again");
        Ok(Ending::Done)
    }
}

fn row(session: &Kept) -> Vec<String> {
    let whose = session.email.as_ref().unwrap_or(&session.whose);
    vec![
        session.id.clone(),
        session.name.clone(),
        whose.clone(),
        session.with.clone(),
        session.tenants.join(","),
        session.begun_at.clone(),
        session.seen_at.clone(),
    ]
}
