//! A first life of a store.
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use keys::durable::{Disk, RealDisk};
use keys::master::KeysDirectory;
use keys::signer::FileSigner;
use ledger::name::InstanceId;
use ledger::source::{Clock, Rng};
use ledger::time::Micros;
use store::*;
use store_embedded::{EmbeddedStore, Options};

#[derive(Debug, Default)]
struct C(AtomicU64);
impl Clock for C {
    fn wall(&self) -> Micros { Micros::from_micros(1_800_000_000_000_000 + self.0.fetch_add(1, Ordering::Relaxed) as i64) }
    fn monotonic(&self) -> i64 { self.0.load(Ordering::Relaxed) as i64 }
}
#[derive(Debug, Default)]
struct R(AtomicU64);
impl Rng for R {
    fn fill(&self, bytes: &mut [u8]) {
        for chunk in bytes.chunks_mut(32) {
            let n = self.0.fetch_add(1, Ordering::Relaxed);
            let h = ledger::hash::Hash::of(&n.to_be_bytes());
            chunk.copy_from_slice(&h.0[..chunk.len()]);
        }
    }
}
fn block_on<F: std::future::Future>(f: F) -> F::Output {
    tokio::runtime::Builder::new_current_thread().build().unwrap().block_on(f)
}
fn prepared(tenant: &Tenant, n: u64) -> ledger::prepare::Prepared {
    let text = format!(r#"{{"id":"evt_{n}","operation":"deployment.created","actor":{{"id":"u{}","email":"a@b.example"}},"resource":{{"type":"deployment","id":"dpl_{n}","project_id":"p1"}},"metadata":{{"commit":"abc{n}"}}}}"#, n % 7);
    let door = ledger::prepare::Door { keys: &tenant.keys, key: "k1", source: "api", mode: Default::default(), exceptions: &[], idempotency: None };
    ledger::prepare::prepare(ledger::json::parse(text.as_bytes()).unwrap(), &door, &R(AtomicU64::new(n * 100))).unwrap()
}

#[test]
fn lives() {
    let dir = tempfile::tempdir().unwrap();
    let disk: Arc<dyn Disk> = Arc::new(RealDisk);
    let (clock, rng) = (Arc::new(C::default()), Arc::new(R::default()));
    let keydir = dir.path().join("keys");
    KeysDirectory::create(Arc::clone(&disk), &keydir, &*rng, InstanceId::random(&*rng)).unwrap();
    let open = || {
        let keys = KeysDirectory::open(Arc::clone(&disk), &keydir).unwrap();
        let signer = Box::new(FileSigner::open(&keys).unwrap());
        EmbeddedStore::open(Options { reserve_bytes: 0, ..Options::new(Arc::clone(&disk), dir.path().join("data"), keys, signer, clock.clone(), rng.clone()) }).unwrap()
    };
    let store = open();
    let instance = block_on(store.tenant_named("_instance")).unwrap().unwrap();
    let record = TenantRecord { id: ledger::name::TenantId::random(&*rng), name: "default".into(), salt: [3; 32], kid: instance.keys.kid().into(), created_at: clock.wall(), main: ledger::name::LogId::random(&*rng), access: ledger::name::LogId::random(&*rng), strict: false, mask_exceptions: vec![] };
    block_on(store.administer(Change::CreateTenant(record), vec![])).unwrap();
    let tenant = block_on(store.tenant_named("default")).unwrap().unwrap();
    let log = LogRef::main(&tenant);
    let mut first = None;
    for round in 0..20_u64 {
        let events = (0..100).map(|n| prepared(&tenant, round * 100 + n)).collect();
        let outcomes = block_on(store.append(Batch { log, events })).unwrap();
        assert!(outcomes.iter().all(|o| matches!(o, Outcome::Stored(_))));
        first.get_or_insert(outcomes[0].clone());
    }
    let signed = block_on(store.signed_past(log, 2000)).unwrap();
    assert_eq!(signed.size, 2001);
    let again = block_on(store.append(Batch { log, events: vec![prepared(&tenant, 0)] })).unwrap();
    assert!(matches!(&again[0], Outcome::Repeated(r) if Some(r) == first.as_ref().unwrap().receipt()), "{again:?}");
    block_on(store.record_heads()).unwrap();
    let records = block_on(store.records(log, 0..1024)).unwrap();
    assert_eq!(records.len(), 1024);
    block_on(store.close()).unwrap();
    drop(store);
    let store = open();
    assert_eq!(block_on(store.head(log)).unwrap().size, 2001);
    assert_eq!(block_on(store.find(log, "evt_7")).unwrap(), vec![8]);
    assert_eq!(block_on(store.records(log, 0..1024)).unwrap(), records);
    drop(store);
    let keys = KeysDirectory::open(Arc::clone(&disk), &keydir).unwrap();
    let pinned = store_embedded::verify::Pinned { instance: keys.instance(), public_key: keys.public_key().unwrap(), frame_key: *keys.frame_key(keys.instance()), heads: keys.pinned_heads().unwrap() };
    let report = store_embedded::verify::run(&store_embedded::verify::Inputs { disk, data: dir.path().join("data"), pinned: Some(pinned), anchors: vec![], checkpoints: vec![], receipts: vec![], progress: None }).unwrap();
    println!("{}\n{:#?}", report.sentence(), report);
    assert!(report.problems.is_empty());
}
