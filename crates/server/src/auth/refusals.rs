//! Counting refused sign-ins until they are summarised in the instance log.

use std::sync::atomic::{AtomicU64, Ordering};

/// Why a sign-in was refused. The caller never learns which.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum RefusalReason {
    /// No `Authorization: Bearer`.
    Missing,
    /// No API key's text, or mistyped.
    Malformed,
    /// No key of this id.
    Unknown,
    /// A known id with another secret.
    Forged,
    /// Past its end.
    Expired,
    /// Withdrawn.
    Revoked,
    /// A delivery to a source that is not there.
    UnknownSource,
    /// A delivery without signature or secret.
    UnsignedDelivery,
    /// A delivery signed with, or bearing, another secret.
    ForgedDelivery,
    /// Too many attempts of one address, or of all together.
    TooManyAttempts,
    /// A form of another site's, or of a session that is over.
    ForeignForm,
    /// Back from the identity provider with a state that this browser was not given.
    ForgedState,
    /// The identity provider refused, or did not take the code.
    ProviderRefused,
    /// The identity provider can't be reached, or does not say what it must.
    ProviderFailed,
    /// An ID token that is forged, old, or somebody else's.
    BadIdToken,
    /// A person who is known and may nothing here.
    NoAccess,
}

impl RefusalReason {
    pub(crate) const ALL: [Self; 16] = [
        Self::Missing,
        Self::Malformed,
        Self::Unknown,
        Self::Forged,
        Self::Expired,
        Self::Revoked,
        Self::UnknownSource,
        Self::UnsignedDelivery,
        Self::ForgedDelivery,
        Self::TooManyAttempts,
        Self::ForeignForm,
        Self::ForgedState,
        Self::ProviderRefused,
        Self::ProviderFailed,
        Self::BadIdToken,
        Self::NoAccess,
    ];

    /// The reason's name in records and metrics.
    pub(crate) fn name(self) -> &'static str {
        match self {
            Self::Missing => "missing",
            Self::Malformed => "malformed",
            Self::Unknown => "unknown",
            Self::Forged => "forged",
            Self::Expired => "expired",
            Self::Revoked => "revoked",
            Self::UnknownSource => "unknown_source",
            Self::UnsignedDelivery => "unsigned_delivery",
            Self::ForgedDelivery => "forged_delivery",
            Self::TooManyAttempts => "too_many_attempts",
            Self::ForeignForm => "foreign_form",
            Self::ForgedState => "forged_state",
            Self::ProviderRefused => "provider_refused",
            Self::ProviderFailed => "provider_failed",
            Self::BadIdToken => "bad_id_token",
            Self::NoAccess => "no_access",
        }
    }
}

/// Refusals since the last summary, by reason.
#[derive(Debug, Default)]
pub(crate) struct RefusalCounts([AtomicU64; 16]);

impl RefusalCounts {
    /// Counts one.
    pub(crate) fn count(&self, reason: RefusalReason) {
        self.0[reason as usize].fetch_add(1, Ordering::Relaxed);
    }

    /// Takes what gathered, reasons without any left out.
    pub(crate) fn take(&self) -> Vec<(RefusalReason, u64)> {
        let counts = RefusalReason::ALL
            .into_iter()
            .map(|reason| (reason, self.0[reason as usize].swap(0, Ordering::Relaxed)));
        counts.filter(|(_, count)| *count > 0).collect()
    }

    /// Puts back what could not be recorded.
    pub(crate) fn put_back(&self, counts: &[(RefusalReason, u64)]) {
        for (reason, count) in counts {
            self.0[*reason as usize].fetch_add(*count, Ordering::Relaxed);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_taken_is_gone_and_what_is_put_back_returns() {
        let counts = RefusalCounts::default();
        counts.count(RefusalReason::Forged);
        counts.count(RefusalReason::Forged);
        counts.count(RefusalReason::Missing);
        let taken = counts.take();
        assert_eq!(
            taken,
            [(RefusalReason::Missing, 1), (RefusalReason::Forged, 2)]
        );
        assert_eq!(counts.take(), []);
        counts.put_back(&taken);
        assert_eq!(counts.take(), taken);
    }
}
