//! Asking a program of this machine, where it is installed: bounded in time and in what is read of its answer.

use std::io::Read as _;
use std::process::{Child, Command, Stdio};
use std::time::Duration;

use super::Told;

/// How long a program may take.
const PATIENCE: Duration = Duration::from_secs(3);
/// Between two looks whether it has ended.
const LOOK_EVERY: Duration = Duration::from_millis(10);
/// Longest answer in bytes. More would fill the pipe, and the program would wait until it is killed.
const ANSWER_BYTES_MAX: u64 = 60 * 1024;

/// What a program prints when it succeeds.
pub(crate) fn ask(name: &str, arguments: &[&str]) -> Told<String> {
    let started = Command::new(name)
        .args(arguments)
        .env("LC_ALL", "C")
        .stdin(Stdio::null())
        .stdout(Stdio::piped())
        .stderr(Stdio::null())
        .spawn();
    let mut child = started.map_err(|error| match error.kind() {
        std::io::ErrorKind::NotFound => format!("{name} is not installed"),
        _ => format!("{name} could not be started: {error}"),
    })?;
    let ended = wait(&mut child, name);
    if ended.is_err() {
        // It may have ended meanwhile.
        let _ = child.kill();
        let _ = child.wait();
    }
    ended?;
    let mut answer = Vec::new();
    let out = child.stdout.take().map(|out| out.take(ANSWER_BYTES_MAX));
    let read = out.map(|mut out| out.read_to_end(&mut answer));
    match read {
        Some(Ok(_)) => String::from_utf8(answer).map_err(|_| format!("{name} answers no text")),
        _ => Err(format!("{name} could not be read")),
    }
}

fn wait(child: &mut Child, name: &str) -> Told<()> {
    let looks = PATIENCE.as_millis() / LOOK_EVERY.as_millis();
    for _ in 0..looks {
        match child.try_wait() {
            Ok(Some(status)) if status.success() => return Ok(()),
            Ok(Some(_)) => return Err(format!("{name} can't tell")),
            Ok(None) => std::thread::sleep(LOOK_EVERY),
            Err(error) => return Err(format!("{name} can't be waited for: {error}")),
        }
    }
    Err(format!(
        "{name} took longer than {} seconds",
        PATIENCE.as_secs()
    ))
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
}
