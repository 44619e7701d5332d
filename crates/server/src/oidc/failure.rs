//! Why somebody could not be signed in: what is counted, and what only our own log says.
//!
//! The person learns one of three things: try again, ask whoever looks after this, or that they have no access.

use crate::auth::RefusalReason;

/// Why a sign-in through the provider failed.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub(crate) enum SignInFailure {
    /// The provider can't be reached, or does not say what it must.
    #[error("the identity provider: {0}")]
    Provider(String),
    /// The state is unknown, was used, is too old, or is another browser's.
    #[error("the state is not one that this browser was given")]
    State,
    /// The provider says that it did not sign anybody in.
    #[error("the identity provider refused: {0}")]
    Refused(String),
    /// The code is not one of this sign-in.
    #[error("the identity provider did not take the code: {0}")]
    Code(String),
    /// The ID token is not what it must be.
    #[error("the ID token: {0}")]
    Token(&'static str),
    /// The person is known and may nothing here.
    #[error("the person has no role in any tenant")]
    NoAccess,
    /// Too much is going on.
    #[error("too many sign-ins at once")]
    Busy,
}

impl SignInFailure {
    /// What is counted.
    pub(crate) fn reason(&self) -> RefusalReason {
        match self {
            Self::Provider(_) => RefusalReason::ProviderFailed,
            Self::State => RefusalReason::ForgedState,
            Self::Refused(_) | Self::Code(_) => RefusalReason::ProviderRefused,
            Self::Token(_) => RefusalReason::BadIdToken,
            Self::NoAccess => RefusalReason::NoAccess,
            Self::Busy => RefusalReason::TooManyAttempts,
        }
    }
}
