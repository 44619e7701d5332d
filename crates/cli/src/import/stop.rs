//! Whether somebody wants it to end: ctrl-C, or a signal of the system.
//!
//! Promises: the signal is heard from [`Stop::listen`] on, and the first one never ends the process by itself: what was
//! acknowledged is written down first. A second one ends it at once, whatever it waits for; what is done stays so. The thread
//! that listens ends with the [`Listening`].

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::thread::JoinHandle;
use std::time::Duration;

use anyhow::Context as _;
use rustix::process::Signal;
use tokio::sync::oneshot;

/// How long a pause may be before it is looked again.
const LOOK_EVERY: Duration = Duration::from_millis(50);

/// Asked for, or not.
#[derive(Clone, Debug, Default)]
pub(crate) struct Stop(Arc<AtomicBool>);

/// Listens until dropped.
#[derive(Debug)]
pub(crate) struct Listening {
    done: Option<oneshot::Sender<()>>,
    thread: Option<JoinHandle<()>>,
}

impl Stop {
    /// Whether it is to end.
    pub(crate) fn is_asked(&self) -> bool {
        self.0.load(Ordering::SeqCst)
    }

    /// Asks for the end.
    pub(crate) fn ask(&self) {
        self.0.store(true, Ordering::SeqCst);
    }

    /// Waits, but not when it is to end. Whether it is not.
    pub(crate) fn pause(&self, time: Duration) -> bool {
        let mut left = time;
        while !left.is_zero() && !self.is_asked() {
            let step = left.min(LOOK_EVERY);
            std::thread::sleep(step);
            left -= step;
        }
        !self.is_asked()
    }

    /// Listens to signals.
    pub(crate) fn listen(&self) -> anyhow::Result<Listening> {
        let runtime = tokio::runtime::Builder::new_current_thread()
            .enable_all()
            .build()
            .context("listening for signals")?;
        let (done, over) = oneshot::channel();
        let stop = self.clone();
        let thread = std::thread::Builder::new()
            .name("signals".to_owned())
            .spawn(move || {
                runtime.block_on(async {
                    tokio::select! {
                        () = heard(&stop) => {}
                        _ = over => {}
                    }
                });
            })
            .context("listening for signals")?;
        Ok(Listening {
            done: Some(done),
            thread: Some(thread),
        })
    }
}

/// Hears signals: the first asks, the second kills. A system without signals leaves the process to be ended the hard way.
async fn heard(stop: &Stop) {
    if server::shutdown_signal().await.is_ok() {
        stop.ask();
        if server::shutdown_signal().await.is_ok() {
            let _ = rustix::process::kill_process(rustix::process::getpid(), Signal::KILL);
        }
    }
    std::future::pending::<()>().await;
}

impl Drop for Listening {
    fn drop(&mut self) {
        drop(self.done.take());
        if let Some(thread) = self.thread.take() {
            let _ = thread.join();
        }
    }
}
