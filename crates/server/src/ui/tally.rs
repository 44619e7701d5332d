//! Values with how often they stand, each with the search that finds them.

use api::Statistics;

use super::term::term;
use super::visit::Visit;

/// One value.
#[derive(Clone, Debug)]
pub(super) struct Tallied {
    /// The value, in lower case, or what it is called.
    pub(super) label: String,
    /// Events that have it.
    pub(super) events: u64,
    /// The search that finds them.
    pub(super) href: String,
}

/// The values of one field, the most frequent first.
pub(super) fn counts(
    visit: &Visit,
    counted: &Statistics,
    field: &str,
    within: &str,
) -> Vec<Tallied> {
    let top = counted.top.iter().find(|top| top.field == field);
    let values = top.into_iter().flat_map(|top| &top.values);
    // The search that finds as many: over all that was counted.
    let since = counted.earliest.as_deref().unwrap_or_default();
    let count = |found: &api::ValueCount| Tallied {
        label: found.value.clone(),
        events: found.count,
        href: visit.link(
            "/search",
            &[
                ("q", &format!("{within} {}", term(field, &found.value))),
                ("since", since),
            ],
        ),
    };
    values.map(count).collect()
}
