//! The settings: one TOML file, the environment, flags; the later of these wins.
//!
//! Promises: every setting stands in one table with its name, variable, flag, default, meaning and bounds, from which
//! the reference is generated; what is unknown or out of bounds is refused by name. This is the only place that reads
//! the environment. Must never: repeat a refused value.

mod anchor;
mod geoip;
mod limits;
mod listen;
mod log;
mod oidc;
mod reference;
mod review;
mod setting;
mod tls;

use std::net::SocketAddr;
use std::path::{Path, PathBuf};

pub use anchor::AnchorConfig;
pub use limits::LimitsConfig;
pub use log::{LogConfig, LogFormat, LogLevel};
pub use oidc::{GroupRole, OidcConfig, UiConfig};
pub use reference::reference;
pub use review::{Review, environment_names, settings};
pub use setting::{ConfigError, Setting, list};
pub use tls::TlsConfig;

pub(crate) use oidc::is_safe_url;

/// Every setting, read and checked.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Config {
    /// Where the server listens.
    pub listen: SocketAddr,
    /// Whether plain HTTP may leave this machine.
    pub allow_plain_http: bool,
    /// TLS of the server itself.
    pub tls: TlsConfig,
    /// The data directory.
    pub data: PathBuf,
    /// The keys directory.
    pub keys: PathBuf,
    /// What the origins of new logs begin with; by default `veritrail.invalid/<instance id>`.
    pub origin: Option<String>,
    /// How often checkpoints are signed, in milliseconds.
    pub checkpoint_interval_ms: u64,
    /// Databases that say where addresses are.
    pub geoip: Vec<PathBuf>,
    /// Publishing the instance log's head.
    pub anchor: AnchorConfig,
    /// The pages.
    pub ui: UiConfig,
    /// The identity provider that people sign in with.
    pub oidc: OidcConfig,
    /// Bounds.
    pub limits: LimitsConfig,
    /// The server's own log.
    pub log: LogConfig,
}

impl Default for Config {
    fn default() -> Self {
        Self {
            listen: SocketAddr::from(([127, 0, 0, 1], 7400)),
            allow_plain_http: false,
            tls: TlsConfig::default(),
            data: PathBuf::from("./veritrail-data"),
            keys: PathBuf::from("./veritrail-keys"),
            origin: None,
            checkpoint_interval_ms: 1_000,
            geoip: Vec::new(),
            anchor: AnchorConfig::default(),
            ui: UiConfig::default(),
            oidc: OidcConfig::default(),
            limits: LimitsConfig::default(),
            log: LogConfig::default(),
        }
    }
}

impl Config {
    /// Reads the settings: `file` if given, then the environment as `environment` answers it, then `flags` as pairs of
    /// a setting's name (or its flag) and value.
    ///
    /// # Errors
    /// [`ConfigError`], naming the setting and where it stood.
    pub fn load(
        file: Option<&Path>,
        environment: &dyn Fn(&str) -> Option<String>,
        flags: &[(&str, String)],
    ) -> Result<Self, ConfigError> {
        let text =
            match file {
                None => None,
                Some(path) => Some(std::fs::read_to_string(path).map_err(|source| {
                    ConfigError::Unreadable {
                        path: path.to_owned(),
                        source,
                    }
                })?),
            };
        Self::read(text.as_deref(), environment, flags)
    }

    /// [`Config::load`] with the file's text at hand.
    ///
    /// # Errors
    /// [`ConfigError`], naming the setting and where it stood.
    pub fn read(
        file: Option<&str>,
        environment: &dyn Fn(&str) -> Option<String>,
        flags: &[(&str, String)],
    ) -> Result<Self, ConfigError> {
        let mut config = Self::default();
        for (name, value) in setting::entries_of_file(file.unwrap_or_default())? {
            let setting = setting::find(&name).ok_or(ConfigError::Unknown {
                place: "the configuration file",
                name,
            })?;
            setting.set(&mut config, &value, "the configuration file")?;
        }
        for setting in setting::all() {
            if let Some(value) = environment(&setting.variable()) {
                setting.set(&mut config, &value, "the environment")?;
            }
        }
        for (name, value) in flags {
            let setting = setting::find(name).ok_or_else(|| ConfigError::Unknown {
                place: "the flags",
                name: (*name).to_owned(),
            })?;
            setting.set(&mut config, value, "the flags")?;
        }
        config.check()?;
        Ok(config)
    }

    /// What no setting can see alone.
    fn check(&self) -> Result<(), ConfigError> {
        let needs = |given, missing| Err(ConfigError::Needs { given, missing });
        match (&self.tls.cert, &self.tls.key) {
            (Some(_), None) => return needs("tls.cert", "tls.key"),
            (None, Some(_)) => return needs("tls.key", "tls.cert"),
            _ => {}
        }
        if self.anchor.url_header_file.is_some() && self.anchor.url.is_none() {
            return needs("anchor.url_header_file", "anchor.url");
        }
        if self.oidc.issuer.is_some() {
            if self.oidc.client_id.is_none() {
                return needs("oidc.issuer", "oidc.client_id");
            }
            if self.ui.url.is_none() {
                return needs("oidc.issuer", "ui.url");
            }
        }
        let secure = self.tls.files().is_some();
        if secure || self.listen.ip().is_loopback() || self.allow_plain_http {
            return Ok(());
        }
        Err(ConfigError::PlainHttp {
            listen: self.listen,
        })
    }
}

/// The real environment; a variable that is not UTF-8 counts as absent.
pub fn environment(name: &str) -> Option<String> {
    #[expect(
        clippy::disallowed_methods,
        reason = "this is the one place that reads the environment"
    )]
    std::env::var(name).ok()
}

#[cfg(test)]
mod tests;
