//! What is found, with its exact range; what is not; and the laws: masked text is clean, work is linear, nothing
//! panics.
//!
//! No secret stands here as it would look: each is put together at run time, so that scanners of this repository
//! have nothing to find.

use super::*;

mod clean;
mod found;
mod laws;

/// What is found in clean text.
const NOTHING: [Range<usize>; 0] = [];

/// A made-up body of `length` letters and digits.
fn body(length: usize) -> String {
    "aB3dE5fG7hJ9kL1mN2pQ4rS6tU8vW0xY"
        .chars()
        .cycle()
        .take(length)
        .collect()
}

/// A made-up body of `length` hexadecimal digits.
fn hex(length: usize) -> String {
    "9f3b7c1d5e8a0426".chars().cycle().take(length).collect()
}

/// Standard base64 of `text`, padded.
fn base64(text: &str) -> String {
    <base64ct::Base64 as base64ct::Encoding>::encode_string(text.as_bytes())
}

/// base64url of `text`, unpadded.
fn base64url(text: &str) -> String {
    <base64ct::Base64UrlUnpadded as base64ct::Encoding>::encode_string(text.as_bytes())
}

/// `text` with every byte percent-encoded that is not a letter or a digit.
fn percent(text: &str) -> String {
    text.bytes()
        .map(|byte| {
            if byte.is_ascii_alphanumeric() {
                char::from(byte).to_string()
            } else {
                format!("%{byte:02X}")
            }
        })
        .collect()
}

/// `text` as the store would keep it.
fn masked(text: &str) -> String {
    let mut masked = String::new();
    let mut at = 0;
    for range in spans(text) {
        masked.push_str(&text[at..range.start]);
        masked.push_str("[masked:hmac-sha256:k1:aB3dE5fG7hJ9kL1mN2pQ4r]");
        at = range.end;
    }
    masked + &text[at..]
}

/// Checks that in `text`, where `«` and `»` stand around each secret, exactly those are found.
#[track_caller]
fn finds(marked: &str) {
    let text = marked.replace(['«', '»'], "");
    let mut expect = Vec::new();
    let mut at = 0;
    for piece in marked.split_inclusive(['«', '»']) {
        let length = piece.trim_end_matches(['«', '»']).len();
        if piece.ends_with('»') {
            expect.push(&text[at..at + length]);
        }
        at += length;
    }
    let found: Vec<&str> = spans(&text).into_iter().map(|range| &text[range]).collect();
    assert_eq!(found, expect, "in {text:?}");
    let kept = masked(&text);
    assert_eq!(spans(&kept), NOTHING, "masked text is clean: {kept:?}");
}
