//! How many columns of a terminal a text takes, and cutting it to fit.
//!
//! Promises: wide letters and pictures count two columns, marks above and below letters none. An approximation: where
//! terminals differ, the larger number, so that a line that should fit does. Must never be given text that is not
//! escaped.

/// Marks in a row that are kept when a text is cut: more are no writing.
const MARKS_MAX: usize = 4;

/// Marks that stand above, below or within the letter before.
const MARKS: &[(u32, u32)] = &[
    (0x300, 0x36f),
    (0x483, 0x489),
    (0x591, 0x5bd),
    (0x610, 0x61a),
    (0x64b, 0x65f),
    (0x6d6, 0x6dc),
    (0xe31, 0xe31),
    (0xe34, 0xe3a),
    (0xe47, 0xe4e),
    (0x1dc0, 0x1dff),
    (0x200b, 0x200d),
    (0x20d0, 0x20f0),
    (0x3099, 0x309a),
    (0xfe00, 0xfe0f),
    (0xfe20, 0xfe2f),
];

/// Letters and pictures of two columns: East Asian Width W and F of Unicode, and what lies between them.
const WIDE: &[(u32, u32)] = &[
    (0x1100, 0x115f),
    (0x231a, 0x231b),
    (0x2329, 0x232a),
    (0x23e9, 0x23f3),
    (0x25fd, 0x25fe),
    (0x2614, 0x2615),
    (0x2648, 0x2653),
    (0x267f, 0x267f),
    (0x2693, 0x2693),
    (0x26a1, 0x26a1),
    (0x26aa, 0x26ab),
    (0x26bd, 0x26be),
    (0x26c4, 0x26c5),
    (0x26ce, 0x26ce),
    (0x26d4, 0x26d4),
    (0x26ea, 0x26ea),
    (0x26f2, 0x26fd),
    (0x2705, 0x2705),
    (0x270a, 0x270b),
    (0x2728, 0x2728),
    (0x274c, 0x274e),
    (0x2753, 0x2757),
    (0x2795, 0x2797),
    (0x27b0, 0x27bf),
    (0x2b1b, 0x2b1c),
    (0x2b50, 0x2b55),
    (0x2e80, 0x303e),
    (0x3041, 0xa4cf),
    (0xa960, 0xa97f),
    (0xac00, 0xd7a3),
    (0xf900, 0xfaff),
    (0xfe10, 0xfe1f),
    (0xfe30, 0xfe6f),
    (0xff01, 0xff60),
    (0xffe0, 0xffe6),
    (0x16fe0, 0x1b2ff),
    (0x1f004, 0x1f004),
    (0x1f0cf, 0x1f0cf),
    (0x1f18e, 0x1f19a),
    (0x1f1e6, 0x1f64f),
    (0x1f680, 0x1f6ff),
    (0x1f7e0, 0x1f7ff),
    (0x1f900, 0x1faff),
    (0x20000, 0x3fffd),
];

/// Columns that a text takes.
pub(crate) fn width(text: &str) -> usize {
    text.chars().map(of).sum()
}

/// The text if it fits into so many columns, else its beginning and `…`.
pub(crate) fn cut(text: &str, columns: usize) -> String {
    let fits = width(text) <= columns;
    let room = if fits {
        columns
    } else {
        columns.saturating_sub(1)
    };
    let mut kept = String::with_capacity(text.len().min(columns * 4));
    let (mut taken, mut marks) = (0, 0);
    for character in text.chars() {
        let columns = of(character);
        marks = if columns == 0 { marks + 1 } else { 0 };
        if marks > MARKS_MAX {
            continue;
        }
        taken += columns;
        if taken > room {
            break;
        }
        kept.push(character);
    }
    if !fits && columns > 0 {
        kept.push('…');
    }
    kept
}

/// The same, but of a dotted name the last part is kept where it fits: `environm….deleted`.
pub(crate) fn cut_within(name: &str, columns: usize) -> String {
    let tail = name.rfind('.').and_then(|at| name.get(at..));
    match tail {
        Some(tail) if width(name) > columns && width(tail) <= columns * 2 / 3 => {
            let head = name.strip_suffix(tail).unwrap_or_default();
            let mut kept = cut(head, columns - width(tail));
            kept.push_str(tail);
            kept
        }
        _ => cut(name, columns),
    }
}

/// Columns of one character.
pub(crate) fn of(character: char) -> usize {
    let code = u32::from(character);
    // Nearly all text.
    if code < 0x300 {
        return 1;
    }
    if is_in(MARKS, code) {
        0
    } else if is_in(WIDE, code) {
        2
    } else {
        1
    }
}

fn is_in(ranges: &[(u32, u32)], code: u32) -> bool {
    ranges
        .binary_search_by(|(from, to)| {
            if *to < code {
                std::cmp::Ordering::Less
            } else if *from > code {
                std::cmp::Ordering::Greater
            } else {
                std::cmp::Ordering::Equal
            }
        })
        .is_ok()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn ranges_are_in_order_and_apart() {
        for ranges in [MARKS, WIDE] {
            assert!(ranges.iter().all(|(from, to)| from <= to));
            assert!(ranges.windows(2).all(|pair| pair[0].1 < pair[1].0));
        }
    }

    #[test]
    fn columns_are_counted_as_terminals_do() {
        for (text, columns) in [
            ("", 0),
            ("abc", 3),
            ("Zoë", 3),
            ("Zoe\u{308}", 3),
            ("本番", 4),
            ("ｆｕｌｌ", 8),
            ("한국어", 6),
            ("🚀", 2),
            ("…█", 2),
        ] {
            assert_eq!(width(text), columns, "{text}");
        }
    }

    #[test]
    fn what_is_cut_fits_and_says_so() {
        assert_eq!(cut("abcdef", 6), "abcdef");
        assert_eq!(cut("abcdefg", 6), "abcde…");
        // Half a letter does not fit.
        assert_eq!(cut("本番環境", 6), "本番…");
        assert_eq!(cut("abc", 1), "…");
        assert_eq!(cut("abc", 0), "");
    }

    #[test]
    fn of_an_operation_the_deed_is_kept() {
        let name = "environment_variable.deleted";
        assert_eq!(cut_within(name, 28), name);
        assert_eq!(cut_within(name, 20), "environment….deleted");
        assert_eq!(cut_within(name, 12), "env….deleted");
        assert_eq!(cut_within(name, 11), "environmen…");
        assert_eq!(cut_within("no_dots_here", 6), "no_do…");
        assert_eq!(cut_within(".x", 1), "…");
        assert_eq!(cut_within("", 0), "");
    }

    #[test]
    fn towers_of_marks_are_cut_down() {
        let tower = format!("a{}b", "\u{301}".repeat(10_000));
        assert_eq!(cut(&tower, 10), "a\u{301}\u{301}\u{301}\u{301}b");
    }
}
