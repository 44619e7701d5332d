//! What one event costs on one core: the pure part of its way, from JSON text to a sealed entry.

use std::hint::black_box;
use std::sync::atomic::{AtomicU64, Ordering};

use criterion::{Criterion, Throughput, criterion_group, criterion_main};
use ledger::hash::Hash;
use ledger::json;
use ledger::keyring::TenantKeys;
use ledger::name::{LogId, TenantId};
use ledger::part;
use ledger::prepare::{Door, Prepared, prepare};
use ledger::seal::Head;
use ledger::source::Rng;
use ledger::time::Micros;
use ledger::tree::CompactRange;
use ledger::vocabulary::{Mode, NO_ADDITIONS};

/// A counter in place of randomness: the cost of the operating system's is not the ledger's.
#[derive(Debug, Default)]
struct Counter(AtomicU64);

impl Rng for Counter {
    fn fill(&self, bytes: &mut [u8]) {
        let count = self.0.fetch_add(1, Ordering::Relaxed);
        for (byte, value) in bytes
            .iter_mut()
            .zip(count.to_be_bytes().into_iter().cycle())
        {
            *byte = value;
        }
    }
}

const EVENT: &str = r#"{"id":"evt_01hqz8k3v9x2m4n6p8r0t2w4y6","timestamp":"2026-03-12T14:32:07.123Z","operation":"environment_variable.updated","actor":{"type":"user","id":"usr_48213","email":"ana.silva@example.com","name":"Ana Silva"},"origin":{"ip":"198.51.100.23","user_agent":"Mozilla/5.0 (X11; Linux x86_64) AppleWebKit/537.36","session_id":"ses_9f8e7d6c5b4a"},"resource":{"type":"environment_variable","id":"var_789","name":"DATABASE_URL","project_id":"proj_456"},"outcome":{"result":"success"},"context":{"application":"console","environment":"production","region":"eu-west-1","channel":"dashboard"},"changes":[{"field":"value","before":"postgres://old","after":"postgres://new"}],"request_id":"req_x7y8z9a1b2c3","correlation_id":"cor_55aa66bb77cc","metadata":{"plan":"team","attempt":1}}"#;

fn keys() -> TenantKeys {
    TenantKeys::new("0011aabb", [1; 32], [2; 32], [3; 32], [4; 32])
}

fn prepared(keys: &TenantKeys, rng: &Counter) -> Prepared {
    let door = Door {
        keys,
        key: "k8Fj2LpQ",
        source: "api",
        mode: Mode::Open,
        additions: &NO_ADDITIONS,
        exceptions: &[],
        idempotency: None,
    };
    prepare(
        json::parse(EVENT.as_bytes()).expect("the event is JSON"),
        &door,
        rng,
    )
    .expect("the event is accepted")
}

fn opened() -> Head {
    let mut head = Head::new(LogId([7; 16]));
    head.open(&ledger::entry::Opening {
        log: LogId([7; 16]),
        kind: ledger::entry::Kind::Main,
        tenant: TenantId([8; 16]),
        origin: "veritrail.invalid/x".into(),
        vkey: "x".into(),
        recorded_at: Micros::default(),
        predecessor: None,
    });
    head
}

fn event(c: &mut Criterion) {
    let (keys, rng) = (keys(), Counter::default());
    let mut group = c.benchmark_group("event");
    group.throughput(Throughput::Elements(1));
    group.bench_function("parse JSON", |b| {
        b.iter(|| json::parse(black_box(EVENT.as_bytes())));
    });
    group.bench_function("prepare: parse, mask, entry, parts, digests", |b| {
        b.iter(|| prepared(&keys, &rng));
    });
    let event = prepared(&keys, &rng);
    let mut head = opened();
    let now = Micros::parse("2026-03-12T14:32:08Z").expect("a time");
    group.bench_function("seal: entry bytes, leaf hash, right edge", |b| {
        b.iter(|| head.seal(black_box(&event), now));
    });
    group.bench_function("all of it", |b| {
        b.iter(|| head.seal(&prepared(&keys, &rng), now));
    });
    let details = event
        .details
        .as_ref()
        .expect("the event has details")
        .bytes
        .clone();
    group.bench_function("part digest", |b| {
        b.iter(|| part::digest(black_box(&details)));
    });
    let sealed = head.seal(&event, now);
    group.bench_function("read an entry", |b| {
        b.iter(|| ledger::entry::Entry::parse(black_box(&sealed.entry)));
    });
    group.bench_function("leaf hash", |b| {
        b.iter(|| Hash::leaf(black_box(&sealed.entry)));
    });
    let mut range = CompactRange::new();
    group.bench_function("append a leaf", |b| {
        b.iter(|| range.push(black_box(sealed.leaf)));
    });
    group.finish();
}

criterion_group!(benches, event);
criterion_main!(benches);
