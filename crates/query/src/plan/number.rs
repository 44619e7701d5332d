//! Decimal numbers of any size, compared digit by digit: no float rounds an identifier or an amount.

use std::cmp::Ordering;
use std::fmt;

/// Longest number in bytes.
const NUMBER_BYTES_MAX: usize = 64;
/// Most digits of an exponent, leading zeros aside: its value and the shift by a number's digits fit an `i64`.
const EXPONENT_DIGITS_MAX: usize = 17;

/// A decimal number of any size, compared exactly; printed as it was written, without a leading plus. Equal are two
/// that are written alike; `5` and `5.0` are not, but compare as equal.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub struct Number(String);

impl Number {
    /// Reads `-12`, `+0.5` or `6.02e23`: digits, at most 64 bytes of them with sign, point and exponent. An exponent
    /// has up to 17 digits.
    pub fn parse(text: &str) -> Option<Self> {
        if text.len() > NUMBER_BYTES_MAX {
            return None;
        }
        let text = match text.strip_prefix('+') {
            Some(rest) if rest.starts_with('-') => return None,
            Some(rest) => rest,
            None => text,
        };
        Decimal::read(text)?;
        Some(Self(text.to_owned()))
    }

    /// As it was written.
    pub fn as_str(&self) -> &str {
        &self.0
    }

    /// How the values compare: `5` is as much as `5.0` and `0.5e1`.
    pub fn compare(&self, other: &Self) -> Ordering {
        // Both were read before; two that can't be are equal.
        Decimal::read(&self.0).cmp(&Decimal::read(&other.0))
    }
}

impl fmt::Display for Number {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

/// A number taken apart: sign × 0.digits × 10^scale.
#[derive(Clone, Debug, PartialEq, Eq)]
struct Decimal {
    negative: bool,
    /// Significant digits without zeros at either end; empty for zero.
    digits: Vec<u8>,
    /// Where the decimal point stands, counted from the first significant digit; 0 for zero.
    scale: i64,
}

impl Decimal {
    fn read(text: &str) -> Option<Self> {
        let (negative, text) = match text.strip_prefix('-') {
            Some(rest) => (true, rest),
            None => (false, text),
        };
        let (mantissa, exponent) = match text.split_once(['e', 'E']) {
            Some((mantissa, exponent)) => (mantissa, read_exponent(exponent)?),
            None => (text, 0),
        };
        let (whole, fraction) = match mantissa.split_once('.') {
            Some((whole, fraction)) if !fraction.is_empty() => (whole, fraction),
            Some(_) => return None,
            None => (mantissa, ""),
        };
        let all_digits = |text: &str| text.bytes().all(|byte| byte.is_ascii_digit());
        if whole.is_empty() || !all_digits(whole) || !all_digits(fraction) {
            return None;
        }
        let digits: Vec<u8> = whole.bytes().chain(fraction.bytes()).collect();
        let leading = digits.iter().take_while(|digit| **digit == b'0').count();
        let trailing = digits
            .iter()
            .rev()
            .take_while(|digit| **digit == b'0')
            .count();
        let significant = digits
            .get(leading..digits.len() - trailing)
            .unwrap_or_default();
        if significant.is_empty() {
            return Some(Self {
                negative: false,
                digits: Vec::new(),
                scale: 0,
            });
        }
        let point = i64::try_from(whole.len()).ok()? - i64::try_from(leading).ok()?;
        Some(Self {
            negative,
            digits: significant.to_vec(),
            scale: exponent.checked_add(point)?,
        })
    }

    fn magnitude(&self, other: &Self) -> Ordering {
        match (self.digits.is_empty(), other.digits.is_empty()) {
            (true, true) => Ordering::Equal,
            (true, false) => Ordering::Less,
            (false, true) => Ordering::Greater,
            // Without zeros at the end, the order of digits is the order of texts.
            (false, false) => (self.scale, &self.digits).cmp(&(other.scale, &other.digits)),
        }
    }
}

fn read_exponent(text: &str) -> Option<i64> {
    let (negative, digits) = match text.strip_prefix('-') {
        Some(rest) => (true, rest),
        None => (false, text.strip_prefix('+').unwrap_or(text)),
    };
    if digits.is_empty() || !digits.bytes().all(|byte| byte.is_ascii_digit()) {
        return None;
    }
    let digits = digits.trim_start_matches('0');
    if digits.len() > EXPONENT_DIGITS_MAX {
        return None;
    }
    let value: i64 = if digits.is_empty() {
        0
    } else {
        digits.parse().ok()?
    };
    Some(if negative { -value } else { value })
}

impl Ord for Decimal {
    fn cmp(&self, other: &Self) -> Ordering {
        match (self.negative, other.negative) {
            (false, true) => Ordering::Greater,
            (true, false) => Ordering::Less,
            (false, false) => self.magnitude(other),
            (true, true) => other.magnitude(self),
        }
    }
}

impl PartialOrd for Decimal {
    fn partial_cmp(&self, other: &Self) -> Option<Ordering> {
        Some(self.cmp(other))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn number(text: &str) -> Number {
        Number::parse(text).unwrap_or_else(|| panic!("{text} is a number"))
    }

    #[test]
    fn numbers_compare_by_value() {
        let rising: &[&[&str]] = &[
            &["-1e99999999999999999"],
            &["-100", "-1e2"],
            &["-10.5"],
            &["-10"],
            &["-0.001", "-1e-3"],
            &["0", "-0", "0.000", "00", "0e5"],
            &["1e-99999999999999999"],
            &["0.009"],
            &["0.01", "1e-2", "+0.010"],
            &["1", "1.0", "001", "10e-1", "0.1e1", "+1", "1E+0"],
            &["1.000000000000000000001"],
            &["9"],
            &["10"],
            &["9007199254740992"],
            &["9007199254740993"],
            &["18446744073709551616"],
            &["6.02e23", "602000000000000000000000"],
        ];
        for (place, equals) in rising.iter().enumerate() {
            for (other_place, others) in rising.iter().enumerate() {
                for (left, right) in equals
                    .iter()
                    .flat_map(|left| others.iter().map(move |right| (left, right)))
                {
                    let order = number(left).compare(&number(right));
                    assert_eq!(order, place.cmp(&other_place), "{left} and {right}");
                }
            }
        }
    }

    #[test]
    fn what_is_no_number_is_refused() {
        for text in [
            "",
            "-",
            "+",
            ".",
            "5.",
            ".5",
            "1e",
            "1e+",
            "e5",
            "--5",
            "+-5",
            "++5",
            "-+5",
            "1.2.3",
            "0x10",
            "1_000",
            "1,5",
            " 1",
            "1 ",
            "NaN",
            "inf",
            "１",
            "1e100000000000000000",
            &"1".repeat(65),
        ] {
            assert_eq!(Number::parse(text), None, "{text}");
        }
        number(&"1".repeat(64));
    }
}
