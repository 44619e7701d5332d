//! Sending events in batches, several at a time.
//!
//! Promises: a batch is settled when the server said of each of its events what became of it; what can't be taken now is sent
//! again, after the time that the server names and not for ever; what is too large together is sent in halves. Threads end
//! with the scope, and when the [`Sender`] is dropped. Must never: hold more than [`WINDOW`] batches.

use std::collections::VecDeque;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::mpsc::{self, Receiver, RecvTimeoutError, SyncSender};
use std::sync::{Arc, Mutex, PoisonError};
use std::thread::Scope;
use std::time::Duration;

use api::{BatchAnswer, Outcome, Problem, code};

use super::rejected;
use super::state::Mark;
use super::stop::Stop;
use super::tally::{Tally, count};
use crate::client::{Client, Upload, is_passing};
use crate::failure::Failure;

/// Batches that are sent at the same time.
const IN_FLIGHT: usize = 4;
/// Batches between the oldest that is not settled and the newest.
pub(crate) const WINDOW: usize = 16;
/// How often a batch is tried: with the pauses below for some twenty minutes, longer where the server asks for longer.
const TRIES_MAX: usize = 90;
/// How often it is tried where no server ever answered: it is not there.
const FIRST_TRIES_MAX: usize = 3;
/// How long is waited for a batch before it is looked what the trouble is.
const LOOK_EVERY: Duration = Duration::from_millis(500);
/// Pauses between tries in milliseconds; the last one again and again.
const PAUSES_MS: [u64; 7] = [250, 500, 1_000, 2_000, 4_000, 8_000, 15_000];
/// Longest pause that a server is believed, in seconds.
const RETRY_AFTER_MAX: u64 = 600;
/// Too large parts are cut, with their length and a keyed digest, in the place of a refusal.
const TRUNCATING: &str = "/v1/events?oversize=truncate";
const PLAIN: &str = "/v1/events";

/// Events on their way, and what is done when they have arrived.
#[derive(Debug, Default)]
pub(crate) struct Batch {
    /// From 0, without gap.
    pub(crate) number: u64,
    /// One event a line.
    pub(crate) body: Vec<u8>,
    /// How many.
    pub(crate) events: usize,
    /// What was counted on the way to here, and what became of the events.
    pub(crate) counted: Tally,
    /// What is done with it.
    pub(crate) marks: Vec<Mark>,
    /// Lines for the file of what was rejected.
    pub(crate) rejections: Vec<String>,
    /// Reasons with an example each.
    pub(crate) examples: Vec<(String, String)>,
}

/// A batch that came to its end.
#[derive(Debug)]
pub(crate) struct Settled {
    pub(crate) batch: Batch,
    /// Why it did not arrive, if it did not.
    pub(crate) failure: Option<Failure>,
}

/// The threads, from the side of who fills batches.
#[derive(Debug)]
pub(crate) struct Sender {
    jobs: SyncSender<Batch>,
    settled: Receiver<Settled>,
    trouble: Arc<Mutex<Option<String>>>,
}

/// What all threads share.
#[derive(Debug)]
struct Line<'s> {
    client: &'s Client,
    stop: &'s Stop,
    keeps_rejections: bool,
    /// Whether the server knows how to cut what is too large.
    truncates: AtomicBool,
    /// Whether any batch was answered.
    is_reached: AtomicBool,
    /// Why it is waited, for who watches.
    trouble: Arc<Mutex<Option<String>>>,
    jobs: Mutex<Receiver<Batch>>,
}

impl Sender {
    /// Starts the threads.
    pub(crate) fn start<'scope, 'env: 'scope>(
        scope: &'scope Scope<'scope, 'env>,
        client: &'env Client,
        stop: &'env Stop,
        keeps_rejections: bool,
    ) -> Self {
        let (jobs, waiting) = mpsc::sync_channel(WINDOW);
        let (done, settled) = mpsc::sync_channel(WINDOW);
        let trouble = Arc::new(Mutex::new(None));
        let line = Arc::new(Line {
            client,
            stop,
            keeps_rejections,
            truncates: AtomicBool::new(true),
            is_reached: AtomicBool::new(false),
            trouble: Arc::clone(&trouble),
            jobs: Mutex::new(waiting),
        });
        for _ in 0..IN_FLIGHT {
            let (line, done) = (Arc::clone(&line), done.clone());
            scope.spawn(move || {
                while let Some(mut batch) = line.next() {
                    let failure = line.deliver(&mut batch).err();
                    batch.body = Vec::new();
                    if done.send(Settled { batch, failure }).is_err() {
                        return;
                    }
                }
            });
        }
        Self {
            jobs,
            settled,
            trouble,
        }
    }

    /// Hands over a batch. Waits while as many wait already as may.
    pub(crate) fn send(&self, batch: Batch) -> Result<(), Failure> {
        self.jobs.send(batch).map_err(|_| gone())
    }

    /// The next batch that came to its end; waits for one, but not for long.
    pub(crate) fn next(&self) -> Result<Option<Settled>, Failure> {
        match self.settled.recv_timeout(LOOK_EVERY) {
            Ok(settled) => Ok(Some(settled)),
            Err(RecvTimeoutError::Timeout) => Ok(None),
            Err(RecvTimeoutError::Disconnected) => Err(gone()),
        }
    }

    /// Why it is waited, once.
    pub(crate) fn trouble(&self) -> Option<String> {
        let mut trouble = self.trouble.lock().unwrap_or_else(PoisonError::into_inner);
        trouble.take()
    }

    /// The next, if there is one.
    pub(crate) fn ready(&self) -> Option<Settled> {
        self.settled.try_recv().ok()
    }
}

fn gone() -> Failure {
    Failure::unreachable("a thread that sends events has ended")
}

impl Line<'_> {
    fn next(&self) -> Option<Batch> {
        let jobs = self.jobs.lock().unwrap_or_else(PoisonError::into_inner);
        jobs.recv().ok()
    }

    /// Sends what is in a batch until the server said what became of each event.
    fn deliver(&self, batch: &mut Batch) -> Result<(), Failure> {
        let mut waiting = VecDeque::from([std::mem::take(&mut batch.body)]);
        let mut tries = 0;
        while let Some(body) = waiting.pop_front() {
            let truncating = self.truncates.load(Ordering::SeqCst);
            let failure = match self.post(&body, truncating) {
                Ok(answer) => {
                    self.is_reached.store(true, Ordering::SeqCst);
                    let again = self.settle(&answer, &body, batch)?;
                    if again.is_empty() {
                        continue;
                    }
                    waiting.push_front(again);
                    Failure::unreachable("the server can not take every event now")
                }
                Err(failure) if truncating && is_unknown_parameter(&failure) => {
                    self.truncates.store(false, Ordering::SeqCst);
                    waiting.push_front(body);
                    continue;
                }
                Err(failure) if is_too_large(&failure) => {
                    match halves(&body) {
                        Some((first, second)) => {
                            waiting.push_front(second);
                            waiting.push_front(first);
                        }
                        None => {
                            self.refuse(failure.code.as_deref(), &failure.message, &body, batch);
                        }
                    }
                    continue;
                }
                Err(failure) if is_passing(&failure) => {
                    waiting.push_front(body);
                    failure
                }
                Err(failure) => return Err(failure),
            };
            tries += 1;
            // A server that said something is there, whatever it said.
            let is_there = failure.code.is_some() || self.is_reached.load(Ordering::SeqCst);
            if tries >= if is_there { TRIES_MAX } else { FIRST_TRIES_MAX } {
                return Err(failure);
            }
            if failure.code.is_none() {
                let mut trouble = self.trouble.lock().unwrap_or_else(PoisonError::into_inner);
                *trouble = Some(failure.message.clone());
            }
            let usual = PAUSES_MS[(tries - 1).min(PAUSES_MS.len() - 1)];
            let pause = failure
                .retry_after
                .map_or(Duration::from_millis(usual), |seconds| {
                    Duration::from_secs(seconds.clamp(1, RETRY_AFTER_MAX))
                });
            if !self.stop.pause(pause) {
                return Err(failure);
            }
        }
        Ok(())
    }

    fn post(&self, body: &[u8], truncating: bool) -> Result<BatchAnswer, Failure> {
        let path = if truncating { TRUNCATING } else { PLAIN };
        let upload = Upload {
            path,
            body,
            media_type: "application/x-ndjson",
            idempotency_key: None,
        };
        self.client.post(&upload).map(|(_, answer)| answer)
    }

    /// Counts what became of each event. Answers those that are to be sent again.
    fn settle(
        &self,
        answer: &BatchAnswer,
        body: &[u8],
        batch: &mut Batch,
    ) -> Result<Vec<u8>, Failure> {
        let lines: Vec<&[u8]> = lines(body).collect();
        if answer.results.len() != lines.len() {
            return Err(Failure::unreachable(
                "the server's answer is about another number of events",
            ));
        }
        let mut again = Vec::new();
        for (item, line) in answer.results.iter().zip(lines) {
            match &item.outcome {
                Outcome::Stored(_) => batch.counted.stored += 1,
                Outcome::Repeated(_) => batch.counted.already_there += 1,
                Outcome::Conflict(refused) => {
                    batch.counted.conflicts += 1;
                    self.keep(code::CONFLICT, &refused.error.detail, line, batch);
                }
                Outcome::Refused(refused) if is_for_now(&refused.error) => {
                    again.extend_from_slice(line);
                    again.push(b'\n');
                }
                Outcome::Refused(refused) => {
                    let problem = &refused.error;
                    let place = problem.pointer.as_deref().unwrap_or_default();
                    let detail = format!("{place} {}", problem.detail);
                    self.refuse(Some(&problem.code), detail.trim(), line, batch);
                }
                // Nobody asked to have it tried only.
                Outcome::DryRun(_) => {
                    return Err(Failure::unreachable(
                        "the server only tried what it was to store",
                    ));
                }
            }
        }
        Ok(again)
    }

    fn refuse(&self, code: Option<&str>, detail: &str, line: &[u8], batch: &mut Batch) {
        let code = code.unwrap_or("refused");
        count(&mut batch.counted.refused, code);
        self.keep(code, detail, line, batch);
    }

    fn keep(&self, reason: &str, detail: &str, line: &[u8], batch: &mut Batch) {
        if !batch.examples.iter().any(|(known, _)| known == reason) {
            batch.examples.push((reason.to_owned(), detail.to_owned()));
        }
        if self.keeps_rejections {
            batch
                .rejections
                .push(rejected::line(reason, detail, line.trim_ascii()));
        }
    }
}

fn lines(body: &[u8]) -> impl Iterator<Item = &[u8]> {
    body.split(|byte| *byte == b'\n')
        .filter(|line| !line.is_empty())
}

/// The lines in two parts; nothing of a single one.
fn halves(body: &[u8]) -> Option<(Vec<u8>, Vec<u8>)> {
    let lines: Vec<&[u8]> = lines(body).collect();
    if lines.len() < 2 {
        return None;
    }
    let (first, second) = lines.split_at(lines.len() / 2);
    let joined = |lines: &[&[u8]]| {
        let mut text = lines.join(&b'\n');
        text.push(b'\n');
        text
    };
    Some((joined(first), joined(second)))
}

fn is_for_now(problem: &Problem) -> bool {
    problem.status == 429 || problem.status >= 500
}

fn is_too_large(failure: &Failure) -> bool {
    matches!(
        failure.code.as_deref(),
        Some(code::BODY_TOO_LARGE | code::TOO_MANY_EVENTS)
    )
}

/// What a server answers that does not know the parameter: nothing else of these requests can be wrong in this way.
fn is_unknown_parameter(failure: &Failure) -> bool {
    matches!(
        failure.code.as_deref(),
        Some(code::BAD_REQUEST | code::BAD_FIELD)
    )
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn halves_hold_every_line_once() {
        let (first, second) = halves(b"a\nb\nc\n").unwrap();
        assert_eq!(
            (first.as_slice(), second.as_slice()),
            (&b"a\n"[..], &b"b\nc\n"[..])
        );
        assert!(halves(b"a\n").is_none() && halves(b"").is_none());
    }
}
