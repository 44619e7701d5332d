//! Publishing anchors by a command: the line on its standard input, its exit code for an answer.
//!
//! Promises: the command sees nothing of the server's environment but PATH and HOME; it never outlives its time or the
//! server, and neither does what it started in its process group. Must never: wait for output of what it left behind.

use std::io;
use std::process::Stdio;
use std::time::Duration;

use rustix::process::{Pid, Signal, kill_process_group};
use server::config::environment;
use server::{Anchor, AnchorSink, Publishing};
use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
use tokio::process::{Child, ChildStderr, Command};

/// How long it may take.
const PATIENCE: Duration = Duration::from_mins(1);
/// How much of what it says on standard error is kept.
const COMPLAINT_BYTES_MAX: usize = 1024;
/// How long its last words may take to arrive once it has ended.
const LAST_WORDS: Duration = Duration::from_millis(100);
/// What it is given of the server's environment.
const INHERITED: [&str; 2] = ["PATH", "HOME"];

/// A command that takes anchors.
#[derive(Debug)]
pub(super) struct AnchorCommand {
    command: String,
    patience: Duration,
}

impl AnchorCommand {
    /// Runs `command` by a shell for each anchor.
    pub(super) fn new(command: String) -> Self {
        Self {
            command,
            patience: PATIENCE,
        }
    }

    async fn run(&self, anchor: &Anchor) -> io::Result<()> {
        let inherited = INHERITED
            .iter()
            .filter_map(|name| Some((name, environment(name)?)));
        let mut child = Command::new("/bin/sh")
            .args(["-c", &self.command])
            .env_clear()
            .envs(inherited)
            .env("VERITRAIL_ANCHOR_LOG", anchor.log.to_string())
            .env("VERITRAIL_ANCHOR_AT", anchor.at.to_string())
            .stdin(Stdio::piped())
            .stdout(Stdio::null())
            .stderr(Stdio::piped())
            .process_group(0)
            .kill_on_drop(true)
            .spawn()?;
        // After the child, so that it is dropped before it: while nobody has reaped the child, its number is its own.
        let mut group = Group::of(&child);
        let mut complaint = Vec::new();
        let talk = talk(&mut child, &anchor.line, &mut complaint);
        let Ok(ended) = tokio::time::timeout(self.patience, talk).await else {
            let seconds = self.patience.as_secs();
            return Err(io::Error::new(
                io::ErrorKind::TimedOut,
                format!("the command took longer than {seconds} s and was killed"),
            ));
        };
        let status = ended?;
        group.spare();
        if status.success() {
            return Ok(());
        }
        let complaint = printable(&complaint);
        Err(io::Error::other(format!(
            "the command ended with {status}: {complaint}"
        )))
    }
}

impl AnchorSink for AnchorCommand {
    fn kind(&self) -> &'static str {
        "command"
    }

    fn publish<'a>(&'a self, anchor: &'a Anchor) -> Publishing<'a> {
        Box::pin(self.run(anchor))
    }
}

/// Hands it the line, hears what it complains about, and waits until it ends.
async fn talk(
    child: &mut Child,
    line: &str,
    complaint: &mut Vec<u8>,
) -> io::Result<std::process::ExitStatus> {
    let (stdin, mut stderr) = (child.stdin.take(), child.stderr.take());
    let hand_over = async move {
        if let Some(mut stdin) = stdin {
            // One that ends without reading has its say by its exit code.
            _ = stdin.write_all(format!("{line}\n").as_bytes()).await;
        }
        // Dropped here: it reads to the end.
    };
    let talk = async {
        tokio::join!(hand_over, hear(&mut stderr, complaint));
        // It closed its standard error, and goes on.
        std::future::pending::<()>().await;
    };
    let status = tokio::select! {
        status = child.wait() => status?,
        () = talk => std::future::pending().await,
    };
    // What it left running may hold the pipe open for ever.
    _ = tokio::time::timeout(LAST_WORDS, hear(&mut stderr, complaint)).await;
    Ok(status)
}

/// Keeps the beginning of what it says, and reads the rest so that it can go on.
async fn hear(stderr: &mut Option<ChildStderr>, complaint: &mut Vec<u8>) {
    let Some(stderr) = stderr else { return };
    let mut bytes = [0; COMPLAINT_BYTES_MAX];
    while let Ok(read @ 1..) = stderr.read(&mut bytes).await {
        let room = COMPLAINT_BYTES_MAX - complaint.len();
        complaint.extend_from_slice(&bytes[..read.min(room)]);
    }
}

/// In one line that a terminal only shows.
fn printable(bytes: &[u8]) -> String {
    let text = String::from_utf8_lossy(bytes);
    let mut printable = String::with_capacity(text.len());
    for character in text.trim().chars() {
        if character.is_control() {
            printable.extend(character.escape_default());
        } else {
            printable.push(character);
        }
    }
    if printable.is_empty() {
        printable.push_str("it said nothing on standard error");
    }
    printable
}

/// The process group of a child. Killed when dropped, unless it was spared.
struct Group(Option<Pid>);

impl Group {
    fn of(child: &Child) -> Self {
        let number = child.id().and_then(|id| i32::try_from(id).ok());
        Self(number.and_then(Pid::from_raw))
    }

    /// It has ended in time: what it left running on purpose may stay.
    fn spare(&mut self) {
        self.0 = None;
    }
}

impl Drop for Group {
    fn drop(&mut self) {
        if let Some(group) = self.0 {
            // It may have ended this very moment.
            _ = kill_process_group(group, Signal::KILL);
        }
    }
}

#[cfg(test)]
mod tests {
    use ledger::name::LogId;
    use ledger::time::Micros;

    use super::*;

    fn publish(command: &str, patience: Duration) -> io::Result<()> {
        let anchor = Anchor {
            at: Micros::from_micros(1_795_248_000_000_000),
            log: LogId::parse("00112233445566778899aabbccddeeff").unwrap(),
            line: "{\"line\":1}".to_owned(),
        };
        let command = AnchorCommand {
            command: command.to_owned(),
            patience,
        };
        let runtime = tokio::runtime::Builder::new_current_thread()
            .enable_all()
            .build()
            .unwrap();
        runtime.block_on(command.publish(&anchor))
    }

    #[test]
    fn it_gets_the_line_and_a_small_environment() {
        let directory = tempfile::tempdir().unwrap();
        let file = directory.path().join("got");
        let command = format!("{{ cat; env | sort; }} > '{}'", file.display());
        publish(&command, PATIENCE).unwrap();
        let got = std::fs::read_to_string(&file).unwrap();
        let mut lines = got.lines();
        assert_eq!(lines.next(), Some("{\"line\":1}"));
        let names: Vec<&str> = lines.filter_map(|line| line.split('=').next()).collect();
        // The shell adds some of its own.
        let ours = names
            .iter()
            .filter(|name| !matches!(**name, "PWD" | "SHLVL" | "_" | "OLDPWD"));
        assert!(
            ours.clone()
                .all(|name| INHERITED.contains(name) || name.starts_with("VERITRAIL_ANCHOR_")),
            "{names:?}"
        );
        assert!(got.contains("VERITRAIL_ANCHOR_LOG=00112233445566778899aabbccddeeff\n"));
        assert!(got.contains("VERITRAIL_ANCHOR_AT=2026-11-21T"), "{got}");
    }

    #[test]
    fn a_failure_comes_with_the_beginning_of_what_it_said() {
        let error = publish(
            "echo 'no\tway' >&2; yes x | head -c 100000 >&2; exit 3",
            PATIENCE,
        )
        .unwrap_err()
        .to_string();
        assert!(
            error.contains("exit status: 3: no\\tway\\nx\\nx"),
            "{error}"
        );
        assert!(error.len() < 4 * COMPLAINT_BYTES_MAX, "{}", error.len());
    }

    #[test]
    fn one_that_reads_nothing_and_leaves_something_running_is_no_failure() {
        publish("sleep 30 & exit 0", PATIENCE).unwrap();
    }

    #[test]
    fn one_that_hangs_is_killed_with_all_that_it_started() {
        let directory = tempfile::tempdir().unwrap();
        let file = directory.path().join("pid");
        let command = format!("sleep 300 & echo $! > '{}'; wait", file.display());
        let error = publish(&command, Duration::from_secs(2)).unwrap_err();
        assert_eq!(error.kind(), io::ErrorKind::TimedOut);
        let pid: i32 = std::fs::read_to_string(&file)
            .unwrap()
            .trim()
            .parse()
            .unwrap();
        let gone = || {
            // A child of nobody may stay as a zombie for a moment.
            let stat = std::fs::read_to_string(format!("/proc/{pid}/stat"));
            stat.map_or(true, |stat| stat.contains(") Z "))
        };
        let deadline = (0..1_000).find(|_| {
            std::thread::yield_now();
            gone()
        });
        assert!(deadline.is_some(), "process {pid} still runs");
    }
}
