//! Long output through a pager, where a person reads it on a terminal.
//!
//! Promises: what fits on the screen is printed as it stands; a pager that is not there changes nothing. Must never
//! start one when the output goes anywhere but to a terminal (the printer sees to it).

use std::io::{self, Write};
use std::process::{Child, Command, Stdio};

use crate::terminal::Size;

/// Which pager.
#[derive(Clone, Debug, clap::Args)]
pub(crate) struct PagerChoice {
    /// Print everything at once
    #[arg(
        long,
        help = "Print everything at once [environment: PAGER, by default less -FRX]"
    )]
    no_pager: bool,

    #[arg(
        long,
        env = "PAGER",
        hide = true,
        hide_env_values = true,
        value_name = "COMMAND"
    )]
    pager: Option<String>,
}

impl PagerChoice {
    /// The pager to use, if any.
    pub(crate) fn pager(&self) -> Option<Pager> {
        let named = self.pager.as_deref().map(str::trim);
        match named {
            _ if self.no_pager => None,
            Some("" | "cat") => None,
            Some(command) => Some(Pager::Named(command.to_owned())),
            None => Some(Pager::Usual),
        }
    }
}

/// A pager.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum Pager {
    /// `less -FRX`, if there is one.
    Usual,
    /// What `$PAGER` says, as a shell understands it.
    Named(String),
}

impl Pager {
    fn command(&self) -> Command {
        match self {
            Self::Usual => {
                let mut command = Command::new("less");
                command.arg("-FRX");
                command
            }
            Self::Named(text) => {
                let mut command = Command::new("sh");
                command.args(["-c", text]);
                command
            }
        }
    }
}

/// Output that is held until it is known to be longer than the screen.
#[derive(Debug)]
pub(crate) struct Paged {
    pager: Pager,
    screen: Size,
    rows: usize,
    held: Vec<u8>,
    state: State,
}

#[derive(Debug)]
enum State {
    Holding,
    Paging(Child),
    /// There is no pager.
    Plain,
}

impl Paged {
    pub(crate) fn new(pager: Pager, screen: Size) -> Self {
        Self {
            pager,
            screen,
            rows: 0,
            held: Vec::new(),
            state: State::Holding,
        }
    }

    /// Takes whole lines; `out` is the terminal.
    pub(crate) fn write(&mut self, text: &str, out: &mut dyn Write) -> io::Result<()> {
        match &mut self.state {
            State::Plain => out.write_all(text.as_bytes()),
            State::Paging(child) => match &mut child.stdin {
                Some(pipe) => pipe.write_all(text.as_bytes()),
                None => Ok(()),
            },
            State::Holding => {
                self.held.extend_from_slice(text.as_bytes());
                let columns = self.screen.columns.max(1);
                let rows = |line: &str| line.chars().count().div_ceil(columns).max(1);
                self.rows += text.lines().map(rows).sum::<usize>();
                // One row is the shell's.
                if self.rows < self.screen.rows {
                    return Ok(());
                }
                self.begin();
                let held = std::mem::take(&mut self.held);
                match &mut self.state {
                    State::Paging(child) => match &mut child.stdin {
                        Some(pipe) => pipe.write_all(&held),
                        None => Ok(()),
                    },
                    _ => out.write_all(&held),
                }
            }
        }
    }

    /// Hands everything on, and waits until it was read.
    pub(crate) fn finish(mut self, out: &mut dyn Write) -> io::Result<()> {
        match &mut self.state {
            State::Paging(child) => {
                // Tells it that nothing follows.
                child.stdin = None;
                child.wait().map(drop)
            }
            State::Holding => out.write_all(&self.held),
            State::Plain => Ok(()),
        }
    }

    fn begin(&mut self) {
        let spawned = self.pager.command().stdin(Stdio::piped()).spawn();
        self.state = match spawned {
            Ok(child) => {
                leave_interrupts_to_the_pager();
                State::Paging(child)
            }
            Err(_) => State::Plain,
        };
    }
}

/// Ctrl-C is for the pager: were we to end by it, the shell and the pager would both read the keyboard.
fn leave_interrupts_to_the_pager() {
    let runtime = tokio::runtime::Builder::new_current_thread()
        .enable_io()
        .build();
    if let Ok(runtime) = runtime {
        let _inside = runtime.enter();
        // Once listened to, the signal no longer ends this process, though nobody asks what came.
        let _ = tokio::signal::unix::signal(tokio::signal::unix::SignalKind::interrupt());
    }
}
