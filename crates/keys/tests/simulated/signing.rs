//! What the signer signs, and what nobody can make it sign.

use keys::durable::{OpenMode, Secrecy};
use keys::signer::{Extension, Head, HeadsError, PinnedHead, Refusal, Signer, read_heads};
use ledger::checkpoint;
use ledger::name::LogId;
use ledger::note::{Note, VerifierKey};

use super::*;
use crate::toy_log::ToyLog;

/// Signs one head and answers with the note.
fn sign(signer: &mut FileSigner, extension: Extension) -> Result<String, Refusal> {
    let mut answers = signer.sign(&[extension]).unwrap();
    assert_eq!(answers.len(), 1);
    answers.remove(0)
}

fn flip(hash: &mut Hash) {
    hash.0[5] ^= 1;
}

#[test]
fn signs_a_growing_log_and_remembers_it() {
    let disk = initialised();
    let log = ToyLog::new(1);
    let mut first = signer(&disk).unwrap();
    let mut signed = 0;
    for size in [1, 2, 3, 8, 9, 100] {
        let note = sign(&mut first, log.extension(signed, size)).unwrap();
        let key = VerifierKey::parse(&first.vkey(&log.origin()).unwrap()).unwrap();
        let checkpoint = checkpoint::open(&note, &key, &log.origin()).unwrap();
        assert_eq!(
            (checkpoint.size(), *checkpoint.root()),
            (size, log.root(size))
        );
        signed = size;
    }
    drop(first);

    let mut again = signer(&disk.after_crash(Loss::All)).unwrap();
    let root = log.root(100);
    assert_eq!(again.last(&log.id), Some(Head { size: 100, root }));
    let origin = log.origin();
    let pinned = PinnedHead {
        origin: origin.clone(),
        size: 100,
        root,
    };
    assert_eq!(again.heads(), [(log.id, pinned)].into());
    sign(&mut again, log.extension(100, 101)).unwrap();
}

#[test]
fn the_same_head_again_gives_the_same_bytes_and_no_sync() {
    let disk = initialised();
    let log = ToyLog::new(1);
    let mut signer = signer(&disk).unwrap();
    let note = sign(&mut signer, log.extension(0, 7)).unwrap();
    let syncs = disk.sync_points();
    assert_eq!(sign(&mut signer, log.extension(7, 7)).unwrap(), note);
    assert_eq!(signer.resign(&log.id, &log.origin()), Some(note));
    assert_eq!(signer.resign(&log.id, "elsewhere"), None);
    assert_eq!(signer.resign(&LogId([9; 16]), &log.origin()), None);
    assert_eq!(signer.vkey("no key name"), None);
    assert_eq!(disk.sync_points(), syncs);
}

#[test]
fn one_sync_makes_a_whole_call_durable() {
    let disk = initialised();
    let mut signer = signer(&disk).unwrap();
    let logs: Vec<ToyLog> = (0..100).map(ToyLog::new).collect();
    let asked: Vec<Extension> = logs.iter().map(|log| log.extension(0, 3)).collect();
    let syncs = disk.sync_points();
    assert!(signer.sign(&asked).unwrap().iter().all(Result::is_ok));
    assert_eq!(disk.sync_points(), syncs + 1);
    drop(signer);
    assert_eq!(
        super::signer(&disk.after_crash(Loss::All))
            .unwrap()
            .heads()
            .len(),
        100
    );
}

#[test]
fn a_shorter_log_is_refused() {
    let mut signer = signer(&initialised()).unwrap();
    let log = ToyLog::new(1);
    sign(&mut signer, log.extension(0, 7)).unwrap();
    let refusal = Refusal::Shrinks {
        log: log.id,
        signed: 7,
        asked: 6,
    };
    assert_eq!(sign(&mut signer, log.extension(0, 6)), Err(refusal));
    let emptied = sign(&mut signer, log.extension(0, 0));
    assert!(matches!(emptied, Err(Refusal::Shrinks { asked: 0, .. })));
}

#[test]
fn another_root_at_the_same_size_is_refused() {
    let mut signer = signer(&initialised()).unwrap();
    let log = ToyLog::new(1);
    sign(&mut signer, log.extension(0, 7)).unwrap();
    let refusal = Refusal::Forks {
        log: log.id,
        size: 7,
    };
    let forked = log.rewritten().extension(7, 7);
    assert_eq!(sign(&mut signer, forked), Err(refusal));
}

#[test]
fn a_rewritten_history_is_refused_with_any_proof() {
    let mut signer = signer(&initialised()).unwrap();
    let log = ToyLog::new(1);
    sign(&mut signer, log.extension(0, 7)).unwrap();
    let good = log.extension(7, 12);
    let rewritten = log.rewritten().extension(7, 12);
    let mut attacks = vec![
        rewritten.clone(),
        Extension {
            proof: good.proof.clone(),
            ..rewritten.clone()
        },
        Extension {
            proof: vec![],
            ..rewritten
        },
        Extension {
            proof: vec![],
            ..good.clone()
        },
    ];
    for at in 0..good.proof.len() {
        let mut flipped = good.clone();
        flip(&mut flipped.proof[at]);
        let mut short = good.clone();
        short.proof.remove(at);
        let mut long = good.clone();
        long.proof.insert(at, Hash::default());
        attacks.extend([flipped, short, long]);
    }
    let mut other_root = good.clone();
    flip(&mut other_root.root);
    attacks.push(other_root);
    for attack in attacks {
        let refused = sign(&mut signer, attack.clone());
        assert!(
            matches!(refused, Err(Refusal::Unproven { signed: 7, .. })),
            "{attack:?}: {refused:?}"
        );
    }
    sign(&mut signer, good).unwrap();
}

#[test]
fn an_origin_belongs_to_one_log_for_ever() {
    let mut signer = signer(&initialised()).unwrap();
    let [log, other] = [1, 2].map(ToyLog::new);
    sign(&mut signer, log.extension(0, 7)).unwrap();
    let renamed = Extension {
        origin: format!("elsewhere.invalid/{}", log.id),
        ..log.extension(7, 9)
    };
    let refused = sign(&mut signer, renamed);
    assert!(matches!(refused, Err(Refusal::OtherOrigin { log: named, .. }) if named == log.id));

    let id = other.id;
    let bad = [
        log.origin(),
        format!("/{id}"),
        format!("a b/{id}"),
        format!("a+b/{id}"),
        format!("a\nb/{id}"),
        format!("ä/{id}"),
        format!("{}/{id}", "a".repeat(223)),
        String::new(),
    ];
    for origin in bad {
        let asked = Extension {
            origin: origin.clone(),
            ..other.extension(0, 1)
        };
        let refusal = Refusal::BadOrigin { log: id, origin };
        assert_eq!(sign(&mut signer, asked), Err(refusal));
    }
}

#[test]
fn a_log_said_to_be_known_is_refused_when_it_is_not() {
    let mut signer = signer(&initialised()).unwrap();
    let log = ToyLog::new(1);
    let refused = sign(&mut signer, log.extension(3, 5));
    assert_eq!(refused, Err(Refusal::NeverSigned { log: log.id }));
    let empty = sign(&mut signer, log.extension(0, 0));
    assert_eq!(empty, Err(Refusal::Empty { log: log.id }));
}

#[test]
fn one_bad_head_does_not_stop_the_others() {
    let disk = initialised();
    let mut signer = signer(&disk).unwrap();
    let [one, two, three] = [1, 2, 3].map(ToyLog::new);
    let asked = [one.extension(0, 4), two.extension(0, 4)];
    assert!(signer.sign(&asked).unwrap().iter().all(Result::is_ok));
    let answers = signer
        .sign(&[
            one.extension(4, 6),
            two.rewritten().extension(4, 6),
            three.extension(0, 1),
            // Each extends the one before it in the same call.
            one.extension(6, 9),
            one.extension(4, 7),
        ])
        .unwrap();
    let signed: Vec<bool> = answers.iter().map(Result::is_ok).collect();
    assert_eq!(signed, [true, false, true, true, false]);
    let sizes = [one, two, three].map(|log| signer.last(&log.id).unwrap().size);
    assert_eq!(sizes, [9, 4, 1]);
    drop(signer);
    let heads = super::signer(&disk.after_crash(Loss::All)).unwrap().heads();
    assert_eq!(heads[&one.id].size, 9);
}

#[test]
fn two_signers_are_refused() {
    let disk = initialised();
    let held = signer(&disk).unwrap();
    assert!(matches!(signer(&disk), Err(SignerError::InUse { .. })));
    drop(held);
    signer(&disk).unwrap();
}

#[test]
fn the_heads_are_read_while_the_signer_writes() {
    let disk = initialised();
    let log = ToyLog::new(1);
    let mut held = signer(&disk).unwrap();
    sign(&mut held, log.extension(0, 7)).unwrap();
    let read = || read_heads(&disk, Path::new(HEADS));
    assert_eq!(read().unwrap(), held.heads());
    let keys = open(&disk).unwrap();
    assert_eq!(keys.pinned_heads().unwrap(), held.heads());
    assert_eq!(keys.public_key().unwrap(), held.public_key());

    // What a reader may see while the next group is being written.
    let file = disk
        .open(Path::new(HEADS), OpenMode::ReadWrite, Secrecy::Secret)
        .unwrap();
    let end = file.len().unwrap();
    let group = format!("+ {:016x} {:08x}\n{} 9", 1, 300, log.id);
    for length in 1..group.len() {
        file.set_len(end).unwrap();
        file.write_at(&group.as_bytes()[..length], end).unwrap();
        assert_eq!(read().unwrap()[&log.id].size, 7);
    }
    file.set_len(end + 300).unwrap();
    assert_eq!(read().unwrap()[&log.id].size, 7);
}

#[test]
fn damaged_heads_are_refused_by_signer_and_reader() {
    let base = initialised();
    let log = ToyLog::new(1);
    let mut held = signer(&base).unwrap();
    sign(&mut held, log.extension(0, 7)).unwrap();
    sign(&mut held, log.extension(7, 8)).unwrap();
    drop(held);
    let length = base.read(Path::new(HEADS), 1 << 20).unwrap().len() as u64;
    for offset in 0..length {
        let disk = base.after_crash(Loss::Kept);
        let bit = u8::try_from(offset % 8).unwrap();
        disk.flip_bit(Path::new(HEADS), offset, bit).unwrap();
        let opened = signer(&disk);
        assert!(
            matches!(
                opened,
                Err(SignerError::Heads {
                    source: HeadsError::Damaged { .. } | HeadsError::Newer { .. }
                })
            ),
            "byte {offset}: {opened:?}"
        );
        assert!(read_heads(&disk, Path::new(HEADS)).is_err());
    }
}

#[test]
fn a_lost_memory_is_not_taken_for_an_empty_one() {
    let disk = initialised();
    let log = ToyLog::new(1);
    sign(&mut signer(&disk).unwrap(), log.extension(0, 7)).unwrap();
    disk.remove(Path::new(HEADS)).unwrap();
    let opened = signer(&disk);
    assert!(
        matches!(
            opened,
            Err(SignerError::Heads {
                source: HeadsError::Missing { .. }
            })
        ),
        "{opened:?}"
    );
}

#[test]
fn a_changed_key_is_noticed() {
    let base = initialised();
    let path = Path::new("/var/keys/signer/key");
    let length = base.read(path, 1 << 20).unwrap().len() as u64;
    for offset in length - 65..length {
        let disk = base.after_crash(Loss::Kept);
        disk.flip_bit(path, offset, 0).unwrap();
        assert!(matches!(
            signer(&disk),
            Err(SignerError::OtherKey { .. } | SignerError::DamagedKey { .. })
        ));
    }
}

#[test]
fn a_full_disk_signs_nothing_and_is_survived() {
    for room in [0, 1, 60, 300, 700] {
        let disk = initialised();
        let logs: Vec<ToyLog> = (0..8).map(ToyLog::new).collect();
        let asked: Vec<Extension> = logs.iter().map(|log| log.extension(0, 3)).collect();
        let mut held = signer(&disk).unwrap();
        disk.full_after(room);
        let refused = held.sign(&asked);
        assert!(
            matches!(refused, Err(SignerError::Disk { .. })),
            "{refused:?}"
        );
        assert_eq!(held.heads().len(), 0);
        disk.heal();
        // Other heads than those that did not fit, so that nothing of them can pass for these.
        assert!(held.sign(&asked[5..]).unwrap().iter().all(Result::is_ok));
        drop(held);
        for loss in losses() {
            assert_eq!(signer(&disk.after_crash(loss)).unwrap().heads().len(), 3);
        }
    }
}

#[test]
fn too_many_heads_at_once_are_refused() {
    let mut signer = signer(&initialised()).unwrap();
    let asked = vec![ToyLog::new(1).extension(0, 1); keys::signer::EXTENSIONS_MAX + 1];
    assert!(matches!(
        signer.sign(&asked),
        Err(SignerError::TooMany { asked: 100_001 })
    ));
}

#[test]
fn manifests_of_exports_are_signed_and_no_text_that_could_be_a_checkpoint() {
    let disk = initialised();
    let (log, stranger) = (ToyLog::new(1), ToyLog::new(2));
    let mut signer = signer(&disk).unwrap();
    let checkpoint = sign(&mut signer, log.extension(0, 7)).unwrap();
    let syncs = disk.sync_points();
    let text = format!("{}\n{{\n}}\n", ledger::export::HEADING);
    let note = signer.sign_export(&log.id, &text).unwrap();
    let key = VerifierKey::parse(&signer.vkey(&log.origin()).unwrap()).unwrap();
    let verified = Note::parse(&note)
        .unwrap()
        .verify(std::slice::from_ref(&key));
    assert_eq!(verified.unwrap().text(), text);
    assert!(checkpoint::open(&note, &key, &log.origin()).is_err());
    assert_eq!(
        disk.sync_points(),
        syncs,
        "a manifest is nothing to remember"
    );
    let unsigned = Note::parse(&checkpoint)
        .unwrap()
        .unverified_text()
        .to_owned();
    let grown = unsigned.replacen("\n7\n", "\n8\n", 1);
    for refused in [
        "",
        "\n",
        "veritrail/export/1\n",
        &unsigned,
        &grown,
        &text[1..],
    ] {
        assert_eq!(
            signer.sign_export(&log.id, refused),
            Err(Refusal::NotAManifest { log: log.id }),
            "{refused:?}"
        );
    }
    assert_eq!(
        signer.sign_export(&stranger.id, &text),
        Err(Refusal::UnknownLog { log: stranger.id })
    );
}
