//! A whole server without sockets: two tenants, a key for each role, a clock that tests move.

use std::net::SocketAddr;
use std::sync::Arc;
use std::sync::atomic::{AtomicI64, AtomicU64, Ordering};

use axum::Router;
use axum::body::Body;
use axum::http::{HeaderMap, Method, Request, Response, StatusCode};
use http_body_util::BodyExt;
use ledger::source::{Clock, Rng};
use ledger::time::Micros;
use query::{Nowhere, Places};
use serde_json::Value;
use server::admin::{Administration, KeyOwner};
use server::oidc::IdentityProvider;
use server::own::Actor;
use server::{Config, Listener, ServeError, Server, router, serve};
use store::conformance::places::ExamplePlaces;
use store::memory::MemoryStore;
use store::registry::INSTANCE_TENANT;
use store::{EventIndex, LedgerStore, LogRef, Tenant};
use tokio::net::TcpListener;
use tokio::sync::oneshot;
use tower::ServiceExt;

use crate::documented;
use crate::faulty::{Fault, Faulty};

/// 2026-11-21T08:00:00Z.
pub(crate) const START: i64 = 1_795_248_000_000_000;

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
    server: Arc<Server>,
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

    /// The ids of the events of a page, in order.
    pub(crate) fn ids(&self) -> Vec<String> {
        assert_eq!(self.status, StatusCode::OK, "{}", self.text());
        let page: api::Events = serde_json::from_slice(&self.bytes).unwrap();
        page.events.into_iter().map(|event| event.id).collect()
    }

    /// Status, code and parameter of a problem.
    pub(crate) fn parameter(&self) -> (u16, String, String) {
        let (status, code, _) = self.problem();
        let problem: api::Problem = serde_json::from_slice(&self.bytes).unwrap();
        (status, code, problem.parameter.unwrap_or_default())
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
    /// The whole service on a port of its own: its address, what ends it, and the serving itself, to be awaited.
    pub(crate) async fn on_a_socket(
        &self,
    ) -> (
        SocketAddr,
        oneshot::Sender<()>,
        impl Future<Output = Result<(), ServeError>> + use<>,
    ) {
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let address = listener.local_addr().unwrap();
        let (stop, stopped) = oneshot::channel::<()>();
        let serving = serve(
            Arc::clone(&self.store) as Arc<dyn LedgerStore>,
            Arc::clone(&self.store) as Arc<dyn EventIndex>,
            Config::default(),
            Arc::clone(&self.clock) as Arc<dyn Clock>,
            self.rng(),
            vec![],
            None,
            Listener::plain(listener),
            async {
                _ = stopped.await;
            },
        );
        (address, stop, serving)
    }

    pub(crate) async fn new() -> Self {
        Self::with(Config::default()).await
    }

    pub(crate) async fn with(config: Config) -> Self {
        Self::made_of(config, Arc::new(Nowhere), None).await
    }

    /// A world where the addresses of documentation are somewhere.
    pub(crate) async fn located() -> Self {
        Self::made_of(Config::default(), Arc::new(ExamplePlaces::default()), None).await
    }

    /// A world where people sign in.
    pub(crate) async fn with_people(config: Config, provider: Arc<dyn IdentityProvider>) -> Self {
        Self::made_of(config, Arc::new(Nowhere), Some(provider)).await
    }

    async fn made_of(
        config: Config,
        places: Arc<dyn Places>,
        provider: Option<Arc<dyn IdentityProvider>>,
    ) -> Self {
        let clock = Arc::new(TestClock::default());
        let rng = Arc::new(TestRng::default());
        let (wall, random) = (Arc::clone(&clock), Arc::clone(&rng));
        let inner = MemoryStore::new(wall as Arc<dyn Clock>, random as Arc<dyn Rng>);
        let store = Arc::new(Faulty::new(inner.unwrap().with_places(places)));
        let server = Server::with_people(
            Arc::clone(&store) as Arc<dyn LedgerStore>,
            Arc::clone(&store) as Arc<dyn EventIndex>,
            config,
            Arc::clone(&clock) as Arc<dyn Clock>,
            Arc::clone(&rng) as Arc<dyn Rng>,
            provider,
        );
        let server = server.await.unwrap();
        let routes = router(Arc::clone(&server));
        let world = Self {
            store,
            clock,
            rng,
            server,
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

    /// What a job does each second.
    pub(crate) async fn record_due_totals(&self) {
        self.server.record_due_totals().await;
    }

    /// What a job does when somebody asked for a check of a log.
    pub(crate) async fn verify_wanted(&self) {
        self.server.verify_wanted().await;
    }

    /// What shutdown does.
    pub(crate) async fn record_all_totals(&self) {
        self.server.record_all_totals().await;
    }

    /// Begins an answer; its body is the caller's to read.
    pub(crate) async fn open(&self, request: Request<Body>) -> Response<Body> {
        let asked = (request.method().clone(), request.uri().path().to_owned());
        let response = self.routes.clone().oneshot(request).await.unwrap();
        if response.status().is_success() {
            let answered = (response.status(), response.headers());
            documented::hold((&asked.0, &asked.1), answered, None);
        }
        response
    }

    /// A page: none of the API.
    pub(crate) async fn page(&self, request: Request<Body>) -> Reply {
        let response = self.routes.clone().oneshot(request).await.unwrap();
        let (parts, body) = response.into_parts();
        Reply {
            status: parts.status,
            headers: parts.headers,
            bytes: body.collect().await.unwrap().to_bytes().to_vec(),
        }
    }

    /// Stores events of `acme`.
    pub(crate) async fn store(&self, events: &str) {
        let reply = self
            .post(&self.writer().await, "/v1/events", events.to_owned())
            .await;
        assert!(reply.status.is_success(), "{}", reply.text());
        assert!(
            !reply.text().contains("\"status\":\"refused\""),
            "{}",
            reply.text()
        );
    }

    /// Metadata of every record of the access log of `acme`, with its operation.
    pub(crate) async fn reads(&self) -> Vec<(String, Value)> {
        let tenant = self.tenant("acme").await;
        let records = self.records(LogRef::access(&tenant)).await;
        let told = records.into_iter().map(|(entry, details)| {
            let operation = entry["operation"].as_str().unwrap().to_owned();
            (operation, details["metadata"].clone())
        });
        told.collect()
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
            .create_key(KeyOwner::Tenant(&tenant.record), new)
            .await
            .unwrap();
        made.reveal().to_owned()
    }

    /// A platform's key.
    pub(crate) async fn platform(&self, roles: &[&str], create_tenants: bool) -> String {
        let new = api::NewKey {
            platform: true,
            create_tenants,
            roles: roles.iter().map(|role| (*role).to_owned()).collect(),
            source: "platform".into(),
            owner: "Platform Owner".into(),
            ..api::NewKey::default()
        };
        let instance = self.tenant(INSTANCE_TENANT).await;
        let made = self
            .administration(&instance)
            .create_key(KeyOwner::Platform, &new)
            .await
            .unwrap();
        made.reveal().to_owned()
    }

    /// A call that names its tenant.
    pub(crate) async fn call_for(
        &self,
        tenant: &str,
        method: Method,
        key: &str,
        path: &str,
        body: impl Into<Body>,
    ) -> Reply {
        let request = request(method, key, path).header("veritrail-tenant", tenant);
        self.send(request.body(body.into()).unwrap()).await
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
        let (method, path) = (request.method().clone(), request.uri().path().to_owned());
        let response = self.routes.clone().oneshot(request).await.unwrap();
        let (parts, body) = response.into_parts();
        let bytes = body.collect().await.unwrap().to_bytes().to_vec();
        documented::hold(
            (&method, &path),
            (parts.status, &parts.headers),
            Some(&bytes),
        );
        Reply {
            status: parts.status,
            headers: parts.headers,
            bytes,
        }
    }

    /// The same where the answer goes on; its body is the caller's to read.
    pub(crate) async fn begun_page(&self, request: Request<Body>) -> Response<Body> {
        self.routes.clone().oneshot(request).await.unwrap()
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

/// A text as a value in an address or a form.
pub(crate) fn escaped(text: &str) -> String {
    let escape = |byte: u8| match byte {
        byte if byte.is_ascii_alphanumeric() => char::from(byte).to_string(),
        byte => format!("%{byte:02X}"),
    };
    text.bytes().map(escape).collect()
}
