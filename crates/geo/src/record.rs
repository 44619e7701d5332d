//! What a database says of a network, in either of two layouts.
//!
//! Nested, as MaxMind and DB-IP make them: `country.iso_code`, `country.names.en`, `subdivisions[0].names.en`,
//! `city.names.en`, `location.latitude`. Flat, as ip-location-db and IPinfo make them: `country_code` or `country`,
//! `state1` or `region`, `city`, `latitude` or `lat`. A record is read as a value of any shape, so that each member may
//! be in either.
//!
//! Promises: bounded depth and sizes; a member that is missing or of another shape is not known, never an error. The
//! country where a network is registered is not where it is, and is not taken for it.

use std::fmt;

use query::country;
use query::place::Coordinates;
use serde::de::{
    Deserialize, DeserializeSeed, Deserializer, IgnoredAny, MapAccess, SeqAccess, Visitor,
};

/// Deepest value that is looked into: `subdivisions`, one of them, its `names`, the name.
const DEPTH_MAX: usize = 5;
/// Longest name in bytes; what is longer is nobody's name.
const NAME_BYTES_MAX: usize = 256;

/// A record as it is.
#[derive(Clone, Debug, PartialEq)]
pub(crate) enum Value<'a> {
    Text(&'a str),
    Number(f64),
    Map(Vec<(&'a str, Self)>),
    List(Vec<Self>),
    /// Nothing that says where.
    Other,
}

/// What of it says where.
#[derive(Clone, Debug, Default, PartialEq)]
pub(crate) struct Said {
    pub(crate) country: Option<String>,
    pub(crate) country_name: Option<String>,
    pub(crate) region: Option<String>,
    pub(crate) city: Option<String>,
    pub(crate) coordinates: Option<Coordinates>,
}

impl Said {
    /// Reads a record.
    pub(crate) fn of(record: &Value<'_>) -> Self {
        let country = record.member("country");
        let flat_code = record.member("country_code").and_then(Value::text);
        let flat = country.and_then(Value::text);
        let code = [
            country.and_then(|country| country.member("iso_code")?.text()),
            flat_code,
            flat,
        ]
        .into_iter()
        .flatten()
        .find_map(code);
        let name = [
            country.and_then(english),
            record.member("country_name").and_then(Value::text),
            // Beside a code, `country` is a name.
            flat.filter(|_| flat_code.is_some()),
        ];
        let name = name.into_iter().flatten().find_map(name_of);
        let largest = record.member("subdivisions").and_then(Value::first);
        let region = largest
            .and_then(|largest| english(largest).or_else(|| largest.member("iso_code")?.text()));
        let region =
            region.or_else(|| record.any_text(&["state1", "region", "region_name", "subdivision"]));
        let city = record.member("city");
        let city = city.and_then(english).or_else(|| city?.text());
        let standard_name = || country::name_of(code.as_deref()?).map(str::to_owned);
        Self {
            country_name: name.or_else(standard_name),
            country: code.clone(),
            region: region.and_then(name_of),
            city: city.and_then(name_of),
            coordinates: coordinates(record),
        }
    }

    /// How much is said: who says more is believed before who says less.
    pub(crate) fn detail(&self) -> u8 {
        match (&self.city, &self.region, &self.country) {
            (Some(_), _, _) => 4,
            (None, Some(_), _) => 3,
            (None, None, Some(_)) => 2,
            (None, None, None) => u8::from(self.coordinates.is_some()),
        }
    }
}

/// A country's code; `None` for what has no such form.
fn code(text: &str) -> Option<String> {
    let is_code = text.len() == 2 && text.bytes().all(|byte| byte.is_ascii_alphabetic());
    is_code.then(|| text.to_ascii_uppercase())
}

/// A name that can be shown; some databases write `-` where they know none.
fn name_of(text: &str) -> Option<String> {
    let text = text.trim();
    let is_name = !text.is_empty()
        && text != "-"
        && text.len() <= NAME_BYTES_MAX
        && !text.chars().any(char::is_control);
    is_name.then(|| text.to_owned())
}

fn english<'v>(of: &'v Value<'_>) -> Option<&'v str> {
    of.member("names")?.member("en")?.text()
}

fn coordinates(record: &Value<'_>) -> Option<Coordinates> {
    let inside = record
        .member("location")
        .filter(|inside| matches!(inside, Value::Map(_)));
    let holder = inside.unwrap_or(record);
    let number = |names: &[&str], most: f64| {
        let number = names
            .iter()
            .find_map(|name| holder.member(name))?
            .number()?;
        // What is no number is in no range.
        (-most..=most).contains(&number).then_some(number)
    };
    Some(Coordinates {
        latitude: number(&["latitude", "lat"], 90.0)?,
        longitude: number(&["longitude", "lng", "lon"], 180.0)?,
    })
}

impl<'a> Value<'a> {
    /// How many values it is made of. Depth is bounded when it is read.
    pub(crate) fn count(&self) -> usize {
        match self {
            Self::Map(members) => {
                members
                    .iter()
                    .map(|(_, value)| value.count())
                    .sum::<usize>()
                    + 1
            }
            Self::List(items) => items.iter().map(Self::count).sum::<usize>() + 1,
            Self::Text(_) | Self::Number(_) | Self::Other => 1,
        }
    }

    fn member(&self, name: &str) -> Option<&Self> {
        let Self::Map(members) = self else {
            return None;
        };
        members
            .iter()
            .find(|(known, _)| *known == name)
            .map(|(_, value)| value)
    }

    fn text(&self) -> Option<&'a str> {
        match self {
            Self::Text(text) => Some(text),
            _ => None,
        }
    }

    fn any_text(&self, names: &[&str]) -> Option<&'a str> {
        names.iter().find_map(|name| self.member(name)?.text())
    }

    fn number(&self) -> Option<f64> {
        match self {
            Self::Number(number) => Some(*number),
            Self::Text(text) => text.trim().parse().ok(),
            _ => None,
        }
    }

    fn first(&self) -> Option<&Self> {
        match self {
            Self::List(items) => items.first(),
            _ => None,
        }
    }
}

impl<'de> Deserialize<'de> for Value<'de> {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        Within(0).deserialize(deserializer)
    }
}

/// How deep a value stands.
#[derive(Clone, Copy)]
struct Within(usize);

impl<'de> DeserializeSeed<'de> for Within {
    type Value = Value<'de>;

    fn deserialize<D: Deserializer<'de>>(self, deserializer: D) -> Result<Value<'de>, D::Error> {
        if self.0 > DEPTH_MAX {
            IgnoredAny::deserialize(deserializer)?;
            return Ok(Value::Other);
        }
        deserializer.deserialize_any(self)
    }
}

impl<'de> Visitor<'de> for Within {
    type Value = Value<'de>;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("a value")
    }

    fn visit_borrowed_str<E>(self, text: &'de str) -> Result<Value<'de>, E> {
        Ok(Value::Text(text))
    }

    fn visit_f64<E>(self, number: f64) -> Result<Value<'de>, E> {
        Ok(Value::Number(number))
    }

    fn visit_f32<E>(self, number: f32) -> Result<Value<'de>, E> {
        // The number as its maker wrote it, without the digits that only the wider type has.
        Ok(number
            .to_string()
            .parse()
            .map_or(Value::Other, Value::Number))
    }

    fn visit_i32<E>(self, number: i32) -> Result<Value<'de>, E> {
        Ok(Value::Number(f64::from(number)))
    }

    fn visit_u32<E>(self, number: u32) -> Result<Value<'de>, E> {
        Ok(Value::Number(f64::from(number)))
    }

    fn visit_u16<E>(self, number: u16) -> Result<Value<'de>, E> {
        Ok(Value::Number(f64::from(number)))
    }

    fn visit_u64<E>(self, _: u64) -> Result<Value<'de>, E> {
        Ok(Value::Other)
    }

    fn visit_u128<E>(self, _: u128) -> Result<Value<'de>, E> {
        Ok(Value::Other)
    }

    fn visit_bool<E>(self, _: bool) -> Result<Value<'de>, E> {
        Ok(Value::Other)
    }

    fn visit_bytes<E>(self, _: &[u8]) -> Result<Value<'de>, E> {
        Ok(Value::Other)
    }

    fn visit_map<A: MapAccess<'de>>(self, mut map: A) -> Result<Value<'de>, A::Error> {
        let mut members = Vec::new();
        while let Some(name) = map.next_key()? {
            members.push((name, map.next_value_seed(Self(self.0 + 1))?));
        }
        Ok(Value::Map(members))
    }

    fn visit_seq<A: SeqAccess<'de>>(self, mut seq: A) -> Result<Value<'de>, A::Error> {
        let mut items = Vec::new();
        while let Some(item) = seq.next_element_seed(Self(self.0 + 1))? {
            items.push(item);
        }
        Ok(Value::List(items))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn map<'a>(members: &[(&'a str, Value<'a>)]) -> Value<'a> {
        Value::Map(members.to_vec())
    }

    fn names(english: &str) -> Value<'_> {
        map(&[(
            "names",
            map(&[("de", Value::Text("?")), ("en", Value::Text(english))]),
        )])
    }

    #[test]
    fn both_layouts_say_the_same() {
        let nested = map(&[
            (
                "country",
                map(&[
                    ("iso_code", Value::Text("DE")),
                    ("names", map(&[("en", Value::Text("Germany"))])),
                ]),
            ),
            (
                "registered_country",
                map(&[("iso_code", Value::Text("FR"))]),
            ),
            (
                "subdivisions",
                Value::List(vec![names("Bavaria"), names("Upper Bavaria")]),
            ),
            ("city", names("Munich")),
            (
                "location",
                map(&[
                    ("latitude", Value::Number(48.1)),
                    ("longitude", Value::Number(11.5)),
                ]),
            ),
        ]);
        let flat = map(&[
            ("country_code", Value::Text("de")),
            ("state1", Value::Text("Bavaria")),
            ("city", Value::Text("Munich")),
            ("latitude", Value::Number(48.1)),
            ("longitude", Value::Number(11.5)),
        ]);
        let other = map(&[
            ("country", Value::Text("Germany")),
            ("country_code", Value::Text("DE")),
            ("region", Value::Text("Bavaria")),
            ("city", Value::Text("Munich")),
            ("lat", Value::Text("48.1")),
            ("lng", Value::Text("11.5")),
        ]);
        let expect = Said {
            country: Some("DE".to_owned()),
            country_name: Some("Germany".to_owned()),
            region: Some("Bavaria".to_owned()),
            city: Some("Munich".to_owned()),
            coordinates: Some(Coordinates {
                latitude: 48.1,
                longitude: 11.5,
            }),
        };
        for record in [nested, flat, other] {
            assert_eq!(Said::of(&record), expect);
        }
    }

    #[test]
    fn a_code_alone_has_its_standard_name() {
        let said = Said::of(&map(&[("country", Value::Text("jp"))]));
        assert_eq!(said.country.as_deref(), Some("JP"));
        assert_eq!(said.country_name.as_deref(), Some("Japan"));
        assert_eq!(said.detail(), 2);
    }

    #[test]
    fn what_says_nothing_is_nothing_and_never_an_error() {
        let long = "x".repeat(NAME_BYTES_MAX + 1);
        for record in [
            Value::Other,
            Value::Text("DE"),
            map(&[("country_code", Value::Text("DEU"))]),
            map(&[("country_code", Value::Text("D\u{e9}"))]),
            map(&[
                ("country", Value::List(vec![])),
                ("city", Value::Number(3.0)),
            ]),
            map(&[("city", Value::Text(&long)), ("state1", Value::Text(" - "))]),
            map(&[("city", Value::Text("a\u{1b}[2J"))]),
            map(&[
                ("latitude", Value::Number(f64::NAN)),
                ("longitude", Value::Number(1.0)),
            ]),
            map(&[
                ("latitude", Value::Number(91.0)),
                ("longitude", Value::Number(1.0)),
            ]),
            map(&[("latitude", Value::Number(9.0))]),
            map(&[(
                "registered_country",
                map(&[("iso_code", Value::Text("FR"))]),
            )]),
            map(&[("subdivisions", Value::List(vec![]))]),
        ] {
            assert_eq!(Said::of(&record), Said::default(), "{record:?}");
            assert_eq!(Said::of(&record).detail(), 0);
        }
    }
}
