//! What a cluster's API server posts, from the delivery to the search.

use axum::body::Body;
use axum::http::{Method, Request, StatusCode};
use serde_json::{Value, json};
use store::LogRef;

use crate::sources::source;
use crate::support::{Reply, World};

/// Ana acts for Bob and is refused; a pipeline changes an image; a node renews its lease; somebody looks at pods.
fn list() -> Value {
    let event = |id: &str, verb: &str, user: &str, object: Value, code: u64| {
        json!({
            "kind": "Event", "apiVersion": "audit.k8s.io/v1", "level": "Metadata", "auditID": id,
            "stage": "ResponseComplete", "requestURI": "/x", "verb": verb,
            "user": {"username": user, "uid": "u-1", "groups": ["system:authenticated"]},
            "sourceIPs": ["198.51.100.7"], "userAgent": "kubectl/v1.33",
            "objectRef": object, "responseStatus": {"metadata": {}, "code": code},
            "requestReceivedTimestamp": "2026-11-20T10:00:00.000001Z",
            "stageTimestamp": "2026-11-20T10:00:00.100000Z"
        })
    };
    let secret =
        json!({"resource": "secrets", "namespace": "prod", "name": "db", "apiVersion": "v1"});
    let mut denied = event("a-1", "delete", "ana@example.com", secret, 403);
    denied["impersonatedUser"] = json!({"username": "bob@example.com", "groups": ["admins"]});
    let deployment = json!({"resource": "deployments", "namespace": "prod", "name": "api", "apiGroup": "apps", "apiVersion": "v1"});
    let lease = json!({"resource": "leases", "namespace": "kube-node-lease", "name": "n1", "apiGroup": "coordination.k8s.io"});
    let pods = json!({"resource": "pods", "namespace": "prod", "apiVersion": "v1"});
    json!({
        "kind": "EventList", "apiVersion": "audit.k8s.io/v1", "metadata": {},
        "items": [
            denied,
            event("a-2", "patch", "system:serviceaccount:ci:deployer", deployment, 200),
            event("a-3", "update", "system:node:n1", lease, 200),
            event("a-4", "list", "ana@example.com", pods, 200),
        ]
    })
}

async fn post(world: &World, path: &str, secret: &str, body: &Value) -> Reply {
    let request = Request::builder()
        .method(Method::POST)
        .uri(path)
        .header("authorization", format!("Bearer {secret}"))
        .header("content-type", "application/json");
    let body = Body::from(body.to_string());
    world.send(request.body(body).unwrap()).await
}

#[tokio::test]
async fn impersonation_and_a_refusal_are_told_noise_is_counted_and_a_replay_adds_nothing() {
    let world = World::new().await;
    let cluster = source(&world, "kubernetes", "prod-cluster").await;
    let first = post(&world, &cluster.path, &cluster.secret, &list()).await;
    assert_eq!(first.status, StatusCode::OK, "{}", first.text());
    let told = first.json();
    assert_eq!(told["stored"], 2, "{told}");
    let left_out = told["left_out"].as_object().unwrap();
    let count: u64 = left_out.values().map(|count| count.as_u64().unwrap()).sum();
    assert_eq!(count, 2, "{told}");
    assert!(
        left_out.keys().all(|rule| rule.starts_with("kubernetes.")),
        "{told}"
    );
    let again = post(&world, &cluster.path, &cluster.secret, &list())
        .await
        .json();
    assert_eq!(
        (&again["stored"], &again["repeated"]),
        (&json!(0), &json!(2))
    );

    let reader = world.key_of("acme", &["reader"], "x").await;
    let page = world
        .get(&reader, "/v1/events?q=outcome:denied")
        .await
        .json();
    let [event] = &page["events"].as_array().unwrap()[..] else {
        panic!("{page}")
    };
    assert_eq!(event["operation"], "secret.deleted", "{event}");
    assert_eq!(event["actor"]["id"], "ana@example.com", "{event}");
    assert_eq!(event["actor"]["on_behalf_of"]["id"], "bob@example.com");
    assert_eq!(event["origin"]["ip"], "198.51.100.7");
    let found = world
        .get(&reader, "/v1/events?q=context.source_action:patch*")
        .await;
    assert_eq!(found.ids().len(), 1);
    // Nobody's name is in what can't be erased.
    let log = LogRef::main(&*world.tenant("acme").await);
    for (entry, _) in world.records(log).await {
        let entry = entry.to_string();
        for name in ["ana", "bob", "deployer", "prod"] {
            let quoted = entry.replace("prod-cluster", "");
            assert!(!quoted.contains(name), "{name}: {entry}");
        }
    }
}

#[tokio::test]
async fn a_cluster_without_the_right_token_is_refused() {
    let world = World::new().await;
    let cluster = source(&world, "kubernetes", "prod-cluster").await;
    for secret in ["", "vts_nonsense", &cluster.secret[..20]] {
        let reply = post(&world, &cluster.path, secret, &list()).await;
        assert_eq!(reply.status, StatusCode::UNAUTHORIZED);
    }
}
