//! The server's own log, on standard error.

use super::setting::Setting;

/// How the server logs.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct LogConfig {
    /// In what form.
    pub format: LogFormat,
    /// How much.
    pub level: LogLevel,
}

/// The form of a log line.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum LogFormat {
    /// For people.
    #[default]
    Text,
    /// One JSON object a line.
    Json,
}

/// The least severe line that is written.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum LogLevel {
    /// What needs help.
    Error,
    /// And what may soon.
    Warn,
    /// And what the server does.
    #[default]
    Info,
    /// And each request.
    Debug,
}

pub(super) const SETTINGS: &[Setting] = &[
    Setting {
        name: "log.format",
        default: "text",
        bounds: "text or json",
        meaning: "The form of the lines on standard error.",
        apply: |config, value| {
            config.log.format = match value {
                "text" => LogFormat::Text,
                "json" => LogFormat::Json,
                _ => return None,
            };
            Some(())
        },
    },
    Setting {
        name: "log.level",
        default: "info",
        bounds: "error, warn, info or debug",
        meaning: "The least severe line that is written; debug writes one for each request. Bodies, keys, query \
                  strings and ids of persons are never written.",
        apply: |config, value| {
            config.log.level = match value {
                "error" => LogLevel::Error,
                "warn" => LogLevel::Warn,
                "info" => LogLevel::Info,
                "debug" => LogLevel::Debug,
                _ => return None,
            };
            Some(())
        },
    },
];
