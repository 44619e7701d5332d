//! The secret of a source: `vts_` and the base64url of its tenant's id, its own id and a keyed tag.
//!
//! Promises: it names its source, so that a stream which can send nothing but a token (Splunk's) finds its way; it is
//! computed from the keys directory each time and stored nowhere. Must never: be in a log line.

use std::fmt;

use base64ct::{Base64UrlUnpadded, Encoding};
use ledger::name::TenantId;
use ledger::time::Micros;
use store::{SourceRecord, SourceSecret, Tenant};
use zeroize::Zeroizing;

/// What every secret of a source begins with.
pub(crate) const PREFIX: &str = "vts_";
/// Bytes of a source's id.
pub(crate) const ID_BYTES: usize = 8;

/// The text of a source's secret.
pub(crate) struct Credential(Zeroizing<String>);

impl Credential {
    /// The text, to be shown once or compared.
    pub(crate) fn reveal(&self) -> &str {
        &self.0
    }
}

impl fmt::Debug for Credential {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Credential")
    }
}

/// One secret of a source.
pub(crate) fn of(tenant: &Tenant, source: &SourceRecord, secret: &SourceSecret) -> Credential {
    let tag = tenant.keys.source_secret(&source.id, &secret.nonce);
    let bytes = Zeroizing::new([&tenant.record.id.0, source.id.as_bytes(), &tag].concat());
    let text = Base64UrlUnpadded::encode_string(&bytes);
    Credential(Zeroizing::new(format!("{PREFIX}{text}")))
}

/// The secrets that count now.
pub(crate) fn present(tenant: &Tenant, source: &SourceRecord, now: Micros) -> Vec<Credential> {
    let secrets = source.secrets.iter();
    secrets
        .filter(|secret| secret.until.is_none_or(|until| now < until))
        .map(|secret| of(tenant, source, secret))
        .collect()
}

/// The tenant and source that a secret names, whether or not it is right.
pub(crate) fn named(text: &str) -> Option<(TenantId, String)> {
    let text = text.strip_prefix(PREFIX)?;
    let bytes = Base64UrlUnpadded::decode_vec(text).ok()?;
    let (tenant, rest) = bytes.split_at_checked(16)?;
    let (id, _tag) = rest.split_at_checked(ID_BYTES)?;
    let id = str::from_utf8(id).ok()?;
    Some((TenantId(tenant.try_into().ok()?), id.to_owned()))
}
