//! No crash makes the signer forget what it signed, so no crash lets it sign two histories.

use std::collections::BTreeMap;

use keys::signer::{Extension, Refusal, Signer, read_heads};
use ledger::name::LogId;
use testkit::sim_disk::CrashSide;

use super::*;
use crate::toy_log::ToyLog;

/// What left the signer: the largest size of each log for which a signature came back.
type Issued = BTreeMap<LogId, u64>;

/// Signs the last heads once more and then rounds of growth, noting what came back, until the disk stops.
fn grow(disk: &SimDisk, rounds: &[Vec<(ToyLog, u64)>], issued: &mut Issued) {
    let Ok(keys) = open(disk) else { return };
    let Ok(mut signer) = FileSigner::open(&keys) else {
        return;
    };
    for (log, head) in signer.heads() {
        signer.resign(&log, &head.origin).unwrap();
        issued.insert(log, head.size);
    }
    for round in rounds {
        let asked: Vec<Extension> = round
            .iter()
            .map(|(log, size)| {
                let signed = signer.last(&log.id).map_or(0, |head| head.size);
                log.extension(signed, *size)
            })
            .collect();
        let Ok(answers) = signer.sign(&asked) else {
            return;
        };
        for ((log, size), answer) in round.iter().zip(answers) {
            match answer {
                Ok(_) => drop(issued.insert(log.id, *size)),
                // A round that was recorded before the crash is asked for once more, and the one after it too.
                Err(refusal) => assert!(matches!(refusal, Refusal::Shrinks { .. }), "{refusal}"),
            }
        }
    }
}

/// Attacks and uses the signer that comes up after a crash.
fn check_after(after: &SimDisk, logs: &[ToyLog], issued: &Issued) {
    let mut signer = signer(after).unwrap();
    assert_eq!(read_heads(after, Path::new(HEADS)).unwrap(), signer.heads());
    for log in logs {
        let signed = signer.last(&log.id).map_or(0, |head| head.size);
        let issued = issued.get(&log.id).copied().unwrap_or(0);
        assert!(signed >= issued, "{} forgot {issued} for {signed}", log.id);
        if signed > 0 {
            assert_eq!(signer.last(&log.id).unwrap().root, log.root(signed));
        }
        if issued > 0 {
            attack(&mut signer, log, issued, signed);
        }
        let honest = signer.sign(&[log.extension(signed, signed + 3)]).unwrap();
        honest[0].clone().unwrap();
    }
    drop(signer);
    let heads = super::signer(&after.after_crash(Loss::All))
        .unwrap()
        .heads();
    assert_eq!(heads.len(), logs.len());
}

/// Another root at a size whose signature is out there, and a rollback below it.
fn attack(signer: &mut FileSigner, log: &ToyLog, issued: u64, signed: u64) {
    let fork = Extension {
        root: log.rewritten().root(issued),
        ..log.extension(signed, issued)
    };
    let rollback = log.extension(signed, issued - 1);
    let rewritten = log.rewritten().extension(signed, signed + 1);
    let answers = signer.sign(&[fork, rollback, rewritten]).unwrap();
    assert!(matches!(
        answers[0],
        Err(Refusal::Forks { .. } | Refusal::Shrinks { .. })
    ));
    assert!(matches!(answers[1], Err(Refusal::Shrinks { .. })));
    assert!(matches!(answers[2], Err(Refusal::Unproven { .. })));
}

/// Runs `rounds` on copies of `base` with a crash at every sync point from `first` on. Answers with the number of
/// crashes.
fn crash_everywhere(
    base: &SimDisk,
    before: &Issued,
    rounds: &[Vec<(ToyLog, u64)>],
    first: u64,
) -> u64 {
    let mut crashes = 0;
    for point in first.. {
        for side in [CrashSide::Before, CrashSide::After] {
            let disk = base.after_crash(Loss::Kept);
            let mut issued = before.clone();
            disk.crash_at_sync(point, side);
            grow(&disk, rounds, &mut issued);
            if !disk.crashed() {
                return crashes;
            }
            crashes += 1;
            let last = &rounds[rounds.len().saturating_sub(2)..];
            for loss in losses() {
                survive(&disk, loss, last, &issued);
            }
        }
    }
    crashes
}

/// Comes up after a crash, after a crash of the recovery too, and after the end of the process alone.
fn survive(disk: &SimDisk, loss: Loss, rounds: &[Vec<(ToyLog, u64)>], issued: &Issued) {
    let logs: Vec<ToyLog> = rounds[0].iter().map(|(log, _)| *log).collect();
    check_after(&disk.after_crash(loss), &logs, issued);
    for point in 1..=5 {
        let recovering = disk.after_crash(loss);
        recovering.crash_at_sync(point, CrashSide::Before);
        let mut issued = issued.clone();
        grow(&recovering, rounds, &mut issued);
        check_after(&recovering.after_crash(loss), &logs, &issued);
    }
    // The process dies, the next one goes on with what the page cache shows, and then the power fails.
    let killed = disk.after_kill();
    let mut issued = issued.clone();
    grow(&killed, &[], &mut issued);
    check_after(&killed.after_crash(loss), &logs, &issued);
}

/// Growth of enough logs that their records fill several sectors.
fn rounds(sizes: &[u64]) -> Vec<Vec<(ToyLog, u64)>> {
    sizes
        .iter()
        .map(|size| (0..12).map(|number| (ToyLog::new(number), *size)).collect())
        .collect()
}

#[test]
fn no_crash_while_signing_forgets_a_signature() {
    let base = initialised();
    let mut issued = Issued::new();
    grow(&base, &rounds(&[3, 4]), &mut issued);
    assert_eq!(issued.len(), 12);
    let crashes = crash_everywhere(&base, &issued, &rounds(&[6, 9]), 1);
    assert_eq!(crashes, 12, "4 to open, one a call; two sides");
}

#[test]
fn no_crash_at_the_first_signature_forgets_it() {
    let crashes = crash_everywhere(&initialised(), &Issued::new(), &rounds(&[2]), 1);
    assert_eq!(crashes, 10);
}

#[test]
fn no_crash_while_the_heads_are_rewritten_forgets_a_signature() {
    // Grow in one process until its heads file gets shorter.
    let base = initialised();
    let length = |disk: &SimDisk| disk.read(Path::new(HEADS), 1 << 24).unwrap().len();
    let disk = base.after_crash(Loss::Kept);
    let mut held = signer(&disk).unwrap();
    let logs: Vec<ToyLog> = (0..12).map(ToyLog::new).collect();
    let mut sizes = Vec::new();
    for size in 1..200 {
        let asked: Vec<Extension> = logs
            .iter()
            .map(|log| log.extension(size - 1, size))
            .collect();
        let (length_before, syncs_before) = (length(&disk), disk.sync_points());
        assert!(held.sign(&asked).unwrap().iter().all(Result::is_ok));
        sizes.push(size);
        if length(&disk) < length_before {
            assert_eq!(read_heads(&disk, Path::new(HEADS)).unwrap(), held.heads());
            assert_eq!(disk.sync_points(), syncs_before + 2);
            assert_eq!(size, 90, "1,072 records and then 12 more");
            sizes.push(size + 1);
            let crashes =
                crash_everywhere(&base, &Issued::new(), &rounds(&sizes), syncs_before + 1);
            assert_eq!(crashes, 6, "file and directory, then an append; two sides");
            return;
        }
    }
    panic!("never rewritten");
}

#[test]
fn a_failed_sync_poisons_the_signer_until_it_is_opened_anew() {
    let base = initialised();
    let mut before = Issued::new();
    grow(&base, &rounds(&[3]), &mut before);
    for seed in 0..40 {
        // Another number of sync points before it, to fail another sync with another loss.
        let disk = base.after_crash(Loss::Random(seed));
        for _ in 0..seed {
            disk.sync_dir(Path::new(KEYS)).unwrap();
        }
        let logs: Vec<ToyLog> = (0..12).map(ToyLog::new).collect();
        let asked: Vec<Extension> = logs.iter().map(|log| log.extension(3, 5)).collect();
        let mut held = signer(&disk).unwrap();
        disk.fail_sync(disk.sync_points() + 1);
        assert!(matches!(held.sign(&asked), Err(SignerError::Disk { .. })));
        assert!(matches!(held.sign(&asked), Err(SignerError::Poisoned)));
        assert_eq!(held.last(&logs[0].id).unwrap().size, 3);
        drop(held);
        check_after(&disk.after_crash(Loss::All), &logs, &before);

        // The process alone is started again: reads still show what the disk has lost.
        let mut issued = before.clone();
        grow(&disk, &[], &mut issued);
        assert_eq!(issued[&logs[0].id], 5, "the head was seen");
        check_after(&disk.after_crash(Loss::Kept), &logs, &issued);
    }
}
