//! Bars of block characters, in eighths of a column.

/// The last column of a bar, in eighths.
const EIGHTHS: [&str; 8] = ["", "▏", "▎", "▍", "▌", "▋", "▊", "▉"];

/// A bar for `count`, when `columns` stand for `most`. What is not nothing shows.
pub(crate) fn bar(count: u64, most: u64, columns: usize) -> String {
    let most = u128::from(most.max(1));
    let count = u128::from(count).min(most);
    let whole = columns as u128 * 8;
    let least = u128::from(count > 0);
    let eighths = usize::try_from(count * whole / most)
        .unwrap_or(0)
        .max(usize::from(least > 0));
    let mut bar = "█".repeat(eighths / 8);
    bar.push_str(EIGHTHS.get(eighths % 8).copied().unwrap_or_default());
    bar
}

/// A share in percent, with one decimal.
pub(crate) fn percent(count: u64, total: u64) -> String {
    let thousandths = u128::from(count) * 1_000;
    let total = u128::from(total.max(1));
    let rounded = (thousandths + total / 2) / total;
    format!("{}.{}%", rounded / 10, rounded % 10)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn bars_are_in_proportion_and_never_too_long() {
        assert_eq!(bar(10, 10, 4), "████");
        assert_eq!(bar(5, 10, 4), "██");
        assert_eq!(bar(3, 16, 4), "▊");
        assert_eq!(bar(1, 1_000_000, 4), "▏");
        assert_eq!(bar(0, 10, 4), "");
        assert_eq!(bar(0, 0, 4), "");
        assert_eq!(bar(u64::MAX, u64::MAX, 4), "████");
        assert_eq!(bar(u64::MAX, 1, 4), "████");
    }

    #[test]
    fn shares_are_rounded_to_a_tenth() {
        assert_eq!(percent(1, 3), "33.3%");
        assert_eq!(percent(2, 3), "66.7%");
        assert_eq!(percent(3, 3), "100.0%");
        assert_eq!(percent(1, u64::MAX), "0.0%");
        assert_eq!(percent(0, 0), "0.0%");
    }
}
