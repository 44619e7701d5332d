//! Query text to tokens, one at a time.
//!
//! Promises: looks at each byte a bounded number of times; a token's place is where it stands in the text. Must never
//! know what fields there are.

use std::borrow::Cow;

use crate::error::{Place, Refusal};
use crate::field::{CHANGES, METADATA};

/// A piece of query text.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum Token<'a> {
    /// `(`
    Open,
    /// `)`
    Close,
    /// `-` before a condition, or `NOT`.
    Not,
    /// `AND`
    And,
    /// `OR`
    Or,
    /// A name with a colon behind it.
    Name(&'a str),
    /// A word, a value or a text in quotes.
    Text(Text<'a>),
    /// Nothing is left.
    End,
}

/// A word, a value or a text in quotes.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Text<'a> {
    /// What was written, without quotes and without a `*` at the end.
    pub(crate) text: Cow<'a, str>,
    /// How it was written.
    pub(crate) form: Form,
}

/// How a text was written.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Form {
    /// In quotes: every character stands for itself.
    Quoted,
    /// As it stands.
    Plain,
    /// With a `*` at its end.
    Prefix,
}

/// Whether names may stand here: within the parentheses behind a name, there are only values.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Inside {
    /// Conditions.
    Query,
    /// Values of one name.
    Group,
}

/// What is left of a query text.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Lexer<'a> {
    text: &'a str,
    at: usize,
}

impl<'a> Lexer<'a> {
    pub(crate) fn new(text: &'a str) -> Self {
        Self { text, at: 0 }
    }

    /// The next token.
    pub(crate) fn next(&mut self, inside: Inside) -> Result<(Token<'a>, Place), Refusal> {
        let rest = self.rest();
        self.at += rest.len() - rest.trim_start().len();
        let start = self.at;
        let rest = self.rest();
        let symbol = match rest.chars().next() {
            None => return Ok((Token::End, self.place(start))),
            Some('"') => return self.quoted_text(),
            Some('(') => Some(Token::Open),
            Some(')') => Some(Token::Close),
            Some('-') => Some(Token::Not),
            Some(_) => None,
        };
        if let Some(token) = symbol {
            self.at += 1;
            let place = self.place(start);
            let lonely =
                token == Token::Not && self.rest().chars().next().is_none_or(ends_condition);
            if lonely {
                return Err(Refusal::new(place, "a condition right behind the `-`")
                    .hint("a `-` by itself is no word: leave it out"));
            }
            return Ok((token, place));
        }
        let run = self.run();
        if inside == Inside::Query
            && let Some(name) = self.name(run)?
        {
            let place = self.place(start);
            // Behind the colon.
            self.at += 1;
            return Ok((Token::Name(name), place));
        }
        self.at += run.len();
        let place = self.place(start);
        match run {
            "AND" => Ok((Token::And, place)),
            "OR" => Ok((Token::Or, place)),
            "NOT" => Ok((Token::Not, place)),
            run => Ok((Token::Text(plain(run, place)?), place)),
        }
    }

    /// What stands right behind a name and its colon: [`Token::Open`] or [`Token::Text`].
    pub(crate) fn value(&mut self) -> Result<(Token<'a>, Place), Refusal> {
        let start = self.at;
        match self.rest().chars().next() {
            Some('"') => self.quoted_text(),
            Some('(') => {
                self.at += 1;
                Ok((Token::Open, self.place(start)))
            }
            next if next.is_none_or(ends_condition) => Err(Refusal::new(
                self.place(start),
                "a value right behind the colon",
            )
            .hint("no space may stand there; `*` stands for any value")),
            _ => {
                let run = self.run();
                self.at += run.len();
                let place = self.place(start);
                Ok((Token::Text(plain(run, place)?), place))
            }
        }
    }

    fn rest(&self) -> &'a str {
        self.text.get(self.at..).unwrap_or_default()
    }

    fn place(&self, start: usize) -> Place {
        Place {
            start,
            end: self.at,
        }
    }

    /// What stands ahead up to a space, a parenthesis or a quote.
    fn run(&self) -> &'a str {
        let rest = self.rest();
        let end = rest
            .find(|character| ends_condition(character) || matches!(character, '(' | '"'))
            .unwrap_or(rest.len());
        rest.get(..end).unwrap_or_default()
    }

    /// The name that stands ahead, if one does; moves on to its colon.
    fn name(&mut self, run: &'a str) -> Result<Option<&'a str>, Refusal> {
        if let Some((name, _)) = run.split_once(':') {
            if is_name(name) {
                self.at += name.len();
                return Ok(Some(name));
            }
            return Ok(None);
        }
        let start = self.at;
        let open = run.eq_ignore_ascii_case(METADATA) || run.eq_ignore_ascii_case(CHANGES);
        if !open
            || !self
                .rest()
                .get(run.len()..)
                .is_some_and(|rest| rest.starts_with('"'))
        {
            return Ok(None);
        }
        self.at += run.len();
        self.quoted()?;
        let suffix = self.run().split(':').next().unwrap_or_default();
        self.at += suffix.len();
        if !self.rest().starts_with(':') {
            let place = Place {
                start: self.at,
                end: self.at,
            };
            return Err(Refusal::new(place, "a colon behind the name"));
        }
        Ok(self.text.get(start..self.at))
    }

    fn quoted_text(&mut self) -> Result<(Token<'a>, Place), Refusal> {
        let start = self.at;
        let text = Text {
            text: Cow::Owned(self.quoted()?),
            form: Form::Quoted,
        };
        let place = self.place(start);
        if self.rest().starts_with('*') {
            let place = Place {
                start: self.at,
                end: self.at + 1,
            };
            return Err(misplaced_star(place));
        }
        Ok((Token::Text(text), place))
    }

    /// What stands between the quotes ahead.
    fn quoted(&mut self) -> Result<String, Refusal> {
        let start = self.at;
        let mut out = String::new();
        let mut characters = self.rest().char_indices().skip(1);
        while let Some((offset, character)) = characters.next() {
            match character {
                '"' => {
                    self.at += offset + 1;
                    return Ok(out);
                }
                '\\' => match characters.next() {
                    Some((_, escaped @ ('"' | '\\'))) => out.push(escaped),
                    Some(_) => {
                        let start = start + offset;
                        let place = Place {
                            start,
                            end: start + 1,
                        };
                        return Err(Refusal::new(place, "`\\\"` or `\\\\`")
                            .hint("within quotes, write a backslash as `\\\\`"));
                    }
                    None => break,
                },
                other => out.push(other),
            }
        }
        let place = Place {
            start,
            end: start + 1,
        };
        Err(Refusal::new(place, "a closing quote for this one")
            .hint("write a quote that is meant as such as `\\\"` within quotes"))
    }
}

/// What no condition goes on behind.
fn ends_condition(character: char) -> bool {
    character.is_whitespace() || character == ')'
}

/// Whether what stands before a colon is meant as a name, known or not.
fn is_name(text: &str) -> bool {
    let open = [METADATA, CHANGES].iter().any(|beginning| {
        text.split_at_checked(beginning.len())
            .is_some_and(|(head, path)| head.eq_ignore_ascii_case(beginning) && !path.contains('*'))
    });
    let begins =
        text.starts_with(|character: char| character.is_ascii_alphabetic() || character == '_');
    let goes_on = |byte: u8| byte.is_ascii_alphanumeric() || matches!(byte, b'_' | b'.' | b'-');
    open || (begins && text.bytes().all(goes_on))
}

/// A run of characters outside quotes: a `*` may end it.
fn plain(run: &str, place: Place) -> Result<Text<'_>, Refusal> {
    let (text, form) = match run.strip_suffix('*') {
        Some(text) => (text, Form::Prefix),
        None => (run, Form::Plain),
    };
    if let Some(at) = text.find('*') {
        let start = place.start + at;
        return Err(misplaced_star(Place {
            start,
            end: start + 1,
        }));
    }
    Ok(Text {
        text: Cow::Borrowed(text),
        form,
    })
}

fn misplaced_star(place: Place) -> Refusal {
    Refusal::new(
        place,
        "`*` only at the end of a word or value, outside quotes",
    )
    .hint("within quotes, `*` is a character like any other")
}
