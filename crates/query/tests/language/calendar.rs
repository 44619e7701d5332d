//! Times and periods, with a clock that stands still.

use ledger::time::Micros;

/// When it is, a period, and from where to before where it goes: times without `:00Z`.
const PERIODS: &[(&str, &str, &str, &str)] = &[
    // Years, quarters, months.
    (
        "2026-03-12T14:32",
        "2026",
        "2026-01-01T00:00",
        "2027-01-01T00:00",
    ),
    (
        "2026-03-12T14:32",
        "1970",
        "1970-01-01T00:00",
        "1971-01-01T00:00",
    ),
    (
        "2026-03-12T14:32",
        "2024-Q1",
        "2024-01-01T00:00",
        "2024-04-01T00:00",
    ),
    (
        "2026-03-12T14:32",
        "2026-q2",
        "2026-04-01T00:00",
        "2026-07-01T00:00",
    ),
    (
        "2026-03-12T14:32",
        "2026-Q3",
        "2026-07-01T00:00",
        "2026-10-01T00:00",
    ),
    (
        "2026-03-12T14:32",
        "2026-Q4",
        "2026-10-01T00:00",
        "2027-01-01T00:00",
    ),
    (
        "2026-03-12T14:32",
        "2026-02",
        "2026-02-01T00:00",
        "2026-03-01T00:00",
    ),
    (
        "2026-03-12T14:32",
        "2024-02",
        "2024-02-01T00:00",
        "2024-03-01T00:00",
    ),
    (
        "2026-03-12T14:32",
        "2026-12",
        "2026-12-01T00:00",
        "2027-01-01T00:00",
    ),
    // Weeks of ISO 8601: the first one has the year's first Thursday.
    (
        "2026-03-12T14:32",
        "2026-W01",
        "2025-12-29T00:00",
        "2026-01-05T00:00",
    ),
    (
        "2026-03-12T14:32",
        "2026-W11",
        "2026-03-09T00:00",
        "2026-03-16T00:00",
    ),
    (
        "2026-03-12T14:32",
        "2026-W53",
        "2026-12-28T00:00",
        "2027-01-04T00:00",
    ),
    (
        "2026-03-12T14:32",
        "2027-W01",
        "2027-01-04T00:00",
        "2027-01-11T00:00",
    ),
    (
        "2026-03-12T14:32",
        "2024-W01",
        "2024-01-01T00:00",
        "2024-01-08T00:00",
    ),
    (
        "2026-03-12T14:32",
        "2020-W53",
        "2020-12-28T00:00",
        "2021-01-04T00:00",
    ),
    // Days, hours, minutes.
    (
        "2026-03-12T14:32",
        "2024-02-29",
        "2024-02-29T00:00",
        "2024-03-01T00:00",
    ),
    (
        "2026-03-12T14:32",
        "2000-02-29",
        "2000-02-29T00:00",
        "2000-03-01T00:00",
    ),
    (
        "2026-03-12T14:32",
        "2026-12-31",
        "2026-12-31T00:00",
        "2027-01-01T00:00",
    ),
    (
        "2026-03-12T14:32",
        "2026-03-12T14",
        "2026-03-12T14:00",
        "2026-03-12T15:00",
    ),
    (
        "2026-03-12T14:32",
        "2026-03-12t23z",
        "2026-03-12T23:00",
        "2026-03-13T00:00",
    ),
    (
        "2026-03-12T14:32",
        "2026-03-12T14:32",
        "2026-03-12T14:32",
        "2026-03-12T14:33",
    ),
    // Named ones.
    (
        "2026-03-12T14:32",
        "today",
        "2026-03-12T00:00",
        "2026-03-13T00:00",
    ),
    (
        "2026-03-12T00:00",
        "today",
        "2026-03-12T00:00",
        "2026-03-13T00:00",
    ),
    (
        "2026-03-12T23:59",
        "Today",
        "2026-03-12T00:00",
        "2026-03-13T00:00",
    ),
    (
        "2024-03-01T00:00",
        "yesterday",
        "2024-02-29T00:00",
        "2024-03-01T00:00",
    ),
    (
        "2026-01-01T00:00",
        "yesterday",
        "2025-12-31T00:00",
        "2026-01-01T00:00",
    ),
    (
        "2026-03-12T14:32",
        "this-week",
        "2026-03-09T00:00",
        "2026-03-16T00:00",
    ),
    (
        "2026-03-09T00:00",
        "this-week",
        "2026-03-09T00:00",
        "2026-03-16T00:00",
    ),
    (
        "2026-03-15T23:59",
        "this-week",
        "2026-03-09T00:00",
        "2026-03-16T00:00",
    ),
    (
        "2026-01-01T00:00",
        "last-week",
        "2025-12-22T00:00",
        "2025-12-29T00:00",
    ),
    (
        "2026-03-12T14:32",
        "this-month",
        "2026-03-01T00:00",
        "2026-04-01T00:00",
    ),
    (
        "2026-03-31T14:32",
        "last-month",
        "2026-02-01T00:00",
        "2026-03-01T00:00",
    ),
    (
        "2026-01-31T14:32",
        "last-month",
        "2025-12-01T00:00",
        "2026-01-01T00:00",
    ),
    (
        "2026-03-12T14:32",
        "last-thursday",
        "2026-03-05T00:00",
        "2026-03-06T00:00",
    ),
    (
        "2026-03-12T14:32",
        "thursday",
        "2026-03-05T00:00",
        "2026-03-06T00:00",
    ),
    (
        "2026-03-12T14:32",
        "wednesday",
        "2026-03-11T00:00",
        "2026-03-12T00:00",
    ),
    (
        "2026-03-12T14:32",
        "last-friday",
        "2026-03-06T00:00",
        "2026-03-07T00:00",
    ),
    (
        "2024-03-01T14:32",
        "Last-Thursday",
        "2024-02-29T00:00",
        "2024-03-01T00:00",
    ),
    // Ranges: the second period is included.
    (
        "2026-03-12T14:32",
        "2026-03-01..2026-03-03",
        "2026-03-01T00:00",
        "2026-03-04T00:00",
    ),
    (
        "2026-03-12T14:32",
        "2025-Q4..2026-02",
        "2025-10-01T00:00",
        "2026-03-01T00:00",
    ),
    (
        "2026-03-12T14:32",
        "last-week..today",
        "2026-03-02T00:00",
        "2026-03-13T00:00",
    ),
    (
        "2026-03-12T14:32",
        "2026-03-12..2026-03-12",
        "2026-03-12T00:00",
        "2026-03-13T00:00",
    ),
    (
        "2026-03-12T14:32",
        "2026-03-12T09..2026-03-12T11:29",
        "2026-03-12T09:00",
        "2026-03-12T11:30",
    ),
];

fn micros(time: &str) -> i64 {
    Micros::parse(&format!("{time}:00Z")).unwrap().as_micros()
}

#[test]
fn periods_begin_and_end_where_the_calendar_says() {
    for (now, text, from, to) in PERIODS {
        let now = Micros::from_micros(micros(now));
        for name in ["during", "timestamp"] {
            let filter = query::parse(&format!("{name}:{text}"), now)
                .unwrap_or_else(|error| panic!("{text}: {error}"));
            let (min, max) = filter.time_bounds();
            let (min, max) = (min.unwrap(), max.unwrap());
            assert_eq!((min.value, min.included), (micros(from), true), "{text}");
            assert_eq!((max.value, max.included), (micros(to), false), "{text}");
        }
    }
}

#[test]
fn comparisons_hold_with_the_whole_period() {
    let now = Micros::from_micros(micros("2026-03-12T14:32"));
    let (start, end) = (micros("2026-03-10T00:00"), micros("2026-03-11T00:00"));
    for (text, from, to) in [
        ("timestamp:>=2026-03-10", Some(start), None),
        ("timestamp:>2026-03-10", Some(end), None),
        ("timestamp:<2026-03-10", None, Some(start)),
        ("timestamp:<=2026-03-10", None, Some(end)),
        ("since:2026-03-10", Some(start), None),
        ("until:2026-03-10", None, Some(start)),
    ] {
        let (min, max) = query::parse(text, now).unwrap().time_bounds();
        assert_eq!(
            (min.map(|min| min.value), max.map(|max| max.value)),
            (from, to),
            "{text}"
        );
    }
}

#[test]
fn durations_count_back_from_now() {
    let now = Micros::from_micros(micros("2026-03-12T14:32") + 7_123_456);
    for (text, seconds) in [
        ("0s", 0),
        ("90s", 90),
        ("15m", 900),
        ("24h", 86_400),
        ("7d", 604_800),
        ("2W", 1_209_600),
        ("007d", 604_800),
        ("now", 0),
    ] {
        let (min, max) = query::parse(&format!("since:{text}"), now)
            .unwrap()
            .time_bounds();
        assert_eq!(
            min.unwrap().value,
            now.as_micros() - seconds * 1_000_000,
            "{text}"
        );
        assert_eq!(max, None);
    }
}

#[test]
fn times_are_as_exact_as_they_are_written() {
    let now = Micros::from_micros(micros("2026-03-12T14:32"));
    let second = micros("2026-03-12T14:32") + 7_000_000;
    for (text, from, length) in [
        ("2026-03-12T14:32:07", second, 1_000_000),
        ("2026-03-12T14:32:07Z", second, 1_000_000),
        ("2026-03-12T16:32:07+02:00", second, 1_000_000),
        ("2026-03-12T09:02:07-05:30", second, 1_000_000),
        ("2026-03-12T14:32:07.1Z", second + 100_000, 100_000),
        ("2026-03-12T14:32:07.123", second + 123_000, 1_000),
        ("2026-03-12T14:32:07.123456Z", second + 123_456, 1),
        ("2026-03-12T14:32:07.123456789Z", second + 123_456, 1),
    ] {
        let (min, max) = query::parse(&format!("timestamp:{text}"), now)
            .unwrap()
            .time_bounds();
        assert_eq!(min.unwrap().value, from, "{text}");
        assert_eq!(max.unwrap().value, from + length, "{text}");
    }
}

#[test]
fn times_outside_1970_to_9999_are_refused_and_not_moved() {
    let now = micros("2026-03-12T14:32");
    for (now, text) in [
        (now, "since:1969"),
        (now, "since:1969-12-31"),
        (now, "since:0000"),
        (now, "since:1970-W01"),
        (now, "since:1970-01-01T00:00:00+02:00"),
        (now, "since:30000d"),
        (now, "since:36526d"),
        (now, "since:99999999999999999999s"),
        (now, "until:9999-12-31"),
        (now, "until:9999-12-30T22"),
        (now, "until:9999-12-30T22:00:00Z"),
        (now, "until:9999-12-30T21:00:00-02:00"),
        (0, "during:yesterday"),
        (0, "during:last-month"),
        (0, "during:last-monday"),
        (0, "since:1s"),
    ] {
        let error = query::parse(text, Micros::from_micros(now)).expect_err(text);
        assert!(
            error.expected.starts_with("a time between 1970 and 9999"),
            "{text}: {error}"
        );
    }
    // A hundred years are allowed, where there were as many.
    let far = Micros::from_micros(micros("2100-01-01T00:00"));
    assert!(query::parse("since:36525d", far).is_ok());
    assert!(query::parse("since:36526d", far).is_err());
}

#[test]
fn the_last_year_has_an_end() {
    let last = Micros::from_micros(i64::MAX);
    for text in [
        "during:9999",
        "during:9999-Q4",
        "during:9999-12",
        "during:9999-12-30",
        "during:9999-12-30T21",
        "during:9999-12-30T21:59",
        "timestamp:<=9999",
        "during:today",
    ] {
        let filter = query::parse(text, last).unwrap_or_else(|error| panic!("{text}: {error}"));
        let (_, max) = filter.time_bounds();
        assert_eq!(max.unwrap().value, last.as_micros() + 1, "{text}");
        assert_eq!(
            query::parse(&filter.to_string(), last),
            Ok(filter),
            "{text}"
        );
    }
    let after = query::parse("timestamp:>9999", last).unwrap();
    assert_eq!(query::parse(&after.to_string(), last), Ok(after));
}
