//! Talking to a server: the only place of this program that uses the network.
//!
//! Promises: every wait and every answer is bounded; a refusal comes back as a [`Failure`] with the server's words, the
//! field they are about, and advice. Must never: follow a redirect (the key is for one server), or send the key in the
//! clear to another machine without a word.

use std::fmt::Write as _;
use std::time::Duration;

use api::{Problem, code};
use serde::de::DeserializeOwned;
use ureq::http::Response;
use ureq::tls::{Certificate, PemItem, RootCerts, TlsConfig, parse_pem};
use ureq::{Agent, RequestBuilder};

use crate::failure::{About, Failure, Kind};
use crate::printer::Printer;

/// Longest answer in JSON in bytes: a full batch of receipts with entry and parts stays below it.
pub(crate) const JSON_BYTES_MAX: u64 = 64 * 1024 * 1024;
/// How long a connection may take to be made.
const CONNECT_SECONDS: u64 = 10;
/// How long a request may take from its first byte to the last of the answer. The server gives up sooner.
const REQUEST_SECONDS: u64 = 90;
/// How long a stream may be silent: a server that is there says so every 15 seconds.
const SILENCE_SECONDS: u64 = 50;
/// How long an export may be silent: a query may have to look through much before it finds the next event.
const SEARCHING_SECONDS: u64 = 600;
const JSON: &str = "application/json";
const EVENT_STREAM: &str = "text/event-stream";

/// Where the server is and who is asking.
#[derive(Clone, Debug, clap::Args)]
#[command(next_help_heading = "Server")]
pub(crate) struct Connection {
    /// Where the server listens
    #[arg(
        long,
        env = "VERITRAIL_URL",
        hide_env_values = true,
        default_value = "http://127.0.0.1:7400",
        value_name = "URL"
    )]
    pub(crate) url: String,

    #[command(flatten)]
    pub(crate) trust: Trust,

    #[command(flatten)]
    pub(crate) credential: Credential,
}

/// Whose certificates are believed.
#[derive(Clone, Debug, clap::Args)]
pub(crate) struct Trust {
    /// File with the certificates of the authority that signed the server's, in PEM, in the place of the public ones
    #[arg(
        long,
        env = "VERITRAIL_CA_CERT",
        hide_env_values = true,
        value_name = "FILE"
    )]
    pub(crate) ca_cert: Option<std::path::PathBuf>,
}

/// The API key, and where it counts.
#[derive(Clone, clap::Args)]
pub(crate) struct Credential {
    /// API key (vtk_…). Better in the environment: everybody on the machine sees command lines
    #[arg(
        long,
        env = "VERITRAIL_KEY",
        hide_env_values = true,
        value_name = "KEY"
    )]
    pub(crate) key: Option<String>,

    /// File with the API key, such as operator.key in the keys directory; goes before --key
    #[arg(long, value_name = "FILE")]
    pub(crate) key_file: Option<std::path::PathBuf>,

    /// With a platform's key: the tenant that is meant
    #[arg(
        long,
        env = "VERITRAIL_TENANT",
        hide_env_values = true,
        value_name = "NAME"
    )]
    pub(crate) for_tenant: Option<String>,
}

impl std::fmt::Debug for Credential {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Credential").finish_non_exhaustive()
    }
}

/// A server, and the key to show it.
pub(crate) struct Client {
    agent: Agent,
    base: String,
    authorization: Option<String>,
    tenant: Option<String>,
}

/// The body of an answer that goes on for as long as both sides want.
pub(crate) struct Following(Box<dyn std::io::Read>);

impl std::io::Read for Following {
    fn read(&mut self, into: &mut [u8]) -> std::io::Result<usize> {
        self.0.read(into)
    }
}

impl std::fmt::Debug for Following {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Following").finish_non_exhaustive()
    }
}

/// An answer as it came, a refusal, too.
#[derive(Clone, Debug)]
pub(crate) struct Look {
    /// Its status.
    pub(crate) status: u16,
    /// Its time, as the server's clock says.
    pub(crate) date: Option<String>,
    /// Its body.
    pub(crate) body: Vec<u8>,
}

/// An export on its way.
#[derive(Debug)]
pub(crate) struct Download {
    /// Its id.
    pub(crate) export: String,
    /// How many rows there will be, if the server knows.
    pub(crate) rows: Option<u64>,
    /// The file.
    pub(crate) body: Following,
}

/// What to send.
pub(crate) struct Upload<'a> {
    /// The path, with its query.
    pub(crate) path: &'a str,
    /// The body.
    pub(crate) body: &'a [u8],
    /// Its media type.
    pub(crate) media_type: &'static str,
    /// `Idempotency-Key`, if any.
    pub(crate) idempotency_key: Option<&'a str>,
}

impl Client {
    /// Checks the address and reads the key; does not connect yet.
    pub(crate) fn new(connection: &Connection, printer: &mut Printer) -> Result<Self, Failure> {
        Self::within(Duration::from_secs(REQUEST_SECONDS), connection, printer)
    }

    /// The same, for requests that take no longer than `patience`.
    pub(crate) fn within(
        patience: Duration,
        connection: &Connection,
        printer: &mut Printer,
    ) -> Result<Self, Failure> {
        let base = connection.url.trim_end_matches('/').to_owned();
        let (secure, host) = host_of(&base).ok_or_else(|| {
            Failure::usage("the server's address is not of the form http://HOST:PORT")
                .hint("see --url and VERITRAIL_URL")
        })?;
        let key = read_key(&connection.credential)?;
        let local = is_loopback(host);
        if key.is_some() && !secure && !local {
            printer.warning("plain HTTP to another machine: whoever listens on the way gets the API key; use https");
        }
        let mut config = Agent::config_builder()
            .http_status_as_error(false)
            .max_redirects(0)
            .max_redirects_will_error(false)
            .user_agent(concat!("veritrail/", env!("CARGO_PKG_VERSION")))
            .timeout_connect(Some(patience.min(Duration::from_secs(CONNECT_SECONDS))))
            .timeout_global(Some(patience));
        if let Some(path) = &connection.trust.ca_cert {
            let roots = RootCerts::new_with_certs(&authorities(path)?);
            config = config.tls_config(TlsConfig::builder().root_certs(roots).build());
        }
        if local {
            // A proxy has another idea of what this machine is.
            config = config.proxy(None);
        }
        Ok(Self {
            agent: config.build().new_agent(),
            base,
            authorization: key.map(|key| format!("Bearer {key}")),
            tenant: read_tenant(connection.credential.for_tenant.as_deref())?,
        })
    }

    /// Where the server is.
    pub(crate) fn base(&self) -> &str {
        &self.base
    }

    /// Whether there is a key to show.
    pub(crate) fn has_key(&self) -> bool {
        self.authorization.is_some()
    }

    /// What is answered at `path` to somebody without a key, whatever it is.
    pub(crate) fn look(&self, path: &str, bytes_max: u64) -> Result<Look, Failure> {
        let answer = self.agent.get(self.at(path)).call();
        let mut answer = answer.map_err(|error| self.out_of_reach(&error))?;
        let date = answer.headers().get("date");
        let date = date.and_then(|date| date.to_str().ok()).map(str::to_owned);
        let status = answer.status().as_u16();
        let body = answer.body_mut().with_config().limit(bytes_max);
        Ok(Look {
            status,
            date,
            body: body
                .read_to_vec()
                .map_err(|error| self.out_of_reach(&error))?,
        })
    }

    /// The body at `path`.
    pub(crate) fn read(
        &self,
        path: &str,
        accept: &str,
        bytes_max: u64,
    ) -> Result<Vec<u8>, Failure> {
        let request = self.agent.get(self.at(path)).header("Accept", accept);
        self.accept(self.signed(request).call(), bytes_max)
    }

    /// The lines at `path` as they come, behind the event of the id `after`. Ends by itself when nothing was heard for
    /// longer than a server that is there is silent.
    pub(crate) fn follow(&self, path: &str, after: Option<&str>) -> Result<Following, Failure> {
        let mut request = self.agent.get(self.at(path)).header("Accept", EVENT_STREAM);
        if let Some(id) = after {
            request = request.header("Last-Event-ID", id);
        }
        let request = self
            .signed(request)
            .config()
            .timeout_global(None)
            .timeout_recv_response(Some(Duration::from_secs(REQUEST_SECONDS)))
            .timeout_per_read(Some(Duration::from_secs(SILENCE_SECONDS)))
            .build();
        let answer = request.call();
        match answer {
            Ok(answer) if answer.status().is_success() => {
                Ok(Following(Box::new(answer.into_body().into_reader())))
            }
            refused => Err(self
                .accept(refused, JSON_BYTES_MAX)
                .err()
                .unwrap_or_else(|| not_ours("the answer is no stream"))),
        }
    }

    /// The file at `path`, of whatever length.
    pub(crate) fn download(&self, path: &str) -> Result<Download, Failure> {
        let request = self.signed(self.agent.get(self.at(path)).header("Accept", "*/*"));
        let request = request
            .config()
            .timeout_global(None)
            .timeout_recv_response(Some(Duration::from_secs(REQUEST_SECONDS)))
            .timeout_per_read(Some(Duration::from_secs(SEARCHING_SECONDS)))
            .build();
        match request.call() {
            Ok(answer) if answer.status().is_success() => {
                let text = |name: &str| {
                    let value = answer.headers().get(name)?.to_str().ok()?;
                    Some(value.to_owned())
                };
                Ok(Download {
                    export: text("veritrail-export")
                        .ok_or_else(|| not_ours("the answer is no export"))?,
                    rows: text("veritrail-export-rows").and_then(|rows| rows.parse().ok()),
                    body: Following(Box::new(answer.into_body().into_reader())),
                })
            }
            refused => Err(self
                .accept(refused, JSON_BYTES_MAX)
                .err()
                .unwrap_or_else(|| not_ours("the answer is no export"))),
        }
    }

    /// The text at `path`.
    pub(crate) fn read_text(&self, path: &str, bytes_max: u64) -> Result<String, Failure> {
        let bytes = self.read(path, "text/plain", bytes_max)?;
        String::from_utf8(bytes).map_err(|_| not_ours("the answer is not UTF-8"))
    }

    /// The JSON at `path`: its text, and what it says.
    pub(crate) fn read_json<T: DeserializeOwned>(
        &self,
        path: &str,
    ) -> Result<(String, T), Failure> {
        parse(self.read(path, JSON, JSON_BYTES_MAX)?)
    }

    /// Posts a body; the answer's text, and what it says.
    pub(crate) fn post<T: DeserializeOwned>(
        &self,
        upload: &Upload<'_>,
    ) -> Result<(String, T), Failure> {
        let request = self
            .agent
            .post(self.at(upload.path))
            .header("Accept", JSON)
            .content_type(upload.media_type);
        let mut request = self.signed(request);
        if let Some(key) = upload.idempotency_key {
            request = request.header("Idempotency-Key", key);
        }
        parse(self.accept(request.send(upload.body), JSON_BYTES_MAX)?)
    }

    /// Posts one of the wire types.
    pub(crate) fn post_json<T: DeserializeOwned>(
        &self,
        path: &str,
        value: &impl serde::Serialize,
    ) -> Result<(String, T), Failure> {
        let body = serde_json::to_vec(value)
            .map_err(|error| Failure::usage(format!("not to be written as JSON: {error}")))?;
        self.post(&Upload {
            path,
            body: &body,
            media_type: JSON,
            idempotency_key: None,
        })
    }

    /// Deletes what is at `path`.
    pub(crate) fn delete(&self, path: &str) -> Result<(), Failure> {
        let request = self.agent.delete(self.at(path)).header("Accept", JSON);
        self.accept(self.signed(request).call(), JSON_BYTES_MAX)
            .map(drop)
    }

    /// Says who is asking, and about which tenant.
    fn signed<Any>(&self, mut request: RequestBuilder<Any>) -> RequestBuilder<Any> {
        if let Some(authorization) = &self.authorization {
            request = request.header("Authorization", authorization);
        }
        if let Some(tenant) = &self.tenant {
            request = request.header("Veritrail-Tenant", tenant);
        }
        request
    }

    fn at(&self, path: &str) -> String {
        format!("{}{path}", self.base)
    }

    /// The body of an answer that is none of a refusal.
    fn accept(
        &self,
        answer: Result<Response<ureq::Body>, ureq::Error>,
        bytes_max: u64,
    ) -> Result<Vec<u8>, Failure> {
        let mut answer = answer.map_err(|error| self.out_of_reach(&error))?;
        let status = answer.status().as_u16();
        let retry_after = answer.headers().get("Retry-After");
        let retry_after = retry_after.and_then(|value| value.to_str().ok()?.trim().parse().ok());
        let body = answer.body_mut().with_config().limit(bytes_max);
        let body = body.read_to_vec().map_err(|error| match error {
            ureq::Error::BodyExceedsLimit(_) => {
                not_ours("the answer is longer than any of a Veritrail server")
            }
            error => self.out_of_reach(&error),
        })?;
        if (200..300).contains(&status) {
            return Ok(body);
        }
        let failure = match serde_json::from_slice::<Problem>(&body) {
            Ok(problem) => refused(&problem),
            Err(_) => not_ours(&format!("the answer has status {status}")),
        };
        Err(Failure {
            retry_after,
            ..failure
        })
    }

    fn out_of_reach(&self, error: &ureq::Error) -> Failure {
        // What rustls finds wrong with the other side comes as an error of I/O.
        let distrusted = match error {
            ureq::Error::Io(error) => error.kind() == std::io::ErrorKind::InvalidData,
            ureq::Error::Tls(_) | ureq::Error::Rustls(_) => true,
            _ => false,
        };
        let hint = if distrusted && self.base.starts_with("https:") {
            "is this the server, and does it speak https? --ca-cert or VERITRAIL_CA_CERT names the certificate of a private authority"
        } else {
            "is `veritrail serve` running there? VERITRAIL_URL or --url names another address"
        };
        Failure::unreachable(format!("no answer from {}: {error}", self.base)).hint(hint)
    }
}

impl std::fmt::Debug for Client {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Client")
            .field("base", &self.base)
            .finish_non_exhaustive()
    }
}

/// Whether a refusal may be another one soon.
pub(crate) fn is_passing(failure: &Failure) -> bool {
    let code = failure.code.as_deref().unwrap_or_default();
    failure.kind == Kind::Unreachable && code != code::UNAUTHENTICATED && code != code::FORBIDDEN
}

/// What a refusal says, and what to do about it.
pub(crate) fn refused(problem: &Problem) -> Failure {
    let place = match (&problem.pointer, problem.line, problem.column) {
        (Some(pointer), Some(line), Some(column)) => {
            format!(" ({pointer}, line {line} column {column})")
        }
        (Some(pointer), _, _) if !pointer.is_empty() => format!(" ({pointer})"),
        (_, Some(line), Some(column)) => format!(" (line {line} column {column})"),
        _ => String::new(),
    };
    let kind = match (problem.code.as_str(), problem.status) {
        (code::DAMAGED, _) => Kind::Tampered,
        (_, 400 | 402 | 404..=428 | 430..=499) => Kind::Usage,
        _ => Kind::Unreachable,
    };
    Failure {
        kind,
        message: format!("{}{place}", problem.detail),
        hint: hint(problem),
        code: Some(problem.code.clone()),
        about: about(problem),
        excerpt: None,
        retry_after: None,
    }
}

fn about(problem: &Problem) -> Option<Box<About>> {
    let whole = |number: u64| usize::try_from(number).unwrap_or(usize::MAX);
    Some(Box::new(About {
        parameter: problem.parameter.clone()?,
        column: problem.column.map(whole),
        length: problem.length.map_or(0, whole),
    }))
}

fn hint(problem: &Problem) -> Option<String> {
    let hint = match problem.code.as_str() {
        code::UNAUTHENTICATED => {
            "put a key that is valid and not expired into VERITRAIL_KEY; `veritrail key create` makes one"
        }
        code::FORBIDDEN => "this takes a key with another role; `veritrail key list` shows roles",
        code::AMBIGUOUS_ID if !problem.sources.is_empty() => {
            return Some(format!(
                "choose one with --source: {}",
                problem.sources.join(", ")
            ));
        }
        code::CONFLICT => {
            "an event can't be changed once it is stored: send the new one under a new id"
        }
        code::BUSY | code::NOT_SIGNED_YET | code::TIMEOUT => "try again in a moment",
        code::DISK_FULL => "writes wait until there is room on the server's disk",
        code::CLOCK => "set the server's clock right, or let an operator confirm it",
        code::STOPPED => "restart the server: recovery decides what became of the write",
        code::DAMAGED => "run `veritrail verify --data DIR --keys DIR` on the server",
        code::INDEX_UNAVAILABLE => {
            "`veritrail index status` says how far it is; `show`, `prove` and `verify` work meanwhile"
        }
        _ => return problem.hint.clone(),
    };
    Some(hint.to_owned())
}

/// A path with the parameters that have a value.
pub(crate) fn with_parameters(path: &str, parameters: &[(&str, Option<&str>)]) -> String {
    let mut path = path.to_owned();
    let mut between = '?';
    for (name, value) in parameters {
        if let Some(value) = value {
            path.push(between);
            path.push_str(name);
            path.push('=');
            path.push_str(&encode(value));
            between = '&';
        }
    }
    path
}

/// A path segment or query value, with everything encoded that could mean something else.
pub(crate) fn encode(text: &str) -> String {
    let mut encoded = String::with_capacity(text.len());
    for byte in text.bytes() {
        if byte.is_ascii_alphanumeric() || matches!(byte, b'-' | b'_' | b'~') {
            encoded.push(char::from(byte));
        } else {
            // The dot too: a segment of dots alone would be resolved away.
            // Writing to a string does not fail.
            let _ = write!(encoded, "%{byte:02X}");
        }
    }
    encoded
}

fn parse<T: DeserializeOwned>(body: Vec<u8>) -> Result<(String, T), Failure> {
    let text = String::from_utf8(body).map_err(|_| not_ours("the answer is not UTF-8"))?;
    let value = serde_json::from_str(&text)
        .map_err(|error| not_ours(&format!("the answer is not as expected: {error}")))?;
    Ok((text, value))
}

fn not_ours(what: &str) -> Failure {
    Failure::unreachable(format!(
        "not a Veritrail server, or another version: {what}"
    ))
    .hint("check VERITRAIL_URL or --url")
}

fn read_key(credential: &Credential) -> Result<Option<String>, Failure> {
    let key = match (&credential.key, &credential.key_file) {
        (None, None) => return Ok(None),
        (_, Some(path)) => crate::input::read_text(path, KEY_FILE_BYTES_MAX)?,
        (Some(key), None) => key.clone(),
    };
    let key = key.trim();
    if key.is_empty() {
        return Ok(None);
    }
    if key.bytes().all(|byte| byte.is_ascii_graphic()) {
        Ok(Some(key.to_owned()))
    } else {
        Err(Failure::usage("the API key is not of the form vtk_…"))
    }
}

/// The certificates of a file.
pub(crate) fn authorities(path: &std::path::Path) -> Result<Vec<Certificate<'static>>, Failure> {
    let text = crate::input::read(path, CA_FILE_BYTES_MAX)?;
    let items: Result<Vec<PemItem<'_>>, ureq::Error> = parse_pem(&text).collect();
    let certificates = items.into_iter().flatten().filter_map(|item| match item {
        PemItem::Certificate(certificate) => Some(certificate),
        _ => None,
    });
    let certificates: Vec<_> = certificates.collect();
    if certificates.is_empty() {
        return Err(Failure::usage(format!(
            "{}: expected certificates in PEM (-----BEGIN CERTIFICATE-----)",
            path.display()
        )));
    }
    Ok(certificates)
}

/// Longest file of certificates in bytes: more than all public authorities.
const CA_FILE_BYTES_MAX: u64 = 4 * 1024 * 1024;
/// A name that fits into a header; what is a tenant's name is the server's to say.
fn read_tenant(name: Option<&str>) -> Result<Option<String>, Failure> {
    match name.map(str::trim) {
        None | Some("") => Ok(None),
        Some(name) if name.bytes().all(|byte| byte.is_ascii_graphic()) => Ok(Some(name.to_owned())),
        Some(_) => Err(Failure::usage("the tenant's name is not of a-z, 0-9 and -")
            .hint("see --for-tenant and VERITRAIL_TENANT")),
    }
}

/// Longest file with an API key in bytes.
const KEY_FILE_BYTES_MAX: u64 = 4 * 1024;

/// Whether an address is https, and its host.
pub(crate) fn host_of(base: &str) -> Option<(bool, &str)> {
    let (secure, rest) = match base.split_once("://")? {
        ("https", rest) => (true, rest),
        ("http", rest) => (false, rest),
        _ => return None,
    };
    let authority = rest.split(['/', '?', '#']).next()?;
    let host = match authority.strip_prefix('[') {
        Some(inner) => inner.split_once(']')?.0,
        None => authority.split(':').next()?,
    };
    let plain = !host.is_empty() && !authority.contains('@') && !rest.contains(['?', '#']);
    plain.then_some((secure, host))
}

pub(crate) fn is_loopback(host: &str) -> bool {
    host == "localhost"
        || host
            .parse::<std::net::IpAddr>()
            .is_ok_and(|address| address.is_loopback())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_address_has_a_scheme_and_a_host_and_nothing_to_hide_behind() {
        for (base, expect) in [
            ("http://127.0.0.1:7400", Some((false, "127.0.0.1"))),
            ("https://audit.example/log", Some((true, "audit.example"))),
            ("http://[::1]:7400", Some((false, "::1"))),
            ("127.0.0.1:7400", None),
            ("ftp://a", None),
            ("http://", None),
            ("http://127.0.0.1@evil.example", None),
            ("http://a/?b", None),
        ] {
            assert_eq!(host_of(base), expect, "{base}");
        }
        assert!(is_loopback("::1") && is_loopback("127.8.8.8") && is_loopback("localhost"));
        assert!(!is_loopback("127.0.0.1.evil.example") && !is_loopback("10.0.0.1"));
    }

    #[test]
    fn an_id_stays_one_segment() {
        assert_eq!(encode("evt_a-1"), "evt_a-1");
        assert_eq!(encode("../x?y=é"), "%2E%2E%2Fx%3Fy%3D%C3%A9");
    }

    #[test]
    fn a_refusal_says_what_where_and_what_to_do() {
        let problem = Problem {
            status: 409,
            detail: "several sources used this id".into(),
            code: code::AMBIGUOUS_ID.into(),
            pointer: Some("/id".into()),
            sources: vec!["ci".into(), "web".into()],
            ..Problem::default()
        };
        let failure = refused(&problem);
        assert_eq!(failure.kind, Kind::Usage);
        assert_eq!(failure.message, "several sources used this id (/id)");
        assert_eq!(failure.hint.unwrap(), "choose one with --source: ci, web");
    }

    #[test]
    fn refusals_are_sorted_by_what_the_caller_does_next() {
        let kind = |code: &str, status| {
            refused(&Problem {
                status,
                code: code.into(),
                ..Problem::default()
            })
            .kind
        };
        assert_eq!(kind(code::UNAUTHENTICATED, 401), Kind::Unreachable);
        assert_eq!(kind(code::FORBIDDEN, 403), Kind::Unreachable);
        assert_eq!(kind(code::NOT_FOUND, 404), Kind::Usage);
        assert_eq!(kind("missing_field", 422), Kind::Usage);
        assert_eq!(kind(code::TOO_MANY_CONFLICTS, 429), Kind::Unreachable);
        assert_eq!(kind(code::INTERNAL, 500), Kind::Unreachable);
        assert_eq!(kind(code::DAMAGED, 500), Kind::Tampered);
    }
}
