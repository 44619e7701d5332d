//! Hours of the day at which somebody acts, and which of them are unusual.
//!
//! An hour is unusual if it and its two neighbours together hold less than 3 % of the acts. Of fewer than
//! [`ACTS_MIN`] acts nothing is said: any hour would be unusual.

use api::Bucket;
use ledger::time::Micros;

/// Acts from which on there is something usual.
pub(super) const ACTS_MIN: u64 = 30;
/// Percent of the acts that an hour and its neighbours must hold to be usual.
const USUAL_PERCENT: u64 = 3;
const HOUR_MICROS: i64 = 3_600 * 1_000_000;

/// The acts of each hour of the day, UTC.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(super) struct Hours {
    /// By hour.
    pub(super) acts: [u64; 24],
    /// Whether each is unusual. All false where nothing can be said.
    pub(super) unusual: [bool; 24],
}

impl Hours {
    /// From buckets of an hour each.
    pub(super) fn of(buckets: &[Bucket]) -> Self {
        let mut acts = [0_u64; 24];
        for bucket in buckets {
            if let Some(place) = hour_of(bucket).and_then(|hour| acts.get_mut(hour)) {
                *place += bucket.count;
            }
        }
        let all: u64 = acts.iter().sum();
        let mut unusual = [false; 24];
        if all >= ACTS_MIN {
            for (hour, mark) in unusual.iter_mut().enumerate() {
                let near = acts[(hour + 23) % 24] + acts[hour] + acts[(hour + 1) % 24];
                *mark = near * 100 < all * USUAL_PERCENT;
            }
        }
        Self { acts, unusual }
    }

    /// Whether anything can be said.
    pub(super) fn is_known(&self) -> bool {
        self.acts.iter().sum::<u64>() >= ACTS_MIN
    }

    /// The buckets of unusual hours that hold acts: when each begins and how many.
    pub(super) fn odd<'b>(&self, buckets: &'b [Bucket]) -> Vec<&'b Bucket> {
        let odd = buckets.iter().filter(|bucket| {
            bucket.count > 0
                && hour_of(bucket).is_some_and(|hour| self.unusual.get(hour) == Some(&true))
        });
        odd.collect()
    }
}

/// The hour of the day in which a bucket begins.
fn hour_of(bucket: &Bucket) -> Option<usize> {
    let at = Micros::parse(&bucket.at).ok()?;
    usize::try_from(at.as_micros() / HOUR_MICROS % 24).ok()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn bucket(at: &str, count: u64) -> Bucket {
        Bucket {
            at: at.to_owned(),
            count,
        }
    }

    #[test]
    fn one_act_at_night_is_unusual_among_many_by_day() {
        let buckets = [
            bucket("2026-03-11T09:00:00Z", 40),
            bucket("2026-03-12T10:00:00Z", 50),
            bucket("2026-03-12T03:00:00Z", 1),
        ];
        let hours = Hours::of(&buckets);
        assert!(hours.unusual[3] && !hours.unusual[9] && !hours.unusual[10]);
        assert!(
            !hours.unusual[8] && !hours.unusual[11],
            "beside usual hours"
        );
        assert_eq!(hours.odd(&buckets), [&buckets[2]]);
    }

    #[test]
    fn of_few_acts_nothing_is_said() {
        let buckets = [
            bucket("2026-03-12T10:00:00Z", 28),
            bucket("2026-03-12T03:00:00Z", 1),
        ];
        let hours = Hours::of(&buckets);
        assert!(!hours.is_known());
        assert!(hours.odd(&buckets).is_empty());
    }

    #[test]
    fn midnight_has_neighbours() {
        let buckets = [
            bucket("2026-03-12T23:00:00Z", 50),
            bucket("2026-03-12T00:00:00Z", 1),
        ];
        assert!(Hours::of(&buckets).odd(&buckets).is_empty());
    }
}
