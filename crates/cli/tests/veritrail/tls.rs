//! HTTPS as clients and operators meet it: trust, renewal, and who is kept waiting.

use std::io::{Read as _, Write as _};
use std::net::TcpStream;
use std::path::Path;
use std::time::Duration;

use rustix::process::Signal;
use ureq::Agent;
use ureq::tls::{Certificate, RootCerts, TlsConfig};

use crate::certificates::{Authority, put};
use crate::command::{Ran, ran, run};
use crate::running::Running;

const TLS: [&str; 5] = [
    "--print-key",
    "--tls-cert",
    "cert.pem",
    "--tls-key",
    "key.pem",
];
/// How often is asked whether something has happened; each time starts a process.
const TRIES: usize = 500;

/// A server with a certificate of `authority`, whose own is in `ca.pem`.
fn start(authority: &Authority, more: &[&str]) -> Running {
    let directory = tempfile::tempdir().unwrap();
    authority.issue().write(directory.path());
    put(&directory.path().join("ca.pem"), &authority.pem());
    Running::start_in(directory, &[&TLS, more].concat())
}

/// Asks for the logs, trusting the authority in `ca`.
fn ask(server: &Running, ca: &str) -> Ran {
    let mut command = server.client();
    command.args(["log", "list"]).env("VERITRAIL_CA_CERT", ca);
    ran(command.output().unwrap())
}

#[test]
fn a_private_authority_is_believed_when_named_and_no_other() {
    let server = start(&Authority::new("ours"), &[]);
    put(
        &server.path().join("other.pem"),
        &Authority::new("other").pem(),
    );
    assert!(
        server.url.starts_with("https://127.0.0.1:"),
        "{}",
        server.url
    );
    assert!(ask(&server, "ca.pem").ends(0).contains("main"));
    let named = server.run(&["log", "list", "--ca-cert", "ca.pem"]);
    assert!(named.ends(0).contains("main"));
    ask(&server, "other.pem").complains(3, "--ca-cert");
    server.run(&["log", "list"]).complains(3, "--ca-cert");
    ask(&server, "key.pem").complains(2, "key.pem: expected certificates in PEM");
    let port = server.url.rsplit(':').next().unwrap();
    let url = format!("https://localhost:{port}");
    server
        .run(&["log", "list", "--ca-cert", "ca.pem", "--url", &url])
        .ends(0);
    server.stop();
}

#[test]
fn a_renewed_certificate_is_taken_and_running_connections_go_on() {
    let (ours, next) = (Authority::new("ours"), Authority::new("next"));
    let server = start(&ours, &[]);
    put(&server.path().join("next.pem"), &next.pem());
    let before = agent(&ours);
    let health = format!("{}/healthz", server.url);
    assert_eq!(status(&before, &health), Some(200));
    ask(&server, "next.pem").complains(3, "no answer");

    next.issue().write(server.path());
    server.signal(Signal::HUP);
    let taken = (0..TRIES).any(|_| ask(&server, "next.pem").code == 0);
    assert!(taken, "{}", server.log());
    ask(&server, "ca.pem").complains(3, "no answer");
    // The connection that was made before is still used; a new one is not believed.
    assert_eq!(status(&before, &health), Some(200));
    assert_eq!(status(&agent(&ours), &health), None);
    server.stop();
}

#[test]
fn a_renewed_certificate_is_taken_without_a_signal() {
    let next = Authority::new("next");
    let server = start(&Authority::new("ours"), &[]);
    put(&server.path().join("next.pem"), &next.pem());
    next.issue().write(server.path());
    // Looked at every 10 seconds.
    let taken = (0..10 * TRIES).any(|_| ask(&server, "next.pem").code == 0);
    assert!(taken, "{}", server.log());
}

#[test]
fn a_pair_that_does_not_fit_leaves_the_old_one_in_force_and_is_told_once() {
    let (ours, next) = (Authority::new("ours"), Authority::new("next"));
    let server = start(&ours, &[]);
    put(&server.path().join("next.pem"), &next.pem());
    let pair = next.issue();
    put(&server.path().join("cert.pem"), &pair.cert);
    server.signal(Signal::HUP);
    let complaint = "the key in key.pem is not that of the first certificate in cert.pem";
    let told = || server.log().matches(complaint).count();
    let refused = (0..TRIES).any(|_| ask(&server, "ca.pem").code == 0 && told() > 0);
    assert!(refused, "{}", server.log());
    server.signal(Signal::HUP);
    ask(&server, "ca.pem").ends(0);
    ask(&server, "next.pem").complains(3, "no answer");
    server.signal(Signal::HUP);

    put(&server.path().join("key.pem"), &pair.key);
    server.signal(Signal::HUP);
    let taken = (0..TRIES).any(|_| ask(&server, "next.pem").code == 0);
    assert!(taken, "{}", server.log());
    assert_eq!(told(), 1, "{}", server.log());
    assert!(!server.log().contains("PRIVATE"), "{}", server.log());
}

#[test]
fn plain_http_to_the_tls_port_is_told_so() {
    let server = start(&Authority::new("ours"), &[]);
    let plain = server.url.replace("https:", "http:");
    server
        .run(&["log", "list", "--url", &plain])
        .complains(2, "this port speaks TLS");
    // What is neither ends, and is no harm to the next.
    let mut stream = TcpStream::connect(address(&server)).unwrap();
    stream.write_all(&[0x16, 3, 1, 0, 2, 0, 0]).unwrap();
    let mut end = Vec::new();
    // It may be an alert or a reset.
    let _ = stream.read_to_end(&mut end);
    ask(&server, "ca.pem").ends(0);
}

#[test]
fn a_hundred_that_never_shake_hands_keep_nobody_waiting() {
    let server = start(&Authority::new("ours"), &[]);
    let silent: Vec<TcpStream> = (0..100).map(|number| half_open(&server, number)).collect();
    for _ in 0..10 {
        ask(&server, "ca.pem").ends(0);
    }
    drop(silent);
    server.stop();
}

#[test]
fn who_does_not_shake_hands_counts_as_a_connection_and_is_cut_off_in_time() {
    let server = start(
        &Authority::new("ours"),
        &[
            "--limits-connections",
            "20",
            "--limits-header-timeout-seconds",
            "1",
        ],
    );
    let silent: Vec<TcpStream> = (0..20).map(|number| half_open(&server, number)).collect();
    // It waits for one of their places.
    ask(&server, "ca.pem").ends(0);
    for mut stream in silent {
        let patience = Some(Duration::from_secs(30));
        stream.set_read_timeout(patience).unwrap();
        let mut rest = Vec::new();
        if let Err(error) = stream.read_to_end(&mut rest) {
            assert_eq!(error.kind(), std::io::ErrorKind::ConnectionReset);
        }
    }
}

#[test]
fn files_that_can_not_be_used_are_named_before_anything_is_made() {
    let directory = tempfile::tempdir().unwrap();
    let (ours, other) = (Authority::new("ours").issue(), Authority::new("b").issue());
    ours.write(directory.path());
    let at = |name: &str| directory.path().join(name);
    put(&at("other.pem"), &other.key);
    put(&at("empty.pem"), "");
    put(
        &at("broken.pem"),
        "-----BEGIN CERTIFICATE-----\nAAAA\n-----END CERTIFICATE-----\n",
    );
    let locked =
        ["-----BEGIN ENCRYPTED PRIVATE KEY-----\nAAAA\n-----END ENCRYPTED PRIVATE KEY-----\n"];
    put(&at("locked.pem"), &locked.concat());
    for (cert, key, complaint) in [
        ("missing.pem", "key.pem", "missing.pem can not be read"),
        ("cert.pem", "missing.pem", "missing.pem can not be read"),
        (
            "empty.pem",
            "key.pem",
            "empty.pem: expected a certificate chain in PEM",
        ),
        (
            "key.pem",
            "cert.pem",
            "key.pem: expected a certificate chain in PEM",
        ),
        (
            "cert.pem",
            "cert.pem",
            "cert.pem: expected a private key in PEM",
        ),
        ("cert.pem", "locked.pem", "without a passphrase"),
        (
            "cert.pem",
            "other.pem",
            "the key in other.pem is not that of the first certificate in cert.pem",
        ),
        (
            "broken.pem",
            "key.pem",
            "broken.pem and key.pem can not be used",
        ),
    ] {
        let arguments = [
            "serve",
            "--tls-cert",
            cert,
            "--tls-key",
            key,
            "--listen",
            "127.0.0.1:0",
        ];
        run(directory.path(), &arguments).complains(2, complaint);
    }
    let alone = ["serve", "--tls-cert", "cert.pem"];
    run(directory.path(), &alone).complains(2, "tls.cert is set, and needs tls.key besides");
    assert!(!at("veritrail-data").exists() && !at("veritrail-keys").exists());
}

#[test]
fn a_key_in_sec1_will_do() {
    let directory = tempfile::tempdir().unwrap();
    let authority = Authority::new("ours");
    let pair = authority.issue();
    put(&directory.path().join("cert.pem"), &pair.cert);
    put(&directory.path().join("key.pem"), &pair.sec1);
    put(&directory.path().join("ca.pem"), &authority.pem());
    let server = Running::start_in(directory, &TLS);
    ask(&server, "ca.pem").ends(0);
}

#[test]
fn what_listens_beyond_this_machine_under_tls_needs_no_further_leave() {
    let directory = tempfile::tempdir().unwrap();
    Authority::new("ours").issue().write(directory.path());
    let open = ["serve", "--listen", "0.0.0.0:0"];
    run(directory.path(), &open).complains(2, "in the clear");
    let taken = std::net::TcpListener::bind("0.0.0.0:0").unwrap();
    let address = taken.local_addr().unwrap().to_string();
    let secure = [&["serve", "--listen", &address], &TLS[1..]].concat();
    // Past the settings, to the port.
    run(Path::new(directory.path()), &secure).complains(3, "can't listen on");
}

fn address(server: &Running) -> &str {
    server.url.strip_prefix("https://").unwrap()
}

/// A connection that says nothing, or begins a handshake and stops.
fn half_open(server: &Running, number: usize) -> TcpStream {
    let mut stream = TcpStream::connect(address(server)).unwrap();
    if number.is_multiple_of(2) {
        stream.write_all(&[0x16, 3, 1]).unwrap();
    }
    stream
}

fn agent(authority: &Authority) -> Agent {
    let root = Certificate::from_pem(authority.pem().as_bytes()).unwrap();
    let roots = RootCerts::new_with_certs(&[root]);
    Agent::config_builder()
        .tls_config(TlsConfig::builder().root_certs(roots).build())
        .proxy(None)
        .build()
        .new_agent()
}

fn status(agent: &Agent, url: &str) -> Option<u16> {
    let mut answer = agent.get(url).call().ok()?;
    // Read, so that the connection is used again.
    answer.body_mut().read_to_string().unwrap();
    Some(answer.status().as_u16())
}
