//! What was asked lately: events of a log share addresses.
//!
//! Promises: at most twice [`YOUNG_MAX`] answers; what was asked among the last [`YOUNG_MAX`] addresses is among them.
//! The lock is held for a look into a map, never while a database is asked.

use std::collections::HashMap;
use std::net::IpAddr;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use query::Location;

/// Addresses of a generation.
const YOUNG_MAX: usize = 8_192;

/// That there is no location is an answer, too.
type Answer = Option<Arc<Location>>;
type Answers = HashMap<IpAddr, Answer>;

/// Two generations: when the young one is full it becomes the old one, and the old one is forgotten.
#[derive(Debug, Default)]
pub(crate) struct Cache(Mutex<Generations>);

#[derive(Debug, Default)]
struct Generations {
    young: Answers,
    old: Answers,
}

impl Cache {
    /// The answer, if it is remembered.
    pub(crate) fn find(&self, address: IpAddr) -> Option<Answer> {
        let mut generations = self.lock();
        if let Some(known) = generations.young.get(&address) {
            return Some(known.clone());
        }
        let known = generations.old.remove(&address)?;
        generations.insert(address, known.clone());
        Some(known)
    }

    /// Remembers an answer.
    pub(crate) fn keep(&self, address: IpAddr, answer: Answer) {
        self.lock().insert(address, answer);
    }

    fn lock(&self) -> MutexGuard<'_, Generations> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Generations {
    fn insert(&mut self, address: IpAddr, answer: Answer) {
        if self.young.len() >= YOUNG_MAX {
            self.old = std::mem::take(&mut self.young);
        }
        self.young.insert(address, answer);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_asked_again_stays_and_the_rest_is_bounded() {
        let cache = Cache::default();
        let address = |number: usize| IpAddr::from(u32::try_from(number).unwrap().to_be_bytes());
        for number in 0..YOUNG_MAX * 10 {
            cache.keep(address(number), None);
            assert_eq!(cache.find(address(0)), Some(None), "{number}");
            let generations = cache.lock();
            assert!(generations.young.len() <= YOUNG_MAX && generations.old.len() <= YOUNG_MAX);
        }
        assert_eq!(cache.find(address(1)), None);
        assert_eq!(cache.find(address(YOUNG_MAX * 10 - 1)), Some(None));
    }
}
