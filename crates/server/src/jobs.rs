//! What runs by itself. Every job may run at any time and any number of times; one that fails is logged and tried again.

mod flush_read_totals;
mod flush_searches;
mod record_heads;
mod renew_certificate;
mod report_left_out;
mod summarise_refusals;
mod verify_logs;

use std::sync::Arc;
use std::time::Duration;

use crate::anchor::AnchorSink;
use crate::listener::Secure;
use crate::server::Server;
use crate::tasks::Tasks;

pub(crate) use summarise_refusals::summarise_refusals;

const MINUTE: Duration = Duration::from_mins(1);

/// Starts every job.
pub(crate) fn start(
    server: &Arc<Server>,
    anchors: Vec<Arc<dyn AnchorSink>>,
    secure: Option<Secure>,
    tasks: &mut Tasks,
) {
    tasks.spawn(flush_read_totals::run(Arc::clone(server), tasks.stop()));
    tasks.spawn(flush_searches::run(Arc::clone(server), tasks.stop()));
    tasks.spawn(record_heads::run(Arc::clone(server), anchors, tasks.stop()));
    tasks.spawn(report_left_out::run(Arc::clone(server), tasks.stop()));
    tasks.spawn(summarise_refusals::run(Arc::clone(server), tasks.stop()));
    tasks.spawn(verify_logs::run(Arc::clone(server), tasks.stop()));
    if let Some(secure) = secure {
        tasks.spawn(renew_certificate::run(secure, tasks.stop()));
    }
}
