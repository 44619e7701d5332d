//! Secrets that stand beside their name: `NAME=value`, `name: value`, `"name":"value"` in broken JSON, header lines,
//! query parameters. The `://` of URLs goes to [`url`](super::url).
//!
//! Promises: the range is the value alone, without its quotes; every byte is read a bounded number of times. Must
//! never: take a time, a port, an image tag or an ARN for a pair.
//!
//! Judged: `=` always means a value follows. `name: value` may be prose, so ordinary words after it (`token: expired`)
//! stay readable, and so do `resource:action` scopes (`token:read`). References (`${TOKEN}`), blanks (`****`) and
//! `null` are no secrets.

use std::ops::Range;

use memchr::memchr3_iter;

use super::url::{AtSign, url_secret};
use super::{
    ALNUM, ALPHA, DASH, DIGIT, DOT, LOWER, UPPER, Work, byte_before, first_mask, follows, is,
    is_secret_name,
};

/// Longest name that is read before a sign, in bytes.
const NAME_BYTES_MAX: usize = 64;
/// Most blanks, quotes or brackets between a name and its sign, and between the sign and the value.
const GAP_BYTES_MAX: usize = 8;
/// A value after `name:` without a space, when the name is no password, is a secret from this length on.
const LONG_VALUE_BYTES_MIN: usize = 24;
/// A query parameter that is not secret by its name alone is from this length on, in bytes.
const QUERY_VALUE_BYTES_MIN: usize = 16;
/// A longer value is never a placeholder, in bytes; one or two masked values may stand in it.
const PLACEHOLDER_BYTES_MAX: usize = 256;
/// Longest working directory after `PWD=`, in bytes.
const DIRECTORY_BYTES_MAX: usize = 256;

/// The first `=`, `:` or `%` from `from` on. The colons of a time are passed over.
#[inline]
pub(super) fn next_sign(bytes: &[u8], from: usize) -> Option<usize> {
    let rest = bytes.get(from..)?;
    memchr3_iter(b'=', b':', b'%', rest)
        .map(|at| from + at)
        .find(|&at| {
            let is_time = bytes.get(at) == Some(&b':')
                && follows(bytes, at, DIGIT)
                && bytes.get(at + 1).is_some_and(|&byte| is(byte, DIGIT));
            !is_time
        })
}

/// Adds the ranges of values beside secret names and of passwords in URLs, from the sign at `first` on. Returns whether the text holds a `%`.
pub(super) fn find(
    text: &str,
    first: usize,
    found: &mut Vec<Range<usize>>,
    work: &mut Work,
) -> bool {
    let bytes = text.as_bytes();
    let mut has_percent = false;
    let mut done = 0;
    let mut at_sign = AtSign::default();
    let mut next = Some(first);
    while let Some(at) = next {
        next = next_sign(bytes, at + 1);
        let sign = bytes.get(at).copied();
        has_percent |= sign == Some(b'%');
        if sign == Some(b'%') || at < done {
            continue;
        }
        let range = if bytes.get(at..at + 3) == Some(b"://") {
            url_secret(bytes, at, &mut at_sign, work)
        } else if is_telegram(bytes, at, work) {
            let end = work.run_end(bytes, at + 1, |byte| is(byte, ALNUM | DASH));
            let start = work.run_start(bytes, at, 10, |byte| is(byte, DIGIT));
            Some(start..end)
        } else {
            pair_value(text, at, work)
        };
        if let Some(range) = range {
            done = range.end;
            found.push(range);
        }
    }
    has_percent
}

/// The value that begins at `at`: in quotes of any depth of escaping up to the closing one, else one word. `None`
/// when it is empty or a placeholder.
pub(super) fn value_at(
    bytes: &[u8],
    at: usize,
    in_query: bool,
    work: &mut Work,
) -> Option<Range<usize>> {
    let escapes = work.run_end(bytes, at, |byte| byte == b'\\') - at;
    let range = match bytes.get(at + escapes) {
        Some(&quote @ (b'"' | b'\'' | b'`')) => {
            let start = at + escapes + 1;
            start..quoted_end(bytes, start, quote, escapes, work)
        }
        _ => at..word_end(bytes, at, in_query, work),
    };
    (!is_placeholder(bytes.get(range.clone())?)).then_some(range)
}

/// Whether a value says nothing: blank, masked out, a reference to a variable, or no value at all.
pub(super) fn is_placeholder(value: &[u8]) -> bool {
    const WORDS: [&str; 14] = [
        "null",
        "nil",
        "none",
        "true",
        "false",
        "undefined",
        "redacted",
        "filtered",
        "masked",
        "hidden",
        "empty",
        "yes",
        "no",
        "omitted",
    ];
    if value.len() > PLACEHOLDER_BYTES_MAX {
        return false;
    }
    if let Some(mask) = first_mask(value) {
        let (before, after) = (value.get(..mask.start), value.get(mask.end..));
        return before.is_none_or(is_placeholder) && after.is_none_or(is_placeholder);
    }
    let value = value.trim_ascii();
    let Some((&first, rest)) = value.split_first() else {
        return true;
    };
    if rest.is_empty() {
        return true;
    }
    let is_reference = match first {
        b'$' => match rest {
            [b'{', b'{', ..] => true,
            [b'{', name @ .., b'}'] | [b'(', name @ ..] | name => {
                name.iter()
                    .all(|&byte| is(byte, UPPER | DIGIT | DASH | DOT))
                    || name.len() < rest.len()
                        && name.iter().all(|&byte| is(byte, ALNUM | DASH | DOT))
            }
        },
        b'{' => value.starts_with(b"{{") || value.ends_with(b"}"),
        b'<' => value.ends_with(b">"),
        b'%' => value.ends_with(b"%") || rest.len() == 1,
        _ => false,
    };
    let is_blank = matches!(first, b'*' | b'x' | b'X' | b'.' | b'-' | b'_' | b'#')
        && rest.iter().all(|&byte| byte == first);
    let bare = value
        .strip_prefix(b"[")
        .or_else(|| value.strip_prefix(b"("))
        .unwrap_or(value);
    let bare = bare
        .strip_suffix(b"]")
        .or_else(|| bare.strip_suffix(b")"))
        .unwrap_or(bare);
    is_reference
        || is_blank
        || value.starts_with("•".as_bytes())
        || value.len() < 16
            && WORDS
                .iter()
                .any(|word| word.as_bytes().eq_ignore_ascii_case(bare))
}

/// A name before a sign.
#[derive(Clone, Copy)]
struct Name<'t> {
    text: &'t str,
    start: usize,
    /// Whether it stands in quotes, as in JSON.
    is_quoted: bool,
}

/// The name that ends before the sign at `at`.
fn name_before<'t>(text: &'t str, at: usize, work: &mut Work) -> Option<Name<'t>> {
    let bytes = text.as_bytes();
    let in_name = |byte| is(byte, ALNUM | DASH | DOT) || byte > 127;
    let blanks = work.run_start(bytes, at, GAP_BYTES_MAX, |byte| {
        matches!(byte, b' ' | b'\t')
    });
    let end = work.run_start(bytes, blanks, GAP_BYTES_MAX, |byte| {
        matches!(byte, b'"' | b'\'' | b'`' | b'\\' | b']' | b'[')
    });
    let mut start = work.run_start(bytes, end, NAME_BYTES_MAX, in_name);
    while !text.is_char_boundary(start) {
        start += 1;
    }
    // In text that was escaped (`\nToken: x`) the letter of the escape is no part of the name.
    if byte_before(bytes, start) == Some(b'\\')
        && matches!(bytes.get(start), Some(b'n' | b'r' | b't'))
    {
        start += 1;
    }
    // `API key: x`: some last words need the word before them.
    let last = text.get(start..end)?;
    if byte_before(bytes, start) == Some(b' ')
        && ["key", "keys", "code", "string", "phrase", "number"]
            .iter()
            .any(|word| word.eq_ignore_ascii_case(last))
    {
        start = work.run_start(bytes, start - 1, NAME_BYTES_MAX, |byte| {
            is(byte, ALNUM | DASH)
        });
    }
    let is_quoted = bytes
        .get(end..blanks)
        .is_some_and(|gap| gap.iter().any(|byte| matches!(byte, b'"' | b'\'' | b'`')));
    let name = text.get(start..end)?;
    (!name.is_empty()).then_some(Name {
        text: name,
        start,
        is_quoted,
    })
}

/// The value after the sign at `at`, if the name before it is secret.
fn pair_value(text: &str, at: usize, work: &mut Work) -> Option<Range<usize>> {
    let bytes = text.as_bytes();
    let is_colon = bytes.get(at) == Some(&b':');
    let name = name_before(text, at, work)?;
    let in_query = !is_colon && matches!(byte_before(bytes, name.start), Some(b'?' | b'&'));
    let is_secret = is_secret_name(name.text);
    if !(is_secret || in_query && is_query_secret(name.text)) {
        return None;
    }
    let signs = work.run_end(bytes.get(..bytes.len().min(at + 3))?, at, |byte| {
        matches!(byte, b'=' | b':' | b'>')
    });
    let mut start = work.run_end(bytes, signs, |byte| matches!(byte, b' ' | b'\t'));
    let is_apart = start > signs;
    if !name.is_quoted
        && is_colon
        && !is_apart
        && matches!(
            byte_before(bytes, name.start),
            Some(b':' | b'/' | b'.' | b'@')
        )
    {
        return None; // part of an ARN, a path, a URL
    }
    let last = last_word(name.text);
    if is_line_name(&last)
        && !matches!(bytes.get(start), Some(b'"' | b'\'' | b'\\' | b'[' | b'{'))
        && !in_query
    {
        return line_value(bytes, name.start, start, work);
    }
    if is_colon && bytes.get(start) == Some(&b'[') && !bytes.get(start..)?.starts_with(b"[masked") {
        let end = work.run_end(bytes, start + 1, |byte| byte != b']');
        return (!is_placeholder(bytes.get(start + 1..end)?)).then_some(start + 1..end);
    }
    if is_colon && bytes.get(start) == Some(&b'{') {
        return None; // an object: its own names decide
    }
    let is_bare = !matches!(bytes.get(start), Some(b'"' | b'\'' | b'`' | b'\\'));
    let range = value_at(bytes, start, in_query, work)?;
    let value = bytes.get(range.clone())?;
    start = range.start;
    let is_ordinary = is_bare
        && is_colon
        && !name.is_quoted
        && if is_apart {
            is_prose(&last, value, bytes.get(range.end..)?)
        } else {
            is_scope(&last, value)
        };
    let is_other = match last.as_slice() {
        b"pwd" => value.starts_with(b"/") && value.len() < DIRECTORY_BYTES_MAX,
        b"pass" | b"tokens" => value.len() < 9 && value.iter().all(|&byte| is(byte, DIGIT)), // counts
        _ => !is_secret && value.len() < QUERY_VALUE_BYTES_MIN,
    };
    (!is_ordinary && !is_other).then_some(start..range.end)
}

/// Query parameters that are secret although fields of that name are not.
fn is_query_secret(name: &str) -> bool {
    [
        "sig",
        "signature",
        "x-amz-signature",
        "x-goog-signature",
        "key",
        "auth",
        "hmac",
    ]
    .iter()
    .any(|word| word.eq_ignore_ascii_case(name))
}

/// The last word of a name, in lower case.
fn last_word(name: &str) -> Vec<u8> {
    let word = name
        .rsplit(|character: char| !character.is_ascii_alphanumeric())
        .find(|word| !word.is_empty());
    word.unwrap_or_default().to_ascii_lowercase().into_bytes()
}

/// Names whose values are whole lines: headers of many words, and phrases.
fn is_line_name(last: &[u8]) -> bool {
    matches!(
        last,
        b"authorization" | b"cookie" | b"cookies" | b"passphrase" | b"phrase" | b"mnemonic"
    )
}

/// A value to the end of its line, or to the quote that was opened before its name; without the scheme word of an
/// `Authorization`.
fn line_value(bytes: &[u8], name: usize, start: usize, work: &mut Work) -> Option<Range<usize>> {
    const SCHEMES: [&str; 20] = [
        "bearer",
        "basic",
        "digest",
        "token",
        "negotiate",
        "ntlm",
        "apikey",
        "api-key",
        "key",
        "oauth",
        "ssws",
        "splunk",
        "geniekey",
        "hawk",
        "mac",
        "dpop",
        "jwt",
        "bot",
        "aws4-hmac-sha256",
        "sharedkey",
    ];
    let quote = byte_before(bytes, name).filter(|byte| matches!(byte, b'"' | b'\'' | b'`'));
    let mut end = start;
    while let Some(&byte) = bytes.get(end) {
        let is_escaped_end =
            byte == b'\\' && matches!(bytes.get(end + 1), Some(b'n' | b'r' | b'"'));
        if matches!(byte, b'\r' | b'\n') || Some(byte) == quote || is_escaped_end {
            break;
        }
        end += 1;
    }
    work.add(end - start);
    while end > start && matches!(byte_before(bytes, end), Some(b' ' | b'\t')) {
        end -= 1;
    }
    let line = bytes.get(start..end)?;
    let word = line
        .iter()
        .position(|&byte| byte == b' ')
        .unwrap_or(line.len());
    let first = line.get(..word)?;
    let is_scheme = SCHEMES
        .iter()
        .any(|scheme| scheme.as_bytes().eq_ignore_ascii_case(first));
    if is_scheme && word < line.len() {
        let credential = work.run_end(bytes, start + word, |byte| byte == b' ');
        return (!is_placeholder(bytes.get(credential..end)?)).then_some(credential..end);
    }
    (!is_placeholder(line) && !is_said(first)).then_some(start..end)
}

/// End of a value in quotes that were opened with `escapes` backslashes; the end of the text when it is not closed.
fn quoted_end(bytes: &[u8], start: usize, quote: u8, escapes: usize, work: &mut Work) -> usize {
    let mut backslashes = 0;
    let rest = bytes.get(start..).unwrap_or_default();
    for (index, &byte) in rest.iter().enumerate() {
        let closes = if escapes == 0 {
            backslashes % 2 == 0
        } else {
            backslashes <= escapes
        };
        if byte == quote && closes {
            work.add(index);
            return start + index - backslashes.min(escapes);
        }
        backslashes = if byte == b'\\' { backslashes + 1 } else { 0 };
    }
    work.add(rest.len());
    bytes.len()
}

/// End of a value without quotes.
fn word_end(bytes: &[u8], start: usize, in_query: bool, work: &mut Work) -> usize {
    let mut end = start;
    while let Some(&byte) = bytes.get(end) {
        let after = bytes.get(end + 1).copied();
        let ends = match byte {
            b'"' | b'\'' | b'`' => true,
            b'<' => after == Some(b'/'),
            b'\\' => matches!(after, Some(b'n' | b'r' | b'"' | b'\'' | b'u')),
            b'&' | b'#' if in_query => true,
            b',' | b';' | b'&' | b'|' => begins_pair(bytes, end + 1, work),
            _ => byte.is_ascii_whitespace(),
        };
        if ends {
            break;
        }
        end += 1;
    }
    work.add(end - start + 1);
    // The closing bracket of a reference (`${X}`) belongs to it, another closes what the pair stands in.
    if matches!(bytes.get(start), Some(b'$' | b'{' | b'<' | b'(')) {
        return end;
    }
    while end > start
        && matches!(
            byte_before(bytes, end),
            Some(b',' | b';' | b')' | b']' | b'}' | b'>' | b'.')
        )
    {
        end -= 1;
    }
    end
}

/// Whether what follows a comma or its like ends a value: nothing, a blank, a quote, or another `name=`.
fn begins_pair(bytes: &[u8], at: usize, work: &mut Work) -> bool {
    let name = work.run_end(
        bytes
            .get(..bytes.len().min(at + NAME_BYTES_MAX))
            .unwrap_or_default(),
        at,
        |byte| is(byte, ALNUM | DASH | DOT) || matches!(byte, b'[' | b']'),
    );
    match bytes.get(name) {
        Some(b'=' | b':') => name > at,
        Some(byte) if name == at => {
            byte.is_ascii_whitespace() || matches!(byte, b'"' | b'\'' | b'`')
        }
        Some(_) => false,
        None => name == at,
    }
}

/// Whether `name: value` is a sentence: a word of the kind that is said about secrets, or, unless the name is a
/// password, small words in a row.
fn is_prose(last: &[u8], value: &[u8], after: &[u8]) -> bool {
    if is_said(value) {
        return true;
    }
    let is_word = value.len() < 24
        && value
            .iter()
            .all(|&byte| is(byte, LOWER) || matches!(byte, b'/' | b'-'));
    let goes_on = matches!(after, [b' ', next, ..] if is(*next, ALPHA) || *next == b'[')
        && !matches!(
            after
                .iter()
                .skip(1)
                .take(NAME_BYTES_MAX)
                .find(|&&byte| !is(byte, ALNUM | DASH)),
            Some(b'=' | b':')
        );
    !is_password(last) && is_word && goes_on
}

/// Whether `name:value` is a scope such as `token:read` or `password:reset`.
fn is_scope(last: &[u8], value: &[u8]) -> bool {
    if is_said(value) {
        return true;
    }
    !is_password(last)
        && value.len() < LONG_VALUE_BYTES_MIN
        && (value.len() < 6 || !value.iter().any(|&byte| is(byte, DIGIT)))
}

fn is_password(last: &[u8]) -> bool {
    [&b"pass"[..], b"pwd", b"pw", b"pin", b"otp"]
        .iter()
        .any(|word| last.windows(word.len()).any(|part| part == *word))
}

/// Words that are said about secrets, in messages and in scopes.
fn is_said(value: &[u8]) -> bool {
    const WORDS: [&str; 56] = [
        "a",
        "the",
        "is",
        "was",
        "has",
        "must",
        "not",
        "can",
        "cannot",
        "should",
        "too",
        "read",
        "write",
        "list",
        "create",
        "created",
        "delete",
        "deleted",
        "update",
        "updated",
        "rotate",
        "rotated",
        "rotation",
        "revoke",
        "revoked",
        "reset",
        "change",
        "changed",
        "set",
        "unset",
        "view",
        "viewed",
        "viewer",
        "admin",
        "manage",
        "use",
        "used",
        "valid",
        "invalid",
        "expired",
        "missing",
        "required",
        "optional",
        "incorrect",
        "wrong",
        "denied",
        "granted",
        "failed",
        "success",
        "ok",
        "disabled",
        "enabled",
        "mismatch",
        "unknown",
        "unchanged",
        "accepted",
    ];
    let bare = value
        .strip_suffix(b".")
        .or_else(|| value.strip_suffix(b","))
        .unwrap_or(value);
    bare.len() < 12
        && WORDS
            .iter()
            .any(|word| word.as_bytes().eq_ignore_ascii_case(bare))
}

/// `<digits>:AA…`, a Telegram bot token.
fn is_telegram(bytes: &[u8], at: usize, work: &mut Work) -> bool {
    if bytes.get(at..at + 3) != Some(b":AA") {
        return false;
    }
    let digits = work.run_start(bytes, at, 10, |byte| is(byte, DIGIT));
    let body = bytes.get(at + 1..at + 34);
    work.add(33);
    at - digits >= 8 && body.is_some_and(|body| body.iter().all(|&byte| is(byte, ALNUM | DASH)))
}
