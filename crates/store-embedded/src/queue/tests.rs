use ledger::name::LogId;
use ledger::time::Micros;
use store::TenantRecord;

use super::*;

fn record(tenant: TenantId) -> TenantRecord {
    TenantRecord {
        id: tenant,
        name: "t".to_owned(),
        salt: [0; 32],
        kid: String::new(),
        created_at: Micros::default(),
        main: LogId([1; 16]),
        access: LogId([2; 16]),
        strict: false,
        mask_exceptions: Vec::new(),
        settings: store::TenantSettings::default(),
    }
}

fn append(tenant: TenantId) -> Job {
    Job::Append {
        batch: Batch {
            log: LogRef::of_record(&record(tenant), false),
            events: Vec::new(),
        },
        reply: oneshot::channel().0,
    }
}

fn change() -> Job {
    Job::Administer {
        change: Box::new(Change::RevokeKey {
            id: "key".to_owned(),
            at: Micros::default(),
        }),
        records: Vec::new(),
        reply: oneshot::channel().0,
    }
}

const A: TenantId = TenantId([1; 16]);
const B: TenantId = TenantId([2; 16]);
const MAX: usize = 64 * 1024 * 1024;

/// Queues jobs of a tenant until there is no room; answers how many.
fn storm(waiting: &mut Waiting, tenant: TenantId, size: usize) -> usize {
    let mut count = 0;
    while waiting.has_room(&append(tenant), size, MAX) {
        waiting.push(append(tenant), size);
        count += 1;
    }
    count
}

#[test]
fn a_storm_leaves_room_for_another_tenant_by_bytes_and_by_count() {
    for size in [0, 1_000, 100_000, 4 * 1024 * 1024, 15 * 1024 * 1024] {
        let mut waiting = Waiting::default();
        let count = storm(&mut waiting, A, size);
        assert!(count * size <= MAX / 4 * 3 && count <= JOBS_MAX / 4 * 3);
        assert!(waiting.has_room(&append(B), 700, MAX), "{size} bytes each");
        // And where that one storms as well, for a third.
        let more = storm(&mut waiting, B, size);
        assert!(more > 0 && waiting.has_room(&append(TenantId([3; 16])), 700, MAX));
    }
}

#[test]
fn a_tenant_alone_may_fill_three_quarters() {
    let mut waiting = Waiting::default();
    let size = 64 * 1024;
    assert_eq!(storm(&mut waiting, A, size), MAX / size / 4 * 3);
}

#[test]
fn an_empty_queue_takes_any_one_batch() {
    let mut waiting = Waiting::default();
    assert!(waiting.has_room(&append(A), 2 * MAX, MAX));
    waiting.push(append(A), 2 * MAX);
    assert!(!waiting.has_room(&append(B), 1, MAX));
}

#[test]
fn changes_go_alone_and_take_turns_with_batches() {
    let mut waiting = Waiting::default();
    for _ in 0..3 {
        waiting.push(change(), 0);
        waiting.push(append(A), GROUP_BYTES);
        waiting.push(append(B), GROUP_BYTES);
    }
    let mut kinds = String::new();
    while !waiting.is_empty() {
        let group = waiting.take_group();
        assert_eq!(group.len(), 1);
        kinds.push(match &group[0] {
            Job::Administer { .. } => 'c',
            _ => 'b',
        });
    }
    assert_eq!(kinds, "cbcbcbbbb");
}

#[test]
fn changes_are_bounded_and_do_not_take_the_room_of_batches() {
    let mut waiting = Waiting::default();
    let mut count = 0;
    while waiting.has_room(&change(), 0, MAX) {
        waiting.push(change(), 0);
        count += 1;
    }
    assert_eq!(count, CHANGES_MAX);
    assert!(waiting.has_room(&append(A), 700, MAX));
}

#[test]
fn closing_comes_last_and_notices_come_first() {
    let mut waiting = Waiting::default();
    waiting.push(
        Job::Close {
            reply: oneshot::channel().0,
        },
        0,
    );
    for _ in 0..2 {
        waiting.push(append(A), GROUP_BYTES);
        waiting.push(change(), 0);
    }
    waiting.push(Job::Cut { frame: 7 }, 0);
    let first = waiting.take_group();
    assert!(matches!(
        first[..],
        [Job::Cut { frame: 7 }, Job::Administer { .. }]
    ));
    for _ in 0..3 {
        assert!(!matches!(waiting.take_group()[..], [Job::Close { .. }]));
    }
    assert!(matches!(waiting.take_group()[..], [Job::Close { .. }]));
    assert!(waiting.is_empty());
}
