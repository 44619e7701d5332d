//! What an ID token must be, and what it says of a person.
//!
//! Promises: nothing of a token counts before its signature was checked with a key of the provider's and an algorithm
//! of the list; it is of this provider, for us, of now and of this very sign-in. Must never: read the clock itself
//! (`jsonwebtoken` would), or follow what the header says of keys.

use jsonwebtoken::{Header, Validation, decode, decode_header};
use ledger::time::Micros;
use serde::Deserialize;
use serde_json::{Map, Value};
use subtle::ConstantTimeEq;

use super::failure::SignInFailure;
use super::keys::Key;
use super::verifier::ALGORITHMS;

/// Longest token in bytes.
const TOKEN_BYTES_MAX: usize = 128 * 1024;
/// How far two clocks may be apart, in seconds.
const LEEWAY_SECONDS: i64 = 60;
/// Oldest token of a sign-in that ends now, in seconds.
const AGE_SECONDS_MAX: i64 = 15 * 60;
/// Longest subject (OpenID Connect Core, section 2).
const SUBJECT_BYTES_MAX: usize = 255;
/// Keys that a token without a key's name is tried with.
const TRIES_MAX: usize = 8;

/// What a token must fit.
#[derive(Clone, Copy, Debug)]
pub(super) struct Expected<'a> {
    pub(super) issuer: &'a str,
    pub(super) client: &'a str,
    pub(super) nonce: &'a str,
    pub(super) now: Micros,
}

/// Claims that are right.
#[derive(Clone, Debug)]
pub(super) struct Claims {
    /// What the provider calls the person for ever.
    pub(super) subject: String,
    /// Everything that is said.
    pub(super) all: Map<String, Value>,
}

#[derive(Deserialize)]
struct Checked {
    iss: String,
    sub: String,
    aud: Audience,
    azp: Option<String>,
    exp: f64,
    iat: f64,
    nbf: Option<f64>,
    nonce: Option<String>,
}

#[derive(Deserialize)]
#[serde(untagged)]
enum Audience {
    One(String),
    Many(Vec<String>),
}

/// The head of a token, if an algorithm of the list signed it.
pub(super) fn head(token: &str) -> Result<Header, SignInFailure> {
    if token.len() > TOKEN_BYTES_MAX {
        return Err(SignInFailure::Token("it is too long"));
    }
    // An algorithm that the crate does not know, `none` among them, is no header to it.
    let head = decode_header(token).map_err(|_| SignInFailure::Token("it can't be read"))?;
    if !ALGORITHMS.contains(&head.alg) {
        return Err(SignInFailure::Token(
            "expected a signature with a public key",
        ));
    }
    if head.crit.is_some() {
        return Err(SignInFailure::Token("it asks for more than we know"));
    }
    Ok(head)
}

/// The claims of a token.
pub(super) fn read(
    token: &str,
    head: &Header,
    keys: &[Key],
    expected: &Expected<'_>,
) -> Result<Claims, SignInFailure> {
    if keys.is_empty() {
        return Err(SignInFailure::Token(
            "none of the provider's keys signed it",
        ));
    }
    let mut validation = Validation::new(head.alg);
    // Its times are checked below, by our clock.
    validation.validate_exp = false;
    validation.required_spec_claims.clear();
    validation.set_issuer(&[expected.issuer]);
    validation.set_audience(&[expected.client]);
    let tried = keys.iter().take(TRIES_MAX);
    let mut right =
        tried.filter_map(|key| decode::<Map<String, Value>>(token, &key.public, &validation).ok());
    let wrong = SignInFailure::Token("its signature, issuer or audience is wrong");
    let all = right.next().ok_or(wrong)?.claims;
    let read: Checked = serde_json::from_value(Value::Object(all.clone()))
        .map_err(|_| SignInFailure::Token("a claim is missing or of another type"))?;
    check(&read, expected)?;
    Ok(Claims {
        subject: read.sub,
        all,
    })
}

fn check(read: &Checked, expected: &Expected<'_>) -> Result<(), SignInFailure> {
    let refused = |why| Err(SignInFailure::Token(why));
    if read.iss != expected.issuer {
        return refused("it is another issuer's");
    }
    let (for_us, others) = match &read.aud {
        Audience::One(one) => (one == expected.client, false),
        Audience::Many(many) => (
            many.iter().any(|one| one == expected.client),
            many.iter().any(|one| one != expected.client),
        ),
    };
    if !for_us {
        return refused("it is for somebody else");
    }
    match &read.azp {
        Some(azp) if azp != expected.client => return refused("it was issued to somebody else"),
        None if others => return refused("it is for others, too, and does not say who asked"),
        _ => {}
    }
    if !(1..=SUBJECT_BYTES_MAX).contains(&read.sub.len()) || read.sub.chars().any(char::is_control)
    {
        return refused("expected a subject of 1 to 255 bytes");
    }
    let now = seconds(expected.now);
    let leeway = seconds_of(LEEWAY_SECONDS);
    // JSON has no numbers that can't be compared.
    if read.exp + leeway <= now {
        return refused("it has expired");
    }
    if read.iat >= now + leeway || read.nbf.is_some_and(|from| from >= now + leeway) {
        return refused("it is not valid yet");
    }
    if read.iat + seconds_of(AGE_SECONDS_MAX) + leeway <= now {
        return refused("it is too old");
    }
    let nonce = read.nonce.as_deref().unwrap_or_default();
    if !bool::from(nonce.as_bytes().ct_eq(expected.nonce.as_bytes())) {
        return refused("it belongs to another sign-in");
    }
    Ok(())
}

/// Seconds since 1970. Times in tokens may have fractions.
fn seconds(at: Micros) -> f64 {
    seconds_of(at.as_micros().div_euclid(1_000_000))
}

#[expect(
    clippy::cast_precision_loss,
    reason = "seconds of our time are far below 2^53"
)]
fn seconds_of(count: i64) -> f64 {
    count as f64
}
