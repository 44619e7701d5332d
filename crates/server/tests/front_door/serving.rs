//! The service on a real socket: it answers, ends in order, and records what was left to record.

use std::io::{Read, Write};
use std::net::{SocketAddr, TcpStream};

use store::LogRef;
use store::registry::INSTANCE_TENANT;

use crate::support::{World, event};

fn call(address: SocketAddr, request: &str) -> String {
    let mut stream = TcpStream::connect(address).unwrap();
    stream.write_all(request.as_bytes()).unwrap();
    let mut answer = String::new();
    stream.read_to_string(&mut answer).unwrap();
    answer
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn shutdown_lets_requests_end_and_records_what_is_left() {
    let world = World::new().await;
    let (writer, auditor) = (world.writer().await, world.auditor().await);
    let (address, stop, serving) = world.on_a_socket().await;
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
                "GET /nothing HTTP/1.1\r\nhost: x\r\nconnection: close\r\n\r\n",
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
