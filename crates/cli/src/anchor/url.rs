//! Publishing anchors to an address: the line as the body of a POST, a status of 2xx for an answer.
//!
//! Promises: every wait is bounded; no redirect is followed. Must never: log the header that lets it in, or the parts of
//! the address that may hold a secret.

use std::io;
use std::path::PathBuf;
use std::sync::Arc;
use std::time::Duration;

use server::{Anchor, AnchorSink, Publishing};
use ureq::Agent;
use ureq::http::{HeaderName, HeaderValue};
use zeroize::Zeroizing;

use crate::client::{host_of, is_loopback};
use crate::failure::Failure;
use crate::input;

/// How long it may take.
const PATIENCE: Duration = Duration::from_secs(30);
/// Longest file with a header in bytes.
const HEADER_BYTES_MAX: u64 = 16 * 1024;

/// An address that takes anchors.
#[derive(Clone)]
pub(super) struct AnchorUrl {
    agent: Agent,
    url: Arc<str>,
    header: Option<Arc<PathBuf>>,
}

impl AnchorUrl {
    /// Posts to `url`, with the header line in the file `header`, which is read each time: tokens are renewed.
    pub(super) fn new(url: String, header: Option<PathBuf>) -> Result<Self, Failure> {
        let (secure, host) = host_of(url.split('?').next().unwrap_or_default())
            .ok_or_else(|| Failure::usage("anchor.url is not of the form https://HOST/PATH"))?;
        let local = is_loopback(host);
        if let Some(path) = &header {
            read_header(path)?;
            if !secure && !local {
                tracing::warn!(
                    "anchor.url is plain HTTP: whoever listens on the way gets what anchor.url_header_file holds"
                );
            }
        }
        let mut config = Agent::config_builder()
            .http_status_as_error(false)
            .max_redirects(0)
            .max_redirects_will_error(false)
            .user_agent(concat!("veritrail/", env!("CARGO_PKG_VERSION")))
            .timeout_global(Some(PATIENCE));
        if local {
            config = config.proxy(None);
        }
        Ok(Self {
            agent: config.build().new_agent(),
            url: url.into(),
            header: header.map(Arc::new),
        })
    }

    fn post(&self, line: &str) -> io::Result<()> {
        let mut request = self.agent.post(&*self.url).content_type("application/json");
        if let Some(path) = &self.header {
            let (name, value) = read_header(path).map_err(io::Error::other)?;
            request = request.header(name, value);
        }
        let answer = request.send(line).map_err(io::Error::other)?;
        let status = answer.status();
        if status.is_success() {
            return Ok(());
        }
        Err(io::Error::other(format!("the answer has status {status}")))
    }
}

impl AnchorSink for AnchorUrl {
    fn kind(&self) -> &'static str {
        "url"
    }

    fn publish<'a>(&'a self, anchor: &'a Anchor) -> Publishing<'a> {
        let (this, line) = (self.clone(), anchor.line.clone());
        Box::pin(async move { tokio::task::spawn_blocking(move || this.post(&line)).await? })
    }
}

impl std::fmt::Debug for AnchorUrl {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("AnchorUrl").finish_non_exhaustive()
    }
}

/// The one header line of a file, marked so that nothing prints its value.
fn read_header(path: &std::path::Path) -> Result<(HeaderName, HeaderValue), Failure> {
    let text = Zeroizing::new(input::read_text(path, HEADER_BYTES_MAX)?);
    let header = || {
        let line = text.trim();
        let (name, value) = line.split_once(':').filter(|_| !line.contains('\n'))?;
        let name = HeaderName::from_bytes(name.trim().as_bytes()).ok()?;
        let mut value = HeaderValue::from_str(value.trim()).ok()?;
        value.set_sensitive(true);
        (!value.is_empty()).then_some((name, value))
    };
    header().ok_or_else(|| {
        Failure::usage(format!(
            "{}: expected one header line, such as Authorization: Bearer and a token",
            path.display()
        ))
    })
}

#[cfg(test)]
mod tests {
    use keys::durable::{RealDisk, Secrecy, replace};

    use super::*;

    #[test]
    fn a_header_file_holds_one_line_and_is_never_repeated() {
        let directory = tempfile::tempdir().unwrap();
        let path = directory.path().join("header");
        let put = |text: &str| {
            replace(&RealDisk, &path, text.as_bytes(), Secrecy::Secret).unwrap();
        };
        let word = ["hun", "ter2"].concat();
        put(&format!("Authorization: Bearer {word}\n"));
        let (name, value) = read_header(&path).unwrap();
        assert_eq!(name, "authorization");
        assert_eq!(value, format!("Bearer {word}"));
        assert!(!format!("{value:?}").contains(&word));
        for wrong in [
            word.clone(),
            format!("Authorization:\n{word}: 1"),
            format!("A b: {word}"),
            "Authorization: ".to_owned(),
        ] {
            put(&wrong);
            let failure = read_header(&path).unwrap_err();
            assert!(failure.message.contains("expected one header line"));
            assert!(!failure.message.contains(&word));
        }
    }
}
