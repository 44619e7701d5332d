//! Secrets that follow a phrase instead of a name and a sign: `Bearer x`, `--token x`, `IDENTIFIED BY 'x'`,
//! `curl -u user:x`, `<password>x</password>`.
//!
//! Each function is called by [`shapes`](super::shapes) where its phrase begins and says which bytes are secret.
//! Must never: read further than one word or one line on the way to saying no, so that a text of nothing but
//! phrases still costs linear work.

use std::ops::Range;

use super::encoded::decode_text;
use super::text::{is_placeholder, value_at};
use super::{
    ALNUM, ALPHA, BASE64, DASH, DIGIT, DOT, UPPER, Work, byte_before, follows, is, is_secret_name,
    masks,
};

/// Furthest that the start of an option or an element is looked for, in bytes.
const NAME_BYTES_MAX: usize = 64;
/// Furthest that a program's password option is looked for, in bytes.
const COMMAND_BYTES_MAX: usize = 256;
/// Furthest that the start of a data source name is looked for, in bytes.
const DATA_SOURCE_BYTES_MAX: usize = 512;

/// `Bearer <credential>`, wherever it stands. Prose (`bearer token was …`) has no credential: that holds a digit, or
/// a capital after its first letter, or is long.
pub(super) fn bearer(bytes: &[u8], at: usize, work: &mut Work) -> Option<Range<usize>> {
    if follows(bytes, at, ALNUM) {
        return None;
    }
    let start = work.run_end(bytes, at + 6, |byte| byte == b' ');
    let end = work.run_end(bytes, start, |byte| {
        is(byte, BASE64 | DOT) || matches!(byte, b'~' | b'=')
    });
    let credential = bytes.get(start..end)?;
    let credential = credential.strip_suffix(b".").unwrap_or(credential);
    let checked = credential.get(1..)?;
    let is_prose = credential.len() < 20 && !checked.iter().any(|&byte| is(byte, DIGIT | UPPER))
        || credential.len() < 4
        || [&b"realm="[..], b"error=", b"scope="]
            .iter()
            .any(|word| credential.starts_with(word));
    (!is_prose).then(|| start..start + credential.len())
}

/// `Basic <base64 of user:password>`.
pub(super) fn basic(bytes: &[u8], at: usize, work: &mut Work) -> Option<Range<usize>> {
    if follows(bytes, at, ALNUM) {
        return None;
    }
    let start = work.run_end(bytes, at + 5, |byte| byte == b' ');
    let run = work.run_end(bytes, start, |byte| is(byte, BASE64));
    let end = work.run_end(bytes, run, |byte| byte == b'=');
    let text = decode_text(bytes.get(start..run)?)?;
    work.add(text.len());
    (run - start >= 4 && text.contains(':')).then_some(start..end)
}

/// `--token x`, `-Password "x"`: called at a hyphen or underscore inside the option, or before it.
pub(super) fn option(bytes: &[u8], at: usize, work: &mut Work) -> Option<Range<usize>> {
    let in_name = |byte| is(byte, ALNUM | DASH | DOT);
    let start = work.run_start(bytes, at, NAME_BYTES_MAX, in_name);
    let end = work.run_end(
        bytes.get(..bytes.len().min(at + NAME_BYTES_MAX))?,
        at + 1,
        in_name,
    );
    let name = std::str::from_utf8(bytes.get(start..end)?).ok()?;
    let opens = byte_before(bytes, start).is_none_or(|byte| !is(byte, ALNUM | DASH) && byte < 128);
    if !name.starts_with('-')
        || !opens
        || !matches!(bytes.get(end), Some(b' ' | b'\t'))
        || !is_secret_name(name)
    {
        return None;
    }
    let value = work.run_end(bytes, end, |byte| matches!(byte, b' ' | b'\t'));
    if matches!(
        bytes.get(value),
        None | Some(b'-' | b'|' | b'>' | b'&' | b';')
    ) {
        return None;
    }
    value_at(bytes, value, false, work)
}

/// `curl -u user:x`, `--user user:x`: what follows the colon. Two numbers (`docker run -u 1000:1000`) are ids.
pub(super) fn user_option(bytes: &[u8], at: usize, work: &mut Work) -> Option<Range<usize>> {
    let option = at + 1 + work.run_end(bytes.get(at + 1..)?, 0, |byte| is(byte, ALPHA | DASH));
    let start = work.run_end(bytes, option, |byte| byte == b' ');
    let value = value_at(bytes, start, false, work)?;
    let user = work.run_end(bytes.get(..value.end)?, value.start, |byte| {
        !matches!(byte, b':' | b'[')
    });
    if bytes.get(user) != Some(&b':') {
        return None;
    }
    let password = bytes.get(user + 1..value.end)?;
    let numbers = bytes
        .get(value.start..user)?
        .iter()
        .chain(password)
        .all(|&byte| is(byte, DIGIT));
    (!numbers && !is_placeholder(password)).then_some(user + 1..value.end)
}

/// `sshpass -p x`, `mysql -px`, `redis-cli -a x`, `docker login … -p x`, on the same line.
pub(super) fn program_option(bytes: &[u8], at: usize, work: &mut Work) -> Option<Range<usize>> {
    let (flag, attached, apart) = match bytes.get(at)?.to_ascii_lowercase() {
        b's' => (b'p', true, true),
        b'r' => (b'a', false, true),
        b'd' => (b'p', false, true),
        _ => (b'p', true, false),
    };
    let rest = bytes.get(at..bytes.len().min(at + COMMAND_BYTES_MAX))?;
    work.add(rest.len());
    let line = rest.split(|&byte| byte == b'\n').next()?;
    let found = line
        .array_windows::<3>()
        .position(|&window| window == [b' ', b'-', flag])?;
    let after = at + found + 3;
    let start = work.run_end(bytes, after, |byte| byte == b' ');
    if start == after && !attached || start > after && !apart {
        return None;
    }
    if bytes.get(start) == Some(&b'-') {
        return None;
    }
    value_at(bytes, start, false, work)
}

/// SQL's `PASSWORD 'x'` and netrc's `login y password x`.
pub(super) fn quoted_password(bytes: &[u8], at: usize, work: &mut Work) -> Option<Range<usize>> {
    let end = at + "password".len();
    let start = work.run_end(bytes, end, |byte| byte == b' ');
    if start == end || follows(bytes, at, ALNUM) {
        return None;
    }
    let is_quoted = matches!(bytes.get(start), Some(b'\'' | b'"'));
    let login_end = at.saturating_sub(1);
    let login = work.run_start(bytes, login_end, NAME_BYTES_MAX, |byte| {
        !byte.is_ascii_whitespace()
    });
    let is_netrc = login < login_end && bytes.get(..login)?.ends_with(b"login ");
    if !is_quoted && !is_netrc {
        return None;
    }
    value_at(bytes, start, false, work)
}

/// SQL's `IDENTIFIED BY 'x'`, with or without quotes, and its `VALUES` form.
pub(super) fn identified_by(bytes: &[u8], at: usize, work: &mut Work) -> Option<Range<usize>> {
    let start = work.run_end(bytes, at + "identified by".len(), |byte| byte == b' ');
    let keyword = bytes.get(start..start + 9)?;
    let start = if keyword.eq_ignore_ascii_case(b"password ") {
        start + 9
    } else {
        start
    };
    let is_secret = matches!(bytes.get(start), Some(b'\'' | b'"'))
        || bytes
            .get(start..)?
            .iter()
            .take(NAME_BYTES_MAX)
            .take_while(|byte| !byte.is_ascii_whitespace())
            .any(|&byte| is(byte, DIGIT));
    if !is_secret {
        return None;
    }
    value_at(bytes, start, false, work)
}

/// Go's `user:x@tcp(host)`: called at the `@`.
pub(super) fn data_source(bytes: &[u8], at: usize, work: &mut Work) -> Option<Range<usize>> {
    let ends = |byte: u8| byte.is_ascii_whitespace() || matches!(byte, b'"' | b'\'' | b'(');
    let start = work.run_start(bytes, at, DATA_SOURCE_BYTES_MAX, |byte| !ends(byte));
    if at - start == DATA_SOURCE_BYTES_MAX {
        return None;
    }
    let start = masks(bytes.get(start..at)?)
        .last()
        .map_or(start, |mask| start + mask.end);
    let colon = start
        + bytes
            .get(start..at)?
            .iter()
            .position(|&byte| byte == b':')?;
    (!is_placeholder(bytes.get(colon + 1..at)?)).then_some(colon + 1..at)
}

/// `<password>x</password>`: called inside the element's name.
pub(super) fn element(bytes: &[u8], at: usize, work: &mut Work) -> Option<Range<usize>> {
    let in_name = |byte| is(byte, ALNUM | DASH | DOT) || byte == b':';
    let start = work.run_start(bytes, at, NAME_BYTES_MAX, in_name);
    let end = work.run_end(
        bytes.get(..bytes.len().min(at + NAME_BYTES_MAX))?,
        at,
        in_name,
    );
    let name = std::str::from_utf8(bytes.get(start..end)?).ok()?;
    if byte_before(bytes, start) != Some(b'<') || !is_secret_name(name) {
        return None;
    }
    let close = work.run_end(bytes, end + 1, |byte| byte != b'<');
    (!is_placeholder(bytes.get(end + 1..close)?)).then_some(end + 1..close)
}
