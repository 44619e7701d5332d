//! TLS of the server itself.

use std::path::PathBuf;

use super::setting::{Setting, path};

/// Where the certificate and its key are; both or neither.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct TlsConfig {
    /// The certificate chain.
    pub cert: Option<PathBuf>,
    /// The key of its first certificate.
    pub key: Option<PathBuf>,
}

impl TlsConfig {
    /// Both files, if TLS is spoken.
    pub fn files(&self) -> Option<(PathBuf, PathBuf)> {
        Some((self.cert.clone()?, self.key.clone()?))
    }
}

pub(super) const SETTINGS: &[Setting] = &[
    Setting {
        name: "tls.cert",
        default: "none",
        bounds: "a path",
        meaning: "The server's certificate chain in PEM, its own certificate first. With it the server speaks HTTPS \
                  only and may listen beyond loopback. It is read again every 10 seconds and on SIGHUP; a renewed pair \
                  is taken once certificate and key fit together.",
        apply: |config, value| {
            config.tls.cert = Some(path(value)?);
            Some(())
        },
    },
    Setting {
        name: "tls.key",
        default: "none",
        bounds: "a path",
        meaning: "The key of that certificate in PEM (PKCS#8, SEC1 or PKCS#1), without a passphrase.",
        apply: |config, value| {
            config.tls.key = Some(path(value)?);
            Some(())
        },
    },
];
