//! The state file: right edges, where blocks lie, inner nodes, the registry. One redb transaction a round.
//!
//! Promises: a commit is whole or not at all, and says up to which journal frame everything is packed. Derived but for
//! nothing: packs hold all of it, so a damaged state file costs a rebuild, not history. Rows that say who may do what,
//! and how far each log goes, bear checks under a key that is not here ([`seal`]).

mod backend;
mod rows;
mod seal;

use std::panic::AssertUnwindSafe;
use std::path::Path;
use std::sync::{Mutex, PoisonError};

use keys::durable::{Disk, DiskFile, OpenMode, Secrecy, renew};
use ledger::hash::Hash;
use ledger::name::LogId;
use redb::{
    AccessGuard, Database, ReadTransaction, ReadableDatabase, ReadableTable, TableDefinition,
};
use store::{ApiKey, TenantRecord};

use crate::ids::Row;
use crate::mac::FrameKey;
use crate::registry_text;
pub(crate) use rows::{BlockRow, LogRow, Progress};
pub use seal::Unsealed;
use seal::{Seal, Sum, Table};

const PROGRESS: TableDefinition<'_, &str, &[u8]> = TableDefinition::new("progress");
const LOGS: TableDefinition<'_, &[u8], &[u8]> = TableDefinition::new("logs");
const BLOCKS: TableDefinition<'_, &[u8], &[u8]> = TableDefinition::new("blocks");
const NODES: TableDefinition<'_, &[u8], &[u8]> = TableDefinition::new("nodes");
const TENANTS: TableDefinition<'_, &[u8], &[u8]> = TableDefinition::new("tenants");
const API_KEYS: TableDefinition<'_, &str, &[u8]> = TableDefinition::new("api_keys");
const ID_RUNS: TableDefinition<'_, u64, u64> = TableDefinition::new("id_runs");
const RECENT_IDS: TableDefinition<'_, (u64, u64), ()> = TableDefinition::new("recent_ids");
const RECORDED: TableDefinition<'_, &[u8], u64> = TableDefinition::new("recorded_heads");

/// Memory for the state file's pages.
const CACHE_BYTES: usize = 24 * 1024 * 1024;

/// Key of the row of `progress` that says how far packing has come.
const PROGRESS_KEY: &str = "progress";
/// Key of the row of `progress` with the check over all checked rows.
const REGISTRY_KEY: &str = "registry";

/// Why the state file failed.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum StateError {
    /// The disk failed, or its pages are not what was written.
    #[error("the state file failed")]
    Engine(#[source] Box<redb::Error>),
    /// Tenants, keys or right edges are not what this store wrote.
    #[error("the registry in the state file can't be trusted")]
    Unsealed(#[source] Unsealed),
}

impl<E: Into<redb::Error>> From<E> for StateError {
    fn from(error: E) -> Self {
        Self::Engine(Box::new(error.into()))
    }
}

/// The open state file.
#[derive(Debug)]
pub(crate) struct State {
    database: Database,
    seal: Seal,
    /// What the checked rows come to. The packer alone changes it.
    sum: Mutex<Sum>,
}

/// Everything that one round of packing changes.
#[derive(Debug, Default)]
pub(crate) struct Round {
    pub(crate) progress: Progress,
    pub(crate) logs: Vec<(LogId, LogRow)>,
    pub(crate) blocks: Vec<(u32, u64, BlockRow)>,
    pub(crate) nodes: Vec<(u32, u8, u64, Hash)>,
    pub(crate) tenants: Vec<TenantRecord>,
    pub(crate) api_keys: Vec<ApiKey>,
    /// Ids that no run holds yet.
    pub(crate) recent_ids: Vec<Row>,
    /// New runs with their counts; when any is new, `recent_ids` of earlier rounds are in it.
    pub(crate) new_runs: Vec<(u64, u64)>,
    pub(crate) dead_runs: Vec<u64>,
    /// Sizes at which heads were recorded in the instance log.
    pub(crate) recorded: Vec<(LogId, u64)>,
}

/// What is read at start.
#[derive(Debug, Default)]
pub(crate) struct Contents {
    pub(crate) progress: Progress,
    pub(crate) logs: Vec<(LogId, LogRow)>,
    pub(crate) tenants: Vec<TenantRecord>,
    pub(crate) api_keys: Vec<ApiKey>,
    pub(crate) recent_ids: Vec<Row>,
    pub(crate) id_runs: Vec<u64>,
    pub(crate) recorded: Vec<(LogId, u64)>,
}

impl State {
    /// Opens or makes the state file at `path`. One that is there is written anew first, because it may hold a commit
    /// that is seen and not durable (see [`renew`]). Nothing may be committed before [`contents`](Self::contents).
    pub(crate) fn open(disk: &dyn Disk, path: &Path, key: FrameKey) -> Result<Self, StateError> {
        if disk.exists(path).map_err(redb::Error::Io)? {
            let length = disk
                .open(path, OpenMode::Read, Secrecy::Secret)
                .and_then(|file| file.len());
            let length = length.map_err(redb::Error::Io)?;
            if length == 0 {
                // redb would begin an empty one.
                return Err(corrupted_pages());
            }
            renew(disk, path, length, Secrecy::Secret).map_err(redb::Error::Io)?;
        }
        let file = disk
            .open(path, OpenMode::CreateOrOpen, Secrecy::Secret)
            .map_err(redb::Error::Io)?;
        if let Some(directory) = path.parent() {
            disk.sync_dir(directory).map_err(redb::Error::Io)?;
        }
        let mut builder = Database::builder();
        builder.set_cache_size(CACHE_BYTES);
        // redb takes for granted what it wrote about free pages, and panics over it when it was changed.
        let opened = std::panic::catch_unwind(AssertUnwindSafe(|| whole(&builder, file)));
        let database = opened.unwrap_or_else(|_| Err(corrupted_pages()))?;
        let transaction = database.begin_write()?;
        transaction.open_table(PROGRESS)?;
        transaction.open_table(LOGS)?;
        transaction.open_table(BLOCKS)?;
        transaction.open_table(NODES)?;
        transaction.open_table(TENANTS)?;
        transaction.open_table(API_KEYS)?;
        transaction.open_table(ID_RUNS)?;
        transaction.open_table(RECENT_IDS)?;
        transaction.open_table(RECORDED)?;
        transaction.commit()?;
        Ok(Self {
            database,
            seal: Seal::new(key),
            sum: Mutex::default(),
        })
    }

    /// Reads what is kept in memory, and believes no row that says who may do what before all of them are checked.
    pub(crate) fn contents(&self) -> Result<Contents, StateError> {
        let transaction = self.database.begin_read()?;
        let mut contents = Contents::default();
        let mut sum = Sum::default();
        let [progress, check] = Self::progress_rows(&transaction)?;
        // Without a check nothing is read: what an earlier version wrote is told from what was changed.
        let Some(check) = check else {
            return self.unwritten(&transaction, progress.is_some());
        };
        let progress = progress.ok_or_else(|| corrupted("progress"))?;
        contents.progress = rows::read_progress(&progress).ok_or_else(|| corrupted("progress"))?;
        for row in transaction.open_table(LOGS)?.iter()? {
            let (key, value) = row?;
            let content = self.checked(Table::Logs, key.value(), value.value(), &mut sum)?;
            let log = key
                .value()
                .try_into()
                .map(LogId)
                .map_err(|_| corrupted("logs"))?;
            let row = rows::read_log(content).ok_or_else(|| corrupted("logs"))?;
            contents.logs.push((log, row));
        }
        for row in transaction.open_table(TENANTS)?.iter()? {
            let (key, value) = row?;
            let content = self.checked(Table::Tenants, key.value(), value.value(), &mut sum)?;
            let tenant = registry_text::decode_tenant(content);
            contents
                .tenants
                .push(tenant.ok_or_else(|| corrupted("tenants"))?);
        }
        for row in transaction.open_table(API_KEYS)?.iter()? {
            let (key, value) = row?;
            let id = key.value().as_bytes();
            let content = self.checked(Table::ApiKeys, id, value.value(), &mut sum)?;
            let key = registry_text::decode_key(content);
            contents
                .api_keys
                .push(key.ok_or_else(|| corrupted("api_keys"))?);
        }
        self.seal
            .verify(&check, &progress, &sum)
            .map_err(StateError::Unsealed)?;
        *self.sum.lock().unwrap_or_else(PoisonError::into_inner) = sum;
        for row in transaction.open_table(RECENT_IDS)?.iter()? {
            contents.recent_ids.push(row?.0.value());
        }
        for row in transaction.open_table(ID_RUNS)?.iter()? {
            contents.id_runs.push(row?.0.value());
        }
        for row in transaction.open_table(RECORDED)?.iter()? {
            let (key, value) = row?;
            let log = key
                .value()
                .try_into()
                .map(LogId)
                .map_err(|_| corrupted("recorded_heads"))?;
            contents.recorded.push((log, value.value()));
        }
        Ok(contents)
    }

    /// How far packing has come, and the check over all checked rows.
    fn progress_rows(transaction: &ReadTransaction) -> Result<[Option<Vec<u8>>; 2], StateError> {
        let table = transaction.open_table(PROGRESS)?;
        let read = |key: &str| Ok::<_, StateError>(table.get(key)?.map(|row| row.value().to_vec()));
        Ok([read(PROGRESS_KEY)?, read(REGISTRY_KEY)?])
    }

    /// The contents of a file that no round was committed to yet. One with rows and without their check is no such file;
    /// that one lacks what was signed is found by the signer's memory.
    fn unwritten(
        &self,
        transaction: &ReadTransaction,
        packed: bool,
    ) -> Result<Contents, StateError> {
        let mut written = packed || transaction.open_table(API_KEYS)?.iter()?.next().is_some();
        for table in [LOGS, TENANTS] {
            written |= transaction.open_table(table)?.iter()?.next().is_some();
        }
        if written {
            return Err(StateError::Unsealed(Unsealed::Missing));
        }
        *self.sum.lock().unwrap_or_else(PoisonError::into_inner) = Sum::default();
        Ok(Contents::default())
    }

    /// The content of a row, counted into `sum`.
    fn checked<'a>(
        &self,
        table: Table,
        key: &[u8],
        row: &'a [u8],
        sum: &mut Sum,
    ) -> Result<&'a [u8], StateError> {
        let content = self.seal.open(table, key, row);
        let content = content.map_err(StateError::Unsealed)?;
        sum.put(&self.seal, None, row);
        Ok(content)
    }

    /// Makes a round durable.
    pub(crate) fn commit(&self, round: &Round) -> Result<(), StateError> {
        let transaction = self.database.begin_write()?;
        let mut known = self.sum.lock().unwrap_or_else(PoisonError::into_inner);
        let mut sum = *known;
        {
            let mut logs = transaction.open_table(LOGS)?;
            for (log, row) in &round.logs {
                let row = self.seal.row(Table::Logs, &log.0, &rows::log(row));
                let old = logs.insert(log.0.as_slice(), row.as_slice())?;
                sum.put(&self.seal, old.as_ref().map(AccessGuard::value), &row);
            }
            let mut tenants = transaction.open_table(TENANTS)?;
            for tenant in &round.tenants {
                let content = registry_text::encode_tenant(tenant);
                let row = self.seal.row(Table::Tenants, &tenant.id.0, &content);
                let old = tenants.insert(tenant.id.0.as_slice(), row.as_slice())?;
                sum.put(&self.seal, old.as_ref().map(AccessGuard::value), &row);
            }
            let mut api_keys = transaction.open_table(API_KEYS)?;
            for key in &round.api_keys {
                let content = registry_text::encode_key(key);
                let row = self.seal.row(Table::ApiKeys, key.id.as_bytes(), &content);
                let old = api_keys.insert(key.id.as_str(), row.as_slice())?;
                sum.put(&self.seal, old.as_ref().map(AccessGuard::value), &row);
            }
            let progress = rows::progress(&round.progress);
            let mut table = transaction.open_table(PROGRESS)?;
            table.insert(PROGRESS_KEY, progress.as_slice())?;
            table.insert(REGISTRY_KEY, self.seal.whole(&progress, &sum).as_slice())?;
            let mut blocks = transaction.open_table(BLOCKS)?;
            for (log, first, row) in &round.blocks {
                blocks.insert(
                    rows::block_key(*log, *first).as_slice(),
                    rows::block(row).as_slice(),
                )?;
            }
            let mut nodes = transaction.open_table(NODES)?;
            for (log, level, index, hash) in &round.nodes {
                nodes.insert(
                    rows::node_key(*log, *level, *index).as_slice(),
                    hash.0.as_slice(),
                )?;
            }
            let mut recent = transaction.open_table(RECENT_IDS)?;
            if !round.new_runs.is_empty() {
                recent.retain(|_, ()| false)?;
            }
            for row in &round.recent_ids {
                recent.insert(row, ())?;
            }
            let mut runs = transaction.open_table(ID_RUNS)?;
            for (number, count) in &round.new_runs {
                runs.insert(number, count)?;
            }
            for number in &round.dead_runs {
                runs.remove(number)?;
            }
            let mut recorded = transaction.open_table(RECORDED)?;
            for (log, size) in &round.recorded {
                recorded.insert(log.0.as_slice(), size)?;
            }
        }
        transaction.commit()?;
        *known = sum;
        Ok(())
    }

    /// The block that holds `seq` of log number `log`: its first seq and where it lies.
    pub(crate) fn block_of(
        &self,
        log: u32,
        seq: u64,
    ) -> Result<Option<(u64, BlockRow)>, StateError> {
        let transaction = self.database.begin_read()?;
        let blocks = transaction.open_table(BLOCKS)?;
        let (from, to) = (rows::block_key(log, 0), rows::block_key(log, seq));
        let Some(row) = blocks.range(from.as_slice()..=to.as_slice())?.next_back() else {
            return Ok(None);
        };
        let (key, value) = row?;
        let first = rows::first_of(key.value()).ok_or_else(|| corrupted("blocks"))?;
        let row = rows::read_block(value.value()).ok_or_else(|| corrupted("blocks"))?;
        Ok((seq < first + u64::from(row.count)).then_some((first, row)))
    }

    /// A stored inner node.
    pub(crate) fn node(&self, log: u32, level: u8, index: u64) -> Result<Option<Hash>, StateError> {
        let transaction = self.database.begin_read()?;
        let nodes = transaction.open_table(NODES)?;
        let row = nodes.get(rows::node_key(log, level, index).as_slice())?;
        row.map(|row| {
            row.value()
                .try_into()
                .map(Hash)
                .map_err(|_| corrupted("nodes"))
        })
        .transpose()
    }
}

/// Opens the database and checks every page. After a clean end redb takes its pages as they are: a flipped bit would be
/// an id that is not found again, or a tenant by another name.
fn whole(builder: &redb::Builder, file: Box<dyn DiskFile>) -> Result<Database, StateError> {
    let mut database = builder.create_with_backend(backend::Backend::new(file))?;
    if database.check_integrity()? {
        Ok(database)
    } else {
        Err(corrupted_pages())
    }
}

fn corrupted_pages() -> StateError {
    StateError::from(redb::Error::Corrupted(
        "its pages are not what was written".to_owned(),
    ))
}

fn corrupted(table: &str) -> StateError {
    StateError::from(redb::Error::Corrupted(format!(
        "a row of {table} is not of this version"
    )))
}
