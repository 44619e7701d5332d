//! Spelling: how the many ways to write an operation name are read as words, and written as one canonical name.
//!
//! Promises: reading never panics and takes time linear in a bounded input; a name that was written by
//! [`Spelling::into_name`] reads back to itself. Must never: consult the vocabulary, or accept a character that is
//! not an ASCII letter, digit or separator.
//!
//! * `.`, `:` (`::` counts once) and `/` separate parts; `_`, `-`, space and a change to upper case separate words.
//!   Upper-case runs are one word: `APIKeyCreated` is `api_key_created`.
//! * Several words in a single part: the last is the action (`foo-bar-created` is `foo_bar.created`), together with
//!   the word before it if the last is a particle (`FooRolledBack` is `foo.rolled_back`).

use crate::limits::OPERATION_BYTES_MAX;

use super::NameError;

/// A name read as dotted parts, each of lower-case words joined by `_`. No part is empty.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Spelling {
    parts: Vec<String>,
}

impl Spelling {
    /// Reads `sent`.
    ///
    /// # Errors
    /// [`NameError::TooLong`], or [`NameError::Malformed`] for a foreign character or an empty part. The number of
    /// parts and their first characters are left to [`Self::into_name`], since aliases may stretch them
    /// (`rollback`, `2fa.enabled`).
    pub(super) fn read(sent: &str) -> Result<Self, NameError> {
        if sent.len() > OPERATION_BYTES_MAX {
            return Err(NameError::TooLong);
        }
        let parts = sent
            .replace("::", ":")
            .split(PART_SEPARATORS)
            .map(words)
            .collect::<Result<Vec<_>, _>>()?;
        if parts.iter().any(String::is_empty) {
            return Err(EXPECTED_FORM);
        }
        Ok(Self { parts })
    }

    /// All words joined by `_`: equal for every spelling of the same words in the same order.
    pub(super) fn flat(&self) -> String {
        self.parts.join("_")
    }

    /// Whether its leading words, run together, are `veritrail`: so `Veri-Trail.x` is as reserved as `veritrail_x`.
    pub(super) fn is_reserved(&self) -> bool {
        let mut rest = "veritrail";
        for word in self.parts.iter().flat_map(|part| part.split('_')) {
            match rest.strip_prefix(word) {
                Some("") => return true,
                Some(after) => rest = after,
                None => return false,
            }
        }
        false
    }

    /// The canonical name: two to four dotted parts of `[a-z][a-z0-9_]*`.
    ///
    /// # Errors
    /// [`NameError::Malformed`] if it has another number of parts or one begins with a digit, [`NameError::TooLong`]
    /// if the separators made it longer than an operation may be.
    pub(super) fn into_name(self) -> Result<String, NameError> {
        let mut parts = self.parts;
        if let [only] = parts.as_slice() {
            let (resource, action) = split_action(only).ok_or(EXPECTED_FORM)?;
            parts = vec![resource.to_owned(), action.to_owned()];
        }
        let starts_with_letter = |part: &String| part.starts_with(|c: char| c.is_ascii_lowercase());
        if parts.len() > PARTS_MAX || !parts.iter().all(starts_with_letter) {
            return Err(EXPECTED_FORM);
        }
        let name = parts.join(".");
        if name.len() > OPERATION_BYTES_MAX {
            return Err(NameError::TooLong);
        }
        Ok(name)
    }
}

/// Most dotted parts of a name.
const PARTS_MAX: usize = 4;
const PART_SEPARATORS: [char; 3] = ['.', ':', '/'];
/// Words that end an action of two words.
const PARTICLES: [&str; 8] = ["back", "down", "in", "off", "on", "out", "over", "up"];

const EXPECTED_FORM: NameError = NameError::Malformed {
    expected: "`resource.action`: two to four dotted parts, each starting with a letter, such as `deployment.created`",
};
const EXPECTED_CHARACTERS: NameError = NameError::Malformed {
    expected: "only ASCII letters, digits, `_` and `.`, such as `deployment.created`",
};

/// The lower-case words of one part joined by `_`; empty if there are none.
fn words(part: &str) -> Result<String, NameError> {
    let mut joined = String::with_capacity(part.len());
    let mut previous = None;
    let mut rest = part.chars().peekable();
    while let Some(c) = rest.next() {
        let starts_word = match c {
            '_' | '-' | ' ' => {
                previous = None;
                continue;
            }
            'a'..='z' | '0'..='9' => previous.is_none(),
            'A'..='Z' => match previous {
                Some('A'..='Z') => rest.peek().is_some_and(char::is_ascii_lowercase),
                _ => true,
            },
            _ => return Err(EXPECTED_CHARACTERS),
        };
        if starts_word && !joined.is_empty() {
            joined.push('_');
        }
        joined.push(c.to_ascii_lowercase());
        previous = Some(c);
    }
    Ok(joined)
}

/// Splits `user_logged_in` into `user` and `logged_in`; `None` for a single word.
fn split_action(part: &str) -> Option<(&str, &str)> {
    let (before, last) = part.rsplit_once('_')?;
    if PARTICLES.contains(&last)
        && let Some((resource, _)) = before.rsplit_once('_')
    {
        return part
            .get(resource.len() + 1..)
            .map(|action| (resource, action));
    }
    Some((before, last))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn check(sent: &str, expected: &str) {
        let name = Spelling::read(sent).and_then(Spelling::into_name);
        assert_eq!(name.as_deref(), Ok(expected), "{sent:?}");
    }

    #[test]
    fn every_spelling_is_written_one_way() {
        check("foo_bar.created", "foo_bar.created");
        check("FooBarCreated", "foo_bar.created");
        check("foo-bar-created", "foo_bar.created");
        check("Foo bar created", "foo_bar.created");
        check("FOO_BAR_CREATED", "foo_bar.created");
        check("fooBar:created", "foo_bar.created");
        check("foo-bar/created", "foo_bar.created");
        check("Foo::BarCreated", "foo.bar_created");
        check(" foo__bar_ . created ", "foo_bar.created");
        check("FooRolledBack", "foo.rolled_back");
        check("rolled_back", "rolled.back");
        check("HTTPServerStarted", "http_server.started");
        check("ec2:RunInstances", "ec2.run_instances");
        check("OAuth2AppCreated", "o_auth2_app.created");
        check("a.b.c.d", "a.b.c.d");
    }

    #[test]
    fn length_is_limited_before_and_after_spelling() {
        let longest = format!("a.{}", "b".repeat(OPERATION_BYTES_MAX - 2));
        check(&longest, &longest);
        assert_eq!(
            Spelling::read(&format!("{longest}b")),
            Err(NameError::TooLong)
        );
        let grows = format!("a.{}", "Bc".repeat(OPERATION_BYTES_MAX / 2 - 1));
        assert_eq!(
            Spelling::read(&grows).and_then(Spelling::into_name),
            Err(NameError::TooLong)
        );
    }
}
