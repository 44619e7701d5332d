//! What an administrator who may do anything with the data directory, and nothing with the keys directory, works on; and
//! the three judges of what he leaves: one has the keys, one kept two checkpoints, one has nothing.

use ledger::name::LogId;
use store::{Batch, Change, LedgerStore, LogRef};
use store_embedded::verify::{self, Inputs, Pinned, Report, Verdict};
use testkit::sim_disk::{Loss, SimDisk};

use crate::blocks::Pack;
use crate::site::{Site, block_on, event, tenant_named};

/// A store of two weeks, and what was kept outside at the end of each.
pub(crate) struct Scene {
    pub(crate) site: Site,
    pub(crate) disk: SimDisk,
    pub(crate) last_week: SimDisk,
    pub(crate) alpha: LogId,
    pub(crate) beta: LogId,
    pub(crate) instance: LogId,
    /// Checkpoints of alpha's log and of the instance log at the end of both weeks.
    pub(crate) notes: [Vec<String>; 2],
    /// The keys directory's word, which he can't change.
    pub(crate) pinned: Pinned,
}

/// What he left, judged by people who know more or less.
#[expect(
    clippy::struct_field_names,
    reason = "judged by keys, by checkpoints, by nothing"
)]
pub(crate) struct Judged {
    pub(crate) by_keys: Report,
    pub(crate) by_checkpoints: Report,
    pub(crate) by_nothing: Report,
}

impl Scene {
    pub(crate) fn new() -> Self {
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
    pub(crate) fn week(site: &Site, week: u32) -> Vec<String> {
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
    pub(crate) fn attack(&self, what: impl FnOnce(&Site)) -> Judged {
        let (site, _) = self.site.copy(&self.disk);
        what(&site);
        self.judge(&site)
    }

    pub(crate) fn judge(&self, site: &Site) -> Judged {
        let run = |inputs: Inputs| verify::run(&inputs).unwrap();
        Judged {
            by_keys: run(Inputs {
                pinned: Some(self.pinned.clone()),
                ..site.inputs()
            }),
            by_checkpoints: run(Inputs {
                checkpoints: self.notes[1].clone(),
                ..site.inputs()
            }),
            by_nothing: run(site.inputs()),
        }
    }

    /// Rewrites the pack under a key of his own and drops the checkpoints that would contradict him.
    pub(crate) fn rewrite(&self, change: impl FnOnce(&mut Pack)) -> Judged {
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
    pub(crate) fn is_caught(&self) -> &Self {
        assert_eq!(
            self.by_keys.verdict(),
            Verdict::Tampered,
            "{:?}",
            self.by_keys
        );
        assert_eq!(self.by_keys.verdict().exit_code(), 1);
        assert_eq!(
            self.by_checkpoints.verdict(),
            Verdict::Tampered,
            "{:?}",
            self.by_checkpoints
        );
        assert_ne!(self.by_nothing.verdict(), Verdict::Verified);
        self
    }

    /// What he did contradicts itself: nothing outside is needed.
    pub(crate) fn is_caught_without_anything(&self) -> &Self {
        assert_eq!(
            self.is_caught().by_nothing.verdict(),
            Verdict::Tampered,
            "{:?}",
            self.by_nothing
        );
        self
    }
}

/// Whether a problem names this entry of this log.
pub(crate) fn names(report: &Report, log: LogId, seq: u64) -> bool {
    report
        .problems
        .iter()
        .any(|problem| problem.log == Some(log) && problem.seq == Some(seq))
}

/// Whether a problem names this log and says this.
pub(crate) fn says(report: &Report, log: LogId, what: &str) -> bool {
    report
        .problems
        .iter()
        .any(|problem| problem.log == Some(log) && problem.what.contains(what))
}

/// Whether a problem names a file with this ending.
pub(crate) fn names_file(report: &Report, ending: &str) -> bool {
    let files = report
        .problems
        .iter()
        .filter_map(|problem| problem.file.as_ref());
    files
        .into_iter()
        .any(|file| file.to_string_lossy().ends_with(ending))
}

/// Replaces text in an entry.
pub(crate) fn edit(entry: &mut Vec<u8>, from: &str, to: &str) {
    let text = String::from_utf8(std::mem::take(entry)).unwrap();
    assert!(text.contains(from), "{text}");
    *entry = text.replace(from, to).into_bytes();
}
