//! Running a command on a terminal of a given size; what the terminal got.

use std::fs::File;
use std::io::Read as _;
use std::os::unix::ffi::OsStrExt as _;
use std::os::unix::process::CommandExt as _;
use std::process::Command;

use rustix::pty::{OpenptFlags, grantpt, openpt, ptsname, unlockpt};
use rustix::termios::{Winsize, tcsetwinsize};

use crate::guarded::Guarded;

/// What no command prints.
const END: &str = "\u{3}END OF SCREEN\u{3}";

/// Runs it with a terminal for standard output and standard error. A pager that waits for a key fails the test after a
/// while, and ends with it.
pub(crate) fn on_screen(command: &mut Command, columns: u16, rows: u16, code: i32) -> String {
    let master = openpt(OpenptFlags::RDWR | OpenptFlags::NOCTTY).unwrap();
    grantpt(&master).unwrap();
    unlockpt(&master).unwrap();
    let size = Winsize {
        ws_col: columns,
        ws_row: rows,
        ws_xpixel: 0,
        ws_ypixel: 0,
    };
    tcsetwinsize(&master, size).unwrap();
    let name = ptsname(&master, Vec::new()).unwrap();
    let name = std::ffi::OsStr::from_bytes(name.as_bytes());
    let terminal = File::options().read(true).write(true).open(name).unwrap();
    let (held, talk) = (terminal.try_clone().unwrap(), terminal.try_clone().unwrap());
    // Read while it runs: a terminal holds little.
    let reading = std::thread::spawn(move || {
        let (mut master, mut text, mut bytes) = (File::from(master), Vec::new(), [0; 4096]);
        while !String::from_utf8_lossy(&text).contains(END) {
            let read = master.read(&mut bytes).unwrap();
            text.extend_from_slice(&bytes[..read]);
        }
        String::from_utf8(text).unwrap()
    });
    command.stdout(terminal).stderr(talk).process_group(0);
    let status = Guarded::start(command).end();
    rustix::io::write(&held, END.as_bytes()).unwrap();
    let text = reading.join().unwrap();
    let text = text.split(END).next().unwrap().replace("\r\n", "\n");
    assert_eq!(status.code(), Some(code), "{text}");
    text
}
