//! Maps that come with the program, for tables that many have.
//!
//! Promises: each is a file that people can start their own from: `--print-map` prints it as it stands.

use super::map::Map;
use crate::failure::Failure;

/// Which one.
#[derive(Clone, Copy, Debug, PartialEq, Eq, clap::ValueEnum)]
pub(crate) enum Preset {
    /// One table with a JSON column, as many applications have it.
    Classic,
    /// The audit log of the deployment platform Temps.
    Temps,
    /// Retraced: its table of indexed events, and its export as JSON lines.
    Retraced,
    /// The PostgreSQL extension `supa_audit`.
    #[value(name = "supa_audit")]
    SupaAudit,
}

impl Preset {
    /// Its name.
    pub(crate) fn name(self) -> &'static str {
        match self {
            Self::Classic => "classic",
            Self::Temps => "temps",
            Self::Retraced => "retraced",
            Self::SupaAudit => "supa_audit",
        }
    }

    /// The map as it is written.
    pub(crate) fn text(self) -> &'static str {
        match self {
            Self::Classic => include_str!("presets/classic.toml"),
            Self::Temps => include_str!("presets/temps.toml"),
            Self::Retraced => include_str!("presets/retraced.toml"),
            Self::SupaAudit => include_str!("presets/supa_audit.toml"),
        }
    }

    /// The map.
    pub(crate) fn map(self) -> Result<Map, Failure> {
        Map::read(self.text(), self.name())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_preset_can_be_used() {
        for preset in [
            Preset::Classic,
            Preset::Temps,
            Preset::Retraced,
            Preset::SupaAudit,
        ] {
            let map = preset.map().unwrap();
            assert!(
                map.table.is_some() && map.cursor.is_some(),
                "{}",
                preset.name()
            );
        }
    }
}
