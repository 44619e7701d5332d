//! An administrator who founds the logs anew under keys of his own; and one who brings an old copy back.

use std::sync::Arc;

use keys::master::KeysDirectory;
use keys::signer::{Extension, FileSigner, Signer};
use ledger::entry::Opening;
use ledger::hash::Hash;
use ledger::name::LogId;
use ledger::tree::CompactRange;
use store_embedded::OpenError;
use store_embedded::verify::{self, Inputs, Verdict};

use crate::blocks::{self, Pack};
use crate::scene::{Scene, edit, names, says};
use crate::site::Site;

#[test]
fn last_weeks_directory_is_found_and_not_opened() {
    let scene = Scene::new();
    let site = scene.site.on(&scene.last_week);
    let judged = scene.judge(&site);
    judged.is_caught();
    for log in [scene.alpha, scene.beta] {
        assert!(names(&judged.by_keys, log, 4), "{:?}", judged.by_keys);
    }
    assert_eq!(
        judged.by_nothing.verdict(),
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

fn is_journal_or_state(name: &str) -> bool {
    name.strip_suffix(".vtj").is_some() || name == "state.redb"
}

#[test]
fn an_old_state_file_and_journal_do_not_cut_newer_packs() {
    let scene = Scene::new();
    let (site, disk) = scene.site.copy(&scene.disk);
    let old = scene.site.on(&scene.last_week);
    for directory in ["journal", ""] {
        for name in site.disk.list(&site.data.join(directory)).unwrap() {
            if is_journal_or_state(&name) {
                site.disk
                    .remove(&site.data.join(directory).join(name))
                    .unwrap();
            }
        }
        for name in old.disk.list(&old.data.join(directory)).unwrap() {
            if is_journal_or_state(&name) {
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
        judged.by_nothing.verdict(),
        Verdict::Tampered,
        "{:?}",
        judged.by_nothing
    );
    let refused = &judged.by_checkpoints.problems;
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
        judged.by_nothing.verdict(),
        Verdict::SelfConsistent,
        "{:?}",
        judged.by_nothing
    );
    assert_eq!(judged.by_nothing.verdict().exit_code(), 4);
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
        &judged.by_keys,
        scene.alpha,
        "another verifier key than the keys directory's"
    ));
    assert!(says(
        &judged.by_keys,
        scene.alpha,
        "the root differs from the signer's memory"
    ));
}
