//! An answer that takes longer than others of the same page.

use std::fmt;
use std::future::Future;
use std::pin::Pin;

/// An answer that is being worked on, or has come.
pub(super) struct Later<T> {
    answer: Option<T>,
    work: Pin<Box<dyn Future<Output = T> + Send>>,
}

impl<T> fmt::Debug for Later<T> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Later")
            .field("is_there", &self.answer.is_some())
            .finish_non_exhaustive()
    }
}

impl<T: Send> Later<T> {
    pub(super) fn new(work: impl Future<Output = T> + Send + 'static) -> Self {
        Self {
            answer: None,
            work: Box::pin(work),
        }
    }

    /// Waits for something else; this answer is worked on meanwhile.
    pub(super) async fn beside<U>(&mut self, other: impl Future<Output = U> + Send) -> U {
        let mut other = std::pin::pin!(other);
        if self.answer.is_none() {
            // Both are begun before either is waited for, the other one first: what takes long must not stand in its way.
            tokio::select! {
                biased;
                done = &mut other => return done,
                answer = &mut self.work => self.answer = Some(answer),
            }
        }
        other.await
    }

    /// Waits for it.
    pub(super) async fn wait(self) -> T {
        match self.answer {
            Some(answer) => answer,
            None => self.work.await,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[tokio::test]
    async fn what_came_while_another_was_waited_for_is_kept() {
        let mut later = Later::new(async { 7 });
        later.beside(tokio::task::yield_now()).await;
        assert_eq!(later.wait().await, 7);
    }
}
