//! Publishing the instance log's head outside.

use std::path::PathBuf;

use super::setting::{Setting, path, whole};

/// Where anchors go and how often.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct AnchorConfig {
    /// A file that gets a line for each.
    pub file: Option<PathBuf>,
    /// How often heads are recorded in the instance log and its checkpoint is published, in seconds.
    pub interval_seconds: u64,
}

impl Default for AnchorConfig {
    fn default() -> Self {
        Self {
            file: None,
            interval_seconds: 3_600,
        }
    }
}

pub(super) const SETTINGS: &[Setting] = &[
    Setting {
        name: "anchor.file",
        default: "none",
        bounds: "a path",
        meaning: "A file that gets one line of JSON, a signed checkpoint of the instance log, each interval. Best on \
                  another machine's disk, where who administers this one can't write.",
        apply: |config, value| {
            config.anchor.file = Some(path(value)?);
            Some(())
        },
    },
    Setting {
        name: "anchor.interval_seconds",
        default: "3600",
        bounds: "1 to 86400 seconds",
        meaning: "How often every changed head is recorded in the instance log and its checkpoint is published.",
        apply: |config, value| {
            config.anchor.interval_seconds = whole(value, 1..=86_400)?;
            Some(())
        },
    },
];
