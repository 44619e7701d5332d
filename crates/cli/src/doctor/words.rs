//! Figures in words: spans of time, sizes, counts, and names that are nearly right.

/// Longest name that is compared, in bytes.
const COMPARED_BYTES_MAX: usize = 64;

/// A span of time in its largest unit: `12 minutes`.
pub(crate) fn span(seconds: i64) -> String {
    let seconds = seconds.unsigned_abs();
    let (count, unit) = match seconds {
        0..60 => (seconds, "second"),
        60..3_600 => (seconds / 60, "minute"),
        3_600..172_800 => (seconds / 3_600, "hour"),
        _ => (seconds / 86_400, "day"),
    };
    counted(count, unit)
}

/// A number with its noun, which takes an s: `1 file`, `3 files`.
pub(crate) fn counted(count: u64, noun: &str) -> String {
    let plural = if count == 1 { "" } else { "s" };
    format!("{count} {noun}{plural}")
}

/// The length of a list with its noun.
pub(crate) fn number_of<T>(list: &[T], noun: &str) -> String {
    counted(u64::try_from(list.len()).unwrap_or(u64::MAX), noun)
}

/// A size in the unit that leaves at most four digits: `1.2 GiB`.
pub(crate) fn size(bytes: u64) -> String {
    const UNITS: [&str; 5] = ["bytes", "KiB", "MiB", "GiB", "TiB"];
    let (mut whole, mut rest, mut unit) = (bytes, 0, 0);
    while whole >= 1_024 && unit + 1 < UNITS.len() {
        rest = whole % 1_024;
        whole /= 1_024;
        unit += 1;
    }
    let name = UNITS.get(unit).copied().unwrap_or_default();
    if unit == 0 || whole >= 100 {
        format!("{whole} {name}")
    } else {
        format!("{whole}.{} {name}", rest * 10 / 1_024)
    }
}

/// The name among `known` that was most likely meant.
pub(crate) fn nearest<'k>(name: &str, known: &[&'k str]) -> Option<&'k str> {
    let far = name.len().div_ceil(4).min(3);
    let distances = known.iter().map(|known| (distance(name, known), *known));
    let (near, known) = distances.min_by_key(|(distance, _)| *distance)?;
    (near <= far).then_some(known)
}

/// How many letters must be put in, left out or replaced to make one of the other.
pub(crate) fn distance(one: &str, other: &str) -> usize {
    if one.len().max(other.len()) > COMPARED_BYTES_MAX {
        return usize::MAX;
    }
    let other: Vec<char> = other.chars().collect();
    let mut row: Vec<usize> = (0..=other.len()).collect();
    for (at, letter) in one.chars().enumerate() {
        let mut next = Vec::with_capacity(row.len());
        let mut left = at + 1;
        next.push(left);
        for ((above, diagonal), theirs) in row.iter().skip(1).zip(&row).zip(&other) {
            let replaced = diagonal + usize::from(letter != *theirs);
            left = replaced.min(above + 1).min(left + 1);
            next.push(left);
        }
        row = next;
    }
    row.last().copied().unwrap_or(usize::MAX)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn figures_read_well() {
        assert_eq!(span(0), "0 seconds");
        assert_eq!(span(-61), "1 minute");
        assert_eq!(span(3_600), "1 hour");
        assert_eq!(span(90 * 86_400), "90 days");
        assert_eq!(size(0), "0 bytes");
        assert_eq!(size(1_536), "1.5 KiB");
        assert_eq!(size(u64::MAX), "16777215 TiB");
    }

    #[test]
    fn a_slip_is_seen_and_another_word_is_not() {
        let known = ["limits.tenants", "limits.connections", "data"];
        assert_eq!(nearest("limits.tenant", &known), Some("limits.tenants"));
        assert_eq!(nearest("dada", &known), Some("data"));
        assert_eq!(nearest("colour", &known), None);
        assert_eq!(nearest("", &known), None);
        assert_eq!(nearest(&"x".repeat(10_000), &known), None);
        assert_eq!(distance("kitten", "sitting"), 3);
    }
}
