//! What stands in place of what a viewer may not see, as the API writes it.
//!
//! Must never be looked for or linked to: nothing is called that.

/// What the API writes.
const MARKERS: [&str; 2] = ["[address withheld]", "[person withheld]"];

/// Whether something was left out of a text.
pub(super) fn is_withheld(text: &str) -> bool {
    MARKERS.iter().any(|marker| text.contains(marker))
}
