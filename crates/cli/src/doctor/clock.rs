//! Whether the clock is kept right, by what, and how far it is off. Events are worth as much as their times.
//!
//! The kernel's own word comes through `timedatectl` or `chronyc`; asking it directly takes code that we forbid ourselves.

use super::words::span;
use super::{Finding, Told, program};

const ID: &str = "clock";
/// Further off than this is not kept right.
const OFF_SECONDS: f64 = 1.0;
/// So far off, the order of events on two machines is lost.
const FAR_OFF_SECONDS: f64 = 60.0;
/// A server's `Date` counts whole seconds, and takes its way.
const APART_SECONDS: i64 = 5;
/// The mark of a clock that systemd has set since the machine started.
const TIMESYNC_MARK: &str = "/run/systemd/timesync/synchronized";

/// What the machine tells.
#[derive(Clone, Debug, PartialEq)]
pub(crate) struct Facts {
    /// Of chrony.
    pub(crate) chrony: Told<Tracking>,
    /// Whether the kernel calls its clock synchronised, by systemd.
    pub(crate) kernel: Told<bool>,
    /// Whether systemd has set the clock since the start.
    pub(crate) set_since_start: bool,
    /// Offset and source of systemd's own client.
    pub(crate) timesync: Option<(f64, String)>,
    /// How far the server's clock is ahead of ours.
    pub(crate) server_ahead_seconds: Option<i64>,
}

/// What chrony tells.
#[derive(Clone, Debug, PartialEq)]
pub(crate) struct Tracking {
    /// Who it follows.
    pub(crate) source: String,
    /// How far the clock is off, in seconds.
    pub(crate) offset_seconds: f64,
    /// Whether it follows anybody.
    pub(crate) synchronised: bool,
}

impl Facts {
    /// Asks whatever there is.
    pub(crate) fn gather(server_ahead_seconds: Option<i64>) -> Self {
        let chrony = program::ask("chronyc", &["-c", "tracking"]);
        let chrony = chrony.and_then(|answer| {
            tracking(&answer).ok_or_else(|| "chronyc answers something else".to_owned())
        });
        let kernel = program::ask("timedatectl", &["show"]);
        let kernel = kernel.and_then(|answer| {
            synchronised(&answer).ok_or_else(|| "timedatectl does not say".to_owned())
        });
        let timesync = match (&chrony, &kernel) {
            (Err(_), Ok(true)) => program::ask("timedatectl", &["timesync-status"]).ok(),
            _ => None,
        };
        Self {
            chrony,
            kernel,
            set_since_start: std::path::Path::new(TIMESYNC_MARK).exists(),
            timesync: timesync.and_then(|answer| timesync_status(&answer)),
            server_ahead_seconds,
        }
    }
}

/// The comma-separated answer: reference id, source, stratum, time, offset, …, leap status last.
fn tracking(answer: &str) -> Option<Tracking> {
    let fields: Vec<&str> = answer.lines().next()?.split(',').collect();
    let [_, source, _, _, offset, .., leap] = fields.as_slice() else {
        return None;
    };
    Some(Tracking {
        source: (*source).to_owned(),
        offset_seconds: offset.parse().ok()?,
        synchronised: *leap != "Not synchronised",
    })
}

fn synchronised(answer: &str) -> Option<bool> {
    let value = answer
        .lines()
        .find_map(|line| line.strip_prefix("NTPSynchronized="))?;
    match value {
        "yes" => Some(true),
        "no" => Some(false),
        _ => None,
    }
}

/// `Server: 192.0.2.1 (ntp.example)` and `Offset: -1.234ms`.
fn timesync_status(answer: &str) -> Option<(f64, String)> {
    let member = |name: &str| {
        answer
            .lines()
            .find_map(|line| line.trim_start().strip_prefix(name))
    };
    let offset = member("Offset: ")?;
    let at = offset.find(|letter: char| letter.is_ascii_alphabetic())?;
    let (number, unit) = offset.split_at_checked(at)?;
    let unit = match unit.trim() {
        "us" => 1e-6,
        "ms" => 1e-3,
        "s" => 1.0,
        "min" => 60.0,
        _ => return None,
    };
    let number: f64 = number.trim_start_matches('+').parse().ok()?;
    Some((
        number * unit,
        member("Server: ").unwrap_or("its server").to_owned(),
    ))
}

/// Judges it.
pub(crate) fn judge(facts: &Facts) -> Finding {
    const KEEP: &str = "run chrony or systemd-timesyncd, and see that it reaches its sources; the store stops writing when the clock leaps";
    if let Some(ahead) = facts
        .server_ahead_seconds
        .filter(|ahead| ahead.abs() > APART_SECONDS)
    {
        let side = if ahead > 0 { "ahead of" } else { "behind" };
        let found = format!(
            "the server's clock is {} {side} this machine's",
            span(ahead)
        );
        return Finding::warning(ID, found).advice(KEEP);
    }
    let (name, offset, source) = match (&facts.chrony, &facts.timesync) {
        (
            Ok(Tracking {
                synchronised: false,
                ..
            }),
            _,
        ) => {
            return Finding::warning(ID, "chrony runs and follows no source: the clock drifts")
                .advice(KEEP);
        }
        (Ok(tracking), _) => ("chrony", tracking.offset_seconds, tracking.source.as_str()),
        (Err(_), Some((offset, source))) => ("systemd-timesyncd", *offset, source.as_str()),
        (Err(chrony), None) => return without_offset(facts, chrony).advice(KEEP),
    };
    let found = format!(
        "{name} follows {source}, and the clock is {} off",
        offset_words(offset)
    );
    if offset.abs() > FAR_OFF_SECONDS {
        Finding::problem(ID, found).advice(KEEP)
    } else if offset.abs() > OFF_SECONDS {
        Finding::warning(ID, found).advice(KEEP)
    } else {
        Finding::fine(ID, found)
    }
}

fn without_offset(facts: &Facts, chrony: &str) -> Finding {
    match &facts.kernel {
        Ok(true) => Finding::fine(
            ID,
            "the kernel calls its clock synchronised; nothing tells how far it is off",
        ),
        Ok(false) => Finding::warning(ID, "the kernel does not call its clock synchronised"),
        Err(_) if facts.set_since_start => Finding::fine(
            ID,
            "systemd has set the clock since the machine started; nothing tells how far it is off now",
        ),
        Err(systemd) => Finding::unknown(
            ID,
            format!(
                "nothing on this machine tells whether the clock is kept right: {chrony}, {systemd}"
            ),
        ),
    }
}

fn offset_words(seconds: f64) -> String {
    let seconds = seconds.abs();
    if seconds < 1e-3 {
        format!("{:.0} µs", seconds * 1e6)
    } else if seconds < 1.0 {
        format!("{:.0} ms", seconds * 1e3)
    } else {
        format!("{seconds:.1} s")
    }
}

#[cfg(test)]
mod tests {
    use super::super::Verdict;
    use super::*;

    fn silent() -> Facts {
        Facts {
            chrony: Err("chronyc is not installed".into()),
            kernel: Err("timedatectl is not installed".into()),
            set_since_start: false,
            timesync: None,
            server_ahead_seconds: None,
        }
    }

    fn chrony(offset_seconds: f64, synchronised: bool) -> Facts {
        let source = "ntp.example".into();
        Facts {
            chrony: Ok(Tracking {
                source,
                offset_seconds,
                synchronised,
            }),
            ..silent()
        }
    }

    #[test]
    fn how_far_it_is_off_decides() {
        let fine = judge(&chrony(-0.000_012, true));
        assert_eq!(
            fine.found,
            "chrony follows ntp.example, and the clock is 12 µs off"
        );
        assert_eq!(fine.verdict, Verdict::Fine);
        assert_eq!(judge(&chrony(-1.5, true)).verdict, Verdict::Warning);
        assert_eq!(judge(&chrony(61.0, true)).verdict, Verdict::Problem);
        assert_eq!(judge(&chrony(0.0, false)).verdict, Verdict::Warning);
        let timesync = Facts {
            timesync: Some((0.002, "192.0.2.1".into())),
            kernel: Ok(true),
            ..silent()
        };
        assert_eq!(judge(&timesync).verdict, Verdict::Fine);
    }

    #[test]
    fn the_kernels_word_counts_where_nothing_else_does() {
        assert_eq!(
            judge(&Facts {
                kernel: Ok(true),
                ..silent()
            })
            .verdict,
            Verdict::Fine
        );
        assert_eq!(
            judge(&Facts {
                kernel: Ok(false),
                ..silent()
            })
            .verdict,
            Verdict::Warning
        );
        assert_eq!(
            judge(&Facts {
                set_since_start: true,
                ..silent()
            })
            .verdict,
            Verdict::Fine
        );
        let unknown = judge(&silent());
        assert_eq!(unknown.verdict, Verdict::Unknown);
        assert!(
            unknown.found.contains("chronyc is not installed"),
            "{unknown:?}"
        );
    }

    #[test]
    fn two_machines_may_be_seconds_apart_and_no_more() {
        for (ahead, verdict) in [
            (0, Verdict::Fine),
            (-5, Verdict::Fine),
            (6, Verdict::Warning),
            (-7_200, Verdict::Warning),
        ] {
            let facts = Facts {
                server_ahead_seconds: Some(ahead),
                ..chrony(0.0, true)
            };
            assert_eq!(judge(&facts).verdict, verdict, "{ahead}");
        }
        assert!(
            judge(&Facts {
                server_ahead_seconds: Some(-7_200),
                ..silent()
            })
            .found
            .contains("2 hours behind")
        );
    }

    #[test]
    fn programs_are_understood_or_not_believed() {
        let line = "A29FC87B,time.example,3,1763740000.123,-0.000012345,0.00001,0.00003,-12.3,0.001,0.02,0.0123,0.0005,64.4,Normal\n";
        let read = tracking(line).unwrap();
        assert_eq!(
            (read.source.as_str(), read.synchronised),
            ("time.example", true)
        );
        assert!(
            !tracking(&line.replace("Normal", "Not synchronised"))
                .unwrap()
                .synchronised
        );
        assert_eq!(tracking("506 Cannot talk to daemon\n"), None);
        assert_eq!(synchronised("NTP=yes\nNTPSynchronized=no\n"), Some(false));
        assert_eq!(synchronised("NTP=yes\n"), None);
        let status = "       Server: 192.0.2.1 (ntp.example)\n       Offset: -1.5ms\n";
        assert_eq!(
            timesync_status(status),
            Some((-0.0015, "192.0.2.1 (ntp.example)".to_owned()))
        );
        assert_eq!(timesync_status("Offset: a lot"), None);
    }
}
