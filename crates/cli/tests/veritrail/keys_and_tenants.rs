//! First and later starts, and what an operator does.

use std::os::unix::fs::PermissionsExt;

use crate::command::{ran, run};
use crate::running::Running;

#[test]
fn the_operators_key_is_for_its_owner_alone_and_works() {
    let server = Running::start();
    let path = server.path().join("veritrail-keys/operator.key");
    assert_eq!(
        std::fs::metadata(path).unwrap().permissions().mode() & 0o777,
        0o600
    );
    let tenants = server.operate(&["tenant", "list"]).ends(0);
    assert!(
        tenants.contains("default ") && tenants.contains("_instance "),
        "{tenants}"
    );
}

#[test]
fn without_a_terminal_no_key_is_shown_and_the_way_to_one_is() {
    let server = Running::start_in(tempfile::tempdir().unwrap(), &[]);
    assert!(!server.welcome.contains("vtk_"), "{}", server.welcome);
    let line = server.welcome.lines().last().unwrap();
    let arguments: Vec<&str> = line
        .split_once("veritrail ")
        .unwrap()
        .1
        .split_whitespace()
        .collect();
    let key = run(server.path(), &arguments).ends(0);
    assert!(key.starts_with("vtk_") && key.lines().count() == 1, "{key}");
}

#[test]
fn a_later_start_shows_a_new_key_only_when_asked() {
    let first = Running::start();
    let old = first.key.clone();
    first
        .run(&[
            "emit",
            "--id",
            "kept",
            "--operation",
            "deployment.created",
            "--actor",
            "7",
            "--resource",
            "deployment/d",
        ])
        .ends(0);
    let second = Running::start_in(first.stop(), &[]);
    assert!(
        !second.welcome.contains("vtk_") && !second.welcome.contains("operator.key (keep"),
        "{}",
        second.welcome
    );
    let third = Running::start_in(second.stop(), &["--print-key"]);
    assert!(!third.key.is_empty() && third.key != old);
    third.run(&["show", "--id", "kept"]).ends(0);
}

#[test]
fn a_lost_operators_key_is_made_anew_on_request() {
    let first = Running::start();
    let path = first.path().join("veritrail-keys/operator.key");
    let old = std::fs::read_to_string(&path).unwrap();
    std::fs::remove_file(&path).unwrap();
    let second = Running::start_in(first.stop(), &[]);
    assert!(!second.path().join("veritrail-keys/operator.key").exists());
    let third = Running::start_in(second.stop(), &["--new-operator-key"]);
    let new = std::fs::read_to_string(third.path().join("veritrail-keys/operator.key")).unwrap();
    assert_ne!(old, new);
    third.operate(&["tenant", "list"]).ends(0);
}

#[test]
fn a_tenants_key_reads_its_own_and_nothing_else() {
    let server = Running::start();
    server.emit(r#"{"id":"mine","operation":"deployment.created","actor":{"id":"1"},"resource":{"type":"deployment"}}"#).ends(0);
    server
        .operate(&["tenant", "create", "acme"])
        .complains(0, "veritrail key create --tenant acme");
    server
        .operate(&["tenant", "create", "acme"])
        .complains(2, "exists");
    server
        .operate(&["tenant", "create", "No Good"])
        .complains(2, "(/name)");
    let arguments = [
        "key",
        "create",
        "--tenant",
        "acme",
        "--role",
        "writer,auditor",
        "--source",
        "ci",
        "--owner",
        "me",
        "--expires",
        "1h",
    ];
    let key = server.operate(&arguments).ends(0);
    let as_acme = |arguments: &[&str]| {
        let mut command = server.client();
        command.env("VERITRAIL_KEY", key.trim()).args(arguments);
        ran(command.output().unwrap())
    };
    as_acme(&["show", "--id", "mine"]).ends(2);
    as_acme(&["tenant", "list"]).ends(3);
    let emitted = [
        "emit",
        "--operation",
        "deployment.created",
        "--actor",
        "7",
        "--resource",
        "deployment/d",
    ];
    as_acme(&emitted).ends(0);
    let id = &key[4..12];
    let listed = server.operate(&["key", "list", "--tenant", "acme"]).ends(0);
    assert!(listed.contains(id), "{listed}");
    server
        .operate(&["key", "revoke", id])
        .complains(0, "revoked");
    as_acme(&emitted).ends(3);
}

#[test]
fn data_without_their_keys_are_not_given_new_ones() {
    let directory = Running::start().stop();
    std::fs::rename(
        directory.path().join("veritrail-keys"),
        directory.path().join("kept"),
    )
    .unwrap();
    run(directory.path(), &["serve", "--listen", "127.0.0.1:0"]).complains(2, "no keys in");
    assert!(!directory.path().join("veritrail-keys").exists());
}

#[test]
fn a_second_server_on_the_same_data_is_turned_away() {
    let server = Running::start();
    run(server.path(), &["serve", "--listen", "127.0.0.1:0"]).complains(3, "another process");
}

#[test]
fn a_platforms_key_makes_tenants_and_reaches_the_one_it_names() {
    let server = Running::start();
    let made = |roles: &str, more: &[&str]| {
        let arguments = [
            "key",
            "create",
            "--platform",
            "--role",
            roles,
            "--source",
            "app",
            "--owner",
            "me",
        ];
        server.operate(&[&arguments[..], more].concat())
    };
    made("writer", &["--tenant", "default"]).complains(2, "--tenant");
    made("admin", &[]).complains(2, "(/roles)");
    made("reader", &["--create-tenants"]).complains(2, "(/create_tenants)");
    let key = made("writer,reader", &["--create-tenants"]).ends(0);
    let id = &key[4..12];
    let listed = server.operate(&["key", "list", "--platform"]).ends(0);
    assert!(
        listed.contains(id) && listed.contains("(platform, makes tenants)"),
        "{listed}"
    );
    let default = server
        .operate(&["key", "list", "--tenant", "default"])
        .ends(0);
    assert!(!default.contains(id), "{default}");
    let as_platform = |tenant: &[(&str, &str)], arguments: &[&str]| {
        let mut command = server.client();
        command.env("VERITRAIL_KEY", key.trim());
        command.envs(tenant.iter().copied()).args(arguments);
        ran(command.output().unwrap())
    };
    let emit = [
        "emit",
        "--id",
        "first",
        "--operation",
        "deployment.created",
        "--actor",
        "7",
        "--resource",
        "deployment/d",
    ];
    as_platform(&[], &emit).complains(2, "Veritrail-Tenant");
    as_platform(&[("VERITRAIL_TENANT", "_instance")], &emit).complains(2, "Veritrail-Tenant");
    as_platform(&[("VERITRAIL_TENANT", "customer-1")], &emit).ends(0);
    let show = ["show", "--id", "first"];
    as_platform(&[("VERITRAIL_TENANT", "customer-1")], &show).ends(0);
    let named = ["show", "--id", "first", "--for-tenant", "customer-1"];
    as_platform(&[], &named).ends(0);
    as_platform(&[("VERITRAIL_TENANT", "default")], &show).ends(2);
    let tenants = server.operate(&["tenant", "list"]).ends(0);
    assert!(tenants.contains("customer-1 "), "{tenants}");
    server.operate(&["key", "revoke", id]).ends(0);
    as_platform(&[("VERITRAIL_TENANT", "customer-1")], &show).ends(3);
}
