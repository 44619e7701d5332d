//! What sign-in needs of the outside: answers of the identity provider, and the secret that it knows us by.
//!
//! Whoever implements [`IdentityProvider`] promises: every wait and every answer is bounded; no redirect is followed;
//! nothing of it runs on the threads that serve requests. Must never: log an address with its query, a form or a secret.

use std::fmt;
use std::future::Future;
use std::io;
use std::pin::Pin;

use zeroize::Zeroizing;

/// Longest answer of a provider in bytes.
pub const ANSWER_BYTES_MAX: usize = 512 * 1024;

/// What is asked of the provider.
pub struct ProviderRequest {
    /// Where: an `https` address, or `http` on this machine.
    pub url: String,
    /// A form to be posted as `application/x-www-form-urlencoded`; without one it is a GET.
    pub form: Option<Zeroizing<String>>,
    /// The `Authorization` header.
    pub authorization: Option<Zeroizing<String>>,
}

/// What the provider answered.
#[derive(Clone, PartialEq, Eq)]
pub struct ProviderAnswer {
    /// The status.
    pub status: u16,
    /// At most [`ANSWER_BYTES_MAX`] bytes.
    pub body: Vec<u8>,
}

/// Something that is asked outside. Dropping it gives up waiting.
pub type Asking<'a, T> = Pin<Box<dyn Future<Output = io::Result<T>> + Send + 'a>>;

/// The provider, as far as it is reached.
pub trait IdentityProvider: Send + Sync + fmt::Debug {
    /// Asks it something.
    ///
    /// # Errors
    /// It could not be reached, took too long or said too much. Never for a status.
    fn ask(&self, request: ProviderRequest) -> Asking<'_, ProviderAnswer>;

    /// The secret that it knows us by, read anew each time: secrets are renewed. `None` for a public client.
    ///
    /// # Errors
    /// It can't be read.
    fn client_secret(&self) -> Asking<'_, Option<Zeroizing<String>>>;
}

impl fmt::Debug for ProviderRequest {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("ProviderRequest").finish_non_exhaustive()
    }
}

impl fmt::Debug for ProviderAnswer {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("ProviderAnswer")
            .field("status", &self.status)
            .finish_non_exhaustive()
    }
}
