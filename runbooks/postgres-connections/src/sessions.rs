//! What may be said of one session by what the server knows of it, and which
//! sessions may be ended at all.
//!
//! The name that a client gives itself is not trusted: here it can only spare a
//! session, never condemn one.

use interlock_sdk::Item;
use interlock_sdk::wire::Session;

/// Words of a role or an application that speak of work that nobody may cut short.
const BACKUPS: [&str; 9] = [
    "pg_dump",
    "pg_restore",
    "pg_basebackup",
    "pgbackrest",
    "barman",
    "wal-g",
    "restic",
    "backup",
    "pg_receivewal",
];

/// Words that speak of long reads. Many sessions of such a name that do nothing
/// are no read, so they spare one session, not a crowd.
const REPORTS: [&str; 6] = [
    "report",
    "etl",
    "airflow",
    "metabase",
    "analytics",
    "export",
];

/// Statements of a backup or of a long read.
const LONG_STATEMENTS: [&str; 5] = [
    "copy ",
    "declare ",
    "fetch ",
    "select pg_backup_start",
    "select pg_export_snapshot",
];

fn has_word(name: Option<&String>, words: &[&str]) -> bool {
    let name = name
        .map(|name| name.to_ascii_lowercase())
        .unwrap_or_default();
    words.iter().any(|word| name.contains(word))
}

/// Its role or its application says backup.
pub(crate) fn says_backup(session: &Session) -> bool {
    has_word(session.role.as_ref(), &BACKUPS)
        || has_word(session.application_name.as_ref(), &BACKUPS)
}

/// Its role, its application or its newest statement says report.
pub(crate) fn says_report(session: &Session) -> bool {
    let statement = session
        .query
        .as_deref()
        .unwrap_or_default()
        .trim_start()
        .to_ascii_lowercase();
    has_word(session.role.as_ref(), &REPORTS)
        || has_word(session.application_name.as_ref(), &REPORTS)
        || LONG_STATEMENTS
            .iter()
            .any(|start| statement.starts_with(start))
}

/// Its role or its application says exporter.
pub(crate) fn says_exporter(session: &Session) -> bool {
    has_word(session.role.as_ref(), &["exporter", "metrics", "monitor"])
        || has_word(session.application_name.as_ref(), &["postgres_exporter"])
}

/// The server would let it be ended: a client's own session of a role that is
/// known not to be a superuser's. What the server would not say counts against.
pub fn may_be_signalled(session: &Session) -> bool {
    session.is_client()
        && session.superuser == Some(false)
        && session
            .leader_pid
            .is_none_or(|leader| leader == session.pid)
        && session.backend_start.is_some()
        && !session.ours
}

/// It may be ended at all: it may be signalled, and is neither the exporter's
/// nor a backup's.
pub(crate) fn may_be_ended(session: &Session) -> bool {
    may_be_signalled(session) && !says_exporter(session) && !says_backup(session)
}

/// `checkout`, or `?` where the server would not say.
pub(crate) fn role(session: &Session) -> &str {
    session.role.as_deref().unwrap_or("?")
}

/// `role checkout, database orders`.
pub(crate) fn whose(session: &Item<'_, Session>) -> String {
    let database = session.database.as_deref().unwrap_or("?");
    format!("role `{}`, database `{database}`", role(session))
}
