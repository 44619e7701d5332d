//! The service on a real socket: it answers, ends in order, and records what was left to record.

use std::io::{Read, Write};
use std::net::{SocketAddr, TcpStream};
use std::sync::Arc;

use ledger::source::Clock;
use server::{Config, Listener, serve};
use store::registry::INSTANCE_TENANT;
use store::{EventIndex, LedgerStore, LogRef};
use tokio::net::TcpListener;
use tokio::sync::oneshot;

use crate::support::{World, event};

fn call(address: SocketAddr, request: &str) -> String {
    let mut stream = TcpStream::connect(address).unwrap();
    stream.write_all(request.as_bytes()).unwrap();
    let mut answer = String::new();
    stream.read_to_string(&mut answer).unwrap();
    answer
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
#[expect(clippy::too_many_lines, reason = "one life of a server")]
async fn shutdown_lets_requests_end_and_records_what_is_left() {
    let world = World::new().await;
    let (writer, auditor) = (world.writer().await, world.auditor().await);
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let address = listener.local_addr().unwrap();
    let (stop, stopped) = oneshot::channel::<()>();
    let serving = serve(
        Arc::clone(&world.store) as Arc<dyn LedgerStore>,
        Arc::clone(&world.store) as Arc<dyn EventIndex>,
        Config::default(),
        Arc::clone(&world.clock) as Arc<dyn Clock>,
        world.rng(),
        vec![],
        Listener::plain(listener),
        async {
            _ = stopped.await;
        },
    );
    let log = world.tenant("acme").await.record.main;
    let requests = tokio::task::spawn_blocking(move || {
        let body = event("e1");
        let post = format!(
            "POST /v1/events HTTP/1.1\r\nhost: x\r\nconnection: close\r\nauthorization: Bearer {writer}\r\ncontent-length: {}\r\n\r\n{body}",
            body.len()
        );
        let get = |path: &str, key: &str| {
            format!(
                "GET {path} HTTP/1.1\r\nhost: x\r\nconnection: close\r\nauthorization: Bearer {key}\r\n\r\n"
            )
        };
        let answers = [
            call(address, &post),
            call(
                address,
                &get(&format!("/v1/logs/{log}/checkpoint"), &auditor),
            ),
            call(address, &get("/v1/logs", "vtk_forged")),
            call(
                address,
                "GET / HTTP/1.1\r\nhost: x\r\nconnection: close\r\n\r\n",
            ),
        ];
        stop.send(()).unwrap();
        answers
    });
    serving.await.unwrap();
    let answers = requests.await.unwrap();
    for (answer, status) in answers.iter().zip(["201", "200", "401", "404"]) {
        assert!(
            answer.starts_with(&format!("HTTP/1.1 {status}")),
            "{answer}"
        );
    }
    let instance = world
        .operations(LogRef::main(&*world.tenant(INSTANCE_TENANT).await))
        .await;
    let last = instance.len() - 3;
    assert_eq!(
        instance[last..],
        [
            "veritrail.server.started",
            "veritrail.signin.refused",
            "veritrail.server.stopped"
        ]
    );
    let access = world
        .records(LogRef::access(&*world.tenant("acme").await))
        .await;
    let totals = &access.last().unwrap().1["metadata"];
    assert_eq!(
        (access.len(), &totals["phase"], &totals["checkpoints"]),
        (2, &"totals".into(), &1.into()),
        "{totals}"
    );
}
