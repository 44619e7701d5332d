//! What waits for the packer.

use std::collections::VecDeque;
use std::sync::{Condvar, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use ledger::name::LogId;

use crate::frame::Frame;

/// Frames between writer and packer. Bounded by the queue, which takes no job while the tail is too large.
#[derive(Debug, Default)]
pub(crate) struct Inbox {
    state: Mutex<Waiting>,
    changed: Condvar,
}

#[derive(Debug, Default)]
struct Waiting {
    frames: VecDeque<Frame>,
    bytes: usize,
    recorded: Vec<(LogId, u64)>,
    /// Somebody waits for a checkpoint.
    hurry: bool,
    /// The last frame there will be.
    last: Option<u64>,
    closed: bool,
}

impl Inbox {
    fn lock(&self) -> MutexGuard<'_, Waiting> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Hands over a durable frame.
    pub(crate) fn push(&self, frame: Frame) {
        let mut waiting = self.lock();
        waiting.bytes += frame.size();
        waiting.frames.push_back(frame);
        self.changed.notify_all();
    }

    /// Notes sizes at which heads were recorded.
    pub(crate) fn push_recorded(&self, recorded: Vec<(LogId, u64)>) {
        self.lock().recorded.extend(recorded);
    }

    pub(crate) fn take_recorded(&self) -> Vec<(LogId, u64)> {
        std::mem::take(&mut self.lock().recorded)
    }

    /// Begins the next round at once.
    pub(crate) fn hurry(&self) {
        self.lock().hurry = true;
        self.changed.notify_all();
    }

    /// Says that no frame follows `last`.
    pub(crate) fn close_after(&self, last: u64) {
        self.lock().last = Some(last);
        self.changed.notify_all();
    }

    /// Says that the packer has ended.
    pub(crate) fn closed(&self) {
        self.lock().closed = true;
        self.changed.notify_all();
    }

    /// Waits until the packer has ended.
    pub(crate) fn wait_closed(&self) {
        let mut waiting = self.lock();
        while !waiting.closed {
            waiting = self
                .changed
                .wait(waiting)
                .unwrap_or_else(PoisonError::into_inner);
        }
    }

    /// Waits for frames and gathers more for the time that `pause` asks for once there is one, or until there are
    /// `bytes_max` of them, or somebody is in a hurry. The flag says that this was the last of it.
    pub(crate) fn take(
        &self,
        pause: impl FnOnce() -> Duration,
        bytes_max: usize,
    ) -> (Vec<Frame>, bool) {
        let mut waiting = self.lock();
        while waiting.frames.is_empty() && waiting.last.is_none() {
            waiting.hurry = false;
            waiting = self
                .changed
                .wait(waiting)
                .unwrap_or_else(PoisonError::into_inner);
        }
        let patient = |waiting: &mut Waiting| {
            waiting.bytes < bytes_max && !waiting.hurry && waiting.last.is_none()
        };
        let gathered = self.changed.wait_timeout_while(waiting, pause(), patient);
        waiting = gathered.unwrap_or_else(PoisonError::into_inner).0;
        waiting.hurry = false;
        let mut frames = Vec::new();
        let mut bytes = 0;
        while let Some(frame) = waiting.frames.front() {
            let size = frame.size();
            if !frames.is_empty() && bytes + size > bytes_max {
                break;
            }
            bytes += size;
            frames.extend(waiting.frames.pop_front());
        }
        waiting.bytes -= bytes;
        (frames, waiting.frames.is_empty() && waiting.last.is_some())
    }
}
