//! Handing each anchor to every sink at once.
//!
//! Promises: no sink waits for another, and nobody waits for a sink; each has one publication at a time; what became of
//! every anchor at every sink is counted.

use std::io;
use std::sync::Arc;

use tokio::task::{Id, JoinError, JoinSet};

use super::{Anchor, AnchorResult, AnchorSink};
use crate::http::chain;
use crate::server::Server;

/// The sinks, and what they are doing. Dropping it ends every publication.
#[derive(Debug)]
pub(crate) struct Publisher {
    server: Arc<Server>,
    sinks: Vec<Sink>,
    running: JoinSet<io::Result<()>>,
}

#[derive(Debug)]
struct Sink {
    sink: Arc<dyn AnchorSink>,
    /// The publication that runs.
    busy: Option<Id>,
}

impl Publisher {
    pub(crate) fn new(server: Arc<Server>, sinks: Vec<Arc<dyn AnchorSink>>) -> Self {
        for sink in &sinks {
            server.metrics.expect_anchors(sink.kind());
            server.sinks.expect(sink.kind());
        }
        let idle = |sink| Sink { sink, busy: None };
        Self {
            server,
            sinks: sinks.into_iter().map(idle).collect(),
            running: JoinSet::new(),
        }
    }

    /// Hands an anchor to every sink that is not busy, and does not wait.
    pub(crate) fn publish(&mut self, anchor: &Arc<Anchor>) {
        for Sink { sink, busy } in &mut self.sinks {
            if busy.is_some() {
                let kind = sink.kind();
                tracing::warn!(sink = kind, "still publishing the anchor before; skipped");
                settle(&self.server, kind, AnchorResult::Skipped);
                continue;
            }
            let (sink, anchor) = (Arc::clone(sink), Arc::clone(anchor));
            let started = self
                .running
                .spawn(async move { sink.publish(&anchor).await });
            *busy = Some(started.id());
        }
    }

    /// Waits until one publication has ended; for ever when none runs.
    pub(crate) async fn settle(&mut self) {
        match self.running.join_next_with_id().await {
            Some(ended) => self.ended(ended),
            None => std::future::pending().await,
        }
    }

    /// Waits until all have ended.
    pub(crate) async fn finish(mut self) {
        while let Some(ended) = self.running.join_next_with_id().await {
            self.ended(ended);
        }
    }

    fn ended(&mut self, ended: Result<(Id, io::Result<()>), JoinError>) {
        let (id, result) = match ended {
            Ok((id, result)) => (id, result),
            Err(error) => (error.id(), Err(io::Error::other(error))),
        };
        let Some(sink) = self.sinks.iter_mut().find(|sink| sink.busy == Some(id)) else {
            return;
        };
        sink.busy = None;
        let kind = sink.sink.kind();
        let result = match result {
            Ok(()) => AnchorResult::Published,
            Err(error) => {
                tracing::error!(
                    sink = kind,
                    error = chain(&error),
                    "an anchor was not published"
                );
                AnchorResult::Failed
            }
        };
        settle(&self.server, kind, result);
    }
}

fn settle(server: &Server, kind: &'static str, result: AnchorResult) {
    server.metrics.anchored(kind, result);
    server.sinks.note(kind, result, server.clock.wall());
}
