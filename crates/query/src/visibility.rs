//! What readers without the right to see persons may search: the same rules as for what they are shown.
//!
//! Promises: an address is seen wherever it stands in a text, beside whatever else; numbers with fewer or more than
//! three dots are none. Runs for every text of every event, so that a text without the signs of an address costs one
//! look at its bytes.

use std::net::{IpAddr, Ipv6Addr, SocketAddr};
use std::ops::Range;

/// Longest quoted name before an `@` that is looked for, in bytes.
const QUOTED_BYTES_MAX: usize = 256;
/// An `@` as it stands in the address of a page.
const ENCODED_AT: &str = "%40";

/// Words in the types of resources that are people.
const PERSON_WORDS: [&str; 14] = [
    "user",
    "users",
    "member",
    "members",
    "person",
    "people",
    "account",
    "profile",
    "invitation",
    "invite",
    "session",
    "contact",
    "customer",
    "employee",
];

/// Whether resources of this type are people, in whatever case and spelling it is written: nothing that was said about
/// them is for analysts. Asked of every event that is indexed.
pub fn is_person_type(kind: &str) -> bool {
    let mut words = kind.split(|letter: char| !letter.is_ascii_alphanumeric());
    words.any(|word| {
        let mut known = PERSON_WORDS.iter();
        known.any(|known| word.eq_ignore_ascii_case(known))
    })
}

/// Whether an e-mail or IP address stands anywhere in the text.
pub fn holds_address(text: &str) -> bool {
    may_hold_address(text) && words(text).any(|(at, word)| range_of(text, at, word).is_some())
}

/// Where e-mail and IP addresses stand in the text, in order and apart, each with the word that it is a part of.
pub fn addresses(text: &str) -> Vec<Range<usize>> {
    let mut found: Vec<Range<usize>> = Vec::new();
    if !may_hold_address(text) {
        return found;
    }
    for mut range in words(text).filter_map(|(at, word)| range_of(text, at, word)) {
        // A quoted name may hold what was found before.
        while let Some(last) = found.pop_if(|last| last.end > range.start) {
            range.start = range.start.min(last.start);
        }
        found.push(range);
    }
    found
}

/// Whether the text has the signs that every address has.
fn may_hold_address(text: &str) -> bool {
    let (mut ats, mut dots, mut colons, mut percents) = (0_usize, 0_usize, 0_usize, 0_usize);
    for byte in text.bytes() {
        ats += usize::from(byte == b'@');
        dots += usize::from(byte == b'.');
        colons += usize::from(byte == b':');
        percents += usize::from(byte == b'%');
    }
    ats > 0
        || colons >= 2
        || (dots >= 3 && has_dotted_numbers(text))
        || (percents > 0 && text.contains(ENCODED_AT))
}

/// Whether three dots stand between digits, as they never do in sentences.
fn has_dotted_numbers(text: &str) -> bool {
    let is_between = |bytes: &&[u8]| {
        matches!(bytes, [before, b'.', behind]
            if before.is_ascii_digit() && behind.is_ascii_digit())
    };
    text.as_bytes()
        .windows(3)
        .filter(is_between)
        .nth(2)
        .is_some()
}

/// The words of a text and where they begin.
fn words(text: &str) -> impl Iterator<Item = (usize, &str)> {
    let mut end = 0;
    text.split_inclusive(is_delimiter).map(move |piece| {
        let start = end;
        end += piece.len();
        (start, piece.trim_end_matches(is_delimiter))
    })
}

/// What ends a word that may be an address.
fn is_delimiter(character: char) -> bool {
    matches!(
        character,
        '"' | '\'' | '<' | '>' | '(' | ')' | '{' | '}' | ',' | ';' | '|' | '=' | '/' | '\\'
    ) || character.is_whitespace()
}

/// What is to be withheld because of a word that begins at `at`.
fn range_of(text: &str, at: usize, word: &str) -> Option<Range<usize>> {
    let end = at + word.len();
    if word.starts_with('@')
        && let Some(start) = start_of_name(text.get(..at)?, word)
    {
        return Some(start..end);
    }
    holds_one(word).then_some(at..end)
}

/// Where the name begins that stands before a word with an `@` in front, such as in `"dana reyes"@example.com`.
fn start_of_name(before: &str, word: &str) -> Option<usize> {
    let host = word.trim_start_matches('@');
    if !host.starts_with(|first: char| first.is_alphanumeric() || first == '[') {
        return None;
    }
    let last = before.chars().next_back()?;
    let Some(quoted) = before.strip_suffix('"') else {
        // Signs that end words may stand in a name, too.
        let is_name = !last.is_whitespace() && host.contains('.');
        return is_name.then_some(before.len());
    };
    // In `"x":"@scope"` the quote before the sign opens.
    let opens = quoted
        .chars()
        .next_back()
        .is_none_or(|c| c.is_whitespace() || ":,[{(=<".contains(c));
    if opens && !host.contains('.') {
        return None;
    }
    let mut from = quoted.len().saturating_sub(QUOTED_BYTES_MAX);
    while !quoted.is_char_boundary(from) {
        from += 1;
    }
    let opening = quoted.get(from..)?.rfind('"');
    Some(opening.map_or(quoted.len(), |opening| from + opening))
}

/// Whether an e-mail or IP address stands in a word, whatever else is in it.
fn holds_one(word: &str) -> bool {
    let word = word.trim_matches(['[', ']', '.', '!', '?']);
    if word.trim_matches('@').contains('@') || holds_encoded_at(word) {
        return true;
    }
    let count = |wanted: u8| word.bytes().filter(|byte| *byte == wanted).count();
    let (dots, colons) = (count(b'.'), count(b':'));
    (dots >= 3 && holds_ipv4(word)) || (colons >= 2 && (is_ipv6(word) || holds_ipv6(word)))
}

fn holds_encoded_at(word: &str) -> bool {
    word.contains(ENCODED_AT)
        && word
            .trim_start_matches(ENCODED_AT)
            .trim_end_matches(ENCODED_AT)
            .contains(ENCODED_AT)
}

/// Whether four numbers up to 255 stand in a word with dots between them, and no fifth beside them.
fn holds_ipv4(word: &str) -> bool {
    word.split(|c: char| !c.is_ascii_digit() && c != '.')
        // Two dots are a range.
        .flat_map(|run| run.split(".."))
        .any(|run| {
            let mut numbers = 0;
            let fit = run.trim_matches('.').split('.').all(|number| {
                numbers += 1;
                number.len() <= 3 && number.parse::<u8>().is_ok()
            });
            fit && numbers == 4
        })
}

/// Whether a word is an IPv6 address, with a port perhaps.
fn is_ipv6(word: &str) -> bool {
    (word.len() > 2 && word.parse::<IpAddr>().is_ok())
        || word.parse::<SocketAddr>().is_ok()
        || word
            .rsplit_once(':')
            .is_some_and(|(host, _)| host.trim_matches(['[', ']']).parse::<Ipv6Addr>().is_ok())
}

/// Whether an IPv6 address stands in a word, with a zone, a port, a name before it or another behind it. Names such as
/// `add::bad` are none within a word.
fn holds_ipv6(word: &str) -> bool {
    let mut at = 0;
    word.split(|c: char| !c.is_ascii_hexdigit() && c != ':')
        .any(|run| {
            let before = word.get(..at).and_then(|text| text.chars().next_back());
            at += run.len();
            let behind = word.get(at..).and_then(|text| text.chars().next());
            at += behind.map_or(0, char::len_utf8);
            let is_glued = |beside: Option<char>| beside.is_some_and(char::is_alphanumeric);
            // What a letter stands beside is no part of an address: `ip:`, `:http`.
            let whole = (!is_glued(before)).then_some(run);
            let named = run.split_once(':').map(|(_, rest)| rest);
            [whole, named].into_iter().flatten().any(|run| {
                let whole = (!is_glued(behind)).then_some(run);
                let named = run.rsplit_once(':').map(|(rest, _)| rest);
                [whole, named].into_iter().flatten().any(|run| {
                    run.parse::<Ipv6Addr>().is_ok() && run.bytes().any(|byte| byte.is_ascii_digit())
                })
            })
        })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn people_are_people_in_every_spelling() {
        for kind in [
            "user",
            "User",
            "SERVICE_USER",
            "team-member",
            "user.v2",
            "Customer",
        ] {
            assert!(is_person_type(kind), "{kind}");
        }
        for kind in ["", "deployment", "userland", "environment_variable"] {
            assert!(!is_person_type(kind), "{kind}");
        }
    }

    #[test]
    fn an_address_is_seen_beside_whatever_stands_there() {
        for text in [
            "dev@example.com",
            "mail to <dev@localhost>, please",
            "mailto:dev@example.com?subject=x",
            "@dev@example.social",
            "dev@[192.0.2.1]",
            "\"john doe\"@corp.example",
            "\\\"john doe\\\"@corp",
            "{\"mail\":\"\\\"john\\\"@corp.example\"}",
            "o'@corp.example",
            "john(at home)@corp.example",
            "bob%40corp.example",
            "https://x.example/?as=bob%40corp&x=1",
            "10.4.4.4",
            "10.4.4.4.",
            "10.4.4.4:9000",
            "10.4.4.4-10.4.4.9",
            "10.4.4.4..10.4.4.9",
            "10.4.4.0/24",
            "ip-10.4.4.4",
            "ip_10.4.4.4_x",
            "worker-10.4.4.4:9000",
            "x10.4.4.4y",
            "10.4.4.4.internal",
            "10.4.4.4%",
            "[10.4.4.4]",
            "010.004.004.004",
            "“10.4.4.4”",
            "地址10.4.4.4。",
            "2001:db8::1",
            "[2001:db8::1]:443",
            "2001:db8::1:65535",
            "2001:db8:0:0:0:0:0:1:443",
            "2001:db8::1-2001:db8::2",
            "2001:db8::1..2001:db8::2",
            "host:2001:db8::1:http",
            "node-2001:db8::1",
            "from 2001:db8::1.",
            "fe80::1%eth0",
            "[fe80::1%25eth0]:80",
            "dead::beef",
            "[dead::beef]:443",
            "::ffff:10.0.0.1",
            "ip:::1",
        ] {
            assert!(holds_address(text), "{text}");
            assert!(!addresses(text).is_empty(), "{text}");
        }
    }

    #[test]
    fn numbers_times_and_names_are_no_addresses() {
        for text in [
            "",
            "1.2.3",
            "10.15.7",
            "v1.2.3-rc.4",
            "1.2.3.4.5",
            "10.4.4.4.5.6",
            "1.2.3.256",
            "1.2.3.1000",
            "1.2..3.4",
            "1.2.3.x4",
            "1...2...3...4",
            "at 12:30:45, 2026-03-12T14:32:07.123456Z",
            "00:1a:2b:3c:4d:5e",
            "Vec::new std::io::Error face::Book x-add::bad",
            "::",
            "a:b:c:d",
            "arn:aws:iam::123456789012:role/admin",
            "arn:aws:s3:::bucket",
            "@scope/package @dev, @",
            "{\"a\":\"@types/node\",\"b\":\"@x\"}",
            "5 @ 3",
            "100%40",
            "%40x",
            "https://example.com/a.b.c.d?x=1",
        ] {
            assert!(!holds_address(text), "{text}");
            assert!(addresses(text).is_empty(), "{text}");
        }
    }

    #[test]
    fn what_is_withheld_is_the_word_and_the_quoted_name() {
        for (text, expect) in [
            ("from ip-10.4.4.4, twice", vec!["ip-10.4.4.4"]),
            (
                "a \"john b@c doe\"@corp.example b",
                vec!["\"john b@c doe\"@corp.example"],
            ),
            ("10.4.4.4/10.4.4.9 x@y", vec!["10.4.4.4", "10.4.4.9", "x@y"]),
        ] {
            let found: Vec<&str> = addresses(text)
                .into_iter()
                .map(|range| &text[range])
                .collect();
            assert_eq!(found, expect, "{text}");
        }
    }
}
