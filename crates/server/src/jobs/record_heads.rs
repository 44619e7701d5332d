//! Each anchor interval: records changed heads in the instance log and publishes its checkpoint.

use std::pin::pin;
use std::sync::Arc;
use std::time::Duration;

use store::LogRef;

use crate::anchor::{Anchor, AnchorSink, Publisher};
use crate::http::chain;
use crate::server::Server;
use crate::tasks::Stop;

/// How long anchors that are on their way may take at the end.
const LAST_ANCHORS: Duration = Duration::from_secs(3);

pub(super) async fn run(server: Arc<Server>, sinks: Vec<Arc<dyn AnchorSink>>, mut stop: Stop) {
    let interval = Duration::from_secs(server.config.anchor.interval_seconds);
    let mut publisher = Publisher::new(Arc::clone(&server), sinks);
    loop {
        let go_on = {
            let mut asleep = pin!(stop.sleep(interval));
            loop {
                tokio::select! {
                    go_on = &mut asleep => break go_on,
                    () = publisher.settle() => {}
                }
            }
        };
        if !go_on {
            break;
        }
        if let Some(anchor) = record_heads(&server).await {
            publisher.publish(&Arc::new(anchor));
        }
    }
    // What is cut off here is killed or left; a place that hangs must not hold up the end.
    if tokio::time::timeout(LAST_ANCHORS, publisher.finish())
        .await
        .is_err()
    {
        tracing::warn!("an anchor was still on its way at the end");
    }
}

async fn record_heads(server: &Server) -> Option<Anchor> {
    let head = match server.store.record_heads().await {
        Ok(head) => head,
        Err(error) => {
            tracing::warn!(error = chain(&error), "heads were not recorded");
            return None;
        }
    };
    let log = LogRef::main(&server.instance).log();
    Some(Anchor::new(server.clock.wall(), log, &head))
}
