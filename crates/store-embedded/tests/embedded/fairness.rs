//! One tenant's storm beside another's single event: which fsync of the journal makes the single one durable.

use std::io;
use std::path::Path;
use std::sync::{Arc, Condvar, Mutex};
use std::task::{Context, Poll, Waker};
use std::time::Duration;

use keys::durable::{Disk, DiskFile, Lock, OpenMode, Secrecy};
use store::{Answer, Batch, Change, LedgerStore, LogRef, Outcome, StoreError, Tenant};
use store_embedded::EmbeddedStore;

use crate::site::{Site, block_on, event, prepared, tenant_named};

/// What the gate and the test share.
#[derive(Debug, Default)]
struct Gate {
    seen: Mutex<Seen>,
    opened: Condvar,
}

#[derive(Debug, Default)]
struct Seen {
    closed: bool,
    /// Syncs of the journal that were begun.
    syncs: usize,
    /// After how many of them bytes with this text were written.
    text: Option<(&'static str, Option<usize>)>,
}

impl Gate {
    fn set(&self, closed: bool) {
        self.seen.lock().unwrap().closed = closed;
        self.opened.notify_all();
    }

    fn wait_for_sync(&self) {
        let mut seen = self.seen.lock().unwrap();
        while seen.syncs == 0 {
            seen = self.opened.wait(seen).unwrap();
        }
    }
}

/// A disk whose journal syncs wait at a gate.
#[derive(Debug)]
struct GatedDisk {
    inner: Arc<dyn Disk>,
    gate: Arc<Gate>,
}

#[derive(Debug)]
struct GatedFile {
    inner: Box<dyn DiskFile>,
    gate: Arc<Gate>,
}

impl Disk for GatedDisk {
    fn open(&self, path: &Path, mode: OpenMode, secrecy: Secrecy) -> io::Result<Box<dyn DiskFile>> {
        let inner = self.inner.open(path, mode, secrecy)?;
        if path.extension().is_none_or(|extension| extension != "vtj") {
            return Ok(inner);
        }
        let gate = Arc::clone(&self.gate);
        Ok(Box::new(GatedFile { inner, gate }))
    }

    fn read(&self, path: &Path, bytes_max: u64) -> io::Result<Vec<u8>> {
        self.inner.read(path, bytes_max)
    }

    fn exists(&self, path: &Path) -> io::Result<bool> {
        self.inner.exists(path)
    }

    fn list(&self, directory: &Path) -> io::Result<Vec<String>> {
        self.inner.list(directory)
    }

    fn create_dir_all(&self, directory: &Path, secrecy: Secrecy) -> io::Result<()> {
        self.inner.create_dir_all(directory, secrecy)
    }

    fn rename(&self, from: &Path, to: &Path) -> io::Result<()> {
        self.inner.rename(from, to)
    }

    fn remove(&self, path: &Path) -> io::Result<()> {
        self.inner.remove(path)
    }

    fn sync_dir(&self, directory: &Path) -> io::Result<()> {
        self.inner.sync_dir(directory)
    }

    fn free_bytes(&self, directory: &Path) -> io::Result<u64> {
        self.inner.free_bytes(directory)
    }

    fn try_lock(&self, path: &Path) -> io::Result<Box<dyn Lock>> {
        self.inner.try_lock(path)
    }
}

impl DiskFile for GatedFile {
    fn len(&self) -> io::Result<u64> {
        self.inner.len()
    }

    fn read_at(&self, bytes: &mut [u8], offset: u64) -> io::Result<()> {
        self.inner.read_at(bytes, offset)
    }

    fn write_at(&self, bytes: &[u8], offset: u64) -> io::Result<()> {
        let mut seen = self.gate.seen.lock().unwrap();
        let syncs = seen.syncs;
        if let Some((text, at @ None)) = &mut seen.text
            && bytes
                .windows(text.len())
                .any(|part| part == text.as_bytes())
        {
            *at = Some(syncs);
        }
        drop(seen);
        self.inner.write_at(bytes, offset)
    }

    fn set_len(&self, bytes: u64) -> io::Result<()> {
        self.inner.set_len(bytes)
    }

    fn sync(&self) -> io::Result<()> {
        let mut seen = self.gate.seen.lock().unwrap();
        if seen.text.is_some() {
            seen.syncs += 1;
            self.gate.opened.notify_all();
        }
        while seen.closed {
            seen = self.gate.opened.wait(seen).unwrap();
        }
        drop(seen);
        self.inner.sync()
    }
}

/// Two tenants, and a writer that stands in the middle of a group.
struct Standstill {
    gate: Arc<Gate>,
    store: Arc<EmbeddedStore>,
    alpha: Arc<Tenant>,
    beta: Arc<Tenant>,
    sent: Vec<Answer<'static, Vec<Outcome>>>,
}

/// Sends a batch: it waits in the queue when this returns.
fn send(store: &Arc<EmbeddedStore>, batch: Batch) -> Answer<'static, Vec<Outcome>> {
    let store = Arc::clone(store);
    let mut answer: Answer<'static, _> = Box::pin(async move { store.append(batch).await });
    let mut context = Context::from_waker(Waker::noop());
    match answer.as_mut().poll(&mut context) {
        Poll::Pending => answer,
        Poll::Ready(outcome) => Box::pin(std::future::ready(outcome)),
    }
}

impl Standstill {
    fn new(text: &'static str) -> Self {
        let (site, disk) = Site::simulated();
        let gate = Arc::new(Gate::default());
        let site = Site {
            disk: Arc::new(GatedDisk {
                inner: Arc::new(disk),
                gate: Arc::clone(&gate),
            }),
            checkpoint_interval: Duration::from_hours(1),
            ..site
        };
        let store = site.open().unwrap();
        for name in ["alpha", "beta"] {
            let change = Change::CreateTenant(site.tenant_record(name));
            block_on(store.administer(change, Vec::new())).unwrap();
        }
        let [alpha, beta] = ["alpha", "beta"].map(|name| tenant_named(&store, name).unwrap());
        gate.seen.lock().unwrap().text = Some((text, None));
        gate.set(true);
        let first = Batch {
            log: LogRef::main(&alpha),
            events: vec![event(&alpha, "first")],
        };
        let sent = vec![send(&store, first)];
        gate.wait_for_sync();
        Self {
            gate,
            store,
            alpha,
            beta,
            sent,
        }
    }

    fn send(&mut self, of_alpha: bool, events: Vec<ledger::prepare::Prepared>) {
        let tenant = if of_alpha { &self.alpha } else { &self.beta };
        let log = LogRef::main(tenant);
        self.sent.push(send(&self.store, Batch { log, events }));
    }

    /// Lets the writer go on; answers how many were refused, in which group the text was written, and how many there
    /// were. The group that stood still is the first.
    fn go_on(self) -> (usize, usize, usize) {
        self.gate.set(false);
        let mut refused = 0;
        for answer in self.sent {
            match block_on(answer) {
                Ok(outcomes) => assert!(
                    outcomes
                        .iter()
                        .all(|outcome| matches!(outcome, Outcome::Stored(_)))
                ),
                Err(StoreError::Busy { .. }) => refused += 1,
                Err(error) => panic!("{error:?}"),
            }
        }
        let seen = self.gate.seen.lock().unwrap();
        let (_, at) = seen.text.unwrap();
        let answer = (refused, at.unwrap() + 1, seen.syncs);
        drop(seen);
        drop(self.store);
        answer
    }
}

#[test]
fn a_single_event_is_durable_with_the_next_group_whatever_another_tenant_sends() {
    let mut still = Standstill::new("beta-single");
    // Groups of 8 MiB: some five of them wait, and as much again is refused.
    let filler = "lorem ipsum ".repeat(15_000);
    for number in 0..400 {
        let text = format!(
            r#"{{"id":"s{number}","operation":"deployment.created","actor":{{"id":"7"}},"resource":{{"type":"deployment"}},"metadata":{{"filler":"{filler}"}}}}"#
        );
        let event = prepared(&still.alpha, &text);
        still.send(true, vec![event]);
    }
    let single = vec![event(&still.beta, "beta-single")];
    still.send(false, single);
    let (refused, group, groups) = still.go_on();
    println!("{groups} groups; {refused} of the storm were refused");
    assert!(
        groups > 5 && refused > 0,
        "no storm: {groups} groups, {refused} refused"
    );
    assert_eq!(group, 2, "of {groups} groups");
}

#[test]
fn many_small_batches_of_one_tenant_hold_up_no_other() {
    let mut still = Standstill::new("beta-single");
    for _ in 0..4_096 {
        still.send(true, Vec::new());
    }
    let single = vec![event(&still.beta, "beta-single")];
    still.send(false, single);
    let (refused, group, _) = still.go_on();
    assert_eq!(refused, 4_096 / 4, "a quarter is kept for others");
    assert_eq!(group, 2);
}
