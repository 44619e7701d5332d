//! Tokens that can be told by their form: a known prefix and a long enough body.
//!
//! Promises: one pass over the text with one table lookup a byte finds every place where a known prefix, or a phrase
//! of [`phrases`](super::phrases), can begin; only those places are looked at closely. Must never: take a short or
//! hyphenated ordinary name (`hf_model`, `task-force`) for a token, which is why short prefixes need the start of a
//! word and a long body.

mod table;

use std::ops::Range;

use memchr::memmem;

use self::table::SHAPES;
use super::{
    ALNUM, Class, DASH, DIGIT, DOT, HEX, LOWER, PLUS, UPPER, Work, byte_before, follows, is,
};

/// How many bytes beside a short match are compared before it is believed.
const BODY_BYTES_CHECKED: usize = 128;

/// Characters of an AWS access key id after its four-letter prefix.
const AWS_ID_BODY_BYTES: usize = 16;

/// One way a secret can begin.
struct Shape {
    /// Its first bytes, three at least; for a hook in lower case and compared without case.
    prefix: &'static str,
    rule: Rule,
}

/// What must follow the prefix.
enum Rule {
    /// A run of this class and at least this length, anywhere.
    Token(Class, usize),
    /// The same, where a word begins.
    Word(Class, usize),
    /// The same, where a word begins and with exactly this length.
    Exact(Class, usize),
    /// Something a table cannot say.
    Hook(Hook),
}

/// Looks at a place where its prefix begins and says which bytes are secret.
type Hook = fn(&[u8], usize, &mut Work) -> Option<Range<usize>>;

/// The first place from `from` on where some shape may begin.
#[inline]
pub(super) fn next_suspect(bytes: &[u8], from: usize) -> Option<usize> {
    let rest = bytes.get(from..)?;
    let mut clean = 0;
    for &block in rest.array_windows().step_by(GRAMS_PER_BLOCK) {
        if is_hot_block(block) {
            break;
        }
        clean += GRAMS_PER_BLOCK;
    }
    let suspect = rest
        .get(clean..)?
        .array_windows()
        .position(|&gram| is_hot(gram))?;
    Some(from + clean + suspect)
}

/// Adds the ranges of all tokens and phrases with a known beginning, from `first` on.
pub(super) fn find(bytes: &[u8], first: usize, found: &mut Vec<Range<usize>>, work: &mut Work) {
    let mut next = Some(first);
    let mut has_aws_id = false;
    while let Some(at) = next {
        let mut done = at + 1;
        let first_byte = bytes.get(at).copied().unwrap_or_default();
        for shape in CHAINS.of(first_byte) {
            work.add(1);
            if let Some(range) = shape.match_at(bytes, at, work) {
                done = done.max(range.end);
                has_aws_id |= matches!(shape.rule, Rule::Exact(_, AWS_ID_BODY_BYTES));
                found.push(range);
                break;
            }
        }
        next = next_suspect(bytes, done);
    }
    if has_aws_id {
        find_aws_secrets(bytes, found, work);
    }
}

/// What a run of base64 characters is, if its own form gives it away: a Twilio key or a Discord bot token. Returns
/// where the token ends.
pub(super) fn unprefixed_end(bytes: &[u8], run: &Range<usize>, work: &mut Work) -> Option<usize> {
    let token = bytes.get(run.clone())?;
    if let Some(digits) = token.strip_prefix(b"SK") {
        return (digits.len() == 32
            && digits.iter().all(|&byte| is(byte, HEX) && !is(byte, UPPER)))
        .then_some(run.end);
    }
    let is_user_id =
        (23..=28).contains(&token.len()) && matches!(token.first(), Some(b'M' | b'N' | b'O'));
    if !is_user_id || bytes.get(run.end) != Some(&b'.') {
        return None;
    }
    let time_end = work.run_end(bytes, run.end + 1, |byte| is(byte, ALNUM | DASH));
    if time_end - run.end != 7 || bytes.get(time_end) != Some(&b'.') {
        return None;
    }
    let end = work.run_end(bytes, time_end + 1, |byte| is(byte, ALNUM | DASH));
    (end - time_end > 27).then_some(end)
}

impl Shape {
    fn match_at(&self, bytes: &[u8], at: usize, work: &mut Work) -> Option<Range<usize>> {
        let length = self.prefix.len();
        let head = bytes.get(at..at + length)?;
        match self.rule {
            Rule::Hook(hook) => head
                .eq_ignore_ascii_case(self.prefix.as_bytes())
                .then(|| hook(bytes, at, work))?,
            _ if head != self.prefix.as_bytes() => None,
            Rule::Token(class, length_min) => token_at(bytes, at, length, class, length_min, work),
            Rule::Word(class, length_min) => (!follows(bytes, at, ALNUM | DASH))
                .then(|| token_at(bytes, at, length, class, length_min, work))?,
            Rule::Exact(class, body) => {
                let is_shouted = self.prefix.bytes().all(|byte| is(byte, UPPER));
                let before = if is_shouted {
                    UPPER | DIGIT
                } else {
                    ALNUM | DASH
                };
                if follows(bytes, at, before) {
                    return None;
                }
                let end = at + length + body;
                let fits = bytes
                    .get(at + length..end)?
                    .iter()
                    .all(|&byte| is(byte, class))
                    && !bytes.get(end).is_some_and(|&byte| is(byte, ALNUM));
                work.add(body);
                fits.then_some(at..end)
            }
        }
    }
}

/// A body of `class` and at least `length_min` bytes after a prefix of `length` bytes.
fn token_at(
    bytes: &[u8],
    at: usize,
    length: usize,
    class: Class,
    length_min: usize,
    work: &mut Work,
) -> Option<Range<usize>> {
    let body = at + length;
    let mut end = work.run_end(bytes, body, |byte| is(byte, class));
    while end > body && class & DOT != 0 && byte_before(bytes, end) == Some(b'.') {
        end -= 1; // the full stop of a sentence
    }
    (end - body >= length_min).then_some(at..end)
}

/// Beside an access key id, a run of exactly forty characters with both cases and a digit is its secret.
fn find_aws_secrets(bytes: &[u8], found: &mut Vec<Range<usize>>, work: &mut Work) {
    let mut start = 0;
    while start < bytes.len() {
        let end = work.run_end(bytes, start, |byte| is(byte, ALNUM | PLUS));
        let run = bytes.get(start..end).unwrap_or_default();
        if run.len() == 40
            && [LOWER, UPPER, DIGIT]
                .iter()
                .all(|&class| run.iter().any(|&byte| is(byte, class)))
        {
            found.push(start..end);
        }
        start = end + 1;
    }
}

/// `sk-` begins many hyphenated names too: a key has a stretch of letters and digits no name has.
fn sk_key(bytes: &[u8], at: usize, work: &mut Work) -> Option<Range<usize>> {
    if follows(bytes, at, ALNUM | DASH) || bytes.get(at) != Some(&b's') {
        return None;
    }
    let body = bytes.get(at + 3..)?;
    let checked = body.iter().take(BODY_BYTES_CHECKED);
    let (mut stretch, mut longest, mut digit) = (0_usize, 0, false);
    for &byte in checked.take_while(|&&byte| is(byte, ALNUM | DASH)) {
        stretch = if is(byte, ALNUM) { stretch + 1 } else { 0 };
        longest = longest.max(stretch);
        digit |= is(byte, DIGIT);
        work.add(1);
    }
    (longest >= 16 && digit).then(|| at..work.run_end(bytes, at, |byte| is(byte, ALNUM | DASH)))
}

/// A JSON web token: `eyJ` header, dot, payload, dot, signature (which may be empty), as base64url. Two more parts
/// make it an encrypted one.
fn jwt(bytes: &[u8], at: usize, work: &mut Work) -> Option<Range<usize>> {
    // Only where a run begins, or after an escape (`\neyJ…`): no byte is then read as a header twice.
    let is_escaped =
        follows(bytes, at, LOWER) && at > 1 && byte_before(bytes, at - 1) == Some(b'\\');
    if bytes.get(at..at + 3) != Some(b"eyJ") || follows(bytes, at, ALNUM | DASH) && !is_escaped {
        return None;
    }
    let url_safe = |byte| is(byte, ALNUM | DASH);
    let header = work.run_end(bytes, at, url_safe);
    if header - at < 10 || bytes.get(header) != Some(&b'.') {
        return None;
    }
    let payload = work.run_end(bytes, header + 1, url_safe);
    if bytes.get(payload) != Some(&b'.') {
        return None;
    }
    let is_encrypted = payload == header + 1; // direct encryption has an empty second part
    if payload - header < 5 && !is_encrypted {
        return None;
    }
    let mut end = work.run_end(bytes, payload + 1, url_safe);
    for _ in 0..2 {
        if bytes.get(end) == Some(&b'.') {
            let next = work.run_end(bytes, end + 1, url_safe);
            if next > end + 1 {
                end = next;
            }
        }
    }
    Some(at..end)
}

/// A private key in PEM or `OpenPGP` armour, to its end line, or to the end of the text when that was cut off.
fn pem(bytes: &[u8], at: usize, work: &mut Work) -> Option<Range<usize>> {
    const LABEL_BYTES_MAX: usize = 64;
    let rest = bytes.get(at..)?;
    let label = rest.get(11..)?.iter().take(LABEL_BYTES_MAX);
    let label_end = 11 + label.take_while(|&&byte| byte != b'-').count();
    work.add(label_end);
    memmem::find(rest.get(..label_end)?, b"PRIVATE KEY")?;
    let body = rest.get(label_end..)?;
    let end = memmem::find(body, b"-----END")
        .map(|end| end + 8)
        .and_then(|end| {
            let tail = body.get(end..)?;
            Some(end + memmem::find(tail.get(..tail.len().min(LABEL_BYTES_MAX))?, b"-----")? + 5)
        });
    let length = end.map_or(rest.len(), |end| label_end + end);
    work.add(length);
    Some(at..at + length)
}

/// A private key file of a kind without an end line: all that follows is secret.
#[expect(clippy::unnecessary_wraps, reason = "it is a hook")]
fn to_the_end(bytes: &[u8], at: usize, work: &mut Work) -> Option<Range<usize>> {
    work.add(bytes.len() - at);
    Some(at..bytes.len())
}

/// A private key in DER, by bytes that every one of its kind has near its beginning; the length stands before them.
fn der(bytes: &[u8], at: usize, work: &mut Work) -> Option<Range<usize>> {
    let start = work.run_start(bytes, at, 8, |byte| is(byte, ALNUM | PLUS));
    (bytes.get(start..start + 3) == Some(b"MII")).then(|| {
        let end = work.run_end(bytes, at, |byte| is(byte, ALNUM | PLUS) || byte == b'=');
        start..end
    })
}

/// A Terraform Cloud token: `<id>.atlasv1.<secret>`.
fn atlas(bytes: &[u8], at: usize, work: &mut Work) -> Option<Range<usize>> {
    let start = work.run_start(bytes, at, 32, |byte| is(byte, ALNUM));
    let end = work.run_end(bytes, at + 9, |byte| is(byte, ALNUM | DASH));
    (at - start >= 8 && end - at - 9 >= 16).then_some(start..end)
}

/// A Microsoft Entra client secret: three characters, `7Q~` or `8Q~`, thirty-one or more.
fn entra(bytes: &[u8], at: usize, work: &mut Work) -> Option<Range<usize>> {
    let class = ALNUM | DASH | DOT;
    let start = work.run_start(bytes, at, 3, |byte| is(byte, class));
    if at - start != 3 {
        return None;
    }
    let end = work.run_end(bytes, at + 3, |byte| is(byte, class) || byte == b'~');
    (end - at >= 30).then_some(start..end)
}

/// `SG.<id>.<secret>`.
fn sendgrid(bytes: &[u8], at: usize, work: &mut Work) -> Option<Range<usize>> {
    if bytes.get(at..at + 3) != Some(b"SG.") || follows(bytes, at, ALNUM | DASH) {
        return None;
    }
    let id = work.run_end(bytes, at + 3, |byte| is(byte, ALNUM | DASH));
    if id - at < 3 + 12 || bytes.get(id) != Some(&b'.') {
        return None;
    }
    let end = work.run_end(bytes, id + 1, |byte| is(byte, ALNUM | DASH));
    (end - id > 16).then_some(at..end)
}

/// A URL that is itself the key: incoming webhooks. The path after the prefix is the secret.
fn webhook(bytes: &[u8], at: usize, work: &mut Work) -> Option<Range<usize>> {
    const STARTS: [&str; 4] = [
        "hooks.slack.com/services/",
        "hooks.slack.com/workflows/",
        "discord.com/api/webhooks/",
        "discordapp.com/api/webhooks/",
    ];
    let rest = bytes.get(at..)?;
    let start = STARTS.iter().find(|start| {
        rest.get(..start.len())
            .is_some_and(|head| head.eq_ignore_ascii_case(start.as_bytes()))
    })?;
    let secret = at + start.len();
    let end = work.run_end(bytes, secret, |byte| is(byte, ALNUM | DASH) || byte == b'/');
    (end - secret >= 16).then_some(secret..end)
}

/// Bits of the table that says where a shape may begin; a power of two.
const GRAM_BITS: u32 = 16;

/// How many windows of four bytes a block of eight holds.
const GRAMS_PER_BLOCK: usize = 5;

/// Whether some shape may begin in the block: five looks without a branch between them.
#[inline]
fn is_hot_block(block: [u8; 8]) -> bool {
    let block = u64::from_be_bytes(block);
    let look = |shift: u32| heat(gram_hash((block >> shift & 0xFFFF_FFFF) as u32));
    (look(32) | look(24) | look(16) | look(8) | look(0)) & 1 != 0
}

/// Its lowest bit says whether some shape may begin with four bytes of this hash.
#[inline]
fn heat(hash: u32) -> u64 {
    GRAMS
        .get(hash as usize / 64)
        .map_or(0, |word| word >> (hash % 64))
}

/// Whether some shape may begin with these four bytes. Wrong about one time in a hundred, never to say no.
#[inline]
fn is_hot(gram: [u8; 4]) -> bool {
    heat(gram_hash(u32::from_be_bytes(gram))) & 1 != 0
}

/// Case aside, a hash of four bytes below `1 << GRAM_BITS`.
#[inline]
const fn gram_hash(gram: u32) -> u32 {
    (gram | 0x2020_2020).wrapping_mul(0x9E37_79B1) >> (32 - GRAM_BITS)
}

static GRAMS: [u64; 1 << (GRAM_BITS - 6)] = grams();

#[expect(
    clippy::indexing_slicing,
    reason = "runs at compile time: out of range fails the build"
)]
const fn grams() -> [u64; 1 << (GRAM_BITS - 6)] {
    let mut table = [0; 1 << (GRAM_BITS - 6)];
    let mut index = 0;
    while index < SHAPES.len() {
        let prefix = SHAPES[index].prefix.as_bytes();
        let mut gram = [prefix[0], prefix[1], prefix[2], 0x20];
        // A prefix of three bytes may be followed by anything: sixty-four bytes, case aside.
        let mut free = 0;
        while free < 128 {
            gram[3] = if prefix.len() > 3 {
                prefix[3]
            } else {
                free | 0x20
            };
            let hash = gram_hash(u32::from_be_bytes(gram));
            table[hash as usize / 64] |= 1 << (hash % 64);
            free += 1;
        }
        index += 1;
    }
    table
}

/// The shapes chained by their first byte, case aside.
struct Chains {
    /// For each byte the index of its first shape.
    first: [u16; 256],
    /// For each shape the index of the next with the same first byte.
    next: [u16; SHAPES.len()],
}

impl Chains {
    /// The shapes that may begin with `byte`.
    fn of(&'static self, byte: u8) -> impl Iterator<Item = &'static Shape> {
        let first = self.first.get(usize::from(byte | 0x20)).copied();
        std::iter::successors(first, |&index| self.next.get(usize::from(index)).copied())
            .map_while(|index| SHAPES.get(usize::from(index)))
    }
}

static CHAINS: Chains = chains();

#[expect(
    clippy::indexing_slicing,
    clippy::cast_possible_truncation,
    reason = "runs at compile time: out of range fails the build, and there are fewer than 65,535 shapes"
)]
const fn chains() -> Chains {
    let mut chains = Chains {
        first: [u16::MAX; 256],
        next: [u16::MAX; SHAPES.len()],
    };
    let mut index = SHAPES.len(); // backwards, so that a chain keeps the order of the table
    while index > 0 {
        index -= 1;
        let byte = (SHAPES[index].prefix.as_bytes()[0] | 0x20) as usize;
        chains.next[index] = chains.first[byte];
        chains.first[byte] = index as u16;
    }
    chains
}
