//! What the tests of imports share: running one, and asking the server what came of it.

use serde_json::Value;

use crate::command::Ran;
use crate::running::Running;

/// How often something is looked for that is on its way, and for how long: a minute.
const LOOKS: usize = 1_200;
const LOOK_EVERY: std::time::Duration = std::time::Duration::from_millis(50);

/// Runs an import to its end; answers the account.
#[track_caller]
pub(crate) fn import(server: &Running, arguments: &[&str], code: i32) -> Value {
    let ran = try_import(server, arguments);
    let out = ran.ends(code);
    serde_json::from_str(&out).unwrap_or_else(|_| panic!("no account: {out}"))
}

/// Runs an import.
pub(crate) fn try_import(server: &Running, arguments: &[&str]) -> Ran {
    let all = [&["import", "--json", "--state", "import.state"], arguments].concat();
    server.run(&all)
}

/// Every event that a query finds, as JSON.
#[track_caller]
pub(crate) fn events(server: &Running, query: &str) -> Vec<Value> {
    let out = server
        .run(&["list", "--json", "--limit", "10000", query])
        .ends(0);
    out.lines()
        .map(|line| serde_json::from_str(line).unwrap())
        .collect()
}

/// The one event that a query finds.
#[track_caller]
pub(crate) fn event(server: &Running, query: &str) -> Value {
    let mut found = events(server, query);
    assert_eq!(found.len(), 1, "{query}: {found:#?}");
    found.remove(0)
}

/// The event of that id.
#[track_caller]
pub(crate) fn shown(server: &Running, id: &str) -> Value {
    let out = server.run(&["show", "--json", "--id", id]).ends(0);
    serde_json::from_str(&out).unwrap()
}

/// How many events a query finds.
#[track_caller]
pub(crate) fn total(server: &Running, query: &str) -> u64 {
    let out = server.run(&["stats", "--json", query]).ends(0);
    let counted: Value = serde_json::from_str(&out).unwrap();
    counted["total"].as_u64().unwrap()
}

/// Waits until something is so, but not for ever.
#[track_caller]
pub(crate) fn until(what: &str, mut is_so: impl FnMut() -> bool) {
    for _ in 0..LOOKS {
        if is_so() {
            return;
        }
        std::thread::sleep(LOOK_EVERY);
    }
    panic!("it does not come to that: {what}");
}
