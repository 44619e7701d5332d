//! What is known of exports beyond their requests: how many run, those that were cut off and are not recorded yet, and
//! the manifests of those that ended.
//!
//! Promises: everything is bounded; a manifest is kept for a day, unless newer ones need its room. Must never: show a
//! manifest to another tenant.

use std::collections::VecDeque;
use std::fmt;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use api::code;
use ledger::name::{TenantId, from_hex, to_hex};
use ledger::source::Rng;
use store::LogRef;

use crate::auth::{Destination, Standing};
use crate::http::HttpError;
use crate::http::rate_limit::RateLimit;
use crate::shares::{Held, TenantShares};

/// Exports of all tenants that run at once.
const RUNNING_MAX: usize = 16;
/// For how long a manifest is kept, in microseconds.
const KEPT_MICROS: i64 = 24 * 60 * 60 * 1_000_000;
/// Manifests that are kept.
const KEPT_MAX: usize = 256;
/// Bytes of manifests that are kept.
const KEPT_BYTES_MAX: usize = 32 * 1024 * 1024;
/// Exports that were cut off and wait for their records. Beyond it none is remembered; their beginnings are recorded.
const CUT_MAX: usize = 1_024;

/// Names an export.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(crate) struct ExportId([u8; 16]);

impl ExportId {
    pub(crate) fn random(rng: &dyn Rng) -> Self {
        let mut bytes = [0; 16];
        rng.fill(&mut bytes);
        Self(bytes)
    }

    /// Reads 32 lower-case hex digits.
    pub(super) fn parse(text: &str) -> Option<Self> {
        from_hex(text).map(Self)
    }
}

impl fmt::Display for ExportId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&to_hex(&self.0))
    }
}

impl fmt::Debug for ExportId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Display::fmt(self, f)
    }
}

/// An export that ended before its time.
#[derive(Clone, Debug)]
pub(crate) struct CutExport {
    /// Its name.
    pub(crate) id: ExportId,
    /// Who asked, and whether they still may.
    pub(crate) standing: Standing,
    /// The log.
    pub(crate) log: LogRef,
    /// Where it is recorded.
    pub(crate) destination: Destination,
    /// Rows that may have left.
    pub(crate) rows: u64,
    /// Whether it was ours to end it: something failed.
    pub(crate) failed: bool,
}

/// What is known of exports.
#[derive(Debug)]
pub(crate) struct Exports {
    running: Arc<TenantShares>,
    kept: Mutex<VecDeque<Kept>>,
    cut: Mutex<Vec<CutExport>>,
}

#[derive(Debug)]
struct Kept {
    id: ExportId,
    tenant: TenantId,
    note: Arc<str>,
    /// On the monotonic clock.
    until: i64,
}

impl Default for Exports {
    fn default() -> Self {
        Self {
            running: TenantShares::fair(RUNNING_MAX),
            kept: Mutex::default(),
            cut: Mutex::default(),
        }
    }
}

impl Exports {
    /// A place for one more export of the tenant, held until it ends.
    ///
    /// # Errors
    /// 429 when there is none.
    pub(super) fn enter(&self, tenant: TenantId) -> Result<Held, HttpError> {
        self.running.take(tenant, 1).ok_or_else(|| {
            HttpError::new(
                code::TOO_MANY_STREAMS,
                "as many exports run as may at once; wait for one to end",
            )
            .retry_after(10)
            .with_rate_limit(RateLimit::of_concurrency("exports", RUNNING_MAX))
        })
    }

    /// Keeps the manifest of an export that ended.
    pub(super) fn keep(&self, id: ExportId, tenant: TenantId, note: String, now: i64) {
        let mut kept = self.kept();
        kept.push_front(Kept {
            id,
            tenant,
            note: note.into(),
            until: now.saturating_add(KEPT_MICROS),
        });
        kept.truncate(KEPT_MAX);
        let mut bytes = 0;
        kept.retain(|kept| {
            bytes += kept.note.len();
            bytes <= KEPT_BYTES_MAX && kept.until > now
        });
    }

    /// The manifest of an export of the tenant.
    pub(super) fn manifest(&self, id: ExportId, tenant: TenantId, now: i64) -> Option<Arc<str>> {
        let kept = self.kept();
        let found = kept
            .iter()
            .find(|kept| kept.id == id && kept.tenant == tenant && kept.until > now);
        found.map(|kept| Arc::clone(&kept.note))
    }

    /// Remembers an export that was cut off.
    pub(super) fn was_cut(&self, export: CutExport) {
        self.put_back(vec![export]);
    }

    /// Takes those whose ends are not recorded yet.
    pub(crate) fn take_cut(&self) -> Vec<CutExport> {
        std::mem::take(&mut *self.cut.lock().unwrap_or_else(PoisonError::into_inner))
    }

    /// Gives back what could not be recorded.
    pub(crate) fn put_back(&self, exports: Vec<CutExport>) {
        let mut cut = self.cut.lock().unwrap_or_else(PoisonError::into_inner);
        let room = CUT_MAX.saturating_sub(cut.len());
        if exports.len() > room {
            tracing::warn!("the ends of exports that were cut off can't be recorded");
        }
        cut.extend(exports.into_iter().take(room));
    }

    fn kept(&self) -> MutexGuard<'_, VecDeque<Kept>> {
        self.kept.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn manifests_are_kept_for_a_day_for_their_tenant_and_not_without_bound() {
        let exports = Exports::default();
        let (ours, theirs) = (TenantId([1; 16]), TenantId([2; 16]));
        let id = |n: u16| {
            let mut bytes = [0; 16];
            bytes[..2].copy_from_slice(&n.to_be_bytes());
            ExportId(bytes)
        };
        exports.keep(id(0), ours, "note".into(), 0);
        assert!(exports.manifest(id(0), ours, KEPT_MICROS - 1).is_some());
        assert!(exports.manifest(id(0), ours, KEPT_MICROS).is_none());
        assert!(exports.manifest(id(0), theirs, 1).is_none());
        for n in 1..1_000 {
            exports.keep(id(n), ours, "x".repeat(200_000), 1);
        }
        let kept: usize = exports.kept().iter().map(|kept| kept.note.len()).sum();
        assert!(kept <= KEPT_BYTES_MAX && exports.kept().len() <= KEPT_MAX);
        assert!(exports.manifest(id(999), ours, 1).is_some());
        assert!(exports.manifest(id(1), ours, 1).is_none());
    }
}
