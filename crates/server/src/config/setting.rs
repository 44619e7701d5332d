//! One setting: how it is named, read, bounded and described.

use std::net::SocketAddr;
use std::path::PathBuf;

use super::{Config, anchor, geoip, limits, listen, log, oidc, tls};

/// A row of the table.
#[derive(Clone, Copy, Debug)]
pub struct Setting {
    /// Its name in the file; dots are tables.
    pub name: &'static str,
    /// Its default, as the reference shows it.
    pub default: &'static str,
    /// What values are legal, in words that follow "expected".
    pub bounds: &'static str,
    /// What it means, in sentences.
    pub meaning: &'static str,
    /// Reads a value into its field; `None` when it is not legal.
    pub(super) apply: fn(&mut Config, &str) -> Option<()>,
}

/// Why the settings are refused.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum ConfigError {
    /// The file can't be read.
    #[error("{} can not be read", path.display())]
    Unreadable {
        /// The file.
        path: PathBuf,
        /// Why.
        source: std::io::Error,
    },
    /// The file is no TOML.
    #[error("the configuration file is not TOML: {message}, line {line}")]
    NotToml {
        /// What was expected.
        message: String,
        /// Where, from 1.
        line: usize,
    },
    /// No such setting.
    #[error("{place}: there is no setting {name}; docs/reference/config.md lists all")]
    Unknown {
        /// Where it stood.
        place: &'static str,
        /// What stood there.
        name: String,
    },
    /// Not a legal value.
    #[error("{place}: {name}: expected {bounds}")]
    Value {
        /// Where it stood.
        place: &'static str,
        /// The setting.
        name: &'static str,
        /// What was expected.
        bounds: &'static str,
    },
    /// A setting that means nothing without another.
    #[error("{given} is set, and needs {missing} besides")]
    Needs {
        /// What is set.
        given: &'static str,
        /// What is not.
        missing: &'static str,
    },
    /// Plain HTTP beyond this machine.
    #[error(
        "listen = {listen} is no loopback address, and plain HTTP would carry API keys and events in the clear: set \
         tls.cert and tls.key, put a proxy with TLS in front of a loopback address, or set allow_plain_http = true \
         where the network is protected"
    )]
    PlainHttp {
        /// The address.
        listen: SocketAddr,
    },
}

impl Setting {
    /// Its environment variable.
    pub fn variable(&self) -> String {
        let name = self.name.replace('.', "_").to_ascii_uppercase();
        format!("VERITRAIL_{name}")
    }

    /// Its flag.
    pub fn flag(&self) -> String {
        format!("--{}", self.name.replace(['.', '_'], "-"))
    }

    /// Sets the field from text.
    pub(super) fn set(
        &self,
        config: &mut Config,
        value: &str,
        place: &'static str,
    ) -> Result<(), ConfigError> {
        (self.apply)(config, value).ok_or(ConfigError::Value {
            place,
            name: self.name,
            bounds: self.bounds,
        })
    }
}

/// Every setting, in the order of the reference.
pub(super) fn all() -> impl Iterator<Item = &'static Setting> {
    [
        listen::SETTINGS,
        tls::SETTINGS,
        anchor::SETTINGS,
        geoip::SETTINGS,
        oidc::SETTINGS,
        limits::SETTINGS,
        log::SETTINGS,
    ]
    .into_iter()
    .flatten()
}

/// The setting of that name or flag.
pub(super) fn find(name: &str) -> Option<&'static Setting> {
    all().find(|setting| setting.name == name || setting.flag() == name)
}

/// The leaves of a TOML file: dotted names and values as text.
pub(super) fn entries_of_file(text: &str) -> Result<Vec<(String, String)>, ConfigError> {
    let table: toml::Table = text.parse().map_err(|error: toml::de::Error| {
        let at = error.span().map_or(0, |span| span.start);
        let before = text.get(..at).unwrap_or_default();
        ConfigError::NotToml {
            message: error.message().to_owned(),
            line: before.bytes().filter(|byte| *byte == b'\n').count() + 1,
        }
    })?;
    let mut entries = Vec::new();
    for (name, value) in table {
        match value {
            toml::Value::Table(inner) => {
                for (member, value) in inner {
                    entries.push((format!("{name}.{member}"), leaf(value)));
                }
            }
            other => entries.push((name, leaf(other))),
        }
    }
    Ok(entries)
}

/// A value as text; a list of texts with a zero before each, which only settings that are lists take. What is neither
/// becomes a text that no setting takes.
fn leaf(value: toml::Value) -> String {
    match value {
        toml::Value::Array(items) => list(items.iter().map(|item| item.as_str().unwrap_or("\0"))),
        toml::Value::String(text) => text,
        toml::Value::Integer(number) => number.to_string(),
        toml::Value::Boolean(flag) => flag.to_string(),
        _ => "\0".to_owned(),
    }
}

/// Texts as one, for a setting that is a list.
pub fn list<'a>(items: impl IntoIterator<Item = &'a str>) -> String {
    items.into_iter().flat_map(|item| ["\0", item]).collect()
}

/// A whole number within bounds.
pub(super) fn whole<T>(value: &str, bounds: std::ops::RangeInclusive<T>) -> Option<T>
where
    T: std::str::FromStr + PartialOrd,
{
    let number = value.parse().ok()?;
    bounds.contains(&number).then_some(number)
}

/// A path without control characters.
pub(super) fn path(value: &str) -> Option<PathBuf> {
    (!value.is_empty() && !value.chars().any(char::is_control)).then(|| PathBuf::from(value))
}
