//! Checks logs when somebody asks for it, one at a time. See [`crate::verification`].

use std::sync::Arc;

use crate::server::Server;
use crate::tasks::Stop;

pub(super) async fn run(server: Arc<Server>, mut stop: Stop) {
    loop {
        // What is cut off here was never said to have ended.
        tokio::select! {
            () = stop.stopped() => return,
            () = server.verifications.wanted() => {}
        }
        tokio::select! {
            () = stop.stopped() => return,
            () = server.verify_wanted() => {}
        }
    }
}
