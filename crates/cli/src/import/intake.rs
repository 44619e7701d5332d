//! What readers hand events to: gathers batches, counts, and knows what is done.
//!
//! Promises: what is marked as done is so in the state file only when every event before it was acknowledged; counts are kept
//! with what they count. Two batches never change places. A dry run shows the first events and sends nothing.

use std::collections::BTreeMap;

use ledger::limits::BATCH_BYTES_MAX;
use ledger::source::Clock as _;

use super::rejected::{self, Rejected};
use super::sender::{Batch, Sender, Settled, WINDOW};
use super::state::{Mark, State};
use super::stop::Stop;
use super::tally::{Tally, count};
use crate::clock::SystemClock;
use crate::failure::Failure;
use crate::printer::Printer;
use crate::progress::Progress;

/// Events of a batch.
const BATCH_EVENTS: usize = 500;
/// Bytes of a batch; one event alone may be longer.
const BATCH_BYTES: usize = 2 * 1024 * 1024;
/// Longest event in bytes: a request must hold it.
pub(crate) const EVENT_BYTES_MAX: usize = BATCH_BYTES_MAX - 1024;
/// Bytes of what is rejected that wait for a batch's end.
const REJECTED_BYTES: usize = 4 * 1024 * 1024;
/// Between two writings of the state, in microseconds.
const SAVE_EVERY: i64 = 1_000_000;
/// Between two lines where no bar is drawn, in microseconds.
const TELL_EVERY: i64 = 10_000_000;
/// Reasons of which an example is kept.
const EXAMPLES_MAX: usize = 40;
/// Too long for a request.
const TOO_LARGE: &str = "too_large";
/// Not named, and not called like data.
const OTHER_FILE: &str = "other_file";

/// Where events go.
#[derive(Debug)]
pub(crate) enum Sink {
    /// To the server.
    Send(Sender),
    /// Nowhere: so many of them are shown.
    Show(usize),
}

/// How it ended.
#[derive(Debug)]
pub(crate) struct Brought {
    /// What is done; none for a dry run.
    pub(crate) state: Option<State>,
    /// What was counted in this run.
    pub(crate) tally: Tally,
    /// An example for each reason.
    pub(crate) examples: BTreeMap<String, String>,
}

/// Takes events.
pub(crate) struct Intake<'p> {
    printer: &'p mut Printer,
    sink: Sink,
    state: Option<State>,
    rejected: Option<Rejected>,
    stop: Stop,
    progress: Progress,
    pending: Batch,
    pending_rejected: usize,
    next: u64,
    /// The oldest batch that is not settled.
    oldest: u64,
    early: BTreeMap<u64, Settled>,
    tally: Tally,
    examples: BTreeMap<String, String>,
    has_failed: bool,
    /// What was said last of why it is waited.
    trouble: String,
    saved_at: i64,
    told_at: i64,
}

impl<'p> Intake<'p> {
    /// Begins.
    pub(crate) fn new(
        printer: &'p mut Printer,
        sink: Sink,
        state: Option<State>,
        rejected: Option<Rejected>,
        stop: Stop,
        progress: Progress,
    ) -> Self {
        let now = SystemClock.monotonic();
        Self {
            printer,
            sink,
            state,
            rejected,
            stop,
            progress,
            pending: Batch::default(),
            pending_rejected: 0,
            next: 0,
            oldest: 0,
            early: BTreeMap::new(),
            tally: Tally::default(),
            examples: BTreeMap::new(),
            has_failed: false,
            trouble: String::new(),
            saved_at: now,
            told_at: now,
        }
    }

    /// What earlier runs did.
    pub(crate) fn state(&self) -> Option<&State> {
        self.state.as_ref()
    }

    /// Whether somebody wants it to end.
    pub(crate) fn stop(&self) -> &Stop {
        &self.stop
    }

    /// One event, as one line of JSON.
    pub(crate) fn event(&mut self, line: &str, place: &str) -> Result<(), Failure> {
        if line.len() > EVENT_BYTES_MAX {
            return self.unreadable(TOO_LARGE, place, line.as_bytes());
        }
        if self.pending.events >= BATCH_EVENTS || self.pending.body.len() + line.len() > BATCH_BYTES
        {
            self.flush()?;
        }
        self.pending.counted.read += 1;
        if let Sink::Show(left) = &mut self.sink {
            if *left > 0 {
                *left -= 1;
                self.printer.json_line(line);
            }
            return Ok(());
        }
        self.pending.body.extend_from_slice(line.as_bytes());
        self.pending.body.push(b'\n');
        self.pending.events += 1;
        Ok(())
    }

    /// Something that is no event.
    pub(crate) fn unreadable(
        &mut self,
        reason: &str,
        place: &str,
        what: &[u8],
    ) -> Result<(), Failure> {
        self.pending.counted.read += 1;
        count(&mut self.pending.counted.unreadable, reason);
        self.example(reason, place);
        if self.rejected.is_some() {
            let line = rejected::line(reason, place, what);
            self.pending_rejected += line.len();
            self.pending.rejections.push(line);
            if self.pending_rejected > REJECTED_BYTES {
                self.flush()?;
            }
        }
        Ok(())
    }

    /// Something that a rule leaves out.
    pub(crate) fn excluded(&mut self, rule: &str) {
        self.pending.counted.read += 1;
        count(&mut self.pending.counted.excluded, rule);
    }

    /// A file was read to its end.
    pub(crate) fn file_done(&mut self) {
        self.pending.counted.files += 1;
    }

    /// A file below a folder is of another kind.
    pub(crate) fn file_left_out(&mut self, path: &str) {
        self.pending.counted.other_files += 1;
        self.example(OTHER_FILE, path);
    }

    /// A file could not be read, or not to its end.
    pub(crate) fn file_broken(&mut self, reason: &str, path: &str, detail: &str) {
        count(&mut self.pending.counted.broken_files, reason);
        self.printer.warning(&format!("{path}: {detail}"));
    }

    /// Everything up to here was handed over. The mark is made when a batch is full.
    pub(crate) fn reached(&mut self, mark: impl FnOnce() -> Mark) -> Result<(), Failure> {
        let unsent = self.pending.counted.read - self.pending.events as u64;
        if self.pending.events >= BATCH_EVENTS || unsent >= BATCH_EVENTS as u64 {
            self.passed(mark());
            self.flush()?;
        }
        Ok(())
    }

    /// Everything up to here was handed over.
    pub(crate) fn passed(&mut self, mark: Mark) {
        self.pending.marks.push(mark);
    }

    /// Sends what was gathered, and writes down what is done.
    pub(crate) fn flush(&mut self) -> Result<(), Failure> {
        let mut batch = std::mem::take(&mut self.pending);
        self.pending_rejected = 0;
        batch.number = self.next;
        self.next += 1;
        match &self.sink {
            Sink::Send(sender) if batch.events > 0 => sender.send(batch)?,
            _ => {
                let settled = Settled {
                    batch,
                    failure: None,
                };
                self.early.insert(settled.batch.number, settled);
            }
        }
        self.settle(WINDOW as u64 - 1)
    }

    /// Sends what was gathered, and waits until everything is settled.
    pub(crate) fn catch_up(&mut self) -> Result<(), Failure> {
        self.flush()?;
        self.settle(0)?;
        self.save()
    }

    /// Tells how far it is.
    pub(crate) fn tell(&mut self, done: u64, total: u64) {
        self.progress.report(done, total);
        let now = SystemClock.monotonic();
        if now - self.told_at < TELL_EVERY {
            return;
        }
        self.told_at = now;
        if self.progress.is_hidden() {
            let percent = u128::from(done) * 100 / u128::from(total.max(1));
            let Tally {
                read,
                stored,
                already_there,
                ..
            } = &self.tally;
            self.printer.note(&format!(
                "{read} events read, {stored} stored, {already_there} already there, {}%",
                percent.min(100)
            ));
        }
    }

    /// Says something to who watches.
    pub(crate) fn note(&mut self, text: &str) {
        self.printer.note(text);
    }

    /// Ends: waits for what is under way, and writes down what is done. `is_whole`: what was gathered last is sent too.
    pub(crate) fn end(mut self, is_whole: bool) -> (Brought, Option<Failure>) {
        let mut ended = if is_whole { self.flush() } else { Ok(()) };
        if !self.has_failed {
            let settled = self.settle(0);
            ended = ended.and(settled);
        }
        let ended = ended.and(self.save());
        let Self {
            state,
            tally,
            examples,
            ..
        } = self;
        let brought = Brought {
            state,
            tally,
            examples,
        };
        (brought, ended.err())
    }

    /// Applies what is settled, in order, until no more than `most` batches are under way.
    fn settle(&mut self, most: u64) -> Result<(), Failure> {
        loop {
            if let Some(settled) = self.early.remove(&self.oldest) {
                self.oldest += 1;
                self.apply(settled)?;
                continue;
            }
            let Sink::Send(sender) = &self.sink else {
                return Ok(());
            };
            let settled = match sender.ready() {
                Some(settled) => settled,
                None if self.next - self.oldest > most => {
                    let Some(settled) = sender.next()? else {
                        let trouble = sender.trouble();
                        if let Some(trouble) = trouble.filter(|trouble| *trouble != self.trouble) {
                            self.printer.note(&format!("{trouble}; trying again"));
                            self.trouble = trouble;
                        }
                        continue;
                    };
                    settled
                }
                None => break,
            };
            self.early.insert(settled.batch.number, settled);
        }
        if SystemClock.monotonic() - self.saved_at >= SAVE_EVERY {
            self.save()?;
        }
        Ok(())
    }

    fn apply(&mut self, settled: Settled) -> Result<(), Failure> {
        if let Some(failure) = settled.failure {
            // Nothing behind it counts as done: it comes again.
            self.has_failed = true;
            return Err(failure);
        }
        let batch = settled.batch;
        for (reason, example) in &batch.examples {
            self.example(reason, example);
        }
        if let Some(rejected) = &mut self.rejected {
            rejected.add(&batch.rejections)?;
        }
        self.tally.add(&batch.counted);
        if let Some(state) = &mut self.state {
            state.advance(&batch.counted, batch.marks);
        }
        Ok(())
    }

    fn example(&mut self, reason: &str, example: &str) {
        if self.examples.len() < EXAMPLES_MAX && !self.examples.contains_key(reason) {
            self.examples.insert(reason.to_owned(), example.to_owned());
        }
    }

    fn save(&mut self) -> Result<(), Failure> {
        self.saved_at = SystemClock.monotonic();
        self.state.as_ref().map_or(Ok(()), State::save)
    }
}
