//! GitLab's times: RFC 3339, or `2024-01-29 09:08:33 UTC`, or with an offset instead.

use ledger::json::Value;
use ledger::time::Micros;

use crate::clean;
use crate::look;

/// The time under the first of several member names of an object.
pub(super) fn first(object: &Value<'_>, names: &[&str]) -> Option<Micros> {
    names
        .iter()
        .find_map(|name| look::at(object, &[name]).and_then(time))
}

/// One time.
pub(super) fn time(value: &Value<'_>) -> Option<Micros> {
    if let Some(time) = clean::time(value) {
        return Some(time);
    }
    let mut words = value.as_str()?.split(' ');
    let (date, clock, zone) = (words.next()?, words.next()?, words.next()?);
    let zone = match zone {
        "UTC" => "Z".to_owned(),
        zone => {
            let (hours, minutes) = zone.split_at_checked(3)?;
            format!("{hours}:{minutes}")
        }
    };
    let none_left = words.next().is_none();
    Micros::parse(&format!("{date}T{clock}{zone}"))
        .ok()
        .filter(|_| none_left)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn each_way_in_which_gitlab_writes_a_time_is_read() {
        let read = |text: &str| time(&Value::string(text)).map(|time| time.to_string());
        let expect = Some("2026-03-12T14:32:07.000000Z".to_owned());
        for text in [
            "2026-03-12T14:32:07Z",
            "2026-03-12 14:32:07 UTC",
            "2026-03-12 16:32:07 +0200",
            "2026-03-12 09:32:07 -0500",
        ] {
            assert_eq!(read(text), expect, "{text}");
        }
        for text in [
            "",
            "2026-03-12",
            "a b c",
            "2026-03-12 14:32:07 é",
            "1 2 +0000 4",
        ] {
            assert_eq!(read(text), None, "{text}");
        }
    }
}
