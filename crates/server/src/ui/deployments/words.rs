//! Numbers as people read them.

const MINUTE: u64 = 60;
const HOUR: u64 = 60 * MINUTE;
const DAY: u64 = 24 * HOUR;

/// Every outcome, its words.
pub(super) const OUTCOMES: [(&str, &str); 6] = [
    ("succeeded", "succeeded"),
    ("failed", "failed"),
    ("rolled_back", "rolled back"),
    ("cancelled", "cancelled"),
    ("running", "running"),
    ("undecided", "undecided"),
];

/// The words of an outcome.
pub(super) fn outcome(name: &str) -> &'static str {
    let known = OUTCOMES.iter().find(|(known, _)| *known == name);
    known.map_or("", |(_, words)| words)
}

/// A length of time in its two largest units: `2 h 5 min`.
pub(super) fn length(seconds: u64) -> String {
    let units = [(DAY, "d"), (HOUR, "h"), (MINUTE, "min"), (1, "s")];
    let largest = units.iter().position(|(unit, _)| seconds >= *unit);
    let Some((unit, name)) = largest.and_then(|at| units.get(at)) else {
        return "0 s".to_owned();
    };
    let whole = format!("{} {name}", seconds / unit);
    match largest.and_then(|at| units.get(at + 1)) {
        Some((smaller, name)) if seconds % unit >= *smaller => {
            format!("{whole} {} {name}", seconds % unit / smaller)
        }
        _ => whole,
    }
}

/// How long a window is.
pub(super) fn days(seconds: i64) -> String {
    let seconds = u64::try_from(seconds).unwrap_or(0);
    match (seconds / DAY, seconds % DAY) {
        (1, 0) => "1 day".to_owned(),
        (days, rest) if days > 1 && rest < HOUR => format!("{days} days"),
        (days, rest) if days > 1 => format!("{days} days {} h", rest / HOUR),
        _ => length(seconds),
    }
}

/// `12.5 %`.
pub(super) fn percent(rate: f64) -> String {
    format!("{:.1} %", rate * 100.0)
}

/// The same of what may not be known.
pub(super) fn rate(rate: Option<f64>) -> String {
    rate.map_or_else(|| "nothing finished".to_owned(), percent)
}

/// How often, in the unit in which it is a number to think of.
pub(super) fn frequency(per_day: f64) -> String {
    if per_day <= 0.0 {
        "none".to_owned()
    } else if per_day >= 1.0 {
        format!("{per_day:.1} a day")
    } else if per_day * 7.0 >= 1.0 {
        format!("{:.1} a week", per_day * 7.0)
    } else {
        format!("{:.1} a month", per_day * 30.0)
    }
}

/// `3 configuration, 1 secret`, or `none`.
pub(super) fn changes(counts: api::ChangeCounts) -> String {
    let plural = |count: u64| if count == 1 { "" } else { "s" };
    let mut said = Vec::with_capacity(3);
    if counts.configuration > 0 {
        said.push(format!("{} configuration", counts.configuration));
    }
    if counts.secrets > 0 {
        said.push(format!(
            "{} secret{}",
            counts.secrets,
            plural(counts.secrets)
        ));
    }
    if counts.permissions > 0 {
        said.push(format!(
            "{} permission{}",
            counts.permissions,
            plural(counts.permissions)
        ));
    }
    if said.is_empty() {
        return "none".to_owned();
    }
    said.join(", ")
}

/// A version, cut where it is a long digest.
pub(super) fn version(version: &str) -> String {
    let is_digest = version.len() >= 32 && version.bytes().all(|byte| byte.is_ascii_hexdigit());
    match version.get(..12) {
        Some(short) if is_digest => format!("{short}…"),
        _ => version.to_owned(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn numbers_read_as_people_say_them() {
        for (seconds, text) in [
            (0, "0 s"),
            (59, "59 s"),
            (60, "1 min"),
            (3_600, "1 h"),
            (7_500, "2 h 5 min"),
            (618_660, "7 d 3 h"),
            (3_605, "1 h"),
        ] {
            assert_eq!(length(seconds), text);
        }
        assert_eq!(days(28 * 86_400), "28 days");
        assert_eq!(days(86_400), "1 day");
        assert_eq!(days(8 * 86_400 + 2_500), "8 days");
        assert_eq!(days(8 * 86_400 + 7_500), "8 days 2 h");
        assert_eq!(days(5_400), "1 h 30 min");
        assert_eq!(percent(0.4375), "43.8 %");
        assert_eq!(frequency(2.25), "2.2 a day");
        assert_eq!(frequency(0.5), "3.5 a week");
        assert_eq!(frequency(0.1), "3.0 a month");
        assert_eq!(version(&"a".repeat(40)), "aaaaaaaaaaaa…");
        assert_eq!(version("2.41.0"), "2.41.0");
        let counts = api::ChangeCounts {
            configuration: 1,
            secrets: 2,
            permissions: 0,
        };
        assert_eq!(changes(counts), "1 configuration, 2 secrets");
    }
}
