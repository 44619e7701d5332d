//! Secrets inside base64 and inside percent-encoding.
//!
//! Promises: a base64 token whose decoding holds a secret is found as a whole, at any alignment after a `/`, `-`,
//! `_` or `+`, with or without padding, in either alphabet, also of UTF-16; percent-encoding is opened once and its
//! ranges are those of the encoded text. Must never: decode the same characters more than once per alignment, or open
//! more than [`MASK_DEPTH_MAX`] layers.

use std::ops::Range;

use super::{BASE64, DASH, DIGIT, HEX, PLUS, UPPER, Work, is, scan, shapes};
use crate::limits::MASK_DEPTH_MAX;

/// Shortest run of base64 characters that is opened; with its padding it has sixteen.
const RUN_BYTES_MIN: usize = 14;
/// Fewest characters of text a decoding must hold.
const TEXT_BYTES_MIN: usize = 10;
/// Runs from this length on are decoded to their end even when they do not begin as text: they may hold some.
const LONG_RUN_BYTES_MIN: usize = 72;
/// Decoded bytes by which a shorter run must look like text.
const FIRST_BYTES: usize = 6;
/// Characters of a line of wrapped base64, at least.
const LINE_BYTES_MIN: usize = 60;

/// A place in the first run of base64 characters that is long enough to be opened and reads like base64: with a
/// capital or a digit, and not in hexadecimal digits alone. Identifiers and hashes stop here.
#[inline]
pub(super) fn first_suspect(bytes: &[u8]) -> Option<usize> {
    probes(0, bytes.len()).find(|&probe| {
        let (before, after) = bytes.split_at_checked(probe).unwrap_or_default();
        if !after.first().is_some_and(|&byte| is(byte, BASE64)) {
            return false;
        }
        let near = |count: (usize, bool, bool), byte: &u8| {
            let (length, mixed, beyond_hex) = count;
            let seen = (
                length + 1,
                mixed | is(*byte, UPPER | DIGIT),
                beyond_hex | !is(*byte, HEX | DASH),
            );
            is(*byte, BASE64).then_some(seen).ok_or(count)
        };
        let mut after = after.iter().take(RUN_BYTES_MIN);
        let mut before = before.iter().rev().take(RUN_BYTES_MIN);
        let (Ok(count) | Err(count)) = after.try_fold((0, false, false), near);
        let (Ok((length, mixed, beyond_hex)) | Err((length, mixed, beyond_hex))) =
            before.try_fold(count, near);
        length >= RUN_BYTES_MIN && mixed && beyond_hex
    })
}

/// Places of which every run of [`RUN_BYTES_MIN`] bytes covers one.
fn probes(first: usize, length: usize) -> impl Iterator<Item = usize> {
    (first.max(RUN_BYTES_MIN - 1)..length).step_by(RUN_BYTES_MIN)
}

/// Adds the ranges of base64 tokens that hold secrets, and of tokens whose own form is a run of base64 characters.
pub(super) fn find_base64(
    bytes: &[u8],
    first: usize,
    depth: usize,
    percent: bool,
    found: &mut Vec<Range<usize>>,
    work: &mut Work,
) {
    let mut done = 0;
    for probe in probes(first, bytes.len()) {
        let in_run = |byte| is(byte, BASE64);
        if probe < done || !bytes.get(probe).is_some_and(|&byte| in_run(byte)) {
            continue;
        }
        let start = work.run_start(bytes, probe, probe - done, in_run);
        let end = run_end(bytes, probe, work);
        done = end;
        if end - start < RUN_BYTES_MIN {
            continue;
        }
        if let Some(token_end) = shapes::unprefixed_end(bytes, &(start..end), work) {
            found.push(start..token_end);
        } else if depth < MASK_DEPTH_MAX
            && let Some(run) = bytes.get(start..end)
            && (work.is_spent() || holds_secret(run, depth, percent, work))
        {
            let padded = work.run_end(bytes, end, |byte| byte == b'=');
            found.push(start..padded.min(end + 2));
        }
    }
}

/// Adds the ranges of secrets that show once percent-encoding is opened.
pub(super) fn find_percent(
    text: &str,
    depth: usize,
    found: &mut Vec<Range<usize>>,
    work: &mut Work,
) {
    let Some(decoded) = decode_percent(text.as_bytes()) else {
        return;
    };
    work.add(decoded.len());
    let inner = scan(&decoded, depth + 1, false, work);
    let mut edges = inner
        .iter()
        .flat_map(|range| [range.start, range.end])
        .peekable();
    let (mut encoded_at, mut decoded_at, mut start) = (0, 0, None);
    while let Some(&edge) = edges.peek() {
        if edge == decoded_at {
            edges.next();
            match start.take() {
                None => start = Some(encoded_at),
                Some(start) => found.push(start..encoded_at),
            }
            continue;
        }
        encoded_at += if escape_at(text.as_bytes(), encoded_at).is_some() {
            3
        } else {
            1
        };
        decoded_at += 1;
    }
}

/// The text that all of `run` is the base64 of, or `None` when it is not text. What is not ASCII is left out.
pub(super) fn decode_text(run: &[u8]) -> Option<String> {
    let decoded = decode(run);
    let text: Vec<u8> = decoded.iter().copied().filter(u8::is_ascii).collect();
    if text.is_empty()
        || text
            .iter()
            .any(|&byte| byte < 0x20 && !byte.is_ascii_whitespace())
    {
        return None;
    }
    String::from_utf8(text).ok()
}

/// Where a run of base64 characters ends, lines of wrapped base64 taken together.
fn run_end(bytes: &[u8], from: usize, work: &mut Work) -> usize {
    let in_run = |byte| is(byte, BASE64);
    let mut end = work.run_end(bytes, from, in_run);
    let mut line = end - from;
    while line >= LINE_BYTES_MIN {
        let next = match bytes.get(end..) {
            Some([b'\r', b'\n', ..]) => end + 2,
            Some([b'\n', ..]) => end + 1,
            _ => break,
        };
        let next_end = work.run_end(bytes, next, in_run);
        if next_end == next {
            break;
        }
        line = next_end - next;
        end = next_end;
    }
    end
}

/// Whether some part of the run that begins it, or follows a separator, decodes to text with a secret in it.
fn holds_secret(run: &[u8], depth: usize, percent: bool, work: &mut Work) -> bool {
    // How far each of the four alignments is decoded already: later starts of the same one would see the same bytes.
    let mut decoded_to = [0; 4];
    let separators = run
        .iter()
        .enumerate()
        .filter(|(_, byte)| is(**byte, DASH | PLUS));
    let starts = std::iter::once(0).chain(separators.map(|(index, _)| index + 1));
    for start in starts.take_while(|start| run.len() - start >= RUN_BYTES_MIN) {
        let Some(seen) = decoded_to.get_mut(start % 4) else {
            continue;
        };
        if start < *seen {
            continue;
        }
        let Some(part) = run.get(start..) else {
            continue;
        };
        // Past a separator text must begin with ASCII, whose first six bits are below 32: ids with many hyphens stop here.
        if start > 0
            && !part
                .first()
                .is_some_and(|byte| matches!(byte, b'A'..=b'Z' | b'a'..=b'f'))
        {
            continue;
        }
        let is_long = start == 0 && run.len() >= LONG_RUN_BYTES_MIN;
        if !is_long && !begins_as_text(part) {
            work.add(FIRST_BYTES);
            *seen = start + 4;
            continue;
        }
        *seen = run.len();
        work.add(part.len());
        let decoded = decode(part);
        if looks_like_text(&decoded) && !scan(&clean(&decoded), depth + 1, percent, work).is_empty()
        {
            return true;
        }
    }
    false
}

/// Whether most of the first decoded bytes are text: one in eight runs of random characters passes.
#[inline]
fn begins_as_text(part: &[u8]) -> bool {
    let mut text = 0;
    for group in part.chunks_exact(4).take(FIRST_BYTES / 3) {
        let bits = group.iter().fold(0, |bits, &byte| bits << 6 | sextet(byte));
        let [_, bytes @ ..] = bits.to_be_bytes();
        text += bytes.iter().filter(|&&byte| is_text(byte)).count();
    }
    text + 2 >= FIRST_BYTES
}

/// Whether it is text for the most part, or holds a stretch of it.
fn looks_like_text(decoded: &[u8]) -> bool {
    let (mut text, mut stretch, mut longest) = (0, 0, 0);
    for &byte in decoded {
        stretch = if is_text(byte) { stretch + 1 } else { 0 };
        text += usize::from(is_text(byte));
        longest = longest.max(stretch);
    }
    text >= TEXT_BYTES_MIN && (text * 4 >= decoded.len() * 3 || longest >= TEXT_BYTES_MIN)
}

/// Printable ASCII, white space, and the zero bytes of UTF-16.
fn is_text(byte: u8) -> bool {
    matches!(byte, b' '..=b'~' | b'\t' | b'\n' | b'\r' | 0)
}

/// Decoded bytes as ASCII: zero bytes go (UTF-16), other control characters end a line, the rest is a letter no
/// rule knows. Only whether it holds a secret matters, not where.
fn clean(decoded: &[u8]) -> String {
    decoded
        .iter()
        .filter(|&&byte| byte != 0)
        .map(|&byte| match byte {
            128.. => '\u{7f}',
            _ if is_text(byte) => char::from(byte),
            _ => '\n',
        })
        .collect()
}

/// Decodes base64 in either alphabet; line ends are skipped, an incomplete last group gives what it holds.
fn decode(run: &[u8]) -> Vec<u8> {
    let mut decoded = Vec::with_capacity(run.len() / 4 * 3 + 3);
    let (mut bits, mut count) = (0_u32, 0_usize);
    for &byte in run.iter().filter(|&&byte| byte != b'\r' && byte != b'\n') {
        bits = bits << 6 | sextet(byte);
        count += 1;
        if count == 4 {
            let [_, bytes @ ..] = bits.to_be_bytes();
            decoded.extend(bytes);
            (bits, count) = (0, 0);
        }
    }
    // Two characters hold one byte, three hold two: the highest of what was shifted in.
    let [_, bytes @ ..] = (bits << (6 * (4 - count))).to_be_bytes();
    decoded.extend(bytes.iter().take(count.saturating_sub(1)));
    decoded
}

/// The six bits a base64 character stands for.
#[inline]
fn sextet(byte: u8) -> u32 {
    SEXTETS.get(usize::from(byte)).copied().unwrap_or(0).into()
}

static SEXTETS: [u8; 256] = sextets();

#[expect(
    clippy::indexing_slicing,
    clippy::cast_possible_truncation,
    reason = "runs at compile time, with an index below 256"
)]
const fn sextets() -> [u8; 256] {
    let mut table = [0; 256];
    let mut index = 0;
    while index < 256 {
        let byte = index as u8;
        table[index] = match byte {
            b'A'..=b'Z' => byte - b'A',
            b'a'..=b'z' => byte - b'a' + 26,
            b'0'..=b'9' => byte - b'0' + 52,
            b'+' | b'-' => 62,
            b'/' | b'_' => 63,
            _ => 0,
        };
        index += 1;
    }
    table
}

/// Opens percent-encoding, or `None` when there is none. What is not ASCII inside it becomes a letter no rule knows,
/// so that each escape stays one byte.
fn decode_percent(bytes: &[u8]) -> Option<String> {
    let mut decoded = Vec::with_capacity(bytes.len());
    let mut at = 0;
    let mut opened = false;
    while let Some(&byte) = bytes.get(at) {
        if let Some(value) = escape_at(bytes, at) {
            decoded.push(if value.is_ascii() { value } else { 0x7f });
            opened = true;
            at += 3;
        } else {
            decoded.push(byte);
            at += 1;
        }
    }
    opened.then(|| String::from_utf8(decoded).ok())?
}

/// The byte that `%XX` at this place stands for.
fn escape_at(bytes: &[u8], at: usize) -> Option<u8> {
    let Some(&[b'%', high, low]) = bytes.get(at..at + 3) else {
        return None;
    };
    let value = char::from(high).to_digit(16)? << 4 | char::from(low).to_digit(16)?;
    u8::try_from(value).ok()
}
