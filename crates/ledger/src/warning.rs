//! What a receipt tells the producer about an accepted event.

use std::borrow::Cow;

/// One remark on an accepted event; never a reason to send it again.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Warning {
    /// Stable code.
    pub code: &'static str,
    /// RFC 6901 pointer into the event.
    pub pointer: String,
    /// What was done, in a sentence.
    pub detail: Cow<'static, str>,
}

impl Warning {
    /// A remark on the field at `pointer`.
    pub fn new(
        code: &'static str,
        pointer: impl Into<String>,
        detail: impl Into<Cow<'static, str>>,
    ) -> Self {
        Self {
            code,
            pointer: pointer.into(),
            detail: detail.into(),
        }
    }
}
