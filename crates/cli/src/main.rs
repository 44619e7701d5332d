//! The one binary, and the only place that knows every part: concrete stores, real clocks, real randomness.
//!
//! Promises: stdout is data, stderr is talk; this file alone decides exit codes, from how a command ended:
//!
//! | code | meaning | comes from |
//! |---|---|---|
//! | 0 | done; of `verify`, `verify-proof` and `verify-export`: verified | |
//! | 1 | tampered; of `doctor`: a problem | evidence that does not hold; a server that finds its own bytes damaged (`damaged`) |
//! | 2 | usage | a command line that can't be read; a file that can't; input, names and ids that the server refuses (4xx but 401, 403 and 429) |
//! | 3 | unreachable | no answer; not let in (401, 403); busy or failing (429, 5xx); a disk or directory of our own that can't be used |
//! | 4 | self-consistent only | everything fits together, but nothing outside vouches for it |
//!
//! Whatever is not 0 was not done, but for batches of `emit`, where the lines on stdout say what was.

mod anchor;
mod arguments;
mod bars;
mod client;
mod clock;
mod columns;
mod commands;
mod demo;
mod doctor;
mod escape;
mod event_stream;
mod export_file;
mod failure;
mod identity_provider;
mod import;
mod input;
mod keys_reading;
mod log_check;
mod pager;
mod pinned_key;
mod pins;
mod printer;
mod progress;
mod question;
mod rng;
mod table;
mod terminal;
mod verified;
mod width;
mod zone;

use std::process::ExitCode;

use clap::Parser as _;

use crate::arguments::{Arguments, Command};
use crate::commands::Ending;
use crate::failure::{Failure, Kind};
use crate::printer::Printer;

/// Requests are parsed on one thread, sealed on a second and packed on a third: memory that one thread takes and
/// another gives back is what the system's allocator is slow at (docs/adr/0010).
#[global_allocator]
static ALLOCATOR: mimalloc::MiMalloc = mimalloc::MiMalloc;

fn main() -> ExitCode {
    let arguments = match Arguments::try_parse_from(question::shielded(std::env::args_os())) {
        Ok(arguments) => arguments,
        Err(error) => {
            // Help and version are asked for, and come on stdout.
            let code = if error.use_stderr() { 2 } else { 0 };
            return match error.print() {
                Ok(()) => ExitCode::from(code),
                Err(_) => ExitCode::from(3),
            };
        }
    };
    let mut printer = Printer::standard(arguments.appearance.colour());
    let ended = run(arguments.command, &mut printer);
    let code = match ended {
        Ok(Ending::Done) => 0,
        Ok(Ending::Tampered | Ending::Ailing) => 1,
        Ok(Ending::Refused) => 2,
        Ok(Ending::SelfConsistent) => 4,
        Err(error) => {
            printer.error(&chain(&error));
            let failure = error.downcast_ref::<Failure>();
            if let Some(excerpt) = failure.and_then(|failure| failure.excerpt.as_deref()) {
                printer.excerpt(excerpt);
            }
            if let Some(hint) = failure.and_then(|failure| failure.hint.as_deref()) {
                printer.hint(hint);
            }
            match failure.map(|failure| failure.kind) {
                Some(Kind::Tampered) => 1,
                Some(Kind::Usage) => 2,
                // Everything else that can go wrong is this machine's: a disk, a socket, a signal.
                Some(Kind::Unreachable) | None => 3,
            }
        }
    };
    let delivered = printer.finish().is_ok();
    // Data that did not reach its place must not look delivered; a worse verdict stands.
    ExitCode::from(if delivered || code != 0 { code } else { 3 })
}

fn run(command: Command, printer: &mut Printer) -> anyhow::Result<Ending> {
    match command {
        Command::Serve(serve) => serve.run(printer),
        Command::Emit(emit) => emit.run(printer),
        Command::Import(import) => import.run(printer),
        Command::Show(show) => show.run(printer),
        Command::List(list) => list.run(printer),
        Command::Tail(tail) => tail.run(printer),
        Command::Stats(stats) => stats.run(printer),
        Command::State(state) => state.run(printer),
        Command::Fields(fields) => fields.run(printer),
        Command::Producers(producers) => producers.run(printer),
        Command::Export(export) => export.run(printer),
        Command::VerifyExport(verify) => verify.run(printer),
        Command::Verify(verify) => verify.run(printer),
        Command::Doctor(doctor) => doctor.run(printer),
        Command::Prove(prove) => prove.run(printer),
        Command::VerifyProof(verify) => verify.run(printer),
        Command::Log(log) => log.run(printer),
        Command::Index(index) => index.run(printer),
        Command::Tenant(tenant) => tenant.run(printer),
        Command::Key(key) => key.run(printer),
        Command::Account(account) => account.run(printer),
        Command::Session(session) => session.run(printer),
        Command::Source(source) => source.run(printer),
        Command::Vocabulary(vocabulary) => vocabulary.run(printer),
        Command::Completions(completions) => completions.run(printer),
        Command::Man(man) => man.run(printer),
        Command::Reference(reference) => Ok(reference.run(printer)),
    }
}

/// An error with its causes, in one line.
fn chain(error: &anyhow::Error) -> String {
    let texts: Vec<String> = error.chain().map(ToString::to_string).collect();
    texts.join(": ")
}
