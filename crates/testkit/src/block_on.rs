//! Waiting for one future on this thread, without a runtime.

use std::pin::pin;
use std::sync::Arc;
use std::task::{Context, Poll, Wake, Waker};
use std::thread::{self, Thread};

/// Drives `future` to its end; the thread sleeps while it waits. What the future waits for must happen on another
/// thread.
pub fn block_on<F: Future>(future: F) -> F::Output {
    let mut future = pin!(future);
    let waker = Waker::from(Arc::new(Unpark(thread::current())));
    let mut context = Context::from_waker(&waker);
    loop {
        match future.as_mut().poll(&mut context) {
            Poll::Ready(output) => return output,
            Poll::Pending => thread::park(),
        }
    }
}

struct Unpark(Thread);

impl Wake for Unpark {
    fn wake(self: Arc<Self>) {
        self.0.unpark();
    }
}

#[cfg(test)]
mod tests {
    use std::sync::Mutex;

    use super::*;

    #[test]
    fn a_future_that_is_woken_from_another_thread_ends() {
        let place: Arc<Mutex<(Option<u32>, Option<Waker>)>> = Arc::default();
        let theirs = Arc::clone(&place);
        let setter = thread::spawn(move || {
            loop {
                let mut place = theirs.lock().unwrap();
                if let Some(waker) = place.1.take() {
                    place.0 = Some(7);
                    waker.wake();
                    return;
                }
                drop(place);
                thread::yield_now();
            }
        });
        let found = block_on(std::future::poll_fn(|context| {
            let mut place = place.lock().unwrap();
            place.1 = Some(context.waker().clone());
            place.0.map_or(Poll::Pending, Poll::Ready)
        }));
        setter.join().unwrap();
        assert_eq!(found, 7);
    }
}
