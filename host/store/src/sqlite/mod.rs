//! The store of one machine: an SQLite file in WAL mode.
//! Not a cache: what a call has returned is on disk.
//! Start at [`SqliteStore::open`].
//! Invariant: one thread writes, in synced transactions; several processes may share the file.

mod append;
mod change;
mod desk;
mod incidents;
mod job;
mod journal;
mod keeper;
mod known;
mod memory;
mod open;
mod query;
mod rows;
mod snapshot;
mod stretch;
mod transaction;
mod tree;
mod upgrade;
mod writer;

#[cfg(test)]
mod tests;

use std::path::Path;
use std::sync::{Arc, Mutex, PoisonError};
use std::thread::JoinHandle;
use std::time::{SystemTime, UNIX_EPOCH};

use interlock_capabilities::journal::Refused;
use interlock_gate::time::Time;
use rusqlite::{Connection, TransactionBehavior};

use crate::checkpoint::{HostPublic, Signed};
use crate::entry::Entry;
use crate::error::{StoreError, sql};
use crate::lock::{HeldBy, PlanLock};

use desk::Desk;
use open::{Places, Use};
use writer::Writer;

pub(crate) use snapshot::Snapshot;

/// Where the store's times come from.
pub type Clock = Arc<dyn Fn() -> Time + Send + Sync>;

/// The machine's clock.
pub fn system_clock() -> Clock {
    Arc::new(|| {
        let since = SystemTime::now()
            .duration_since(UNIX_EPOCH)
            .unwrap_or_default();
        Time::default().plus_micros(u64::try_from(since.as_micros()).unwrap_or(u64::MAX))
    })
}

/// An open store.
pub struct SqliteStore {
    places: Places,
    host: HostPublic,
    reader: Mutex<Reader>,
    desk: Arc<Desk>,
    thread: Option<JoinHandle<()>>,
}

/// What answers questions.
struct Reader {
    connection: Connection,
    known: known::Known,
}

impl std::fmt::Debug for SqliteStore {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "SqliteStore({})", self.places.folder.display())
    }
}

impl SqliteStore {
    /// Opens the store in `folder`, or makes it, with the host's key, at the first start. `origin`
    /// names the journal for good; `version` is the program's.
    pub fn open(
        folder: &Path,
        origin: &str,
        version: &str,
        clock: Clock,
    ) -> Result<Self, StoreError> {
        Self::open_with(folder, origin, version, clock, |_| ())
    }

    fn open_with(
        folder: &Path,
        origin: &str,
        version: &str,
        clock: Clock,
        adjust: impl FnOnce(&mut Writer),
    ) -> Result<Self, StoreError> {
        let places = Places::new(folder)?;
        // Two first starts at once would make two keys.
        let opening = PlanLock::wait(&places.locks(), "opening")?;
        let (key, outside) = open::key_and_checkpoint(&places, origin)?;
        let mut connection = open::connect(&places, Use::Write)?;
        upgrade::migrate(&mut connection, &places.database())?;
        open::check_extends(&connection, &outside)?;
        let host = key.public().clone();
        let mut writer = Writer {
            connection,
            keeper: keeper::Keeper::start(places.clone(), host.clone())?,
            places: places.clone(),
            key,
            clock,
            known: known::Known::default(),
            later: writer::Later::default(),
            #[cfg(test)]
            watch: None,
        };
        if let Some(first) = begin(&mut writer, &host, version)? {
            places.put_outside(&first, &host)?;
        }
        drop(opening);
        let connection = open::connect(&places, Use::Read)?;
        let reader = Mutex::new(Reader {
            connection,
            known: known::Known::default(),
        });
        adjust(&mut writer);
        let (desk, thread) = Desk::open(writer)?;
        Ok(Self {
            places,
            host,
            reader,
            desk,
            thread: Some(thread),
        })
    }

    /// Who signs for this journal.
    pub fn public(&self) -> &HostPublic {
        &self.host
    }

    /// Takes the one server's place at this store for this process, or says who has it.
    pub fn hold_server(&self) -> Result<PlanLock, HeldBy> {
        PlanLock::take(&self.places.locks(), "server")
    }

    /// One snapshot for all that `read` asks.
    fn read<T>(
        &self,
        read: impl FnOnce(&Connection) -> Result<T, StoreError>,
    ) -> Result<T, StoreError> {
        self.read_knowing(|connection, _| read(connection))
    }

    fn read_knowing<T>(
        &self,
        read: impl FnOnce(&Connection, &mut known::Known) -> Result<T, StoreError>,
    ) -> Result<T, StoreError> {
        // A panic while reading has changed nothing.
        let mut reader = self.reader.lock().unwrap_or_else(PoisonError::into_inner);
        let Reader { connection, known } = &mut *reader;
        let snapshot = connection
            .transaction_with_behavior(TransactionBehavior::Deferred)
            .map_err(sql("read the store"))?;
        read(&snapshot, known)
    }
}

/// The first entry, with the checkpoint to be put outside; or a check that the journal has ours.
fn begin(
    writer: &mut Writer,
    host: &HostPublic,
    version: &str,
) -> Result<Option<Signed>, StoreError> {
    let transaction = writer
        .connection
        .transaction_with_behavior(TransactionBehavior::Immediate)
        .map_err(sql("write the store"))?;
    if let Some(first) = tree::entry_at(&transaction, 0)? {
        let Entry::StoreOpened { host: found, .. } = first.entry else {
            return Err(StoreError::OutOfPlace {
                index: 0,
                source: crate::fold::Illegal::Beginning,
            });
        };
        let expected = host.id();
        if found != expected {
            return Err(StoreError::OtherHost { found, expected });
        }
        return Ok(None);
    }
    let entry = Entry::StoreOpened {
        host: host.id(),
        version: version.to_owned(),
    };
    append::put(&transaction, (writer.clock)(), &entry).map_err(|refused| {
        StoreError::NotBegun {
            medium: matches!(refused, Refused::Unwritable { medium: true, .. }),
            why: refused.to_string(),
        }
    })?;
    let signed: Signed = writer::sign(&transaction, &writer.key)?;
    transaction.commit().map_err(sql("write the store"))?;
    Ok(Some(signed))
}

impl Drop for SqliteStore {
    /// Waits until what was asked for is written.
    fn drop(&mut self) {
        self.desk.close();
        if let Some(thread) = self.thread.take() {
            // A panic of the thread was answered by dropped channels already.
            drop(thread.join());
        }
    }
}
