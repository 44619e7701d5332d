//! One export as the body of an answer, and its end: the manifest, signed and recorded before the last byte is announced.
//!
//! Promises: no more is made ahead than one portion; a body that ends has a manifest that can be fetched, and one that
//! has none is cut, so that no reader takes a part for the whole; a key that was revoked or a session that has
//! ended gets nothing more.

use std::collections::VecDeque;
use std::fmt;
use std::pin::Pin;
use std::sync::Arc;

use api::code;
use axum::body::Bytes;
use ledger::export::Kind;
use ledger::export::manifest::Manifest;
use ledger::hash::Hash;
use ledger::tree::cover;
use store::{SignedHead, StoreError};
use tokio::sync::watch;

use super::kept::CutExport;
use super::maker::{Made, Maker};
use crate::http::HttpError;
use crate::http::pulled::Pieces;
use crate::server::Server;
use crate::shares::Held;

/// What is known of an export before its first row.
#[derive(Debug)]
pub(super) struct Plan {
    /// The manifest, but for what only the rows tell.
    pub(super) manifest: Manifest,
    /// The checkpoint that rows are held to.
    pub(super) head: SignedHead,
    /// Who asked, and where that is recorded.
    pub(super) asked: CutExport,
}

/// An export under way.
pub(super) struct Feed {
    server: Arc<Server>,
    plan: Plan,
    making: Making,
    pieces: VecDeque<Bytes>,
    ending: watch::Receiver<bool>,
    /// Whether its end is recorded.
    recorded: bool,
    _slot: Held,
}

enum Making {
    Portion(Pin<Box<dyn Future<Output = Result<Made, HttpError>> + Send>>),
    Done(Box<Maker>),
    Ended,
}

/// The end of a body that is not whole. Whoever reads it sees a broken transfer, the server's log says why.
#[derive(Clone, Copy, Debug, thiserror::Error)]
#[error("the export was cut off")]
pub(super) struct CutOff;

impl Feed {
    pub(super) fn new(server: Arc<Server>, plan: Plan, maker: Maker, slot: Held) -> Self {
        Self {
            ending: server.streams.ending(),
            making: Making::Portion(Box::pin(maker.go_on(Arc::clone(&server)))),
            server,
            plan,
            pieces: VecDeque::new(),
            recorded: false,
            _slot: slot,
        }
    }

    async fn next_piece(&mut self) -> Option<Result<Bytes, CutOff>> {
        loop {
            if let Some(piece) = self.pieces.pop_front() {
                return Some(Ok(piece));
            }
            if matches!(self.making, Making::Ended) {
                return None;
            }
            if let Err(error) = self.go_on().await {
                tracing::error!(why = %error, "an export was cut off");
                self.plan.asked.failed = true;
                self.making = Making::Ended;
                return Some(Err(CutOff));
            }
        }
    }

    async fn go_on(&mut self) -> Result<(), HttpError> {
        if *self.ending.borrow() {
            return Err(StoreError::Closed.into());
        }
        let asked = &self.plan.asked;
        if self.server.ended(&asked.standing).await?.is_some() {
            let why =
                "the key was revoked or has expired, or the session or what it may do has ended";
            return Err(HttpError::unauthenticated().because(why));
        }
        match std::mem::replace(&mut self.making, Making::Ended) {
            Making::Portion(portion) => {
                let Made { maker, pieces } = portion.await?;
                // Counted before it leaves.
                self.plan.asked.rows = maker.file.rows;
                self.pieces = pieces.into();
                self.making = if maker.is_done() {
                    Making::Done(Box::new(maker))
                } else {
                    Making::Portion(Box::pin(maker.go_on(Arc::clone(&self.server))))
                };
                Ok(())
            }
            Making::Done(maker) => self.finish(*maker).await,
            Making::Ended => Ok(()),
        }
    }

    /// Signs and records what was exported.
    async fn finish(&mut self, maker: Maker) -> Result<(), HttpError> {
        let (server, plan) = (&self.server, &self.plan);
        let file = maker.file;
        let mut manifest = plan.manifest.clone();
        manifest.count = file.rows;
        manifest.first = file.seqs.map(|(low, _)| low);
        manifest.last = file.seqs.map(|(_, high)| high);
        manifest.chain = file.chain;
        manifest.bytes = file.bytes;
        manifest.sha256 = file.sha256();
        manifest.ended_at = server.clock.wall();
        if manifest.kind == Kind::Whole {
            let nodes = cover(file.edge.size(), plan.head.size);
            let hashes = server.store.nodes(maker.log, &nodes).await?;
            let levels = nodes.iter().map(|(level, _)| *level);
            let right: Vec<(u8, Hash)> = levels.zip(hashes.iter().copied()).collect();
            let root = file.root(&right).ok();
            if root != Some(plan.head.root) {
                let what = format!("log {}: rows do not make the signed root", manifest.log);
                return Err(StoreError::Damaged(what).into());
            }
            manifest.right = hashes;
            manifest.subtree_level = file.level;
            manifest.subtrees.clone_from(&file.subtrees);
        }
        let note = server
            .store
            .sign_export(maker.log, &manifest.to_text())
            .await?;
        let digest = Hash::of(note.as_bytes());
        server
            .record_export_completed(&plan.asked, &manifest, digest)
            .await?;
        self.recorded = true;
        let now = self.server.clock.monotonic();
        let tenant = maker.log.tenant();
        self.server
            .exports
            .keep(self.plan.asked.id, tenant, note, now);
        Ok(())
    }
}

impl Drop for Feed {
    fn drop(&mut self) {
        if !self.recorded {
            self.server.exports.was_cut(self.plan.asked.clone());
        }
    }
}

impl fmt::Debug for Feed {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Feed")
            .field("plan", &self.plan)
            .finish_non_exhaustive()
    }
}

impl Pieces for Feed {
    type Error = CutOff;

    async fn next(&mut self) -> Option<Result<Bytes, CutOff>> {
        self.next_piece().await
    }
}

/// Whoever was refused before the first byte is told so.
pub(super) fn not_signed() -> HttpError {
    HttpError::new(code::NOT_SIGNED_YET, "the log has no checkpoint yet").retry_after(1)
}
