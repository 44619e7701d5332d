//! What may be typed: every command, with its words for `--help`.
//!
//! Promises: parsing has no effects. The settings of clients that come from the environment (`VERITRAIL_URL`,
//! `VERITRAIL_KEY`, `VERITRAIL_CA_CERT`, `NO_COLOR`, `CLICOLOR_FORCE`, of imports `PGPASSWORD` and `XDG_STATE_HOME`) are read here, by clap, and nowhere else.

use clap::{Parser, Subcommand};

use crate::commands::{
    account, completions, doctor, emit, export, fields, import, index, key, list, log, man,
    producers, prove, reference, serve, session, show, source, state, stats, tail, tenant, verify,
    verify_export, verify_proof, vocabulary,
};
use crate::printer::Colour;

/// The audit log for deployment platforms: who did what, when, to which resource, and proof that nobody changed it since
#[derive(Debug, Parser)]
#[command(
    name = "veritrail",
    version,
    max_term_width = 100,
    after_help = EXIT_CODES,
    disable_help_subcommand = true
)]
pub(crate) struct Arguments {
    #[command(subcommand)]
    pub(crate) command: Command,

    #[command(flatten)]
    pub(crate) appearance: Appearance,
}

const EXIT_CODES: &str = "\
Exit codes:
  0  done; for verify, verify-proof and verify-export: verified
  1  tampered: something stored contradicts itself or what was expected; for doctor: a problem
  2  usage: a wrong command, or input that was refused
  3  unreachable: no answer, not let in, busy, or a disk that fails
  4  self-consistent only: nothing outside vouches for it";

/// Colour, which never says anything that the words don't.
#[derive(Clone, Debug, clap::Args)]
pub(crate) struct Appearance {
    /// When to use colour
    #[arg(long, global = true, value_enum, default_value_t = Colour::Auto, value_name = "WHEN", hide_possible_values = true, help = "When to use colour: auto, always or never [environment: NO_COLOR, CLICOLOR_FORCE]", hide_default_value = true)]
    color: Colour,

    #[arg(long, global = true, env = "NO_COLOR", hide = true, value_name = "SET")]
    no_color: Option<std::ffi::OsString>,

    #[arg(
        long,
        global = true,
        env = "CLICOLOR_FORCE",
        hide = true,
        value_name = "SET"
    )]
    clicolor_force: Option<std::ffi::OsString>,
}

impl Appearance {
    /// When to use colour, all told: the flag first, then `NO_COLOR`, then `CLICOLOR_FORCE`.
    pub(crate) fn colour(&self) -> Colour {
        let set = |value: &Option<std::ffi::OsString>| {
            value.as_ref().is_some_and(|value| !value.is_empty())
        };
        let forced = set(&self.clicolor_force)
            && self.clicolor_force.as_deref() != Some(std::ffi::OsStr::new("0"));
        match self.color {
            Colour::Auto if set(&self.no_color) => Colour::Never,
            Colour::Auto if forced => Colour::Always,
            chosen => chosen,
        }
    }
}

/// A verb.
#[derive(Debug, Subcommand)]
pub(crate) enum Command {
    /// Run the server
    Serve(Box<serve::Serve>),
    /// Record an event
    Emit(emit::Emit),
    /// Bring in events from files, folders and audit tables
    Import(Box<import::Import>),
    /// Show one event in full
    Show(show::Show),
    /// Find events
    List(list::List),
    /// Show events as they come
    Tail(tail::Tail),
    /// Count events: over time, and by what they say
    Stats(stats::Stats),
    /// Show what is known of a resource at a time
    State(state::State),
    /// List what a query can name, or values to complete one with
    Fields(fields::Fields),
    /// List producers and what of theirs is missing
    Producers(producers::Producers),
    /// Check that nothing was changed, dropped, reordered or slipped in
    Verify(verify::Verify),
    /// Look whether keys, data, settings and server are as they should be
    Doctor(doctor::Doctor),
    /// Fetch the proof of one event, to be checked anywhere
    Prove(prove::Prove),
    /// Check a proof offline
    VerifyProof(verify_proof::VerifyProof),
    /// Take events away as one file, with a signed manifest
    Export(export::Export),
    /// Check an export offline
    VerifyExport(verify_export::VerifyExport),
    /// List and export logs
    #[command(subcommand)]
    Log(log::Log),
    /// Look after the index
    #[command(subcommand)]
    Index(index::Index),
    /// Make and list tenants
    #[command(subcommand)]
    Tenant(tenant::Tenant),
    /// Make, list and revoke API keys
    #[command(subcommand)]
    Key(key::Key),
    /// Give people accounts, list and end them
    #[command(subcommand)]
    Account(account::Account),
    /// List browsers that are signed in, and sign them out
    #[command(subcommand)]
    Session(session::Session),
    /// Make, list, change and close ways in for vendors' webhooks and streams
    #[command(subcommand)]
    Source(source::Source),
    /// Look at the built-in names of operations
    #[command(subcommand)]
    Vocabulary(vocabulary::Vocabulary),
    /// Print a script that completes commands and options in a shell
    Completions(completions::Completions),
    /// Write manual pages: veritrail.1, and one for each command
    Man(man::Man),
    /// Print docs/reference/cli.md
    #[command(hide = true)]
    Reference(reference::Reference),
}
