//! A transaction that writes: begun at once, and taken back unless it is committed.

use rusqlite::Connection;

use crate::error::{StoreError, sql};

/// An open transaction.
pub(crate) struct Open<'c> {
    connection: &'c Connection,
}

fn say(connection: &Connection, what: &str) -> Result<(), StoreError> {
    connection
        .prepare_cached(what)
        .and_then(|mut statement| statement.execute([]))
        .map_err(sql("write the store"))
        .map(drop)
}

impl<'c> Open<'c> {
    /// Begins one, and keeps other writers out.
    pub(crate) fn begin(connection: &'c Connection) -> Result<Open<'c>, StoreError> {
        say(connection, "BEGIN IMMEDIATE").map(|()| Open { connection })
    }

    /// Marks a place to go back to.
    pub(crate) fn mark(&self) -> Result<(), StoreError> {
        say(self.connection, "SAVEPOINT mark")
    }

    /// Goes on from the mark: what was written behind it stands.
    pub(crate) fn keep(&self) -> Result<(), StoreError> {
        say(self.connection, "RELEASE mark")
    }

    /// Goes back to the mark. Where even this fails, so does the commit.
    pub(crate) fn go_back(&self) {
        if !self.is_over() {
            drop(say(self.connection, "ROLLBACK TO mark"));
            drop(self.keep());
        }
    }

    /// Whether SQLite has taken it back by itself, as on a full disk.
    pub(crate) fn is_over(&self) -> bool {
        self.connection.is_autocommit()
    }

    /// Commits it: synced, once this returns.
    pub(crate) fn commit(self) -> Result<(), StoreError> {
        say(self.connection, "COMMIT")
    }
}

impl std::ops::Deref for Open<'_> {
    type Target = Connection;

    fn deref(&self) -> &Connection {
        self.connection
    }
}

impl Drop for Open<'_> {
    fn drop(&mut self) {
        if !self.is_over() {
            // Nothing was promised yet; an open transaction ends with its connection anyway.
            drop(say(self.connection, "ROLLBACK"));
        }
    }
}
