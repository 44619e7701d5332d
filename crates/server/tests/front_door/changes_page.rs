//! What changed: the page and its Markdown, through the front door.

use axum::http::StatusCode;
use serde_json::{Value, json};

use crate::support::{Reply, World};
use crate::visitor::Visitor;

/// The day on which the tests' clock begins, at 08:00.
const DAY: &str = "2026-11-21";

/// Somebody with a browser.
struct Browser<'a>(Visitor<'a>);

impl<'a> Browser<'a> {
    async fn of(world: &'a World, tenant: &str, role: &str) -> Self {
        Self(Visitor::of(world, tenant, &[role]).await)
    }

    async fn ask(&self, path: &str) -> Reply {
        self.0.any(path).await
    }

    /// A page as text, its space made single.
    async fn read(&self, path: &str) -> String {
        let reply = self.ask(path).await;
        assert_eq!(reply.status, StatusCode::OK, "{path}: {}", reply.text());
        assert!(
            reply
                .header("content-security-policy")
                .starts_with("default-src 'none'")
        );
        plain(reply.text())
    }
}

fn plain(text: &str) -> String {
    text.split_whitespace().collect::<Vec<_>>().join(" ")
}

/// What people read of a page: without its tags.
fn read(page: &str) -> String {
    let mut text = String::new();
    for part in page.split('<') {
        text.push_str(part.split_once('>').map_or(part, |(_, text)| text));
    }
    plain(&text)
}

/// An event at a time of the day, as it is sent.
#[expect(
    clippy::needless_pass_by_value,
    reason = "tests write what they pass in place"
)]
fn at(clock: &str, operation: &str, actor: &str, more: Value) -> Value {
    let (kind, id) = actor.split_once('/').unwrap();
    let mut event = json!({
        "id": format!("e{}-{}", clock.replace([':', '.'], ""), operation.replace('.', "-")), "timestamp": format!("{DAY}T{clock}Z"),
        "operation": operation, "actor": {"type": kind, "id": id, "name": id},
        "resource": {"type": "service", "id": "svc", "name": "api", "project_id": "api"},
        "context": {"environment": "production"}, "outcome": {"result": "success"},
    });
    for (name, value) in more.as_object().unwrap() {
        event[name] = value.clone();
    }
    event
}

async fn store(world: &World, events: &[Value]) {
    for batch in events.chunks(100) {
        world.store(&serde_json::to_string(batch).unwrap()).await;
    }
}

fn story() -> Vec<Value> {
    let variable = json!({"type": "environment_variable", "id": "v", "name": "DATABASE_URL", "project_id": "api"});
    let deployment =
        json!({"type": "deployment", "id": "dpl_9", "name": "1.4.2", "project_id": "api"});
    let failed = json!({"resource": deployment, "outcome": {"result": "failure", "message": "3 of 4 answer 503"}, "correlation_id": "c9"});
    vec![
        at(
            "07:00:00",
            "environment_variable.updated",
            "user/Ana",
            json!({"resource": variable}),
        ),
        at(
            "07:10:00",
            "deployment.created",
            "service_account/deployer",
            json!({"resource": deployment, "correlation_id": "c9"}),
        ),
        at(
            "07:14:00",
            "deployment.failed",
            "service_account/deployer",
            failed,
        ),
    ]
}

#[tokio::test]
async fn no_name_in_an_event_rewrites_its_sentence() {
    let world = World::new().await;
    let event = |clock: &str, project: &str, environment: &str| {
        let variable = json!({"type": "environment_variable", "id": "v", "name": "VAR", "project_id": project});
        let context = json!({"environment": environment});
        let more = json!({"resource": variable, "context": context});
        at(clock, "environment_variable.updated", "user/Bob", more)
    };
    let tokens = [
        ("0actor0", "0resource0"),
        ("{actor}", "{resource}"),
        ("[{actor}]", "production (failed)"),
    ];
    let mut events: Vec<Value> = Vec::new();
    for (place, (project, environment)) in tokens.iter().enumerate() {
        events.push(event(&format!("07:0{place}:00"), project, environment));
    }
    events[2]["outcome"] = json!({"result": "failure"});
    store(&world, &events).await;
    let browser = Browser::of(&world, "acme", "reader").await;
    let page = read(&browser.read("/t/acme/").await);
    let markdown = browser.ask("/t/acme/timeline.md").await;
    let markdown = markdown.text().replace(['\\', '`'], "");
    for (project, environment) in tokens {
        let said =
            format!("Bob changed the environment variable VAR of {project} in {environment}");
        assert!(page.contains(&said), "{said}: {page}");
        assert!(markdown.contains(&said), "{said}: {markdown}");
    }
}

#[tokio::test]
async fn a_change_is_told_with_the_deployment_that_failed_after_it() {
    let world = World::new().await;
    store(&world, &story()).await;
    let browser = Browser::of(&world, "acme", "reader").await;
    let page = browser.read("/t/acme/").await;
    let text = read(&page);
    assert!(
        text.contains("Ana changed the environment variable DATABASE_URL"),
        "{text}"
    );
    assert!(
        text.contains(", 14 min before deployment 1.4.2 failed"),
        "{text}"
    );
    assert!(text.contains("✕ failed 3 of 4 answer 503"), "{text}");
    assert!(
        text.contains("2 events, 07:10–07:14"),
        "the deployment's events stand together: {text}"
    );
    assert!(
        text.contains("3 events, 1 of them failed, denied or rolled back."),
        "{text}"
    );
    // Whoever opens a link sees the same.
    assert!(
        page.contains("since=2026-11-20T08%3A01%3A00Z&#38;until=2026-11-21T08%3A01%3A00Z"),
        "{page}"
    );
    for place in [
        "?since=2026-11-21T07%3A01%3A00Z",
        "project=api",
        "environment=production",
        "timeline.md?since=",
    ] {
        assert!(page.contains(place), "{place}: {page}");
    }
    assert!(
        !page.contains(" style=") && !page.contains(" onclick") && !page.contains("http://"),
        "{page}"
    );
}

#[tokio::test]
async fn a_failure_in_a_run_of_five_hundred_stands_outside_the_fold() {
    let world = World::new().await;
    let mut events: Vec<Value> = (0..300)
        .map(|n| {
            let clock = format!("06:{:02}:{:02}", n / 60, n % 60);
            let operation = [
                "workload.updated",
                "config_map.updated",
                "application.synced",
            ][n % 3];
            at(
                &clock,
                operation,
                "service_account/argocd-controller",
                json!({}),
            )
        })
        .collect();
    events[150] = at(
        "06:02:30",
        "workload.updated",
        "service_account/argocd-controller",
        json!({"outcome": {"result": "denied"}}),
    );
    events[200] = at(
        "06:03:20",
        "pod.deleted",
        "service_account/argocd-controller",
        json!({}),
    );
    store(&world, &events).await;
    let page = Browser::of(&world, "acme", "reader")
        .await
        .read("/t/acme/")
        .await;
    let text = read(&page);
    assert!(
        text.contains("argocd-controller: 99 events of 3 kinds"),
        "{text}"
    );
    assert!(
        text.contains("argocd-controller: 150 events of 3 kinds"),
        "{text}"
    );
    assert_eq!(page.matches("<li class=\"fold\">").count(), 3, "{page}");
    let outside: String = page
        .split("<li class=\"fold\">")
        .map(|part| {
            part.split_once("</details>")
                .map_or(part, |(_, behind)| behind)
        })
        .collect();
    assert!(
        read(&outside).contains("⊘ denied") && outside.contains("e060320-pod-deleted"),
        "{outside}"
    );
    assert!(
        page.contains(">138 more</a>") && page.len() < 110_000,
        "{}",
        page.len()
    );
}

#[tokio::test]
async fn everything_is_measured_from_t0_and_the_rule_stands_at_it() {
    let world = World::new().await;
    store(&world, &story()).await;
    let browser = Browser::of(&world, "acme", "reader").await;
    let page = browser.read("/t/acme/?t0=2026-11-21T07:14:00Z").await;
    let text = read(&page);
    assert!(
        text.contains("T0 − 14 m") && text.contains("T0 is 2026-11-21 07:14 UTC"),
        "{text}"
    );
    assert_eq!(page.matches("id=\"t0\"").count(), 1);
    let (above, below) = page.split_once("id=\"t0\"").unwrap();
    assert!(!above.contains("DATABASE_URL") && below.contains("DATABASE_URL"));
    let later = browser.read("/t/acme/?t0=2026-11-21T07:05").await;
    let (above, below) = later.split_once("id=\"t0\"").unwrap();
    assert!(
        read(above).contains("T0 + 9 m") && read(below).contains("T0 − 5 m"),
        "{later}"
    );
    assert!(
        later.contains("name=\"t0\" value=\"2026-11-21T07:00:00Z\""),
        "each row can be pinned"
    );
    let outside = browser.read("/t/acme/?t0=2026-11-01T07:05").await;
    assert!(
        !outside.contains("id=\"t0\"") && outside.contains("show the time around it"),
        "{outside}"
    );
}

#[tokio::test]
async fn pages_by_time_lose_nothing_and_show_nothing_twice() {
    let world = World::new().await;
    let mut events = Vec::new();
    for n in 0..450 {
        // Three hundred at one moment, more than a page has rows; the others pairs.
        let clock = if n < 300 {
            "06:00:00.000001".to_owned()
        } else {
            format!("05:{:02}:00", n % 60)
        };
        let mut event = at(
            &clock,
            "environment_variable.updated",
            "user/Ana",
            json!({}),
        );
        event["id"] = json!(format!("n{n:03}"));
        events.push(event);
    }
    store(&world, &events).await;
    let browser = Browser::of(&world, "acme", "reader").await;
    let mut path = "/t/acme/".to_owned();
    let mut seen = Vec::new();
    for _ in 0..10 {
        let page = browser.read(&path).await;
        let rows = page.split("<ol class=\"told\">").skip(1);
        let before = seen.len();
        for row in rows.flat_map(|list| list.split("class=\"at\" href=\"/t/acme/events/").skip(1)) {
            seen.push(row.split('"').next().unwrap().to_owned());
        }
        assert!(seen.len() > before && seen.len() - before <= 140, "{page}");
        let Some((_, more)) = page.split_once("<p class=\"further\">") else {
            break;
        };
        assert!(read(more).starts_with("Shown are the newest"), "{more}");
        let href = more
            .split("href=\"")
            .nth(1)
            .unwrap()
            .split('"')
            .next()
            .unwrap();
        path = format!("/t/acme/{}", href.replace("&#38;", "&"));
    }
    let shown = seen.len();
    seen.sort();
    seen.dedup();
    assert_eq!((shown, seen.len()), (450, 450));
}

#[tokio::test]
async fn a_window_ends_before_its_end() {
    let world = World::new().await;
    store(&world, &story()).await;
    let browser = Browser::of(&world, "acme", "reader").await;
    let text = read(
        &browser
            .read("/t/acme/?since=2026-11-21T07:00:00Z&until=2026-11-21T07:14:00Z")
            .await,
    );
    assert!(
        text.contains("DATABASE_URL") && text.contains("2 events."),
        "{text}"
    );
    // What broke behind the window's end is told all the same.
    assert!(
        text.contains("14 min before deployment 1.4.2 failed"),
        "{text}"
    );
    let text = read(
        &browser
            .read("/t/acme/?since=2026-11-21T07:00:00.000001Z&until=2026-11-21T07:14:00.000001Z")
            .await,
    );
    assert!(
        !text.contains("DATABASE_URL") && text.contains("2 events, 1 of them"),
        "{text}"
    );
    for (query, said) in [
        ("since=yesterday", "from: expected a time"),
        (
            "since=2026-11-21T08:00:00Z&until=2026-11-21T07:00:00Z",
            "expected an end after the beginning",
        ),
        ("t0=%3Cscript%3E", "T0: expected a time"),
        ("q=name:x%20nofield:1", "<mark>nofield</mark>"),
        ("q=a)%20OR%20(b&project=x", "<mark>)</mark>"),
    ] {
        let reply = browser.ask(&format!("/t/acme/?{query}")).await;
        assert_eq!(reply.status, StatusCode::BAD_REQUEST, "{query}");
        assert!(
            reply.text().contains(said) && !reply.text().contains("<script>"),
            "{query}: {}",
            reply.text()
        );
        assert_eq!(
            browser
                .ask(&format!("/t/acme/timeline.md?{query}"))
                .await
                .status,
            StatusCode::BAD_REQUEST
        );
    }
}

#[tokio::test]
async fn filters_narrow_what_is_shown() {
    let world = World::new().await;
    store(&world, &story()).await;
    let browser = Browser::of(&world, "acme", "reader").await;
    for (query, changes) in [
        ("only=people", "1 event."),
        ("only=problems", "1 event, 1 of them"),
        ("project=api&environment=production", "3 events"),
        ("project=other", "0 events."),
        ("q=operation:deployment.*", "2 events"),
        (
            "q=name:DATABASE_URL%20OR%20operation:deployment.created&only=people",
            "1 event.",
        ),
    ] {
        let text = read(&browser.read(&format!("/t/acme/?{query}")).await);
        assert!(text.contains(changes), "{query}: {text}");
    }
    let text = read(&browser.read("/t/acme/?project=other").await);
    assert!(
        text.contains("Nothing happened in this time that the filter lets through"),
        "{text}"
    );
    let empty = World::new().await;
    let page = Browser::of(&empty, "acme", "reader")
        .await
        .read("/t/acme/")
        .await;
    assert!(
        page.contains("Nothing is recorded yet") && page.contains("/v1/events"),
        "{page}"
    );
}

/// Text that would be markup anywhere.
const HOSTILE: &str = "\"><script>alert(1)</script><img src=x onerror=alert(2)>'[x](javascript:alert(3))`*_|\n# x\u{202e}{{7*7}} @team www.evil.example";

fn hostile_event() -> Value {
    let id = HOSTILE.replace(['\n', '\u{202e}'], " ");
    json!({
        "id": "evt_h", "timestamp": format!("{DAY}T07:00:00Z"), "operation": "deployment.rolled_back",
        "reason": HOSTILE, "actor": {"type": "service_account", "id": id, "name": HOSTILE},
        "resource": {"type": "deployment", "id": id, "name": HOSTILE, "project_id": id, "project_name": HOSTILE},
        "context": {"environment": id}, "correlation_id": id,
        "outcome": {"result": "failure", "message": HOSTILE},
    })
}

/// A line of Markdown without what is escaped or stands in code: whatever acts as markup is left.
fn beside_code(line: &str) -> String {
    let mut text = String::new();
    let mut rest = line;
    while let Some(c) = rest.chars().next() {
        let ticks = rest.len() - rest.trim_start_matches('`').len();
        if ticks > 0 {
            let fence = "`".repeat(ticks);
            let behind = &rest[ticks..];
            let ends = behind.match_indices(&fence).find(|(at, _)| {
                !behind[..*at].ends_with('`') && !behind[at + ticks..].starts_with('`')
            });
            let (end, _) = ends.expect("code ends on its line");
            rest = &behind[end + ticks..];
            continue;
        }
        let escaped = c == '\\';
        rest = &rest[c.len_utf8()..];
        if escaped {
            let skipped = rest.chars().next().map_or(0, char::len_utf8);
            rest = &rest[skipped..];
        } else {
            text.push(c);
        }
    }
    text
}

#[tokio::test]
async fn whatever_an_event_holds_is_text() {
    let world = World::new().await;
    let mut earlier = hostile_event();
    earlier["id"] = json!("evt_g");
    earlier["operation"] = json!("environment_variable.updated");
    earlier["timestamp"] = json!(format!("{DAY}T06:50:00Z"));
    earlier["correlation_id"] = json!("another");
    earlier["resource"]["type"] = json!("environment_variable");
    earlier["outcome"] = json!({"result": "success"});
    let mut failed = hostile_event();
    failed["id"] = json!("evt_f");
    failed["operation"] = json!("deployment.failed");
    store(&world, &[hostile_event(), earlier, failed]).await;
    let browser = Browser::of(&world, "acme", "reader").await;
    let page = browser.read("/t/acme/").await;
    assert!(
        !page.contains("<script>")
            && !page.contains("<img src=x")
            && !page.contains("href=\"javascript:"),
        "{page}"
    );
    assert!(
        page.contains("10 min before <a href=\"/t/acme/events/evt_f\">"),
        "{page}"
    );
    let reply = browser.ask("/t/acme/timeline.md").await;
    assert_eq!(reply.header("content-type"), "text/markdown; charset=utf-8");
    assert_eq!(
        reply.header("content-disposition"),
        "attachment; filename=\"timeline.md\""
    );
    let mut lines = 0;
    for line in reply.text().lines().filter(|line| !line.is_empty()) {
        assert!(
            line.starts_with("# What changed")
                || line.starts_with("## ")
                || line.trim_start().starts_with("* "),
            "{line}"
        );
        let beside = beside_code(line);
        for markup in ["<script", "[x]", "](", "<img", "@team", " www.e"] {
            assert!(!beside.contains(markup), "{markup}: {line}");
        }
        lines += 1;
    }
    assert!(lines > 6, "{}", reply.text());
    // What the address holds is text as well.
    let asked = "q=%22%3Cscript%3Ealert(1)%3C/script%3E%22&project=%22%3E%3Cscript%3E&environment='%20onload=x&only=%22%3E%3Cb%3E";
    let page = browser.read(&format!("/t/acme/?{asked}")).await;
    assert!(
        !page.contains("<script>") && !page.contains("<b>\"") && !page.contains("' onload"),
        "{page}"
    );
}

#[tokio::test]
async fn the_timeline_for_the_post_mortem_is_oldest_first_and_measured_from_t0() {
    let world = World::new().await;
    store(&world, &story()).await;
    let browser = Browser::of(&world, "acme", "reader").await;
    let reply = browser
        .ask("/t/acme/timeline.md?t0=2026-11-21T07:14:00Z&project=api")
        .await;
    let text = reply.text();
    for said in [
        "# What changed: acme\n",
        "* From 2026-11-20 08:01 to 2026-11-21 08:01 UTC, as far as it was recorded at 2026-11-21 08:00 UTC\n* Query: `project:\"api\"`\n* T0: 2026-11-21 07:14 UTC\n",
        "\n## Saturday 21 November 2026\n\n* 07:00:00 (T0 − 14 m) Ana changed the environment variable `DATABASE_URL`",
        ", 14 min before the deployment `1.4.2` failed (`e070000-environment_variable-updated`)\n",
        "* 07:14:00 (T0) The deployment `1.4.2` of api failed in production **failed**",
    ] {
        assert!(text.contains(said), "{said}: {text}");
    }
    assert!(!text.contains("http"), "no address of this server: {text}");
}

#[tokio::test]
async fn a_timeline_says_how_far_it_goes_while_its_window_goes_on() {
    let world = World::new().await;
    store(&world, &story()).await;
    let browser = Browser::of(&world, "acme", "reader").await;
    let read = |until: &str| {
        let path = format!("/t/acme/timeline.md?since=2026-11-21T07:00:00Z&until={until}");
        let browser = &browser;
        async move { browser.ask(&path).await.text().to_owned() }
    };
    world.clock.advance_seconds(35);
    let going = read("2026-11-21T08:01:00Z").await;
    assert!(
        going.contains(
            "07:00 to 2026-11-21 08:01 UTC, as far as it was recorded at 2026-11-21 08:00:35 UTC\n"
        ),
        "{going}"
    );
    let ended = read("2026-11-21T08:00:35Z").await;
    assert!(
        ended.contains("07:00 to 2026-11-21 08:00:35 UTC\n"),
        "{ended}"
    );
}

#[tokio::test]
async fn a_timeline_that_is_refused_says_so_on_a_page_and_names_the_parameter() {
    let world = World::new().await;
    let browser = Browser::of(&world, "acme", "reader").await;
    for (asked, said) in [
        ("since=foo", "since: expected a time such as"),
        ("until=foo", "until: expected a time such as"),
        ("t0=foo", "t0: expected a time such as"),
        ("q=(", "q: expected "),
        (
            "since=2026-11-21T07:00:00Z&until=2026-11-21T07:00:00Z",
            "until: expected an end after the beginning",
        ),
    ] {
        let reply = browser.ask(&format!("/t/acme/timeline.md?{asked}")).await;
        assert_eq!(reply.status, StatusCode::BAD_REQUEST, "{asked}");
        assert_eq!(reply.header("content-type"), "text/html; charset=utf-8");
        assert!(
            reply.text().contains("That did not work") && reply.text().contains(said),
            "{asked}: {}",
            reply.text()
        );
    }
}

#[tokio::test]
async fn an_analyst_reads_sentences_without_persons() {
    let world = World::new().await;
    let mut events = story();
    events[0]["actor"] =
        json!({"type": "user", "id": "usr_1", "name": "Ana Souza", "email": "ana@example.com"});
    events[0]["origin"] = json!({"ip": "198.51.100.23"});
    events[0]["reason"] = json!("as ana@example.com asked from 198.51.100.23");
    events.push(at(
        "07:20:00",
        "user.role_changed",
        "user/usr_1",
        json!({"resource": {"type": "user", "id": "usr_2", "name": "Bo Berg"}}),
    ));
    store(&world, &events).await;
    let browser = Browser::of(&world, "acme", "analyst").await;
    let page = browser.read("/t/acme/").await;
    assert!(
        read(&page).contains("Somebody changed the environment variable DATABASE_URL"),
        "{page}"
    );
    let markdown = browser.ask("/t/acme/timeline.md").await;
    for text in [page.as_str(), markdown.text()] {
        for person in ["ana@", "Ana Souza", "usr_1", "198.51", "Bo Berg", "usr_2"] {
            assert!(!text.contains(person), "{person}: {text}");
        }
    }
}

#[tokio::test]
async fn colleagues_who_open_the_same_link_wait_their_turn() {
    let mut config = server::Config::default();
    config.limits.tenant_searches = 1;
    let world = World::with(config).await;
    store(&world, &story()).await;
    let one = Browser::of(&world, "acme", "reader").await;
    let two = Browser::of(&world, "acme", "reader").await;
    for path in [
        "/t/acme/",
        "/t/acme/search?since=2026-11-21T00:00:00Z&until=2026-11-22T00:00:00Z",
        "/t/acme/deployments",
    ] {
        let (a, b, c, d) = tokio::join!(one.ask(path), two.ask(path), one.ask(path), two.ask(path));
        for reply in [a, b, c, d] {
            assert_eq!(reply.status, StatusCode::OK, "{path}: {}", reply.text());
            assert!(!reply.text().contains("oo many searches"), "{path}");
            assert!(reply.text().contains("api"), "{path}");
        }
    }
}

#[tokio::test]
async fn another_tenants_changes_look_like_those_of_none() {
    let world = World::new().await;
    store(&world, &story()).await;
    let stranger = Browser::of(&world, "umbrella", "reader").await;
    for page in ["", "timeline.md"] {
        let foreign = stranger.ask(&format!("/t/acme/{page}")).await;
        let unknown = stranger.ask(&format!("/t/nobody/{page}")).await;
        assert_eq!(
            (foreign.status, unknown.status),
            (StatusCode::NOT_FOUND, StatusCode::NOT_FOUND)
        );
        assert_eq!(foreign.text(), unknown.text());
        assert!(!foreign.text().contains("DATABASE_URL"));
    }
    let own = stranger.read("/t/umbrella/").await;
    assert!(!own.contains("DATABASE_URL") && own.contains("Nothing is recorded yet"));
    let nobody = Browser(Visitor::unsigned(&world, "acme"));
    assert_eq!(nobody.ask("/t/acme/").await.status, StatusCode::SEE_OTHER);
}
