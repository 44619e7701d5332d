//! Ending in order, and starting where that is not possible.

use std::net::{IpAddr, Ipv4Addr, SocketAddr, TcpListener, TcpStream};
use std::sync::Barrier;
use std::sync::atomic::AtomicBool;
use std::thread;

use rustix::process::Signal;

use crate::account::{Account, wait_signed};
use crate::command::tell;
use crate::events::Numbers;
use crate::http::Connection;
use crate::site::{PATIENCE, Server, Site, serve};
use crate::stored::exported_main_log;

/// What the journal file begins with; a clean end leaves nothing behind it (docs/formats/journal.md).
const JOURNAL_HEADER_BYTES: u64 = 24;

/// Lets clients produce, sends the signal in the middle of it, and answers what they heard.
fn end_under_load(mut server: Server, life: usize, signal: Signal) -> Account {
    let clients = [30, 30, 1, 1];
    let begun = Barrier::new(clients.len() + 1);
    let stop = AtomicBool::new(false);
    let heard = thread::scope(|scope| {
        let clients = clients.into_iter().enumerate().map(|(client, batch)| {
            let mut connection = server.connect();
            let (begun, stop) = (&begun, &stop);
            scope.spawn(move || {
                // The load is on when every client has had some answers.
                let mut account = Account::default();
                for first in 0..40 {
                    let ids: Vec<String> = (0..batch)
                        .map(|number| format!("l{life}-c{client}-first-{first}-{number}"))
                        .collect();
                    assert!(account.send(&mut connection, &ids));
                }
                begun.wait();
                account.join(Account::produce(
                    connection,
                    &format!("l{life}-c{client}"),
                    batch,
                    stop,
                ));
                account
            })
        });
        let clients: Vec<_> = clients.collect();
        begun.wait();
        server.send(signal);
        let mut heard = Account::default();
        for client in clients {
            heard.join(client.join().unwrap());
        }
        heard
    });
    let ended = server.ended();
    assert!(ended.success(), "it ended with {ended}: {}", server.said());
    heard
}

#[test]
fn a_signal_under_load_ends_it_in_order_and_keeps_everything_acknowledged() {
    let site = Site::new();
    let mut account = Account::default();
    let mut server = site.start(&[]);
    let key = server.key.clone();
    let mut unanswered = 0;
    for (life, signal) in [Signal::TERM, Signal::INT, Signal::TERM]
        .into_iter()
        .enumerate()
    {
        let heard = end_under_load(server, life, signal);
        unanswered += heard.unknown.len() + heard.refused.len();
        account.join(heard);
        let journal = std::fs::read_dir(site.data().join("journal")).unwrap();
        let lengths: Vec<u64> = journal
            .map(|file| file.unwrap().metadata().unwrap().len())
            .collect();
        assert_eq!(
            lengths,
            [JOURNAL_HEADER_BYTES],
            "the journal is empty after a clean end"
        );
        account.write_receipts(&site, "receipts");
        let out = site.verify(&["--receipts", "receipts"]).ends(0);
        assert!(
            !out.contains("not signed yet") && !out.contains("unfinished"),
            "{out}"
        );
        server = site.restart(&key, &[]);
        let mut connection = server.connect();
        account.unknown.append(&mut account.refused);
        account.settle(&mut connection);
        let mut numbers = Numbers(life as u64);
        let ids: Vec<String> = account.acknowledged.keys().cloned().collect();
        let sample: Vec<String> = ids
            .iter()
            .filter(|_| numbers.below(20) == 0)
            .cloned()
            .collect();
        account.hold(&mut connection, &sample);
    }
    let last = wait_signed(&server, "the-last");
    account.acknowledged.insert(last.id.clone(), last);
    let stored = exported_main_log(&site, &server, "export").len() - 1;
    server.stop();
    assert_eq!(stored, account.acknowledged.len());
    tell(&format!(
        "3 ends under load: acknowledged = {stored} = stored ({unanswered} were not answered at an end)"
    ));
}

#[test]
fn a_second_server_on_the_same_directories_is_refused_and_the_first_goes_on() {
    let site = Site::new();
    let server = site.start(&[]);
    let arguments = serve(&[]);
    let arguments: Vec<&str> = arguments.iter().map(String::as_str).collect();
    let second = site.run(&arguments);
    assert_ne!(second.code, 0, "{}", second.out);
    assert!(
        second.err.contains("stop") && second.err.contains("another process"),
        "{}",
        second.err
    );
    // Nor on the same data with other keys: neither written to nor half made.
    let mut others = arguments.clone();
    others[4] = "other-keys";
    let third = site.run(&others);
    assert_eq!(third.code, 2, "{}", third.err);
    assert!(
        third.err.contains("no keys in other-keys") && !site.path("other-keys").exists(),
        "{}",
        third.err
    );
    wait_signed(&server, "still-there");
    server.stop();
    site.verify(&[]).ends(0);
}

#[test]
fn a_port_in_use_is_named_and_data_that_are_there_stay_as_they_are() {
    let site = Site::new();
    let server = site.start(&[]);
    wait_signed(&server, "before");
    server.stop();
    let before = crate::stored::files(&site.path(""));
    let taken = TcpListener::bind("127.0.0.1:0").unwrap();
    let address = taken.local_addr().unwrap().to_string();
    let mut arguments = serve(&[]);
    let listen = arguments
        .iter()
        .position(|argument| argument == "127.0.0.1:0")
        .unwrap();
    arguments[listen].clone_from(&address);
    let arguments: Vec<&str> = arguments.iter().map(String::as_str).collect();
    site.run(&arguments).complains(3, &address);
    let after = crate::stored::files(&site.path(""));
    assert!(
        before
            .iter()
            .map(|file| &file.bytes)
            .eq(after.iter().map(|file| &file.bytes)),
        "something was written"
    );
}

#[test]
fn a_server_that_was_not_told_otherwise_is_heard_on_loopback_only() {
    let site = Site::new();
    let server = site.start(&[]);
    assert_eq!(server.address.ip(), IpAddr::V4(Ipv4Addr::LOCALHOST));
    assert_eq!(
        Connection::open(server.address, &server.key)
            .unwrap()
            .get("/healthz")
            .status,
        200
    );
    // All of 127/8 reaches this machine, so a socket bound to every address would answer here.
    let other = SocketAddr::from(([127, 0, 0, 2], server.address.port()));
    let refused = TcpStream::connect_timeout(&other, PATIENCE).unwrap_err();
    assert_eq!(refused.kind(), std::io::ErrorKind::ConnectionRefused);
    server.stop();
}
