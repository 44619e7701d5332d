use std::collections::BTreeMap;

use ledger::name::LogId;
use ledger::time::Micros;
use store::{Batch, LogRef, TenantRecord};
use testkit::sources::TestRng;
use tokio::sync::oneshot;

use super::*;

const GROUP: usize = 1024 * 1024;

fn tenant(number: u8) -> TenantId {
    TenantId([number; 16])
}

/// A batch that can be told apart by the log it names.
fn job(tenant: TenantId, number: u32) -> Job {
    let mut id = [0; 16];
    id[..4].copy_from_slice(&number.to_be_bytes());
    let record = TenantRecord {
        id: tenant,
        name: "t".to_owned(),
        salt: [0; 32],
        kid: String::new(),
        created_at: Micros::default(),
        main: LogId(id),
        access: LogId([0xff; 16]),
        strict: false,
        mask_exceptions: Vec::new(),
        settings: store::TenantSettings::default(),
    };
    Job::Append {
        batch: Batch {
            log: LogRef::of_record(&record, false),
            events: Vec::new(),
        },
        reply: oneshot::channel().0,
    }
}

/// Whose batch it is, and its number.
fn told(job: &Job) -> (TenantId, u32) {
    let Job::Append { batch, .. } = job else {
        panic!("{job:?}")
    };
    let id = batch.log.log().0;
    (
        batch.log.tenant(),
        u32::from_be_bytes([id[0], id[1], id[2], id[3]]),
    )
}

fn storm(lanes: &mut Lanes, tenant: TenantId, count: u32, size: usize) {
    for number in 0..count {
        lanes.push(tenant, job(tenant, number), size);
    }
}

fn groups(lanes: &mut Lanes) -> Vec<Vec<(TenantId, u32)>> {
    std::iter::from_fn(|| {
        let group = lanes.take(GROUP);
        (!group.is_empty()).then(|| group.iter().map(told).collect())
    })
    .collect()
}

/// In which group a tenant's first batch is.
fn group_of(groups: &[Vec<(TenantId, u32)>], tenant: TenantId) -> usize {
    let has = |group: &Vec<(TenantId, u32)>| group.iter().any(|(other, _)| *other == tenant);
    groups.iter().position(has).unwrap()
}

#[test]
fn a_single_event_is_in_the_next_group_whatever_another_tenant_has_waiting() {
    for (count, size) in [
        (4_000, 0),
        (4_000, 500),
        (4_000, 16 * 1024),
        (400, 300_000),
        (60, GROUP - 1),
        (60, GROUP),
        (20, 3 * GROUP),
    ] {
        let mut lanes = Lanes::default();
        storm(&mut lanes, tenant(1), count, size);
        lanes.push(tenant(2), job(tenant(2), 0), 700);
        let groups = groups(&mut lanes);
        assert_eq!(
            group_of(&groups, tenant(2)),
            0,
            "{count} batches of {size} bytes in {} groups",
            groups.len()
        );
    }
}

#[test]
fn one_that_comes_while_a_storm_goes_on_is_in_the_next_group() {
    for size in [500, 30_000, 300_000, GROUP / 2 + 1, 2 * GROUP] {
        let mut lanes = Lanes::default();
        storm(&mut lanes, tenant(1), 300, size);
        for arrival in 0..20 {
            lanes.take(GROUP);
            lanes.push(tenant(2), job(tenant(2), arrival), 700);
            // The storm does not end.
            storm(&mut lanes, tenant(1), 10, size);
            let mut waited = 1;
            while !lanes.take(GROUP).iter().any(|job| told(job).0 == tenant(2)) {
                waited += 1;
            }
            // One more where the storm's turn had come and its batch fills a group alone.
            assert!(waited <= 2, "{waited} groups, batches of {size} bytes");
        }
    }
}

#[test]
fn every_tenant_of_many_gets_its_turn_before_any_gets_its_second() {
    let mut lanes = Lanes::default();
    for number in 1..=200 {
        storm(&mut lanes, tenant(number), 8, TURN_BYTES - JOB_BYTES);
    }
    let order: Vec<TenantId> = groups(&mut lanes)
        .into_iter()
        .flatten()
        .map(|it| it.0)
        .collect();
    for (round, turns) in order.chunks(200).enumerate() {
        let mut once: Vec<_> = turns.to_vec();
        once.sort_unstable();
        once.dedup();
        assert_eq!(once.len(), turns.len(), "round {round}");
    }
}

#[test]
fn tenants_that_storm_get_as_many_bytes_as_each_other_whatever_their_batches() {
    let mut lanes = Lanes::default();
    let sizes = [1_000, 40_000, 400_000];
    for (number, size) in (1..).zip(sizes) {
        let count = u32::try_from(20 * GROUP / size).unwrap();
        storm(&mut lanes, tenant(number), count, size);
    }
    let mut got = BTreeMap::<TenantId, usize>::new();
    for _ in 0..12 {
        for job in lanes.take(GROUP) {
            let (tenant, _) = told(&job);
            *got.entry(tenant).or_default() += sizes[usize::from(tenant.0[0]) - 1];
        }
    }
    let (least, most) = (got.values().min().unwrap(), got.values().max().unwrap());
    // Within what the overhead of small batches and one large batch make.
    assert!(
        got.len() == 3 && most - least <= most / 3 + 2 * 400_000,
        "{got:?}"
    );
}

#[test]
fn batches_of_a_tenant_keep_their_order_and_none_is_lost() {
    let rng = TestRng::new(7);
    let mut lanes = Lanes::default();
    let mut next = BTreeMap::<TenantId, u32>::new();
    let mut expected = BTreeMap::<TenantId, u32>::new();
    let mut take = |lanes: &mut Lanes| {
        for job in lanes.take(GROUP) {
            let (tenant, number) = told(&job);
            let next = expected.entry(tenant).or_default();
            assert_eq!(number, *next, "{tenant:?}");
            *next += 1;
        }
    };
    for _ in 0..3_000 {
        let mut random = [0; 4];
        ledger::source::Rng::fill(&rng, &mut random);
        let tenant = tenant(random[0] % 7);
        let number = next.entry(tenant).or_default();
        let size = usize::from(random[1]) * usize::from(random[2]) * 8;
        lanes.push(tenant, job(tenant, *number), size);
        *number += 1;
        if random[3] % 16 == 0 {
            take(&mut lanes);
        }
    }
    while !lanes.is_empty() {
        take(&mut lanes);
    }
    assert_eq!(expected, next);
    assert_eq!(lanes.load(), Load::default());
    assert!(lanes.by_tenant.is_empty());
}

#[test]
fn a_tenant_alone_fills_its_groups_as_before() {
    let mut lanes = Lanes::default();
    storm(&mut lanes, tenant(1), 100, 100_000);
    let groups = groups(&mut lanes);
    assert_eq!(groups[0].len(), GROUP / 100_000);
    assert_eq!(groups.len(), 10);
    lanes.push(tenant(1), job(tenant(1), 0), 5 * GROUP);
    assert_eq!(lanes.take(GROUP).len(), 1);
}
