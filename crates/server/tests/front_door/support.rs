//! A whole server without sockets: two tenants, a key for each role, a clock that tests move.

use std::sync::atomic::{AtomicI64, AtomicU64, Ordering};
use std::sync::{Arc, Mutex};

use axum::Router;
use axum::body::Body;
use axum::http::{HeaderMap, Method, Request, StatusCode};
use http_body_util::BodyExt;
use ledger::source::{Clock, Rng};
use ledger::time::Micros;
use serde_json::Value;
use server::admin::Administration;
use server::own::Actor;
use server::{Config, Server, router};
use store::registry::INSTANCE_TENANT;
use store::{LedgerStore, LogRef, Tenant};
use tower::ServiceExt;

use crate::fake_store::FakeStore;
use crate::faulty::{Fault, Faulty};

/// 2026-11-21T08:00:00Z.
const START: i64 = 1_795_248_000_000_000;

#[derive(Debug, Default)]
pub(crate) struct TestClock(AtomicI64);

impl TestClock {
    pub(crate) fn advance_seconds(&self, seconds: i64) {
        self.0.fetch_add(seconds * 1_000_000, Ordering::Relaxed);
    }
}

impl Clock for TestClock {
    fn wall(&self) -> Micros {
        Micros::from_micros(START + self.0.load(Ordering::Relaxed))
    }

    fn monotonic(&self) -> i64 {
        self.0.load(Ordering::Relaxed)
    }
}

/// Repeatable and without repeats.
#[derive(Debug, Default)]
struct TestRng(AtomicU64);

impl Rng for TestRng {
    fn fill(&self, bytes: &mut [u8]) {
        for chunk in bytes.chunks_mut(8) {
            let mut word = self.0.fetch_add(0x9e37_79b9_7f4a_7c15, Ordering::Relaxed);
            word = (word ^ (word >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
            word = (word ^ (word >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
            chunk.copy_from_slice(&(word ^ (word >> 31)).to_be_bytes()[..chunk.len()]);
        }
    }
}

#[derive(Debug)]
pub(crate) struct World {
    pub(crate) store: Arc<Faulty>,
    pub(crate) clock: Arc<TestClock>,
    rng: Arc<TestRng>,
    routes: Router,
}

#[derive(Debug)]
pub(crate) struct Reply {
    pub(crate) status: StatusCode,
    pub(crate) headers: HeaderMap,
    pub(crate) bytes: Vec<u8>,
}

impl Reply {
    pub(crate) fn text(&self) -> &str {
        str::from_utf8(&self.bytes).unwrap()
    }

    pub(crate) fn json(&self) -> Value {
        serde_json::from_slice(&self.bytes).unwrap_or_else(|_| panic!("no JSON: {}", self.text()))
    }

    pub(crate) fn header(&self, name: &str) -> &str {
        self.headers
            .get(name)
            .map_or("", |value| value.to_str().unwrap())
    }

    /// Status, code and pointer of a problem.
    pub(crate) fn problem(&self) -> (u16, String, String) {
        assert_eq!(
            self.header("content-type"),
            "application/problem+json",
            "{}",
            self.text()
        );
        let problem: api::Problem = serde_json::from_slice(&self.bytes).unwrap();
        assert_eq!(problem.status, self.status.as_u16());
        assert_eq!(problem.kind, api::Problem::kind_of(&problem.code));
        (
            problem.status,
            problem.code,
            problem.pointer.unwrap_or_default(),
        )
    }
}

impl World {
    pub(crate) async fn new() -> Self {
        Self::with(Config::default()).await
    }

    pub(crate) async fn with(config: Config) -> Self {
        let clock = Arc::new(TestClock::default());
        let rng = Arc::new(TestRng::default());
        let inner = Arc::new(FakeStore::new(Arc::clone(&clock) as Arc<dyn Clock>));
        let store = Arc::new(Faulty {
            inner,
            fault: Mutex::default(),
        });
        let server = Server::new(
            Arc::clone(&store) as Arc<dyn LedgerStore>,
            config,
            Arc::clone(&clock) as Arc<dyn Clock>,
            Arc::clone(&rng) as Arc<dyn Rng>,
        );
        let server = server.await.unwrap();
        let routes = router(server);
        let world = Self {
            store,

            clock,
            rng,
            routes,
        };
        for name in ["acme", "umbrella"] {
            let new = api::NewTenant {
                name: name.into(),
                ..api::NewTenant::default()
            };
            let instance = world.tenant(INSTANCE_TENANT).await;
            world
                .administration(&instance)
                .create_tenant(&new)
                .await
                .unwrap();
        }
        world
    }

    pub(crate) fn rng(&self) -> Arc<dyn Rng> {
        Arc::clone(&self.rng) as Arc<dyn Rng>
    }

    fn administration<'a>(&'a self, instance: &'a Tenant) -> Administration<'a> {
        Administration {
            store: &*self.store,
            clock: &*self.clock,
            rng: &*self.rng,
            actor: Actor::System("tests"),
            log: LogRef::main(instance),
            tenant: instance,
        }
    }

    pub(crate) async fn tenant(&self, name: &str) -> Arc<Tenant> {
        self.store.tenant_named(name).await.unwrap().unwrap()
    }

    /// A key of `tenant` with `roles`, and the source `source`.
    pub(crate) async fn key_of(&self, tenant: &str, roles: &[&str], source: &str) -> String {
        let new = api::NewKey {
            roles: roles.iter().map(|role| (*role).to_owned()).collect(),
            source: source.into(),
            owner: "Test Owner".into(),
            ..api::NewKey::default()
        };
        self.key(tenant, &new).await
    }

    pub(crate) async fn key(&self, tenant: &str, new: &api::NewKey) -> String {
        let instance = self.tenant(INSTANCE_TENANT).await;
        let tenant = self.tenant(tenant).await;
        let made = self
            .administration(&instance)
            .create_key(&tenant.record, new)
            .await
            .unwrap();
        made.reveal().to_owned()
    }

    pub(crate) async fn writer(&self) -> String {
        self.key_of("acme", &["writer"], "api").await
    }

    pub(crate) async fn auditor(&self) -> String {
        self.key_of("acme", &["auditor"], "audit").await
    }

    pub(crate) async fn operator(&self) -> String {
        self.key_of(INSTANCE_TENANT, &["operator"], "ops").await
    }

    pub(crate) async fn send(&self, request: Request<Body>) -> Reply {
        let response = self.routes.clone().oneshot(request).await.unwrap();
        let (parts, body) = response.into_parts();
        let bytes = body.collect().await.unwrap().to_bytes().to_vec();
        Reply {
            status: parts.status,
            headers: parts.headers,
            bytes,
        }
    }

    pub(crate) async fn call(
        &self,
        method: Method,
        key: &str,
        path: &str,
        body: impl Into<Body>,
    ) -> Reply {
        self.send(request(method, key, path).body(body.into()).unwrap())
            .await
    }

    pub(crate) async fn get(&self, key: &str, path: &str) -> Reply {
        self.call(Method::GET, key, path, Body::empty()).await
    }

    pub(crate) async fn post(&self, key: &str, path: &str, body: impl Into<Body>) -> Reply {
        self.call(Method::POST, key, path, body).await
    }

    /// Makes every append to `log` (to any log) fail.
    pub(crate) fn fail(&self, log: Option<LogRef>, error: fn() -> store::StoreError) {
        let log = log.map(|log| log.log());
        *self.store.fault.lock().unwrap() = Some(Fault { log, error });
    }

    /// The entries of a log behind its first, each with its details.
    pub(crate) async fn records(&self, log: LogRef) -> Vec<(Value, Value)> {
        let records = self.store.records(log, 1..1_024).await.unwrap();
        let json = |bytes: &[u8]| serde_json::from_slice::<Value>(bytes).unwrap();
        let mut out = Vec::new();
        for record in records {
            let details = record
                .details
                .map_or(Value::Null, |bytes| json(&bytes)[2].clone());
            out.push((json(&record.entry), details));
        }
        out
    }

    /// Operations of a log in order.
    pub(crate) async fn operations(&self, log: LogRef) -> Vec<String> {
        let records = self.records(log).await;
        records
            .iter()
            .map(|(entry, _)| entry["operation"].as_str().unwrap().to_owned())
            .collect()
    }
}

pub(crate) fn request(method: Method, key: &str, path: &str) -> axum::http::request::Builder {
    let request = Request::builder().method(method).uri(path);
    if key.is_empty() {
        request
    } else {
        request.header("authorization", format!("Bearer {key}"))
    }
}

/// A sound event with this id.
pub(crate) fn event(id: &str) -> String {
    format!(
        r#"{{"id":"{id}","operation":"deployment.created","actor":{{"id":"42"}},"resource":{{"type":"deployment","id":"dpl_1"}}}}"#
    )
}
