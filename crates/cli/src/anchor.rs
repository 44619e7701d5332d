//! The places outside that anchors go to: a file, a command, an address. Each is configured at most once.

mod command;
mod file;
mod url;

use std::sync::Arc;

use server::AnchorSink;
use server::config::AnchorConfig;

use crate::failure::Failure;

/// Every place that is configured.
pub(crate) fn sinks(config: &AnchorConfig) -> Result<Vec<Arc<dyn AnchorSink>>, Failure> {
    let mut sinks: Vec<Arc<dyn AnchorSink>> = Vec::new();
    if let Some(path) = &config.file {
        sinks.push(Arc::new(file::AnchorFile::new(path.clone())));
    }
    if let Some(text) = &config.command {
        sinks.push(Arc::new(command::AnchorCommand::new(text.clone())));
    }
    if let Some(url) = &config.url {
        let header = config.url_header_file.clone();
        sinks.push(Arc::new(url::AnchorUrl::new(url.clone(), header)?));
    }
    Ok(sinks)
}
