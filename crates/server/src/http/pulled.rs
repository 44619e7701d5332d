//! A body that is made piece by piece, as its reader takes it: streams and exports.
//!
//! Promises: the next piece is asked for when the last one was taken, and nothing is made for a reader who went away; what
//! makes the pieces is dropped with the last of them, so that its place is free and its totals are due.

use std::fmt;
use std::future::Future;
use std::pin::Pin;
use std::task::{Context, Poll};

use axum::body::Bytes;
use hyper::body::{Body, Frame};

/// Who makes the pieces.
pub(crate) trait Pieces: Send + 'static {
    /// What cuts the body off.
    type Error;

    /// The next piece; `None` when there is no more.
    fn next(&mut self) -> impl Future<Output = Option<Result<Bytes, Self::Error>>> + Send;
}

/// The body.
pub(crate) struct PulledBody<P: Pieces>(Option<Asking<P>>);

/// Who makes the pieces, while the next one is made.
type Asking<P> = Pin<Box<dyn Future<Output = (P, Piece<P>)> + Send>>;

type Piece<P> = Option<Result<Bytes, <P as Pieces>::Error>>;

impl<P: Pieces> PulledBody<P> {
    pub(crate) fn new(pieces: P) -> Self {
        Self(Some(ask(pieces)))
    }
}

fn ask<P: Pieces>(mut pieces: P) -> Asking<P> {
    Box::pin(async move {
        let next = pieces.next().await;
        (pieces, next)
    })
}

impl<P: Pieces> fmt::Debug for PulledBody<P> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_tuple("PulledBody").finish_non_exhaustive()
    }
}

impl<P: Pieces> Body for PulledBody<P> {
    type Data = Bytes;
    type Error = P::Error;

    fn poll_frame(
        mut self: Pin<&mut Self>,
        context: &mut Context<'_>,
    ) -> Poll<Option<Result<Frame<Bytes>, P::Error>>> {
        let Some(asking) = &mut self.0 else {
            return Poll::Ready(None);
        };
        let Poll::Ready((pieces, next)) = asking.as_mut().poll(context) else {
            return Poll::Pending;
        };
        self.0 = matches!(next, Some(Ok(_))).then(|| ask(pieces));
        Poll::Ready(next.map(|piece| piece.map(Frame::data)))
    }
}
