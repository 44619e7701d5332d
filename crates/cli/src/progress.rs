//! How far a long piece of work is: a bar, the rate and the time left, drawn over itself on standard error.
//!
//! Promises: nothing is written unless a person watches (the printer decides), and nothing is left behind: the line is
//! blank again when the work is done. Without colour, in ASCII, and no wider than a narrow terminal. Must never: slow the
//! work down by drawing, or stop it because drawing failed.

use std::fmt::Write as _;
use std::io::Write;
use std::sync::{Mutex, PoisonError};

use ledger::source::Clock;

/// Between two drawings, in microseconds.
const DRAW_EVERY: i64 = 100_000;
/// Columns of the bar itself.
const BAR: usize = 24;
/// Columns of the whole line.
const WIDTH: usize = 72;

/// What is counted.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Unit {
    /// Bytes, told in MB.
    Bytes,
    /// Entries of a log.
    Entries,
}

/// A piece of work that tells how far it is. Dropping it clears its line.
pub(crate) struct Progress(Option<Mutex<Bar>>);

struct Bar {
    out: Box<dyn Write + Send>,
    clock: Box<dyn Clock>,
    what: &'static str,
    unit: Unit,
    began: i64,
    /// When it was drawn last, if it was.
    drawn: Option<i64>,
}

impl Progress {
    /// Writes nothing.
    pub(crate) fn hidden() -> Self {
        Self(None)
    }

    /// Draws to `out`.
    pub(crate) fn shown(
        out: Box<dyn Write + Send>,
        clock: Box<dyn Clock>,
        what: &'static str,
        unit: Unit,
    ) -> Self {
        let began = clock.monotonic();
        Self(Some(Mutex::new(Bar {
            out,
            clock,
            what,
            unit,
            began,
            drawn: None,
        })))
    }

    /// Whether nobody watches.
    pub(crate) fn is_hidden(&self) -> bool {
        self.0.is_none()
    }

    /// Tells how much of how much is done.
    pub(crate) fn report(&self, done: u64, total: u64) {
        let Some(bar) = &self.0 else { return };
        let mut bar = bar.lock().unwrap_or_else(PoisonError::into_inner);
        let now = bar.clock.monotonic();
        if bar.drawn.is_some_and(|drawn| now - drawn < DRAW_EVERY) {
            return;
        }
        bar.drawn = Some(now);
        let line = line(bar.what, bar.unit, done, total, now - bar.began);
        bar.draw(&line);
    }
}

impl Bar {
    fn draw(&mut self, line: &str) {
        // Nobody is helped by an error about a bar.
        let _ = write!(self.out, "\r{line:<WIDTH$}").and_then(|()| self.out.flush());
    }
}

impl Drop for Bar {
    fn drop(&mut self) {
        if self.drawn.is_some() {
            self.draw("");
            let _ = self.out.write_all(b"\r").and_then(|()| self.out.flush());
        }
    }
}

impl std::fmt::Debug for Progress {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Progress").finish_non_exhaustive()
    }
}

/// `verifying  [######------------------]  25%  120 MB/s  0:12 left`
fn line(what: &str, unit: Unit, done: u64, total: u64, elapsed: i64) -> String {
    let (done, total) = (u128::from(done.min(total)), u128::from(total.max(1)));
    let elapsed = u128::try_from(elapsed).unwrap_or(0);
    let filled = usize::try_from(done * BAR as u128 / total).unwrap_or(BAR);
    let percent = done * 100 / total;
    let mut line = format!(
        "{what}  [{}{}] {percent:>3}%",
        "#".repeat(filled),
        "-".repeat(BAR - filled)
    );
    let per_second = (done * 1_000_000).checked_div(elapsed).unwrap_or(0);
    if per_second > 0 {
        // Writing to a string does not fail.
        let _ = match unit {
            Unit::Bytes => write!(line, "  {} MB/s", per_second.div_ceil(1_000_000)),
            Unit::Entries => write!(line, "  {per_second}/s"),
        };
        let left = (total - done).div_ceil(per_second);
        let (minutes, seconds) = (left / 60, left % 60);
        let _ = match minutes {
            0..60 => write!(line, "  {minutes}:{seconds:02} left"),
            _ => write!(line, "  {}:{:02} h left", minutes / 60, minutes % 60),
        };
    }
    line
}

#[cfg(test)]
mod tests {
    use std::sync::Arc;
    use std::sync::atomic::{AtomicI64, Ordering};

    use ledger::time::Micros;

    use super::*;

    #[derive(Clone, Debug, Default)]
    struct Hand(Arc<AtomicI64>);

    impl Clock for Hand {
        fn wall(&self) -> Micros {
            Micros::default()
        }

        fn monotonic(&self) -> i64 {
            self.0.load(Ordering::Relaxed)
        }
    }

    #[derive(Clone, Default)]
    struct Screen(Arc<Mutex<Vec<u8>>>);

    impl Write for Screen {
        fn write(&mut self, bytes: &[u8]) -> std::io::Result<usize> {
            self.0.lock().unwrap().extend_from_slice(bytes);
            Ok(bytes.len())
        }

        fn flush(&mut self) -> std::io::Result<()> {
            Ok(())
        }
    }

    #[test]
    fn a_line_tells_how_far_how_fast_and_how_long() {
        let quarter = line(
            "verifying",
            Unit::Bytes,
            250_000_000,
            1_000_000_000,
            2_000_000,
        );
        assert_eq!(
            quarter,
            "verifying  [######------------------]  25%  125 MB/s  0:06 left"
        );
        let slow = line("exporting", Unit::Entries, 10, 100_000, 1_000_000);
        assert_eq!(
            slow,
            "exporting  [------------------------]   0%  10/s  2:46 h left"
        );
        assert!(slow.len() <= WIDTH);
    }

    #[test]
    fn odd_counts_draw_a_bar_and_not_a_panic() {
        for (done, total, elapsed) in [(0, 0, 0), (5, 0, -1), (9, 3, 1), (u64::MAX, u64::MAX, 1)] {
            let line = line("x", Unit::Entries, done, total, elapsed);
            assert!(line.starts_with("x  ["), "{line}");
        }
    }

    #[test]
    fn it_draws_at_times_and_leaves_a_blank_line() {
        let (hand, screen) = (Hand::default(), Screen::default());
        let progress = Progress::shown(
            Box::new(screen.clone()),
            Box::new(hand.clone()),
            "verifying",
            Unit::Bytes,
        );
        for done in 0..1_000 {
            progress.report(done, 1_000);
            hand.0.fetch_add(1_000, Ordering::Relaxed);
        }
        drop(progress);
        let text = String::from_utf8(screen.0.lock().unwrap().clone()).unwrap();
        let drawn: Vec<&str> = text.split('\r').collect();
        assert_eq!(drawn.len(), 1 + 10 + 1 + 1, "{text:?}");
        assert_eq!(drawn[11].trim(), "");
        assert_eq!(drawn[11].len(), WIDTH);
        assert!(!text.contains(['\n', '\u{1b}']));
    }

    #[test]
    fn what_is_hidden_and_what_never_began_write_nothing() {
        Progress::hidden().report(1, 2);
        let screen = Screen::default();
        let out = Box::new(screen.clone());
        drop(Progress::shown(
            out,
            Box::new(Hand::default()),
            "x",
            Unit::Bytes,
        ));
        assert!(screen.0.lock().unwrap().is_empty());
    }
}
