//! Running the binary under test, with nothing of this process's environment.

use std::io::Write as _;
use std::path::{Path, PathBuf};
use std::process::{Command, Output, Stdio};

/// What a command did.
#[derive(Debug)]
pub(crate) struct Ran {
    /// The exit code; -1 for a signal.
    pub(crate) code: i32,
    pub(crate) out: String,
    pub(crate) err: String,
}

/// Whether another binary than the one built beside these tests is tried: an optimised one, which bears more load.
pub(crate) fn is_chosen() -> bool {
    std::env::var_os("VERITRAIL_BIN").is_some()
}

/// The path of the binary.
pub(crate) fn binary() -> PathBuf {
    let built = || env!("CARGO_BIN_EXE_veritrail").into();
    let path = std::env::var_os("VERITRAIL_BIN").map_or_else(built, PathBuf::from);
    assert!(path.is_file(), "there is no binary at {}", path.display());
    path
}

/// A command of the binary, to be run in `directory`.
pub(crate) fn veritrail(directory: &Path) -> Command {
    let mut command = Command::new(binary());
    command
        .current_dir(directory)
        .env_clear()
        .stdin(Stdio::null());
    command
}

/// Runs a command to its end.
pub(crate) fn run(command: &mut Command) -> Ran {
    let Output {
        status,
        stdout,
        stderr,
    } = command.output().unwrap();
    let text = |bytes| String::from_utf8(bytes).unwrap();
    Ran {
        code: status.code().unwrap_or(-1),
        out: text(stdout),
        err: text(stderr),
    }
}

impl Ran {
    /// Asserts the code and answers stdout.
    #[track_caller]
    pub(crate) fn ends(self, code: i32) -> String {
        assert_eq!(
            self.code, code,
            "stdout: {}\nstderr: {}",
            self.out, self.err
        );
        self.out
    }

    /// Asserts the code and that stderr says something.
    #[track_caller]
    pub(crate) fn complains(self, code: i32, words: &str) {
        assert!(
            self.err.contains(words),
            "expected {words:?}\nstdout: {}\nstderr: {}",
            self.out,
            self.err
        );
        self.ends(code);
    }
}

/// Writes a line where the test harness does not keep it for failures only.
pub(crate) fn tell(line: &str) {
    let line = format!("{line}\n");
    std::io::stdout().write_all(line.as_bytes()).unwrap();
}
