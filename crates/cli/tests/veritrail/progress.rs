//! Bars for people: on a terminal, and nowhere else.

use std::fs::File;
use std::io::Read as _;
use std::os::unix::ffi::OsStrExt as _;
use std::process::{Command, Stdio};

use rustix::pty::{OpenptFlags, grantpt, openpt, ptsname, unlockpt};

use crate::running::Running;

/// Runs it with a terminal for standard error; answers what the terminal got.
pub(crate) fn on_terminal(command: &mut Command, code: i32) -> String {
    let master = openpt(OpenptFlags::RDWR | OpenptFlags::NOCTTY).unwrap();
    grantpt(&master).unwrap();
    unlockpt(&master).unwrap();
    let name = ptsname(&master, Vec::new()).unwrap();
    let name = std::ffi::OsStr::from_bytes(name.as_bytes());
    let terminal = File::options().read(true).write(true).open(name).unwrap();
    let held = terminal.try_clone().unwrap();
    let status = command
        .stdout(Stdio::null())
        .stderr(terminal)
        .status()
        .unwrap();
    assert_eq!(status.code(), Some(code));
    // What it holds is read before the last one who could write lets go: later reads fail.
    let mut bytes = [0; 4096];
    let mut master = File::from(master);
    let mut text = String::new();
    rustix::io::write(&held, b"\nEND").unwrap();
    while !text.contains("END") {
        let read = master.read(&mut bytes).unwrap();
        text.push_str(&String::from_utf8_lossy(&bytes[..read]));
    }
    text
}

#[test]
fn long_work_shows_a_bar_on_a_terminal_and_nothing_elsewhere() {
    let server = Running::start();
    server
        .emit("{\"id\":\"e\",\"operation\":\"deployment.created\",\"actor\":{\"id\":\"1\"},\"resource\":{\"type\":\"deployment\"}}")
        .ends(0);
    let verify = [
        "verify",
        "--data",
        "veritrail-data",
        "--keys",
        "veritrail-keys",
    ];
    // Until the event is packed there may be nothing to count.
    server
        .run(&[
            "emit",
            "--wait",
            "--operation",
            "deployment.created",
            "--actor",
            "7",
            "--resource",
            "deployment/d",
        ])
        .ends(0);
    for (arguments, what, code) in [
        (&verify[..], "verifying", 0),
        (&["verify"][..], "verifying", 4),
        (&["log", "export", "first"][..], "exporting", 0),
    ] {
        let shown = on_terminal(server.client().args(arguments).env("NO_COLOR", "1"), code);
        assert!(shown.contains(&format!("\r{what}  [")), "{shown:?}");
        assert!(!shown.contains('\u{1b}'), "{shown:?}");
    }
    let json = on_terminal(server.client().args(verify).arg("--json"), 0);
    assert!(!json.contains("verifying"), "{json:?}");
    let ran = server.run(&verify);
    assert_eq!(ran.err, "");
}
