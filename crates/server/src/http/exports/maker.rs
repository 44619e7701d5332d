//! Making the rows of an export, a portion at a time, apart from the requests.
//!
//! Promises: a portion is bounded in rows and bytes, whatever the events are like, and takes a core only while it is made.
//! Must never: wait for the reader.

use std::sync::Arc;
use std::time::Duration;

use axum::body::Bytes;
use query::{Filter, Viewer};
use store::index::{Order, Page, Place, Search};
use store::{LogRef, StoreError};
use tokio::runtime::Handle;

use super::file::File;
use super::proofs::Prover;
use crate::http::HttpError;
use crate::server::Server;

/// Most rows of a portion.
const PORTION_ROWS: u64 = 1_024;
/// Bytes from which on a portion takes no further step.
const PORTION_BYTES: usize = 1024 * 1024;
/// Records that are read at once: with two full parts each they are 33 MB.
const STEP: u64 = 64;
/// Hits of one page of a search: as many records as a step may hold at once.
const PAGE_EVENTS: usize = 256;
/// How long to wait for a turn among the tenant's searches.
const TURN_PAUSE: Duration = Duration::from_millis(50);
/// How often.
const TURNS_MAX: u32 = 1_200;

/// Where rows come from.
#[derive(Debug)]
pub(super) enum Rows {
    /// All of a range.
    Range {
        /// The next seq.
        next: u64,
        /// The seq behind the last.
        end: u64,
    },
    /// What a query finds.
    Query(Box<Finding>),
}

/// A search under way.
#[derive(Debug)]
pub(super) struct Finding {
    pub(super) filter: Filter,
    pub(super) viewer: Viewer,
    pub(super) size: u64,
    pub(super) after: Option<Place>,
    pub(super) ended: bool,
    /// The first page, found before the answer began.
    pub(super) ahead: Option<Page>,
    pub(super) prover: Prover,
    /// Whether rows carry proofs.
    pub(super) proves: bool,
}

/// A file, and what goes into it.
#[derive(Debug)]
pub(super) struct Maker {
    pub(super) log: LogRef,
    pub(super) file: File,
    pub(super) rows: Rows,
}

/// A portion that was made.
#[derive(Debug)]
pub(super) struct Made {
    pub(super) maker: Maker,
    pub(super) pieces: Vec<Bytes>,
}

impl Maker {
    /// Whether every row was made.
    pub(super) fn is_done(&self) -> bool {
        match &self.rows {
            Rows::Range { next, end } => next >= end,
            Rows::Query(finding) => finding.ended && finding.ahead.is_none(),
        }
    }

    /// Finds the first page of a query, so that an index that can't be asked is told of in the answer's status. Nothing
    /// is written yet.
    pub(super) async fn look(&mut self, server: &Server) -> Result<(), HttpError> {
        if let Rows::Query(finding) = &mut self.rows {
            finding.ahead = Some(finding.next(server, self.log).await?);
        }
        Ok(())
    }

    /// Makes the next portion. The answer of a range is begun at once, waited for or not; of a query when it is.
    pub(super) fn go_on(
        self,
        server: Arc<Server>,
    ) -> impl Future<Output = Result<Made, HttpError>> + Send + use<> {
        let (mut early, mut late) = (None, None);
        match self.rows {
            Rows::Range { .. } => {
                early = Some(apart(&server, |server| async move {
                    self.portion(&server).await
                }));
            }
            Rows::Query(_) => late = Some(self),
        }
        async move {
            match (early, late) {
                (Some(making), _) => making.await,
                (None, Some(maker)) => maker.found(server).await,
                (None, None) => Err(HttpError::internal("an export without rows")),
            }
        }
    }

    /// The next rows of a range.
    async fn portion(mut self, server: &Server) -> Result<Made, StoreError> {
        let mut pieces = Vec::new();
        let Rows::Range { next, end } = &mut self.rows else {
            return Err(StoreError::NotFound);
        };
        let begun = self.file.bytes;
        let last = (*end).min(next.saturating_add(PORTION_ROWS));
        while *next < last && self.file.bytes - begun < PORTION_BYTES as u64 {
            let to = last.min(*next + STEP);
            let records = server.store.records(self.log, *next..to).await?;
            if !records.iter().map(|record| record.seq).eq(*next..to) {
                return Err(StoreError::Damaged(format!(
                    "seq {next} to {to}: not all there"
                )));
            }
            for record in records {
                self.file.push(&record, None)?;
                pieces.extend(self.file.piece());
            }
            *next = to;
        }
        if *next >= *end {
            pieces.extend(self.file.rest());
        }
        Ok(Made {
            maker: self,
            pieces,
        })
    }

    /// The next page of what a query finds.
    async fn found(mut self, server: Arc<Server>) -> Result<Made, HttpError> {
        let page = {
            let Rows::Query(finding) = &mut self.rows else {
                return Err(HttpError::internal("an export without a query"));
            };
            match finding.ahead.take() {
                Some(page) => page,
                None => finding.next(&server, self.log).await?,
            }
        };
        apart(&server, |server| async move {
            self.write_page(&server, page).await
        })
        .await
    }

    async fn write_page(mut self, server: &Server, page: Page) -> Result<Made, StoreError> {
        let Rows::Query(finding) = &mut self.rows else {
            return Err(StoreError::NotFound);
        };
        let mut proofs = Vec::new();
        if finding.proves {
            let seqs: Vec<u64> = page.hits.iter().map(|hit| hit.place.seq).collect();
            proofs = finding.prover.prove(&*server.store, &seqs).await?;
        }
        let mut proofs = proofs.into_iter();
        let mut pieces = Vec::new();
        for hit in page.hits {
            self.file.push(&hit.record, proofs.next())?;
            pieces.extend(self.file.piece());
        }
        if finding.ended {
            pieces.extend(self.file.rest());
        }
        Ok(Made {
            maker: self,
            pieces,
        })
    }
}

impl Finding {
    async fn next(&mut self, server: &Server, log: LogRef) -> Result<Page, HttpError> {
        let search = Search {
            filter: self.filter.clone(),
            viewer: self.viewer,
            order: Order::Oldest,
            after: self.after,
            size: self.size,
            limit: PAGE_EVENTS,
        };
        let mut tries = 0;
        // Others of the tenant search as well: an export waits for its turn.
        let _turn = loop {
            match server.searches.enter(log.tenant()) {
                Ok(turn) => break turn,
                Err(error) if tries >= TURNS_MAX => return Err(error),
                Err(_) => {
                    tries += 1;
                    tokio::time::sleep(TURN_PAUSE).await;
                }
            }
        };
        let page = server.index.search(log, &search).await?;
        self.ended = page.next.is_none();
        self.after = page.next;
        Ok(page)
    }
}

/// Does work on a thread for it, when there is a core to spare. Begun at once, waited for or not.
fn apart<F, Done>(
    server: &Arc<Server>,
    work: F,
) -> impl Future<Output = Result<Made, HttpError>> + Send + use<F, Done>
where
    F: FnOnce(Arc<Server>) -> Done + Send + 'static,
    Done: Future<Output = Result<Made, StoreError>>,
{
    let server = Arc::clone(server);
    let handle = Handle::current();
    let working = tokio::task::spawn_blocking(move || {
        handle.block_on(async move {
            let _core = Arc::clone(&server.cores).acquire_owned().await;
            work(server).await
        })
    });
    async move {
        let made = working.await;
        let made =
            made.map_err(|error| HttpError::internal(format!("making an export: {error}")))?;
        Ok(made?)
    }
}
