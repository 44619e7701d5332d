//! An administrator who edits packs, knows the format and recomputes every derived file.
//!
//! Each test says what he is caught by: the keys directory always; a checkpoint kept outside wherever it covers what he
//! did; and with nothing outside he may get away with it, but is never told "verified".

use store::{Batch, Change, LedgerStore, LogRef};
use store_embedded::OpenError;
use store_embedded::verify::{self, Inputs, Verdict};

use crate::blocks::{self, ENTRIES, PARTS, Pack, Written};
use crate::scene::{Scene, edit, names, names_file, says};
use crate::site::{Site, block_on, event, tenant_named};

#[test]
fn nothing_done_is_verified_by_keys_and_by_checkpoints() {
    let scene = Scene::new();
    let judged = scene.attack(|_| ());
    assert_eq!(
        judged.by_keys.verdict(),
        Verdict::Verified,
        "{:?}",
        judged.by_keys
    );
    assert_eq!(judged.by_checkpoints.verdict(), Verdict::Verified);
    assert_eq!(judged.by_nothing.verdict(), Verdict::SelfConsistent);
    // What he writes anew without a change is right in every byte but the check that he can't make.
    let judged = scene.rewrite(|_| ());
    assert_eq!(judged.by_keys.verdict(), Verdict::Tampered);
    assert_eq!(
        judged.by_checkpoints.verdict(),
        Verdict::Verified,
        "{:?}",
        judged.by_checkpoints
    );
}

#[test]
fn an_edited_entry_is_found() {
    let scene = Scene::new();
    let judged = scene.rewrite(|pack| {
        edit(
            &mut pack.record(scene.alpha, 2).entry,
            "deployment.created",
            "deployment.deleted",
        );
    });
    assert!(
        names_file(&judged.is_caught().by_keys, "00000001.vte"),
        "{:?}",
        judged.by_keys
    );
    assert!(
        says(&judged.by_checkpoints, scene.alpha, "the root differs"),
        "{:?}",
        judged.by_checkpoints
    );
}

#[test]
fn an_edited_part_is_found_and_named() {
    let scene = Scene::new();
    let judged = scene.rewrite(|pack| {
        edit(
            pack.record(scene.alpha, 2).person.as_mut().unwrap(),
            "dev@example.com",
            "sam@example.com",
        );
    });
    judged.is_caught_without_anything();
    assert!(
        names(&judged.by_nothing, scene.alpha, 2),
        "{:?}",
        judged.by_nothing
    );
    assert!(says(
        &judged.by_nothing,
        scene.alpha,
        "person part is not the one it names"
    ));
}

#[test]
fn a_removed_part_is_found_and_named() {
    let scene = Scene::new();
    let judged = scene.rewrite(|pack| pack.record(scene.beta, 3).details = None);
    judged.is_caught_without_anything();
    assert!(names(&judged.by_nothing, scene.beta, 3));
    assert!(says(
        &judged.by_nothing,
        scene.beta,
        "details part is missing, and no erasure is recorded"
    ));
}

#[test]
fn an_added_part_is_found_and_named() {
    let scene = Scene::new();
    let judged =
        scene.rewrite(|pack| pack.record(scene.beta, 0).details = Some(b"[\"x\"]".to_vec()));
    judged.is_caught_without_anything();
    assert!(names(&judged.by_nothing, scene.beta, 0));
}

#[test]
fn swapped_parts_are_found_and_named() {
    let scene = Scene::new();
    let judged = scene.rewrite(|pack| {
        let [one, two] = [pack.index(scene.alpha, 1), pack.index(scene.alpha, 2)];
        let details = pack.records[one].details.take();
        pack.records[one].details = pack.records[two].details.take();
        pack.records[two].details = details;
    });
    judged.is_caught_without_anything();
    for seq in [1, 2] {
        assert!(
            names(&judged.by_nothing, scene.alpha, seq),
            "{:?}",
            judged.by_nothing
        );
    }
}

#[test]
fn swapped_entries_are_found_and_named() {
    let scene = Scene::new();
    let judged = scene.rewrite(|pack| {
        let [one, two] = [pack.index(scene.alpha, 4), pack.index(scene.alpha, 5)];
        pack.records.swap(one, two);
        pack.renumber(scene.alpha);
    });
    judged.is_caught_without_anything();
    assert!(
        names(&judged.by_nothing, scene.alpha, 4),
        "{:?}",
        judged.by_nothing
    );
    assert!(says(
        &judged.by_nothing,
        scene.alpha,
        "it says that it is entry 5"
    ));
}

#[test]
fn swapped_entries_that_say_their_new_places_are_found() {
    let scene = Scene::new();
    let judged = scene.rewrite(|pack| {
        let [one, two] = [pack.index(scene.alpha, 4), pack.index(scene.alpha, 5)];
        pack.records.swap(one, two);
        pack.renumber(scene.alpha);
        edit(
            &mut pack.records[one].entry,
            "\"seq\":\"5\"",
            "\"seq\":\"4\"",
        );
        edit(
            &mut pack.records[two].entry,
            "\"seq\":\"4\"",
            "\"seq\":\"5\"",
        );
    });
    assert!(says(
        &judged.is_caught().by_checkpoints,
        scene.alpha,
        "the root differs"
    ));
}

#[test]
fn a_doubled_entry_is_found() {
    let scene = Scene::new();
    let as_it_is = |pack: &mut Pack| {
        let at = pack.index(scene.alpha, 3);
        let record = pack.records[at].clone();
        pack.records.insert(at, record);
    };
    let judged = scene.rewrite(as_it_is);
    judged.is_caught_without_anything();
    assert!(
        says(&judged.by_nothing, scene.alpha, "it stands twice"),
        "{:?}",
        judged.by_nothing
    );
    let judged = scene.rewrite(|pack| {
        as_it_is(pack);
        pack.renumber(scene.alpha);
    });
    judged.is_caught_without_anything();
    assert!(
        names(&judged.by_nothing, scene.alpha, 4),
        "{:?}",
        judged.by_nothing
    );
}

#[test]
fn an_entry_taken_out_of_the_middle_is_found() {
    let scene = Scene::new();
    let judged = scene.rewrite(|pack| drop(pack.records.remove(pack.index(scene.alpha, 3))));
    judged.is_caught_without_anything();
    assert!(
        names(&judged.by_nothing, scene.alpha, 3),
        "{:?}",
        judged.by_nothing
    );
    assert!(says(&judged.by_nothing, scene.alpha, "it is missing"));
}

#[test]
fn a_tail_cut_at_the_edge_of_a_block_is_found_and_named() {
    let scene = Scene::new();
    // Every byte that he leaves is genuine.
    let judged = scene.attack(|site| {
        let entries = site.read(&blocks::path(site, "vte"));
        let kept = blocks::blocks(&entries)
            .into_iter()
            .filter(|block| block.kind == ENTRIES)
            .count()
            - 3;
        for (half, kind) in [("vte", ENTRIES), ("vtp", PARTS)] {
            let bytes = site.read(&blocks::path(site, half));
            let of_kind = blocks::blocks(&bytes)
                .into_iter()
                .filter(|block| block.kind == kind);
            let end = of_kind.into_iter().nth(kept).unwrap().offset;
            site.overwrite(&blocks::path(site, half), &bytes[..end]);
        }
        site.overwrite(&site.data.join("checkpoints"), b"");
    });
    assert!(
        says(&judged.is_caught().by_keys, scene.beta, "are missing"),
        "{:?}",
        judged.by_keys
    );
    assert!(
        names(&judged.by_keys, scene.beta, 6),
        "{:?}",
        judged.by_keys
    );
    assert_eq!(judged.by_nothing.verdict(), Verdict::SelfConsistent);
    // Had he left the checkpoints, those would have told.
    let left = scene.attack(|site| {
        for (half, kind) in [("vte", ENTRIES), ("vtp", PARTS)] {
            let bytes = site.read(&blocks::path(site, half));
            let end = blocks::blocks(&bytes)
                .into_iter()
                .rfind(|block| block.kind == kind)
                .unwrap()
                .offset;
            site.overwrite(&blocks::path(site, half), &bytes[..end]);
        }
    });
    assert_eq!(left.is_caught().by_nothing.verdict(), Verdict::Tampered);
}

#[test]
fn a_deleted_log_is_found_and_named() {
    let scene = Scene::new();
    let judged = scene.rewrite(|pack| pack.records.retain(|record| record.log != scene.beta));
    judged.is_caught_without_anything();
    for report in [&judged.by_checkpoints, &judged.by_nothing] {
        assert!(
            says(report, scene.beta, "the whole log is missing; entry"),
            "{:?}",
            report.problems
        );
    }
    assert!(says(
        &judged.by_keys,
        scene.beta,
        "the whole log is missing; the signer's memory"
    ));
}

#[test]
fn a_deleted_log_that_the_instance_log_forgets_is_found() {
    let scene = Scene::new();
    let judged = scene.rewrite(|pack| {
        pack.records.retain(|record| record.log != scene.beta);
        pack.records
            .retain(|record| record.log != scene.instance || record.seq < 3);
    });
    assert!(says(
        &judged.is_caught().by_keys,
        scene.beta,
        "the whole log is missing"
    ));
    assert!(
        says(&judged.by_checkpoints, scene.instance, "are missing"),
        "{:?}",
        judged.by_checkpoints
    );
}

#[test]
fn entries_added_behind_the_head_without_the_frame_key_are_found() {
    let scene = Scene::new();
    let forged = |pack: &Pack| {
        let last = pack
            .records
            .iter()
            .rfind(|record| record.log == scene.alpha)
            .unwrap();
        let seq = last.seq + 1;
        let mut record = Written {
            seq,
            ..last.clone()
        };
        edit(
            &mut record.entry,
            &format!("\"seq\":\"{}\"", last.seq),
            &format!("\"seq\":\"{seq}\""),
        );
        record
    };
    // Behind blocks that are all genuine.
    let judged = scene.attack(|site| {
        let pack = Pack::read(site);
        let record = forged(&pack);
        let only = Pack {
            records: vec![record],
            ..pack
        };
        let [entries, parts] = ["vte", "vtp"].map(|half| site.read(&blocks::path(site, half)));
        only.append(site, entries, parts, &[66; 32]);
    });
    assert_eq!(
        judged.by_keys.verdict(),
        Verdict::Tampered,
        "{:?}",
        judged.by_keys
    );
    assert!(
        names_file(&judged.by_keys, "00000001.vte"),
        "{:?}",
        judged.by_keys
    );
    // Without the frame key nobody can tell: the checkpoints vouch for what they cover, and the report says so.
    assert_eq!(judged.by_checkpoints.verdict(), Verdict::Verified);
    let log = judged
        .by_checkpoints
        .logs
        .iter()
        .find(|log| log.log == scene.alpha)
        .unwrap();
    assert_eq!((log.vouched, log.size), (7, 8));
    assert_eq!(judged.by_nothing.verdict(), Verdict::SelfConsistent);
    // Who has the frame key may write, and what he wrote is not signed: reported, and no alarm.
    let unsigned = scene.attack(|site| {
        let pack = Pack::read(site);
        let record = forged(&pack);
        let only = Pack {
            records: vec![record],
            ..pack
        };
        let [entries, parts] = ["vte", "vtp"].map(|half| site.read(&blocks::path(site, half)));
        only.append(site, entries, parts, &scene.pinned.frame_key);
    });
    assert_eq!(
        unsigned.by_keys.verdict(),
        Verdict::Verified,
        "{:?}",
        unsigned.by_keys
    );
    assert_eq!(unsigned.by_keys.unsigned, 1);
}

#[test]
fn blocks_that_change_places_are_found() {
    let scene = Scene::new();
    // Two genuine blocks of the same length, exchanged: each bears a right check, of another place.
    let judged = scene.attack(|site| {
        let path = blocks::path(site, "vtp");
        let mut bytes = site.read(&path);
        let all = blocks::blocks(&bytes);
        let pairs = all
            .iter()
            .flat_map(|one| all.iter().map(move |two| (one, two)));
        let (one, two) = pairs
            .into_iter()
            .find(|(one, two)| {
                one.offset < two.offset
                    && one.bytes.len() == two.bytes.len()
                    && one.bytes != two.bytes
            })
            .expect("events of one kind make blocks of one length");
        bytes[two.offset..][..two.bytes.len()].copy_from_slice(&one.bytes);
        bytes[one.offset..][..one.bytes.len()].copy_from_slice(&two.bytes);
        site.overwrite(&path, &bytes);
    });
    assert_eq!(judged.by_keys.verdict(), Verdict::Tampered);
    assert!(
        names_file(&judged.by_keys, "00000001.vtp"),
        "{:?}",
        judged.by_keys
    );
    assert_eq!(
        judged.by_nothing.verdict(),
        Verdict::Tampered,
        "parts stand beside the wrong entries"
    );
}

#[test]
fn a_frame_forged_in_the_journal_is_refused_and_found() {
    let scene = Scene::new();
    let judged = scene.attack(|site| {
        let directory = site.data.join("journal");
        let name = site.disk.list(&directory).unwrap().remove(0);
        let path = directory.join(name);
        let mut bytes = site.read(&path);
        bytes.extend(b"VTF1");
        bytes.extend(&bytes.clone()[16..24]);
        bytes.extend([0, 0, 0, 1]);
        bytes.extend([7; 20]);
        bytes.push(255);
        site.overwrite(&path, &bytes);
        let refused = site.open().unwrap_err();
        assert!(
            matches!(
                refused,
                OpenError::Journal(store_embedded::JournalError::Damaged { .. })
            ),
            "{refused:?}"
        );
    });
    assert_eq!(judged.by_keys.verdict(), Verdict::Tampered);
    assert!(names_file(&judged.by_keys, ".vtj"), "{:?}", judged.by_keys);
}

/// The smallest store that has everything: both logs of two tenants, parts, a registry block.
fn small() -> Site {
    let (site, _) = Site::simulated();
    let store = site.open().unwrap();
    let change = Change::CreateTenant(site.tenant_record("alpha"));
    block_on(store.administer(change, Vec::new())).unwrap();
    let tenant = tenant_named(&store, "alpha").unwrap();
    let events = ["a", "b"].map(|id| event(&tenant, id)).into();
    block_on(store.append(Batch {
        log: LogRef::main(&tenant),
        events,
    }))
    .unwrap();
    block_on(store.close()).unwrap();
    site
}

#[test]
fn every_single_byte_of_the_packs_counts() {
    let site = small();
    let pinned = site.pinned();
    let mut changed = 0;
    for half in ["vte", "vtp"] {
        let path = blocks::path(&site, half);
        let bytes = site.read(&path);
        for at in 0..bytes.len() {
            let mut bytes = bytes.clone();
            bytes[at] ^= [1, 0xff, 0x80][at % 3];
            site.overwrite(&path, &bytes);
            let inputs = Inputs {
                pinned: Some(pinned.clone()),
                ..site.inputs()
            };
            let report = verify::run(&inputs).unwrap();
            assert_eq!(report.verdict().exit_code(), 1, "{half}, byte {at}");
            let named = |problem: &verify::Problem| {
                problem.file.is_some() || (problem.log.is_some() && problem.seq.is_some())
            };
            assert!(
                report.problems.iter().any(named),
                "{half}, byte {at}: {:?}",
                report.problems
            );
            changed += 1;
        }
        site.overwrite(&path, &bytes);
        assert_eq!(site.verify().verdict(), Verdict::Verified);
    }
    println!("{changed} bytes changed, every one found");
    assert!(changed > 2_000, "{changed} bytes");
}
