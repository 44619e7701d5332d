//! An administrator who edits tenants and API keys in the state file with the engine's own tools, and everything it
//! checks by itself put right: the store does not open.

use std::collections::BTreeMap;
use std::io;
use std::sync::{Arc, Mutex};

use ledger::hash::Hash;
use ledger::name::TenantId;
use ledger::prepare::{Door, Prepared, prepare_own};
use ledger::time::Micros;
use redb::{Database, ReadableDatabase, ReadableTable, StorageBackend, TableDefinition};
use store::{ApiKey, Change, LedgerStore, LogRef, Role, Roles, Scope, Tenant};
use store_embedded::{OpenError, Unsealed};
use testkit::sim_disk::{Loss, SimDisk};
use testkit::sources::TestRng;

use crate::site::{Site, block_on, tenant_named};

const PROGRESS: TableDefinition<'_, &str, &[u8]> = TableDefinition::new("progress");
const API_KEYS: TableDefinition<'_, &str, &[u8]> = TableDefinition::new("api_keys");
const TENANTS: TableDefinition<'_, &[u8], &[u8]> = TableDefinition::new("tenants");
const LOGS: TableDefinition<'_, &[u8], &[u8]> = TableDefinition::new("logs");

/// Bytes in memory as the engine wants them.
#[derive(Clone, Debug)]
struct Bytes(Arc<Mutex<Vec<u8>>>);

impl StorageBackend for Bytes {
    fn len(&self) -> io::Result<u64> {
        Ok(self.0.lock().unwrap().len() as u64)
    }

    fn read(&self, offset: u64, out: &mut [u8]) -> io::Result<()> {
        let at = offset as usize;
        out.copy_from_slice(&self.0.lock().unwrap()[at..at + out.len()]);
        Ok(())
    }

    fn set_len(&self, len: u64) -> io::Result<()> {
        self.0.lock().unwrap().resize(len as usize, 0);
        Ok(())
    }

    fn sync_data(&self) -> io::Result<()> {
        Ok(())
    }

    fn write(&self, offset: u64, data: &[u8]) -> io::Result<()> {
        let at = offset as usize;
        self.0.lock().unwrap()[at..at + data.len()].copy_from_slice(data);
        Ok(())
    }
}

/// Rows of the checked tables, and of `progress`, by table and key.
type Rows = BTreeMap<(&'static str, Vec<u8>), Vec<u8>>;

/// A state file in his editor.
struct Editor {
    bytes: Bytes,
    database: Database,
}

impl Editor {
    fn open(site: &Site) -> Self {
        let bytes = Bytes(Arc::new(Mutex::new(
            site.read(&site.data.join("state.redb")),
        )));
        let database = Database::builder().create_with_backend(bytes.clone());
        Self {
            bytes,
            database: database.unwrap(),
        }
    }

    fn rows(&self) -> Rows {
        let transaction = self.database.begin_read().unwrap();
        let mut rows = Rows::new();
        for (name, table) in [("progress", PROGRESS), ("api_keys", API_KEYS)] {
            for row in transaction.open_table(table).unwrap().iter().unwrap() {
                let (key, value) = row.unwrap();
                rows.insert(
                    (name, key.value().as_bytes().to_vec()),
                    value.value().to_vec(),
                );
            }
        }
        for (name, table) in [("tenants", TENANTS), ("logs", LOGS)] {
            for row in transaction.open_table(table).unwrap().iter().unwrap() {
                let (key, value) = row.unwrap();
                rows.insert((name, key.value().to_vec()), value.value().to_vec());
            }
        }
        rows
    }

    /// Makes the tables what `rows` says, and puts the file in its place.
    fn save(self, site: &Site, rows: &Rows) {
        let transaction = self.database.begin_write().unwrap();
        for (name, table) in [("progress", PROGRESS), ("api_keys", API_KEYS)] {
            let mut table = transaction.open_table(table).unwrap();
            table.retain(|_, _| false).unwrap();
            for ((_, key), value) in rows.iter().filter(|((of, _), _)| *of == name) {
                let key = str::from_utf8(key).unwrap();
                table.insert(key, value.as_slice()).unwrap();
            }
        }
        for (name, table) in [("tenants", TENANTS), ("logs", LOGS)] {
            let mut table = transaction.open_table(table).unwrap();
            table.retain(|_, _| false).unwrap();
            for ((_, key), value) in rows.iter().filter(|((of, _), _)| *of == name) {
                table.insert(key.as_slice(), value.as_slice()).unwrap();
            }
        }
        transaction.commit().unwrap();
        drop(self.database);
        let bytes = self.bytes.0.lock().unwrap().clone();
        site.overwrite(&site.data.join("state.redb"), &bytes);
    }
}

/// A store with two keys of one tenant, one of them revoked; and the disk as it was before that.
struct Office {
    site: Site,
    disk: SimDisk,
    before: SimDisk,
}

fn own(tenant: &Tenant, operation: &str) -> Prepared {
    let text = format!(
        r#"{{"operation":"{operation}","actor":{{"type":"system"}},"resource":{{"type":"api_key"}}}}"#
    );
    let door = Door {
        keys: &tenant.keys,
        key: "veritrail",
        source: "veritrail",
        mode: ledger::vocabulary::Mode::Strict,
        additions: &ledger::vocabulary::NO_ADDITIONS,
        exceptions: &[],
        idempotency: None,
    };
    let value = ledger::json::parse(text.as_bytes()).unwrap();
    prepare_own(value, &door, &TestRng::new(operation.len() as u64)).unwrap()
}

fn key(id: &str, tenant: TenantId, role: Role) -> ApiKey {
    ApiKey {
        id: id.to_owned(),
        scope: Scope::Tenant(tenant),
        roles: Roles::of(&[role]),
        source: "api".into(),
        owner: "owner".into(),
        hash: Hash::of(id.as_bytes()).0,
        created_at: Micros::from_micros(1_800_000_000_000_000),
        expires_at: None,
        revoked_at: None,
    }
}

/// Makes a change, and records it in the instance log as the server does.
fn change(site: &Site, change: Change) {
    let store = site.open().unwrap();
    let instance = tenant_named(&store, "_instance").unwrap();
    let record = own(&instance, "veritrail.key.created");
    block_on(store.administer(change, vec![(LogRef::main(&instance), record)])).unwrap();
    block_on(store.close()).unwrap();
}

impl Office {
    fn new() -> Self {
        let (site, disk) = Site::simulated();
        let record = site.tenant_record("alpha");
        let alpha = record.id;
        change(&site, Change::CreateTenant(record));
        change(&site, Change::CreateTenant(site.tenant_record("beta")));
        for (id, role) in [("key-left", Role::Admin), ("key-read", Role::Reader)] {
            change(&site, Change::CreateKey(key(id, alpha, role)));
        }
        let before = disk.after_crash(Loss::Kept);
        let revoke = Change::RevokeKey {
            id: "key-left".into(),
            at: Micros::from_micros(1_800_000_000_000_001),
        };
        change(&site, revoke);
        Self { site, disk, before }
    }

    fn before(&self) -> Site {
        self.site.on(&self.before)
    }

    /// What comes of opening after he edited the rows.
    fn edited(&self, edit: impl FnOnce(&mut Rows)) -> Result<(), OpenError> {
        let (site, _) = self.site.copy(&self.disk);
        let editor = Editor::open(&site);
        let mut rows = editor.rows();
        edit(&mut rows);
        editor.save(&site, &rows);
        site.open().map(drop)
    }

    /// Why it does not open.
    fn refused(&self, edit: impl FnOnce(&mut Rows)) -> Unsealed {
        let refused = self.edited(edit).unwrap_err();
        let OpenError::Registry { path, what } = refused else {
            panic!("{refused:?}")
        };
        assert_eq!(path, self.site.data.join("state.redb"));
        what
    }
}

fn place(table: &'static str, key: &str) -> (&'static str, Vec<u8>) {
    (table, key.as_bytes().to_vec())
}

/// Replaces text in a row.
fn edit(rows: &mut Rows, key: &str, from: &str, to: &str) {
    let row = rows.get_mut(&place("api_keys", key)).unwrap();
    let at = row
        .windows(from.len())
        .position(|part| part == from.as_bytes())
        .unwrap();
    row.splice(at..at + from.len(), to.bytes());
}

const KEYS: Unsealed = Unsealed::Row { table: "api_keys" };

#[test]
fn a_state_file_that_was_only_looked_at_opens() {
    let office = Office::new();
    let mut seen = Rows::new();
    office.edited(|rows| seen = rows.clone()).unwrap();
    let count = |name| seen.keys().filter(|(table, _)| *table == name).count();
    assert_eq!(
        (count("tenants"), count("api_keys"), count("logs")),
        (3, 2, 6)
    );
}

#[test]
fn a_key_that_he_grants_himself_is_refused() {
    let office = Office::new();
    let bare = br#"{"id":"key-mine","tenant":"00000000000000000000000000000000","roles":["operator"],"source":"s","owner":"o","hash":"0000000000000000000000000000000000000000000000000000000000000000","created_at":"2026-11-21T08:00:00.000000Z"}"#;
    // With no check, with one of zeros, and with that of a key that is there.
    for head in [vec![], vec![1; 17], {
        let (site, _) = office.site.copy(&office.disk);
        Editor::open(&site).rows()[&place("api_keys", "key-read")][..17].to_vec()
    }] {
        let row = [&head[..], bare].concat();
        let refused = office.refused(|rows| {
            rows.insert(place("api_keys", "key-mine"), row);
        });
        assert_eq!(refused, KEYS);
    }
}

#[test]
fn a_key_with_other_roles_is_refused() {
    let office = Office::new();
    let refused =
        office.refused(|rows| edit(rows, "key-read", r#"["reader"]"#, r#"["writer","admin"]"#));
    assert_eq!(refused, KEYS);
}

#[test]
fn a_tenants_key_made_into_a_platforms_is_refused() {
    let office = Office::new();
    let (site, _) = office.site.copy(&office.disk);
    let alpha = tenant_named(&site.open().unwrap(), "alpha").unwrap();
    let bound = format!(r#""tenant":"{}""#, alpha.record.id);
    let platform = r#""platform":{"creates_tenants":true}"#;
    assert_eq!(
        office.refused(|rows| edit(rows, "key-read", &bound, platform)),
        KEYS
    );
}

#[test]
fn a_key_with_another_secret_is_refused() {
    let office = Office::new();
    let known = Hash::of(b"key-read").to_hex();
    let mine = Hash::of(b"a secret of his own").to_hex();
    assert_eq!(
        office.refused(|rows| edit(rows, "key-read", &known, &mine)),
        KEYS
    );
}

#[test]
fn a_revoked_key_brought_back_to_life_is_refused() {
    let office = Office::new();
    let refused =
        office.refused(|rows| edit(rows, "key-left", r#","revoked_at""#, r#","revoked__""#));
    assert_eq!(refused, KEYS);
}

#[test]
fn rows_that_change_places_are_refused() {
    let office = Office::new();
    let (left, read) = (place("api_keys", "key-left"), place("api_keys", "key-read"));
    let refused = office.refused(|rows| {
        let row = rows.insert(left.clone(), rows[&read].clone()).unwrap();
        rows.insert(read, row);
    });
    assert_eq!(refused, KEYS);
    // A row under a key of its own is the same thing.
    let refused = office.refused(|rows| {
        let row = rows[&left].clone();
        rows.insert(place("api_keys", "key-copy"), row);
    });
    assert_eq!(refused, KEYS);
}

#[test]
fn a_row_taken_away_is_refused() {
    let office = Office::new();
    let (site, _) = office.site.copy(&office.disk);
    for place in Editor::open(&site).rows().into_keys() {
        if place.0 == "progress" {
            continue;
        }
        let refused = office.refused(|rows| drop(rows.remove(&place).unwrap()));
        assert_eq!(refused, Unsealed::Whole, "{place:?}");
    }
}

#[test]
fn an_older_row_put_back_is_refused() {
    let office = Office::new();
    let older = Editor::open(&office.before()).rows();
    let place = place("api_keys", "key-left");
    // The row is ours, under its own key, with a right check: only the others know better.
    let refused = office.refused(|rows| {
        let newer = rows.insert(place.clone(), older[&place].clone()).unwrap();
        assert_ne!(newer, older[&place]);
    });
    assert_eq!(refused, Unsealed::Whole);
}

#[test]
fn older_rows_with_their_own_check_are_refused_beside_newer_edges() {
    let office = Office::new();
    let older = Editor::open(&office.before()).rows();
    // Everything that says who may do what as it was, the edges that the signer remembers as they are.
    let refused = office.refused(|rows| {
        for (place, row) in older.iter().filter(|((table, _), _)| *table != "logs") {
            rows.insert(place.clone(), row.clone());
        }
    });
    assert_eq!(refused, Unsealed::Whole);
    // The check over the older rows beside the newer progress.
    let refused = office.refused(|rows| {
        let check = place("progress", "registry");
        rows.insert(check.clone(), older[&check].clone());
    });
    assert_eq!(refused, Unsealed::Whole);
}

#[test]
fn an_edge_moved_by_hand_is_refused() {
    let office = Office::new();
    let refused = office.refused(|rows| {
        let (_, row) = rows
            .iter_mut()
            .find(|((table, _), _)| *table == "logs")
            .unwrap();
        *row.last_mut().unwrap() ^= 1;
    });
    assert_eq!(refused, Unsealed::Row { table: "logs" });
}

#[test]
fn rows_without_the_check_over_all_are_refused_as_of_an_earlier_version() {
    let office = Office::new();
    let check = place("progress", "registry");
    let refused = office.refused(|rows| drop(rows.remove(&check).unwrap()));
    assert_eq!(refused, Unsealed::Missing);
    // What the version before wrote: rows without checks.
    let refused = office.edited(|rows| {
        rows.remove(&check);
        for (_, row) in rows
            .iter_mut()
            .filter(|((table, _), _)| *table != "progress")
        {
            row.drain(..17);
        }
    });
    let message = refused.unwrap_err().to_string();
    assert!(
        message.contains("state.redb") && message.contains("an earlier development version"),
        "{message}"
    );
    // Without the row of progress too, and without any row: the signer remembers what was there.
    let refused = office.refused(|rows| rows.retain(|(table, _), _| *table != "progress"));
    assert_eq!(refused, Unsealed::Missing);
    let refused = office.edited(Rows::clear).unwrap_err();
    assert!(
        matches!(
            refused,
            OpenError::RolledBack { .. } | OpenError::Journal(_)
        ),
        "{refused:?}"
    );
}

/// Puts the state file, and the files of these directories, back as they were before the revocation.
fn put_back(office: &Office, directories: &[&str]) -> OpenError {
    let (site, _) = office.site.copy(&office.disk);
    let before = office.before();
    let state = site.data.join("state.redb");
    site.overwrite(&state, &before.read(&state));
    for directory in directories {
        let directory = site.data.join(directory);
        for name in site.disk.list(&directory).unwrap() {
            site.disk.remove(&directory.join(name)).unwrap();
        }
        for name in before.disk.list(&directory).unwrap() {
            let path = directory.join(name);
            site.overwrite(&path, &before.read(&path));
        }
    }
    site.open().unwrap_err()
}

#[test]
fn the_whole_state_file_put_back_as_it_was_before_a_revocation_is_refused() {
    let office = Office::new();
    // Every row and every check is ours. What was signed since is missing: the record of the revocation.
    let refused = put_back(&office, &["journal"]);
    assert!(
        matches!(refused, OpenError::RolledBack { .. }),
        "{refused:?}"
    );
    let refused = put_back(&office, &["journal", "packs"]);
    assert!(
        matches!(refused, OpenError::RolledBack { .. }),
        "{refused:?}"
    );
    // The journal has moved on: frames between are missing.
    let refused = put_back(&office, &[]);
    assert!(
        matches!(
            refused,
            OpenError::Journal(_) | OpenError::RolledBack { .. }
        ),
        "{refused:?}"
    );
}
