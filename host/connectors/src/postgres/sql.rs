//! Every statement that Interlock sends to a PostgreSQL. Nothing is put into them: what varies is
//! a typed parameter.

/// Who is connected. Never empty: it sees itself.
pub(super) const SESSIONS: &str = "\
SELECT pg_catalog.statement_timestamp() AS read_at,
       pg_catalog.pg_postmaster_start_time() AS postmaster_start,
       (SELECT c.system_identifier::pg_catalog.text FROM pg_catalog.pg_control_system() AS c)
           AS system_identifier,
       a.pid, a.backend_type, a.usename AS role, a.datname AS database, a.application_name,
       pg_catalog.host(a.client_addr) AS client_addr, a.backend_start, a.xact_start, a.query_start,
       a.state, a.state_change, a.wait_event_type, a.wait_event,
       a.backend_xid::pg_catalog.text AS backend_xid, a.backend_xmin::pg_catalog.text AS backend_xmin,
       a.leader_pid, r.rolsuper AS superuser, a.query
FROM pg_catalog.pg_stat_activity AS a
LEFT JOIN pg_catalog.pg_roles AS r ON r.oid = a.usesysid
ORDER BY a.pid";

/// Every lock but our own. One row without a lock type where there is none.
///
/// A prepared transaction's locks have no pid; they share a virtual id, by which its own
/// transaction's id is found, unless two happen to share one.
pub(super) const LOCKS: &str = "\
SELECT pg_catalog.statement_timestamp() AS read_at, l.*
FROM (SELECT 1) AS one
LEFT JOIN (
    SELECT l.pid, l.locktype, d.datname AS database,
           CASE WHEN l.relation IS NULL THEN NULL
                WHEN l.database = 0 OR d.datname = pg_catalog.current_database()
                    THEN l.relation::pg_catalog.regclass::pg_catalog.text
                ELSE l.relation::pg_catalog.text END AS relation,
           CASE WHEN l.transactionid IS NOT NULL THEN l.transactionid::pg_catalog.text
                WHEN l.pid IS NULL AND pg_catalog.min(l.transactionid::pg_catalog.text) OVER same
                     = pg_catalog.max(l.transactionid::pg_catalog.text) OVER same
                    THEN pg_catalog.min(l.transactionid::pg_catalog.text) OVER same
                END AS transaction,
           l.mode, l.granted, l.waitstart,
           CASE WHEN NOT l.granted THEN pg_catalog.pg_blocking_pids(l.pid) END AS blocked_by
    FROM pg_catalog.pg_locks AS l
    LEFT JOIN pg_catalog.pg_database AS d ON d.oid = l.database
    WHERE l.pid IS DISTINCT FROM pg_catalog.pg_backend_pid()
    WINDOW same AS (PARTITION BY l.pid, l.virtualtransaction)
    ORDER BY l.pid NULLS LAST, l.locktype, l.mode
) AS l ON true";

/// Prepared transactions. One row without a transaction where there is none.
pub(super) const PREPARED_TRANSACTIONS: &str = "\
SELECT pg_catalog.statement_timestamp() AS read_at, p.*
FROM (SELECT 1) AS one
LEFT JOIN (
    SELECT p.transaction::pg_catalog.text AS transaction, p.gid, p.prepared, p.owner, p.database
    FROM pg_catalog.pg_prepared_xacts AS p
    ORDER BY p.prepared
) AS p ON true";

/// Replication slots. One row without a name where there is none.
pub(super) const REPLICATION_SLOTS: &str = "\
SELECT pg_catalog.statement_timestamp() AS read_at, s.*
FROM (SELECT 1) AS one
LEFT JOIN (
    SELECT s.slot_name AS name, s.slot_type, s.active, s.active_pid,
           GREATEST(pg_catalog.age(s.xmin), pg_catalog.age(s.catalog_xmin))::pg_catalog.int8
               AS xmin_age,
           pg_catalog.pg_wal_lsn_diff(
               CASE WHEN pg_catalog.pg_is_in_recovery() THEN pg_catalog.pg_last_wal_replay_lsn()
                    ELSE pg_catalog.pg_current_wal_lsn() END,
               s.restart_lsn)::pg_catalog.int8 AS retained_bytes
    FROM pg_catalog.pg_replication_slots AS s
    ORDER BY s.slot_name
) AS s ON true";

/// Limits. Our session has time-outs of its own: `reset_val` is what a new session gets.
pub(super) const SETTINGS: &str = "\
SELECT pg_catalog.statement_timestamp() AS read_at,
       pg_catalog.pg_postmaster_start_time() AS postmaster_start,
       (SELECT c.system_identifier::pg_catalog.text FROM pg_catalog.pg_control_system() AS c)
           AS system_identifier,
       s.name, s.reset_val
FROM pg_catalog.pg_settings AS s
WHERE s.name IN ('max_connections', 'superuser_reserved_connections', 'reserved_connections',
                 'idle_in_transaction_session_timeout', 'idle_session_timeout',
                 'statement_timeout', 'lock_timeout', 'max_prepared_transactions',
                 'server_version_num')";

/// Names the incident, or the approver, in the server's own `pg_stat_activity` and log. Before an
/// act it also shows that the session is alive.
pub(super) const SHOW_AS: &str = "SELECT pg_catalog.set_config('application_name', $1, false)";

macro_rules! act {
    ($signal:literal, $and:literal) => {
        concat!(
            "SELECT h.system_identifier = $6 AS same_cluster,
       h.postmaster_start = $5 AS same_start,
       a.pid, a.backend_start, a.xact_start, a.query_start, a.state,
       CASE WHEN h.system_identifier = $6 AND h.postmaster_start = $5
             AND a.pid = $1 AND a.pid <> pg_catalog.pg_backend_pid()
             AND a.backend_start IS NOT NULL AND a.backend_start = $2
             AND a.xact_start IS NOT DISTINCT FROM $3
             AND ($4 IS NULL OR a.state = $4)",
            $and,
            "
            THEN pg_catalog.",
            $signal,
            "(a.pid) END AS signalled
FROM (SELECT pg_catalog.pg_postmaster_start_time() AS postmaster_start,
             (SELECT c.system_identifier::pg_catalog.text FROM pg_catalog.pg_control_system() AS c)
                 AS system_identifier) AS h
LEFT JOIN pg_catalog.pg_stat_activity AS a ON a.pid = $1"
        )
    };
}

/// Ends a session, if it is still the one that was seen. The signal stands in the SELECT list: in
/// WHERE, the planner could run it for other rows.
///
/// Matched and signalled in one statement is not atomic: a session that moves on between the two,
/// within microseconds, is signalled all the same.
pub(super) const TERMINATE: &str = act!("pg_terminate_backend", "");

/// Cancels a session's statement, if it is still the one that was seen and runs something:
/// cancelling one that does not answers true and changes nothing.
pub(super) const CANCEL: &str = act!(
    "pg_cancel_backend",
    "\n             AND a.state IN ('active', 'fastpath function call')"
);

/// What became of a session: no row, it is gone.
pub(super) const WATCH: &str = "\
SELECT a.xact_start, a.state, a.query_start
FROM pg_catalog.pg_stat_activity AS a
WHERE a.pid = $1 AND a.backend_start = $2";

/// What a login may do.
pub(super) const RIGHTS: &str = "\
SELECT session_user::pg_catalog.text AS login, current_user::pg_catalog.text AS role,
       pg_catalog.current_setting('server_version') AS version,
       (SELECT c.system_identifier::pg_catalog.text FROM pg_catalog.pg_control_system() AS c)
           AS system_identifier,
       (SELECT r.rolsuper FROM pg_catalog.pg_roles AS r WHERE r.rolname = current_user) AS superuser,
       (SELECT r.rolsuper FROM pg_catalog.pg_roles AS r WHERE r.rolname = session_user)
           AS login_superuser,
       pg_catalog.pg_has_role(current_user, 'pg_read_all_stats', 'USAGE') AS reads_all,
       pg_catalog.pg_has_role(current_user, 'pg_signal_backend', 'USAGE') AS signals,
       pg_catalog.pg_has_role(session_user, 'pg_signal_backend', 'USAGE') AS login_signals";
