//! A child process that outlives no test and is waited for in vain by none.

use std::process::{Child, Command, ExitStatus};
use std::time::Duration;

use rustix::process::{Pid, Signal, kill_process, kill_process_group};

/// How often it is looked whether it has ended, and for how long: a minute.
const LOOKS: usize = 3_000;
const LOOK_EVERY: Duration = Duration::from_millis(20);

/// A running command. Killed when dropped; where it leads a process group, with what it started.
pub(crate) struct Guarded(pub(crate) Child);

impl Guarded {
    /// Starts it.
    pub(crate) fn start(command: &mut Command) -> Self {
        Self(command.spawn().unwrap())
    }

    /// Sends it a signal.
    pub(crate) fn signal(&self, signal: Signal) {
        kill_process(Pid::from_child(&self.0), signal).unwrap();
    }

    /// Waits for its end, but not for ever.
    #[track_caller]
    pub(crate) fn end(&mut self) -> ExitStatus {
        for _ in 0..LOOKS {
            if let Some(status) = self.0.try_wait().unwrap() {
                return status;
            }
            std::thread::sleep(LOOK_EVERY);
        }
        panic!("a command does not end");
    }
}

impl Drop for Guarded {
    fn drop(&mut self) {
        // One that was waited for has nobody left, and its number may be somebody else's.
        if matches!(self.0.try_wait(), Ok(None)) {
            let _ = kill_process_group(Pid::from_child(&self.0), Signal::KILL);
            let _ = self.0.kill();
            let _ = self.0.wait();
        }
    }
}

#[test]
fn what_is_started_goes_with_its_test_and_with_all_that_it_started() {
    use std::io::Read as _;
    use std::os::unix::process::CommandExt as _;
    use std::process::Stdio;

    let mut command = Command::new("sh");
    command.args(["-c", "sleep 600 & echo begun; sleep 600"]);
    command.stdout(Stdio::piped()).process_group(0);
    let mut guarded = Guarded::start(&mut command);
    let mut out = guarded.0.stdout.take().unwrap();
    let mut begun = [0; 6];
    out.read_exact(&mut begun).unwrap();
    drop(guarded);
    // The pipe ends when the last of them that holds it has ended.
    assert_eq!(out.read(&mut begun).unwrap(), 0);
}
