//! Publishing the instance log's head outside.

use std::path::PathBuf;

use super::setting::{Setting, path, whole};

/// Where anchors go and how often.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct AnchorConfig {
    /// A file that gets a line for each.
    pub file: Option<PathBuf>,
    /// A command that gets each on its standard input.
    pub command: Option<String>,
    /// An address that each is posted to.
    pub url: Option<String>,
    /// A file with one header line for that address.
    pub url_header_file: Option<PathBuf>,
    /// How often heads are recorded in the instance log and its checkpoint is published, in seconds.
    pub interval_seconds: u64,
}

impl Default for AnchorConfig {
    fn default() -> Self {
        Self {
            file: None,
            command: None,
            url: None,
            url_header_file: None,
            interval_seconds: 3_600,
        }
    }
}

/// Longest command in bytes.
const COMMAND_BYTES_MAX: usize = 4_096;
/// Longest address in bytes.
const URL_BYTES_MAX: usize = 2_048;

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
        name: "anchor.command",
        default: "none",
        bounds: "a command for sh -c of 1 to 4096 bytes",
        meaning: "A command that gets the same line on standard input each interval, such as one that commits and \
                  pushes it. Its environment is PATH, HOME, VERITRAIL_ANCHOR_LOG and VERITRAIL_ANCHOR_AT. It has \
                  failed when it ends with anything but 0, or after 60 seconds, when it is killed with its process \
                  group.",
        apply: |config, value| {
            let fits =
                (1..=COMMAND_BYTES_MAX).contains(&value.trim().len()) && !value.contains('\0');
            config.anchor.command = fits.then(|| value.to_owned());
            fits.then_some(())
        },
    },
    Setting {
        name: "anchor.url",
        default: "none",
        bounds: "an https or http address without a user name, spaces or a fragment, up to 2048 bytes",
        meaning: "An address that the same line is posted to each interval as application/json. It has failed when \
                  the answer is not 2xx or takes longer than 30 seconds; redirects are not followed.",
        apply: |config, value| {
            config.anchor.url = is_address(value).then(|| value.to_owned());
            config.anchor.url.as_ref().map(|_| ())
        },
    },
    Setting {
        name: "anchor.url_header_file",
        default: "none",
        bounds: "a path",
        meaning: "A file with one header line that is sent to anchor.url, such as Authorization: Bearer and a token. \
                  It is read for each anchor and never logged.",
        apply: |config, value| {
            config.anchor.url_header_file = Some(path(value)?);
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

/// Whether this can be posted to, and shows no credentials where an address is shown.
fn is_address(text: &str) -> bool {
    let rest = text
        .strip_prefix("https://")
        .or_else(|| text.strip_prefix("http://"));
    let Some(rest) = rest else { return false };
    let authority = rest.split(['/', '?']).next().unwrap_or_default();
    let host = authority.split(':').next().unwrap_or_default();
    text.len() <= URL_BYTES_MAX
        && text.bytes().all(|byte| byte.is_ascii_graphic())
        && !text.contains('#')
        && !authority.contains('@')
        && !host.is_empty()
}
