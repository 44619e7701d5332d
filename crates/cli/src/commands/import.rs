//! `veritrail import`: brings in what other systems kept, from tables, files and folders.
//!
//! Promises: it can be ended and begun again at any time, and every event is stored once; what could not be imported is
//! counted by reason and ends with another code than 0; the import itself is on record. Must never print a password.

mod settings;

use std::path::Path;

use anyhow::Context as _;
use ledger::name::{InstanceId, to_hex};

use super::Ending;
use crate::client::Client;
use crate::failure::Failure;
use crate::import::account::{Account, Ended};
use crate::import::files::Files;
use crate::import::intake::{Brought, Intake, Sink};
use crate::import::rejected::Rejected;
use crate::import::sender::Sender;
use crate::import::state::{State, usual_path};
use crate::import::stop::Stop;
use crate::import::table::Table;
use crate::import::tally::Tally;
use crate::printer::Printer;
use crate::progress::{Progress, Unit};
use crate::rng::SystemRng;
use crate::table::{Cell, Heading, Tone};

pub(crate) use settings::Import;

/// What is read.
enum Work {
    Table(Box<Table>),
    Files(Files),
}

/// What is read, in words.
struct Plan {
    work: Work,
    /// Where it comes from, without credentials.
    source: String,
    /// In what form.
    format: String,
    /// Tells this import from every other.
    what: String,
}

impl Import {
    pub(crate) fn run(self, printer: &mut Printer) -> anyhow::Result<Ending> {
        if let Some(preset) = self.print_map {
            printer.document(preset.text());
            return Ok(Ending::Done);
        }
        let plan = self.plan(printer)?;
        let stop = Stop::default();
        let _listening = stop.listen()?;
        if self.dry_run {
            return self.try_only(&plan, &stop, printer);
        }
        let client = Client::new(&self.connection, printer)?;
        let rejected = self.rejected.as_deref().map(Rejected::open).transpose()?;
        let keeps_rejections = rejected.is_some();
        let state = self.open_state(&plan)?;
        if state.run() > 1 {
            printer.note(&format!("going on where run {} ended", state.run() - 1));
        }
        let progress = progress(&plan, printer);
        let (brought, failure) = std::thread::scope(|scope| {
            let sender = Sender::start(scope, &client, &stop, keeps_rejections);
            let intake = Intake::new(
                printer,
                Sink::Send(sender),
                Some(state),
                rejected,
                stop.clone(),
                progress,
            );
            read(&plan, intake)
        });
        let state = brought.state.context("an import without a state")?;
        let ended = match &failure {
            _ if stop.is_asked() => Ended::Interrupted,
            Some(_) => Ended::Failed,
            None => Ended::Finished,
        };
        let account = Account::of(&state, ended, &plan.source, &plan.format);
        let recorded = account.record(&client, &stop);
        self.tell(&account, &brought.examples, printer)?;
        self.end(ended, failure, recorded.map(drop), state, printer)
    }

    /// What is left to say and do when the account was given.
    fn end(
        &self,
        ended: Ended,
        failure: Option<Failure>,
        recorded: Result<(), Failure>,
        state: State,
        printer: &mut Printer,
    ) -> anyhow::Result<Ending> {
        let follows = self.follows() && state.cursor().is_some();
        let go_on = format!(
            "the same command goes on where this ended ({})",
            state.path().display()
        );
        if ended == Ended::Failed
            && let Some(failure) = failure
        {
            let hint = failure
                .hint
                .clone()
                .map_or(go_on.clone(), |hint| format!("{hint}; then {go_on}"));
            return Err(failure.hint(hint).into());
        }
        recorded.map_err(|failure| {
            let message = format!("the import is not on record: {}", failure.message);
            Failure { message, ..failure }.hint(go_on.clone())
        })?;
        if ended == Ended::Interrupted {
            printer.note(&format!("interrupted; {go_on}"));
            // Ending is how following ends.
            if follows {
                return Ok(ending(state.tally()));
            }
            return Err(Failure::unreachable("interrupted before everything was read").into());
        }
        let ending = ending(state.tally());
        // A new run looks at everything again; only what is followed goes on.
        if !follows {
            state.remove()?;
        }
        Ok(ending)
    }

    /// Shows what would be sent.
    fn try_only(&self, plan: &Plan, stop: &Stop, printer: &mut Printer) -> anyhow::Result<Ending> {
        let rejected = self.rejected.as_deref().map(Rejected::open).transpose()?;
        let intake = Intake::new(
            printer,
            Sink::Show(self.first),
            None,
            rejected,
            stop.clone(),
            Progress::hidden(),
        );
        let (brought, failure) = read(plan, intake);
        if let Some(failure) = failure {
            return Err(failure.into());
        }
        for (reason, example) in &brought.examples {
            printer.note(&format!("{reason}: {example}"));
        }
        let bad: u64 = brought.tally.unreadable.values().sum();
        let left_out: u64 = brought.tally.excluded.values().sum();
        printer.note(&format!(
            "nothing was sent: {} read, {} would be sent, {left_out} left out, {bad} unreadable",
            brought.tally.read,
            brought.tally.read.saturating_sub(bad + left_out)
        ));
        for (reason, count) in &brought.tally.unreadable {
            printer.note(&format!("unreadable: {count} {reason}"));
        }
        Ok(ending(&brought.tally))
    }

    fn open_state(&self, plan: &Plan) -> anyhow::Result<State> {
        let rng = SystemRng::new().context("reading the system's randomness")?;
        let fresh = || format!("import-{}", to_hex(&InstanceId::random(&rng).0));
        let tenant = self
            .connection
            .credential
            .for_tenant
            .as_deref()
            .unwrap_or_default();
        let what = format!("{} to {} {tenant}", plan.what, self.connection.url);
        let path = match &self.state {
            Some(path) => path.clone(),
            None => usual_path(self.state_home.as_deref(), self.home.as_deref(), &what)?,
        };
        let mut state = State::open(&path, &what, &fresh())?;
        if self.restart {
            state.restart(&fresh());
        }
        // The import has its name before anything is sent.
        state.save()?;
        Ok(state)
    }

    fn tell(
        &self,
        account: &Account<'_>,
        examples: &std::collections::BTreeMap<String, String>,
        printer: &mut Printer,
    ) -> anyhow::Result<()> {
        if self.json {
            printer.json(&serde_json::to_string(account)?);
            return Ok(());
        }
        for (reason, example) in examples {
            printer.note(&format!("{reason}, for example: {example}"));
        }
        let headings = vec![
            Heading::whole("RESULT"),
            Heading::new("REASON"),
            Heading::whole("COUNT"),
        ];
        let rows: Vec<Vec<Cell>> = account.tally.rows().into_iter().map(row).collect();
        printer.fitting_table(headings, &rows);
        let Tally { read, files, .. } = account.tally;
        let files = if *files > 0 {
            format!(" of {files} files")
        } else {
            String::new()
        };
        printer.note(&format!(
            "{read} events{files} read; on record as {}-{}",
            account.import, account.run
        ));
        if let Some(cursor) = account.cursor {
            printer.note(&format!(
                "the table is read up to {cursor} (--since-cursor)"
            ));
        }
        Ok(())
    }
}

fn row((result, reason, count): (&str, &str, u64)) -> Vec<Cell> {
    let tone = match result {
        "stored" | "already there" | "excluded" | "left out" => Tone::Plain,
        _ if count == 0 => Tone::Plain,
        _ => Tone::Warning,
    };
    vec![
        Cell::toned(result, tone),
        Cell::new(reason),
        Cell::new(&count.to_string()),
    ]
}

fn ending(tally: &Tally) -> Ending {
    if tally.is_whole() {
        Ending::Done
    } else {
        Ending::Refused
    }
}

fn progress(plan: &Plan, printer: &mut Printer) -> Progress {
    match &plan.work {
        Work::Files(files) if files.walk.bytes > 0 => printer.progress("importing", Unit::Bytes),
        Work::Table(table) if table.every.is_none() => printer.progress("importing", Unit::Entries),
        _ => Progress::hidden(),
    }
}

/// Reads everything, and waits until what was read is settled.
fn read(plan: &Plan, mut intake: Intake<'_>) -> (Brought, Option<Failure>) {
    let read = match &plan.work {
        Work::Table(table) => table.read(&mut intake),
        Work::Files(files) => files.read(&mut intake),
    };
    let is_whole = read.is_ok() && !intake.stop().is_asked();
    let (brought, failure) = intake.end(is_whole);
    // What stopped the reading comes before what that led to.
    (brought, read.err().or(failure))
}

/// Whether a path is standard input.
fn is_input(path: &Path) -> bool {
    path == Path::new("-")
}
