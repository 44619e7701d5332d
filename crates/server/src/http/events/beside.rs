//! What stands beside an event in answers, and for whom: where its address is.
//!
//! Promises: nothing of it is stored, and nothing of it is told to who does not see the address. Must never be taken for
//! what a producer said, or signed.

use std::borrow::Cow;
use std::sync::Arc;

use ledger::json::{Member, Value};
use query::document::location_in;
use query::{Location, Places, Viewer};

use crate::auth::Caller;
use crate::server::Server;

/// Who asks, and what is known beside the events.
#[derive(Clone, Debug)]
pub(super) struct Beside {
    pub(super) viewer: Viewer,
    places: Arc<dyn Places>,
    /// ISO codes of the countries that the tenant knows.
    pub(super) known_countries: Vec<String>,
}

impl Beside {
    /// What a caller is told.
    pub(super) fn of(server: &Server, caller: &Caller) -> Self {
        Self {
            viewer: caller.viewer(),
            places: Arc::clone(server.index.places()),
            known_countries: caller.known_countries().to_vec(),
        }
    }

    /// Where the address is that stands among the members of `origin`.
    pub(super) fn location<'v>(&self, origin: &[Member<'_>]) -> Option<Value<'v>> {
        if self.viewer != Viewer::Whole {
            return None;
        }
        let location = location_in(origin, &*self.places)?;
        Some(shown(&location, &self.known_countries))
    }
}

/// As [`api::Location`] has it.
fn shown<'v>(location: &Location, known_countries: &[String]) -> Value<'v> {
    let text = |text: &str| Value::String(Cow::Owned(text.to_owned()));
    let said = |said: &Option<String>| said.as_deref().map(text);
    // Neither is ever infinite or no number at all, which JSON could not say.
    let degrees = |degrees: f64| Value::Number(Cow::Owned(degrees.to_string()));
    let point = location.coordinates;
    let members = [
        ("country", said(&location.country)),
        ("country_name", said(&location.country_name)),
        ("region", said(&location.region)),
        ("city", said(&location.city)),
        ("latitude", point.map(|point| degrees(point.latitude))),
        ("longitude", point.map(|point| degrees(point.longitude))),
        ("network", Some(text(&location.network.to_string()))),
        ("database", Some(text(&location.source.kind))),
        (
            "built_at",
            Some(text(&location.source.built_at.to_string())),
        ),
        (
            "known",
            location.is_familiar(known_countries).map(Value::Bool),
        ),
    ];
    let members = members.into_iter();
    Value::Object(
        members
            .filter_map(|(name, value)| Some((Cow::Borrowed(name), value?)))
            .collect(),
    )
}
