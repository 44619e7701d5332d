//! Times as people write them, to microseconds since 1970. Everything is UTC.
//!
//! Promises: every form is a period from its start to the start of the next, but for those counted back from now, which
//! are points; what lies outside 1970 to 9999 is refused, not moved. Must never read a clock or need a table of zones.

use jiff::civil::{Date, DateTime, ISOWeekDate, Weekday};
use jiff::tz::Offset;
use jiff::{Timestamp, ToSpan};
use ledger::time::Micros;

/// A point or a period.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Moment {
    /// One microsecond, counted from now.
    Point(i64),
    /// From the start to before the end.
    Period {
        /// The first microsecond.
        start: i64,
        /// The microsecond behind the last.
        end: i64,
    },
}

impl Moment {
    /// The first microsecond.
    pub(crate) fn start(self) -> i64 {
        match self {
            Self::Point(at) => at,
            Self::Period { start, .. } => start,
        }
    }

    /// The microsecond behind the last.
    pub(crate) fn end(self) -> i64 {
        match self {
            Self::Point(at) => at + 1,
            Self::Period { end, .. } => end,
        }
    }
}

/// Why a text is no time.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Problem {
    /// It has none of the forms.
    Form,
    /// The calendar has no such day.
    NoSuchDay,
    /// Before 1970 or after 9999, or more than a hundred years ago.
    OutOfRange,
}

impl Problem {
    /// What was expected instead.
    pub(crate) fn expected(self) -> &'static str {
        match self {
            Self::Form => FORMS,
            Self::NoSuchDay => "a day and time that the calendar has",
            Self::OutOfRange => "a time between 1970 and 9999, at most 100 years ago",
        }
    }
}

/// Forms of times.
pub(crate) const FORMS: &str = "a time such as `24h`, `2026-03-12`, `2026-03-12T14:32`, `2026-03-12T14:32:07Z`, `yesterday` or `last-monday`";
/// Forms of periods.
pub(crate) const PERIOD_FORMS: &str = "a period such as `2026`, `2026-Q3`, `2026-03`, `2026-W11`, `2026-03-12`, `yesterday`, `last-week` or `2026-03-12..2026-03-15`";
/// Longest time in bytes.
const TIME_BYTES_MAX: usize = 48;
/// Longest duration in microseconds: a hundred years.
const DURATION_MICROS_MAX: i64 = 36_525 * DAY;
const DAY: i64 = 24 * HOUR;
const HOUR: i64 = 60 * MINUTE;
const MINUTE: i64 = 60 * SECOND;
const SECOND: i64 = 1_000_000;

/// Reads a time.
pub(crate) fn moment(text: &str, now: Micros) -> Result<Moment, Problem> {
    if text.len() > TIME_BYTES_MAX {
        return Err(Problem::Form);
    }
    let text = text.to_ascii_lowercase();
    if let Some(moment) = named(&text, now) {
        return moment;
    }
    if let Some(duration) = duration(&text) {
        let at = now.as_micros().checked_sub(duration).filter(|at| *at >= 0);
        return at.map(Moment::Point).ok_or(Problem::OutOfRange);
    }
    match text.split_once('t') {
        Some((date, time)) => time_of_day(&text, day(date)?, time),
        None => calendar(&text),
    }
}

/// `now`, `today`, `last-week`, names of weekdays; `None` for anything else.
fn named(text: &str, now: Micros) -> Option<Result<Moment, Problem>> {
    let stamp = Timestamp::from_microsecond(now.as_micros()).ok()?;
    let today = Offset::UTC.to_datetime(stamp).date();
    let into_week = i64::from(today.weekday().to_monday_zero_offset());
    let week = today.checked_sub(into_week.days());
    let month = today.first_of_month();
    let (start, end) = match text {
        "now" => return Some(Ok(Moment::Point(now.as_micros()))),
        "today" => (Ok(today), today.tomorrow()),
        "yesterday" => (today.yesterday(), Ok(today)),
        "this-week" => (
            week.clone(),
            week.and_then(|week| week.checked_add(7.days())),
        ),
        "last-week" => (
            week.clone().and_then(|week| week.checked_sub(7.days())),
            week,
        ),
        "this-month" => (Ok(month), month.checked_add(1.month())),
        "last-month" => (month.checked_sub(1.month()), Ok(month)),
        other => {
            let start =
                today.nth_weekday(-1, weekday(other.strip_prefix("last-").unwrap_or(other))?);
            (start.clone(), start.and_then(Date::tomorrow))
        }
    };
    Some(match start {
        Ok(start) => period(start, end.ok()),
        Err(_) => Err(Problem::OutOfRange),
    })
}

fn weekday(name: &str) -> Option<Weekday> {
    Some(match name {
        "monday" => Weekday::Monday,
        "tuesday" => Weekday::Tuesday,
        "wednesday" => Weekday::Wednesday,
        "thursday" => Weekday::Thursday,
        "friday" => Weekday::Friday,
        "saturday" => Weekday::Saturday,
        "sunday" => Weekday::Sunday,
        _ => return None,
    })
}

/// `90s`, `15m`, `24h`, `7d`, `2w` in microseconds; more than any time has when it is too long.
fn duration(text: &str) -> Option<i64> {
    let (digits, unit) = text.split_at_checked(text.len().checked_sub(1)?)?;
    let unit = match unit {
        "s" => SECOND,
        "m" => MINUTE,
        "h" => HOUR,
        "d" => DAY,
        "w" => 7 * DAY,
        _ => return None,
    };
    number(digits, 1..=usize::MAX)?;
    let micros = digits
        .parse::<i64>()
        .ok()
        .and_then(|count| count.checked_mul(unit));
    micros
        .filter(|micros| *micros <= DURATION_MICROS_MAX)
        .or(Some(i64::MAX))
}

/// `2026`, `2026-q3`, `2026-03`, `2026-w11`, `2026-03-12`.
fn calendar(text: &str) -> Result<Moment, Problem> {
    let (year, rest) = match text.split_once('-') {
        None => (text, None),
        Some((year, rest)) => (year, Some(rest)),
    };
    let year: i16 = year_number(year)?;
    let first = |month: i8| Date::new(year, month, 1).map_err(|_| Problem::NoSuchDay);
    let Some(rest) = rest else {
        let start = first(1)?;
        return period(start, start.checked_add(1.year()).ok());
    };
    if let Some(quarter) = rest.strip_prefix('q') {
        let quarter = number(quarter, 1..=1).ok_or(Problem::Form)?;
        if !(1..=4).contains(&quarter) {
            return Err(Problem::NoSuchDay);
        }
        let start = first(3 * quarter - 2)?;
        return period(start, start.checked_add(3.months()).ok());
    }
    if let Some(week) = rest.strip_prefix('w') {
        let week = number(week, 2..=2).ok_or(Problem::Form)?;
        let start = ISOWeekDate::new(year, week, Weekday::Monday)
            .map_err(|_| Problem::NoSuchDay)?
            .date();
        return period(start, start.checked_add(7.days()).ok());
    }
    if rest.contains('-') {
        let start = day(text)?;
        return period(start, start.tomorrow().ok());
    }
    let start = first(number(rest, 2..=2).ok_or(Problem::Form)?)?;
    period(start, start.checked_add(1.month()).ok())
}

/// `2026-03-12`.
fn day(text: &str) -> Result<Date, Problem> {
    let mut pieces = text.split('-');
    let (Some(year), Some(month), Some(day), None) =
        (pieces.next(), pieces.next(), pieces.next(), pieces.next())
    else {
        return Err(Problem::Form);
    };
    let year = year_number(year)?;
    let (month, day) = number(month, 2..=2)
        .zip(number(day, 2..=2))
        .ok_or(Problem::Form)?;
    Date::new(year, month, day).map_err(|_| Problem::NoSuchDay)
}

/// `14`, `14:32`, `14:32:07.123+02:00` on a day; `text` is the whole.
fn time_of_day(text: &str, day: Date, time: &str) -> Result<Moment, Problem> {
    let plain = time.strip_suffix('z').unwrap_or(time);
    let (length, minute) = match plain.split_once(':') {
        None => (HOUR, Some(0)),
        Some((_, minute)) => (MINUTE, number(minute, 2..=2)),
    };
    let hour = plain.split(':').next().unwrap_or_default();
    if let (Some(hour), Some(minute)) = (number(hour, 2..=2), minute) {
        let start = DateTime::new(day.year(), day.month(), day.day(), hour, minute, 0, 0)
            .map_err(|_| Problem::NoSuchDay)
            .and_then(micros)?;
        return lasting(start, length);
    }
    // With seconds: `14:32:07`, a fraction, a zone.
    let (clock, rest) = time.split_at_checked(8).ok_or(Problem::Form)?;
    let mut fields = clock.split(':').map(|field| number(field, 2..=2));
    let (Some(Some(hour)), Some(Some(minute)), Some(Some(second)), None) =
        (fields.next(), fields.next(), fields.next(), fields.next())
    else {
        return Err(Problem::Form);
    };
    let (fraction, zone) = match rest.strip_prefix('.') {
        None => ("", rest),
        Some(rest) => {
            let digits = rest.bytes().take_while(u8::is_ascii_digit).count();
            match rest.split_at_checked(digits) {
                Some((fraction, zone)) if digits > 0 => (fraction, zone),
                _ => return Err(Problem::Form),
            }
        }
    };
    let stamp = match zone {
        "" => Micros::parse(&format!("{text}z")),
        zone if zone == "z" || is_offset(zone) => Micros::parse(text),
        _ => return Err(Problem::Form),
    };
    DateTime::new(day.year(), day.month(), day.day(), hour, minute, second, 0)
        .map_err(|_| Problem::NoSuchDay)?;
    // What the calendar has and is refused all the same lies outside.
    let start = stamp.map_err(|_| Problem::OutOfRange)?.as_micros();
    let length = (0..fraction.len().min(6)).fold(SECOND, |length, _| length / 10);
    lasting(start, length)
}

/// `+02:00`.
fn is_offset(zone: &str) -> bool {
    zone.strip_prefix(['+', '-'])
        .and_then(|rest| rest.split_once(':'))
        .and_then(|(hours, minutes)| number(hours, 2..=2).zip(number(minutes, 2..=2)))
        .is_some_and(|(hours, minutes)| hours < 24 && minutes < 60)
}

fn year_number(text: &str) -> Result<i16, Problem> {
    let year: Option<i16> = (text.len() == 4 && text.bytes().all(|byte| byte.is_ascii_digit()))
        .then(|| text.parse().ok())
        .flatten();
    match year {
        Some(year) if year >= 1970 => Ok(year),
        Some(_) => Err(Problem::OutOfRange),
        None => Err(Problem::Form),
    }
}

/// Digits, this many of them. A number too large for a field of a date becomes one that no date has.
fn number(text: &str, length: std::ops::RangeInclusive<usize>) -> Option<i8> {
    let digits = length.contains(&text.len()) && text.bytes().all(|byte| byte.is_ascii_digit());
    digits.then(|| text.parse().unwrap_or(i8::MAX))
}

/// From the start of one day to the start of another; `None` for the end of the calendar.
fn period(start: Date, end: Option<Date>) -> Result<Moment, Problem> {
    let midnight = |date: Date| micros(date.at(0, 0, 0, 0));
    let start = midnight(start)?;
    let end = end
        .and_then(|end| midnight(end).ok())
        .unwrap_or_else(|| last() + 1);
    Ok(Moment::Period { start, end })
}

/// From a start on: an hour or less, and the last hour that there is ends with the last microsecond.
fn lasting(start: i64, length: i64) -> Result<Moment, Problem> {
    let end = start.checked_add(length).ok_or(Problem::OutOfRange)?;
    Ok(Moment::Period { start, end })
}

/// The last microsecond that an event can have; no time lies behind it.
pub(crate) fn last() -> i64 {
    Micros::from_micros(i64::MAX).as_micros()
}

fn micros(time: DateTime) -> Result<i64, Problem> {
    Offset::UTC
        .to_timestamp(time)
        .ok()
        .map(Timestamp::as_microsecond)
        .filter(|micros| (0..=last()).contains(micros))
        .ok_or(Problem::OutOfRange)
}
