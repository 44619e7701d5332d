//! Runs and index against a plain map, with keys that collide on purpose.

use std::collections::BTreeMap;

use testkit::sim_disk::SimDisk;
use testkit::sources::TestRng;

use super::*;

const IDS: &str = "/ids";

fn disk() -> SimDisk {
    let disk = SimDisk::new(1);
    disk.create_dir_all(Path::new(IDS), Secrecy::Ordinary)
        .unwrap();
    disk
}

fn write(disk: &SimDisk, number: u64, rows: &[Row]) -> IdRun {
    IdRun::write(disk, Path::new(IDS), number, rows).unwrap()
}

fn found(run: &IdRun, key: u64) -> Vec<u64> {
    let mut found = Vec::new();
    run.find(key, &mut found).unwrap();
    found
}

#[test]
fn every_place_of_a_key_is_found_wherever_its_rows_lie_about_the_fences() {
    let disk = disk();
    for before in [0, 1, 200, 255, 256, 257, 511, 512] {
        for places in [1, 2, 255, 256, 257, 700] {
            let mut rows: Vec<Row> = (0..before).map(|seq| (10, seq)).collect();
            rows.extend((0..places).map(|seq| (20, seq)));
            rows.extend((0..300).map(|seq| (30, seq)));
            let run = write(&disk, 1, &rows);
            let opened = IdRun::open(&disk, Path::new(IDS), 1).unwrap().unwrap();
            for run in [run, opened] {
                assert_eq!(
                    found(&run, 20),
                    (0..places).collect::<Vec<_>>(),
                    "{before} rows before"
                );
                assert_eq!(found(&run, 10).len() as u64, before);
                assert_eq!(found(&run, 30).len(), 300);
                assert!(
                    [9, 11, 25, 31, 0, u64::MAX]
                        .iter()
                        .all(|key| found(&run, *key).is_empty())
                );
            }
        }
    }
}

#[test]
fn the_filter_dismisses_most_keys_that_are_not_there_and_none_that_is() {
    let rng = TestRng::new(3);
    let mut rows: Vec<Row> = (0..5_000).map(|seq| (rng.next(), seq)).collect();
    rows.sort_unstable();
    let run = write(&disk(), 1, &rows);
    assert!(
        rows.iter()
            .all(|(key, seq)| found(&run, *key).contains(seq))
    );
    let alarms = (0..20_000)
        .filter(|_| run.filter.may_have(rng.next()))
        .count();
    assert!(alarms < 20_000 * 3 / 100, "{alarms} false alarms");
}

#[test]
fn any_changed_byte_of_a_run_is_noticed() {
    let disk = disk();
    write(&disk, 1, &[(1, 1), (2, 2), (3, 3)]);
    let path = path_of(Path::new(IDS), 1);
    for offset in 0..disk.read(&path, 1 << 20).unwrap().len() as u64 {
        disk.flip_bit(&path, offset, 3).unwrap();
        assert!(
            IdRun::open(&disk, Path::new(IDS), 1).unwrap().is_none(),
            "byte {offset}"
        );
        disk.flip_bit(&path, offset, 3).unwrap();
    }
    assert!(IdRun::open(&disk, Path::new(IDS), 1).unwrap().is_some());
    assert!(
        IdRun::open(&disk, Path::new(IDS), 2).unwrap().is_none(),
        "a missing one"
    );
}

#[test]
fn an_index_finds_what_a_map_finds_through_any_order_of_adding_moving_and_merging() {
    for seed in 0..60 {
        let (rng, disk) = (TestRng::new(seed), disk());
        let mut index = IdIndex::default();
        let mut model: BTreeMap<u64, Vec<u64>> = BTreeMap::new();
        let mut recent: Vec<Row> = Vec::new();
        let mut next = 1;
        for seq in 0..400 {
            // A few keys, so that many collide.
            let row = (rng.next() % 40, seq / 2);
            if !model
                .get(&row.0)
                .is_some_and(|known| known.contains(&row.1))
            {
                index.add(row);
                recent.push(row);
                model.entry(row.0).or_default().push(row.1);
            }
            if rng.below(20) == 0 {
                // Not everything that is recent is always moved: what came during the round stays.
                let stay = recent.split_off(recent.len() - rng.below(recent.len() + 1));
                let mut moved = std::mem::replace(&mut recent, stay);
                moved.sort_unstable();
                let mut runs = index.runs().to_vec();
                runs.push(Arc::new(write(&disk, next, &moved)));
                next += 1;
                index.replace_runs(runs, &moved);
            }
            if rng.below(60) == 0 && !index.runs().is_empty() {
                let rows = merged_rows(index.runs()).unwrap();
                let run = write(&disk, next, &rows);
                next += 1;
                index.replace_runs(vec![Arc::new(run)], &[]);
            }
            let key = rng.next() % 44;
            let mut places = index.find(key).unwrap();
            places.sort_unstable();
            let mut expect = model.get(&key).cloned().unwrap_or_default();
            expect.sort_unstable();
            assert_eq!(places, expect, "seed {seed}, seq {seq}, key {key}");
        }
    }
}

#[test]
fn eight_runs_of_a_tier_become_one_and_the_dead_are_cleared_away() {
    let disk = disk();
    let runs: Vec<_> = (1..=8)
        .map(|number| Arc::new(write(&disk, number, &[(number, number)])))
        .collect();
    assert!(to_merge(&runs[..7]).is_empty());
    let merging = to_merge(&runs);
    assert_eq!(merging.len(), RUNS_PER_TIER);
    assert_eq!(
        merged_rows(&merging).unwrap(),
        (1..=8).map(|number| (number, number)).collect::<Vec<_>>()
    );
    remove_all_but(&disk, Path::new(IDS), &[3]);
    assert_eq!(disk.list(Path::new(IDS)).unwrap(), ["00000003.vti"]);
}
