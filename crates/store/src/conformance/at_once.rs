//! Many calls at once, from several threads, without a runtime.
//!
//! The calling thread waits for them all: a store must make progress on its own threads or on the callers'.

use std::future::Future;
use std::pin::Pin;
use std::sync::Arc;
use std::task::{Context, Poll, Wake, Waker};
use std::thread::{self, Thread};

/// Threads that share the calls.
const THREADS: usize = 8;

/// A call that was not asked for yet.
pub(super) type Call<'a, T> = Pin<Box<dyn Future<Output = T> + Send + 'a>>;

/// Drives all calls at once; answers in the order given.
pub(super) fn at_once<T: Send>(calls: Vec<Call<'_, T>>) -> Vec<T> {
    let share = calls.len().div_ceil(THREADS).max(1);
    let mut rest = calls.into_iter().peekable();
    let mut shares = Vec::new();
    while rest.peek().is_some() {
        shares.push(rest.by_ref().take(share).collect::<Vec<_>>());
    }
    thread::scope(|scope| {
        let threads: Vec<_> = shares
            .into_iter()
            .map(|calls| scope.spawn(move || drive(calls)))
            .collect();
        let answers = threads.into_iter().map(|thread| {
            let ended = thread.join();
            ended.unwrap_or_else(|panic| std::panic::resume_unwind(panic))
        });
        answers.flatten().collect()
    })
}

/// Polls a call once and drops it.
pub(super) fn poll_and_drop<T>(mut call: Call<'_, T>) {
    let mut context = Context::from_waker(Waker::noop());
    let _ = call.as_mut().poll(&mut context).is_ready();
}

/// Drives calls on this thread until all are answered.
fn drive<T>(calls: Vec<Call<'_, T>>) -> Vec<T> {
    let waker = Waker::from(Arc::new(Unpark(thread::current())));
    let mut context = Context::from_waker(&waker);
    let mut waiting: Vec<_> = calls.into_iter().map(Waiting::Call).collect();
    loop {
        let mut open = false;
        for place in &mut waiting {
            if let Waiting::Call(call) = place {
                match call.as_mut().poll(&mut context) {
                    Poll::Ready(answer) => *place = Waiting::Answer(answer),
                    Poll::Pending => open = true,
                }
            }
        }
        if !open {
            break;
        }
        thread::park();
    }
    let answers = waiting.into_iter().filter_map(|place| match place {
        Waiting::Answer(answer) => Some(answer),
        Waiting::Call(_) => None,
    });
    answers.collect()
}

enum Waiting<'a, T> {
    Call(Call<'a, T>),
    Answer(T),
}

struct Unpark(Thread);

impl Wake for Unpark {
    fn wake(self: Arc<Self>) {
        self.0.unpark();
    }
}
