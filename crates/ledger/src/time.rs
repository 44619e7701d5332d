//! Points in time: microseconds since 1970 in UTC, printed at fixed width so that text order is time order.

use std::fmt;

use jiff::Timestamp;
use jiff::fmt::temporal::{DateTimeParser, DateTimePrinter};

/// Microseconds since 1970-01-01T00:00:00Z, UTC. Always within the years 1970 to 9999.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Micros(i64);

static PARSER: DateTimeParser = DateTimeParser::new();
static PRINTER: DateTimePrinter = DateTimePrinter::new().precision(Some(6));
/// The last microsecond that prints with a four-digit year in every zone: 9999-12-30T21:59:59.999999Z.
const LAST: i64 = 253_402_207_199_999_999;

/// A text that is no RFC 3339 time between 1970 and 9999.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("expected an RFC 3339 time between 1970 and 9999, such as 2026-03-12T14:32:07.123Z")]
pub struct NotATime;

impl Micros {
    /// Takes microseconds since 1970, clamped into the printable range.
    pub fn from_micros(micros: i64) -> Self {
        Self(micros.clamp(0, LAST))
    }

    /// Microseconds since 1970.
    pub fn as_micros(self) -> i64 {
        self.0
    }

    /// This time moved by `micros`, clamped into the printable range.
    #[must_use]
    pub fn plus(self, micros: i64) -> Self {
        Self::from_micros(self.0.saturating_add(micros))
    }

    /// Reads an RFC 3339 time with an offset; digits beyond microseconds are cut off.
    pub fn parse(text: &str) -> Result<Self, NotATime> {
        // The parser is more liberal than RFC 3339 (bracketed zones, missing seconds); hold it to the shape.
        let shape = text.as_bytes();
        let dated = shape.len() >= 20
            && shape.get(4) == Some(&b'-')
            && shape.get(7) == Some(&b'-')
            && matches!(shape.get(10), Some(b'T' | b't' | b' '))
            && shape.get(13) == Some(&b':')
            && shape.get(16) == Some(&b':')
            && !text.contains('[');
        if !dated {
            return Err(NotATime);
        }
        let micros = PARSER
            .parse_timestamp(text)
            .map_err(|_| NotATime)?
            .as_microsecond();
        if (0..=LAST).contains(&micros) {
            Ok(Self(micros))
        } else {
            Err(NotATime)
        }
    }
}

impl fmt::Display for Micros {
    /// `2026-03-12T14:32:07.123000Z`: always 27 bytes.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let stamp = Timestamp::from_microsecond(self.0).map_err(|_| fmt::Error)?;
        let mut text = String::with_capacity(32);
        PRINTER
            .print_timestamp(&stamp, &mut text)
            .map_err(|_| fmt::Error)?;
        f.write_str(&text)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn prints_at_fixed_width_and_reads_back() {
        for text in [
            "1970-01-01T00:00:00.000000Z",
            "2026-03-12T14:32:07.123000Z",
            "9999-12-30T21:59:59.999999Z",
        ] {
            assert_eq!(Micros::parse(text).unwrap().to_string(), text);
        }
        assert_eq!(
            Micros::parse("2026-03-12T16:32:07.1234567+02:00")
                .unwrap()
                .to_string(),
            "2026-03-12T14:32:07.123456Z"
        );
    }

    #[test]
    fn refuses_what_is_no_rfc_3339_time() {
        for text in [
            "",
            "yesterday",
            "2026-03-12",
            "2026-03-12T14:32:07",
            "1969-12-31T23:59:59Z",
            "2026-13-12T14:32:07Z",
            "2026-03-12T14:32:07Z[UTC]",
            "20260312T143207Z",
            "12026-03-12T14:32:07Z",
            "2026-02-30T00:00:00Z",
        ] {
            assert_eq!(Micros::parse(text), Err(NotATime), "{text}");
        }
    }
}
