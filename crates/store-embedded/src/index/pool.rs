//! Threads that search.
//!
//! Promises: as many as there are cores, below the writer's priority, so that a storm of searches slows
//! acknowledgements little; a bounded queue; a search that panics over a damaged file ends itself alone.

use std::collections::VecDeque;
use std::num::NonZero;
use std::sync::{Arc, Condvar, Mutex, PoisonError};
use std::thread::JoinHandle;

use store::StoreError;
use tokio::sync::oneshot;

/// Most searches waiting.
const WAITING_MAX: usize = 512;
/// What a caller that finds the queue full is told.
const RETRY_AFTER_MS: u64 = 500;
/// The threads' niceness.
const NICE: i32 = 3;

type Task = Box<dyn FnOnce() + Send>;

/// The threads.
#[derive(Debug)]
pub(crate) struct SearchPool {
    queue: Arc<TaskQueue>,
    threads: Mutex<Vec<JoinHandle<()>>>,
}

#[derive(Default)]
struct TaskQueue {
    state: Mutex<(VecDeque<Task>, bool)>,
    filled: Condvar,
}

impl std::fmt::Debug for TaskQueue {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("TaskQueue").finish_non_exhaustive()
    }
}

impl SearchPool {
    pub(crate) fn start() -> std::io::Result<Self> {
        let queue = Arc::new(TaskQueue::default());
        let count = std::thread::available_parallelism().map_or(1, NonZero::get);
        let mut threads = Vec::with_capacity(count);
        for _ in 0..count {
            let queue = Arc::clone(&queue);
            let thread = std::thread::Builder::new()
                .name("search".into())
                .spawn(move || {
                    let _ = rustix::process::setpriority_process(None, NICE);
                    queue.work();
                })?;
            threads.push(thread);
        }
        Ok(Self {
            queue,
            threads: Mutex::new(threads),
        })
    }

    /// Runs `task` on one of the threads.
    pub(crate) async fn run<T: Send + 'static>(
        &self,
        task: impl FnOnce() -> Result<T, StoreError> + Send + 'static,
    ) -> Result<T, StoreError> {
        let (reply, answer) = oneshot::channel();
        {
            let mut state = self
                .queue
                .state
                .lock()
                .unwrap_or_else(PoisonError::into_inner);
            let (tasks, closed) = &mut *state;
            if *closed {
                return Err(StoreError::Closed);
            }
            if tasks.len() >= WAITING_MAX {
                return Err(StoreError::Busy {
                    retry_after_ms: RETRY_AFTER_MS,
                });
            }
            tasks.push_back(Box::new(move || drop(reply.send(task()))));
        }
        self.queue.filled.notify_one();
        answer.await.unwrap_or(Err(StoreError::Closed))
    }

    /// Lets running searches end; waiting ones are answered that the store closes.
    pub(crate) fn close(&self) {
        {
            let mut state = self
                .queue
                .state
                .lock()
                .unwrap_or_else(PoisonError::into_inner);
            state.1 = true;
            state.0.clear();
        }
        self.queue.filled.notify_all();
        let threads =
            std::mem::take(&mut *self.threads.lock().unwrap_or_else(PoisonError::into_inner));
        for thread in threads {
            if thread.join().is_err() {
                tracing::error!("a search thread panicked");
            }
        }
    }
}

impl TaskQueue {
    fn work(&self) {
        loop {
            let mut state = self.state.lock().unwrap_or_else(PoisonError::into_inner);
            let task = loop {
                if let Some(task) = state.0.pop_front() {
                    break task;
                }
                if state.1 {
                    return;
                }
                state = self
                    .filled
                    .wait(state)
                    .unwrap_or_else(PoisonError::into_inner);
            };
            drop(state);
            task();
        }
    }
}
