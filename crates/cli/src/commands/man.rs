//! `veritrail man`: manual pages, from the definitions that parsing uses.
//!
//! Promises: one page for the program and for each command that `--help` shows; a page that is there is replaced whole.

use std::path::PathBuf;

use anyhow::Context as _;
use clap::CommandFactory as _;
use clap_mangen::Man as Page;
use keys::durable::{Disk as _, RealDisk, Secrecy, replace};

use super::Ending;
use crate::arguments::Arguments;
use crate::printer::Printer;

/// Write manual pages: veritrail.1, and one for each command
#[derive(Debug, clap::Args)]
#[command(after_help = "\
Examples:
  veritrail man /usr/local/share/man/man1")]
pub(crate) struct Man {
    /// Where to; made if it is missing
    #[arg(value_name = "DIR")]
    directory: PathBuf,
}

impl Man {
    pub(crate) fn run(self, printer: &mut Printer) -> anyhow::Result<Ending> {
        let cannot = || format!("{} can not be written", self.directory.display());
        RealDisk
            .create_dir_all(&self.directory, Secrecy::Ordinary)
            .with_context(cannot)?;
        let mut root = Arguments::command();
        root.build();
        let mut open = vec![root];
        while let Some(command) = open.pop() {
            let below = command
                .get_subcommands()
                .filter(|below| !below.is_hide_set());
            open.extend(below.cloned());
            let page = Page::new(command).manual("Veritrail");
            let path = self.directory.join(page.get_filename());
            let mut text = Vec::new();
            page.render(&mut text).with_context(cannot)?;
            replace(&RealDisk, &path, &text, Secrecy::Ordinary).with_context(cannot)?;
            printer.line(&path.display().to_string());
        }
        Ok(Ending::Done)
    }
}
