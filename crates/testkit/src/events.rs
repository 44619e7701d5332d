//! Events as a deployment platform sends them, from a seed.
//!
//! Promises: the same seed gives the same texts; every text is one accepted event with an id that no other event of
//! the same seed has; about 760 bytes on average; operations, actors, resources and sizes are spread as in life (few
//! people and projects do most of it). On request every n-th event hides a secret or names a person. Must never:
//! hold a text that a scanner of source code takes for a leaked secret.

use std::fmt::Write;

use ledger::time::Micros;

use crate::sources::TestRng;

/// An endless stream of events as JSON texts without line breaks.
#[derive(Debug)]
pub struct Events {
    rng: TestRng,
    seed: u64,
    made: u64,
    at: Micros,
    planted: Vec<String>,
    canary: Option<String>,
    planted_every: u64,
}

impl Events {
    /// The stream of this seed. Its times begin in March 2026 and run on by a few events a second.
    pub fn new(seed: u64) -> Self {
        Self {
            rng: TestRng::new(seed),
            seed,
            made: 0,
            at: Micros::from_micros(1_773_325_927_123_000),
            planted: Vec::new(),
            canary: None,
            planted_every: 10,
        }
    }

    /// Lets every `every`-th event carry one of these secrets, each time in another hiding place.
    #[must_use]
    pub fn planting(mut self, secrets: Vec<String>, every: u64) -> Self {
        self.planted = secrets;
        self.planted_every = every.max(1);
        self
    }

    /// Lets the same events name this person (an e-mail address) wherever a person may stand.
    #[must_use]
    pub fn naming(mut self, canary: &str) -> Self {
        self.canary = Some(canary.to_owned());
        self
    }

    /// A JSON array of the next `count` events.
    pub fn batch(&mut self, count: usize) -> String {
        let events: Vec<String> = self.take(count).collect();
        format!("[{}]", events.join(","))
    }
}

impl Iterator for Events {
    type Item = String;

    fn next(&mut self) -> Option<String> {
        self.made += 1;
        self.at = self
            .at
            .plus(i64::try_from(self.rng.below(400_000)).unwrap_or_default());
        Some(self.event())
    }
}

/// What happens, how often of 1,000, to what.
const OPERATIONS: [(&str, usize, &str, &str); 22] = [
    ("deployment.created", 140, "deployment", "dpl"),
    ("deployment.succeeded", 120, "deployment", "dpl"),
    ("build.started", 110, "build", "bld"),
    ("build.succeeded", 95, "build", "bld"),
    ("user.logged_in", 110, "user", "usr"),
    (
        "environment_variable.updated",
        70,
        "environment_variable",
        "var",
    ),
    (
        "environment_variable.read",
        50,
        "environment_variable",
        "var",
    ),
    ("secret.read", 45, "secret", "sec"),
    ("deployment.failed", 30, "deployment", "dpl"),
    ("build.failed", 30, "build", "bld"),
    ("access.denied", 30, "project", "prj"),
    ("user.login_failed", 30, "user", "usr"),
    ("service.scaled", 25, "service", "svc"),
    ("feature_flag.updated", 20, "feature_flag", "flg"),
    ("deployment.rolled_back", 15, "deployment", "dpl"),
    ("database.queried", 15, "database", "db"),
    ("user.role_changed", 15, "user", "usr"),
    ("permission.granted", 15, "project", "prj"),
    ("domain.added", 10, "domain", "dom"),
    ("api_key.created", 10, "api_key", "key"),
    ("firewall_rule.updated", 10, "firewall_rule", "fwr"),
    ("database.backup_created", 5, "database", "db"),
];
const NAMES: [&str; 12] = [
    "Ann Berg",
    "Bo Chen",
    "Cem Demir",
    "Dora Ek",
    "Eli Frank",
    "Femi Gbadebo",
    "Gia Hoang",
    "Hugo Ito",
    "Ines Jansen",
    "Joon Kim",
    "Kaya Lind",
    "Léa Moreau",
];
const AGENTS: [&str; 5] = [
    "Mozilla/5.0 (X11; Linux x86_64) AppleWebKit/537.36 (KHTML, like Gecko) Chrome/145.0.0.0 Safari/537.36",
    "Mozilla/5.0 (Macintosh; Intel Mac OS X 10_15_7) AppleWebKit/605.1.15 (KHTML, like Gecko) Version/19.1 Safari/605.1.15",
    "Mozilla/5.0 (Windows NT 10.0; Win64; x64; rv:147.0) Gecko/20100101 Firefox/147.0",
    "deployctl/4.11.2 (linux/amd64)",
    "terraform-provider-platform/2.3.0",
];
const VARIABLES: [&str; 8] = [
    "DATABASE_URL",
    "LOG_LEVEL",
    "PORT",
    "REDIS_HOST",
    "FEATURE_CHECKOUT",
    "SENTRY_ENVIRONMENT",
    "CACHE_TTL_SECONDS",
    "PUBLIC_BASE_URL",
];
const REGIONS: [&str; 5] = [
    "eu-central-1",
    "eu-west-1",
    "us-east-1",
    "us-west-2",
    "ap-southeast-1",
];
const REASONS: [&str; 5] = [
    "Rollout of the weekly release train",
    "INC-4711: restore service after a failed migration",
    "CHG-2093 approved in the change board",
    "Scheduled by pipeline main",
    "Customer asked for it in ticket 88214",
];

impl Events {
    fn event(&mut self) -> String {
        let (operation, _, kind, prefix) = self.operation();
        let mut text = String::with_capacity(1_024);
        put(
            &mut text,
            format_args!(
                r#"{{"id":"evt_{:x}_{:010}","timestamp":"{}","operation":"{operation}""#,
                self.seed, self.made, self.at
            ),
        );
        self.actor(&mut text);
        self.resource(&mut text, kind, prefix);
        outcome(&mut text, operation);
        self.circumstances(&mut text);
        self.changes(&mut text, operation);
        self.metadata(&mut text, kind);
        text.push('}');
        text
    }

    fn operation(&self) -> (&'static str, usize, &'static str, &'static str) {
        let total: usize = OPERATIONS.iter().map(|(_, weight, ..)| weight).sum();
        let mut left = self.rng.below(total);
        for operation in OPERATIONS {
            if left < operation.1 {
                return operation;
            }
            left -= operation.1;
        }
        OPERATIONS[0]
    }

    /// A number below `bound`, small ones far more often.
    fn skewed(&self, bound: usize) -> usize {
        let first = self.rng.below(bound);
        let second = self.rng.below(first + 1);
        self.rng.below(second + 1)
    }

    fn one_in(&self, count: usize) -> bool {
        self.rng.below(count) == 0
    }

    fn pick<T: Copy>(&self, from: &[T]) -> T {
        from[self.rng.below(from.len())]
    }

    fn actor(&self, text: &mut String) {
        let person = self.skewed(400);
        let name = NAMES[person % NAMES.len()];
        let canary = self.canary.as_deref().filter(|_| self.is_planted());
        let email = canary.map_or_else(|| format!("user{person}@example.com"), str::to_owned);
        if self.one_in(4) {
            put(
                text,
                format_args!(
                    r#","actor":{{"type":"service_account","id":"svc_{}","name":"pipeline","credential_id":"cred_{}","on_behalf_of":{{"type":"user","id":"{person}"}}}}"#,
                    self.skewed(40),
                    self.skewed(60)
                ),
            );
        } else {
            put(
                text,
                format_args!(
                    r#","actor":{{"type":"user","id":"{person}","email":"{email}","name":"{name}"}}"#
                ),
            );
        }
        put(
            text,
            format_args!(
                r#","origin":{{"ip":"{}.{}.{}.{}","user_agent":"{}"}}"#,
                [198, 203, 192][self.rng.below(3)],
                self.rng.below(256),
                self.skewed(256),
                self.rng.below(256),
                self.pick(&AGENTS),
            ),
        );
    }

    fn resource(&self, text: &mut String, kind: &str, prefix: &str) {
        let project = self.skewed(300);
        let name = match kind {
            "environment_variable" => self.pick(&VARIABLES).to_owned(),
            "user" => NAMES[project % NAMES.len()].to_owned(),
            "domain" => format!("shop-{project}.example.com"),
            _ => format!("{kind}-{}", self.skewed(2_000)),
        };
        put(
            text,
            format_args!(
                r#","resource":{{"type":"{kind}","id":"{prefix}_{}","name":"{name}","project_id":"prj_{project}"}}"#,
                self.skewed(20_000)
            ),
        );
        if self.one_in(5) {
            put(
                text,
                format_args!(
                    r#","related":[{{"type":"environment","id":"env_{}","name":"production"}}]"#,
                    self.skewed(600)
                ),
            );
        }
    }

    fn circumstances(&self, text: &mut String) {
        if self.one_in(3) {
            put(text, format_args!(r#","reason":"{}""#, self.pick(&REASONS)));
        }
        put(
            text,
            format_args!(
                r#","context":{{"service":"{}","environment":"{}","region":"{}","channel":"{}"}}"#,
                self.pick(&["api", "web", "scheduler", "builder"]),
                self.pick(&["production", "production", "staging", "preview"]),
                self.pick(&REGIONS),
                self.pick(&["dashboard", "cli", "api", "git"])
            ),
        );
        put(
            text,
            format_args!(r#","request_id":"req_{:016x}""#, self.rng.next()),
        );
        if self.one_in(3) {
            let (high, low) = (self.rng.next(), self.rng.next());
            put(text, format_args!(r#","trace_id":"{high:016x}{low:016x}""#));
        }
        if self.one_in(2) {
            let (id, seq) = (self.made % 4, self.made / 4 + 1);
            put(
                text,
                format_args!(r#","producer":{{"id":"api-{id}","seq":{seq}}}"#),
            );
        }
    }

    fn changes(&self, text: &mut String, operation: &str) {
        match operation {
            "user.role_changed" | "permission.granted" => put(
                text,
                format_args!(
                    r#","changes":[{{"field":"role","before":"viewer","after":"{}"}}]"#,
                    self.pick(&["editor", "admin", "owner"])
                ),
            ),
            "service.scaled" => put(
                text,
                format_args!(
                    r#","changes":[{{"field":"replicas","before":{},"after":{}}}]"#,
                    self.skewed(12),
                    self.skewed(40)
                ),
            ),
            "environment_variable.updated" => put(
                text,
                format_args!(
                    r#","changes":[{{"field":"value","before":"v{:x}","after":"v{:x}"}}]"#,
                    self.rng.next() >> 40,
                    self.rng.next() >> 40
                ),
            ),
            "feature_flag.updated" | "firewall_rule.updated" => put(
                text,
                format_args!(
                    r#","changes":[{{"field":"enabled","before":false,"after":true}},{{"field":"rollout_percent","before":{},"after":100}}]"#,
                    self.skewed(100)
                ),
            ),
            _ => {}
        }
    }

    fn metadata(&self, text: &mut String, kind: &str) {
        put(
            text,
            format_args!(r#","metadata":{{"attempt":{}"#, self.skewed(4) + 1),
        );
        if matches!(kind, "deployment" | "build") {
            put(
                text,
                format_args!(
                    r#","branch":"{}","commit":"{:016x}{:016x}{:08x}","duration_ms":{}"#,
                    self.pick(&["main", "main", "release/26.3", "feature/checkout"]),
                    self.rng.next(),
                    self.rng.next(),
                    self.rng.next() >> 32,
                    self.skewed(900_000),
                ),
            );
        }
        if kind == "deployment" && self.one_in(2) {
            let [a, b, c, d] = [(); 4].map(|()| self.rng.next());
            put(
                text,
                format_args!(r#","image_digest":"sha256:{a:016x}{b:016x}{c:016x}{d:016x}""#),
            );
        }
        if self.one_in(6) {
            put(
                text,
                format_args!(
                    r#","labels":["team-{}","tier-{}","cost-centre-{}"],"note":"{}""#,
                    self.skewed(30),
                    self.skewed(3),
                    self.rng.below(900) + 100,
                    self.pick(&REASONS)
                ),
            );
        }
        if self.is_planted() {
            self.hide(text);
        }
        text.push('}');
    }

    fn is_planted(&self) -> bool {
        (self.canary.is_some() || !self.planted.is_empty())
            && self.made.is_multiple_of(self.planted_every)
    }

    /// Hides a secret, names a person: another place each time.
    fn hide(&self, text: &mut String) {
        let round = usize::try_from(self.made / self.planted_every).unwrap_or_default();
        if let Some(canary) = &self.canary {
            put(text, format_args!(r#","opened_by":"{canary}""#));
        }
        if self.planted.is_empty() {
            return;
        }
        let secret = &self.planted[round % self.planted.len()];
        let words = ["password", "Api-Key", "CLIENT_SECRET", "refreshToken"][round % 4];
        match (round / self.planted.len()) % 8 {
            0 => put(text, format_args!(r#","{words}":"{secret}""#)),
            1 => put(
                text,
                format_args!(r#","list":[1,[{{"{words}":["{secret}"]}}]]"#),
            ),
            2 => put(
                text,
                format_args!(r#","body":"{{\"a\":{{\"{words}\":\"{secret}\"}}}}""#),
            ),
            3 => put(
                text,
                format_args!(r#","url":"https://bot:{secret}@example.com/x?y=1""#),
            ),
            4 => put(
                text,
                format_args!(r#","line":"Authorization: Bearer {secret}""#),
            ),
            5 => put(
                text,
                format_args!(r#","env":[{{"name":"{words}","value":"{secret}"}}]"#),
            ),
            6 => put(
                text,
                format_args!(r#","command":"deploy --password {secret} --now""#),
            ),
            _ => put(
                text,
                format_args!(r#","connection":"postgres://app:{secret}@db.internal:5432/shop""#),
            ),
        }
    }
}

fn outcome(text: &mut String, operation: &str) {
    let (result, code, message) = match operation {
        "access.denied" | "user.login_failed" => (
            "denied",
            "forbidden",
            "the caller lacks the role this needs",
        ),
        name if name.ends_with("failed") => {
            ("failure", "exit_1", "step 4 of 7 ended with status 1")
        }
        _ => ("success", "", ""),
    };
    if code.is_empty() {
        put(text, format_args!(r#","outcome":{{"result":"{result}"}}"#));
    } else {
        put(
            text,
            format_args!(
                r#","outcome":{{"result":"{result}","code":"{code}","message":"{message}"}}"#
            ),
        );
    }
}

fn put(text: &mut String, words: std::fmt::Arguments<'_>) {
    // Writing to a String cannot fail.
    _ = text.write_fmt(words);
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeSet;

    use ledger::json;
    use ledger::keyring::TenantKeys;
    use ledger::prepare::{Door, Prepared, prepare};
    use ledger::vocabulary::{Mode, NO_ADDITIONS};

    use super::*;

    fn prepared(text: &str) -> Prepared {
        let keys = TenantKeys::new("k", [1; 32], [2; 32], [3; 32], [4; 32]);
        let door = Door {
            keys: &keys,
            key: "vtk_1",
            source: "api",
            mode: Mode::Strict,
            additions: &NO_ADDITIONS,
            exceptions: &[],
            idempotency: None,
        };
        let value = json::parse(text.as_bytes()).unwrap();
        prepare(value, &door, &TestRng::new(1)).unwrap_or_else(|error| panic!("{text}: {error}"))
    }

    #[test]
    fn every_event_is_accepted_under_the_strict_vocabulary_with_an_id_of_its_own() {
        let mut ids = BTreeSet::new();
        for text in Events::new(7).take(2_000) {
            assert!(!text.contains('\n'));
            let event = prepared(&text);
            assert!(event.person.is_some() && event.details.is_some());
            ids.insert(event.id);
        }
        assert_eq!(ids.len(), 2_000);
    }

    #[test]
    fn equal_seeds_give_equal_texts_of_about_760_bytes() {
        let texts: Vec<String> = Events::new(1).take(5_000).collect();
        assert_eq!(texts[4_999], Events::new(1).nth(4_999).unwrap());
        assert_ne!(texts[0], Events::new(2).next().unwrap());
        let average = texts.iter().map(String::len).sum::<usize>() / texts.len();
        assert!((730..=790).contains(&average), "{average}");
    }

    #[test]
    fn planted_secrets_are_in_the_texts_and_nowhere_behind_the_door() {
        let secrets = vec![
            ["gh", "p_", "a1B2c3D4e5F6g7H8i9J0k1L2m3N4o5P6q7R8"].concat(),
            ["correct", "horse", "4711"].join("-"),
        ];
        let events = Events::new(3)
            .planting(secrets.clone(), 2)
            .naming("canary@example.com");
        let mut seen = 0;
        for text in events.take(400) {
            let planted = secrets.iter().any(|secret| text.contains(secret.as_str()));
            seen += usize::from(planted);
            let event = prepared(&text);
            let details = String::from_utf8(event.details.unwrap().bytes).unwrap();
            let person = String::from_utf8(event.person.unwrap().bytes).unwrap();
            assert_eq!(
                details.contains("[masked:"),
                planted || text.contains("\"changes\":[{\"field\":\"value\"")
            );
            assert_eq!(text.contains("canary"), details.contains("canary"));
            for secret in &secrets {
                assert!(
                    !details.contains(secret) && !person.contains(secret),
                    "{text}"
                );
            }
        }
        assert_eq!(seen, 200);
    }
}
