//! The readable columns of a CSV file.
//!
//! Promises: what stands in a cell is what a reader of the event sees, masks without their tags. Must never: fail for an
//! event whose parts are gone; its cells are empty.

use std::borrow::Cow;

use jiff::Timestamp;
use jiff::tz::TimeZone;
use ledger::entry::Opening;
use ledger::export::csv::READABLE;
use ledger::time::Micros;
use query::{Document, Field, Nowhere};
use store::{Record, StoreError};

/// The fields behind the two times, in the order of the columns.
const FIELDS: [Field; READABLE - 2] = [
    Field::Operation,
    Field::Outcome,
    Field::ActorType,
    Field::ActorId,
    Field::ActorName,
    Field::ActorEmail,
    Field::OnBehalfOf,
    Field::ResourceType,
    Field::ResourceId,
    Field::ResourceName,
    Field::Project,
    Field::Environment,
    Field::Reason,
    Field::Ip,
    Field::Id,
];

/// The cells before `seq`.
pub(super) fn cells<'a>(
    record: &'a Record,
    zone: &TimeZone,
) -> Result<[Cow<'a, str>; READABLE], StoreError> {
    let damaged = |what: String| StoreError::Damaged(format!("seq {}: {what}", record.seq));
    let mut cells = [const { Cow::Borrowed("") }; READABLE];
    if record.seq == 0 {
        let opening = Opening::parse(&record.entry).map_err(|error| damaged(error.to_string()))?;
        let at = in_zone(opening.recorded_at, zone);
        let [time, recorded_at, ..] = &mut cells;
        *time = Cow::Owned(at.clone());
        *recorded_at = Cow::Owned(at);
        return Ok(cells);
    }
    let (person, details) = (record.person.as_deref(), record.details.as_deref());
    let document = Document::read(&record.entry, person, details, &Nowhere)
        .map_err(|error| damaged(error.to_string()))?;
    let [time, recorded_at, ..] = &mut cells;
    *time = Cow::Owned(in_zone(document.time, zone));
    *recorded_at = Cow::Owned(in_zone(document.recorded_at, zone));
    for fact in document.facts {
        let column = FIELDS.iter().position(|field| *field == fact.field);
        let cell = column.and_then(|column| cells.get_mut(column + 2));
        // Of several values the first stands: the others are in the exact form.
        if let Some(cell) = cell.filter(|cell| cell.is_empty()) {
            *cell = fact.text;
        }
    }
    Ok(cells)
}

/// RFC 3339 with the zone's offset: `2026-11-19T15:32:07.123456+01:00`.
fn in_zone(time: Micros, zone: &TimeZone) -> String {
    match Timestamp::from_microsecond(time.as_micros()) {
        Ok(stamp) if zone.iana_name() != Some("UTC") => {
            let local = stamp.to_zoned(zone.clone());
            local.strftime("%Y-%m-%dT%H:%M:%S%.6f%:z").to_string()
        }
        _ => time.to_string(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn times_are_told_in_their_zone() {
        let at = Micros::parse("2026-07-19T22:32:07.123456Z").unwrap();
        assert_eq!(in_zone(at, &TimeZone::UTC), "2026-07-19T22:32:07.123456Z");
        let kolkata = TimeZone::posix("IST-5:30").unwrap();
        assert_eq!(in_zone(at, &kolkata), "2026-07-20T04:02:07.123456+05:30");
    }
}
