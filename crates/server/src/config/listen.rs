//! Where the server listens and keeps its things.

use super::setting::{Setting, path, whole};

pub(super) const SETTINGS: &[Setting] = &[
    Setting {
        name: "listen",
        default: "127.0.0.1:7400",
        bounds: "an address and a port, such as 127.0.0.1:7400",
        meaning: "Where the server listens. Port 0 lets the system choose.",
        apply: |config, value| {
            config.listen = value.parse().ok()?;
            Some(())
        },
    },
    Setting {
        name: "allow_plain_http",
        default: "false",
        bounds: "true or false",
        meaning: "Whether plain HTTP may be served beyond this machine. API keys and events would cross the network in \
                  the clear: only where something else protects it.",
        apply: |config, value| {
            config.allow_plain_http = value.parse().ok()?;
            Some(())
        },
    },
    Setting {
        name: "data",
        default: "./veritrail-data",
        bounds: "a path",
        meaning: "The data directory.",
        apply: |config, value| {
            config.data = path(value)?;
            Some(())
        },
    },
    Setting {
        name: "keys",
        default: "./veritrail-keys",
        bounds: "a path",
        meaning: "The keys directory: the master secret, the signer and its state. Keep it apart from the data and out \
                  of their backups.",
        apply: |config, value| {
            config.keys = path(value)?;
            Some(())
        },
    },
    Setting {
        name: "origin",
        default: "veritrail.invalid/<instance id>",
        bounds: "1 to 200 printable characters without space, + or a / at either end",
        meaning: "What the origins of logs begin with; it counts when the data directory is made, and later settings of it change nothing. It stands in every checkpoint and reaches witnesses: never a \
                  host or a customer's name. Logs that exist keep theirs.",
        apply: |config, value| {
            let fits = (1..=200).contains(&value.len())
                && value
                    .bytes()
                    .all(|byte| byte.is_ascii_graphic() && byte != b'+')
                && !value.starts_with('/')
                && !value.ends_with('/');
            config.origin = fits.then(|| value.to_owned());
            fits.then_some(())
        },
    },
    Setting {
        name: "checkpoint_interval_ms",
        default: "1000",
        bounds: "10 to 60000 milliseconds",
        meaning: "How often checkpoints of logs that grew are signed.",
        apply: |config, value| {
            config.checkpoint_interval_ms = whole(value, 10..=60_000)?;
            Some(())
        },
    },
];
