//! `veritrail account`: people who may sign in. Takes an admin's key for the own tenant, or an operator's.

use api::{Account as Kept, Accounts, NewAccount};

use super::Ending;
use crate::client::{Client, Connection, encode, with_parameters};
use crate::printer::Printer;

/// Give people accounts, list and end them
#[derive(Debug, clap::Subcommand)]
pub(crate) enum Account {
    /// Give a person an account; they sign in with the identity provider of the server
    Create(Create),
    /// List accounts, those that have ended, too
    List(List),
    /// End an account at once
    End(End),
}

/// Give a person an account
#[derive(Debug, clap::Args)]
pub(crate) struct Create {
    /// Their address, which the identity provider must have verified
    #[arg(
        value_name = "EMAIL",
        required_unless_present = "subject",
        conflicts_with = "subject"
    )]
    email: Option<String>,

    /// In the place of the address: what the identity provider calls them for ever
    #[arg(long, value_name = "SUBJECT")]
    subject: Option<String>,

    /// What they may do: analyst, reader, auditor or admin; in _instance reader, auditor or operator; several with commas
    #[arg(long, value_name = "ROLE", required = true, value_delimiter = ',')]
    role: Vec<String>,

    /// Where they may; an admin's own tenant if left out
    #[arg(long, value_name = "TENANT")]
    tenant: Option<String>,

    /// When it ends: a day (its end in UTC) or a time, such as 2027-03-31
    #[arg(long, value_name = "TIME")]
    ends: Option<String>,

    /// Print the answer as JSON
    #[arg(long)]
    json: bool,

    #[command(flatten)]
    connection: Connection,
}

/// List accounts, those that have ended, too
#[derive(Debug, clap::Args)]
pub(crate) struct List {
    /// Those of this tenant; an admin's own if left out, for an operator everybody's
    #[arg(long, value_name = "TENANT")]
    tenant: Option<String>,

    /// Print the answer as JSON
    #[arg(long)]
    json: bool,

    #[command(flatten)]
    connection: Connection,
}

/// End an account at once
#[derive(Debug, clap::Args)]
pub(crate) struct End {
    /// The account's public id, as `account list` says
    #[arg(value_name = "ID")]
    id: String,

    /// Whose it is; an admin's own tenant if left out
    #[arg(long, value_name = "TENANT")]
    tenant: Option<String>,

    #[command(flatten)]
    connection: Connection,
}

impl Account {
    pub(crate) fn run(self, printer: &mut Printer) -> anyhow::Result<Ending> {
        match self {
            Self::Create(create) => create.run(printer),
            Self::List(list) => list.run(printer),
            Self::End(end) => end.run(printer),
        }
    }
}

impl Create {
    fn run(self, printer: &mut Printer) -> anyhow::Result<Ending> {
        let client = Client::new(&self.connection, printer)?;
        let new = NewAccount {
            tenant: self.tenant,
            email: self.email,
            subject: self.subject,
            roles: self.role,
            ends_at: self.ends,
        };
        let (text, made): (String, Kept) = client.post_json("/v1/accounts", &new)?;
        if self.json {
            printer.json(&text);
            return Ok(Ending::Done);
        }
        printer.line(&made.id);
        let end = made.ends_at.as_deref().unwrap_or("never");
        printer.note(&format!(
            "{} may sign in to {} as {}, and the account ends {end}",
            person(&made),
            made.tenant,
            made.roles.join(", "),
        ));
        Ok(Ending::Done)
    }
}

impl List {
    fn run(self, printer: &mut Printer) -> anyhow::Result<Ending> {
        let client = Client::new(&self.connection, printer)?;
        let path = with_parameters("/v1/accounts", &[("tenant", self.tenant.as_deref())]);
        let (text, answer): (String, Accounts) = client.read_json(&path)?;
        if self.json {
            printer.json(&text);
            return Ok(Ending::Done);
        }
        let rows: Vec<Vec<String>> = answer.accounts.iter().map(row).collect();
        printer.table(
            &["ID", "PERSON", "TENANT", "ROLES", "CREATED", "ENDS"],
            &rows,
        );
        Ok(Ending::Done)
    }
}

impl End {
    fn run(self, printer: &mut Printer) -> anyhow::Result<Ending> {
        let client = Client::new(&self.connection, printer)?;
        let path = format!("/v1/accounts/{}", encode(&self.id));
        client.delete(&with_parameters(
            &path,
            &[("tenant", self.tenant.as_deref())],
        ))?;
        printer.note("ended; whoever is signed in by it may nothing from their next request on");
        Ok(Ending::Done)
    }
}

fn person(account: &Kept) -> &str {
    let name = account.email.as_deref().or(account.subject.as_deref());
    name.unwrap_or_default()
}

fn row(account: &Kept) -> Vec<String> {
    let end = match (&account.ended_at, &account.ends_at) {
        (Some(at), _) => format!("ended {at}"),
        (None, Some(at)) => at.clone(),
        (None, None) => "never".to_owned(),
    };
    vec![
        account.id.clone(),
        person(account).to_owned(),
        account.tenant.clone(),
        account.roles.join(","),
        account.created_at.clone(),
        end,
    ]
}
