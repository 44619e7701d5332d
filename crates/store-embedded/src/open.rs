//! Opening a data directory: recovery by the functions of the happy path, then the threads.

use std::collections::{BTreeMap, HashMap};
use std::io;
use std::path::PathBuf;
use std::sync::{Arc, Mutex};
use std::time::Duration;

use keys::durable::{Disk, Lock};
use keys::master::{KeysDirectory, KeysError};
use keys::signer::Signer;
use ledger::clock_guard::ClockGuard;
use ledger::name::{InstanceId, LogId, TenantId};
use ledger::seal::Head;
use ledger::source::{Clock, Rng};
use ledger::time::Micros;
use ledger::tree::{CompactRange, root_plan};
use query::{Nowhere, Places};
use store::registry::INSTANCE_TENANT;
use store::{Instance, SignedHead, StoreError};

use crate::cache::PackReader;
use crate::frame::Frame;
use crate::ids::{self, IdIndex, IdRun};
use crate::index::Index;
use crate::journal::{Journal, JournalError};
use crate::layout::{Format, Layout, LayoutError, Stage};
use crate::mac::FrameKey;
use crate::packer::{Inbox, Packer, Packs, origin_of};
use crate::queue::Queue;
use crate::room::Room;
use crate::shared::{LogView, Registry, Shared, View};
use crate::signing::{Notes, SharedSigner, Signing};
use crate::state::{Contents, LogRow, State, StateError, Unsealed};
use crate::writer::{VerifierKeyOf, Writer, publish};

/// What a store is opened with.
#[derive(Debug)]
pub struct Options {
    /// Where bytes are kept.
    pub disk: Arc<dyn Disk>,
    /// The data directory.
    pub data: PathBuf,
    /// The instance's keys.
    pub keys: KeysDirectory,
    /// What signs checkpoints.
    pub signer: Box<dyn Signer>,
    /// Time.
    pub clock: Arc<dyn Clock>,
    /// Randomness.
    pub rng: Arc<dyn Rng>,
    /// What the origins of logs begin with; `None` for `veritrail.invalid/<instance id>`. Fixed when the data
    /// directory is made.
    pub origin: Option<String>,
    /// Longest time from an acknowledgement to its checkpoint, when nothing hurries.
    pub checkpoint_interval: Duration,
    /// Whether events can be searched. Without it nothing is indexed.
    pub search: bool,
    /// What says where addresses are. The index is built anew when it is another than before.
    pub places: Arc<dyn Places>,
    /// Bytes that may wait for the writer.
    pub queue_bytes_max: u64,
    /// Bytes that may wait, acknowledged, to be packed.
    pub tail_bytes_max: u64,
    /// Bytes that producers leave free on the disk.
    pub reserve_bytes: u64,
}

impl Options {
    /// The options of a server that was not told otherwise.
    pub fn new(
        disk: Arc<dyn Disk>,
        data: PathBuf,
        keys: KeysDirectory,
        signer: Box<dyn Signer>,
        clock: Arc<dyn Clock>,
        rng: Arc<dyn Rng>,
    ) -> Self {
        Self {
            disk,
            data,
            keys,
            signer,
            clock,
            rng,
            origin: None,
            checkpoint_interval: Duration::from_secs(1),
            search: true,
            places: Arc::new(Nowhere),
            queue_bytes_max: 64 * 1024 * 1024,
            tail_bytes_max: 384 * 1024 * 1024,
            reserve_bytes: 256 * 1024 * 1024,
        }
    }
}

/// Why a store does not open. The message says what to do.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum OpenError {
    /// The directory can't be used.
    #[error(transparent)]
    Layout(#[from] LayoutError),
    /// The journal can't be used.
    #[error(transparent)]
    Journal(#[from] JournalError),
    /// The keys are another instance's.
    #[error(
        "the keys directory belongs to instance {keys}, the data to instance {data}; name the right one"
    )]
    ForeignKeys {
        /// Whose keys.
        keys: InstanceId,
        /// Whose data.
        data: InstanceId,
    },
    /// Keys can't be derived.
    #[error(transparent)]
    Keys(#[from] KeysError),
    /// The state file can't be read.
    #[error(
        "the state file {} can't be used; make room if the disk is full, else restore it from a copy: packs and journal \
         hold everything in it", path.display()
    )]
    State {
        /// Which.
        path: PathBuf,
        /// Why.
        source: StateError,
    },
    /// Tenants, keys or right edges in the state file are not what this store wrote.
    #[error("the registry in {} can't be trusted: {what}", path.display())]
    Registry {
        /// The state file.
        path: PathBuf,
        /// What is wrong with it, and what to do.
        what: Unsealed,
    },
    /// The signer remembers more than the data hold.
    #[error(
        "log {log} was signed at {signed} entries, but the data hold {found}: they were cut or restored from an old \
         copy; bring the newest copy back, and run `veritrail verify` to see what is missing"
    )]
    RolledBack {
        /// Which log.
        log: LogId,
        /// What was signed.
        signed: u64,
        /// What is there.
        found: u64,
    },
    /// The data are not what was signed.
    #[error(
        "log {log} is not what was signed at {size} entries; run `veritrail verify` to see where it differs"
    )]
    Tampered {
        /// Which log.
        log: LogId,
        /// At which size.
        size: u64,
    },
    /// A pack can't be used.
    #[error("the packs in {} can't be used; run `veritrail verify` to see which, and restore it from a copy", path.display())]
    Packs {
        /// Where.
        path: PathBuf,
        /// Why.
        source: io::Error,
    },
    /// Recovery failed.
    #[error("recovering the data directory failed")]
    Recovery(#[from] StoreError),
}

impl OpenError {
    fn of_state(path: PathBuf, source: StateError) -> Self {
        match source {
            StateError::Unsealed(what) => Self::Registry { path, what },
            source => Self::State { path, source },
        }
    }
}

/// A store that is recovered, its threads not yet begun.
pub(crate) struct Opened {
    pub(crate) shared: Arc<Shared>,
    pub(crate) queue: Arc<Queue>,
    pub(crate) inbox: Arc<Inbox>,
    pub(crate) writer: Writer,
    pub(crate) packer: Packer,
    pub(crate) signer: SharedSigner,
    pub(crate) lock: Box<dyn Lock>,
}

/// Opens or makes the data directory and recovers it.
pub(crate) fn open(options: Options) -> Result<Opened, OpenError> {
    let layout = Layout::new(&options.data);
    let disk = Arc::clone(&options.disk);
    if let Stage::Empty = layout.stage(&*disk)? {
        let signed = options
            .signer
            .heads()
            .into_iter()
            .map(|(log, head)| (log, head.size))
            .next();
        if let Some((log, signed)) = signed {
            return Err(OpenError::RolledBack {
                log,
                signed,
                found: 0,
            });
        }
        layout.make_root(&*disk)?;
    }
    let lock = disk
        .try_lock(&layout.lock())
        .map_err(|source| match source.kind() {
            io::ErrorKind::WouldBlock => LayoutError::InUse {
                path: options.data.clone(),
            },
            _ => LayoutError::Disk {
                path: layout.lock(),
                source,
            },
        })?;
    // Again, under the lock: another process may have been faster.
    let stage = layout.stage(&*disk)?;
    let frame_key = FrameKey::new(&options.keys.frame_key(options.keys.instance()));
    let state_failed = |source| OpenError::of_state(layout.state(), source);
    let (format, fresh) = match stage {
        Stage::Whole(format) => (format, false),
        Stage::Empty => (begin(&options, &layout, &frame_key)?, true),
    };
    if format.instance != options.keys.instance() {
        return Err(OpenError::ForeignKeys {
            keys: options.keys.instance(),
            data: format.instance,
        });
    }
    layout.complete(&*disk, &format)?;
    if !fresh
        && !disk
            .exists(&layout.state())
            .map_err(|source| LayoutError::Disk {
                path: layout.state(),
                source,
            })?
    {
        return Err(state_failed(
            redb::Error::Io(io::ErrorKind::NotFound.into()).into(),
        ));
    }
    let state = State::open(&*disk, &layout.state(), frame_key.clone()).map_err(state_failed)?;
    let contents = state.contents().map_err(state_failed)?;
    let (journal, frames) = Journal::open(
        Arc::clone(&disk),
        &layout.journal(),
        frame_key.clone(),
        contents.progress.frame,
    )?;
    recover(
        options, &layout, format, state, &contents, journal, &frames, frame_key, lock,
    )
}

/// Makes what a new data directory holds; FORMAT comes last.
fn begin(options: &Options, layout: &Layout, key: &FrameKey) -> Result<Format, OpenError> {
    let disk = &options.disk;
    layout.make(&**disk)?;
    Journal::create(Arc::clone(disk), &layout.journal(), key.clone())?;
    State::open(&**disk, &layout.state(), key.clone())
        .map_err(|source| OpenError::of_state(layout.state(), source))?;
    let instance = options.keys.instance();
    let origin = options
        .origin
        .clone()
        .unwrap_or_else(|| format!("veritrail.invalid/{instance}"));
    Ok(Format { instance, origin })
}

#[expect(
    clippy::too_many_arguments,
    clippy::too_many_lines,
    reason = "recovery, one straight sequence cut in two"
)]
fn recover(
    options: Options,
    layout: &Layout,
    format: Format,
    state: State,
    contents: &Contents,
    journal: Journal,
    frames: &[Frame],
    key: FrameKey,
    lock: Box<dyn Lock>,
) -> Result<Opened, OpenError> {
    // Before anything is cut: the rest of what was signed may still stand in the packs.
    refuse_rolled_back(&*options.signer, contents, frames)?;
    let disk = Arc::clone(&options.disk);
    let packs_failed = |source| OpenError::Packs {
        path: layout.packs(),
        source,
    };
    let logs: HashMap<LogId, LogRow> = contents.logs.iter().cloned().collect();
    let packs = Packs::resume(
        Arc::clone(&disk),
        &layout.packs(),
        key.clone(),
        contents.progress,
        logs,
        contents.recent_ids.clone(),
    )
    .map_err(packs_failed)?;
    let view = view_of(contents, &*disk, layout, &options.keys)?;
    let instance = Instance {
        id: format.instance,
        origin: format.origin,
        tenant: view
            .registry
            .by_name
            .get(INSTANCE_TENANT)
            .copied()
            .unwrap_or(TenantId(format.instance.0)),
    };
    let reader = PackReader::new(Arc::clone(&disk), layout.packs(), key);
    let index =
        Index::new(Arc::clone(&disk), layout.index(), options.places).map_err(|source| {
            LayoutError::Disk {
                path: layout.index(),
                source,
            }
        })?;
    let shared = Arc::new(Shared::new(
        Arc::clone(&disk),
        layout.clone(),
        instance,
        options.keys,
        state,
        reader,
        Arc::new(index),
        view,
    ));
    let (heads, newest) = replay(&shared, contents, frames)?;
    check_origin(&shared)?;
    let inbox = Arc::new(Inbox::default());
    let queue = Arc::new(Queue::new(
        Arc::clone(&shared),
        options.queue_bytes_max,
        options.tail_bytes_max,
    ));
    let notes = Notes::begin(Arc::clone(&disk), layout.checkpoints(), BTreeMap::new())
        .map_err(packs_failed)?;
    let signer: SharedSigner = Arc::new(Mutex::new(options.signer));
    let mut packer = Packer {
        shared: Arc::clone(&shared),
        inbox: Arc::clone(&inbox),
        queue: Arc::clone(&queue),
        packs,
        signing: Signing::new(Arc::clone(&signer), notes),
        clock: Arc::clone(&options.clock),
        interval: options.checkpoint_interval,
    };
    packer.recover(frames, &heads)?;
    let vkey_of = vkey_maker(&**packer.signing.signer());
    let (wall, monotonic) = (options.clock.wall(), options.clock.monotonic());
    let writer = Writer {
        shared: Arc::clone(&shared),
        queue: Arc::clone(&queue),
        inbox: Arc::clone(&inbox),
        journal,
        heads,
        newest,
        guard: ClockGuard::new(wall, monotonic),
        clock: options.clock,
        room: Room::new(disk, layout.root.clone(), options.reserve_bytes),
        vkey_of,
    };
    Ok(Opened {
        shared,
        queue,
        inbox,
        writer,
        packer,
        signer,
        lock,
    })
}

/// FORMAT bears no check of its own; the instance log's first entry, which is signed, says what it must name.
fn check_origin(shared: &Shared) -> Result<(), OpenError> {
    let tenants = shared.view().registry.tenants.clone();
    let Some(tenant) = tenants.get(&shared.instance.tenant) else {
        return Ok(());
    };
    let log = tenant.record.main;
    let (found, made) = (&shared.instance.origin, origin_of(shared, log)?);
    if made == format!("{found}/{log}") {
        return Ok(());
    }
    Err(LayoutError::OtherOrigin {
        path: shared.layout.format(),
        found: found.clone(),
        made: made
            .strip_suffix(&format!("/{log}"))
            .unwrap_or(&made)
            .to_owned(),
    }
    .into())
}

/// Holds what the signer remembers against how far state and journal go.
fn refuse_rolled_back(
    signer: &dyn Signer,
    contents: &Contents,
    frames: &[Frame],
) -> Result<(), OpenError> {
    let mut sizes: HashMap<LogId, u64> = contents
        .logs
        .iter()
        .map(|(log, row)| (*log, row.range.size()))
        .collect();
    for run in frames.iter().flat_map(|frame| &frame.runs) {
        let size = sizes.entry(run.log).or_default();
        *size = run.end().max(*size);
    }
    for (log, head) in signer.heads() {
        let found = sizes.get(&log).copied().unwrap_or_default();
        if head.size > found {
            return Err(OpenError::RolledBack {
                log,
                signed: head.size,
                found,
            });
        }
    }
    Ok(())
}

/// The signer's verifier key under any origin, for the writer, which has no signer at hand.
fn vkey_maker(signer: &dyn Signer) -> VerifierKeyOf {
    let public_key = signer.public_key();
    let sample = signer.vkey("veritrail.invalid");
    let encoded = sample
        .as_deref()
        .and_then(|vkey| vkey.splitn(3, '+').nth(2))
        .unwrap_or_default()
        .to_owned();
    Box::new(move |origin| {
        let id = ledger::note::key_id(origin, ledger::note::ED25519, &public_key);
        format!("{origin}+{}+{encoded}", ledger::name::to_hex(&id))
    })
}

/// What was packed, as readers see it.
fn view_of(
    contents: &Contents,
    disk: &dyn Disk,
    layout: &Layout,
    keys: &KeysDirectory,
) -> Result<View, OpenError> {
    let mut registry = Registry::default();
    for tenant in &contents.tenants {
        registry.add_tenant(tenant.clone(), keys)?;
    }
    registry.api_keys = contents
        .api_keys
        .iter()
        .map(|key| (key.id.clone(), key.clone()))
        .collect();
    let recorded: HashMap<LogId, u64> = contents.recorded.iter().copied().collect();
    let mut logs = HashMap::new();
    for (log, row) in &contents.logs {
        let view = LogView {
            number: Some(row.number),
            size: row.range.size(),
            packed: row.range.size(),
            recorded: recorded.get(log).copied().unwrap_or_default(),
            ..LogView::empty(row.tenant, row.kind)
        };
        logs.insert(*log, view);
    }
    let mut runs = Vec::new();
    for number in &contents.id_runs {
        let failed = |source| OpenError::Packs {
            path: layout.ids(),
            source,
        };
        let run = IdRun::open(disk, &layout.ids(), *number).map_err(failed)?;
        let damaged = || {
            failed(io::Error::new(
                io::ErrorKind::InvalidData,
                format!("run {number} of ids is damaged"),
            ))
        };
        runs.push(Arc::new(run.ok_or_else(damaged)?));
    }
    // A crash, or a removal that failed, leaves runs that were merged or never counted.
    ids::remove_all_but(disk, &layout.ids(), &contents.id_runs);
    let ids = IdIndex::new(runs, contents.recent_ids.iter().copied());
    Ok(View {
        logs,
        ids,
        registry,
    })
}

/// Makes the journal's frames visible and rebuilds the writer's heads.
fn replay(
    shared: &Shared,
    contents: &Contents,
    frames: &[Frame],
) -> Result<(HashMap<LogId, Head>, Micros), OpenError> {
    let mut edges: HashMap<LogId, (CompactRange, Micros)> = contents
        .logs
        .iter()
        .map(|(log, row)| (*log, (row.range.clone(), row.last)))
        .collect();
    for frame in frames {
        publish(shared, frame)?;
        for run in &frame.runs {
            let (range, last) = edges.entry(run.log).or_default();
            for record in run.records.iter() {
                range.push(record.leaf);
                *last = crate::packer::time_of(&record.entry).unwrap_or(*last);
            }
        }
    }
    let newest = edges
        .values()
        .map(|(_, last)| *last)
        .max()
        .unwrap_or_default();
    let heads = edges
        .into_iter()
        .map(|(log, (range, last))| (log, Head::resume(log, range, last)))
        .collect();
    Ok((heads, newest))
}

impl Packer {
    /// Packs what the journal held and signs what was left unsigned.
    fn recover(&mut self, frames: &[Frame], heads: &HashMap<LogId, Head>) -> Result<(), OpenError> {
        self.pack(frames, Vec::new())?;
        let mut signed_again = Vec::new();
        for (log, head) in heads {
            let origin = origin_of(&self.shared, *log)?;
            let last = self.signing.signer().last(log);
            let size = last.map_or(0, |last| last.size);
            let edge = if size == head.size() {
                head.range().clone()
            } else {
                let plan = root_plan(size);
                let hashes = self.shared.nodes(*log, plan.nodes())?;
                CompactRange::from_parts(size, hashes)
                    .map_err(|_| OpenError::Tampered { log: *log, size })?
            };
            if last.is_some_and(|last| last.root != edge.root()) {
                return Err(OpenError::Tampered { log: *log, size });
            }
            self.signing.set_edge(*log, edge);
            if size < head.size() {
                let leaves = self.shared.leaf_hashes(*log, size..head.size())?;
                self.signing.extend(*log, origin.clone(), leaves);
            }
            let resigned = self.signing.signer().resign(log, &origin);
            if let Some((last, note)) = last.zip(resigned) {
                signed_again.push((
                    *log,
                    SignedHead {
                        size: last.size,
                        root: last.root,
                        note,
                    },
                ));
            }
        }
        let mut view = self.shared.view_mut();
        for (log, head) in &signed_again {
            if let Some(log) = view.logs.get_mut(log) {
                log.signed = Some(head.clone());
            }
        }
        drop(view);
        self.signing.keep(
            signed_again
                .into_iter()
                .map(|(log, head)| (log, head.note))
                .collect(),
        );
        self.sign()?;
        Ok(())
    }
}
