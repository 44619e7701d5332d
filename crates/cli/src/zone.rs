//! Times as people read them: in UTC, or in the zone of this machine where that is asked for.
//!
//! Promises: a time always says its zone. Must never change what is data: JSON keeps the server's texts.

use jiff::Timestamp;
use jiff::tz::TimeZone;
use ledger::time::Micros;

use crate::printer::Printer;

/// In which zone.
#[derive(Clone, Debug, clap::Args)]
pub(crate) struct ZoneChoice {
    /// Show times in this machine's zone instead of UTC
    #[arg(long)]
    local: bool,
}

impl ZoneChoice {
    /// The zone that was chosen; UTC, with a word, where this machine does not know its own.
    pub(crate) fn zone(&self, printer: &mut Printer) -> Zone {
        if !self.local {
            return Zone(None);
        }
        let zone = TimeZone::try_system();
        if zone.is_err() {
            printer.warning("this machine does not say which zone it is in: times are in UTC");
        }
        Zone(zone.ok())
    }
}

/// The zone to show times in; none is UTC.
#[derive(Clone, Debug)]
pub(crate) struct Zone(Option<TimeZone>);

impl Zone {
    /// `2026-11-19 14:32:07Z`, or `2026-11-19 15:32:07+01:00`. What is no time stays as it is.
    pub(crate) fn to_second(&self, text: &str) -> String {
        self.shown(text, 19)
    }

    /// Columns that `to_second` takes, unless the offset is a strange one.
    pub(crate) fn seconds_width(&self) -> usize {
        match self.0 {
            None => "2026-11-19 14:32:07Z".len(),
            Some(_) => "2026-11-19 15:32:07+01:00".len(),
        }
    }

    /// `2026-11-19 14:32Z`, or with the zone's offset.
    pub(crate) fn to_minute(&self, text: &str) -> String {
        self.shown(text, 16)
    }

    fn shown(&self, text: &str, characters: usize) -> String {
        let Ok(time) = Micros::parse(text) else {
            return text.to_owned();
        };
        let local = self.0.as_ref().and_then(|zone| {
            let time = Timestamp::from_microsecond(time.as_micros()).ok()?;
            let time = time.to_zoned(zone.clone());
            let offset = time.strftime("%:z").to_string();
            Some((time.strftime("%Y-%m-%d %H:%M:%S").to_string(), offset))
        });
        let (text, offset) = match local {
            Some((text, offset)) => (text, offset),
            None => (time.to_string().replacen('T', " ", 1), "Z".to_owned()),
        };
        let end = characters.min(text.len());
        format!("{}{offset}", text.get(..end).unwrap_or(&text))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn times_say_their_zone() {
        let at = "2026-11-19T14:32:07.123456Z";
        let utc = Zone(None);
        assert_eq!(utc.to_second(at), "2026-11-19 14:32:07Z");
        assert_eq!(utc.to_minute(at), "2026-11-19 14:32Z");
        let kolkata = Zone(TimeZone::posix("IST-5:30").ok());
        assert_eq!(kolkata.to_second(at), "2026-11-19 20:02:07+05:30");
        assert_eq!(kolkata.to_minute(at), "2026-11-19 20:02+05:30");
        for zone in [utc, kolkata] {
            assert_eq!(zone.to_second(at).len(), zone.seconds_width());
        }
    }

    #[test]
    fn what_is_no_time_stays_as_it_is() {
        for text in ["", "soon", "2026-13-40T00:00:00Z"] {
            assert_eq!(Zone(None).to_second(text), text);
        }
    }
}
