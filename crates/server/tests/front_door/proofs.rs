//! Proofs, checkpoints and tiles fit together.

use axum::http::{Method, StatusCode};
use ledger::checkpoint::Checkpoint;
use ledger::hash::Hash;
use ledger::note::Note;
use ledger::tile::{bundle_decode, tile_decode};
use ledger::tlog_proof::TlogProof;
use ledger::tree::{CompactRange, verify_inclusion};

use crate::support::{World, event, request};

#[tokio::test]
async fn an_event_is_proved_and_disclosed() {
    let world = World::new().await;
    let writer = world.writer().await;
    for n in 0..5 {
        world
            .post(&writer, "/v1/events", event(&format!("e{n}")))
            .await;
    }
    let auditor = world.auditor().await;
    let reply = world.get(&auditor, "/v1/events/e2/proof").await;
    assert_eq!(reply.header("content-type"), "text/plain; charset=utf-8");
    let proof = TlogProof::decode(reply.text()).unwrap();
    let disclosed: api::Disclosures =
        serde_json::from_slice(proof.extra.as_deref().unwrap()).unwrap();
    let note = Note::parse(&proof.checkpoint).unwrap();
    let checkpoint = Checkpoint::parse(note.unverified_text()).unwrap();
    let json =
        request(Method::GET, &auditor, "/v1/events/e2/proof").header("accept", "application/json");
    let json: api::Proof =
        serde_json::from_slice(&world.send(json.body("".into()).unwrap()).await.bytes).unwrap();
    let leaf = Hash::leaf(json.entry.as_bytes());
    verify_inclusion(
        3,
        checkpoint.size(),
        &leaf,
        &proof.hashes,
        checkpoint.root(),
    )
    .unwrap();
    assert_eq!(
        (json.seq, json.size, json.leaf_hash),
        (3, checkpoint.size(), leaf.to_hex())
    );
    assert_eq!(json.proof.len(), proof.hashes.len());
    assert_eq!(disclosed.entry.len(), json.entry.len().div_ceil(3) * 4);
    assert!(disclosed.person.is_some() && disclosed.details.is_some());
}

#[tokio::test]
async fn tiles_and_bundles_make_the_root_of_the_checkpoint() {
    let world = World::new().await;
    let writer = world.writer().await;
    let events: Vec<String> = (0..599).map(|n| event(&format!("e{n}"))).collect();
    world
        .post(&writer, "/v1/events", format!("[{}]", events.join(",")))
        .await;
    let auditor = world.auditor().await;
    let log = world.tenant("acme").await.record.main;
    let get = async |path: &str| world.get(&auditor, &format!("/v1/logs/{log}/{path}")).await;
    let reply = get("checkpoint").await;
    assert_eq!(reply.header("cache-control"), "private, max-age=1");
    let checkpoint =
        Checkpoint::parse(Note::parse(reply.text()).unwrap().unverified_text()).unwrap();
    assert_eq!(checkpoint.size(), 600);
    let mut range = CompactRange::new();
    for (path, count) in [("000", 256), ("001", 256), ("002.p/88", 88)] {
        let bundle = get(&format!("tile/entries/{path}")).await;
        assert!(
            bundle.header("cache-control").contains("private")
                && bundle.header("cache-control").contains("immutable")
        );
        let entries = bundle_decode(&bundle.bytes).unwrap();
        let tile = get(&format!("tile/0/{path}")).await;
        let hashes = tile_decode(&tile.bytes).unwrap();
        assert_eq!((entries.len(), hashes.len()), (count, count));
        for (entry, hash) in entries.iter().zip(&hashes) {
            assert_eq!(Hash::leaf(entry), *hash);
            range.push(*hash);
        }
    }
    assert_eq!(range.root(), *checkpoint.root());
    assert_eq!(
        tile_decode(&get("tile/1/000.p/2").await.bytes)
            .unwrap()
            .len(),
        2
    );
    assert_eq!(get("tile/0/002.p/7").await.bytes.len(), 7 * 32);
    for path in [
        "tile/0/002",
        "tile/0/002.p/89",
        "tile/1/000",
        "tile/entries/003.p/1",
        "tile/9/000",
        "tile/0/2",
        "tile/",
    ] {
        assert_eq!(get(path).await.status, StatusCode::NOT_FOUND, "{path}");
    }
    let key = get("vkey").await;
    assert!(
        key.text().starts_with(&format!("{}+", checkpoint.origin())),
        "{}",
        key.text()
    );
}
