//! The index: an SQLite file of its own, brought up to date from the journal by whoever asks.

use std::collections::btree_map::Entry;
use std::collections::{BTreeMap, BTreeSet};
use std::path::{Path, PathBuf};
use std::time::Duration;

use rusqlite::{Connection, OptionalExtension, TransactionBehavior, params};

use crate::compare::{Match, Rarity, compare};
use crate::document::{Document, Feature};
use crate::words::question;

/// Most matches of one question.
pub const MATCHES_MAX: usize = 50;
/// Incidents that are looked at for each feature, the newest.
const EACH_MAX: usize = 200;
/// Incidents that full-text search proposes.
const BY_WORDS_MAX: usize = 50;
/// How long another process may hold the file.
const PATIENCE: Duration = Duration::from_secs(5);
/// The tables below; another number means that the file is made anew.
const VERSION: u32 = 1;

const TABLES: &str = "
CREATE TABLE about (upto INTEGER NOT NULL) STRICT;
INSERT INTO about VALUES (0);
CREATE TABLE document (rowid INTEGER PRIMARY KEY, incident TEXT NOT NULL UNIQUE, json TEXT NOT NULL) STRICT;
CREATE TABLE feature (feature TEXT NOT NULL, document INTEGER NOT NULL, PRIMARY KEY (feature, document)) STRICT, WITHOUT ROWID;
CREATE INDEX feature_document ON feature (document);
CREATE VIRTUAL TABLE words USING fts5 (said, tokenize = 'unicode61');
";

/// Why the index cannot be used.
#[derive(Debug, thiserror::Error)]
pub enum IndexError {
    /// SQLite.
    #[error("the index of past incidents cannot be used: {path}")]
    Sqlite {
        /// The file.
        path: PathBuf,
        /// What SQLite says.
        #[source]
        source: rusqlite::Error,
    },
    /// A file that is to be made anew cannot be removed.
    #[error("the index of past incidents cannot be made anew: {path}")]
    Remove {
        /// The file.
        path: PathBuf,
        /// Why not.
        #[source]
        source: std::io::Error,
    },
}

/// The index of past incidents.
#[derive(Debug)]
pub struct Index {
    connection: Connection,
    path: PathBuf,
}

impl Index {
    /// Opens the file, or makes it. One of another version, or that is none, is made anew: it holds
    /// nothing that the journal does not.
    pub fn open(path: &Path) -> Result<Index, IndexError> {
        match Index::opened(path) {
            Ok(Some(index)) => return Ok(index),
            Ok(None) => {}
            Err(IndexError::Sqlite { source, .. }) if is_no_index(&source) => {}
            Err(error) => return Err(error),
        }
        for end in ["", "-wal", "-shm"] {
            let mut name = path.as_os_str().to_owned();
            name.push(end);
            match std::fs::remove_file(&name) {
                Err(source) if source.kind() != std::io::ErrorKind::NotFound => {
                    let path = name.into();
                    return Err(IndexError::Remove { path, source });
                }
                _ => {}
            }
        }
        Index::opened(path)?.ok_or_else(|| IndexError::Sqlite {
            path: path.to_owned(),
            source: rusqlite::Error::InvalidQuery,
        })
    }

    /// `None`: of another version.
    fn opened(path: &Path) -> Result<Option<Index>, IndexError> {
        let bring = at(path);
        let mut connection = Connection::open(path).map_err(&bring)?;
        connection.busy_timeout(PATIENCE).map_err(&bring)?;
        connection
            .pragma_update(None, "journal_mode", "WAL")
            .map_err(&bring)?;
        // It is derived: what a crash takes from it comes back from the journal.
        connection
            .pragma_update(None, "synchronous", "OFF")
            .map_err(&bring)?;
        let write = connection
            .transaction_with_behavior(TransactionBehavior::Immediate)
            .map_err(&bring)?;
        let version: u32 = write
            .query_row("PRAGMA user_version", [], |row| row.get(0))
            .map_err(&bring)?;
        match version {
            VERSION => {}
            0 => {
                write.execute_batch(TABLES).map_err(&bring)?;
                write
                    .pragma_update(None, "user_version", VERSION)
                    .map_err(&bring)?;
            }
            _ => return Ok(None),
        }
        write.commit().map_err(&bring)?;
        Ok(Some(Index {
            connection,
            path: path.to_owned(),
        }))
    }

    /// The journal's size up to which it is up to date.
    pub fn up_to(&self) -> Result<u64, IndexError> {
        self.connection
            .query_row("SELECT upto FROM about", [], |row| row.get(0))
            .map_err(at(&self.path))
    }

    /// Takes in what these incidents are now; the journal was read up to `up_to`.
    pub fn put(&mut self, documents: &[Document], up_to: u64) -> Result<(), IndexError> {
        put(&mut self.connection, documents, up_to).map_err(at(&self.path))
    }

    /// The incidents that are like this one, the most alike first, itself left out.
    pub fn similar(&self, now: &Document, most: usize) -> Result<Vec<Match>, IndexError> {
        self.find(now, most).map_err(at(&self.path))
    }

    fn find(&self, now: &Document, most: usize) -> rusqlite::Result<Vec<Match>> {
        let mut rarity = Rarity {
            seen: BTreeMap::new(),
            of: self.count("SELECT count(*) FROM document", [])?,
        };
        let mut found: BTreeSet<i64> = BTreeSet::new();
        for feature in now.features() {
            let key = feature.key();
            let mut newest = self.connection.prepare_cached(
                "SELECT document FROM feature WHERE feature = ?1 ORDER BY document DESC LIMIT ?2",
            )?;
            let rows = newest.query_map(params![key, EACH_MAX], |row| row.get(0))?;
            for row in rows {
                found.insert(row?);
            }
            self.look_up(&mut rarity, feature)?;
        }
        if let Some(question) = question(now.searched()) {
            let mut best = self.connection.prepare_cached(
                "SELECT rowid FROM words WHERE words MATCH ?1 ORDER BY rank LIMIT ?2",
            )?;
            let rows = best.query_map(params![question, BY_WORDS_MAX], |row| row.get(0))?;
            for row in rows {
                found.insert(row?);
            }
        }
        let mut matches = Vec::new();
        for rowid in found {
            let Some(then) = self.document(rowid)? else {
                continue;
            };
            if then.id == now.id {
                continue;
            }
            for feature in then.features() {
                self.look_up(&mut rarity, feature)?;
            }
            matches.extend(compare(now, then, &rarity));
        }
        matches.sort_by(|a, b| {
            b.percent
                .cmp(&a.percent)
                .then_with(|| b.incident.at.cmp(&a.incident.at))
                .then_with(|| a.incident.id.cmp(&b.incident.id))
        });
        matches.truncate(most.min(MATCHES_MAX));
        Ok(matches)
    }

    fn look_up(&self, rarity: &mut Rarity, feature: Feature) -> rusqlite::Result<()> {
        if let Entry::Vacant(unknown) = rarity.seen.entry(feature) {
            let query = "SELECT count(*) FROM feature WHERE feature = ?1";
            let seen = self.count(query, [unknown.key().key()])?;
            unknown.insert(seen);
        }
        Ok(())
    }

    fn count(&self, query: &str, params: impl rusqlite::Params) -> rusqlite::Result<u64> {
        self.connection
            .prepare_cached(query)?
            .query_row(params, |row| row.get(0))
    }

    /// `None`: it cannot be read, and is as if it were not there.
    fn document(&self, rowid: i64) -> rusqlite::Result<Option<Document>> {
        let json: Option<String> = self
            .connection
            .prepare_cached("SELECT json FROM document WHERE rowid = ?1")?
            .query_row([rowid], |row| row.get(0))
            .optional()?;
        Ok(json.and_then(|json| serde_json::from_str(&json).ok()))
    }
}

fn put(connection: &mut Connection, documents: &[Document], up_to: u64) -> rusqlite::Result<()> {
    let write = connection.transaction_with_behavior(TransactionBehavior::Immediate)?;
    for document in documents {
        let json = serde_json::to_string(document)
            .map_err(|error| rusqlite::Error::ToSqlConversionFailure(Box::new(error)))?;
        let rowid: i64 = write.query_row(
            "INSERT INTO document (incident, json) VALUES (?1, ?2) \
             ON CONFLICT (incident) DO UPDATE SET json = excluded.json RETURNING rowid",
            params![document.id, json],
            |row| row.get(0),
        )?;
        write.execute("DELETE FROM feature WHERE document = ?1", [rowid])?;
        write.execute("DELETE FROM words WHERE rowid = ?1", [rowid])?;
        for feature in document.features() {
            write.execute(
                "INSERT OR IGNORE INTO feature VALUES (?1, ?2)",
                params![feature.key(), rowid],
            )?;
        }
        write.execute(
            "INSERT INTO words (rowid, said) VALUES (?1, ?2)",
            params![rowid, document.searched()],
        )?;
    }
    // Another process may have read further meanwhile.
    write.execute("UPDATE about SET upto = max(upto, ?1)", [up_to])?;
    write.commit()
}

fn at(path: &Path) -> impl Fn(rusqlite::Error) -> IndexError {
    move |source| IndexError::Sqlite {
        path: path.to_owned(),
        source,
    }
}

/// The bytes are not what this program wrote.
fn is_no_index(error: &rusqlite::Error) -> bool {
    use rusqlite::ErrorCode::{DatabaseCorrupt, NotADatabase};
    matches!(
        error.sqlite_error_code(),
        Some(NotADatabase | DatabaseCorrupt)
    )
}
