//! The owner of every background task: nothing runs that shutdown doesn't join.

use std::future::Future;
use std::time::Duration;

use tokio::sync::watch;
use tokio::task::{JoinError, JoinSet};

/// Tasks, and the signal that ends them.
#[derive(Debug)]
pub(crate) struct Tasks {
    set: JoinSet<()>,
    stop: watch::Sender<bool>,
}

/// How a task learns that it should end.
#[derive(Clone, Debug)]
pub(crate) struct Stop(watch::Receiver<bool>);

impl Stop {
    /// Waits until the task should end.
    pub(crate) async fn stopped(&mut self) {
        // A dropped sender means that the owner is gone: end as well.
        _ = self.0.wait_for(|stop| *stop).await;
    }

    /// Waits for `duration`; `false` when the task should end.
    pub(crate) async fn sleep(&mut self, duration: Duration) -> bool {
        tokio::time::timeout(duration, self.stopped())
            .await
            .is_err()
    }
}

impl Tasks {
    pub(crate) fn new() -> Self {
        Self {
            set: JoinSet::new(),
            stop: watch::Sender::new(false),
        }
    }

    /// The signal, for a task about to be spawned.
    pub(crate) fn stop(&self) -> Stop {
        Stop(self.stop.subscribe())
    }

    /// Starts a task.
    pub(crate) fn spawn(&mut self, task: impl Future<Output = ()> + Send + 'static) {
        self.set.spawn(task);
    }

    /// How many run or wait to be reaped.
    pub(crate) fn count(&self) -> usize {
        self.set.len()
    }

    /// Reaps one task that ended; waits for ever when there is none.
    pub(crate) async fn reap(&mut self) {
        match self.set.join_next().await {
            Some(ended) => report(ended),
            None => std::future::pending().await,
        }
    }

    /// Tells every task to end and waits, at most `patience`; what still runs then is aborted.
    pub(crate) async fn join(mut self, patience: Duration) {
        self.stop.send_replace(true);
        let all = async {
            while let Some(ended) = self.set.join_next().await {
                report(ended);
            }
        };
        if tokio::time::timeout(patience, all).await.is_err() {
            tracing::warn!(tasks = self.set.len(), "tasks did not end in time");
            self.set.shutdown().await;
        }
    }
}

fn report(ended: Result<(), JoinError>) {
    if let Err(error) = ended
        && error.is_panic()
    {
        tracing::error!(error = %error, "a task panicked");
    }
}
