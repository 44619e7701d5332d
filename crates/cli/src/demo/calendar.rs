//! The days of the demo, counted back from the day on which it was made.
//!
//! Promises: UTC; last Thursday is the most recent one before today, as `during:last-thursday` reads it; days of stories
//! never fall together.

use ledger::time::Micros;

/// Seconds of a day.
const DAY_SECONDS: i64 = 86_400;
/// Thursday, counted from Monday as 0.
const THURSDAY: i64 = 3;
/// The first day of the week that is told, in days before today.
pub(super) const FIRST_DAY: i64 = 8;

/// A day, and the days before it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Calendar {
    /// Today, in days since 1970-01-01.
    today: i64,
}

impl Calendar {
    /// The calendar of the day that `now` falls on.
    pub(crate) fn of(now: Micros) -> Self {
        Self {
            today: now.as_micros().div_euclid(DAY_SECONDS * 1_000_000),
        }
    }

    /// The calendar of a day written as [`Self::stamp`] writes it.
    pub(crate) fn stamped(stamp: &str) -> Option<Self> {
        if stamp.len() != 8 || !stamp.bytes().all(|byte| byte.is_ascii_digit()) {
            return None;
        }
        let (year, rest) = stamp.split_at(4);
        let (month, day) = rest.split_at(2);
        let midnight = Micros::parse(&format!("{year}-{month}-{day}T00:00:00Z"));
        midnight.ok().map(Self::of)
    }

    /// Today as eight digits.
    pub(crate) fn stamp(self) -> String {
        self.date(0).replace('-', "")
    }

    /// The date of a day, such as `2026-03-12`.
    pub(crate) fn date(self, days_ago: i64) -> String {
        let midnight = self.at(days_ago, 0, 0, 0).to_string();
        midnight.split('T').next().unwrap_or_default().to_owned()
    }

    /// A time of a day.
    pub(super) fn at(self, days_ago: i64, hour: i64, minute: i64, second: i64) -> Micros {
        let seconds = (self.today - days_ago) * DAY_SECONDS + hour * 3_600 + minute * 60 + second;
        Micros::from_micros(seconds * 1_000_000)
    }

    /// How long ago last Thursday is: 1 to 7 days.
    pub(crate) fn last_thursday(self) -> i64 {
        (self.weekday(0) - THURSDAY - 1).rem_euclid(7) + 1
    }

    /// The day of the leak.
    pub(super) fn leak(self) -> i64 {
        self.quiet_day(&[3, 5])
    }

    /// The day of the rollback.
    pub(super) fn rollback(self) -> i64 {
        self.quiet_day(&[2, 4, 6])
    }

    /// The first of these days that is neither last Thursday nor the day before.
    fn quiet_day(self, days: &[i64]) -> i64 {
        let thursday = self.last_thursday();
        let quiet = |day: &&i64| **day != thursday && **day != thursday + 1;
        days.iter().find(quiet).copied().unwrap_or(FIRST_DAY)
    }

    /// Whether few people work.
    pub(super) fn is_weekend(self, days_ago: i64) -> bool {
        self.weekday(days_ago) > 4
    }

    /// A number of the day that is the same whatever today is.
    pub(super) fn number(self, days_ago: i64) -> i64 {
        self.today - days_ago
    }

    /// The day of the week; Monday is 0. 1970-01-01 was a Thursday.
    fn weekday(self, days_ago: i64) -> i64 {
        (self.today - days_ago + THURSDAY).rem_euclid(7)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn calendar(date: &str) -> Calendar {
        Calendar::of(Micros::parse(&format!("{date}T14:32:00Z")).unwrap())
    }

    #[test]
    fn last_thursday_is_the_one_before_today() {
        // 2026-03-12 is a Thursday.
        for (today, thursday) in [
            ("2026-03-12", "2026-03-05"),
            ("2026-03-13", "2026-03-12"),
            ("2026-03-15", "2026-03-12"),
            ("2026-03-18", "2026-03-12"),
            ("2026-03-19", "2026-03-12"),
            ("2024-03-01", "2024-02-29"),
        ] {
            let calendar = calendar(today);
            assert_eq!(calendar.date(calendar.last_thursday()), thursday, "{today}");
            assert_eq!(Calendar::stamped(&calendar.stamp()), Some(calendar));
        }
        assert!(!calendar("2026-03-13").is_weekend(0) && calendar("2026-03-14").is_weekend(0));
        assert!(!calendar("2026-03-16").is_weekend(0) && calendar("2026-03-16").is_weekend(1));
        for stamp in ["", "2026031", "20261312", "2026-3-1", "202603+1"] {
            assert_eq!(Calendar::stamped(stamp), None, "{stamp}");
        }
    }

    #[test]
    fn stories_have_days_of_their_own() {
        for day in 10..=24 {
            let calendar = calendar(&format!("2026-03-{day}"));
            let thursday = calendar.last_thursday();
            let days = [thursday, thursday + 1, calendar.leak(), calendar.rollback()];
            assert!((1..=7).contains(&thursday), "{day}");
            for (at, one) in days.iter().enumerate() {
                assert!((1..=FIRST_DAY).contains(one), "{day}");
                assert!(!days[at + 1..].contains(one), "{day}: {days:?}");
            }
        }
    }
}
