//! An administrator who may do anything with the data directory and nothing with the keys directory.
//!
//! He knows the format, recomputes every derived file, and makes keys of his own. Each test says what he is caught by:
//! the keys directory always; a checkpoint kept outside wherever it covers what he did; and with nothing outside he may
//! get away with it, but is never told "verified".

use std::sync::Arc;

use keys::master::KeysDirectory;
use keys::signer::{Extension, FileSigner, Signer};
use ledger::entry::Opening;
use ledger::hash::Hash;
use ledger::name::LogId;
use ledger::tree::CompactRange;
use store::{Batch, Change, LedgerStore, LogRef};
use store_embedded::OpenError;
use store_embedded::verify::{self, Inputs, Pinned, Report, Verdict};
use testkit::sim_disk::{Loss, SimDisk};

use crate::blocks::{self, ENTRIES, PARTS, Pack, Written};
use crate::site::{Site, block_on, event, tenant_named};

/// A store of two weeks, and what was kept outside at the end of each.
struct Scene {
    site: Site,
    disk: SimDisk,
    last_week: SimDisk,
    alpha: LogId,
    beta: LogId,
    instance: LogId,
    /// Checkpoints of alpha's log and of the instance log at the end of both weeks.
    notes: [Vec<String>; 2],
    /// The keys directory's word, which he can't change.
    pinned: Pinned,
}

/// What he left, judged by people who know more or less.
struct Judged {
    with_keys: Report,
    with_checkpoints: Report,
    with_nothing: Report,
}

impl Scene {
    fn new() -> Self {
        let (site, disk) = Site::simulated();
        let store = site.open().unwrap();
        for name in ["alpha", "beta"] {
            block_on(store.administer(Change::CreateTenant(site.tenant_record(name)), Vec::new()))
                .unwrap();
        }
        let [alpha, beta, instance] = ["alpha", "beta", "_instance"]
            .map(|name| tenant_named(&store, name).unwrap().record.main);
        drop(store);
        let first = Self::week(&site, 1);
        let last_week = disk.after_crash(Loss::Kept);
        let second = Self::week(&site, 2);
        let pinned = site.pinned();
        Self {
            site,
            disk,
            last_week,
            alpha,
            beta,
            instance,
            notes: [first, second],
            pinned,
        }
    }

    /// Some events in separate blocks; the checkpoints at the end.
    fn week(site: &Site, week: u32) -> Vec<String> {
        let store = site.open().unwrap();
        let mut note = String::new();
        for number in 0..3 {
            for name in ["alpha", "beta"] {
                let tenant = tenant_named(&store, name).unwrap();
                let log = LogRef::main(&tenant);
                let events = vec![event(&tenant, &format!("w{week}e{number}"))];
                let outcomes = block_on(store.append(Batch { log, events })).unwrap();
                let seq = outcomes[0].receipt().unwrap().seq;
                let signed = block_on(store.signed_past(log, seq)).unwrap();
                if name == "alpha" {
                    note = signed.note;
                }
            }
        }
        let instance = block_on(store.record_heads()).unwrap();
        block_on(store.close()).unwrap();
        vec![note, instance.note]
    }

    /// Lets him do something on a copy of the disk, and has it judged.
    fn attack(&self, what: impl FnOnce(&Site)) -> Judged {
        let (site, _) = self.site.copy(&self.disk);
        what(&site);
        self.judge(&site)
    }

    fn judge(&self, site: &Site) -> Judged {
        let run = |inputs: Inputs| verify::run(&inputs).unwrap();
        Judged {
            with_keys: run(Inputs {
                pinned: Some(self.pinned.clone()),
                ..site.inputs()
            }),
            with_checkpoints: run(Inputs {
                checkpoints: self.notes[1].clone(),
                ..site.inputs()
            }),
            with_nothing: run(site.inputs()),
        }
    }

    /// Rewrites the pack under a key of his own and drops the checkpoints that would contradict him.
    fn rewrite(&self, change: impl FnOnce(&mut Pack)) -> Judged {
        self.attack(|site| {
            let mut pack = Pack::read(site);
            change(&mut pack);
            pack.write(site, &[66; 32]);
            site.overwrite(&site.data.join("checkpoints"), b"");
        })
    }
}

impl Judged {
    /// The keys directory and the kept checkpoints convict; with nothing outside nothing is vouched for.
    fn is_caught(&self) -> &Self {
        assert_eq!(
            self.with_keys.verdict(),
            Verdict::Tampered,
            "{:?}",
            self.with_keys
        );
        assert_eq!(self.with_keys.verdict().exit_code(), 1);
        assert_eq!(
            self.with_checkpoints.verdict(),
            Verdict::Tampered,
            "{:?}",
            self.with_checkpoints
        );
        assert_ne!(self.with_nothing.verdict(), Verdict::Verified);
        self
    }

    /// What he did contradicts itself: nothing outside is needed.
    fn is_caught_without_anything(&self) -> &Self {
        assert_eq!(
            self.is_caught().with_nothing.verdict(),
            Verdict::Tampered,
            "{:?}",
            self.with_nothing
        );
        self
    }
}

/// Whether a problem names this entry of this log.
fn names(report: &Report, log: LogId, seq: u64) -> bool {
    report
        .problems
        .iter()
        .any(|problem| problem.log == Some(log) && problem.seq == Some(seq))
}

/// Whether a problem names this log and says this.
fn says(report: &Report, log: LogId, what: &str) -> bool {
    report
        .problems
        .iter()
        .any(|problem| problem.log == Some(log) && problem.what.contains(what))
}

/// Whether a problem names a file with this ending.
fn names_file(report: &Report, ending: &str) -> bool {
    let files = report
        .problems
        .iter()
        .filter_map(|problem| problem.file.as_ref());
    files
        .into_iter()
        .any(|file| file.to_string_lossy().ends_with(ending))
}

/// Replaces text in an entry.
fn edit(entry: &mut Vec<u8>, from: &str, to: &str) {
    let text = String::from_utf8(std::mem::take(entry)).unwrap();
    assert!(text.contains(from), "{text}");
    *entry = text.replace(from, to).into_bytes();
}

#[test]
fn nothing_done_is_verified_by_keys_and_by_checkpoints() {
    let scene = Scene::new();
    let judged = scene.attack(|_| ());
    assert_eq!(
        judged.with_keys.verdict(),
        Verdict::Verified,
        "{:?}",
        judged.with_keys
    );
    assert_eq!(judged.with_checkpoints.verdict(), Verdict::Verified);
    assert_eq!(judged.with_nothing.verdict(), Verdict::SelfConsistent);
    // What he writes anew without a change is right in every byte but the check that he can't make.
    let judged = scene.rewrite(|_| ());
    assert_eq!(judged.with_keys.verdict(), Verdict::Tampered);
    assert_eq!(
        judged.with_checkpoints.verdict(),
        Verdict::Verified,
        "{:?}",
        judged.with_checkpoints
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
        names_file(&judged.is_caught().with_keys, "00000001.vte"),
        "{:?}",
        judged.with_keys
    );
    assert!(
        says(&judged.with_checkpoints, scene.alpha, "the root differs"),
        "{:?}",
        judged.with_checkpoints
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
        names(&judged.with_nothing, scene.alpha, 2),
        "{:?}",
        judged.with_nothing
    );
    assert!(says(
        &judged.with_nothing,
        scene.alpha,
        "person part is not the one it names"
    ));
}

#[test]
fn a_removed_part_is_found_and_named() {
    let scene = Scene::new();
    let judged = scene.rewrite(|pack| pack.record(scene.beta, 3).details = None);
    judged.is_caught_without_anything();
    assert!(names(&judged.with_nothing, scene.beta, 3));
    assert!(says(
        &judged.with_nothing,
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
    assert!(names(&judged.with_nothing, scene.beta, 0));
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
            names(&judged.with_nothing, scene.alpha, seq),
            "{:?}",
            judged.with_nothing
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
        names(&judged.with_nothing, scene.alpha, 4),
        "{:?}",
        judged.with_nothing
    );
    assert!(says(
        &judged.with_nothing,
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
        &judged.is_caught().with_checkpoints,
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
        says(&judged.with_nothing, scene.alpha, "it stands twice"),
        "{:?}",
        judged.with_nothing
    );
    let judged = scene.rewrite(|pack| {
        as_it_is(pack);
        pack.renumber(scene.alpha);
    });
    judged.is_caught_without_anything();
    assert!(
        names(&judged.with_nothing, scene.alpha, 4),
        "{:?}",
        judged.with_nothing
    );
}

#[test]
fn an_entry_taken_out_of_the_middle_is_found() {
    let scene = Scene::new();
    let judged = scene.rewrite(|pack| drop(pack.records.remove(pack.index(scene.alpha, 3))));
    judged.is_caught_without_anything();
    assert!(
        names(&judged.with_nothing, scene.alpha, 3),
        "{:?}",
        judged.with_nothing
    );
    assert!(says(&judged.with_nothing, scene.alpha, "it is missing"));
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
        says(&judged.is_caught().with_keys, scene.beta, "are missing"),
        "{:?}",
        judged.with_keys
    );
    assert!(
        names(&judged.with_keys, scene.beta, 6),
        "{:?}",
        judged.with_keys
    );
    assert_eq!(judged.with_nothing.verdict(), Verdict::SelfConsistent);
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
    assert_eq!(left.is_caught().with_nothing.verdict(), Verdict::Tampered);
}

#[test]
fn last_weeks_directory_is_found_and_not_opened() {
    let scene = Scene::new();
    let site = scene.site.on(&scene.last_week);
    let judged = scene.judge(&site);
    judged.is_caught();
    for log in [scene.alpha, scene.beta] {
        assert!(names(&judged.with_keys, log, 4), "{:?}", judged.with_keys);
    }
    assert_eq!(
        judged.with_nothing.verdict(),
        Verdict::SelfConsistent,
        "it is what it was last week"
    );
    // Last week's checkpoints can't know: only newer evidence can.
    let old = verify::run(&Inputs {
        checkpoints: scene.notes[0].clone(),
        ..site.inputs()
    })
    .unwrap();
    assert_eq!(old.verdict(), Verdict::Verified);
    let this_week = scene.site.keys_directory();
    let signer = Box::new(FileSigner::open(&this_week).unwrap());
    let refused = site.open_with(this_week, signer).unwrap_err();
    let OpenError::RolledBack { log, signed, found } = refused else {
        panic!("{refused:?}")
    };
    assert!(
        signed > found && scene.pinned.heads[&log].size == signed,
        "{refused:?}"
    );
}

#[test]
fn an_old_state_file_and_journal_do_not_cut_newer_packs() {
    let scene = Scene::new();
    let (site, disk) = scene.site.copy(&scene.disk);
    let old = scene.site.on(&scene.last_week);
    for directory in ["journal", ""] {
        for name in site.disk.list(&site.data.join(directory)).unwrap() {
            if name.ends_with(".vtj") || name == "state.redb" {
                site.disk
                    .remove(&site.data.join(directory).join(name))
                    .unwrap();
            }
        }
        for name in old.disk.list(&old.data.join(directory)).unwrap() {
            if name.ends_with(".vtj") || name == "state.redb" {
                let path = site.data.join(directory).join(name);
                site.overwrite(&path, &old.read(&path));
            }
        }
    }
    let before = ["vte", "vtp"].map(|half| site.read(&blocks::path(&site, half)));
    let refused = site.open().unwrap_err();
    assert!(
        matches!(refused, OpenError::RolledBack { .. }),
        "{refused:?}"
    );
    assert_eq!(
        before,
        ["vte", "vtp"].map(|half| site.read(&blocks::path(&site, half))),
        "the packs were cut"
    );
    assert_eq!(site.on(&disk).verify().verdict(), Verdict::Verified);
}

#[test]
fn a_deleted_log_is_found_and_named() {
    let scene = Scene::new();
    let judged = scene.rewrite(|pack| pack.records.retain(|record| record.log != scene.beta));
    judged.is_caught_without_anything();
    for report in [&judged.with_checkpoints, &judged.with_nothing] {
        assert!(
            says(report, scene.beta, "the whole log is missing; entry"),
            "{:?}",
            report.problems
        );
    }
    assert!(says(
        &judged.with_keys,
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
        &judged.is_caught().with_keys,
        scene.beta,
        "the whole log is missing"
    ));
    assert!(
        says(&judged.with_checkpoints, scene.instance, "are missing"),
        "{:?}",
        judged.with_checkpoints
    );
}

/// Keys that he made himself, and a signer that signs whatever he likes.
struct Forger {
    signer: FileSigner,
}

impl Forger {
    fn new(site: &Site) -> Self {
        let directory = site.data.with_file_name("forger");
        let instance = site.keys_directory().instance();
        let keys = KeysDirectory::create(Arc::clone(&site.disk), &directory, &*site.rng, instance)
            .unwrap();
        Self {
            signer: FileSigner::open(&keys).unwrap(),
        }
    }

    /// Puts his verifier key into entry 0 of every log and signs them all.
    fn found_anew(&mut self, pack: &mut Pack) -> String {
        let mut ranges = std::collections::BTreeMap::<LogId, (String, CompactRange)>::new();
        for record in &mut pack.records {
            if record.seq == 0 {
                let mut opening = Opening::parse(&record.entry).unwrap();
                opening.vkey = self.signer.vkey(&opening.origin).unwrap();
                record.entry = opening.encode();
                ranges.insert(record.log, (opening.origin, CompactRange::new()));
            }
            ranges
                .get_mut(&record.log)
                .unwrap()
                .1
                .push(Hash::leaf(&record.entry));
        }
        let extensions: Vec<Extension> = ranges
            .into_iter()
            .map(|(log, (origin, range))| Extension {
                log,
                origin,
                size: range.size(),
                root: range.root(),
                proof: Vec::new(),
            })
            .collect();
        let notes = self.signer.sign(&extensions).unwrap();
        let mut text = String::new();
        for note in notes {
            ledger::json::write_string(&note.unwrap(), &mut text);
            text.push('\n');
        }
        text
    }
}

#[test]
fn a_replaced_verifier_key_is_found() {
    let scene = Scene::new();
    let judged = scene.attack(|site| {
        let mut pack = Pack::read(site);
        let notes = Forger::new(site).found_anew(&mut pack);
        pack.write(site, &[66; 32]);
        site.overwrite(&site.data.join("checkpoints"), notes.as_bytes());
    });
    judged.is_caught();
    // The instance log recorded the heads of the others as they were.
    assert_eq!(
        judged.with_nothing.verdict(),
        Verdict::Tampered,
        "{:?}",
        judged.with_nothing
    );
    let refused = &judged.with_checkpoints.problems;
    assert!(
        refused
            .iter()
            .any(|problem| problem.what.starts_with("a checkpoint that you kept")),
        "{refused:?}"
    );
}

#[test]
fn a_whole_new_history_under_other_keys_is_found_by_anything_kept_outside() {
    let scene = Scene::new();
    let judged = scene.attack(|site| {
        let mut pack = Pack::read(site);
        // Without the statements that contradict him.
        pack.records
            .retain(|record| record.log != scene.instance || record.seq < 3);
        edit(
            &mut pack.record(scene.alpha, 2).entry,
            "deployment.created",
            "deployment.deleted",
        );
        let notes = Forger::new(site).found_anew(&mut pack);
        pack.write(site, &[66; 32]);
        site.overwrite(&site.data.join("checkpoints"), notes.as_bytes());
    });
    judged.is_caught();
    assert_eq!(
        judged.with_nothing.verdict(),
        Verdict::SelfConsistent,
        "{:?}",
        judged.with_nothing
    );
    assert_eq!(judged.with_nothing.verdict().exit_code(), 4);
}

#[test]
fn the_keys_convict_other_verifier_keys_even_where_checks_are_right() {
    // Somebody who has the frame key and not the signer's: the entry names the wrong key, and that is said.
    let scene = Scene::new();
    let judged = scene.attack(|site| {
        let mut pack = Pack::read(site);
        let notes = Forger::new(site).found_anew(&mut pack);
        pack.write(site, &scene.pinned.frame_key);
        site.overwrite(&site.data.join("checkpoints"), notes.as_bytes());
    });
    judged.is_caught();
    assert!(says(
        &judged.with_keys,
        scene.alpha,
        "another verifier key than the keys directory's"
    ));
    assert!(says(
        &judged.with_keys,
        scene.alpha,
        "the root differs from the signer's memory"
    ));
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
        judged.with_keys.verdict(),
        Verdict::Tampered,
        "{:?}",
        judged.with_keys
    );
    assert!(
        names_file(&judged.with_keys, "00000001.vte"),
        "{:?}",
        judged.with_keys
    );
    // Without the frame key nobody can tell: the checkpoints vouch for what they cover, and the report says so.
    assert_eq!(judged.with_checkpoints.verdict(), Verdict::Verified);
    let log = judged
        .with_checkpoints
        .logs
        .iter()
        .find(|log| log.log == scene.alpha)
        .unwrap();
    assert_eq!((log.vouched, log.size), (7, 8));
    assert_eq!(judged.with_nothing.verdict(), Verdict::SelfConsistent);
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
        unsigned.with_keys.verdict(),
        Verdict::Verified,
        "{:?}",
        unsigned.with_keys
    );
    assert_eq!(unsigned.with_keys.unsigned, 1);
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
    assert_eq!(judged.with_keys.verdict(), Verdict::Tampered);
    assert!(
        names_file(&judged.with_keys, "00000001.vtp"),
        "{:?}",
        judged.with_keys
    );
    assert_eq!(
        judged.with_nothing.verdict(),
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
    assert_eq!(judged.with_keys.verdict(), Verdict::Tampered);
    assert!(
        names_file(&judged.with_keys, ".vtj"),
        "{:?}",
        judged.with_keys
    );
}

#[test]
fn every_single_byte_of_the_packs_counts() {
    let scene = Scene::new();
    let mut changed = 0;
    for half in ["vte", "vtp"] {
        let path = blocks::path(&scene.site, half);
        let bytes = scene.site.read(&path);
        let (site, _) = scene.site.copy(&scene.disk);
        for at in 0..bytes.len() {
            let mut bytes = bytes.clone();
            bytes[at] ^= [1, 0xff, 0x80][at % 3];
            site.overwrite(&path, &bytes);
            let inputs = Inputs {
                pinned: Some(scene.pinned.clone()),
                ..site.inputs()
            };
            let report = verify::run(&inputs).unwrap();
            assert_eq!(report.verdict(), Verdict::Tampered, "{half}, byte {at}");
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
}
