//! `veritrail key`: makes, lists and revokes API keys. Takes an operator's key, or an admin's for the own tenant.
//!
//! Promises: a new key is the only line on stdout, so that `VERITRAIL_KEY=$(veritrail key create …)` works; it is shown
//! once and kept nowhere.

use api::{CreatedKey, Key as Stored, Keys, NewKey};

use super::Ending;
use crate::client::{Client, Connection, encode};
use crate::printer::Printer;

/// Make, list and revoke API keys
#[derive(Debug, clap::Subcommand)]
pub(crate) enum Key {
    /// Make a key and print it, once
    Create(Create),
    /// List keys, revoked and expired ones too
    List(List),
    /// End a key at once
    Revoke(Revoke),
}

/// Make a key and print it, once
#[derive(Debug, clap::Args)]
pub(crate) struct Create {
    /// What it may do: writer, analyst, reader, auditor, admin or operator (the last two not with --platform); several
    /// with commas
    #[arg(long, value_name = "ROLE", required = true, value_delimiter = ',')]
    role: Vec<String>,

    /// The way in that it stands for, such as ci or dashboard; event ids are unique within it
    #[arg(long, value_name = "NAME")]
    source: String,

    /// Whose key it is, for people
    #[arg(long, value_name = "NAME")]
    owner: String,

    /// The tenant it is bound to; an admin's own if left out
    #[arg(long, value_name = "NAME")]
    tenant: Option<String>,

    /// For a platform: it names the tenant of each request in the header Veritrail-Tenant; takes an operator's key
    #[arg(long, conflicts_with = "tenant")]
    platform: bool,

    /// With --platform: sending events to a tenant that is not there makes it
    #[arg(long = "create-tenants", requires = "platform")]
    makes_tenants: bool,

    /// When it ends: a number with s, m, h or d, such as 24h
    #[arg(long, value_name = "DURATION", value_parser = seconds)]
    expires: Option<u64>,

    /// Print the answer as JSON
    #[arg(long)]
    json: bool,

    #[command(flatten)]
    connection: Connection,
}

/// List keys, revoked and expired ones too
#[derive(Debug, clap::Args)]
pub(crate) struct List {
    /// Whose keys; an admin's own if left out, for an operator everybody's
    #[arg(long, value_name = "NAME")]
    tenant: Option<String>,

    /// Those of platforms
    #[arg(long, conflicts_with = "tenant")]
    platform: bool,

    /// Print the answer as JSON
    #[arg(long)]
    json: bool,

    #[command(flatten)]
    connection: Connection,
}

/// End a key at once
#[derive(Debug, clap::Args)]
pub(crate) struct Revoke {
    /// The key's public id: the 8 characters after vtk_
    #[arg(value_name = "ID")]
    id: String,

    #[command(flatten)]
    connection: Connection,
}

impl Key {
    pub(crate) fn run(self, printer: &mut Printer) -> anyhow::Result<Ending> {
        match self {
            Self::Create(create) => create.run(printer),
            Self::List(list) => list.run(printer),
            Self::Revoke(revoke) => revoke.run(printer),
        }
    }
}

impl Create {
    fn run(self, printer: &mut Printer) -> anyhow::Result<Ending> {
        let client = Client::new(&self.connection, printer)?;
        let new = NewKey {
            tenant: self.tenant,
            platform: self.platform,
            create_tenants: self.makes_tenants,
            roles: self.role,
            source: self.source,
            owner: self.owner,
            expires_in_seconds: self.expires,
        };
        let (text, created): (String, CreatedKey) = client.post_json("/v1/keys", &new)?;
        if self.json {
            printer.json(&text);
            return Ok(Ending::Done);
        }
        printer.line(&created.key);
        let end = created.stored.expires_at.as_deref().unwrap_or("never");
        printer.note(&format!(
            "key {} of {} for {}, source {}, expires {end}. It is not shown again.",
            created.stored.id,
            whose(&created.stored),
            created.stored.roles.join(", "),
            created.stored.source,
        ));
        Ok(Ending::Done)
    }
}

impl List {
    fn run(self, printer: &mut Printer) -> anyhow::Result<Ending> {
        let client = Client::new(&self.connection, printer)?;
        let query = match self.tenant {
            Some(tenant) => format!("?tenant={}", encode(&tenant)),
            None if self.platform => "?platform=true".to_owned(),
            None => String::new(),
        };
        let (text, answer): (String, Keys) = client.read_json(&format!("/v1/keys{query}"))?;
        if self.json {
            printer.json(&text);
        } else {
            let rows: Vec<Vec<String>> = answer.keys.iter().map(row).collect();
            let heading = [
                "ID", "TENANT", "ROLES", "SOURCE", "OWNER", "CREATED", "ENDS",
            ];
            printer.table(&heading, &rows);
        }
        Ok(Ending::Done)
    }
}

impl Revoke {
    fn run(self, printer: &mut Printer) -> anyhow::Result<Ending> {
        let client = Client::new(&self.connection, printer)?;
        client.delete(&format!("/v1/keys/{}", encode(&self.id)))?;
        printer.note(&format!("key {} is revoked", self.id));
        Ok(Ending::Done)
    }
}

/// A tenant's name, or what else it is; no tenant's name has a parenthesis.
fn whose(key: &Stored) -> String {
    match &key.tenant {
        Some(tenant) => tenant.clone(),
        None if key.create_tenants => "(platform, makes tenants)".to_owned(),
        None => "(platform)".to_owned(),
    }
}

fn row(key: &Stored) -> Vec<String> {
    let end = match (&key.revoked_at, &key.expires_at) {
        (Some(at), _) => format!("revoked {at}"),
        (None, Some(at)) => at.clone(),
        (None, None) => "never".to_owned(),
    };
    vec![
        key.id.clone(),
        whose(key),
        key.roles.join(","),
        key.source.clone(),
        key.owner.clone(),
        key.created_at.clone(),
        end,
    ]
}

fn seconds(text: &str) -> Result<u64, String> {
    let expected = "expected a number with s, m, h or d, such as 24h".to_owned();
    let unit = match text.as_bytes().last() {
        Some(b's') => 1,
        Some(b'm') => 60,
        Some(b'h') => 3_600,
        Some(b'd') => 86_400,
        _ => return Err(expected),
    };
    let count = text
        .get(..text.len() - 1)
        .and_then(|count| count.parse::<u64>().ok());
    let seconds = count.and_then(|count| count.checked_mul(unit));
    seconds.filter(|seconds| *seconds > 0).ok_or(expected)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn durations_have_a_unit_and_are_never_nothing() {
        assert_eq!(seconds("24h"), Ok(86_400));
        assert_eq!(seconds("90d"), Ok(7_776_000));
        for text in [
            "",
            "h",
            "24",
            "0h",
            "-1h",
            "1.5h",
            "24w",
            "99999999999999999999d",
            "1é",
        ] {
            assert!(seconds(text).is_err(), "{text}");
        }
    }
}
