//! What one event costs on one core, in the code that the server runs: masking, entry, parts, hashes.

use std::hint::black_box;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::{Duration, Instant};

use ledger::entry::{Kind, Opening};
use ledger::json;
use ledger::keyring::TenantKeys;
use ledger::name::{LogId, TenantId};
use ledger::prepare::{Door, prepare};
use ledger::seal::Head;
use ledger::source::Rng;
use ledger::time::Micros;
use ledger::vocabulary::{Mode, NO_ADDITIONS};

use super::{Error, events};

/// Salts without the operating system's share of the cost.
#[derive(Debug, Default)]
struct Counter(AtomicU64);

impl Rng for Counter {
    fn fill(&self, bytes: &mut [u8]) {
        let count = self.0.fetch_add(1, Ordering::Relaxed).to_be_bytes();
        for (byte, value) in bytes.iter_mut().zip(count.into_iter().cycle()) {
            *byte = value;
        }
    }
}

/// Time an event, as the server does it (read, prepared and sealed one after the other), less the time that parsing its
/// JSON takes alone. The best of several rounds, since others use the machine too.
pub(crate) fn of_one_event() -> Result<Duration, Error> {
    let texts = events::singles(2_000, 9);
    let keys = TenantKeys::new("00000000", [1; 32], [2; 32], [3; 32], [4; 32]);
    let door = Door {
        keys: &keys,
        key: "bench",
        source: "bench",
        mode: Mode::Open,
        additions: &NO_ADDITIONS,
        exceptions: &[],
        idempotency: None,
    };
    let log = LogId([1; 16]);
    let mut head = Head::new(log);
    head.open(&Opening {
        log,
        kind: Kind::Main,
        tenant: TenantId([2; 16]),
        origin: "o".into(),
        vkey: "v".into(),
        recorded_at: Micros::default(),
        predecessor: None,
    });
    let now = Micros::parse("2026-11-21T00:00:00Z")?;
    let rng = Counter::default();
    let parsing = best_of(&texts, |text| {
        black_box(json::parse(text.as_bytes())?);
        Ok(())
    })?;
    let all = best_of(&texts, |text| {
        let event = prepare(json::parse(text.as_bytes())?, &door, &rng)?;
        black_box(head.seal(&event, now));
        Ok(())
    })?;
    Ok(all.saturating_sub(parsing))
}

/// The shortest time that one text took on average, of twenty rounds.
fn best_of(
    texts: &[String],
    mut work: impl FnMut(&str) -> Result<(), Error>,
) -> Result<Duration, Error> {
    let mut best = Duration::MAX;
    for _ in 0..20 {
        let begun = Instant::now();
        for text in texts {
            work(text)?;
        }
        best = best.min(begun.elapsed() / u32::try_from(texts.len())?);
    }
    Ok(best)
}
