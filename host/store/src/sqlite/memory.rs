//! A store in memory, gone with the process: for a run that can have no journal.
//! Not a journal: nothing of it is ever on disk.
//! Invariant: it takes no intent. An intent waits until its checkpoint is outside the store, and
//! here there is no outside.

use std::path::{Path, PathBuf};
use std::sync::Mutex;
use std::sync::atomic::{AtomicU64, Ordering};

use rusqlite::{Connection, OpenFlags};

use crate::checkpoint::HostKey;
use crate::error::{StoreError, sql};

use super::desk::Desk;
use super::open::{self, Places};
use super::writer::{Later, Writer};
use super::{Clock, Reader, SqliteStore, begin, keeper, known, upgrade};

/// No file can be made below it.
const NOWHERE: &str = "/dev/null/interlock";

impl SqliteStore {
    /// A store without a file, under a key that nobody keeps. Its locks cannot be had and an intent
    /// of it is refused.
    pub fn in_memory(origin: &str, version: &str, clock: Clock) -> Result<Self, StoreError> {
        static COUNT: AtomicU64 = AtomicU64::new(0);
        let count = COUNT.fetch_add(1, Ordering::Relaxed);
        // Both connections see one database: it has a name, known to this process only.
        let name = format!("file:/interlock-{count}?vfs=memdb");
        let key = HostKey::unkept(origin)?;
        let host = key.public().clone();
        let places = Places {
            folder: PathBuf::from(NOWHERE),
        };
        let mut connection = connect(&name)?;
        upgrade::migrate(&mut connection, Path::new(NOWHERE))?;
        let mut writer = Writer {
            connection,
            keeper: keeper::Keeper::start(places.clone(), host.clone())?,
            places: places.clone(),
            key,
            clock,
            known: known::Known::default(),
            later: Later::default(),
            #[cfg(test)]
            watch: None,
        };
        begin(&mut writer, &host, version)?;
        let reader = Mutex::new(Reader {
            connection: connect(&name)?,
            known: known::Known::default(),
        });
        let (desk, thread) = Desk::open(writer)?;
        Ok(Self {
            places,
            host,
            reader,
            desk,
            thread: Some(thread),
        })
    }
}

fn connect(name: &str) -> Result<Connection, StoreError> {
    let flags = OpenFlags::SQLITE_OPEN_READ_WRITE
        | OpenFlags::SQLITE_OPEN_CREATE
        | OpenFlags::SQLITE_OPEN_URI
        | OpenFlags::SQLITE_OPEN_NO_MUTEX;
    let connection =
        Connection::open_with_flags(name, flags).map_err(sql("open a store in memory"))?;
    connection
        .busy_timeout(open::BUSY_WAIT)
        .map_err(sql("configure the store"))?;
    open::set(&connection, "foreign_keys", "ON", "1")?;
    open::set(&connection, "temp_store", "MEMORY", "2")?;
    open::set(&connection, "trusted_schema", "OFF", "0")?;
    Ok(connection)
}
