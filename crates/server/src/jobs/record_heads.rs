//! Each anchor interval: records changed heads in the instance log and publishes its checkpoint.

use std::sync::Arc;
use std::time::Duration;

use store::LogRef;

use crate::anchor::{self, AnchorSink};
use crate::http::chain;
use crate::server::Server;
use crate::tasks::Stop;

pub(super) async fn run(server: Arc<Server>, anchors: Vec<Arc<dyn AnchorSink>>, mut stop: Stop) {
    let interval = Duration::from_secs(server.config.anchor.interval_seconds);
    while stop.sleep(interval).await {
        record_heads(&server, &anchors).await;
    }
}

async fn record_heads(server: &Server, anchors: &[Arc<dyn AnchorSink>]) {
    let head = match server.store.record_heads().await {
        Ok(head) => head,
        Err(error) => {
            tracing::warn!(error = chain(&error), "heads were not recorded");
            return;
        }
    };
    let log = LogRef::main(&server.instance).log();
    let line: Arc<str> = anchor::line(server.clock.wall(), log, &head).into();
    for sink in anchors {
        let (sink, line) = (Arc::clone(sink), Arc::clone(&line));
        let published = tokio::task::spawn_blocking(move || sink.publish(&line)).await;
        match published {
            Ok(Ok(())) => {}
            Ok(Err(error)) => tracing::error!(error = chain(&error), "an anchor was not published"),
            Err(error) => tracing::error!(%error, "publishing an anchor panicked"),
        }
    }
}
