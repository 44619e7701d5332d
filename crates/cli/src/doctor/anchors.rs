//! Whether heads reach a place outside: what is configured, what the server counts, how old the newest line of a file is.

use std::os::unix::fs::MetadataExt as _;
use std::path::{Path, PathBuf};

use keys::durable::{Disk as _, OpenMode, RealDisk, Secrecy};
use ledger::checkpoint::Checkpoint;
use ledger::note::Note;
use ledger::time::Micros;
use server::config::AnchorConfig;

use super::answers::Answers;
use super::words::{counted, span};
use super::{Finding, Told, within};

const ID: &str = "anchors";
/// How much of the end of a file is read: a line is a few hundred bytes.
const TAIL_BYTES: u64 = 64 * 1024;
/// A line may be so many intervals old, and a minute.
const INTERVALS_FINE: u64 = 2;
/// A line may be so far ahead: two clocks are never quite one.
const AHEAD_SECONDS_MAX: i64 = 60;
/// After so many intervals, and a day, it is no hiccup.
const INTERVALS_WARNING: u64 = 10;
const DAY_SECONDS: i64 = 86_400;
const METRIC: &str = "veritrail_anchors_total";

/// What is known of anchors.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Facts {
    /// The file, if one is configured.
    pub(crate) file: Option<Filed>,
    /// Other places that are configured, by kind.
    pub(crate) others: Vec<&'static str>,
    /// How often.
    pub(crate) interval_seconds: u64,
    /// Whether the server runs.
    pub(crate) running: bool,
    /// Kinds of places that the last anchor did not reach.
    pub(crate) failing: Vec<String>,
    /// What the server counted since its start: kind of place, result, count.
    pub(crate) counts: Vec<(String, String, u64)>,
    /// Whether the server told its counts.
    pub(crate) counted: bool,
    /// When this is.
    pub(crate) now: Micros,
}

/// A file of anchors.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Filed {
    /// Where.
    pub(crate) path: PathBuf,
    /// When its newest line of this instance was made; none while the file has no line.
    pub(crate) newest: Told<Option<Micros>>,
    /// Whether it is on the data's device.
    pub(crate) beside_data: bool,
}

impl Facts {
    /// Looks, and takes from the answers.
    pub(crate) fn gather(
        config: &AnchorConfig,
        data: &Path,
        origin: Option<&str>,
        answers: &Answers,
        now: Micros,
    ) -> Self {
        let logs = answers.logs.as_deref().unwrap_or_default();
        let log = logs.iter().find(|log| log.kind == "instance");
        let owner = Owner {
            origin: origin.map(str::to_owned),
            log: log.map(|log| log.id.clone()),
        };
        let counts = answers
            .samples(METRIC)
            .into_iter()
            .filter_map(|(labels, value)| {
                #[expect(
                    clippy::cast_possible_truncation,
                    clippy::cast_sign_loss,
                    reason = "a count, and a cast saturates"
                )]
                Some((
                    label(&labels, "sink")?,
                    label(&labels, "result")?,
                    value as u64,
                ))
            });
        let others = [
            config.command.as_ref().map(|_| "command"),
            config.url.as_ref().map(|_| "url"),
        ];
        Self {
            file: config.file.as_deref().map(|path| filed(path, data, owner)),
            others: others.into_iter().flatten().collect(),
            interval_seconds: config.interval_seconds,
            running: answers.reached.is_ok(),
            failing: answers
                .ready
                .as_ref()
                .map_or_else(|_| Vec::new(), |ready| ready.anchors_failing.clone()),
            counts: counts.collect(),
            counted: answers.metrics.is_ok(),
            now,
        }
    }

    /// Whether anchors go anywhere, by the settings or by the server.
    pub(crate) fn configured(&self) -> bool {
        self.file.is_some() || !self.others.is_empty() || !self.counts.is_empty()
    }

    /// How many the server has published since its start.
    pub(crate) fn published(&self) -> u64 {
        let of = self
            .counts
            .iter()
            .filter(|(_, result, _)| result == "published");
        of.map(|(_, _, count)| count).sum()
    }
}

fn filed(path: &Path, data: &Path, owner: Owner) -> Filed {
    let (asked, data) = (path.to_owned(), data.to_owned());
    let looked = within(move || {
        let device = |path: &Path| std::fs::metadata(path).map(|found| found.dev()).ok();
        // One that is not there yet will be where its directory is.
        let place = std::path::absolute(&asked).ok();
        let above = || device(place.as_deref()?.parent()?);
        let there = device(&asked).or_else(above);
        (
            newest(&asked, &owner),
            there.is_some() && there == device(&data),
        )
    });
    let (newest, beside_data) = looked.unwrap_or_else(|why| (Err(why), false));
    Filed {
        path: path.to_owned(),
        newest,
        beside_data,
    }
}

/// Whose anchors count, as far as that is known.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
struct Owner {
    /// What the origins of the instance's logs begin with.
    origin: Option<String>,
    /// The id of the instance log.
    log: Option<String>,
}

impl Owner {
    /// When a line was made that is an anchor of this instance, by its form: `verify --anchors` checks the signature.
    fn time_of(&self, line: &str) -> Option<Micros> {
        let anchor: serde_json::Value = serde_json::from_str(line).ok()?;
        let text = |name: &str| anchor.get(name)?.as_str();
        let log = text("log")?;
        if self.log.as_deref().is_some_and(|ours| ours != log) {
            return None;
        }
        let note = text("checkpoint")?;
        Note::parse(note).ok()?;
        let (body, _signatures) = note.rsplit_once("\n\n")?;
        let checkpoint = Checkpoint::parse(&format!("{body}\n")).ok()?;
        let (origin, of) = checkpoint.origin().rsplit_once('/')?;
        let foreign = self.origin.as_deref().is_some_and(|ours| ours != origin);
        if foreign || of != log {
            return None;
        }
        Micros::parse(text("at")?).ok()
    }
}

/// The time of the last line that is an anchor of this instance.
fn newest(path: &Path, owner: &Owner) -> Told<Option<Micros>> {
    let unread = |error: std::io::Error| format!("{} can not be read: {error}", path.display());
    let about = match std::fs::metadata(path) {
        Err(error) if error.kind() == std::io::ErrorKind::NotFound => return Ok(None),
        other => other.map_err(unread)?,
    };
    // A pipe would be waited for.
    if !about.is_file() {
        return Err(format!("{} is no file", path.display()));
    }
    let file = RealDisk
        .open(path, OpenMode::Read, Secrecy::Ordinary)
        .map_err(unread)?;
    let end = file.len().map_err(unread)?;
    let from = end.saturating_sub(TAIL_BYTES);
    let mut tail = vec![0; usize::try_from(end - from).unwrap_or(0)];
    file.read_at(&mut tail, from).map_err(unread)?;
    let tail = String::from_utf8_lossy(&tail);
    let found = tail.lines().rev().find_map(|line| owner.time_of(line));
    match found {
        Some(at) => Ok(Some(at)),
        None if tail.trim().is_empty() => Ok(None),
        None => Err(format!(
            "{} holds no anchor of this instance near its end",
            path.display()
        )),
    }
}

/// A value in `sink="file",result="published"`.
fn label(labels: &str, name: &str) -> Option<String> {
    let pairs = labels.split(',').filter_map(|pair| pair.split_once('='));
    let value = pairs.into_iter().find(|(found, _)| *found == name)?.1;
    Some(value.trim_matches('"').to_owned())
}

/// Judges them.
pub(crate) fn judge(facts: &Facts) -> Finding {
    const LOOK: &str = "see that the place can be written to; the server's log has the cause, and the next interval tries again";
    if !facts.configured() {
        return Finding::note(ID, "no anchor is configured: nothing outside this machine remembers what was signed")
            .advice("set anchor.file, anchor.command or anchor.url to a place that its administrator can't rewrite: docs/guide/operate.md");
    }
    let mut remarks = Vec::new();
    if let Some(file) = &facts.file {
        match judge_file(file, facts) {
            Ok(remark) => remarks.push(remark),
            Err(finding) => return finding.advice(LOOK),
        }
    }
    if !facts.failing.is_empty() {
        return Finding::warning(
            ID,
            format!(
                "the last anchor did not reach: {}",
                facts.failing.join(", ")
            ),
        )
        .advice(LOOK);
    }
    if facts.running {
        remarks.push(format!(
            "the server has published {} since its start, and none failed last",
            counted(facts.published(), "anchor")
        ));
    } else if remarks.is_empty() {
        let places = facts.others.join(", ");
        return Finding::unknown(
            ID,
            format!("anchors go to {places}; whether they arrive only the running server knows"),
        );
    }
    let found = remarks.join("; ");
    if facts.file.as_ref().is_some_and(|file| file.beside_data) && facts.others.is_empty() {
        return Finding::note(ID, format!("{found}; that file is on the disk of the data"))
            .advice("keep it where who administers this machine can't change it: another machine's disk that allows appending only");
    }
    Finding::fine(ID, found)
}

fn judge_file(file: &Filed, facts: &Facts) -> Result<String, Finding> {
    let path = file.path.display();
    let at = match &file.newest {
        Err(why) => return Err(Finding::warning(ID, why)),
        Ok(None) if facts.published() > 0 => {
            return Err(Finding::warning(
                ID,
                format!("the server has published anchors, and {path} has none"),
            ));
        }
        Ok(None) => return Ok(format!("{path} has no anchor yet")),
        Ok(Some(at)) => *at,
    };
    let age = facts.now.as_micros().saturating_sub(at.as_micros()) / 1_000_000;
    if age < -AHEAD_SECONDS_MAX {
        let ahead = span(age);
        return Err(Finding::warning(
            ID,
            format!(
                "the newest anchor in {path} is dated {ahead} in the future: a clock was wrong, or the line was made up, and how old the anchors really are is not known"
            ),
        ));
    }
    let interval = i64::try_from(facts.interval_seconds).unwrap_or(i64::MAX);
    let after =
        |intervals: u64| interval.saturating_mul(i64::try_from(intervals).unwrap_or(i64::MAX));
    let found = format!(
        "the newest anchor in {path} is {} old, and one is due every {interval} s",
        span(age.max(0))
    );
    if !facts.running || age <= after(INTERVALS_FINE).saturating_add(60) {
        return Ok(found);
    }
    if age > after(INTERVALS_WARNING).max(DAY_SECONDS) {
        return Err(Finding::problem(ID, found));
    }
    Err(Finding::warning(ID, found))
}

#[cfg(test)]
pub(crate) mod tests {
    use super::super::Verdict;
    use super::*;

    const HOUR: i64 = 3_600 * 1_000_000;

    pub(crate) fn facts(age_micros: Option<i64>) -> Facts {
        let now = Micros::parse("2026-11-21T12:00:00Z").unwrap();
        let newest = Ok(age_micros.map(|age| now.plus(-age)));
        Facts {
            file: Some(Filed {
                path: "/mnt/anchors".into(),
                newest,
                beside_data: false,
            }),
            others: Vec::new(),
            interval_seconds: 3_600,
            running: true,
            failing: Vec::new(),
            counts: Vec::new(),
            counted: true,
            now,
        }
    }

    #[test]
    fn the_age_of_the_newest_line_decides() {
        assert_eq!(judge(&facts(Some(HOUR))).verdict, Verdict::Fine);
        assert_eq!(judge(&facts(Some(3 * HOUR))).verdict, Verdict::Warning);
        assert_eq!(judge(&facts(Some(30 * HOUR))).verdict, Verdict::Problem);
        assert_eq!(judge(&facts(None)).verdict, Verdict::Fine);
        // Of a server that is stopped nothing is expected.
        assert_eq!(
            judge(&Facts {
                running: false,
                ..facts(Some(30 * HOUR))
            })
            .verdict,
            Verdict::Fine
        );
        let counts = vec![("file".to_owned(), "published".to_owned(), 3)];
        assert_eq!(
            judge(&Facts {
                counts,
                ..facts(None)
            })
            .verdict,
            Verdict::Warning
        );
    }

    #[test]
    fn an_anchor_of_the_future_is_not_called_old_and_hides_nothing() {
        for running in [true, false] {
            let found = judge(&Facts {
                running,
                ..facts(Some(-26_000 * 24 * HOUR))
            });
            assert_eq!(found.verdict, Verdict::Warning);
            assert!(
                found.found.contains("26000 days in the future"),
                "{found:?}"
            );
        }
        let ahead = judge(&facts(Some(-30_000_000)));
        assert_eq!(ahead.verdict, Verdict::Fine);
        assert!(ahead.found.contains("0 seconds old"), "{ahead:?}");
    }

    #[test]
    fn places_that_fail_and_none_at_all_are_told() {
        let none = Facts {
            file: None,
            ..facts(None)
        };
        assert_eq!(judge(&none).verdict, Verdict::Note);
        let failing = Facts {
            failing: vec!["url".into()],
            others: vec!["url"],
            ..facts(Some(HOUR))
        };
        assert_eq!(judge(&failing).verdict, Verdict::Warning);
        let silent = Facts {
            file: None,
            others: vec!["command"],
            running: false,
            ..facts(None)
        };
        assert_eq!(judge(&silent).verdict, Verdict::Unknown);
        // Flags of the server may name places that the settings here do not.
        let counts = vec![("command".to_owned(), "published".to_owned(), 3)];
        assert_eq!(
            judge(&Facts {
                file: None,
                counts,
                ..facts(None)
            })
            .verdict,
            Verdict::Fine
        );
        let mut beside = facts(Some(HOUR));
        beside.file.as_mut().unwrap().beside_data = true;
        assert_eq!(judge(&beside).verdict, Verdict::Note);
    }

    fn put(path: &Path, bytes: &[u8]) {
        keys::durable::replace(&RealDisk, path, bytes, Secrecy::Ordinary).unwrap();
    }

    #[test]
    fn the_last_anchor_of_a_file_is_found_among_torn_lines() {
        let directory = tempfile::tempdir().unwrap();
        let path = directory.path().join("anchors");
        let owner = Owner {
            origin: Some("example/i".into()),
            log: Some("ab".into()),
        };
        let newest = |path: &Path| newest(path, &owner);
        assert_eq!(newest(&path), Ok(None));
        let of = |at: &str, log: &str, origin: &str| {
            let root = format!("{}=", "A".repeat(43));
            let note = format!("{origin}\\n1\\n{root}\\n\\n— {origin} AAAAAAAA\\n");
            format!("{{\"at\":\"{at}\",\"log\":\"{log}\",\"checkpoint\":\"{note}\"}}\n")
        };
        let line = |at: &str| of(at, "ab", "example/i/ab");
        let text = format!(
            "{}{}{}{}{}{{\"at\":\"2026-11-22T00:00:00Z\",\"log\":\"ab\",\"checkpoint\":\"y\"}}\n{{\"at\":\"20",
            line("2026-11-20T00:00:00Z"),
            line("2026-11-21T00:00:00Z"),
            // Another log's, another instance's, and one that says two things.
            of("2026-11-22T00:00:00Z", "cd", "example/i/cd"),
            of("2026-11-22T00:00:00Z", "ab", "example/j/ab"),
            of("2026-11-22T00:00:00Z", "ab", "example/i/cd"),
        );
        put(&path, text.as_bytes());
        assert_eq!(
            newest(&path),
            Ok(Some(Micros::parse("2026-11-21T00:00:00Z").unwrap()))
        );
        let mut noise = vec![0xff; 200_000];
        noise.push(b'\n');
        put(&path, &noise);
        assert!(newest(&path).unwrap_err().contains("no anchor"));
        assert!(newest(directory.path()).unwrap_err().contains("no file"));
    }
}
