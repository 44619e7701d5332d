//! Passwords in URLs: of `scheme://user:x@host` the `x`, and a token in the place of the user.
//!
//! Promises: a port, a path with an `@`, an image reference and an e-mail address in a path are no passwords; many
//! URLs in one text cost linear work. Must never: take more of the URL than the password.

use std::ops::Range;

use memchr::memchr;

use super::text::is_placeholder;
use super::{ALNUM, DASH, DIGIT, Work, is};

/// The user part of a URL without a password is a token from this length on.
const URL_TOKEN_BYTES_MIN: usize = 16;
/// Furthest that an unescaped password may go on past what looks like a port, in bytes.
const PASSWORD_BYTES_MAX: usize = 64;

/// The password, or the token that stands for one, of the URL whose `://` is at `at`.
pub(super) fn url_secret(
    bytes: &[u8],
    at: usize,
    at_sign: &mut AtSign,
    work: &mut Work,
) -> Option<Range<usize>> {
    let start = at + 3;
    if at_sign.after(bytes, start, work) >= bytes.len() {
        return None;
    }
    let ends =
        |byte: u8| byte.is_ascii_whitespace() || matches!(byte, b'"' | b'\'' | b'<' | b'>' | b'`');
    let authority_end = work.run_end(bytes, start, |byte| {
        !ends(byte) && !matches!(byte, b'/' | b'?' | b'#' | b'\\')
    });
    let authority = bytes.get(start..authority_end)?;
    let user_end = match authority.iter().rposition(|&byte| byte == b'@') {
        Some(index) => start + index,
        None => unescaped_end(bytes, start, authority, at_sign, work)?,
    };
    let after = bytes.get(user_end + 1..)?;
    if after.starts_with(b"sha256:") || after.starts_with(b"sha512:") {
        return None; // an image reference with a scheme
    }
    let user = bytes.get(start..user_end)?;
    let (name_end, password_start) = match user.iter().position(|byte| matches!(byte, b':' | b'['))
    {
        Some(colon) if user.get(colon) == Some(&b':') => (start + colon, start + colon + 1),
        _ => (user_end, user_end),
    };
    let password = bytes.get(password_start..user_end)?;
    if !password.is_empty() && password != b"x-oauth-basic" {
        return (password.len() == 1 || !is_placeholder(password))
            .then_some(password_start..user_end);
    }
    let name = bytes.get(start..name_end)?;
    let is_token = name.len() >= URL_TOKEN_BYTES_MIN
        && name.iter().any(|&byte| is(byte, DIGIT))
        && name.iter().all(|&byte| is(byte, ALNUM | DASH));
    is_token.then_some(start..name_end)
}

/// Remembers the next `@`, so that many URLs do not each search the whole text for it.
#[derive(Debug, Default)]
pub(super) struct AtSign {
    next: usize,
}

impl AtSign {
    fn after(&mut self, bytes: &[u8], at: usize, work: &mut Work) -> usize {
        if self.next < at || self.next == 0 {
            let rest = bytes.get(at..).unwrap_or_default();
            let length = memchr(b'@', rest).unwrap_or(rest.len());
            work.add(length);
            self.next = at + length;
        }
        self.next
    }
}

/// Where the user part ends when its password holds an unescaped `/`, `?` or `#`: what looks like a port is none, and
/// an `@` follows in the same word.
fn unescaped_end(
    bytes: &[u8],
    start: usize,
    authority: &[u8],
    at_sign: &mut AtSign,
    work: &mut Work,
) -> Option<usize> {
    let colon = authority.iter().position(|&byte| byte == b':')?;
    let port = authority.get(colon + 1..)?;
    if port.iter().all(|&byte| is(byte, DIGIT))
        || authority.starts_with(b"[")
        || port.starts_with(b"$")
        || port.starts_with(b"{")
    {
        return None;
    }
    let end = at_sign.after(bytes, start, work);
    let between = bytes.get(start + authority.len()..end)?;
    // A URL that begins before the `@` owns it.
    let is_same_word = between.len() < PASSWORD_BYTES_MAX
        && !between
            .iter()
            .any(|&byte| byte.is_ascii_whitespace() || matches!(byte, b'"' | b'\'' | b':'));
    work.add(between.len().min(PASSWORD_BYTES_MAX));
    is_same_word.then_some(end)
}
