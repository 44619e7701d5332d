//! The provider's public keys, as they are kept between sign-ins.
//!
//! Promises: at most [`KEYS_MAX`] keys; they are asked for again when they are old, and when a token names one that is
//! not there, but for that once in half a minute, however many tokens do. Must never: take a symmetric key, or a key that
//! is meant for something else than signatures.

use std::sync::{Arc, Mutex, PoisonError};

use jsonwebtoken::jwk::{Jwk, KeyAlgorithm, PublicKeyUse};
use jsonwebtoken::{Algorithm, AlgorithmFamily, DecodingKey};
use serde::Deserialize;
use tokio::sync::Semaphore;

use super::failure::SignInFailure;
use super::provider::{IdentityProvider, ProviderRequest};

/// Most keys that are kept; providers have two or three.
const KEYS_MAX: usize = 64;
/// How long keys are taken for the provider's, in microseconds.
const FRESH_MICROS: i64 = 3_600 * 1_000_000;
/// How long nobody asks again for a key that was not there, in microseconds.
const PAUSE_MICROS: i64 = 30 * 1_000_000;

/// One public key.
#[derive(Clone, Debug)]
pub(super) struct Key {
    id: Option<String>,
    algorithm: Option<KeyAlgorithm>,
    pub(super) public: DecodingKey,
}

/// The provider's keys.
#[derive(Debug)]
pub(super) struct Keys {
    kept: Mutex<Kept>,
    /// Who asks for them; everybody else waits for what comes.
    turn: Semaphore,
}

#[derive(Debug, Default)]
struct Kept {
    keys: Arc<[Key]>,
    /// On the monotonic clock.
    asked_at: Option<i64>,
    read_at: Option<i64>,
}

#[derive(Deserialize)]
struct Set {
    keys: Vec<serde_json::Value>,
}

impl Default for Keys {
    fn default() -> Self {
        Self {
            kept: Mutex::default(),
            turn: Semaphore::new(1),
        }
    }
}

impl Keys {
    /// The keys that may have signed a token with this header; none if there are none.
    pub(super) async fn of(
        &self,
        (algorithm, id): (Algorithm, Option<&str>),
        provider: &dyn IdentityProvider,
        url: &str,
        now: i64,
    ) -> Result<Vec<Key>, SignInFailure> {
        if let Some(found) = self.found(algorithm, id, now) {
            return Ok(found);
        }
        let turn = self.turn.acquire().await;
        let _turn = turn.map_err(|_| SignInFailure::Busy)?;
        // Whoever had the turn before may have brought it.
        if let Some(found) = self.found(algorithm, id, now) {
            return Ok(found);
        }
        if self.may_ask(now) {
            let keys = asked(provider, url).await?;
            let mut kept = self.kept.lock().unwrap_or_else(PoisonError::into_inner);
            kept.keys = keys;
            kept.read_at = Some(now);
        }
        Ok(self.found(algorithm, id, now).unwrap_or_default())
    }

    fn found(&self, algorithm: Algorithm, id: Option<&str>, now: i64) -> Option<Vec<Key>> {
        let kept = self.kept.lock().unwrap_or_else(PoisonError::into_inner);
        kept.read_at
            .filter(|at| now.saturating_sub(*at) < FRESH_MICROS)?;
        let fits = |key: &&Key| key.fits(algorithm, id);
        let found: Vec<Key> = kept.keys.iter().filter(fits).cloned().collect();
        (!found.is_empty()).then_some(found)
    }

    /// Whether it is time to ask; from then on it is not.
    fn may_ask(&self, now: i64) -> bool {
        let mut kept = self.kept.lock().unwrap_or_else(PoisonError::into_inner);
        let paused = kept
            .asked_at
            .is_some_and(|at| now.saturating_sub(at) < PAUSE_MICROS);
        if !paused {
            kept.asked_at = Some(now);
        }
        !paused
    }
}

impl Key {
    fn read(jwk: &Jwk) -> Option<Self> {
        let for_signatures = matches!(
            jwk.common.public_key_use,
            None | Some(PublicKeyUse::Signature)
        );
        let key = DecodingKey::from_jwk(jwk).ok()?;
        (for_signatures && key.family() != AlgorithmFamily::Hmac).then(|| Self {
            id: jwk.common.key_id.clone(),
            algorithm: jwk.common.key_algorithm,
            public: key,
        })
    }

    /// Whether a token with this header may be checked with it. A token that names no key may be any's.
    fn fits(&self, algorithm: Algorithm, id: Option<&str>) -> bool {
        self.public.family() == algorithm.family()
            && self
                .algorithm
                .is_none_or(|known| known == KeyAlgorithm::from(algorithm))
            && id.is_none_or(|id| self.id.as_deref() == Some(id))
    }
}

async fn asked(provider: &dyn IdentityProvider, url: &str) -> Result<Arc<[Key]>, SignInFailure> {
    let request = ProviderRequest {
        url: url.to_owned(),
        form: None,
        authorization: None,
    };
    let failed = |why: &str| SignInFailure::Provider(format!("its keys: {why}"));
    let answer = provider.ask(request).await;
    let answer = answer.map_err(|error| failed(&error.to_string()))?;
    if answer.status != 200 {
        return Err(failed("the answer is not 200"));
    }
    let set: Set =
        serde_json::from_slice(&answer.body).map_err(|_| failed("expected a JSON Web Key Set"))?;
    // What we don't know of, such as keys on other curves, is left out.
    let keys = set
        .keys
        .into_iter()
        .take(KEYS_MAX)
        .filter_map(|value| serde_json::from_value::<Jwk>(value).ok())
        .filter_map(|jwk| Key::read(&jwk));
    Ok(keys.collect())
}
