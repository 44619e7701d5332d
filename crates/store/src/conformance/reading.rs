//! Reading: ranges, nodes and ids at their edges.

use ledger::hash::Hash;
use ledger::prepare::Prepared;

use super::fixture::{all_records, event, events, size, store_all, tenant};
use super::{Broken, Verdict, ensure};
use crate::contract::LedgerStore;
use crate::error::StoreError;
use crate::record::LogRef;

/// Most records of one call: DESIGN, the store contract.
const RECORDS_MAX: u64 = 1_024;

pub(super) async fn ranges_of_records_are_cut_at_their_edges(store: &dyn LedgerStore) -> Verdict {
    let tenant = tenant(store, "acme").await?;
    let log = LogRef::main(&tenant);
    for number in 0..11 {
        store_all(store, log, events(&tenant, number * 100, 100)?).await?;
    }
    let size = size(store, log).await?;
    ensure!(size == 1_101, "1,100 events and entry 0 became {size}");
    for (start, end, expect) in [
        (0, 0, 0..0),
        (5, 5, 0..0),
        (size, size + 10, 0..0),
        (size + 5, u64::MAX, 0..0),
        (u64::MAX, u64::MAX, 0..0),
        (0, 1, 0..1),
        (size - 1, size, size - 1..size),
        (size - 1, u64::MAX, size - 1..size),
        (3, 700, 3..700),
        (0, size, 0..RECORDS_MAX),
        (0, u64::MAX, 0..RECORDS_MAX),
        (50, 50 + RECORDS_MAX, 50..50 + RECORDS_MAX),
        (50, u64::MAX, 50..50 + RECORDS_MAX),
        (size - RECORDS_MAX, u64::MAX, size - RECORDS_MAX..size),
    ] {
        let found = store.records(log, start..end).await?;
        let places: Vec<u64> = found.iter().map(|record| record.seq).collect();
        ensure!(
            places == expect.clone().collect::<Vec<_>>(),
            "records {start}..{end} of {size} answered {:?}..={:?}, not {expect:?}",
            places.first(),
            places.last()
        );
    }
    // A range that ends before it begins is empty, whoever made it.
    let reversed = std::ops::Range { start: 9, end: 3 };
    ensure!(
        store.records(log, reversed).await?.is_empty(),
        "a reversed range has records"
    );
    Ok(())
}

pub(super) async fn nodes_are_the_hashes_of_complete_subtrees(store: &dyn LedgerStore) -> Verdict {
    let tenant = tenant(store, "acme").await?;
    let log = LogRef::main(&tenant);
    for number in 0..6 {
        store_all(store, log, events(&tenant, number * 100, 100)?).await?;
    }
    let mut hashes: Vec<Hash> = all_records(store, log)
        .await?
        .iter()
        .map(|record| Hash::leaf(&record.entry))
        .collect();
    let (mut asked, mut expect) = (Vec::new(), Vec::new());
    for level in 0..10 {
        for (index, hash) in (0..).zip(&hashes) {
            asked.push((level, index));
            expect.push(*hash);
        }
        let pairs = hashes.chunks_exact(2);
        hashes = pairs
            .filter_map(|pair| Some(Hash::node(pair.first()?, pair.last()?)))
            .collect();
    }
    let last = asked
        .last()
        .copied()
        .ok_or_else(|| Broken::new("no nodes"))?;
    ensure!(last == (9, 0), "601 leaves end at node {last:?}");
    for (asked, expect) in asked.chunks(200).zip(expect.chunks(200)) {
        let found = store.nodes(log, asked).await?;
        let wrong = found
            .iter()
            .zip(expect)
            .position(|(found, expect)| found != expect);
        ensure!(
            found.len() == asked.len() && wrong.is_none(),
            "node {:?} has another hash",
            wrong.and_then(|index| asked.get(index))
        );
    }
    // In the order asked, as often as asked.
    let mixed = [(0, 600), (9, 0), (3, 5), (0, 600), (0, 0)];
    let found = store.nodes(log, &mixed).await?;
    let place = |node| asked.iter().position(|known| *known == node);
    let wanted: Vec<Hash> = mixed
        .iter()
        .filter_map(|node| expect.get(place(*node)?).copied())
        .collect();
    ensure!(found == wanted, "nodes are not in the order asked");
    ensure!(
        store.nodes(log, &[]).await?.is_empty(),
        "no node has a hash"
    );
    Ok(())
}

pub(super) async fn incomplete_subtrees_are_not_found(store: &dyn LedgerStore) -> Verdict {
    let tenant = tenant(store, "acme").await?;
    let log = LogRef::main(&tenant);
    store_all(store, log, events(&tenant, 0, 300)?).await?;
    for node in [
        (0, 301),
        (1, 150),
        (8, 1),
        (9, 0),
        (2, 75),
        (62, 0),
        (63, 0),
        (63, 1),
        (64, 0),
        (255, 0),
        (0, u64::MAX),
        (1, u64::MAX),
        (63, u64::MAX),
        (8, u64::MAX >> 8),
    ] {
        for asked in [&[node][..], &[(0, 0), node], &[node, (0, 0)]] {
            let answer = store.nodes(log, asked).await;
            ensure!(
                matches!(answer, Err(StoreError::NotFound)),
                "node {node:?} of 301 leaves: {answer:?}"
            );
        }
    }
    store
        .nodes(log, &[(0, 300), (1, 149), (8, 0), (2, 74)])
        .await?;
    Ok(())
}

pub(super) async fn ids_are_found_whole_and_across_sources(store: &dyn LedgerStore) -> Verdict {
    let tenant = tenant(store, "acme").await?;
    let log = LogRef::main(&tenant);
    let batch: Result<Vec<Prepared>, Broken> = [
        ("api", "evt_1"),
        ("api", "evt_11"),
        ("zz", "evt_1"),
        ("api", "vt_1"),
        ("aa", "evt_1"),
    ]
    .into_iter()
    .map(|(source, id)| event(&tenant, source, id, "x"))
    .collect();
    store_all(store, log, batch?).await?;
    for (id, expect) in [
        ("evt_1", &[1, 3, 5][..]),
        ("evt_11", &[2]),
        ("vt_1", &[4]),
        ("evt_", &[]),
        ("EVT_1", &[]),
        ("1", &[]),
        ("", &[]),
        ("evt_1\0", &[]),
        ("e\u{301}vt \"quoted\"", &[]),
    ] {
        let found = store.find(log, id).await?;
        ensure!(
            found == expect,
            "id {id:?} is found at {found:?}, not at {expect:?}"
        );
    }
    let access = store.find(LogRef::access(&tenant), "evt_1").await?;
    ensure!(access.is_empty(), "an id of main is found in access");
    Ok(())
}
