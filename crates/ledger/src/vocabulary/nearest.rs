//! The operation whose name is nearest to a misspelled one.
//!
//! Promises: the same answer for the same input; a comparison stops as soon as two names are too far apart, since
//! whoever is refused can ask again and again. Must never: decide what is stored.

/// What has the nearest spelling, the alphabetically first of equals, and the edits to it; `None` if none is near.
pub(super) fn nearest<'a, T>(flat: &str, spellings: &'a [(String, T)]) -> Option<(&'a T, usize)> {
    let mut best = None;
    // A quarter of the letters wrong is another word, not a slip of the finger.
    let mut within = (flat.len() / 4).min(EDITS_MAX);
    for (spelling, found) in spellings {
        if let Some(edits) = edits(flat.as_bytes(), spelling.as_bytes(), within) {
            best = Some((found, edits));
            match edits.checked_sub(1) {
                Some(fewer) => within = fewer,
                None => break,
            }
        }
    }
    best
}

/// Most single-letter edits between a name and the one suggested for it.
const EDITS_MAX: usize = 3;

/// Insertions, deletions and replacements from `left` to `right` (Levenshtein), or `None` above `within`.
fn edits(left: &[u8], right: &[u8], within: usize) -> Option<usize> {
    if left.len().abs_diff(right.len()) > within {
        return None;
    }
    let mut row: Vec<usize> = (0..=right.len()).collect();
    for (line, a) in (1_usize..).zip(left) {
        // Only cells within the band around the diagonal can stay within the limit.
        let first = line.saturating_sub(within).max(1);
        let last = right.len().min(line + within);
        let edge = row.get_mut(first - 1)?;
        let mut diagonal = *edge;
        // Left of the band stands more than the limit; before the first letter stands one edit a line.
        *edge = if first == 1 { line } else { within + 1 };
        let mut beside = *edge;
        let mut least = beside;
        for (cell, b) in row
            .get_mut(first..=last)?
            .iter_mut()
            .zip(right.get(first - 1..)?)
        {
            let replaced = diagonal + usize::from(a != b);
            diagonal = *cell;
            *cell = replaced.min(*cell + 1).min(beside + 1);
            beside = *cell;
            least = least.min(beside);
        }
        if least > within {
            return None;
        }
    }
    row.last().copied().filter(|edits| *edits <= within)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn check(left: &str, right: &str, within: usize, expected: Option<usize>) {
        assert_eq!(edits(left.as_bytes(), right.as_bytes(), within), expected);
        assert_eq!(edits(right.as_bytes(), left.as_bytes(), within), expected);
    }

    #[test]
    fn distance_is_exact_up_to_the_limit_and_absent_above_it() {
        check("kitten", "sitting", 3, Some(3));
        check("kitten", "sitting", 2, None);
        check("same", "same", 0, Some(0));
        check("same", "some", 0, None);
        check("", "abc", 3, Some(3));
        check("", "abc", 2, None);
        check("abcdef", "bcdefa", 2, Some(2));
        check("abcdef", "fedcba", 3, None);
    }

    #[test]
    fn the_band_agrees_with_the_whole_table() {
        let words = [
            "", "a", "ab", "ba", "abab", "bbaa", "abbab", "babba", "aabbaab",
        ];
        for (left, right) in words
            .iter()
            .flat_map(|left| words.map(|right| (left, right)))
        {
            let distance = whole_table(left.as_bytes(), right.as_bytes());
            for within in 0..5 {
                let expected = Some(distance).filter(|distance| *distance <= within);
                check(left, right, within, expected);
            }
        }
    }

    /// The textbook recursion.
    fn whole_table(left: &[u8], right: &[u8]) -> usize {
        match (left, right) {
            ([], rest) | (rest, []) => rest.len(),
            ([a, left @ ..], [b, right @ ..]) if a == b => whole_table(left, right),
            ([_, less @ ..], [_, fewer @ ..]) => {
                let removed = whole_table(less, right).min(whole_table(left, fewer));
                1 + removed.min(whole_table(less, fewer))
            }
        }
    }
}
