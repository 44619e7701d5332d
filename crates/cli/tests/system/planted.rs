//! Events with a secret, or an address of a person, in one of their strings each.
//!
//! Secrets are put together at run time, so that no scanner of source code takes these files for a leak. Every planted
//! one is different: what is found tells where it was planted.

use std::fmt::Write as _;

use serde_json::{Value, json};

use crate::events::Numbers;

/// What every address of a person contains here.
pub(crate) const CANARY: &str = "audit-canary";

/// Strings of the event that take any text. A secret in them is known by its shape alone.
#[rustfmt::skip] // a list of places reads better packed
const TEXTS: &[&str] = &[
    "/actor/id", "/actor/email", "/actor/name", "/actor/credential_id", "/actor/on_behalf_of/id", "/actor/nickname",
    "/origin/user_agent", "/origin/device", "/origin/session_id", "/origin/proxy",
    "/resource/id", "/resource/name", "/resource/project_id", "/resource/label",
    "/outcome/code", "/outcome/message", "/reason", "/approval/by", "/approval/ticket", "/approval/remark",
    "/context/application", "/context/service", "/context/environment", "/context/region", "/context/channel",
    "/context/source_action", "/context/cell", "/request_id", "/correlation_id", "/causation_id", "/trace_id",
    "/producer/id", "/metadata/request_id", "/metadata/source", "/metadata/note", "/metadata/deep/deeper/deepest",
    "/unheard_of", "/id",
];

/// Strings that take no free text: such an event is refused, and the refusal must not repeat it.
const CLOSED: &[&str] = &[
    "/timestamp",
    "/operation",
    "/actor/type",
    "/origin/ip",
    "/resource/type",
    "/outcome/result",
    "/producer/seq",
];

/// Where a token hides within something larger. `@t` is the token.
const SHAPES: &[(&str, &str)] = &[
    ("/metadata/list", r#"["x",["@t"]]"#),
    ("/metadata/prose", r#""it was @t, sorry""#),
    ("/metadata/twice", r#""@t @t""#),
    ("/metadata/json", r#""{\"a\":[\"@t\"]}""#),
    (
        "/metadata/url",
        r#""https://example.com/cb?state=1&code=x#@t""#,
    ),
    ("/metadata/percent", r#""https://example.com/?q=@u""#),
    ("/metadata/names", r#"{"@t":"a member's name"}"#),
    ("/related", r#"[{"type":"project","id":"@t","note":"@t"}]"#),
    (
        "/changes",
        r#"[{"field":"status","before":"@t","after":["@t"]}]"#,
    ),
    ("/changes", r#"[{"field":"@t","before":1,"after":2}]"#),
    ("/actor/user_id", r#""@t""#),
];

/// Where a password hides that only its surroundings give away. `@p` is the password, `@b` a text with it in base64,
/// `@h` a hash.
const NAMES: &[(&str, &str)] = &[
    ("/metadata/password", r#""@p""#),
    ("/metadata/DB_PASSWORD", r#""@p""#),
    ("/metadata/ApiKey", r#""@p""#),
    ("/metadata/refresh-token", r#"["@p",{"a":"@p"}]"#),
    ("/metadata/Set-Cookie", r#"{"a":"@p"}"#),
    ("/metadata/deep", r#"[{"deeper":[{"clientSecret":"@p"}]}]"#),
    (
        "/metadata/env",
        r#"[{"name":"DB_PASSWORD","value":"@p"},{"name":"PORT","value":"80"}]"#,
    ),
    (
        "/metadata/headers",
        r#"[{"header":"Authorization","value":"@p"}]"#,
    ),
    (
        "/metadata/body",
        r#""{\"user\":\"a\",\"password\":\"@p\"}""#,
    ),
    (
        "/metadata/twice",
        r#""{\"inner\":\"[{\\\"Api_Key\\\":\\\"@p\\\"}]\"}""#,
    ),
    ("/metadata/blob", r#""@b""#),
    (
        "/metadata/url",
        r#""postgres://app:@p@db.internal:5432/prod""#,
    ),
    (
        "/metadata/query",
        r#""https://example.com/v1?access_token=@p&page=2""#,
    ),
    ("/metadata/line", r#""Authorization: Bearer @p""#),
    (
        "/metadata/cookie",
        r#""GET / HTTP/1.1\r\nCookie: sid=@p\r\nHost: x""#,
    ),
    ("/metadata/shell", r#""export DB_PASSWORD=@p; run""#),
    ("/metadata/yaml", r#""user: dev\npassword: @p\nhost: db""#),
    (
        "/metadata/dsn",
        r#""Server=db;User Id=sa;Password=@p;Database=prod""#,
    ),
    ("/metadata/xml", r#""<a><password>@p</password></a>""#),
    ("/metadata/sql", r#""CREATE USER a IDENTIFIED BY '@p'""#),
    ("/metadata/option", r#""tool --token @p --verbose""#),
    ("/metadata/previous_value_hash", r#""sha256:@h""#),
    ("/reason", r#""rotated; was password=@p""#),
    ("/outcome/message", r#""login failed with password=@p""#),
    (
        "/origin/user_agent",
        r#""curl -H 'Authorization: Bearer @p'""#,
    ),
    ("/approval/password", r#""@p""#),
    ("/context/api_key", r#""@p""#),
    ("/client_secret", r#""@p""#),
];

/// Resources whose changes are secrets whatever they look like.
const SENSITIVE: &[&str] = &[
    "environment_variable",
    "secret",
    "token",
    "credential",
    "api_key",
    "ssh_key",
];

/// Changes of them. `@n` is a number.
const CHANGES: &[&str] = &[
    r#"[{"field":"value","before":"@p","after":"@p"}]"#,
    r#"[{"field":"value","before":["@p"],"after":{"a":"@p"},"note":"@p"}]"#,
    r#"[{"field":"value","before":@n,"after":null}]"#,
];

/// An event and what must not be found of it.
#[derive(Debug)]
pub(crate) struct Plant {
    /// Where it is planted and through which door it goes.
    pub(crate) place: String,
    pub(crate) event: Value,
    /// The secret, as sent and as it looks when opened.
    pub(crate) needles: Vec<String>,
    /// A harmless text of the event, to be found wherever its details are.
    pub(crate) control: String,
}

/// Makes secrets that occur once in the world.
pub(crate) struct Planter {
    door: &'static str,
    numbers: Numbers,
    planted: usize,
}

impl Planter {
    pub(crate) fn new(door: &'static str) -> Self {
        let seed = door.bytes().fold(1, |seed: u64, byte| {
            seed.wrapping_mul(257).wrapping_add(u64::from(byte))
        });
        Self {
            door,
            numbers: Numbers(seed),
            planted: 0,
        }
    }

    fn word(&mut self, alphabet: &str, length: usize) -> String {
        let alphabet = alphabet.as_bytes();
        (0..length)
            .map(|_| char::from(alphabet[self.numbers.index(alphabet.len())]))
            .collect()
    }

    /// A token with a known shape.
    pub(crate) fn token(&mut self) -> String {
        let body = self.word(
            "ABCDEFGHJKLMNPQRSTUVWXYZabcdefghijkmnopqrstuvwxyz23456789",
            36,
        );
        ["gh", "p_", &body].concat()
    }

    /// A password without any shape.
    pub(crate) fn password(&mut self) -> String {
        let word = self.word("bcdfghjklmnpqrstvwxz", 8);
        let digits = self.word("23456789", 3);
        format!("{word}-{digits}-{}", self.word("bcdfghjklmnpqrstvwxz", 5))
    }

    /// The event with the text at the pointer, `@` marks replaced by new secrets.
    fn plant(&mut self, pointer: &str, text: &str, resource: &str) -> Plant {
        let (token, password) = (self.token(), self.password());
        let hash = self.word("0123456789abcdef", 64);
        let number = format!("7{}", self.word("123456789", 14));
        let hidden = base64(format!("db_password={password} # prod").as_bytes());
        let percent = token.bytes().fold(String::new(), |mut text, byte| {
            write!(text, "%{byte:02X}").unwrap();
            text
        });
        let mut needles = Vec::new();
        let mut value = text.to_owned();
        let marks = [
            ("@t", &token),
            ("@p", &password),
            ("@h", &hash),
            ("@n", &number),
            ("@b", &hidden),
            ("@u", &percent),
        ];
        for (mark, secret) in marks {
            if value.contains(mark) {
                value = value.replace(mark, secret);
                needles.push(secret.clone());
            }
        }
        // What was sent encoded must not turn up opened either.
        needles.extend(text.contains("@b").then(|| password.clone()));
        needles.extend(text.contains("@u").then(|| token.clone()));
        // Nor without the beginning that gives it away.
        needles.extend(text.contains("@t").then(|| token[6..].to_owned()));
        self.planted += 1;
        let control = format!("control-{}-{}", self.door, self.planted);
        let mut event = json!({
            "operation": "deployment.updated",
            "actor": { "type": "user" },
            "resource": { "type": resource },
            "metadata": { "control": control },
        });
        put(&mut event, pointer, serde_json::from_str(&value).unwrap());
        Plant {
            place: format!("{pointer} of a {resource}, {}: {text}", self.door),
            event,
            needles,
            control,
        }
    }

    /// Every hiding place, with a secret of its own in each.
    pub(crate) fn secrets(&mut self) -> Vec<Plant> {
        let mut plants: Vec<Plant> = TEXTS
            .iter()
            .map(|pointer| self.plant(pointer, r#""@t""#, "deployment"))
            .collect();
        plants.extend(
            SHAPES
                .iter()
                .chain(NAMES)
                .map(|(pointer, text)| self.plant(pointer, text, "deployment")),
        );
        for resource in SENSITIVE {
            plants.extend(
                CHANGES
                    .iter()
                    .map(|text| self.plant("/changes", text, resource)),
            );
        }
        plants
    }

    /// Events that are refused because of where the secret stands.
    pub(crate) fn refused_secrets(&mut self) -> Vec<Plant> {
        CLOSED
            .iter()
            .map(|pointer| self.plant(pointer, r#""@t""#, "deployment"))
            .collect()
    }

    fn canary(&mut self) -> String {
        self.planted += 1;
        format!("{}-{}@{CANARY}.example", self.door, self.planted)
    }

    /// An address of a person in every string that takes one.
    pub(crate) fn canaries(&mut self) -> Vec<Value> {
        let mut events: Vec<Value> = Vec::new();
        for pointer in TEXTS {
            let mut event = harmless();
            put(&mut event, pointer, json!(self.canary()));
            events.push(event);
        }
        for (pointer, value) in [
            (
                "/related",
                json!([{ "type": "user", "id": self.canary(), "name": self.canary() }]),
            ),
            (
                "/changes",
                json!([{ "field": self.canary(), "before": self.canary(), "after": [self.canary()] }]),
            ),
            (
                "/metadata/list",
                json!([[self.canary()], { self.canary(): self.canary() }]),
            ),
            (
                "/actor/on_behalf_of",
                json!({ "type": "user", "id": self.canary(), "email": self.canary() }),
            ),
        ] {
            let mut event = harmless();
            put(&mut event, pointer, value);
            events.push(event);
        }
        events
    }

    /// Events that are refused because of where the address stands.
    pub(crate) fn refused_canaries(&mut self) -> Vec<Value> {
        let event = |pointer: &&str| {
            let mut event = harmless();
            put(&mut event, pointer, json!(self.canary()));
            event
        };
        CLOSED.iter().map(event).collect()
    }
}

fn harmless() -> Value {
    json!({ "operation": "deployment.updated", "actor": { "type": "user" }, "resource": { "type": "deployment" } })
}

/// Puts a value where a pointer leads, making the objects on the way.
fn put(event: &mut Value, pointer: &str, value: Value) {
    let place = pointer.split('/').skip(1).fold(event, |at, name| {
        if !at.is_object() {
            *at = json!({});
        }
        &mut at[name]
    });
    *place = value;
}

/// RFC 4648 section 4, written out because no other test of this crate needs it.
fn base64(bytes: &[u8]) -> String {
    const DIGITS: &[u8; 64] = b"ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";
    let mut text = String::new();
    for chunk in bytes.chunks(3) {
        let group = chunk
            .iter()
            .fold(0_usize, |group, byte| group << 8 | usize::from(*byte))
            << (8 * (3 - chunk.len()));
        for place in 0..4 {
            let digit = char::from(DIGITS[group >> (18 - 6 * place) & 63]);
            text.push(if place <= chunk.len() { digit } else { '=' });
        }
    }
    text
}
