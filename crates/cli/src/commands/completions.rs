//! `veritrail completions`: a script that completes commands and options in a shell.

use clap::CommandFactory as _;
use clap_complete::Shell;

use super::Ending;
use crate::arguments::Arguments;
use crate::printer::Printer;

/// Print a script that completes commands and options in a shell
#[derive(Debug, clap::Args)]
#[command(after_help = "\
Examples:
  veritrail completions bash > /etc/bash_completion.d/veritrail
  veritrail completions zsh > \"${fpath[1]}/_veritrail\"
  veritrail completions fish > ~/.config/fish/completions/veritrail.fish")]
pub(crate) struct Completions {
    /// The shell
    #[arg(value_enum, value_name = "SHELL")]
    shell: Shell,
}

impl Completions {
    pub(crate) fn run(self, printer: &mut Printer) -> anyhow::Result<Ending> {
        let mut script = Vec::new();
        let mut command = Arguments::command();
        clap_complete::generate(self.shell, &mut command, "veritrail", &mut script);
        printer.document(&String::from_utf8(script)?);
        Ok(Ending::Done)
    }
}
