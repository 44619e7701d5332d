//! A tenant's saved views as JSON.

use ledger::json::Value;
use store::ViewRecord;

use super::{object, string, text, time};

pub(super) fn value(views: &[ViewRecord]) -> Value<'static> {
    Value::Array(views.iter().map(view).collect())
}

/// Settings that were written before there were views have none.
pub(super) fn read(value: Option<&Value<'_>>) -> Option<Vec<ViewRecord>> {
    let Some(views) = value else {
        return Some(Vec::new());
    };
    views.as_array()?.iter().map(read_view).collect()
}

fn view(view: &ViewRecord) -> Value<'static> {
    let ViewRecord {
        name,
        q,
        created_at,
    } = view;
    object(vec![
        ("name", text(name)),
        ("q", text(q)),
        ("created_at", text(created_at.to_string())),
    ])
}

fn read_view(value: &Value<'_>) -> Option<ViewRecord> {
    Some(ViewRecord {
        name: string(value, "name")?,
        q: string(value, "q")?,
        created_at: time(value, "created_at")?,
    })
}
