//! Secrets, and addresses of persons, where no event is: paths, headers, bodies that are none.

use crate::planted::{CANARY, Planter};

/// A request that is refused, with a secret (`@s`) or an address (`@e`) in it.
#[derive(Debug)]
pub(crate) struct Misplaced {
    pub(crate) method: &'static str,
    pub(crate) path: String,
    pub(crate) header: (&'static str, String),
    pub(crate) body: String,
    /// The secret, if it has one.
    pub(crate) secret: Option<String>,
}

const PATHS: &[(&str, &str)] = &[
    ("GET", "/v1/events/@s"),
    ("GET", "/v1/events/@s/proof"),
    ("GET", "/v1/events/x?source=@s"),
    ("GET", "/v1/events/x?@s=1"),
    ("GET", "/v1/logs/@s/checkpoint"),
    ("GET", "/v1/logs/@s/tile/0/000"),
    ("GET", "/@s"),
    ("DELETE", "/v1/keys/@s"),
    ("GET", "/v1/events/@e"),
    ("GET", "/v1/events/x?source=@e"),
];

const HEADERS: &[(&str, &str)] = &[
    ("authorization", "Bearer @s"),
    ("authorization", "Bearer vtk_abcdefgh_@s_000000"),
    ("authorization", "Basic @s"),
    ("authorization", "Bearer @e"),
    ("content-type", "@s"),
    ("content-type", "@e"),
    ("content-encoding", "@s"),
    ("content-encoding", "@e"),
    ("user-agent", "@s"),
    ("user-agent", "@e"),
    ("accept", "@s"),
    ("cookie", "sid=@s"),
    ("cookie", "user=@e"),
    ("x-forwarded-for", "@e"),
];

/// A refusal's pointer names the member that is wrong, whatever the sender called it, unless that looks like a secret:
/// no address stands in a name here.
const BODIES: &[&str] = &[
    r#"{"operation":"deployment.created","metadata":{"note":"@s"#,
    r#"[{"a":"@s"},"#,
    r#"[{"operation":"deployment.created","reason":"@s"}{"#,
    "@s is no JSON",
    "\"@s\"",
    r#"{"metadata":{"@s":1,"@s":2}}"#,
    r#"{"metadata":{"@s":"\ud800"}}"#,
    r#"{"@s":"\ud800"}"#,
    r#"{"operation":"deployment.@s","actor":{},"resource":{"type":"deployment"}}"#,
    r#"{"operation":"deployment.created","actor":{"id":{"@s":1}},"resource":{"type":"deployment"}}"#,
    r#"{"operation":"deployment.created","actor":{},"resource":{"type":"deployment"},"changes":[{"@s":1}]}"#,
    r#"{"operation":"veritrail.@s","actor":{},"resource":{"type":"deployment"}}"#,
    r#"{"operation":"@e","actor":{},"resource":{"type":"@e"}}"#,
    r#"{"metadata":{"a":"@e","b":"\ud800"}}"#,
    "@e is no JSON",
];

/// All of them, each with a secret of its own.
pub(crate) fn requests(planter: &mut Planter) -> Vec<Misplaced> {
    let json = ("content-type", "application/json");
    let paths = PATHS
        .iter()
        .map(|(method, path)| (*method, *path, json, ""));
    let headers = HEADERS
        .iter()
        .map(|header| ("POST", "/v1/events", *header, "{}"));
    let bodies = BODIES
        .iter()
        .map(|body| ("POST", "/v1/events", json, *body));
    let person = format!("someone@{CANARY}.example");
    let all = paths.chain(headers).chain(bodies);
    let request = |(method, path, (name, value), body): (_, &str, (_, &str), &str)| {
        let secret = planter.token();
        let filled = |text: &str| text.replace("@s", &secret).replace("@e", &person);
        let sent = [path, value, body].iter().any(|text| text.contains("@s"));
        Misplaced {
            method,
            path: filled(path),
            header: (name, filled(value)),
            body: filled(body),
            secret: sent.then(|| secret.clone()),
        }
    };
    all.map(request).collect()
}
