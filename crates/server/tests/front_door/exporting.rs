//! Exports: what stands in file and manifest, who gets one, what is recorded, and what a broken one looks like.

use axum::http::{Method, StatusCode};
use http_body_util::BodyExt;
use ledger::export::check::{Check, Found};
use ledger::export::manifest::Manifest;
use ledger::export::{Format, Kind};
use ledger::hash::Hash;
use ledger::note::{Note, VerifierKey};
use serde_json::Value;
use store::{LedgerStore, LogRef, StoreError};

use crate::support::{Reply, World, event, request};

/// An export that was fetched, its manifest verified.
struct Fetched {
    file: String,
    manifest: Manifest,
}

impl Fetched {
    async fn new(world: &World, key: &str, path: &str) -> Self {
        let reply = world.get(key, path).await;
        assert_eq!(reply.status, StatusCode::OK, "{}", reply.text());
        let id = reply.header("veritrail-export").to_owned();
        let note = world.get(key, &format!("/v1/exports/{id}/manifest")).await;
        assert_eq!(note.header("content-type"), "text/plain; charset=utf-8");
        let manifest = Note::parse(note.text()).unwrap();
        let manifest = Manifest::parse(manifest.unverified_text()).unwrap();
        let log = manifest.log;
        let records = world.get(key, &format!("/v1/logs/{log}/vkey")).await;
        let vkey = VerifierKey::parse(records.text().trim_end()).unwrap();
        Note::parse(note.text()).unwrap().verify(&[vkey]).unwrap();
        assert_eq!((&manifest.export, manifest.zone.is_empty()), (&id, false));
        let file = reply.text().to_owned();
        assert_eq!(manifest.bytes, file.len() as u64);
        assert_eq!(manifest.sha256, Hash::of(file.as_bytes()));
        Self { file, manifest }
    }

    fn check(&self) -> Result<Found, String> {
        let mut check = Check::new(&self.manifest).map_err(|fault| fault.to_string())?;
        let (end, names) = match self.manifest.format {
            Format::Ndjson => ("\n", 0),
            Format::Csv => ("\r\n", 1),
        };
        let rows = self.file.split_terminator(end).skip(names);
        for row in rows {
            let checked = match self.manifest.format {
                Format::Ndjson => check.line(row.as_bytes()),
                Format::Csv => check.record(row),
            };
            checked.map_err(|fault| fault.to_string())?;
        }
        check.finish().map_err(|fault| fault.to_string())
    }

    fn lines(&self) -> Vec<Value> {
        let lines = self.file.lines();
        lines
            .map(|line| serde_json::from_str(line).unwrap())
            .collect()
    }
}

async fn fill(world: &World, count: usize) {
    for begin in (0..count).step_by(500) {
        let events: Vec<String> = (begin..count.min(begin + 500))
            .map(|n| {
                let result = if n % 3 == 0 { "failure" } else { "success" };
                format!(
                    r#"{{"id":"e{n}","operation":"deployment.created","actor":{{"id":"42","name":"=HYPERLINK(\"x\")"}},"resource":{{"type":"deployment","id":"dpl_{n}","project_id":"p"}},"outcome":{{"result":"{result}"}},"reason":"a, \"b\"\nc","origin":{{"ip":"198.51.100.7"}}}}"#
                )
            })
            .collect();
        world.store(&format!("[{}]", events.join(","))).await;
    }
}

#[tokio::test]
async fn a_whole_log_is_exported_with_everything_that_proves_it() {
    let world = World::new().await;
    fill(&world, 700).await;
    let key = world.auditor().await;
    let export = Fetched::new(&world, &key, "/v1/export").await;
    let Manifest {
        kind,
        count,
        first,
        last,
        entries,
        subtrees,
        ..
    } = &export.manifest;
    assert_eq!((*kind, *count, *entries), (Kind::Whole, 701, 701));
    assert_eq!((*first, *last, subtrees.len()), (Some(0), Some(700), 2));
    assert_eq!(export.check().unwrap().rows, 701);
    let log = LogRef::main(&*world.tenant("acme").await);
    let lines = export.lines();
    let mut chain = Hash::default();
    for begin in [0_u64, 512] {
        for record in world.store.records(log, begin..begin + 512).await.unwrap() {
            let line = &lines[usize::try_from(record.seq).unwrap()];
            let text = |bytes: &[u8]| Value::String(String::from_utf8(bytes.to_vec()).unwrap());
            chain = chain.chain(&Hash::leaf(&record.entry));
            assert_eq!(line["entry"], text(&record.entry));
            assert_eq!(line["chain"], chain.to_hex());
            assert_eq!(line["leaf_hash"], Hash::leaf(&record.entry).to_hex());
            assert_eq!(
                line.get("person").cloned(),
                record.person.as_deref().map(text)
            );
            assert_eq!(
                line.get("details").cloned(),
                record.details.as_deref().map(text)
            );
        }
    }
    assert_eq!(export.manifest.chain, Some(chain));
}

#[tokio::test]
async fn any_range_leads_to_the_root_of_the_whole_log() {
    let world = World::new().await;
    fill(&world, 600).await;
    let key = world.auditor().await;
    for (from, to) in [
        (0, 0),
        (0, 255),
        (1, 1),
        (7, 598),
        (255, 256),
        (256, 511),
        (600, 600),
    ] {
        for format in ["ndjson", "csv"] {
            let path = format!("/v1/export?from_seq={from}&to_seq={to}&format={format}");
            let export = Fetched::new(&world, &key, &path).await;
            assert_eq!(export.check().unwrap().rows, to - from + 1, "{path}");
            assert_eq!(export.manifest.chain.is_some(), from == 0);
        }
    }
    let export = Fetched::new(&world, &key, "/v1/export?from_seq=590&to_seq=99999").await;
    assert_eq!(export.manifest.last, Some(600));
    assert_eq!(
        export.manifest.asked,
        [
            ("from_seq".into(), "590".into()),
            ("to_seq".into(), "99999".into())
        ]
    );
}

#[tokio::test]
async fn what_a_query_finds_is_exported_oldest_first_and_each_line_proves_itself() {
    let world = World::new().await;
    fill(&world, 900).await;
    let key = world.auditor().await;
    let path = "/v1/export?q=outcome%3Afailure&since=30d";
    let export = Fetched::new(&world, &key, path).await;
    assert_eq!(export.check().unwrap().rows, 300);
    assert_eq!(
        (export.manifest.kind, export.manifest.count),
        (Kind::Filtered, 300)
    );
    let lines = export.lines();
    assert!(
        lines
            .iter()
            .all(|line| line["proof"].as_array().unwrap().len() >= 5)
    );
    let failed = lines
        .iter()
        .all(|line| line["entry"].as_str().unwrap().contains("failure"));
    assert!(failed && lines[0]["row"] == 1 && lines[299]["row"] == 300);
    let nothing = Fetched::new(&world, &key, "/v1/export?q=operation%3Asecret.read").await;
    assert_eq!(nothing.check().unwrap(), Found::default());
    assert_eq!((nothing.file.as_str(), nothing.manifest.first), ("", None));
}

#[tokio::test]
async fn a_csv_is_for_people_and_for_no_spreadsheet_s_formulas() {
    let world = World::new().await;
    fill(&world, 3).await;
    let key = world.auditor().await;
    let path = "/v1/export?format=csv&zone=Asia%2FKolkata";
    let export = Fetched::new(&world, &key, path).await;
    assert_eq!(export.manifest.zone, "Asia/Kolkata");
    let mut records = export.file.split("\r\n");
    assert_eq!(
        records.next().unwrap(),
        "time,recorded_at,operation,outcome,actor_type,actor_id,actor_name,actor_email,on_behalf_of,resource_type,\
         resource_id,resource_name,project,environment,reason,ip,event_id,seq,leaf_hash,chain"
    );
    let opening = records.next().unwrap();
    assert!(
        opening.contains("+05:30,") && opening.contains(",,,,,,,"),
        "{opening}"
    );
    let event = records.next().unwrap();
    for cell in [
        ",deployment.created,failure,user,42,\"'=HYPERLINK(\"\"x\"\")\",",
        ",p,,\"a, \"\"b\"\"\nc\",198.51.100.7,e0,1,",
    ] {
        assert!(event.contains(cell), "{event}");
    }
}

#[tokio::test]
async fn an_export_is_recorded_before_its_first_byte_and_at_its_end() {
    let world = World::new().await;
    fill(&world, 2).await;
    let key = world.auditor().await;
    let export = Fetched::new(&world, &key, "/v1/export?q=actor%3A42&zone=UTC").await;
    let reads = world.reads().await;
    let told: Vec<&str> = reads
        .iter()
        .map(|(operation, _)| operation.as_str())
        .collect();
    assert_eq!(
        told,
        ["veritrail.export.started", "veritrail.export.completed"]
    );
    assert_eq!(reads[0].1["q"], "actor:42");
    assert_eq!(reads[0].1["export"], export.manifest.export);
    assert_eq!(reads[1].1["events"], 2);
    assert_eq!(reads[1].1["file_hash"], export.manifest.sha256.to_hex());
    let id = &export.manifest.export;
    let note = world.get(&key, &format!("/v1/exports/{id}/manifest")).await;
    assert_eq!(reads[1].1["manifest_hash"], Hash::of(&note.bytes).to_hex());
    // An export of the access log shows them, and is recorded elsewhere: it does not grow what it exports.
    let access = Fetched::new(&world, &key, "/v1/export?log=access").await;
    assert_eq!(access.check().unwrap().rows, 3);
    assert_eq!(world.reads().await.len(), 2);
}

#[tokio::test]
async fn without_a_record_there_is_no_export() {
    let world = World::new().await;
    fill(&world, 2).await;
    let key = world.auditor().await;
    let access = LogRef::access(&*world.tenant("acme").await);
    world.fail(Some(access), || StoreError::DiskFull);
    let reply = world.get(&key, "/v1/export").await;
    assert_eq!(reply.problem().1, "access_not_recorded");
}

#[tokio::test]
async fn what_the_index_can_not_answer_is_refused_and_not_cut() {
    let world = World::new().await;
    fill(&world, 3).await;
    let key = world.auditor().await;
    world.store.memory.make_index_unavailable(true);
    let reply = world.get(&key, "/v1/export?q=operation:*").await;
    assert_eq!(reply.header("retry-after"), "1");
    assert_eq!(reply.problem().1, "index_unavailable");
    // A whole log needs no index.
    Fetched::new(&world, &key, "/v1/export").await;
    world.store.memory.make_index_unavailable(false);
    Fetched::new(&world, &key, "/v1/export?q=operation:*").await;
}

#[tokio::test]
async fn an_export_whose_end_can_not_be_recorded_is_cut_and_has_no_manifest() {
    let world = World::new().await;
    fill(&world, 5).await;
    let key = world.auditor().await;
    let answer = world.open(
        request(Method::GET, &key, "/v1/export")
            .body("".into())
            .unwrap(),
    );
    let answer = answer.await;
    let id = answer.headers()["veritrail-export"]
        .to_str()
        .unwrap()
        .to_owned();
    let access = LogRef::access(&*world.tenant("acme").await);
    world.fail(Some(access), || StoreError::DiskFull);
    assert!(answer.into_body().collect().await.is_err());
    let reply: Reply = world.get(&key, &format!("/v1/exports/{id}/manifest")).await;
    assert_eq!(reply.status, StatusCode::NOT_FOUND);
}

#[tokio::test]
async fn an_export_that_nobody_waited_for_is_recorded_as_cancelled() {
    let world = World::new().await;
    fill(&world, 5).await;
    let key = world.auditor().await;
    let answer = world.open(
        request(Method::GET, &key, "/v1/export")
            .body("".into())
            .unwrap(),
    );
    drop(answer.await);
    world.record_due_totals().await;
    let access = LogRef::access(&*world.tenant("acme").await);
    let records = world.records(access).await;
    let (entry, details) = records.last().unwrap();
    assert_eq!(entry["operation"], "veritrail.export.completed");
    assert_eq!(
        (&entry["outcome"], &details["metadata"]["events"]),
        (&"cancelled".into(), &0.into())
    );
}

#[tokio::test]
async fn a_revoked_key_gets_no_further() {
    let world = World::new().await;
    fill(&world, 3_000).await;
    let operator = world.operator().await;
    let key = world.auditor().await;
    let answer = world.open(
        request(Method::GET, &key, "/v1/export")
            .body("".into())
            .unwrap(),
    );
    let mut body = answer.await.into_body();
    assert!(body.frame().await.unwrap().is_ok());
    let id = key.split('_').nth(1).unwrap();
    let gone = world
        .call(Method::DELETE, &operator, &format!("/v1/keys/{id}"), "")
        .await;
    assert!(gone.status.is_success(), "{}", gone.text());
    let mut cut = false;
    while let Some(frame) = body.frame().await {
        cut |= frame.is_err();
    }
    assert!(cut);
}

#[tokio::test]
async fn manifests_are_their_tenants_alone() {
    let world = World::new().await;
    fill(&world, 1).await;
    let key = world.auditor().await;
    let export = Fetched::new(&world, &key, "/v1/export").await;
    let path = format!("/v1/exports/{}/manifest", export.manifest.export);
    let foreign = world.key_of("umbrella", &["auditor"], "s").await;
    for (key, path) in [
        (&foreign, path.as_str()),
        (
            &key,
            "/v1/exports/00000000000000000000000000000000/manifest",
        ),
        (&key, "/v1/exports/x/manifest"),
    ] {
        let reply = world.get(key, path).await;
        assert_eq!(reply.problem(), (404, "not_found".into(), String::new()));
    }
}

#[tokio::test]
async fn what_can_not_be_exported_is_refused_with_its_parameter() {
    let world = World::new().await;
    let key = world.auditor().await;
    for (path, parameter) in [
        ("?format=pdf", "format"),
        ("?zone=Mars%2FOlympus", "zone"),
        ("?zone=..%2F..%2Fetc%2Fpasswd", "zone"),
        ("?from_seq=-1", "from_seq"),
        ("?from_seq=%2B1", "from_seq"),
        ("?to_seq=18446744073709551616", "to_seq"),
        ("?from_seq=5&to_seq=4", "from_seq"),
        ("?from_seq=99", "from_seq"),
        ("?q=actor%3A1&from_seq=0", "from_seq"),
        ("?since=1h&to_seq=9", "to_seq"),
        ("?log=other", "log"),
        ("?since=soon", "since"),
    ] {
        let reply = world.get(&key, &format!("/v1/export{path}")).await;
        let (status, code, named) = reply.parameter();
        assert_eq!(
            (status, code.as_str(), named.as_str()),
            (400, "bad_request", parameter),
            "{path}"
        );
    }
    let reply = world.get(&key, "/v1/export?q=%28").await;
    assert_eq!(reply.parameter().1, "bad_query");
    assert_eq!(
        world.get(&key, "/v1/export?limit=3").await.problem().1,
        "bad_request"
    );
}

#[tokio::test]
async fn a_log_that_lags_behind_its_signer_is_exported_up_to_the_checkpoint_and_says_so() {
    let world = World::new().await;
    fill(&world, 4).await;
    let key = world.auditor().await;
    let log = LogRef::main(&*world.tenant("acme").await);
    world.store.signed_past(log, 4).await.unwrap();
    world.store.memory.hold_signing(true);
    world.store(&event("late")).await;
    tokio::time::pause();
    let export = Fetched::new(&world, &key, "/v1/export").await;
    assert_eq!((export.manifest.count, export.manifest.entries), (5, 6));
    assert_eq!(export.check().unwrap().rows, 5);
}

#[tokio::test]
async fn exports_at_once_are_bounded_and_leave_room_for_others() {
    let world = World::new().await;
    fill(&world, 2).await;
    let key = world.auditor().await;
    let export = || {
        request(Method::GET, &key, "/v1/export")
            .body("".into())
            .unwrap()
    };
    let mut open = Vec::new();
    let refused = loop {
        assert!(open.len() < 16, "one tenant has them all");
        let answer = world.open(export()).await;
        if !answer.status().is_success() {
            break answer.status();
        }
        open.push(answer);
    };
    assert_eq!(refused, StatusCode::TOO_MANY_REQUESTS);
    let other = world.key_of("umbrella", &["auditor"], "s").await;
    Fetched::new(&world, &other, "/v1/export").await;
    open.pop();
    Fetched::new(&world, &key, "/v1/export").await;
}

#[tokio::test]
async fn a_part_that_is_gone_is_told_from_one_that_was_never_sent() {
    let world = World::new().await;
    world
        .store(
            r#"{"id":"a","operation":"deployment.created","actor":{"type":"system"},"resource":{"type":"deployment"}}"#,
        )
        .await;
    fill(&world, 1).await;
    let key = world.auditor().await;
    let export = Fetched::new(&world, &key, "/v1/export").await;
    let lines = export.lines();
    for line in &lines {
        let entry: Value = serde_json::from_str(line["entry"].as_str().unwrap()).unwrap();
        for label in ["person", "details"] {
            assert_eq!(
                line.get(label).is_some(),
                !entry["parts"][label].is_null(),
                "{line}"
            );
        }
    }
    assert!(lines[1].get("person").is_none() && lines[2].get("person").is_some());
}
