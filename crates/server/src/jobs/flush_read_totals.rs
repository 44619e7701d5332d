//! Each minute: says how much was read in bulk. See [`crate::access`].

use std::sync::Arc;

use super::MINUTE;
use crate::server::Server;
use crate::tasks::Stop;

pub(super) async fn run(server: Arc<Server>, mut stop: Stop) {
    while stop.sleep(MINUTE).await {
        server.flush_ended_totals().await;
    }
}
