//! What may be said of one session by what the server knows of it, and which
//! sessions may be ended at all.
//!
//! The name that a client gives itself is not trusted: here it can only spare a
//! session, never condemn one.

use interlock_sdk::Item;
use interlock_sdk::wire::Session;

/// Words in a role or an application's name that speak of work that must not be
/// cut short.
const LONG_WORK: [&str; 15] = [
    "pg_dump",
    "pg_restore",
    "pg_basebackup",
    "pgbackrest",
    "barman",
    "wal-g",
    "backup",
    "dump",
    "report",
    "etl",
    "airflow",
    "metabase",
    "analytics",
    "replica",
    "restic",
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

/// Its role, its application or its statement says backup, dump or report.
pub(crate) fn looks_like_a_backup_or_report(session: &Session) -> bool {
    let statement = session
        .query
        .as_deref()
        .unwrap_or_default()
        .trim_start()
        .to_ascii_lowercase();
    has_word(session.role.as_ref(), &LONG_WORK)
        || has_word(session.application_name.as_ref(), &LONG_WORK)
        || LONG_STATEMENTS
            .iter()
            .any(|start| statement.starts_with(start))
}

/// It looks like the metrics exporter's.
pub(crate) fn looks_like_the_exporter(session: &Session) -> bool {
    const WORDS: [&str; 3] = ["exporter", "metrics", "monitor"];
    has_word(session.role.as_ref(), &WORDS)
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
    may_be_signalled(session)
        && !looks_like_the_exporter(session)
        && !looks_like_a_backup_or_report(session)
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
