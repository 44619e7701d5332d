//! Waiting for a checkpoint or for growth without a runtime: whoever signs or appends wakes the waiters.

use std::future::Future;
use std::pin::Pin;
use std::sync::{Mutex, PoisonError};
use std::task::{Context, Poll};

use super::state::State;
use crate::error::StoreError;
use crate::record::{LogRef, SignedHead};

/// The checkpoint that covers an entry.
#[derive(Debug)]
pub(super) struct SignedPast<'a> {
    state: &'a Mutex<State>,
    log: LogRef,
    seq: u64,
}

impl<'a> SignedPast<'a> {
    pub(super) fn new(state: &'a Mutex<State>, log: LogRef, seq: u64) -> Self {
        Self { state, log, seq }
    }
}

impl Future for SignedPast<'_> {
    type Output = Result<SignedHead, StoreError>;

    fn poll(self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<Self::Output> {
        let mut state = self.state.lock().unwrap_or_else(PoisonError::into_inner);
        let answer = state.signed_past(self.log, self.seq, context.waker());
        answer.map_or(Poll::Pending, Poll::Ready)
    }
}

/// The size of a log that is larger than it was.
#[derive(Debug)]
pub(super) struct Grown<'a> {
    state: &'a Mutex<State>,
    log: LogRef,
    size: u64,
}

impl<'a> Grown<'a> {
    pub(super) fn new(state: &'a Mutex<State>, log: LogRef, size: u64) -> Self {
        Self { state, log, size }
    }
}

impl Future for Grown<'_> {
    type Output = Result<u64, StoreError>;

    fn poll(self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<Self::Output> {
        let mut state = self.state.lock().unwrap_or_else(PoisonError::into_inner);
        let answer = state.grown(self.log, self.size, context.waker());
        answer.map_or(Poll::Pending, Poll::Ready)
    }
}
