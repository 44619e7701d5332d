//! Finds secret material in field names and in plain text, so that masking can keep it out of the ledger.
//!
//! Promises: the same text gives the same ranges everywhere; ranges are sorted, apart from each other and on
//! character boundaries; work is linear in the input, however hostile; text already masked
//! (`[masked:hmac-sha256:<kid>:<tag>]`) is never found again; clean text allocates nothing. Must never: panic,
//! copy a secret into an error or a log, or open text inside text deeper than [`MASK_DEPTH_MAX`].
//!
//! Where it is unsure it masks: an audit log can lose a word, it cannot give a password back. The judgements are
//! written beside the tables that make them: [`names`](is_secret_name) for field names, `shapes` for tokens with a
//! known form, `text` for `name=value`, `url` for URLs, `phrases` for headers, commands and SQL, `encoded` for base64 and
//! percent-encoding. Walking JSON, and JSON inside strings, is the caller's part.

mod encoded;
mod names;
mod phrases;
mod shapes;
mod text;
mod url;

use std::ops::Range;

use memchr::memmem;

pub use self::names::{is_artifact_name, is_secret_name};
use crate::limits::MASK_DEPTH_MAX;

/// Shorter text holds no secret that can be told from an ordinary word.
const TEXT_BYTES_MIN: usize = 8;
/// How a masked value begins.
const MASK_START: &str = "[masked:hmac-sha256:";
/// Longest key id and tag together, in bytes, that still count as a masked value.
const MASK_BYTES_MAX: usize = 160;
/// Most times that a text with its secrets masked is looked at again.
const ROUNDS_MAX: usize = 4;
/// Steps allowed for each byte of text before what is left is masked unopened.
const STEPS_PER_BYTE_MAX: usize = 64;

/// Byte ranges of secret material in `text`: sorted, apart from each other, on character boundaries.
///
/// Of `postgres://app:pw@host` only `pw` is a range, of `Authorization: Bearer x` only `x`; of a base64 token that
/// holds a secret, the whole token. Empty, and not allocated, when `text` is clean.
#[inline]
pub fn spans(text: &str) -> Vec<Range<usize>> {
    match Suspects::of(text.as_bytes()) {
        Some(suspects) => suspect_spans(text, &suspects),
        None => Vec::new(),
    }
}

/// Whether `text` holds any secret material: whether [`spans`] finds something.
pub fn is_secret_shaped(text: &str) -> bool {
    !spans(text).is_empty()
}

/// Whether the whole of `text` is the hash of something under the name of its algorithm: `sha256:…`, `MD5:…`,
/// `sha512-…`.
///
/// The rule: a known algorithm in any case, then `:` or `=` and at least four characters, or `-` (as in subresource
/// integrity) and at least sixteen; no white space anywhere. What follows need not be hex: people shorten it
/// (`sha256:a1b2c3...`). A hash of a short value can be guessed offline, so it is masked like the value unless
/// [`is_artifact_name`] says the name holds public digests.
pub fn is_bare_hash(text: &str) -> bool {
    #[rustfmt::skip] // a table of words reads better packed
    const ALGORITHMS: [&str; 28] = [
        "sha1", "sha-1", "sha2", "sha224", "sha-224", "sha256", "sha-256", "sha384", "sha-384",
        "sha512", "sha-512", "sha512-256", "sha512/256", "sha3", "sha3-224", "sha3-256",
        "sha3-384", "sha3-512", "md4", "md5", "blake2", "blake2b", "blake2s", "blake3",
        "ripemd160", "hmac-sha1", "hmac-sha256", "hmac-sha512",
    ];
    let text = text.trim();
    // Every algorithm above begins with one of these: most texts are dismissed by their first letter.
    if !text.starts_with(['s', 'S', 'm', 'M', 'b', 'B', 'r', 'R', 'h', 'H'])
        || !text.contains([':', '=', '-'])
    {
        return false;
    }
    ALGORITHMS.iter().any(|algorithm| {
        let Some((name, rest)) = text.split_at_checked(algorithm.len()) else {
            return false;
        };
        if !name.eq_ignore_ascii_case(algorithm) || rest.contains(char::is_whitespace) {
            return false;
        }
        match rest.as_bytes().split_first() {
            Some((b':' | b'=', digest)) => digest.len() >= 4,
            Some((b'-', digest)) => digest.len() >= 16,
            _ => false,
        }
    })
}

/// Where the rules have to begin to look: found in one cheap pass, which is all that clean text mostly costs.
#[derive(Debug)]
struct Suspects {
    /// The first bytes that some shape may begin with.
    shape: Option<usize>,
    /// The first sign after which a value may stand.
    sign: Option<usize>,
    /// The first run of base64 characters that is long enough to be opened.
    run: Option<usize>,
}

impl Suspects {
    #[inline]
    fn of(bytes: &[u8]) -> Option<Self> {
        if bytes.len() < TEXT_BYTES_MIN {
            return None;
        }
        let suspects = Self {
            shape: shapes::next_suspect(bytes, 0),
            sign: text::next_sign(bytes, 0),
            run: encoded::first_suspect(bytes),
        };
        (suspects.shape.is_some() || suspects.sign.is_some() || suspects.run.is_some())
            .then_some(suspects)
    }
}

/// [`spans`] of a text that may hold a secret.
#[inline(never)]
fn suspect_spans(text: &str, suspects: &Suspects) -> Vec<Range<usize>> {
    let mut work = Work::for_bytes(text.len());
    let mut found = scan_suspects(text, suspects, 0, true, &mut work);
    // Masking takes away what stood around other secrets (a word that went on, a quote), and may bare one.
    for _ in 0..ROUNDS_MAX {
        if found.is_empty() {
            break;
        }
        let bared = scan_masked(text, &found, &mut work);
        if bared.is_empty() {
            break;
        }
        found.extend(bared);
        settle(text, &mut found);
    }
    found
}

/// Scans one text. `depth` counts how often text was opened on the way here; `percent` says whether percent-encoding
/// may still be opened (it is, once).
fn scan(text: &str, depth: usize, percent: bool, work: &mut Work) -> Vec<Range<usize>> {
    match Suspects::of(text.as_bytes()) {
        Some(suspects) => scan_suspects(text, &suspects, depth, percent, work),
        None => Vec::new(),
    }
}

fn scan_suspects(
    text: &str,
    suspects: &Suspects,
    depth: usize,
    percent: bool,
    work: &mut Work,
) -> Vec<Range<usize>> {
    let mut found = Vec::new();
    let mut has_percent = false;
    if let Some(first) = suspects.shape {
        shapes::find(text.as_bytes(), first, &mut found, work);
    }
    if let Some(first) = suspects.sign {
        has_percent = text::find(text, first, &mut found, work);
    }
    if let Some(first) = suspects.run {
        encoded::find_base64(text.as_bytes(), first, depth, percent, &mut found, work);
    }
    if has_percent && percent && depth < MASK_DEPTH_MAX {
        encoded::find_percent(text, depth, &mut found, work);
    }
    if !found.is_empty() {
        settle(text, &mut found);
    }
    found
}

/// Scans `text` as it reads once `found` is masked, and returns what else shows, as ranges of `text`.
fn scan_masked(text: &str, found: &[Range<usize>], work: &mut Work) -> Vec<Range<usize>> {
    const MASK: &str = "[masked:hmac-sha256:k:t]";
    let mut masked = String::with_capacity(text.len());
    let mut at = 0;
    for range in found {
        masked.push_str(text.get(at..range.start).unwrap_or_default());
        masked.push_str(MASK);
        at = range.end;
    }
    masked.push_str(text.get(at..).unwrap_or_default());
    let mut bared = scan(&masked, 0, true, work);
    // No range touches a mask, so each moves by what the masks before it made the text longer or shorter.
    let mut known = found.iter().peekable();
    let (mut taken, mut given) = (0, 0);
    for range in &mut bared {
        while let Some(mask) = known.next_if(|mask| mask.start + given < range.start + taken) {
            taken += mask.len();
            given += MASK.len();
        }
        let moved = |edge: usize| (edge + taken).saturating_sub(given);
        *range = moved(range.start)..moved(range.end);
    }
    bared
}

/// Sorts and joins what the rules found, cuts out what is masked already, and widens to character boundaries.
fn settle(text: &str, found: &mut Vec<Range<usize>>) {
    found.sort_unstable_by_key(|range| (range.start, range.end));
    let mut joined: Vec<Range<usize>> = Vec::with_capacity(found.len());
    for range in found.drain(..) {
        match joined.last_mut() {
            Some(last) if range.start <= last.end => last.end = last.end.max(range.end),
            _ => joined.push(range),
        }
    }
    let mut masks = masks(text.as_bytes()).into_iter().peekable();
    let mut masked_to = 0; // a mask may reach out of one range into the next
    for range in joined {
        let mut start = range.start.max(masked_to);
        while let Some(mask) = masks.next_if(|mask| mask.start < range.end) {
            keep(text, start..mask.start, found);
            start = start.max(mask.end);
            masked_to = mask.end;
        }
        keep(text, start..range.end, found);
    }
}

/// Adds a range that is not empty, on character boundaries.
fn keep(text: &str, range: Range<usize>, found: &mut Vec<Range<usize>>) {
    let Range { mut start, mut end } = range;
    if start >= end {
        return;
    }
    while !text.is_char_boundary(start) {
        start -= 1;
    }
    while !text.is_char_boundary(end) {
        end += 1;
    }
    found.push(start..end);
}

/// Where values masked earlier stand.
fn masks(text: &[u8]) -> Vec<Range<usize>> {
    memmem::find_iter(text, MASK_START)
        .filter_map(|start| mask_at(text, start))
        .collect()
}

/// The first value masked earlier.
fn first_mask(text: &[u8]) -> Option<Range<usize>> {
    memmem::find_iter(text, MASK_START).find_map(|start| mask_at(text, start))
}

/// The masked value that begins at `start`, where [`MASK_START`] stands.
fn mask_at(text: &[u8], start: usize) -> Option<Range<usize>> {
    let tag = start + MASK_START.len();
    let length = text
        .get(tag..)?
        .iter()
        .take(MASK_BYTES_MAX)
        .position(|&byte| !(is(byte, ALNUM | DASH | DOT) || byte == b':' || byte > 127))?;
    (length > 0 && text.get(tag + length) == Some(&b']')).then_some(start..tag + length + 1)
}

/// Counts the bytes the slow rules look at. The fast pass over clean text is not counted: it looks at each byte a
/// fixed number of times.
#[derive(Debug)]
struct Work {
    steps: usize,
    steps_max: usize,
}

impl Work {
    fn for_bytes(bytes: usize) -> Self {
        Self {
            steps: 0,
            steps_max: bytes.saturating_mul(STEPS_PER_BYTE_MAX),
        }
    }

    fn add(&mut self, steps: usize) {
        self.steps = self.steps.saturating_add(steps);
    }

    /// Whether the text cost so much that what is encoded in it is masked without being opened.
    fn is_spent(&self) -> bool {
        self.steps > self.steps_max
    }

    /// End of the run of bytes that satisfy `accept`, from `from` on.
    fn run_end(&mut self, bytes: &[u8], from: usize, accept: impl Fn(u8) -> bool) -> usize {
        let rest = bytes.get(from..).unwrap_or_default();
        let length = rest
            .iter()
            .position(|&byte| !accept(byte))
            .unwrap_or(rest.len());
        self.add(length + 1);
        from + length
    }

    /// Start of the run of at most `bytes_max` bytes that satisfy `accept` and end before `to`.
    fn run_start(
        &mut self,
        bytes: &[u8],
        to: usize,
        bytes_max: usize,
        accept: impl Fn(u8) -> bool,
    ) -> usize {
        let length = bytes
            .get(..to)
            .unwrap_or_default()
            .iter()
            .rev()
            .take(bytes_max)
            .take_while(|&&byte| accept(byte))
            .count();
        self.add(length + 1);
        to - length
    }
}

/// Classes of bytes, combined with `|`.
type Class = u8;
const DIGIT: Class = 1;
const LOWER: Class = 2;
const UPPER: Class = 4;
/// `-` and `_`.
const DASH: Class = 8;
/// `+` and `/`.
const PLUS: Class = 16;
const DOT: Class = 32;
const HEX: Class = 64;
/// `$`, `=`, `,` and `~`.
const SIGN: Class = 128;
const ALPHA: Class = LOWER | UPPER;
const ALNUM: Class = ALPHA | DIGIT;
/// Both base64 alphabets.
const BASE64: Class = ALNUM | DASH | PLUS;

/// Whether `byte` belongs to one of `class`.
#[inline]
fn is(byte: u8, class: Class) -> bool {
    CLASSES
        .get(usize::from(byte))
        .is_some_and(|found| found & class != 0)
}

/// Whether the byte before `at` belongs to one of `class`.
fn follows(bytes: &[u8], at: usize, class: Class) -> bool {
    byte_before(bytes, at).is_some_and(|byte| is(byte, class))
}

/// The byte before `at`, if there is one.
fn byte_before(bytes: &[u8], at: usize) -> Option<u8> {
    at.checked_sub(1)
        .and_then(|index| bytes.get(index).copied())
}

static CLASSES: [Class; 256] = classes();

#[expect(
    clippy::indexing_slicing,
    clippy::cast_possible_truncation,
    reason = "runs at compile time, with an index below 256"
)]
const fn classes() -> [Class; 256] {
    let mut table = [0; 256];
    let mut index = 0;
    while index < 256 {
        table[index] = match index as u8 {
            b'0'..=b'9' => DIGIT | HEX,
            b'a'..=b'f' => LOWER | HEX,
            b'g'..=b'z' => LOWER,
            b'A'..=b'F' => UPPER | HEX,
            b'G'..=b'Z' => UPPER,
            b'-' | b'_' => DASH,
            b'+' | b'/' => PLUS,
            b'.' => DOT,
            b'$' | b'=' | b',' | b'~' => SIGN,
            _ => 0,
        };
        index += 1;
    }
    table
}

#[cfg(test)]
mod tests;
