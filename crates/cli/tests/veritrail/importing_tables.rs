//! Importing audit tables: a real PostgreSQL, tables as four tools lay them out, and what is found afterwards.

use std::fmt::Write as _;
use std::process::Stdio;

use rustix::process::Signal;
use serde_json::{Value, json};

use crate::certificates::Authority;
use crate::cluster::Cluster;
use crate::guarded::Guarded;
use crate::importing::{event, events, import, shown, total, try_import, until};
use crate::running::Running;

const PLACES: &str = "\
create table ip_geolocations (id serial primary key, ip_address text not null, country text not null, updated_at timestamptz);
insert into ip_geolocations (ip_address, country) values ('198.51.100.23', 'Portugal'), ('2001:db8::7', 'Spain');
";

const CLASSIC: &str = "\
create table audit_logs (id bigserial primary key, user_id text, operation_type text, ip_address_id int, user_agent text,
    data jsonb, audit_date timestamp);
insert into audit_logs (user_id, operation_type, ip_address_id, user_agent, data, audit_date) values
    ('42', 'environment_variable.updated', 1, 'Mozilla/5.0', '{\"resource\":{\"type\":\"environment_variable\",\"id\":\"var_1\",\"name\":\"DATABASE_URL\"},\"project_id\":\"proj_9\",\"attempt\":3}', '2024-03-12 14:32:07.123456'),
    ('42', 'DEPLOYMENT_CREATED', 2, null, '{\"deployment_id\":\"dep_5\",\"outcome\":\"failure\"}', '2024-03-13 08:00:00'),
    (null, 'hello', null, null, null, '2024-03-14 08:00:00'),
    ('7', null, null, null, '{}', '2024-03-15 08:00:00'),
    ('7', 'user.created', null, null, '{}', 'infinity'),
    ('7', 'user.created', null, null, '{}', null);
";

/// The classic table with three rows that are events and three that are none; a server.
fn classic() -> Option<(Cluster, Running)> {
    let cluster = Cluster::start()?;
    cluster.sql(PLACES);
    cluster.sql(CLASSIC);
    Some((cluster, Running::start()))
}

#[test]
fn the_classic_table_is_imported_once_with_its_own_times() {
    let Some((cluster, server)) = classic() else {
        return;
    };
    let url = cluster.url();
    let arguments = [
        "--from",
        &url,
        "--preset",
        "classic",
        "--rejected",
        "rejected.jsonl",
    ];
    let account = import(&server, &arguments, 2);
    assert_eq!(
        (&account["read"], &account["stored"]),
        (&json!(6), &json!(3)),
        "{account}"
    );
    assert_eq!(
        account["unreadable"],
        json!({"bad_time": 1, "no_operation": 1, "no_time": 1})
    );

    let variable = shown(&server, "audit_logs-1");
    assert_eq!(variable["operation"], "environment_variable.updated");
    assert_eq!(
        variable["timestamp"], "2024-03-12T14:32:07.123456Z",
        "{variable:#}"
    );
    assert_eq!(variable["actor"]["id"], "42");
    assert_eq!(
        variable["origin"],
        json!({"ip": "198.51.100.23", "user_agent": "Mozilla/5.0"})
    );
    assert_eq!(variable["resource"]["name"], "DATABASE_URL");
    assert_eq!(variable["resource"]["project_id"], "proj_9");
    assert_eq!(variable["metadata"]["attempt"], 3);
    let deployment = event(&server, "deployment.created ip:2001:db8::/32");
    assert_eq!(
        (
            &deployment["resource"]["id"],
            &deployment["outcome"]["result"]
        ),
        (&json!("dep_5"), &json!("failure"))
    );
    assert_eq!(deployment["context"]["source_action"], "DEPLOYMENT_CREATED");
    // What no vocabulary knows is kept in a plain form, and nobody is made up for it.
    let plain = shown(&server, "audit_logs-3");
    assert_eq!(
        (&plain["operation"], &plain["actor"]["type"]),
        (&json!("event.recorded"), &json!("system"))
    );

    let rejected = std::fs::read_to_string(server.path().join("rejected.jsonl")).unwrap();
    let rejected: Vec<Value> = rejected
        .lines()
        .map(|line| serde_json::from_str(line).unwrap())
        .collect();
    assert_eq!(rejected.len(), 3);
    assert_eq!(rejected[0]["place"], "audit_logs 4");
}

#[test]
fn a_table_that_is_imported_again_adds_none_and_what_changed_is_a_conflict() {
    let Some((cluster, server)) = classic() else {
        return;
    };
    let url = cluster.url();
    import(&server, &["--from", &url, "--preset", "classic"], 2);
    let again = import(&server, &["--from", &url, "--preset", "classic"], 2);
    assert_eq!(
        (&again["stored"], &again["already_there"]),
        (&json!(0), &json!(3)),
        "{again}"
    );
    assert_eq!(total(&server, "-operation:data.imported"), 3);
    let record = events(&server, "operation:data.imported").pop().unwrap();
    assert_eq!(record["metadata"]["unreadable"]["no_time"], 1, "{record:#}");
    assert_eq!(record["outcome"]["result"], "failure");
    assert!(
        record["metadata"]["source"]
            .as_str()
            .unwrap()
            .ends_with("table audit_logs")
    );

    // A row that was changed meanwhile is another event under a known id.
    cluster.sql("update audit_logs set user_id = '43' where id = 2");
    let changed = import(&server, &["--from", &url, "--preset", "classic"], 2);
    assert_eq!(
        (&changed["conflicts"], &changed["already_there"]),
        (&json!(1), &json!(2))
    );
}

#[test]
fn the_audit_log_of_temps_is_imported() {
    let Some(cluster) = Cluster::start() else {
        return;
    };
    cluster.sql(PLACES);
    cluster.sql("\
create table audit_logs (id serial primary key, user_id int, user_agent text not null, operation_type text not null,
    ip_address_id int references ip_geolocations (id), audit_date timestamptz not null, created_at timestamptz not null, data text not null);
insert into audit_logs (user_id, user_agent, operation_type, ip_address_id, audit_date, created_at, data) values
    (7, 'Firefox', 'LOGIN_FAILURE', 1, '2025-06-01 10:00:00+02', now(), '{\"context\":{\"user_id\":7},\"success\":false,\"login_method\":\"password\"}'),
    (null, 'curl', 'PROJECT_DELETED', null, '2025-06-02 10:00:00Z', now(), '{\"context\":{\"user_id\":9,\"ip_address\":\"203.0.113.5\"},\"project_id\":31,\"name\":\"shop\"}'),
    (7, 'curl', 'ROLE_ASSIGNED', null, '2025-06-03 10:00:00Z', now(), '{\"context\":{\"user_id\":7},\"username\":\"eve\",\"target_user_id\":12,\"role\":\"admin\"}'),
    (7, 'curl', 'EXTERNAL_SERVICE_UPDATED', null, '2025-06-04 10:00:00Z', now(), 'not json at all');
");
    let server = Running::start();
    let account = import(&server, &["--from", &cluster.url(), "--preset", "temps"], 0);
    assert_eq!(account["stored"], 4);
    let login = shown(&server, "temps-1");
    assert_eq!(
        (&login["operation"], &login["outcome"]["result"]),
        (&json!("user.login_failed"), &json!("failure"))
    );
    assert_eq!(login["timestamp"], "2025-06-01T08:00:00.000000Z");
    assert_eq!(
        (&login["resource"]["type"], &login["resource"]["id"]),
        (&json!("user"), &json!("7"))
    );
    assert_eq!(login["origin"]["ip"], "198.51.100.23");
    // The account is gone; what it did still says who it was.
    let deleted = event(&server, "actor:9 resource.type:project");
    assert_eq!(
        (&deleted["actor"]["id"], &deleted["origin"]["ip"]),
        (&json!("9"), &json!("203.0.113.5"))
    );
    assert_eq!(
        event(&server, "metadata.role:admin")["resource"]["id"],
        "12"
    );
    let unreadable = shown(&server, "temps-4");
    assert_eq!(unreadable["metadata"]["data"], "not json at all");
    assert_eq!(
        unreadable["context"]["source_action"],
        "EXTERNAL_SERVICE_UPDATED"
    );
}

#[test]
fn retraced_is_imported_from_its_table_and_its_export_as_the_same_events() {
    let Some(cluster) = Cluster::start() else {
        return;
    };
    let export = r#"{"id":"r1","action":"invoice.delete","crud":"d","group":{"id":"g1","name":"Acme"},"actor":{"id":"u1","name":"Ann"},"target":{"id":"inv_1","name":"May","type":"Invoice"},"source_ip":"192.0.2.9","description":"gone","is_failure":false,"is_anonymous":false,"fields":{"department":"sales"},"created":1710253927123,"received":1710253928000,"canonical_time":1710253927123}
{"id":"r2","action":"login","crud":"c","group":{"id":"g1"},"is_anonymous":true,"is_failure":true,"source_ip":"192.0.2.9","received":1710253929000,"canonical_time":1710253929000}
"#;
    let mut rows = String::from(
        "create table indexed_events (id text primary key, project_id text not null, environment_id text not null, doc jsonb not null);\n",
    );
    for line in export.lines() {
        let id = &line[7..9];
        writeln!(
            rows,
            "insert into indexed_events values ('{id}', 'p', 'e', $doc${line}$doc$);"
        )
        .unwrap();
    }
    cluster.sql(&rows);
    let server = Running::start();
    let account = import(
        &server,
        &["--from", &cluster.url(), "--preset", "retraced"],
        0,
    );
    assert_eq!(account["stored"], 2);
    let invoice = shown(&server, "retraced-r1");
    assert_eq!(invoice["timestamp"], "2024-03-12T14:32:07.123000Z");
    assert_eq!(
        (&invoice["operation"], &invoice["resource"]["type"]),
        (&json!("invoice.delete"), &json!("invoice"))
    );
    assert_eq!(
        invoice["related"],
        json!([{"type": "group", "id": "g1", "name": "Acme"}])
    );
    assert_eq!(
        event(&server, "metadata.department:sales")["actor"]["name"],
        "Ann"
    );
    let login = event(&server, "outcome:failure ip:192.0.2.9");
    assert_eq!(login["actor"]["type"], "anonymous");
    // The export knows neither project nor environment, and is otherwise the same.
    cluster.sql("alter table indexed_events drop column project_id, drop column environment_id");
    let other = Running::start();
    assert_eq!(
        import(
            &other,
            &["--from", &cluster.url(), "--preset", "retraced"],
            0
        )["stored"],
        2
    );
    std::fs::write(other.path().join("export.jsonl"), export).unwrap();
    let again = import(&other, &["export.jsonl"], 0);
    assert_eq!(
        (&again["stored"], &again["already_there"]),
        (&json!(0), &json!(2)),
        "{again}"
    );
}

/// The extension's table, and a trigger that fills it as the extension's does.
const SUPA_AUDIT: &str = r"
create schema audit;
create type audit.operation as enum ('INSERT', 'UPDATE', 'DELETE', 'TRUNCATE');
create table audit.record_version (id bigserial primary key, record_id uuid, old_record_id uuid, op audit.operation not null,
    ts timestamptz not null default now(), table_oid oid not null, table_schema name not null, table_name name not null,
    record jsonb, old_record jsonb);
create function audit.note() returns trigger language plpgsql as $$
declare
    now_is jsonb; it_was jsonb;
begin
    if tg_op in ('INSERT', 'UPDATE') then now_is := to_jsonb(new); end if;
    if tg_op in ('UPDATE', 'DELETE') then it_was := to_jsonb(old); end if;
    insert into audit.record_version (record_id, old_record_id, op, table_oid, table_schema, table_name, record, old_record)
    values (md5(now_is ->> 'id')::uuid, md5(it_was ->> 'id')::uuid, tg_op::audit.operation, tg_relid, tg_table_schema, tg_table_name, now_is, it_was);
    return null;
end $$;
set search_path = public;
create table api_keys (id int primary key, name text, secret text, uses int);
create table accounts (id int primary key, plan text, tags text[]);
create trigger audit_rows after insert or update or delete on api_keys for each row execute function audit.note();
create trigger audit_rows after insert or update or delete on accounts for each row execute function audit.note();
create trigger audit_all after truncate on accounts for each statement execute function audit.note();
insert into api_keys values (1, 'ci', 'hunter2-hunter2', 0);
update api_keys set uses = 5, secret = 'correct-horse';
insert into accounts values (10, 'free', '{a,b}');
update accounts set plan = 'pro' where id = 10;
delete from accounts;
truncate accounts;
";

#[test]
fn supa_audit_becomes_changes_field_by_field_and_secrets_stay_outside() {
    let Some(cluster) = Cluster::start() else {
        return;
    };
    cluster.sql(SUPA_AUDIT);
    let server = Running::start();
    let account = import(
        &server,
        &["--from", &cluster.url(), "--preset", "supa_audit"],
        0,
    );
    assert_eq!(account["stored"], 6, "{account}");
    let upgraded = event(&server, "operation:accounts.updated changes.plan:pro");
    assert_eq!(
        upgraded["changes"],
        json!([{"field": "plan", "before": "free", "after": "pro"}])
    );
    assert_eq!(
        (&upgraded["resource"]["id"], &upgraded["metadata"]["table"]),
        (&json!("10"), &json!("public.accounts"))
    );
    assert_eq!(events(&server, "operation:accounts.deleted").len(), 1);
    assert_eq!(events(&server, "operation:accounts.truncated").len(), 1);
    // A table of keys is known by its plural: nothing of what it held came in.
    let keys = events(&server, "resource.type:api_key");
    assert_eq!(keys.len(), 2, "{keys:#?}");
    let everything = server.run(&["list", "--json", "--limit", "100"]).ends(0);
    for secret in ["hunter2", "correct-horse"] {
        assert!(!everything.contains(secret), "{secret}");
    }
    assert!(everything.contains("[masked:"), "{everything}");
    let again = import(
        &server,
        &["--from", &cluster.url(), "--preset", "supa_audit"],
        0,
    );
    assert_eq!(
        (&again["stored"], &again["already_there"]),
        (&json!(0), &json!(6))
    );
}

const OWN: &str = r#"
create type mood as enum ('ok', 'not ok');
create domain tag as text;
create table "Own ""Table" (k1 uuid, k2 smallint, at timestamptz, "What Happened" text, i2 int2, i8 bigint, n numeric, f float8, b bool,
    j json, a text[], aa int[], net inet, cid cidr, d date, raw bytea, m mood, t tag, iv interval, primary key (k1, k2));
insert into "Own ""Table" values ('6f9619ff-8b86-d011-b42d-00c04fc964ff', 3, '2024-03-12 14:32:07.5+05', 'Sprocket Polished', -7, 9007199254740993, 12345678901234567890.10, 'NaN', true,
    '{"z": 1.10, "a": [true, null]}', '{x,NULL,"y z"}', '{{1,2},{3,4}}', '10.1.2.3/24', '10.0.0.0/8', '2024-02-29', '\xdeadbeef', 'not ok', 'T', '1 day 2 hours');
insert into "Own ""Table" values ('6f9619ff-8b86-d011-b42d-00c04fc964fe', 3, '2024-03-12 14:32:07Z', 'Sprocket Polished', null, null, null, null, null,
    null, null, null, null, null, null, null, null, repeat('x', 17000000), null);
"#;

/// A map of it.
fn own_map() -> String {
    let columns = [
        "i2", "i8", "n", "f", "b", "j", "a", "aa", "net", "cid", "d", "raw", "m", "t", "iv",
    ];
    let mut map = String::from(
        "key = [\"k1\", \"k2\"]\n[event]\ntimestamp = \"at\"\noperation = { column = \"What Happened\", as = \"operation\" }\nresource.type = { value = \"sprocket\" }\norigin.ip = \"net\"\n",
    );
    for column in columns {
        writeln!(map, "metadata.{column} = \"{column}\"").unwrap();
    }
    map
}

#[test]
fn every_type_of_an_own_table_says_what_it_held() {
    let Some(cluster) = Cluster::start() else {
        return;
    };
    cluster.sql(OWN);
    let server = Running::start();
    std::fs::write(server.path().join("own.toml"), own_map()).unwrap();
    let url = cluster.url();
    let arguments = [
        "--from",
        &url,
        "--table",
        "\"Own \"\"Table\"",
        "--map",
        "own.toml",
    ];
    let account = import(&server, &arguments, 2);
    assert_eq!(
        (&account["stored"], &account["unreadable"]),
        (&json!(1), &json!({"too_large": 1})),
        "{account}"
    );
    let found = event(&server, "sprocket.polished");
    assert_eq!(found["timestamp"], "2024-03-12T09:32:07.500000Z");
    assert_eq!(found["origin"]["ip"], "10.1.2.3");
    let metadata = server.run(&["list", "--json", "sprocket.polished"]).ends(0);
    for words in [
        "\"i2\":-7",
        "\"i8\":9007199254740993",
        "\"n\":12345678901234567890.10",
        "\"f\":\"NaN\"",
        "\"b\":true",
        "\"z\":1.10",
        "[\"x\",null,\"y z\"]",
        "[[1,2],[3,4]]",
        "\"cid\":\"10.0.0.0/8\"",
        "\"d\":\"2024-02-29\"",
        "\"raw\":\"3q2+7w==\"",
        "\"m\":\"not ok\"",
        "\"t\":\"T\"",
        "\"iv\":\"P1DT2H\"",
    ] {
        assert!(metadata.contains(words), "{words} is missing in {metadata}");
    }
}

#[test]
fn a_table_that_does_not_fit_its_map_is_refused_before_anything_is_read() {
    let Some(cluster) = Cluster::start() else {
        return;
    };
    cluster.sql(OWN);
    let server = Running::start();
    std::fs::write(server.path().join("own.toml"), own_map()).unwrap();
    let url = cluster.url();
    for (arguments, words) in [
        (
            vec!["--from", &url, "--preset", "temps"],
            "has no table audit_logs",
        ),
        (
            vec!["--from", &url, "--table", "Own", "--map", "own.toml"],
            "capitals matter",
        ),
        (
            vec![
                "--from",
                &url,
                "--table",
                "\"Own \"\"Table\"",
                "--preset",
                "supa_audit",
            ],
            "no column",
        ),
        (
            vec![
                "--from",
                &url,
                "--table",
                "\"Own \"\"Table\"",
                "--map",
                "own.toml",
                "--follow",
            ],
            "takes a map with a cursor",
        ),
    ] {
        let _ = std::fs::remove_file(server.path().join("import.state"));
        try_import(&server, &arguments).complains(2, words);
    }
}

#[test]
fn rows_that_are_committed_late_are_not_missed_by_who_follows() {
    let Some(cluster) = Cluster::start() else {
        return;
    };
    cluster.sql("create table audit_logs (id bigserial primary key, user_id text, operation_type text not null, data jsonb, created_at timestamptz default now())");
    let add = |user: &str| {
        format!(
            "insert into audit_logs (user_id, operation_type, data) values ('{user}', 'user.created', '{{}}');\n"
        )
    };
    cluster.sql(&add("first"));
    // Ids are given before the commit: this one gets the lower, and is seen later.
    let mut late = cluster
        .psql()
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .spawn()
        .unwrap();
    let mut statements = late.stdin.take().unwrap();
    let begun = format!("begin;\n{}select 'begun';\n", add("late"));
    std::io::Write::write_all(&mut statements, begun.as_bytes()).unwrap();
    let mut told = std::io::BufReader::new(late.stdout.take().unwrap());
    let mut line = String::new();
    while !line.contains("begun") {
        line.clear();
        std::io::BufRead::read_line(&mut told, &mut line).unwrap();
    }
    cluster.sql(&add("second"));

    let server = Running::start();
    let url = cluster.url();
    let follow = || {
        let mut command = server.client();
        command.args([
            "import",
            "--json",
            "--state",
            "import.state",
            "--from",
            &url,
            "--preset",
            "classic",
            "--follow",
            "--every",
            "1",
        ]);
        command.stdout(Stdio::piped()).stderr(Stdio::null());
        Guarded::start(&mut command)
    };
    let mut following = follow();
    until("two rows", || total(&server, "user.created") == 2);
    std::io::Write::write_all(&mut statements, b"commit;\n").unwrap();
    drop(statements);
    late.wait().unwrap();
    until("the late one", || total(&server, "actor:late") == 1);
    following.signal(Signal::INT);
    assert!(following.end().success());

    // What came meanwhile is found where it ended.
    cluster.sql(&add("third"));
    let mut following = follow();
    until("the third", || total(&server, "actor:third") == 1);
    following.signal(Signal::TERM);
    assert!(following.end().success());
    assert_eq!(total(&server, "user.created"), 4);
    let records = events(&server, "operation:data.imported");
    assert_eq!(records.len(), 2);
    assert_eq!(records[0]["metadata"]["stored"], 4, "{records:#?}");
    assert_eq!(records[0]["resource"]["id"], records[1]["resource"]["id"]);
}

#[test]
fn certificates_are_verified_and_no_password_is_printed() {
    let authority = Authority::new("database");
    let Some(cluster) = Cluster::start_with(Some(&authority.issue())) else {
        return;
    };
    cluster.sql("create table audit_logs (id bigserial primary key, user_id text, operation_type text not null, data jsonb, created_at timestamptz default now());
        insert into audit_logs (user_id, operation_type, data) values ('1', 'user.created', '{}')");
    let server = Running::start();
    std::fs::write(server.path().join("ca.pem"), authority.pem()).unwrap();
    std::fs::write(
        server.path().join("other.pem"),
        Authority::new("other").pem(),
    )
    .unwrap();
    std::fs::write(server.path().join("password"), "s3cr3t\n").unwrap();
    let of = |host: &str, user: &str, mode: &str| {
        format!(
            "postgres://{user}@{host}:{}/postgres?sslmode={mode}",
            cluster.port
        )
    };
    let attempt = |url: &str, more: &[&str]| {
        let _ = std::fs::remove_file(server.path().join("import.state"));
        let ran = try_import(
            &server,
            &[&["--from", url, "--preset", "classic"], more].concat(),
        );
        assert!(
            !ran.err.contains("s3cr3t") && !ran.out.contains("s3cr3t"),
            "{}{}",
            ran.err,
            ran.out
        );
        ran
    };
    let by_file = ["--password-file", "password", "--database-ca-cert"];
    let full = of("localhost", "audit", "verify-full");
    attempt(&full, &[&by_file[..], &["ca.pem"]].concat()).ends(0);
    attempt(
        &of("127.0.0.1", "audit", "require"),
        &[&by_file[..], &["ca.pem"]].concat(),
    )
    .ends(0);
    attempt(&of("127.0.0.1", "audit:s3cr3t", "require"), &[]).ends(0);
    attempt(&full, &[&by_file[..], &["other.pem"]].concat()).complains(3, "certificate");
    attempt(&full, &["--password-file", "password"]).complains(3, "certificate");
    attempt(
        &of("127.0.0.1", "audit", "require"),
        &[&by_file[..], &["other.pem"]].concat(),
    )
    .complains(3, "certificate");
    attempt(&of("localhost", "audit:wrong-s3cr3t", "prefer"), &[]).complains(3, "PGPASSWORD");
    attempt(&of("127.0.0.1", "audit:s3cr3t", "disable"), &[]).complains(3, "no encryption");
    attempt(&of("127.0.0.1", "audit:s3cr3t", "s3cr3t"), &[]).complains(2, "verify-full");
    assert_eq!(total(&server, "user.created"), 1);
    let everything = server
        .run(&["list", "--json", "operation:data.imported"])
        .ends(0);
    assert!(!everything.contains("s3cr3t"));
}
