//! Somebody with a browser, without the browser.

use axum::body::Body;
use axum::http::{Method, Request, Response, StatusCode};
use http_body_util::BodyExt;

use crate::support::{Reply, World};

/// Somebody who is signed in.
pub(crate) struct Visitor<'w> {
    world: &'w World,
    pub(crate) cookie: String,
    tenant: String,
}

impl<'w> Visitor<'w> {
    /// Signs in at the front door with a new key of these roles.
    pub(crate) async fn of(world: &'w World, tenant: &str, roles: &[&str]) -> Self {
        let key = world.key_of(tenant, roles, "visitor").await;
        Self::with_key(world, tenant, &key).await
    }

    /// Signs in at the front door.
    pub(crate) async fn with_key(world: &'w World, tenant: &str, key: &str) -> Self {
        let form = Request::builder()
            .method(Method::POST)
            .uri("/sign-in")
            .header("content-type", "application/x-www-form-urlencoded")
            .body(Body::from(format!("key={key}")))
            .unwrap();
        let reply = world.page(form).await;
        let cookies = reply.headers.get_all("set-cookie").iter();
        let mut cookies = cookies.filter_map(|cookie| cookie.to_str().ok()?.split(';').next());
        let cookie = cookies.find(|cookie| cookie.starts_with("veritrail_session="));
        Self {
            world,
            cookie: cookie.expect("a session begins").to_owned(),
            tenant: tenant.to_owned(),
        }
    }

    /// Somebody who has not signed in.
    pub(crate) fn unsigned(world: &'w World, tenant: &str) -> Self {
        Self {
            world,
            cookie: String::new(),
            tenant: tenant.to_owned(),
        }
    }

    /// A page of the visitor's tenant; `path` begins behind the tenant's name.
    pub(crate) async fn page(&self, path: &str) -> Reply {
        self.any(&format!("/t/{}{path}", self.tenant)).await
    }

    /// The text of a page that is there.
    pub(crate) async fn text(&self, path: &str) -> String {
        let reply = self.page(path).await;
        assert_eq!(reply.status, StatusCode::OK, "{path}: {}", reply.text());
        reply.text().to_owned()
    }

    /// Any path.
    pub(crate) async fn any(&self, path: &str) -> Reply {
        let asked = Request::builder().uri(path).header("cookie", &self.cookie);
        self.world.page(asked.body(Body::empty()).unwrap()).await
    }

    /// An answer that goes on; `path` begins behind the tenant's name.
    pub(crate) async fn open(&self, path: &str) -> Response<Body> {
        let asked = Request::builder()
            .uri(format!("/t/{}{path}", self.tenant))
            .header("cookie", &self.cookie);
        self.world
            .begun_page(asked.body(Body::empty()).unwrap())
            .await
    }
}

/// What an answer that goes on begins with, up to the end of the block that `text` stands in.
pub(crate) async fn begun(answer: Response<Body>, text: &str) -> String {
    let mut body = answer.into_body();
    let mut said = String::new();
    while !said
        .split_once(text)
        .is_some_and(|(_, rest)| rest.contains("\n\n"))
    {
        let frame = body.frame().await.expect("the answer goes on").unwrap();
        said.push_str(str::from_utf8(&frame.into_data().unwrap()).unwrap());
    }
    said
}
