//! Words: how text is folded and cut for search.
//!
//! Promises: cutting is the same for queries and events; folding is idempotent. Identifiers (long words with a digit,
//! UUIDs) and addresses are one word each and never cut; identifiers are found whole only, because an index of the
//! beginnings of values that never repeat costs more than it answers.

use std::borrow::Cow;
use std::net::{Ipv4Addr, Ipv6Addr};

use crate::limits::{IDENTIFIER_BYTES_MIN, TEXT_BYTES_MAX, VALUE_BYTES_MAX, WORD_BYTES_MAX};

/// From this length on one digit makes an identifier; shorter words need one in every six.
const LONG_BYTES_MIN: usize = 16;

/// Lower case, by Unicode's simple rules, a sigma at the end of a word as one within; what text is compared in.
pub fn fold(text: &str) -> Cow<'_, str> {
    if text
        .bytes()
        .all(|byte| byte.is_ascii() && !byte.is_ascii_uppercase())
    {
        return Cow::Borrowed(text);
    }
    if text.is_ascii() {
        return Cow::Owned(text.to_ascii_lowercase());
    }
    // Character by character: `str::to_lowercase` looks at neighbours, and a prefix would fold differently.
    let lower = text.chars().flat_map(char::to_lowercase);
    Cow::Owned(lower.map(|c| if c == 'ς' { 'σ' } else { c }).collect())
}

/// The folded words of a text, in order: runs of letters and digits; addresses and UUIDs whole; ideographs one by one.
/// Only the first [`TEXT_BYTES_MAX`] bytes are looked at.
pub fn words(text: &str) -> Words<'_> {
    let mut end = text.len().min(TEXT_BYTES_MAX);
    while !text.is_char_boundary(end) {
        end -= 1;
    }
    Words {
        rest: text.get(..end).unwrap_or_default(),
        fresh: true,
    }
}

/// Whether a folded word is an identifier: matched whole, never by its beginning.
pub fn is_identifier(word: &str) -> bool {
    let digits = word.bytes().filter(u8::is_ascii_digit).count();
    let length = word.len();
    length > WORD_BYTES_MAX
        || (length >= IDENTIFIER_BYTES_MIN
            && (digits * 6 >= length || (length >= LONG_BYTES_MIN && digits > 0))
            && !is_address(word))
}

/// Whether a folded value of an open field is matched whole only: too long, or an identifier is in it.
pub fn is_matched_whole(value: &str) -> bool {
    value.len() > VALUE_BYTES_MAX || words(value).any(|word| is_identifier(&word))
}

/// Iterator over the folded words of a text.
#[derive(Clone, Debug)]
pub struct Words<'a> {
    rest: &'a str,
    /// Whether what comes next follows no letter or digit: only there an address or a UUID begins.
    fresh: bool,
}

impl<'a> Iterator for Words<'a> {
    type Item = Cow<'a, str>;

    fn next(&mut self) -> Option<Cow<'a, str>> {
        loop {
            let start = start(self.rest)?;
            // Behind a single dot goes on what began before it, such as a version number.
            self.fresh |= start > 1 || (start == 1 && !self.rest.starts_with('.'));
            self.rest = self.rest.get(start..)?;
            let special = if self.fresh { special(self.rest) } else { None };
            let length = match special {
                Some(length) => length,
                None if self.rest.starts_with(':') => {
                    self.rest = self.rest.trim_start_matches(':');
                    self.fresh = true;
                    continue;
                }
                None => plain(self.rest),
            };
            let (word, rest) = self.rest.split_at_checked(length)?;
            let ends_in_ideograph =
                !word.is_ascii() && word.chars().next().is_some_and(is_ideograph);
            (self.rest, self.fresh) = (rest, ends_in_ideograph);
            return Some(fold(word));
        }
    }
}

/// Where the first letter, digit or colon stands.
fn start(text: &str) -> Option<usize> {
    let wanted = |byte: &u8| byte.is_ascii_alphanumeric() || *byte == b':' || !byte.is_ascii();
    let at = text.bytes().position(|byte| wanted(&byte))?;
    let rest = text.get(at..)?;
    if rest.as_bytes().first()?.is_ascii() {
        return Some(at);
    }
    rest.find(|c: char| c.is_alphanumeric() || c == ':')
        .map(|further| at + further)
}

/// Bytes of the run of letters and digits that a text begins with; one ideograph counts for itself.
fn plain(text: &str) -> usize {
    let ascii = text.bytes().take_while(u8::is_ascii_alphanumeric).count();
    let mut length = ascii;
    let more = text
        .as_bytes()
        .get(ascii)
        .is_some_and(|byte| !byte.is_ascii());
    let rest = if more {
        text.get(ascii..).unwrap_or_default()
    } else {
        ""
    };
    for character in rest.chars() {
        if !character.is_alphanumeric() || (length > 0 && is_ideograph(character)) {
            break;
        }
        length += character.len_utf8();
        if is_ideograph(character) {
            break;
        }
    }
    length
}

/// Bytes of the address or UUID that a text begins with, if it does.
fn special(text: &str) -> Option<usize> {
    let bytes = text.as_bytes();
    let first = *bytes.first()?;
    if !first.is_ascii_hexdigit() && first != b':' {
        return None;
    }
    // What an address or UUID has among its first bytes; most words don't.
    let has = |mark: u8| bytes.iter().take(5).any(|byte| *byte == mark);
    let run = |accepts: fn(&u8) -> bool| {
        let length = bytes
            .iter()
            .take(48)
            .take_while(|byte| accepts(byte))
            .count();
        let next = text.get(length..).and_then(|rest| rest.chars().next());
        (length, next)
    };
    let apart = |next: Option<char>| !next.is_some_and(char::is_alphanumeric);
    if first.is_ascii_digit() && has(b'.') {
        let (mut length, next) = run(|byte| byte.is_ascii_digit() || *byte == b'.');
        while text.get(..length)?.ends_with('.') {
            length -= 1;
        }
        if apart(next) && text.get(..length)?.parse::<Ipv4Addr>().is_ok() {
            return Some(length);
        }
    }
    if bytes.get(8) == Some(&b'-') {
        let (length, next) = run(|byte| byte.is_ascii_hexdigit() || *byte == b'-');
        if length >= 36 && is_uuid(bytes.get(..36)?) && (length > 36 || apart(next)) {
            return Some(36);
        }
    }
    if !has(b':') {
        return None;
    }
    let (mut length, next) = run(|byte| byte.is_ascii_hexdigit() || matches!(byte, b':' | b'.'));
    while text.get(..length)?.ends_with('.') {
        length -= 1;
    }
    let candidate = text.get(..length)?;
    let colons = candidate.bytes().filter(|byte| *byte == b':').count();
    (colons >= 2 && apart(next) && candidate.parse::<Ipv6Addr>().is_ok()).then_some(length)
}

fn is_uuid(bytes: &[u8]) -> bool {
    bytes.iter().enumerate().all(|(at, byte)| match at {
        8 | 13 | 18 | 23 => *byte == b'-',
        _ => byte.is_ascii_hexdigit(),
    })
}

fn is_address(word: &str) -> bool {
    word.parse::<Ipv4Addr>().is_ok() || word.parse::<Ipv6Addr>().is_ok()
}

/// Scripts written without spaces: Han, Hiragana, Katakana, Hangul syllables are cut by themselves already.
fn is_ideograph(character: char) -> bool {
    matches!(character, '\u{3040}'..='\u{30ff}' | '\u{3400}'..='\u{4dbf}' | '\u{4e00}'..='\u{9fff}'
        | '\u{f900}'..='\u{faff}' | '\u{20000}'..='\u{3134f}')
}

#[cfg(test)]
mod tests {
    use super::*;

    fn cut(text: &str) -> Vec<String> {
        words(text).map(Cow::into_owned).collect()
    }

    #[test]
    fn text_is_cut_into_folded_words() {
        for (text, expect) in [
            ("", vec![]),
            ("DATABASE_URL", vec!["database", "url"]),
            ("dev@Example.com", vec!["dev", "example", "com"]),
            (
                "INC-212: rotate after leak",
                vec!["inc", "212", "rotate", "after", "leak"],
            ),
            ("from 198.51.100.23.", vec!["from", "198.51.100.23"]),
            ("198.51.100.23:8080", vec!["198.51.100.23", "8080"]),
            ("v1.2.3", vec!["v1", "2", "3"]),
            ("1.2.3.4.5", vec!["1", "2", "3", "4", "5"]),
            ("[2001:DB8::1]:443", vec!["2001:db8::1", "443"]),
            ("::1 a::b Vec::new", vec!["::1", "a::b", "vec", "new"]),
            ("12:30:45", vec!["12", "30", "45"]),
            (
                "id 0F8FAD5B-D9CB-469F-A165-70867728950E.",
                vec!["id", "0f8fad5b-d9cb-469f-a165-70867728950e"],
            ),
            ("部署 失敗x", vec!["部", "署", "失", "敗", "x"]),
            ("Οδυσσεύς ΟΔΥΣΣΕΎΣ", vec!["οδυσσεύσ", "οδυσσεύσ"]),
            ("Größe ÉTÉ", vec!["größe", "été"]),
            ("::::", vec![]),
        ] {
            assert_eq!(cut(text), expect, "{text}");
        }
    }

    #[test]
    fn identifiers_are_long_words_with_a_digit() {
        for (word, expect) in [
            ("internationalization", false),
            ("4f9a0c7", false),
            ("kubernetes1", false),
            ("0000001234", true),
            ("deadbeef01", true),
            ("0123456789abcdef", true),
            ("0f8fad5b-d9cb-469f-a165-70867728950e", true),
            ("198.51.100.230", false),
            ("2001:db8:1:2:3:4:5:6", false),
        ] {
            assert_eq!(is_identifier(word), expect, "{word}");
        }
        assert!(is_matched_whole("req_0123456789abcdef"));
        assert!(is_matched_whole(&"long ".repeat(40)));
        assert!(!is_matched_whole("eu-central-1"));
    }

    #[test]
    fn folding_twice_is_folding_once() {
        for text in ["İstanbul", "ΣΑΣ", "σας", "ẞ", "Ａ", "plain"] {
            let once = fold(text).into_owned();
            assert_eq!(fold(&once), once);
        }
    }

    #[test]
    fn a_sigma_is_the_same_wherever_it_stands() {
        assert_eq!(fold("ΣΑΣ"), fold("σας"));
        assert_eq!(fold("ΣΑΣ"), fold("σασ"));
        assert!(fold("ΟΔΟΣΤΡΩΤΗΡΑΣ").starts_with(&*fold("οδος")));
    }
}
