//! Each second: records the totals of searches that ended, and of those whose cursors expired. See [`crate::access`].

use std::sync::Arc;
use std::time::Duration;

use crate::server::Server;
use crate::tasks::Stop;

const INTERVAL: Duration = Duration::from_secs(1);

pub(super) async fn run(server: Arc<Server>, mut stop: Stop) {
    while stop.sleep(INTERVAL).await {
        server.record_due_totals().await;
    }
}
