//! Asking a program of this machine, where it is installed: bounded in time and in what is read of its answer.
//!
//! Promises: nothing of its process group outlives the answer, and nothing that it left behind is waited for.

use std::io::Read as _;
use std::os::unix::process::CommandExt as _;
use std::process::{Child, Command, Stdio};
use std::sync::mpsc::{Receiver, sync_channel};
use std::time::Duration;

use rustix::process::{Pid, Signal, WaitId, WaitIdOptions, kill_process_group, waitid};

use super::Told;

/// How long a program may take.
const PATIENCE: Duration = Duration::from_secs(3);
/// Between two looks whether it has ended.
const LOOK_EVERY: Duration = Duration::from_millis(10);
/// How long its last words may take to arrive once it has ended.
const LAST_WORDS: Duration = Duration::from_millis(500);
/// Longest answer in bytes. One that says more loses its pipe.
const ANSWER_BYTES_MAX: u64 = 60 * 1024;

/// What a program prints when it succeeds.
pub(crate) fn ask(name: &str, arguments: &[&str]) -> Told<String> {
    ask_within(PATIENCE, name, arguments)
}

fn ask_within(patience: Duration, name: &str, arguments: &[&str]) -> Told<String> {
    let started = Command::new(name)
        .args(arguments)
        .env("LC_ALL", "C")
        .stdin(Stdio::null())
        .stdout(Stdio::piped())
        .stderr(Stdio::null())
        .process_group(0)
        .spawn();
    let mut child = started.map_err(|error| match error.kind() {
        std::io::ErrorKind::NotFound => format!("{name} is not installed"),
        _ => format!("{name} could not be started: {error}"),
    })?;
    let heard = hear(&mut child);
    let group = i32::try_from(child.id()).ok().and_then(Pid::from_raw);
    let ended = group.map_or(Ok(false), |group| wait(patience, group, name));
    // Nobody has reaped it yet, so that its number is still its own: what it left running ends with it.
    if let Some(group) = group {
        let _ = kill_process_group(group, Signal::KILL);
    }
    let status = child
        .wait()
        .map_err(|error| format!("{name} can't be waited for: {error}"));
    if !ended? {
        let seconds = patience.as_secs();
        return Err(format!("{name} took longer than {seconds} seconds"));
    }
    if !status?.success() {
        return Err(format!("{name} can't tell"));
    }
    // What left its group may hold the pipe open for ever.
    let heard = heard.map(|heard| heard.recv_timeout(LAST_WORDS));
    match heard {
        Ok(Ok(Ok(answer))) => {
            String::from_utf8(answer).map_err(|_| format!("{name} answers no text"))
        }
        _ => Err(format!("{name} could not be read")),
    }
}

/// Reads the answer on a thread of its own, which ends with the process where the pipe never does.
fn hear(child: &mut Child) -> std::io::Result<Receiver<std::io::Result<Vec<u8>>>> {
    let (sender, heard) = sync_channel(1);
    let out = child.stdout.take();
    std::thread::Builder::new().spawn(move || {
        let mut answer = Vec::new();
        let read = match out {
            Some(out) => out.take(ANSWER_BYTES_MAX).read_to_end(&mut answer),
            None => Ok(0),
        };
        // Nobody listens anymore when it took too long.
        let _ = sender.send(read.map(|_| answer));
    })?;
    Ok(heard)
}

/// Whether it has ended in time. Leaves it to be reaped.
fn wait(patience: Duration, child: Pid, name: &str) -> Told<bool> {
    let looks = patience.as_millis() / LOOK_EVERY.as_millis();
    let look = WaitIdOptions::EXITED | WaitIdOptions::NOWAIT | WaitIdOptions::NOHANG;
    for _ in 0..looks {
        match waitid(WaitId::Pid(child), look) {
            Ok(Some(_)) => return Ok(true),
            Ok(None) => std::thread::sleep(LOOK_EVERY),
            Err(error) => return Err(format!("{name} can't be waited for: {error}")),
        }
    }
    Ok(false)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_program_answers_or_it_is_said_why_not() {
        assert_eq!(ask("echo", &["yes"]), Ok("yes\n".to_owned()));
        assert_eq!(ask("false", &[]), Err("false can't tell".to_owned()));
        let absent = ask("veritrail-is-no-such-program", &[]).unwrap_err();
        assert!(absent.ends_with("is not installed"), "{absent}");
    }

    /// Whether a process is there and no zombie.
    fn runs(pid: &str) -> bool {
        let stat = std::fs::read_to_string(format!("/proc/{}/stat", pid.trim()));
        stat.is_ok_and(|stat| !stat.contains(") Z "))
    }

    #[track_caller]
    fn assert_gone(pid: &str) {
        let gone = (0..100_000).any(|_| {
            std::thread::yield_now();
            !runs(pid)
        });
        assert!(gone, "process {pid} still runs");
    }

    #[test]
    fn what_a_program_leaves_behind_is_not_waited_for_and_ends_with_it() {
        let directory = tempfile::tempdir().unwrap();
        let late = directory.path().join("late");
        let command = format!("(sleep 20; echo > '{}') & echo $!", late.display());
        let pid = ask("sh", &["-c", &command]).unwrap();
        assert!(!late.exists(), "the answer came with what was left behind");
        assert_gone(&pid);
    }

    #[test]
    fn a_program_that_hangs_is_killed_with_all_that_it_started() {
        let directory = tempfile::tempdir().unwrap();
        let file = directory.path().join("pid");
        let command = format!("sleep 77 & echo $! > '{}'; wait", file.display());
        let patience = Duration::from_secs(1);
        let hung = ask_within(patience, "sh", &["-c", &command]);
        assert_eq!(hung.unwrap_err(), "sh took longer than 1 seconds");
        assert_gone(&std::fs::read_to_string(&file).unwrap());
    }
}
