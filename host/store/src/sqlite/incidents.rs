//! What is known of incidents: lists, and every entry of one.

use interlock_gate::ids::RunId;
use rusqlite::{Connection, OptionalExtension, Row, params};

use crate::entry::Stamped;
use crate::error::{StoreError, sql};
use crate::store::{GroupLine, IncidentLine, RunLine};

use super::query::{entries, list, run_line};
use super::{stretch, tree};

/// Runs that a line of a list names.
const LINE_RUNS_MAX: u64 = 20;

const LINE: &str = "SELECT incident.incident, grp, firing, entry.idx, bytes FROM incident \
                    JOIN entry ON entry.idx = incident.idx";

fn limit(max: usize) -> u64 {
    u64::try_from(max).unwrap_or(u64::from(u32::MAX))
}

/// The lines of a query that begins with [`LINE`].
fn lines(
    connection: &Connection,
    query: &str,
    params: impl rusqlite::Params,
) -> Result<Vec<IncidentLine>, StoreError> {
    type Read = (String, Option<String>, bool, u64, Vec<u8>);
    let read = |row: &Row<'_>| -> rusqlite::Result<Read> {
        Ok((
            row.get(0)?,
            row.get(1)?,
            row.get(2)?,
            row.get(3)?,
            row.get(4)?,
        ))
    };
    list(connection, query, params, read)?
        .into_iter()
        .map(|(incident, group, firing, index, bytes)| {
            let opening = tree::stamped(index, &bytes)?;
            Ok(IncidentLine {
                runs: runs_of(connection, &incident, LINE_RUNS_MAX)?,
                incident,
                group,
                firing,
                opened_at: opening.at,
                opening,
            })
        })
        .collect()
}

/// The newest runs about an incident, newest first.
pub(crate) fn runs_of(
    connection: &Connection,
    incident: &str,
    max: u64,
) -> Result<Vec<RunLine>, StoreError> {
    list(
        connection,
        "SELECT run.run, id_key, runbook, state, at FROM about \
         CROSS JOIN entry ON entry.idx = about.idx CROSS JOIN run ON run.run = entry.run \
         WHERE about.incident = ?1 AND kind = 'run_opened' ORDER BY about.idx DESC LIMIT ?2",
        params![incident, max],
        run_line,
    )
}

pub(crate) fn newest(connection: &Connection, max: usize) -> Result<Vec<IncidentLine>, StoreError> {
    let query = format!("{LINE} ORDER BY incident.idx DESC LIMIT ?1");
    lines(connection, &query, [limit(max)])
}

pub(crate) fn one(connection: &Connection, id: &str) -> Result<Option<IncidentLine>, StoreError> {
    let query = format!("{LINE} WHERE incident.incident = ?1");
    Ok(lines(connection, &query, [id])?.pop())
}

/// The newest entries of an incident, at most `max`, in order.
pub(crate) fn about(
    connection: &Connection,
    incident: &str,
    max: usize,
) -> Result<Vec<Stamped>, StoreError> {
    let mut found = entries(
        connection,
        "SELECT entry.idx, bytes FROM about JOIN entry ON entry.idx = about.idx \
         WHERE about.incident = ?1 ORDER BY about.idx DESC LIMIT ?2",
        params![incident, limit(max)],
    )?;
    found.reverse();
    Ok(found)
}

/// Every entry of one kind of an incident, in order.
pub(crate) fn about_of_kind(
    connection: &Connection,
    incident: &str,
    kind: &str,
) -> Result<Vec<Stamped>, StoreError> {
    entries(
        connection,
        "SELECT entry.idx, bytes FROM about JOIN entry ON entry.idx = about.idx \
         WHERE about.incident = ?1 AND kind = ?2 ORDER BY about.idx",
        params![incident, kind],
    )
}

/// The incidents that an entry from `from` on is about, each with the last such entry, oldest
/// first, at most `max`.
pub(crate) fn since(
    connection: &Connection,
    from: u64,
    max: usize,
) -> Result<Vec<(String, u64)>, StoreError> {
    list(
        connection,
        "SELECT incident, max(idx) AS last FROM about WHERE idx >= ?1 \
         GROUP BY incident ORDER BY last LIMIT ?2",
        params![from, limit(max)],
        |row| Ok((row.get(0)?, row.get(1)?)),
    )
}

/// Every diagnosis of a run, in order.
pub(crate) fn diagnoses(connection: &Connection, run: &RunId) -> Result<Vec<Stamped>, StoreError> {
    stretch::entries(connection, run, Some("diagnosis"))
}

pub(crate) fn group(connection: &Connection, group: &str) -> Result<GroupLine, StoreError> {
    let newest: Option<(String, bool)> = connection
        .prepare_cached(
            "SELECT incident, firing FROM incident WHERE grp = ?1 ORDER BY idx DESC LIMIT 1",
        )
        .and_then(|mut statement| {
            statement
                .query_row([group], |row| Ok((row.get(0)?, row.get(1)?)))
                .optional()
        })
        .map_err(sql("read the store"))?;
    let count = connection
        .prepare_cached("SELECT count(*) FROM incident WHERE grp = ?1")
        .and_then(|mut statement| statement.query_row([group], |row| row.get(0)))
        .map_err(sql("read the store"))?;
    Ok(GroupLine {
        open: newest.as_ref().is_some_and(|(_, firing)| *firing),
        newest: newest.map(|(incident, _)| incident),
        count,
    })
}
