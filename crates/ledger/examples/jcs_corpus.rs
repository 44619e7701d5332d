//! Prints a corpus for another implementation of RFC 8785 to check ours by: on each line
//! `{"input":<JSON text as a string>,"hex":<our canonical bytes in hex>}`.
//!
//! Promises: the same lines every time; every JSON type, member names that only UTF-16 order puts right, every
//! escape, and numbers over the whole domain of I-JSON. Must never print a number outside it (integers beyond
//! ±(2^53 − 1), floats that overflow): implementations disagree about those, and the ledger never writes them.
#![expect(clippy::print_stdout, reason = "its output is its purpose")]

use std::fmt::Write;

use ledger::json::{parse, write_canonical, write_string};
use ledger::name::to_hex;

/// Lines printed.
const LINES: usize = 2_500;
/// Deepest nesting of generated values.
const DEPTH_MAX: usize = 4;

fn main() -> Result<(), ledger::json::JsonError> {
    let mut source = Source(0x5eed_0000_0000_0001);
    for line in 0..LINES {
        let mut input = String::new();
        match line % 5 {
            0 => source.number(&mut input),
            1 => source.string(&mut input),
            _ => source.value(&mut input, DEPTH_MAX),
        }
        let mut canonical = String::new();
        write_canonical(&parse(input.as_bytes())?, &mut canonical);
        let mut quoted = String::new();
        write_string(&input, &mut quoted);
        println!(
            r#"{{"input":{quoted},"hex":"{}"}}"#,
            to_hex(canonical.as_bytes())
        );
    }
    Ok(())
}

/// A stream of choices (xorshift).
struct Source(u64);

/// Characters by what they test: plain, escaped, control, beyond ASCII, on both sides of the surrogates, beyond the
/// first plane, combining.
const CHARACTERS: [char; 32] = [
    'a',
    'b',
    'z',
    'A',
    'Z',
    '0',
    '9',
    '_',
    ' ',
    '"',
    '\\',
    '/',
    '\u{0}',
    '\u{1}',
    '\u{8}',
    '\t',
    '\n',
    '\u{b}',
    '\u{c}',
    '\r',
    '\u{1f}',
    '\u{7f}',
    '\u{80}',
    'é',
    'ß',
    '\u{2028}',
    '\u{d7ff}',
    '\u{e000}',
    '\u{fb33}',
    '\u{ffff}',
    '😀',
    '\u{10ffff}',
];

impl Source {
    fn next(&mut self) -> u64 {
        self.0 ^= self.0 << 13;
        self.0 ^= self.0 >> 7;
        self.0 ^= self.0 << 17;
        self.0
    }

    fn below(&mut self, bound: usize) -> usize {
        usize::try_from(self.next() % bound as u64).unwrap_or_default()
    }

    fn value(&mut self, out: &mut String, depth: usize) {
        match self.below(if depth == 0 { 5 } else { 8 }) {
            0 => out.push_str("null"),
            1 => out.push_str("true"),
            2 => out.push_str("false"),
            3 => self.number(out),
            4 => self.string(out),
            5 => self.array(out, depth - 1),
            _ => self.object(out, depth - 1),
        }
    }

    fn array(&mut self, out: &mut String, depth: usize) {
        out.push('[');
        for index in 0..self.below(5) {
            self.comma(out, index);
            self.value(out, depth);
        }
        self.space(out);
        out.push(']');
    }

    fn object(&mut self, out: &mut String, depth: usize) {
        let mut names = Vec::new();
        for _ in 0..self.below(7) {
            let name = self.text();
            if !names.contains(&name) {
                names.push(name);
            }
        }
        out.push('{');
        for (index, name) in names.iter().enumerate() {
            self.comma(out, index);
            self.quoted(name, out);
            self.space(out);
            out.push(':');
            self.space(out);
            self.value(out, depth);
        }
        out.push('}');
    }

    fn comma(&mut self, out: &mut String, index: usize) {
        if index > 0 {
            out.push(',');
        }
        self.space(out);
    }

    fn space(&mut self, out: &mut String) {
        out.push_str(
            ["", "", "", " ", "\n", "\t", "\r\n  "]
                .get(self.below(7))
                .unwrap_or(&""),
        );
    }

    fn text(&mut self) -> String {
        let length = self.below(9);
        let pick = |index: usize| CHARACTERS.get(index).copied().unwrap_or('a');
        (0..length)
            .map(|_| pick(self.below(CHARACTERS.len())))
            .collect()
    }

    fn string(&mut self, out: &mut String) {
        let text = self.text();
        self.quoted(&text, out);
    }

    /// The text in quotes, some of its characters written as escapes that need not be.
    fn quoted(&mut self, text: &str, out: &mut String) {
        out.push('"');
        for character in text.chars() {
            if self.below(4) == 0 {
                for unit in character.encode_utf16(&mut [0; 2]) {
                    // Writing to a String cannot fail.
                    _ = write!(out, "\\u{unit:04X}");
                }
                continue;
            }
            let mut plain = String::new();
            write_string(character.encode_utf8(&mut [0; 4]), &mut plain);
            let inner = plain
                .strip_prefix('"')
                .and_then(|rest| rest.strip_suffix('"'));
            out.push_str(inner.unwrap_or_default());
        }
        out.push('"');
    }

    fn number(&mut self, out: &mut String) {
        // Writing to a String cannot fail.
        _ = match self.below(6) {
            0 => write!(out, "{}", self.below(1_000)),
            1 => write!(out, "-{}", self.next() >> 11),
            2 => write!(out, "{}", self.next() >> 11),
            3 => write!(out, "{}.{}", self.below(100_000), self.below(1_000_000)),
            4 => {
                let exponent = i64::try_from(self.below(600)).unwrap_or_default() - 320;
                write!(
                    out,
                    "{}.{}E{exponent}",
                    self.below(9) + 1,
                    self.below(1_000_000_000)
                )
            }
            _ => self.float(out),
        };
    }

    /// Any finite double, in its shortest form.
    fn float(&mut self, out: &mut String) -> std::fmt::Result {
        let float = f64::from_bits(self.next());
        if float.is_finite() {
            write!(out, "{float:e}")
        } else {
            write!(out, "-0")
        }
    }
}
