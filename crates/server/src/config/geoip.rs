//! Databases that say where addresses are.

use super::setting::{Setting, path};

pub(super) const SETTINGS: &[Setting] = &[Setting {
    name: "geoip",
    default: "none",
    bounds: "paths, separated by : or as a list, at most 16",
    meaning: "MaxMind DB files (.mmdb) that say where the addresses of events are: country, region and city, searched as \
              country: and city: and shown beside events. All are asked, and the answer with most detail counts; of equal \
              ones, that of the file named first. The flag may be given several times. They are read at the start and \
              kept in memory; other files than before have the index built anew. A file that is damaged or says of no \
              network where it is refuses the start.",
    apply: |config, value| {
        config.geoip = match value.strip_prefix('\0') {
            _ if value.is_empty() => Vec::new(),
            Some(list) => list.split('\0').map(path).collect::<Option<_>>()?,
            None => value.split(':').map(path).collect::<Option<_>>()?,
        };
        (config.geoip.len() <= FILES_MAX).then_some(())
    },
}];

/// Most files; those of one maker are two or three.
const FILES_MAX: usize = 16;
