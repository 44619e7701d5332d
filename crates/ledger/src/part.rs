//! Parts: salted disclosures kept beside an entry, which holds their digests (RFC 9901).
//!
//! Stored bytes are `["<salt>","<label>",<value>]`: compact, members in RFC 8785 order, numbers verbatim. They are
//! never serialised a second time; the digest is over the bytes as stored.

use base64::Engine;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use sha2::{Digest, Sha256};

use crate::json::{self, Value};
use crate::source::Rng;

/// Bytes of a salt before encoding: 128 bits.
pub const SALT_BYTES: usize = 16;

/// Which piece of an event a part carries.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Label {
    /// What the producer said, persons apart.
    Details,
    /// Who acted, from where.
    Person,
}

impl Label {
    /// Every label, in entry order.
    pub const ALL: [Self; 2] = [Self::Details, Self::Person];

    /// The label's name in entries and disclosures.
    pub fn name(self) -> &'static str {
        match self {
            Self::Details => "details",
            Self::Person => "person",
        }
    }
}

/// A part's bytes and their digest.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Part {
    /// The disclosure as it is stored.
    pub bytes: Vec<u8>,
    /// base64url of the digest, as it stands in the entry.
    pub digest: String,
}

impl Part {
    /// Encodes `value` under `label` with a fresh salt; members are put in order first.
    pub fn seal(label: Label, value: &mut Value<'_>, rng: &dyn Rng) -> Self {
        sort(value);
        let mut salt = [0; SALT_BYTES];
        rng.fill(&mut salt);
        let mut text = String::with_capacity(1_024);
        text.push_str("[\"");
        URL_SAFE_NO_PAD.encode_string(salt, &mut text);
        text.push_str("\",\"");
        text.push_str(label.name());
        text.push_str("\",");
        json::write_compact(value, &mut text);
        text.push(']');
        let bytes = text.into_bytes();
        let digest = digest(&bytes);
        Self { bytes, digest }
    }
}

/// The digest of a part's stored bytes: b64(SHA-256(b64(bytes))).
pub fn digest(bytes: &[u8]) -> String {
    let mut hasher = Sha256::new();
    let mut buffer = [0; 1024];
    for chunk in bytes.chunks(768) {
        // 768 bytes are 1,024 characters without padding, so chunks join to the whole encoding.
        if let Ok(length) = URL_SAFE_NO_PAD.encode_slice(chunk, &mut buffer) {
            hasher.update(buffer.get(..length).unwrap_or_default());
        }
    }
    URL_SAFE_NO_PAD.encode(hasher.finalize())
}

/// Bytes that are no part.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("expected a disclosure [\"salt\",\"{}\",value]", label.name())]
pub struct NotAPart {
    /// The label that was expected.
    pub label: Label,
}

/// Reads the value of a stored part.
pub fn value_of(label: Label, bytes: &[u8]) -> Result<Value<'_>, NotAPart> {
    let Ok(Value::Array(items)) = json::parse_within(bytes, json::Bounds::PART) else {
        return Err(NotAPart { label });
    };
    let mut items = items.into_iter();
    match (items.next(), items.next(), items.next(), items.next()) {
        (Some(Value::String(salt)), Some(Value::String(name)), Some(value), None)
            if salt.len() == 22 && name == label.name() =>
        {
            Ok(value)
        }
        _ => Err(NotAPart { label }),
    }
}

/// The text of a stored part's value, as it stands in the bytes.
pub fn value_text(label: Label, bytes: &[u8]) -> Option<&str> {
    let text = str::from_utf8(bytes).ok()?;
    let rest = text.strip_prefix("[\"")?.get(22..)?.strip_prefix("\",\"")?;
    rest.strip_prefix(label.name())?
        .strip_prefix("\",")?
        .strip_suffix(']')
}

/// Puts the members of every object into RFC 8785 order.
fn sort(value: &mut Value<'_>) {
    match value {
        Value::Array(items) => items.iter_mut().for_each(sort),
        Value::Object(members) => {
            members.sort_by(|left, right| json::canonical_key_order(&left.0, &right.0));
            for (_, item) in members {
                sort(item);
            }
        }
        Value::Null | Value::Bool(_) | Value::Number(_) | Value::String(_) => {}
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[derive(Debug)]
    struct Fixed;
    impl Rng for Fixed {
        fn fill(&self, bytes: &mut [u8]) {
            bytes.fill(7);
        }
    }

    #[test]
    fn digests_are_those_of_rfc_9901() {
        for (disclosure, expect) in [
            (
                "WyJfMjZiYzRMVC1hYzZxMktJNmNCVzVlcyIsICJmYW1pbHlfbmFtZSIsICJNw7ZiaXVzIl0",
                "X9yH0Ajrdm1Oij4tWso9UzzKJvPoDxwmuEcO3XAdRC0",
            ),
            (
                "WyI2SWo3dE0tYTVpVlBHYm9TNXRtdlZBIiwgImVtYWlsIiwgImpvaG5kb2VAZXhhbXBsZS5jb20iXQ",
                "JzYjH4svliH0R3PyEMfeZu6Jt69u5qehZo7F7EPYlSE",
            ),
        ] {
            assert_eq!(digest(&URL_SAFE_NO_PAD.decode(disclosure).unwrap()), expect);
        }
    }

    #[test]
    fn members_are_ordered_and_numbers_kept() {
        let mut value = json::parse(br#"{"b":1.50,"a":{"d":1e3,"c":[]}}"#).unwrap();
        let part = Part::seal(Label::Details, &mut value, &Fixed);
        assert_eq!(
            str::from_utf8(&part.bytes).unwrap(),
            r#"["BwcHBwcHBwcHBwcHBwcHBw","details",{"a":{"c":[],"d":1e3},"b":1.50}]"#
        );
        assert_eq!(
            value_of(Label::Details, &part.bytes).unwrap().to_compact(),
            value_text(Label::Details, &part.bytes).unwrap()
        );
        assert_eq!(
            value_of(Label::Person, &part.bytes),
            Err(NotAPart {
                label: Label::Person
            })
        );
    }

    #[test]
    fn long_parts_digest_as_one_encoding() {
        for length in [0, 1, 767, 768, 769, 5_000] {
            let bytes = vec![0x5a; length];
            let whole = URL_SAFE_NO_PAD.encode(Sha256::digest(URL_SAFE_NO_PAD.encode(&bytes)));
            assert_eq!(digest(&bytes), whole);
        }
    }
}
