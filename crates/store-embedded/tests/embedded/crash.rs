//! The machine stops at every sync point there is, on either side of it, and loses all, some or none of what was not
//! synced. Nothing acknowledged may be missing afterwards.

use store::TenantRecord;
use testkit::sim_disk::{CrashSide, Loss, SimDisk};

use crate::life::{self, Account};
use crate::site::Site;

/// No run has as many sync points; one that does would be a loop.
const SYNC_POINTS_MAX: u64 = 2_000;

/// A disk with keys on it and two tenants to be made: where every run begins.
struct Beginning {
    site: Site,
    disk: SimDisk,
    records: [TenantRecord; 2],
}

/// A run that was stopped.
struct Stopped {
    site: Site,
    disk: SimDisk,
    account: Account,
}

impl Beginning {
    fn new() -> Self {
        let (site, disk) = Site::simulated();
        let records = [site.tenant_record("alpha"), site.tenant_record("beta")];
        Self { site, disk, records }
    }

    /// Lives until the sync point; `None` when the life ended before it.
    fn stopped_at(&self, point: u64, side: CrashSide) -> Option<Stopped> {
        let (site, disk) = self.site.copy(&self.disk);
        disk.crash_at_sync(point, side);
        let mut account = Account::default();
        let ended = life::live(&site, &self.records, &mut account);
        assert!(disk.crashed() || ended.is_ok(), "it stopped without a crash");
        disk.crashed().then_some(Stopped { site, disk, account })
    }

    /// Calls `check` for every sync point; answers how many there were.
    fn at_every_point(&self, side: CrashSide, mut check: impl FnMut(u64, Stopped)) -> u64 {
        for point in 1..SYNC_POINTS_MAX {
            let Some(stopped) = self.stopped_at(point, side) else { return point - 1 };
            check(point, stopped);
        }
        panic!("{SYNC_POINTS_MAX} sync points and no end");
    }
}

fn survives(side: CrashSide, losses: impl Fn(u64) -> Vec<Loss>) {
    let beginning = Beginning::new();
    let mut recovered = 0;
    let points = beginning.at_every_point(side, |point, stopped| {
        for loss in losses(point) {
            let at = format!("crash {side:?} sync point {point}, {loss:?} lost");
            let site = stopped.site.on(&stopped.disk.after_crash(loss));
            life::verify_found(&site, &stopped.account, &at);
            recovered += u64::from(life::check(&site, &stopped.account, &at));
        }
    });
    assert!(points > 40, "{points} sync points are too few for this life");
    println!("crash points: {points} {side:?}; {recovered} stores recovered, the others did not exist yet");
}

#[test]
fn a_crash_before_any_sync_loses_nothing_acknowledged() {
    survives(CrashSide::Before, |point| vec![Loss::All, Loss::Kept, Loss::Random(point)]);
}

#[test]
fn a_crash_after_any_sync_loses_nothing_acknowledged() {
    survives(CrashSide::After, |point| vec![Loss::All, Loss::Kept, Loss::Random(point)]);
}
