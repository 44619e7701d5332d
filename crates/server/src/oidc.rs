//! Signing people in with an identity provider: OpenID Connect, the authorization code flow with PKCE.
//!
//! Promises: a code counts only with the state that this browser was given, once; a person counts only by an ID token
//! that this provider signed for us and this very sign-in; the provider is asked by [`IdentityProvider`] alone, and no
//! more than so many times at once. Must never: decide what a person may do (that is `auth::grants`), keep a token, or
//! say to the person or the log what a token holds.

mod begun;
mod discovery;
mod encoding;
mod failure;
mod id_token;
mod keys;
mod profile;
mod provider;
mod verifier;

use std::fmt;
use std::sync::{Arc, Mutex, PoisonError};

use base64ct::{Base64, Encoding};
use ledger::source::Rng;
use ledger::time::Micros;
use serde::Deserialize;
use serde_json::{Map, Value};
use tokio::sync::Semaphore;
use zeroize::{Zeroize, Zeroizing};

use crate::config::Config;
use begun::{Begun, Waiting};
use discovery::{ClientProof, Discovery};
use encoding::{encoded, form};
use id_token::Expected;
use keys::Keys;

pub use provider::{ANSWER_BYTES_MAX, Asking, IdentityProvider, ProviderAnswer, ProviderRequest};

pub(crate) use begun::own_path;
pub(crate) use failure::SignInFailure;
pub(crate) use profile::Profile;

/// Where the provider sends people back to, below `ui.url`.
pub(crate) const CALLBACK_PATH: &str = "/sign-in/callback";
/// How long the provider's description is believed, in microseconds.
const FRESH_MICROS: i64 = 3_600 * 1_000_000;
/// People who come back at once.
const RETURNING_MAX: usize = 16;
/// Longest code and state that are looked at.
const RETURNED_BYTES_MAX: usize = 4_096;

/// The provider, as it is configured and as far as it is known.
pub(crate) struct Oidc {
    name: String,
    issuer: String,
    client: String,
    scope: String,
    redirect: String,
    groups_claim: String,
    wants_groups: bool,
    provider: Arc<dyn IdentityProvider>,
    waiting: Waiting,
    keys: Keys,
    discovered: Mutex<Option<(Arc<Discovery>, i64)>>,
    /// Who asks for the description; everybody else waits for what comes.
    turn: Semaphore,
    returning: Semaphore,
}

/// Where a person is sent.
pub(crate) struct Departure {
    /// An address of the provider's.
    pub(crate) url: String,
    /// What their browser keeps until they come back.
    pub(crate) browser: String,
}

/// What a person comes back with. Providers may add to it.
#[derive(Deserialize)]
pub(crate) struct Returned {
    code: Option<String>,
    state: Option<String>,
    error: Option<String>,
    iss: Option<String>,
}

#[derive(Deserialize)]
struct Tokens {
    id_token: String,
    access_token: Option<String>,
}

impl Drop for Tokens {
    fn drop(&mut self) {
        self.id_token.zeroize();
        self.access_token.zeroize();
    }
}

/// Both clocks at one moment.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Now {
    pub(crate) wall: Micros,
    pub(crate) monotonic: i64,
}

impl Oidc {
    /// The provider of the configuration, if there is one.
    pub(crate) fn new(config: &Config, provider: Arc<dyn IdentityProvider>) -> Option<Self> {
        let oidc = &config.oidc;
        let issuer = oidc.issuer.clone()?;
        let host = issuer.split_once("://").map_or("", |(_, rest)| rest);
        let host = host.split('/').next().unwrap_or_default();
        verifier::install();
        Some(Self {
            name: oidc.name.clone().unwrap_or_else(|| host.to_owned()),
            issuer,
            client: oidc.client_id.clone()?,
            scope: oidc.scopes.join(" "),
            redirect: format!("{}{CALLBACK_PATH}", config.ui.url.as_ref()?),
            groups_claim: oidc.groups_claim.clone(),
            wants_groups: !oidc.roles.is_empty(),
            provider,
            waiting: Waiting::default(),
            keys: Keys::default(),
            discovered: Mutex::default(),
            turn: Semaphore::new(1),
            returning: Semaphore::new(RETURNING_MAX),
        })
    }

    /// What people read on the button.
    pub(crate) fn name(&self) -> &str {
        &self.name
    }

    /// Sends somebody to the provider; `to` is where they want to be afterwards.
    pub(crate) async fn begin(
        &self,
        to: Option<&str>,
        now: Now,
        rng: &dyn Rng,
    ) -> Result<Departure, SignInFailure> {
        let discovery = self.discovery(now.monotonic).await?;
        let given = self.waiting.begin(to, now.monotonic, rng);
        let query = form(&[
            ("response_type", "code"),
            ("client_id", &self.client),
            ("redirect_uri", &self.redirect),
            ("scope", &self.scope),
            ("state", &given.state),
            ("nonce", &given.begun.nonce),
            ("code_challenge", &given.begun.challenge()),
            ("code_challenge_method", "S256"),
        ]);
        let endpoint = &discovery.authorization_endpoint;
        let joint = if endpoint.contains('?') { '&' } else { '?' };
        Ok(Departure {
            url: format!("{endpoint}{joint}{query}"),
            browser: given.browser,
        })
    }

    /// Where the browser was on the way to that began a sign-in last. Nothing is ended by asking, and nothing is told but
    /// what that browser said itself: providers that refuse somebody don't all say which sign-in it was.
    pub(crate) fn way_of(&self, browser: &str, now: Now) -> Option<String> {
        self.waiting.way_of(browser, now.monotonic)
    }

    /// Who it is that came back, and where they want to be.
    pub(crate) async fn finish(
        &self,
        returned: &Returned,
        browser: Option<&str>,
        now: Now,
    ) -> Result<(Profile, String), SignInFailure> {
        let bounded = |text: &Option<String>| {
            let text = text.clone();
            text.filter(|text| (1..=RETURNED_BYTES_MAX).contains(&text.len()))
        };
        let state = bounded(&returned.state).ok_or(SignInFailure::State)?;
        let begun = self.waiting.end(&state, browser, now.monotonic);
        let begun = begun.ok_or(SignInFailure::State)?;
        let turn = self.returning.try_acquire();
        let _turn = turn.map_err(|_| SignInFailure::Busy)?;
        let discovery = self.discovery(now.monotonic).await?;
        // Another provider's answer must not be taken to this one (RFC 9207).
        match &returned.iss {
            Some(issuer) if *issuer != self.issuer => return Err(SignInFailure::State),
            None if discovery.authorization_response_iss_parameter_supported => {
                return Err(SignInFailure::State);
            }
            _ => {}
        }
        if let Some(error) = &returned.error {
            return Err(SignInFailure::Refused(plain(error)));
        }
        let code = bounded(&returned.code).ok_or(SignInFailure::State)?;
        let tokens = self.redeem(&discovery, &code, &begun).await?;
        let profile = self.profile(&discovery, &tokens, &begun, now).await?;
        Ok((profile, begun.to))
    }

    async fn discovery(&self, now: i64) -> Result<Arc<Discovery>, SignInFailure> {
        if let Some(known) = self.discovered(now) {
            return Ok(known);
        }
        let turn = self.turn.acquire().await;
        let _turn = turn.map_err(|_| SignInFailure::Busy)?;
        // Whoever had the turn before may have brought it.
        if let Some(known) = self.discovered(now) {
            return Ok(known);
        }
        let discovery = Arc::new(Discovery::ask(&*self.provider, &self.issuer).await?);
        let mut known = self
            .discovered
            .lock()
            .unwrap_or_else(PoisonError::into_inner);
        *known = Some((Arc::clone(&discovery), now));
        Ok(discovery)
    }

    fn discovered(&self, now: i64) -> Option<Arc<Discovery>> {
        let known = self
            .discovered
            .lock()
            .unwrap_or_else(PoisonError::into_inner);
        let (discovery, at) = known.as_ref()?;
        (now.saturating_sub(*at) < FRESH_MICROS).then(|| Arc::clone(discovery))
    }

    /// Makes tokens of a code.
    async fn redeem(
        &self,
        discovery: &Discovery,
        code: &str,
        begun: &Begun,
    ) -> Result<Tokens, SignInFailure> {
        let failed = |why: &str| SignInFailure::Provider(format!("its tokens: {why}"));
        let secret = self.provider.client_secret().await;
        let secret =
            secret.map_err(|error| failed(&format!("oidc.client_secret_file: {error}")))?;
        let mut pairs = vec![
            ("grant_type", "authorization_code"),
            ("code", code),
            ("redirect_uri", &self.redirect),
            ("code_verifier", &begun.verifier),
        ];
        let mut authorization = None;
        let text = secret.as_ref().map_or("", |secret| secret.as_str());
        match discovery.client_proof(secret.is_some())? {
            ClientProof::None => pairs.push(("client_id", &self.client)),
            ClientProof::Post => {
                pairs.extend([("client_id", self.client.as_str()), ("client_secret", text)]);
            }
            ClientProof::Basic => {
                // RFC 6749, section 2.3.1: both are encoded as in a form first.
                let pair = Zeroizing::new(format!("{}:{}", encoded(&self.client), encoded(text)));
                let value = Base64::encode_string(pair.as_bytes());
                authorization = Some(Zeroizing::new(format!("Basic {value}")));
            }
        }
        let request = ProviderRequest {
            url: discovery.token_endpoint.clone(),
            form: Some(Zeroizing::new(form(&pairs))),
            authorization,
        };
        let answer = self.provider.ask(request).await;
        let answer = answer.map_err(|error| failed(&error.to_string()))?;
        if answer.status != 200 {
            let said: Option<Value> = serde_json::from_slice(&answer.body).ok();
            let error = said.as_ref().and_then(|said| said.get("error")?.as_str());
            return Err(SignInFailure::Code(plain(error.unwrap_or_default())));
        }
        serde_json::from_slice(&answer.body).map_err(|_| failed("expected an ID token"))
    }

    async fn profile(
        &self,
        discovery: &Discovery,
        tokens: &Tokens,
        begun: &Begun,
        now: Now,
    ) -> Result<Profile, SignInFailure> {
        let head = id_token::head(&tokens.id_token)?;
        let signed_by = (head.alg, head.kid.as_deref());
        let provider = &*self.provider;
        let keys = self
            .keys
            .of(signed_by, provider, &discovery.jwks_uri, now.monotonic);
        let expected = Expected {
            issuer: &self.issuer,
            client: &self.client,
            nonce: &begun.nonce,
            now: now.wall,
        };
        let claims = id_token::read(&tokens.id_token, &head, &keys.await?, &expected)?;
        let more = if profile::is_enough(&claims.all, &self.groups_claim, self.wants_groups) {
            None
        } else {
            self.userinfo(discovery, tokens, &claims.subject).await?
        };
        let (subject, all) = (claims.subject, &claims.all);
        Ok(profile::of(subject, all, more.as_ref(), &self.groups_claim))
    }

    /// What else the provider says of the person, if it says more at all.
    async fn userinfo(
        &self,
        discovery: &Discovery,
        tokens: &Tokens,
        subject: &str,
    ) -> Result<Option<Map<String, Value>>, SignInFailure> {
        let (Some(url), Some(token)) = (&discovery.userinfo_endpoint, &tokens.access_token) else {
            return Ok(None);
        };
        let failed = |why: &str| SignInFailure::Provider(format!("its userinfo: {why}"));
        if token.bytes().any(|byte| !byte.is_ascii_graphic()) {
            return Err(failed("expected an access token"));
        }
        let request = ProviderRequest {
            url: url.clone(),
            form: None,
            authorization: Some(Zeroizing::new(format!("Bearer {token}"))),
        };
        let answer = self.provider.ask(request).await;
        let answer = answer.map_err(|error| failed(&error.to_string()))?;
        if answer.status != 200 {
            return Err(failed("the answer is not 200"));
        }
        let said: Map<String, Value> =
            serde_json::from_slice(&answer.body).map_err(|_| failed("expected a JSON object"))?;
        if said.get("sub").and_then(Value::as_str) != Some(subject) {
            return Err(failed("it is another person's"));
        }
        Ok(Some(said))
    }
}

/// An error's code for our own log; nothing else that was sent gets there.
fn plain(code: &str) -> String {
    const CODE_BYTES_MAX: usize = 64;
    let plain = |byte: u8| byte.is_ascii_alphanumeric() || byte == b'_';
    let fits = (1..=CODE_BYTES_MAX).contains(&code.len()) && code.bytes().all(plain);
    if fits { code } else { "no reason" }.to_owned()
}

impl fmt::Debug for Oidc {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Oidc")
            .field("issuer", &self.issuer)
            .finish_non_exhaustive()
    }
}

impl fmt::Debug for Departure {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Departure").finish_non_exhaustive()
    }
}

impl fmt::Debug for Returned {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Returned").finish_non_exhaustive()
    }
}

impl fmt::Debug for Tokens {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Tokens").finish_non_exhaustive()
    }
}
