//! What may be typed after `veritrail import`, and the plan that is made of it.

use std::path::PathBuf;
use std::time::Duration;

use connectors::Vendor;
use ledger::hash::Hash;

use super::{Plan, Work, is_input};
use crate::client::Connection;
use crate::failure::Failure;
use crate::import::address::Address;
use crate::import::files::{Files, Form};
use crate::import::map::{MAP_BYTES_MAX, Map, Overlap};
use crate::import::preset::Preset;
use crate::import::select::{TableName, no_table};
use crate::import::table::Table;
use crate::import::walk::Walk;
use crate::input;
use crate::printer::Printer;

/// Paths that are named in the record of an import.
const NAMED_PATHS: usize = 5;

/// Bring in events from files, folders and audit tables
#[expect(clippy::struct_excessive_bools, reason = "each is a flag")]
#[derive(Debug, clap::Args)]
#[command(after_help = "\
Examples:
  veritrail import audit/ --format cloudtrail
  zcat old.jsonl.gz | veritrail import - --format veritrail
  PGPASSWORD=… veritrail import --from postgres://reader@db/app?sslmode=verify-full \\
      --preset classic --follow
  veritrail import --print-map classic > own.toml

Every event keeps its own time. Ids are made of what an event came from: importing again adds nothing,
and an import that was broken off goes on with the same command. At the end one event data.imported
says what became of everything.")]
pub(crate) struct Import {
    /// Files and folders; - reads standard input. Gzip and zstd are unpacked
    #[arg(
        value_name = "PATH",
        required_unless_present_any = ["from", "print_map"],
        conflicts_with = "from"
    )]
    paths: Vec<PathBuf>,

    /// What the files hold; seen from their content if left out
    #[arg(long, value_name = "FORMAT", value_parser = format_named, help = "What the files hold: veritrail, retraced, cloudtrail, kubernetes, github, gitlab, argocd, cloudevents or hec; seen from each file if left out")]
    format: Option<Format>,

    /// A map in TOML that makes events of rows: of the table, or of JSON lines
    #[arg(long, value_name = "FILE", conflicts_with_all = ["preset", "format"])]
    map: Option<PathBuf>,

    /// A map that comes with the program
    #[arg(
        long,
        help = "A map that comes with the program: classic, temps, retraced or supa_audit",
        value_enum,
        value_name = "NAME",
        hide_possible_values = true,
        conflicts_with = "format"
    )]
    preset: Option<Preset>,

    /// Print a preset's map, as a start for one's own
    #[arg(
        long,
        value_enum,
        value_name = "NAME",
        hide_possible_values = true,
        exclusive = true
    )]
    pub(super) print_map: Option<Preset>,

    /// Leave out what a source of this vendor would leave out: health checks, leases, plain reads. Each is counted
    #[arg(long)]
    leave_out_noise: bool,

    #[command(flatten)]
    database: Database,

    /// Show the first events and the counts, and send nothing
    #[arg(long, conflicts_with_all = ["follow", "json"])]
    pub(super) dry_run: bool,

    /// How many events --dry-run shows
    #[arg(long, value_name = "COUNT", default_value_t = 10, requires = "dry_run")]
    pub(super) first: usize,

    /// Where to write down what could not be imported, one JSON object a line. It holds what was to be recorded, unmasked
    #[arg(long, value_name = "FILE")]
    pub(super) rejected: Option<PathBuf>,

    /// Where to keep how far it is
    #[arg(
        long,
        value_name = "FILE",
        help = "Where to keep how far it is [default: in XDG_STATE_HOME or ~/.local/state]"
    )]
    pub(super) state: Option<PathBuf>,

    /// Begin anew, whatever was done before
    #[arg(long)]
    pub(super) restart: bool,

    /// Print the counts as JSON
    #[arg(long)]
    pub(super) json: bool,

    #[arg(long, env = "XDG_STATE_HOME", hide = true, value_name = "DIR")]
    pub(super) state_home: Option<PathBuf>,

    #[arg(long, env = "HOME", hide = true, value_name = "DIR")]
    pub(super) home: Option<PathBuf>,

    #[command(flatten)]
    pub(super) connection: Connection,
}

/// Where a table is.
#[derive(clap::Args)]
#[command(next_help_heading = "Table")]
struct Database {
    /// The database
    #[arg(
        long,
        value_name = "URL",
        help = "The database, as postgres://USER@HOST/DATABASE?sslmode=verify-full; the password is better in PGPASSWORD"
    )]
    from: Option<String>,

    /// The table, or SCHEMA.TABLE, in the place of the map's
    #[arg(long, value_name = "NAME", requires = "from")]
    table: Option<String>,

    /// Stay, and import what is added
    #[arg(long, requires = "from")]
    pub(super) follow: bool,

    /// How many seconds to wait for more
    #[arg(long, value_name = "SECONDS", default_value_t = 10, requires = "follow", value_parser = clap::value_parser!(u64).range(1..=86_400))]
    every: u64,

    /// Begin with this value of the map's cursor
    #[arg(
        long,
        value_name = "VALUE",
        requires = "from",
        allow_hyphen_values = true
    )]
    since_cursor: Option<String>,

    /// How far back each round looks for rows that were committed late: so many ids, or a time such as 10m
    #[arg(long, value_name = "COUNT|TIME", requires = "from")]
    overlap: Option<String>,

    /// File with the password of the database
    #[arg(long, value_name = "FILE", requires = "from")]
    password_file: Option<PathBuf>,

    /// File with the certificates of the authority that signed the database's, in PEM
    #[arg(long = "database-ca-cert", value_name = "FILE", requires = "from")]
    authority: Option<PathBuf>,

    #[arg(
        long = "database-password",
        env = "PGPASSWORD",
        hide = true,
        value_name = "PASSWORD"
    )]
    password: Option<String>,
}

impl std::fmt::Debug for Database {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Database").finish_non_exhaustive()
    }
}

/// What files can hold.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Format {
    Veritrail,
    Retraced,
    Vendor(Vendor),
}

impl Format {
    fn name(self) -> &'static str {
        match self {
            Self::Veritrail => "veritrail",
            Self::Retraced => "retraced",
            Self::Vendor(vendor) => vendor.name(),
        }
    }
}

fn format_named(name: &str) -> Result<Format, String> {
    match (name, Vendor::parse(name)) {
        ("veritrail", _) => Ok(Format::Veritrail),
        ("retraced", _) => Ok(Format::Retraced),
        (_, Some(vendor)) => Ok(Format::Vendor(vendor)),
        _ => {
            let vendors = Vendor::ALL.map(Vendor::name).join(", ");
            Err(format!("expected veritrail, retraced, {vendors}"))
        }
    }
}

impl Import {
    /// What is to be read.
    pub(super) fn plan(&self, printer: &mut Printer) -> Result<Plan, Failure> {
        match &self.database.from {
            Some(url) => self.table_plan(url, printer),
            None => self.file_plan(),
        }
    }

    /// Whether it stays.
    pub(super) fn follows(&self) -> bool {
        self.database.follow
    }

    fn map(&self) -> Result<Option<(Map, String)>, Failure> {
        let (text, name) = match (&self.map, self.preset) {
            (Some(path), _) => {
                let name = path
                    .file_stem()
                    .map(|name| name.to_string_lossy().into_owned());
                (
                    input::read_text(path, MAP_BYTES_MAX)?,
                    name.unwrap_or_default(),
                )
            }
            (None, Some(preset)) => (preset.text().to_owned(), preset.name().to_owned()),
            (None, None) => return Ok(None),
        };
        let map = Map::read(&text, &name)?;
        let digest = Hash::of(text.as_bytes()).to_hex();
        Ok(Some((map, format!("{name} {digest}"))))
    }

    fn table_plan(&self, url: &str, printer: &mut Printer) -> Result<Plan, Failure> {
        let database = &self.database;
        let address = Address::read(
            url,
            database.password_file.as_deref(),
            database.password.as_deref(),
            database.authority.as_deref(),
        )?;
        let Some((mut map, known)) = self.map()? else {
            return Err(Failure::usage("a table takes --preset NAME or --map FILE")
                .hint("`veritrail import --print-map classic` prints a map to start from"));
        };
        if self.format.is_some() {
            return Err(Failure::usage(
                "--format is for files; a table takes --preset or --map",
            ));
        }
        let named = database.table.clone().or_else(|| map.table.clone());
        let named = named.ok_or_else(|| {
            Failure::usage("which table? --table NAME, or table = \"…\" in the map")
        })?;
        let name = TableName::read(&named).ok_or_else(|| no_table(&named))?;
        // Two tables never share ids, though they share a map.
        if !map.is_named || map.table.as_ref() != Some(&named) {
            map.name = name.shown();
        }
        if address.is_unverified {
            printer.warning("the database's certificate is not verified: whoever stands in between can read along; use sslmode=verify-full");
        }
        let overlap = match &database.overlap {
            Some(text) => Overlap::parse(text).ok_or_else(|| {
                Failure::usage("--overlap: expected a number of ids, or a time such as 10m")
            })?,
            None => map.overlap,
        };
        let (shown, format) = (address.shown().to_owned(), map.name.clone());
        let source = format!("{shown} table {}", name.shown());
        Ok(Plan {
            what: format!("{source} by {known}"),
            source,
            format,
            work: Work::Table(Box::new(Table {
                address,
                name,
                map,
                overlap,
                since: database.since_cursor.clone(),
                every: database.follow.then(|| Duration::from_secs(database.every)),
            })),
        })
    }

    fn file_plan(&self) -> Result<Plan, Failure> {
        let mapped = self.map()?;
        let known = mapped.as_ref().map(|(_, known)| known.clone());
        let form = match (mapped, self.format) {
            (Some((map, _)), _) => Some(Form::Rows(Box::new(map))),
            (None, Some(Format::Veritrail)) => Some(Form::Events),
            (None, Some(Format::Retraced)) => Some(Form::Rows(Box::new(Preset::Retraced.map()?))),
            (None, Some(Format::Vendor(vendor))) => Some(Form::Vendor(vendor)),
            (None, None) => None,
        };
        let format = match &form {
            Some(Form::Rows(map)) => map.name.clone(),
            _ => self
                .format
                .map_or("seen from each file", Format::name)
                .to_owned(),
        };
        let walk = Walk::of(&self.paths);
        let mut shown: Vec<String> = self
            .paths
            .iter()
            .map(|path| path.display().to_string())
            .collect();
        let all = shown.join("\n");
        let more = shown.len().saturating_sub(NAMED_PATHS);
        shown.truncate(NAMED_PATHS);
        if more > 0 {
            shown.push(format!("and {more} more"));
        }
        let here = if self
            .paths
            .iter()
            .any(|path| path.is_relative() && !is_input(path))
        {
            std::env::current_dir().map_or(String::new(), |path| path.display().to_string())
        } else {
            String::new()
        };
        Ok(Plan {
            what: format!(
                "files {all} in {here} as {format} by {}",
                known.unwrap_or_default()
            ),
            source: shown.join(", "),
            format,
            work: Work::Files(Files {
                form,
                leaves_out_noise: self.leave_out_noise,
                walk,
            }),
        })
    }
}
