//! Events and queries of one small world, from a seed: for tests that hold a store's answers against the evaluator's.
//!
//! Promises: the same seed gives the same texts; every event is accepted and has an id of its own; every query is
//! accepted by the parser and within its limits; values come from the same small alphabets on both sides, so that most
//! queries find some events and few find all. Times lie in several months, many of them equal. Must never: know what a
//! query means.

use std::fmt::Write;

use crate::sources::TestRng;

/// When every query is asked: the afternoon at which [`crate::sources::TestClock`] begins.
pub const NOW: &str = "2026-03-12T14:32:07.123000Z";
/// Deepest nesting of a generated query.
const DEPTH_MAX: usize = 4;
/// Most characters of the beginning of a value: 128 bytes are asked for at most.
const BEGINNING_MAX: usize = 127;
/// Most conditions of a generated query; an `actor:` counts for three.
const CONDITIONS_MAX: usize = 14;

const OPERATIONS: [&str; 10] = [
    "deployment.created",
    "deployment.failed",
    "deploy.create",
    "DeploymentSucceeded",
    "environment_variable.updated",
    "user.role_changed",
    "secret.read",
    "warehouse.robot_moved",
    "build.started",
    "user.logged_in",
];
const ACTOR_TYPES: [&str; 4] = ["user", "service_account", "agent", "system"];
const PEOPLE: [(&str, &str, &str); 5] = [
    ("42", "dana@acme.example", "Dana Reyes"),
    ("u1", "lee@acme.example", "Lee Wong"),
    ("U2", "kim@umbrella.example", "Kim Soe"),
    ("ci-bot", "", "CI"),
    ("usr_0123456789abcdef", "ann@acme.example", "Ann Berg"),
];
const ADDRESSES: [&str; 10] = [
    "10.0.0.1",
    "10.0.255.255",
    "10.1.0.0",
    "10.128.0.7",
    "11.0.0.0",
    "198.51.100.23",
    "198.51.100.127",
    "2001:db8::1",
    "2001:db8:0:1::1",
    "2001:db9::",
];
const NETWORKS: [&str; 16] = [
    "0.0.0.0/0",
    "10.0.0.0/7",
    "10.0.0.0/8",
    "10.0.0.0/9",
    "10.0.0.0/16",
    "10.0.0.0/17",
    "10.0.255.254/31",
    "198.51.100.0/24",
    "198.51.100.0/25",
    "198.51.100.23",
    "::/0",
    "2001:db8::/31",
    "2001:db8::/32",
    "2001:db8::/48",
    "2001:db8::/64",
    "2001:db8::1/127",
];
const AGENTS: [&str; 3] = [
    "deployctl/4.11.2 (linux/amd64)",
    "Mozilla/5.0 Firefox/147.0",
    "terraform",
];
const RESOURCE_TYPES: [&str; 5] = [
    "deployment",
    "environment_variable",
    "user",
    "setting",
    "robot",
];
const RESOURCES: [&str; 7] = [
    "r1",
    "r2",
    "r10",
    "R2-D2",
    "dpl_1",
    "dpl_77",
    "res_9fceb02d0ae598e95dc9",
];
/// The fifth is longer than what is counted, and a character of two bytes stands where it is cut.
const NAMES: [&str; 6] = [
    "DATABASE_URL",
    "checkout",
    "Check-In",
    "Größe",
    "clusters/eu-central/namespaces/billing/deployments/checkout-and-payment-gateway/containers/nightly-reconciliation-of-outgoing/fällige-zahlungen/revision",
    "mail of ann@acme.example",
];
const PROJECTS: [&str; 3] = ["proj_1", "proj_10", "proj_2"];
const OUTCOMES: [&str; 4] = ["success", "failure", "denied", "cancelled"];
const CODES: [&str; 3] = ["403", "404", "E_HEALTH"];
const ENVIRONMENTS: [&str; 3] = ["production", "Production", "staging"];
const SERVICES: [&str; 4] = ["api", "api-2", "web", "webhook"];
const REGIONS: [&str; 2] = ["eu-central-1", "us-east-1"];
const TICKETS: [&str; 3] = ["OPS-7", "OPS-77", "CHG-1"];
const IDENTIFIERS: [&str; 4] = [
    "req_5f2c",
    "req_0123456789abcdef",
    "0f8fad5b-d9cb-469f-a165-70867728950e",
    "4bf92f3577b34da6a3ce929d0e0e4736",
];
const WORDS: [&str; 19] = [
    "rotate",
    "after",
    "leak",
    "release",
    "releases",
    "INC-212",
    "health",
    "check",
    "checkout",
    "größe",
    "Café",
    "部署失敗",
    "10.0.0.1",
    "ip-10.0.0.1",
    "Οδός",
    "ΟΔΌΣ",
    "dana@acme.example",
    "deadbeef01",
    "0f8fad5b-d9cb-469f-a165-70867728950e",
];
/// JSON texts of scalars.
const VALUES: [&str; 14] = [
    "1",
    "2",
    "10",
    "1e1",
    "10.0",
    "-5",
    "true",
    "false",
    "null",
    "\"admin\"",
    "\"Admin of all\"",
    "\"10\"",
    "\"0123456789abcdef\"",
    "\"10.0.0.1\"",
];
const FIELDS: [&str; 6] = [
    "role",
    "size",
    "Value",
    "a.b",
    "grants.dana@acme.example",
    "10.0.0.1",
];
const KEYS: [&str; 4] = ["team", "Build", "tags", "a b"];
const PRODUCERS: [&str; 3] = ["api-1", "API-1", "batch"];
/// Beginnings of months, days and hours: events and queries meet at their edges.
const TIMES: [&str; 14] = [
    "2024-02-29T12:00:00Z",
    "2025-12-31T23:59:59.999999Z",
    "2026-01-01T00:00:00Z",
    "2026-02-28T23:59:59.999999Z",
    "2026-03-01T00:00:00Z",
    "2026-03-05T09:00:00Z",
    "2026-03-08T23:59:59.999999Z",
    "2026-03-09T00:00:00Z",
    "2026-03-11T14:32:07.123Z",
    "2026-03-12T00:00:00+05:30",
    "2026-03-12T13:32:07.123Z",
    "2026-03-12T14:32:07.122999Z",
    "2026-03-12T14:32:07.123Z",
    "2026-04-01T00:00:00Z",
];
const PERIODS: [&str; 12] = [
    "2026",
    "2025",
    "2026-Q1",
    "2026-02",
    "2026-03",
    "2026-W10",
    "2026-03-05",
    "2026-03-08..2026-03-09",
    "today",
    "yesterday",
    "last-week",
    "2024-02-29T12",
];
const MOMENTS: [&str; 12] = [
    "1h",
    "24h",
    "1w",
    "2026",
    "2026-03",
    "2026-03-05",
    "2026-03-09",
    "today",
    "now",
    "2026-03-01T00:00:00Z",
    "2026-03-12T14:32:07.123",
    "2026-04",
];

/// An endless stream of events as JSON texts.
#[derive(Debug)]
pub struct SmallEvents {
    rng: TestRng,
    made: u64,
}

impl SmallEvents {
    /// The stream of this seed.
    pub fn new(seed: u64) -> Self {
        Self {
            rng: TestRng::new(seed ^ 0x65_7665_6e74),
            made: 0,
        }
    }

    /// `,"name":{…}` of some members; nothing when there are none.
    fn object(&self, name: &str, out: &mut String, fill: impl FnOnce(&TestRng, &mut String)) {
        let mut inner = String::new();
        fill(&self.rng, &mut inner);
        if let Some(inner) = inner.strip_prefix(',') {
            put(out, format_args!(",\"{name}\":{{{inner}}}"));
        }
    }

    fn actor(&self, out: &mut String) {
        self.object("actor", out, |rng, out| {
            text(rng, out, 80, "type", &ACTOR_TYPES);
            let (id, email, name) = pick(rng, &PEOPLE);
            if chance(rng, 80) {
                put(out, format_args!(",\"id\":\"{id}\""));
            }
            if chance(rng, 50) && !email.is_empty() {
                put(
                    out,
                    format_args!(",\"email\":\"{email}\",\"name\":\"{name}\""),
                );
            }
            text(rng, out, 20, "credential_id", &["key_1", "key_12"]);
            if chance(rng, 20) {
                out.push_str(",\"on_behalf_of\":{\"type\":\"user\",\"id\":\"42\"}");
            }
        });
        if !out.contains("\"actor\"") {
            out.push_str(",\"actor\":{}");
        }
        self.object("origin", out, |rng, out| {
            text(rng, out, 60, "ip", &ADDRESSES);
            text(rng, out, 40, "user_agent", &AGENTS);
            text(rng, out, 20, "device", &["laptop-1", "phone"]);
            text(rng, out, 20, "session_id", &["s-1", "s-2"]);
        });
    }

    fn what(&self, out: &mut String) {
        put(
            out,
            format_args!(",\"operation\":\"{}\"", pick(&self.rng, &OPERATIONS)),
        );
        let kind = pick(&self.rng, &RESOURCE_TYPES);
        self.object("resource", out, |rng, out| {
            put(out, format_args!(",\"type\":\"{kind}\""));
            text(rng, out, 70, "id", &RESOURCES);
            text(rng, out, 40, "name", &NAMES);
            text(rng, out, 50, "project_id", &PROJECTS);
        });
        if chance(&self.rng, 20) {
            let (project, other) = (pick(&self.rng, &PROJECTS), pick(&self.rng, &RESOURCES));
            put(
                out,
                format_args!(
                    ",\"related\":[{{\"type\":\"project\",\"id\":\"{project}\"}},{{\"type\":\"build\",\"id\":\"{other}\"}}]"
                ),
            );
        }
        self.object("outcome", out, |rng, out| {
            text(rng, out, 70, "result", &OUTCOMES);
            text(rng, out, 20, "code", &CODES);
            if chance(rng, 20) {
                put(out, format_args!(",\"message\":\"{}\"", sentence(rng)));
            }
        });
    }

    fn why_and_where(&self, out: &mut String) {
        if chance(&self.rng, 50) {
            put(out, format_args!(",\"reason\":\"{}\"", sentence(&self.rng)));
        }
        self.object("approval", out, |rng, out| {
            text(rng, out, 15, "by", &["lead@acme.example", "boss"]);
            text(rng, out, 15, "ticket", &TICKETS);
        });
        self.object("context", out, |rng, out| {
            text(rng, out, 50, "environment", &ENVIRONMENTS);
            text(rng, out, 50, "service", &SERVICES);
            text(rng, out, 30, "region", &REGIONS);
            text(rng, out, 20, "channel", &["cli", "dashboard"]);
        });
        for name in ["request_id", "correlation_id", "trace_id"] {
            text(&self.rng, out, 20, name, &IDENTIFIERS);
        }
        if chance(&self.rng, 30) {
            let (id, seq) = (pick(&self.rng, &PRODUCERS), 1 + self.rng.below(30));
            put(
                out,
                format_args!(",\"producer\":{{\"id\":\"{id}\",\"seq\":{seq}}}"),
            );
        }
    }

    fn changes_and_metadata(&self, out: &mut String) {
        let rng = &self.rng;
        if chance(rng, 40) {
            let changes: Vec<String> = (0..=rng.below(2))
                .map(|_| {
                    let (field, before, after) =
                        (pick(rng, &FIELDS), pick(rng, &VALUES), pick(rng, &VALUES));
                    format!("{{\"field\":\"{field}\",\"before\":{before},\"after\":{after}}}")
                })
                .collect();
            put(out, format_args!(",\"changes\":[{}]", changes.join(",")));
        }
        self.object("metadata", out, |rng, out| {
            for key in KEYS {
                if chance(rng, 25) {
                    put(out, format_args!(",\"{key}\":{}", tree(rng, 2)));
                }
            }
        });
    }
}

impl Iterator for SmallEvents {
    type Item = String;

    fn next(&mut self) -> Option<String> {
        self.made += 1;
        let mut out = format!("{{\"id\":\"e{}\"", self.made);
        if chance(&self.rng, 90) {
            put(
                &mut out,
                format_args!(",\"timestamp\":\"{}\"", pick(&self.rng, &TIMES)),
            );
        }
        self.actor(&mut out);
        self.what(&mut out);
        self.why_and_where(&mut out);
        self.changes_and_metadata(&mut out);
        out.push('}');
        Some(out)
    }
}

/// An endless stream of query texts.
#[derive(Debug)]
pub struct Queries {
    rng: TestRng,
}

impl Queries {
    /// The stream of this seed.
    pub fn new(seed: u64) -> Self {
        Self {
            rng: TestRng::new(seed ^ 0x0071_7565_7279),
        }
    }

    fn question(&self, depth: usize, left: &mut usize) -> String {
        let deeper = depth < DEPTH_MAX && *left > 3;
        match if deeper { self.rng.below(10) } else { 9 } {
            0..=2 => self.several(depth, left, " "),
            3..=4 => format!("({})", self.several(depth, left, " OR ")),
            5 => format!(
                "-({})",
                self.several(depth, left, pick(&self.rng, &[" ", " OR ", " AND "]))
            ),
            6 => {
                let inner = self.question(depth + 1, left);
                format!("NOT ({inner})")
            }
            _ => {
                let not = if chance(&self.rng, 20) { "-" } else { "" };
                format!("{not}{}", self.condition(left))
            }
        }
    }

    fn several(&self, depth: usize, left: &mut usize, between: &str) -> String {
        let members: Vec<String> = (0..2 + self.rng.below(2))
            .map(|_| {
                let member = self.question(depth + 1, left);
                // What binds less than its surroundings needs parentheses.
                if member.contains(' ') {
                    format!("({member})")
                } else {
                    member
                }
            })
            .collect();
        members.join(between)
    }

    fn condition(&self, left: &mut usize) -> String {
        *left = left.saturating_sub(1);
        let rng = &self.rng;
        match rng.below(17) {
            0 => self.operation(),
            1 => {
                *left = left.saturating_sub(2);
                let (id, email, name) = pick(rng, &PEOPLE);
                let value = [id, if email.is_empty() { id } else { email }, name][rng.below(3)];
                format!("actor:{}", quoted(value))
            }
            2 => format!("ip:{}", pick(rng, &NETWORKS)),
            3 => format!("during:{}", pick(rng, &PERIODS)),
            4 => format!("{}:{}", pick(rng, &["since", "until"]), pick(rng, &MOMENTS)),
            5 => {
                let sign = pick(rng, &[">=", "<=", ">", "<"]);
                format!(
                    "{}:{sign}{}",
                    pick(rng, &["timestamp", "recorded"]),
                    pick(rng, &MOMENTS)
                )
            }
            6 => format!("{}:{}", pick(rng, &["seq", "producer.seq"]), self.number()),
            7..=9 => self.text(),
            10 => self.value_of(&self.change()),
            11 => self.value_of(&format!("metadata.{}", self.path())),
            12 => {
                let fields = [
                    "reason",
                    "changes",
                    "ip",
                    "project",
                    "outcome",
                    "actor.email",
                    "request_id",
                    "producer",
                ];
                format!("has:{}", pick(rng, &fields))
            }
            13 => {
                let name = pick(rng, &["request_id", "correlation_id", "trace_id", "id"]);
                let value = if name == "id" {
                    format!("e{}", 1 + rng.below(60))
                } else {
                    pick(rng, &IDENTIFIERS).to_owned()
                };
                format!("{name}:{value}")
            }
            14 => {
                let name = pick(rng, &["reason", "outcome.message", "user_agent"]);
                format!("{name}:{}", self.words())
            }
            _ => self.keyword(),
        }
    }

    fn operation(&self) -> String {
        let rng = &self.rng;
        match rng.below(5) {
            0 => format!(
                "operation:{}.*",
                pick(rng, &["deployment", "user", "warehouse"])
            ),
            1 => format!("operation:{}*", pick(rng, &["dep", "u", "environment_v"])),
            2 => format!(
                "category:{}",
                pick(rng, &["deployments", "access_control", "configuration"])
            ),
            3 => format!(
                "severity:{}",
                pick(rng, &["info", ">=warning", "<notice", ">notice"])
            ),
            _ => format!("operation:{}", pick(rng, &OPERATIONS)),
        }
    }

    fn keyword(&self) -> String {
        let rng = &self.rng;
        let (name, values): (&str, &[&str]) = pick(
            rng,
            &[
                ("resource.type", &RESOURCE_TYPES[..]),
                ("resource.id", &RESOURCES),
                ("name", &NAMES),
                ("project", &PROJECTS),
                ("related", &RESOURCES),
                ("actor.type", &ACTOR_TYPES),
                ("outcome", &OUTCOMES),
                ("outcome.code", &CODES),
                ("env", &ENVIRONMENTS),
                ("service", &SERVICES),
                ("region", &REGIONS),
                ("ticket", &TICKETS),
                ("approved_by", &["lead@acme.example", "boss"]),
                ("producer", &PRODUCERS),
                ("device", &["laptop-1", "phone"]),
                ("session", &["s-1", "s-2"]),
                ("credential", &["key_1", "key_12"]),
                ("on_behalf_of", &["42", "7"]),
                (
                    "flag",
                    &["alias", "masked", "unknown_operation", "clock_ahead"],
                ),
                ("changes", &FIELDS),
                ("source", &["api", "ci"]),
                ("email", &["dana@acme.example", "kim@umbrella.example"]),
            ],
        );
        let value = pick(rng, values);
        match rng.below(5) {
            0 => format!("{name}:*"),
            1 => {
                let end = 1 + rng.below(value.chars().count().min(BEGINNING_MAX));
                let beginning: String = value.chars().take(end).collect();
                // A beginning can't stand in quotes.
                if beginning.contains([' ', '"']) {
                    format!("{name}:*")
                } else {
                    format!("{name}:{beginning}*")
                }
            }
            2 => format!(
                "{name}:({} OR {})",
                quoted(value),
                quoted(pick(rng, values))
            ),
            _ => format!("{name}:{}", quoted(value)),
        }
    }

    /// A condition on a value that nobody foresaw.
    fn value_of(&self, name: &str) -> String {
        let rng = &self.rng;
        match rng.below(6) {
            0 => format!("{name}:*"),
            1 => format!("{name}:{}", self.number()),
            2 => format!("{name}:{}*", pick(rng, &["a", "1", "adm", "0123", "10"])),
            _ => {
                let value = pick(rng, &VALUES);
                format!("{name}:{value}")
            }
        }
    }

    fn change(&self) -> String {
        let side = pick(&self.rng, &["", ".before", ".after"]);
        format!("changes.{}{side}", pick(&self.rng, &FIELDS))
    }

    fn path(&self) -> String {
        let rng = &self.rng;
        let mut path = pick(rng, &KEYS).to_owned();
        for _ in 0..rng.below(3) {
            put(&mut path, format_args!(".{}", pick(rng, &KEYS)));
        }
        if path.contains(' ') {
            format!("\"{path}\"")
        } else {
            path
        }
    }

    fn number(&self) -> String {
        let rng = &self.rng;
        let sign = pick(rng, &[">=", "<=", ">", "<", "", ".."]);
        let value = pick(rng, &["1", "2", "10", "9.5", "1e1", "20"]);
        match sign {
            ".." => format!("{}..{value}", pick(rng, &["-5", "0", "1"])),
            sign => format!("{sign}{value}"),
        }
    }

    fn text(&self) -> String {
        let rng = &self.rng;
        match rng.below(8) {
            0 => quoted(pick(rng, &NAMES)),
            1 => quoted(pick(rng, &RESOURCES)),
            2 => pick(
                rng,
                &[
                    "deployment",
                    "robot",
                    "acme.example",
                    "linux",
                    "masked",
                    "example",
                    "admin",
                ],
            )
            .to_owned(),
            _ => self.words(),
        }
    }

    /// One word, a part of one, or some side by side.
    fn words(&self) -> String {
        let rng = &self.rng;
        let word = pick(rng, &WORDS);
        match rng.below(4) {
            0 => {
                let end = 1 + rng.below(word.chars().count());
                let beginning: String = word.chars().take(end).collect();
                // Signs alone are no words, and behind them no word goes on.
                let beginning = beginning.trim_end_matches(|sign: char| !sign.is_alphanumeric());
                format!("{beginning}*")
            }
            1 => format!("\"{word} {}\"", pick(rng, &WORDS)),
            _ => word.to_owned(),
        }
    }
}

impl Iterator for Queries {
    type Item = String;

    fn next(&mut self) -> Option<String> {
        let mut left = CONDITIONS_MAX;
        Some(self.question(0, &mut left))
    }
}

fn pick<T: Copy>(rng: &TestRng, values: &[T]) -> T {
    values[rng.below(values.len())]
}

/// Whether something of so many percent happens.
fn chance(rng: &TestRng, percent: usize) -> bool {
    rng.below(100) < percent
}

/// Formatting into a string does not fail.
fn put(out: &mut String, what: std::fmt::Arguments<'_>) {
    let written = out.write_fmt(what);
    debug_assert!(written.is_ok(), "a string takes everything");
}

fn text(rng: &TestRng, out: &mut String, percent: usize, name: &str, values: &[&str]) {
    if chance(rng, percent) {
        put(out, format_args!(",\"{name}\":\"{}\"", pick(rng, values)));
    }
}

fn sentence(rng: &TestRng) -> String {
    let words: Vec<&str> = (0..=rng.below(4)).map(|_| pick(rng, &WORDS)).collect();
    words.join(pick(rng, &[" ", ", ", "/"]))
}

/// A scalar, a list or an object.
fn tree(rng: &TestRng, depth: usize) -> String {
    match rng.below(if depth == 0 { 5 } else { 8 }) {
        0..=3 => pick(rng, &VALUES).to_owned(),
        4 => format!("\"{}\"", sentence(rng)),
        5 => format!("[{},{}]", tree(rng, depth - 1), tree(rng, depth - 1)),
        _ => format!("{{\"{}\":{}}}", pick(rng, &KEYS), tree(rng, depth - 1)),
    }
}

/// A value, in quotes where it must be.
fn quoted(value: &str) -> String {
    if value.contains(' ') {
        format!("\"{value}\"")
    } else {
        value.to_owned()
    }
}

#[cfg(test)]
mod tests {
    use ledger::json;

    use super::*;

    #[test]
    fn equal_seeds_give_equal_texts_and_others_do_not() {
        let texts = |seed| {
            let events: Vec<String> = SmallEvents::new(seed).take(50).collect();
            let queries: Vec<String> = Queries::new(seed).take(50).collect();
            (events, queries)
        };
        assert_eq!(texts(1), texts(1));
        assert_ne!(texts(1).0, texts(2).0);
        assert_ne!(texts(1).1, texts(2).1);
    }

    #[test]
    fn every_event_is_json_and_every_query_is_bounded() {
        for text in SmallEvents::new(7).take(1_000) {
            assert!(json::parse(text.as_bytes()).is_ok(), "{text}");
        }
        for text in Queries::new(7).take(5_000) {
            assert!(text.len() < 4_096, "{text}");
            let mut deep = 0_usize;
            for sign in text.chars() {
                deep = match sign {
                    '(' => deep + 1,
                    ')' => deep - 1,
                    _ => deep,
                };
                assert!(deep <= 2 * DEPTH_MAX + 1, "{text}");
            }
        }
    }
}
