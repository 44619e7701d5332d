//! Bodies as a web form: what GitHub sends where a webhook's content type was left at
//! `application/x-www-form-urlencoded`. The JSON stands percent-encoded behind `payload=`.

use std::borrow::Cow;

/// The JSON of a body, whichever way it was sent.
pub(super) fn payload(body: &[u8]) -> Cow<'_, [u8]> {
    match body.strip_prefix(b"payload=") {
        None => Cow::Borrowed(body),
        Some(encoded) => Cow::Owned(decoded(encoded)),
    }
}

/// Percent-decoding; what is not well encoded stays as it is and fails as JSON.
fn decoded(encoded: &[u8]) -> Vec<u8> {
    let encoded = encoded.split(|byte| *byte == b'&').next().unwrap_or_default();
    let mut out = Vec::with_capacity(encoded.len());
    let mut rest = encoded;
    while let Some((first, after)) = rest.split_first() {
        rest = after;
        match (first, after) {
            (b'+', _) => out.push(b' '),
            (b'%', [high, low, behind @ ..]) => match (nibble(*high), nibble(*low)) {
                (Some(high), Some(low)) => {
                    out.push(high << 4 | low);
                    rest = behind;
                }
                _ => out.push(b'%'),
            },
            (byte, _) => out.push(*byte),
        }
    }
    out
}

fn nibble(digit: u8) -> Option<u8> {
    char::from(digit)
        .to_digit(16)
        .and_then(|value| u8::try_from(value).ok())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn forms_are_decoded_and_json_is_left_alone() {
        assert_eq!(&*payload(b"{\"a\":1}"), b"{\"a\":1}");
        assert_eq!(&*payload(b"payload=%7B%22a%22%3A+1%7d&x=y"), b"{\"a\": 1}");
        assert_eq!(&*payload(b"payload=%zz%"), b"%zz%");
    }
}
