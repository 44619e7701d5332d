//! GitHub's own examples of its webhooks, each delivered with a valid signature: stored under a named operation, or left
//! out or refused by a named rule, and never a failure of ours.
//!
//! `make test` fetches the package and says where it is (`VERITRAIL_WEBHOOK_EXAMPLES`).

use std::io::Write as _;
use std::path::PathBuf;

use axum::http::StatusCode;
use serde_json::Value;

use crate::sources::{DEPLOY_KEY, github, source};
use crate::support::World;

const FOLDER: &str = "VERITRAIL_WEBHOOK_EXAMPLES";

/// Names of events with a body of each.
fn examples() -> Vec<(String, String)> {
    let Some(folder) = std::env::var_os(FOLDER) else {
        // Past the harness, which keeps what a test prints for failures.
        let line = "NOT TESTED: VERITRAIL_WEBHOOK_EXAMPLES is not set: GitHub's examples were not delivered\n";
        std::io::stdout().write_all(line.as_bytes()).unwrap();
        return Vec::new();
    };
    let entries = std::fs::read_dir(PathBuf::from(folder)).unwrap();
    let mut files: Vec<_> = entries
        .map(|entry| entry.unwrap().path().join("index.json"))
        .filter(|file| file.is_file())
        .collect();
    files.sort();
    assert!(!files.is_empty(), "{FOLDER} was promised");
    let mut examples = Vec::new();
    for file in files {
        let events: Vec<Value> =
            serde_json::from_str(&std::fs::read_to_string(file).unwrap()).unwrap();
        for event in events {
            let name = event["name"].as_str().unwrap().to_owned();
            let bodies = event["examples"].as_array().unwrap().iter();
            examples.extend(bodies.map(|body| (name.clone(), body.to_string())));
        }
    }
    examples
}

#[tokio::test]
async fn every_example_of_github_is_stored_or_left_out_by_name_and_none_is_a_failure() {
    let world = World::new().await;
    let hooks = source(&world, "github", "hooks").await;
    let examples = examples();
    let (mut stored, mut left_out, mut repeated) = (0, 0, 0);
    for (event, body) in &examples {
        let reply = github(&world, &hooks, event, "d", body).await;
        assert_eq!(reply.status, StatusCode::OK, "{event}: {}", reply.text());
        let told: api::Delivered = serde_json::from_slice(&reply.bytes).unwrap();
        let out: u64 = told.left_out.values().sum();
        assert!(
            told.stored + told.repeated + out + told.refused_count > 0,
            "{event}: nothing became of it"
        );
        assert!(told.refused.iter().all(|refused| !refused.rule.is_empty()));
        assert_eq!(told.conflicts, 0, "{event}");
        stored += told.stored;
        left_out += out;
        repeated += told.repeated;
        let again = github(&world, &hooks, event, "other", body).await;
        let told: api::Delivered = serde_json::from_slice(&again.bytes).unwrap();
        assert_eq!((told.stored, told.conflicts), (0, 0), "{event}: doubled");
    }
    let line = format!(
        "{} examples delivered: {stored} events stored, {repeated} repeated, {left_out} left out by name\n",
        examples.len()
    );
    std::io::stdout().write_all(line.as_bytes()).unwrap();
    // A wrong signature among so many right ones is still one.
    let mut forged = hooks;
    forged.secret.push('x');
    let reply = github(&world, &forged, "deploy_key", "d", DEPLOY_KEY).await;
    assert_eq!(reply.status, StatusCode::UNAUTHORIZED);
}
