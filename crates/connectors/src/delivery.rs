//! What came: header fields and the raw body.

use crate::reading::Unreadable;
use ledger::json::{self, Bounds, Value};

use crate::limits::{DEPTH_MAX, VALUES_MAX};

/// One request of a vendor, or one file of an import.
#[derive(Clone, Copy, Debug)]
pub struct Delivery<'a> {
    /// Names and values of header fields, as sent; none for files.
    pub headers: &'a [(&'a str, &'a str)],
    /// The raw bytes, decompressed: what signatures are over.
    pub body: &'a [u8],
}

impl<'a> Delivery<'a> {
    /// A file.
    pub fn file(body: &'a [u8]) -> Self {
        Self { headers: &[], body }
    }

    /// The first value of a header field; names in any case.
    pub fn header(&self, name: &str) -> Option<&'a str> {
        self.headers
            .iter()
            .find(|(known, _)| known.eq_ignore_ascii_case(name))
            .map(|(_, value)| *value)
    }

    /// The body as JSON. Larger and deeper than an event may be.
    pub fn json(&self) -> Result<Value<'a>, Unreadable> {
        parse(self.body)
    }
}

/// Reads JSON of a vendor.
pub(crate) fn parse(text: &[u8]) -> Result<Value<'_>, Unreadable> {
    let bounds = Bounds {
        depth_max: DEPTH_MAX,
        values_max: VALUES_MAX,
    };
    // A byte order mark is common in files from Windows.
    let text = text.strip_prefix(b"\xef\xbb\xbf").unwrap_or(text);
    json::parse_within(text, bounds).map_err(Unreadable::Json)
}
