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
        Self {
            site,
            disk,
            records,
        }
    }

    /// Lives until the sync point; `None` when the life ended before it.
    fn stopped_at(&self, point: u64, side: CrashSide) -> Option<Stopped> {
        let (site, disk) = self.site.copy(&self.disk);
        disk.crash_at_sync(point, side);
        let mut account = Account::default();
        let ended = life::live(&site, &self.records, &mut account);
        assert!(
            disk.crashed() || ended.is_ok(),
            "it stopped without a crash"
        );
        disk.crashed().then_some(Stopped {
            site,
            disk,
            account,
        })
    }

    /// Calls `check` for every sync point; answers how many there were.
    fn at_every_point(&self, side: CrashSide, mut check: impl FnMut(u64, Stopped)) -> u64 {
        for point in 1..SYNC_POINTS_MAX {
            let Some(stopped) = self.stopped_at(point, side) else {
                return point - 1;
            };
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
    assert!(
        points > 40,
        "{points} sync points are too few for this life"
    );
    println!(
        "crash points: {points} {side:?}; {recovered} stores recovered, the others did not exist yet"
    );
}

/// What a process that is started again does before the power goes: nothing, or write on, or write on and end well.
#[derive(Clone, Copy, Debug)]
enum Restarted {
    Closed,
    Wrote,
    WroteAndClosed,
}

impl Restarted {
    const ALL: [Self; 3] = [Self::Closed, Self::Wrote, Self::WroteAndClosed];

    /// Opens what a dead process left in the page cache, and answers the disk as a power cut then leaves it. `None`
    /// when there was no store yet.
    fn then_power_cut(
        self,
        site: &Site,
        disk: &SimDisk,
        account: &mut Account,
        loss: Loss,
    ) -> Option<SimDisk> {
        let store = life::reopen(site, account, &format!("{self:?}"))?;
        if !matches!(self, Self::Closed) {
            life::write_unclosed(&store, account);
        }
        if !matches!(self, Self::Wrote) {
            life::close(&store);
        }
        Some(disk.after_crash(loss))
    }
}

/// A process dies, or gives up, at `disk`'s faults; another one takes over; then the power goes.
fn survives_restarts(stopped: &Stopped, at: &str, loss: Loss) -> u64 {
    let mut recovered = 0;
    for restarted in Restarted::ALL {
        let at = format!("{at}, {restarted:?}, then a power cut with {loss:?} lost");
        let disk = stopped.disk.after_kill();
        let site = stopped.site.on(&disk);
        let mut account = stopped.account.clone();
        let Some(cut) = restarted.then_power_cut(&site, &disk, &mut account, loss) else {
            continue;
        };
        let site = site.on(&cut);
        life::verify_found(&site, &account, &at);
        recovered += u64::from(life::check(&site, &account, &at));
    }
    recovered
}

#[test]
fn a_crash_before_any_sync_loses_nothing_acknowledged() {
    survives(CrashSide::Before, |point| {
        vec![Loss::All, Loss::Kept, Loss::Random(point)]
    });
}

#[test]
fn a_crash_after_any_sync_loses_nothing_acknowledged() {
    survives(CrashSide::After, |point| {
        vec![Loss::All, Loss::Kept, Loss::Random(point)]
    });
}

#[test]
fn a_process_killed_before_any_sync_and_a_power_cut_later_lose_nothing_acknowledged() {
    let mut recovered = 0;
    let points = Beginning::new().at_every_point(CrashSide::Before, |point, stopped| {
        let loss = if point % 3 == 0 {
            Loss::Random(point)
        } else {
            Loss::All
        };
        let at = format!("killed before sync point {point}");
        recovered += survives_restarts(&stopped, &at, loss);
    });
    println!("kill points: {points}; {recovered} stores recovered");
}

#[test]
fn a_crash_while_recovering_loses_nothing_acknowledged() {
    let mut crashes = 0;
    let beginning = Beginning::new();
    beginning.at_every_point(CrashSide::Before, |point, stopped| {
        if point % 9 != 3 {
            return;
        }
        let left = stopped.disk.after_crash(Loss::Random(point));
        for again in 1..SYNC_POINTS_MAX {
            let (site, disk) = stopped.site.on(&left).copy(&left);
            disk.crash_at_sync(
                again,
                if again % 2 == 0 {
                    CrashSide::Before
                } else {
                    CrashSide::After
                },
            );
            let at = format!("crash at sync point {point}, and at {again} of the recovery");
            let ended = life::recover_and_close(&site);
            if !disk.crashed() {
                assert!(
                    ended.is_ok() || stopped.account.is_empty(),
                    "{at}: {ended:?}"
                );
                return;
            }
            crashes += 1;
            let site = site.on(&disk.after_crash(Loss::Random(point * again)));
            life::verify_found(&site, &stopped.account, &at);
            life::check(&site, &stopped.account, &at);
        }
    });
    assert!(
        crashes > 100,
        "{crashes} crashes while recovering are too few"
    );
    println!("crashes while recovering: {crashes}, all recovered");
}

#[test]
fn a_failing_fsync_stops_writing_and_loses_nothing_acknowledged() {
    let beginning = Beginning::new();
    let (mut points, mut poisoned, mut recovered) = (0, 0, 0);
    for point in 1..SYNC_POINTS_MAX {
        let (site, disk) = beginning.site.copy(&beginning.disk);
        disk.fail_sync(point);
        let mut account = Account::default();
        let ended = life::live(&site, &beginning.records, &mut account);
        if disk.sync_points() < point {
            break;
        }
        points += 1;
        poisoned += u64::from(ended.is_err());
        let stopped = Stopped {
            site,
            disk,
            account,
        };
        let at = format!("sync point {point} failed");
        for loss in [Loss::All, Loss::Random(point)] {
            let site = stopped.site.on(&stopped.disk.after_crash(loss));
            let at = format!("{at}, {loss:?} lost");
            life::verify_found(&site, &stopped.account, &at);
            recovered += u64::from(life::check(&site, &stopped.account, &at));
        }
        recovered += survives_restarts(&stopped, &at, Loss::All);
    }
    assert!(poisoned * 2 > points, "most failures stop the store");
    println!(
        "failing fsyncs: {points}, of which {poisoned} stopped the store; {recovered} recoveries"
    );
}

#[test]
fn a_failing_fsync_while_a_store_is_made_never_makes_it_vanish_later() {
    let (mut points, mut kept) = (0, 0);
    for seed in 1..4 {
        let (site, begun) = Site::simulated_from(seed);
        // The name of the data directory itself is safe: whoever makes it anew after a failure can't know.
        site.disk
            .create_dir_all(&site.data, keys::durable::Secrecy::Secret)
            .unwrap();
        for point in 1.. {
            let (site, disk) = site.copy(&begun);
            disk.fail_sync(point);
            let first = site
                .try_keys()
                .map(|(keys, signer)| site.open_with(keys, signer));
            if disk.sync_points() < point {
                break;
            }
            drop(first);
            points += 1;
            let restarted = disk.after_kill();
            let mut account = Account::default();
            let opened = site.on(&restarted);
            let Some(store) = life::reopen(&opened, &account, "restart") else {
                continue;
            };
            life::make_tenant(&store, site.tenant_record("alpha"), &mut account);
            life::write_unclosed(&store, &mut account);
            let left = site.on(&restarted.after_crash(Loss::All));
            drop(store);
            kept += u64::from(life::check(
                &left,
                &account,
                &format!("seed {seed}, sync point {point} failed"),
            ));
        }
    }
    println!(
        "{points} failing fsyncs while a store is made, {kept} stores kept what they acknowledged"
    );
    assert!(kept > 50, "{kept}");
}
