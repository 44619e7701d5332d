//! Text to [`Value`]: one pass, recursion bounded by a named limit, no copy of strings without escapes.

use std::borrow::Cow;

use super::{JsonError, Member, Problem, Value, push_token};
use crate::limits::{JSON_DEPTH_MAX, JSON_VALUES_MAX, PART_JSON_DEPTH_MAX, PART_JSON_VALUES_MAX};

/// Reads one JSON value that fills the whole text (white space around it is allowed).
pub fn parse(text: &[u8]) -> Result<Value<'_>, JsonError> {
    parse_within(text, Bounds::EVENT)
}

/// How deep and how large a text may be.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Bounds {
    /// Deepest nesting of arrays and objects; reading recurses as deep.
    pub depth_max: usize,
    /// Most values, scalars and containers.
    pub values_max: usize,
}

impl Bounds {
    /// Those of one event as it is sent.
    pub const EVENT: Self = Self {
        depth_max: JSON_DEPTH_MAX,
        values_max: JSON_VALUES_MAX,
    };
    /// Those of one stored part.
    pub const PART: Self = Self {
        depth_max: PART_JSON_DEPTH_MAX,
        values_max: PART_JSON_VALUES_MAX,
    };
    /// Those of one event as it is answered: its parts, and what the ledger knows of it.
    pub const ANSWER: Self = Self {
        depth_max: PART_JSON_DEPTH_MAX + 2,
        values_max: 2 * PART_JSON_VALUES_MAX + 256,
    };
}

/// [`parse`] for texts that are larger or deeper than an event: what vendors send.
pub fn parse_within(text: &[u8], bounds: Bounds) -> Result<Value<'_>, JsonError> {
    let text = utf8(text)?;
    let mut reader = Reader::new(text);
    reader.bounds = bounds;
    let value = reader
        .document()
        .map_err(|failure| failure.into_error(&reader))?;
    Ok(value)
}

/// One item of an array: its text and where it starts.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Item<'a> {
    /// The item's text without surrounding white space.
    pub text: &'a [u8],
    /// Byte offset of the item in the array's text.
    pub offset: usize,
}

/// Splits the text of a JSON array into the texts of its items without reading them: only strings and brackets are
/// followed. `items_max` bounds the answer; one more is returned so that the caller sees the excess.
pub fn split_array(text: &[u8], items_max: usize) -> Result<Vec<Item<'_>>, JsonError> {
    utf8(text)?;
    let mut reader = Reader::new(std::str::from_utf8(text).unwrap_or_default());
    let outcome = reader.skim_array(text, items_max);
    outcome.map_err(|failure| failure.into_error(&reader))
}

fn utf8(text: &[u8]) -> Result<&str, JsonError> {
    std::str::from_utf8(text).map_err(|error| JsonError {
        problem: Problem::NotUtf8,
        offset: error.valid_up_to(),
        pointer: String::new(),
    })
}

/// A refusal on its way up; the path gathers from the inside out.
struct Failure {
    problem: Problem,
    offset: usize,
    path: Vec<String>,
}

impl Failure {
    fn into_error(self, _reader: &Reader<'_>) -> JsonError {
        let mut pointer = String::new();
        for token in self.path.iter().rev() {
            push_token(&mut pointer, token);
        }
        JsonError {
            problem: self.problem,
            offset: self.offset,
            pointer,
        }
    }
}

struct Reader<'a> {
    text: &'a str,
    at: usize,
    values: usize,
    bounds: Bounds,
}

impl<'a> Reader<'a> {
    fn new(text: &'a str) -> Self {
        Self {
            text,
            at: 0,
            values: 0,
            bounds: Bounds::EVENT,
        }
    }

    fn peek(&self) -> Option<u8> {
        self.text.as_bytes().get(self.at).copied()
    }

    fn fail(&self, problem: Problem) -> Failure {
        Failure {
            problem,
            offset: self.at,
            path: Vec::new(),
        }
    }

    fn syntax(&self, expected: &'static str) -> Failure {
        self.fail(Problem::Syntax(expected))
    }

    fn space(&mut self) {
        while let Some(b' ' | b'\t' | b'\n' | b'\r') = self.peek() {
            self.at += 1;
        }
    }

    fn take(&mut self, byte: u8) -> bool {
        let found = self.peek() == Some(byte);
        self.at += usize::from(found);
        found
    }

    fn document(&mut self) -> Result<Value<'a>, Failure> {
        self.space();
        let value = self.value(0)?;
        self.space();
        if self.at == self.text.len() {
            Ok(value)
        } else {
            Err(self.syntax("the end of the text"))
        }
    }

    fn value(&mut self, depth: usize) -> Result<Value<'a>, Failure> {
        self.values += 1;
        if self.values > self.bounds.values_max {
            return Err(self.fail(Problem::TooManyValues(self.bounds.values_max)));
        }
        match self.peek() {
            Some(b'"') => self.string().map(Value::String),
            Some(b'{') => self.object(depth),
            Some(b'[') => self.array(depth),
            Some(b'-' | b'0'..=b'9') => self.number(),
            Some(b't') => self.word("true", Value::Bool(true)),
            Some(b'f') => self.word("false", Value::Bool(false)),
            Some(b'n') => self.word("null", Value::Null),
            _ => Err(self.syntax("a JSON value")),
        }
    }

    fn word(&mut self, word: &'static str, value: Value<'a>) -> Result<Value<'a>, Failure> {
        if self
            .text
            .get(self.at..)
            .is_some_and(|rest| rest.starts_with(word))
        {
            self.at += word.len();
            Ok(value)
        } else {
            Err(self.syntax("a JSON value"))
        }
    }

    fn object(&mut self, depth: usize) -> Result<Value<'a>, Failure> {
        if depth >= self.bounds.depth_max {
            return Err(self.fail(Problem::TooDeep(self.bounds.depth_max)));
        }
        self.at += 1;
        let mut members: Vec<Member<'a>> = Vec::with_capacity(8);
        self.space();
        if self.take(b'}') {
            return Ok(Value::Object(members));
        }
        loop {
            self.space();
            let start = self.at;
            if self.peek() != Some(b'"') {
                return Err(self.syntax("a member name in quotes"));
            }
            let name = self.string()?;
            self.space();
            if !self.take(b':') {
                return Err(self.syntax("a colon"));
            }
            self.space();
            let value = self
                .value(depth + 1)
                .map_err(|failure| under(failure, &name))?;
            // Small objects compare names one by one; large ones are checked once, sorted, at the end.
            if members.len() < SMALL && members.iter().any(|(known, _)| *known == name) {
                return Err(duplicate(start, &name));
            }
            members.push((name, value));
            self.space();
            if self.take(b'}') {
                break;
            }
            if !self.take(b',') {
                return Err(self.syntax("a comma or a closing brace"));
            }
        }
        if members.len() > SMALL {
            let mut names: Vec<&str> = members.iter().map(|(name, _)| name.as_ref()).collect();
            names.sort_unstable();
            if let Some(name) = names
                .windows(2)
                .find_map(|pair| (pair.first() == pair.last()).then(|| pair.first()))
            {
                return Err(duplicate(self.at, name.copied().unwrap_or_default()));
            }
        }
        Ok(Value::Object(members))
    }

    fn array(&mut self, depth: usize) -> Result<Value<'a>, Failure> {
        if depth >= self.bounds.depth_max {
            return Err(self.fail(Problem::TooDeep(self.bounds.depth_max)));
        }
        self.at += 1;
        let mut items = Vec::new();
        self.space();
        if self.take(b']') {
            return Ok(Value::Array(items));
        }
        loop {
            self.space();
            let item = self
                .value(depth + 1)
                .map_err(|failure| under(failure, &items.len().to_string()))?;
            items.push(item);
            self.space();
            if self.take(b']') {
                return Ok(Value::Array(items));
            }
            if !self.take(b',') {
                return Err(self.syntax("a comma or a closing bracket"));
            }
        }
    }

    fn digits(&mut self) -> usize {
        let start = self.at;
        while let Some(b'0'..=b'9') = self.peek() {
            self.at += 1;
        }
        self.at - start
    }

    fn number(&mut self) -> Result<Value<'a>, Failure> {
        let start = self.at;
        self.take(b'-');
        if !self.take(b'0') && self.digits() == 0 {
            return Err(self.syntax("a digit"));
        }
        if matches!(self.peek(), Some(b'0'..=b'9')) {
            return Err(self.syntax("a number without leading zeros"));
        }
        if self.take(b'.') && self.digits() == 0 {
            return Err(self.syntax("a digit after the decimal point"));
        }
        if self.take(b'e') || self.take(b'E') {
            if !self.take(b'+') {
                self.take(b'-');
            }
            if self.digits() == 0 {
                return Err(self.syntax("a digit in the exponent"));
            }
        }
        Ok(Value::Number(Cow::Borrowed(
            self.text.get(start..self.at).unwrap_or_default(),
        )))
    }

    /// Advances to the next quote, backslash or control character of a string.
    fn run(&mut self) -> &'a str {
        let start = self.at;
        let rest = self.text.as_bytes().get(start..).unwrap_or_default();
        let length = rest
            .iter()
            .position(|byte| matches!(byte, b'"' | b'\\' | 0..=0x1f))
            .unwrap_or(rest.len());
        self.at += length;
        self.text.get(start..self.at).unwrap_or_default()
    }

    fn string(&mut self) -> Result<Cow<'a, str>, Failure> {
        self.at += 1;
        let first = self.run();
        if self.take(b'"') {
            return Ok(Cow::Borrowed(first));
        }
        let mut text = String::with_capacity(first.len() + 16);
        text.push_str(first);
        loop {
            if self.take(b'"') {
                return Ok(Cow::Owned(text));
            }
            if !self.take(b'\\') {
                return Err(self.syntax("a closing quote (control characters are written \\u00XX)"));
            }
            text.push(self.escape()?);
            text.push_str(self.run());
        }
    }

    fn escape(&mut self) -> Result<char, Failure> {
        let Some(letter) = self.peek() else {
            return Err(self.syntax("an escape"));
        };
        self.at += 1;
        Ok(match letter {
            b'"' => '"',
            b'\\' => '\\',
            b'/' => '/',
            b'b' => '\u{8}',
            b'f' => '\u{c}',
            b'n' => '\n',
            b'r' => '\r',
            b't' => '\t',
            b'u' => {
                let unit = self.hex4()?;
                return match unit {
                    0xd800..=0xdbff => self.low_surrogate(unit),
                    _ => char::from_u32(unit).ok_or_else(|| self.fail(Problem::LoneSurrogate)),
                };
            }
            _ => {
                self.at -= 1;
                return Err(self.syntax("one of \" \\ / b f n r t u after a backslash"));
            }
        })
    }

    fn low_surrogate(&mut self, high: u32) -> Result<char, Failure> {
        if !(self.take(b'\\') && self.take(b'u')) {
            return Err(self.fail(Problem::LoneSurrogate));
        }
        let low = self.hex4()?;
        if !(0xdc00..=0xdfff).contains(&low) {
            return Err(self.fail(Problem::LoneSurrogate));
        }
        char::from_u32(0x10000 + ((high - 0xd800) << 10) + (low - 0xdc00))
            .ok_or_else(|| self.fail(Problem::LoneSurrogate))
    }

    fn hex4(&mut self) -> Result<u32, Failure> {
        let mut unit = 0;
        for _ in 0..4 {
            let digit = self.peek().and_then(|byte| char::from(byte).to_digit(16));
            let Some(digit) = digit else {
                return Err(self.syntax("four hex digits"));
            };
            unit = unit * 16 + digit;
            self.at += 1;
        }
        Ok(unit)
    }

    /// Follows strings and brackets only; the items' own syntax is read later, one by one.
    fn skim_array(&mut self, text: &'a [u8], items_max: usize) -> Result<Vec<Item<'a>>, Failure> {
        let mut items = Vec::new();
        self.space();
        if !self.take(b'[') {
            return Err(self.syntax("an array"));
        }
        self.space();
        let mut closed = self.take(b']');
        while !closed {
            self.space();
            let start = self.at;
            self.skim_value()?;
            if self.at == start {
                return Err(self.syntax("a JSON value"));
            }
            let item = text
                .get(start..self.at)
                .unwrap_or_default()
                .trim_ascii_end();
            items.push(Item {
                text: item,
                offset: start,
            });
            if items.len() > items_max {
                return Ok(items);
            }
            closed = self.take(b']');
            if !closed && !self.take(b',') {
                return Err(self.syntax("a comma or a closing bracket"));
            }
        }
        self.space();
        if self.at == self.text.len() {
            Ok(items)
        } else {
            Err(self.syntax("the end of the text"))
        }
    }

    /// Advances over one value, to the comma or bracket behind it.
    fn skim_value(&mut self) -> Result<(), Failure> {
        let mut depth = 0_usize;
        while let Some(byte) = self.peek() {
            match byte {
                b'"' => self.skim_string()?,
                b'{' | b'[' => {
                    depth += 1;
                    self.at += 1;
                }
                b'}' | b']' if depth > 0 => {
                    depth -= 1;
                    self.at += 1;
                }
                b'}' | b']' => return Ok(()),
                b',' if depth == 0 => return Ok(()),
                _ => self.at += 1,
            }
        }
        Err(self.syntax("a closing bracket"))
    }

    fn skim_string(&mut self) -> Result<(), Failure> {
        self.at += 1;
        loop {
            let rest = self.text.as_bytes().get(self.at..).unwrap_or_default();
            let Some(length) = memchr::memchr2(b'"', b'\\', rest) else {
                self.at = self.text.len();
                return Err(self.syntax("a closing quote"));
            };
            self.at += length;
            if self.take(b'"') {
                return Ok(());
            }
            self.at += 2;
        }
    }
}

/// Objects up to this many members are checked for duplicates as they grow.
const SMALL: usize = 24;

fn under(mut failure: Failure, token: &str) -> Failure {
    failure.path.push(token.chars().take(64).collect());
    failure
}

fn duplicate(offset: usize, name: &str) -> Failure {
    under(
        Failure {
            problem: Problem::DuplicateMember,
            offset,
            path: Vec::new(),
        },
        name,
    )
}
