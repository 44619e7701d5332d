//! Running a command in a directory of its own, with nothing of this process's environment.

use std::io::Write;
use std::path::Path;
use std::process::{Command, Output, Stdio};

/// What a command did.
#[derive(Debug)]
pub(crate) struct Ran {
    pub(crate) code: i32,
    pub(crate) out: String,
    pub(crate) err: String,
}

/// The binary, to be run in `directory`.
pub(crate) fn veritrail(directory: &Path) -> Command {
    let mut command = Command::new(env!("CARGO_BIN_EXE_veritrail"));
    command
        .current_dir(directory)
        .env_clear()
        .stdin(Stdio::null());
    command
}

/// Runs it with arguments.
pub(crate) fn run(directory: &Path, arguments: &[&str]) -> Ran {
    ran(veritrail(directory).args(arguments).output().unwrap())
}

/// Runs it with arguments and something on standard input.
pub(crate) fn run_with_input(mut command: Command, input: &str) -> Ran {
    command
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .stderr(Stdio::piped());
    let mut child = command.spawn().unwrap();
    // A command that refuses early may close its end.
    let _ = child.stdin.take().unwrap().write_all(input.as_bytes());
    ran(child.wait_with_output().unwrap())
}

pub(crate) fn ran(output: Output) -> Ran {
    Ran {
        code: output.status.code().unwrap(),
        out: String::from_utf8(output.stdout).unwrap(),
        err: String::from_utf8(output.stderr).unwrap(),
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
    pub(crate) fn complains(self, code: i32, words: &str) -> String {
        assert!(
            self.err.contains(words),
            "stdout: {}\nstderr: {}",
            self.out,
            self.err
        );
        self.ends(code)
    }
}
