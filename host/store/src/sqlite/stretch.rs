//! The entries of one run. Those that stand directly behind each other are a stretch, of which the
//! index knows the first only; a run's own row knows where it was opened.
//! Invariant: an entry that is not apart directly follows one of its run, or opens it.

use interlock_gate::ids::RunId;
use rusqlite::{Connection, Row, Statement};

use crate::entry::Stamped;
use crate::error::{StoreError, sql};

use super::query::list;
use super::tree;

const STARTS: &str = "SELECT idx FROM run WHERE run = ?1 \
                      UNION SELECT idx FROM entry WHERE run = ?1 AND apart = 1 ORDER BY 1";

/// Calls `take` with every row of the stretch that begins at `start`, in order. The statement asks
/// for `idx`, `run` and `apart` first, from an index on.
fn walk(
    statement: &mut Statement<'_>,
    run: &RunId,
    start: u64,
    mut take: impl FnMut(u64, &Row<'_>) -> rusqlite::Result<()>,
) -> rusqlite::Result<()> {
    let mut rows = statement.query([start])?;
    while let Some(row) = rows.next()? {
        let index: u64 = row.get(0)?;
        let of = row.get_ref(1)?.as_str_or_null()?;
        let goes_on = index == start || !row.get::<_, bool>(2)?;
        if of != Some(run.as_str()) || !goes_on {
            return Ok(());
        }
        take(index, row)?;
    }
    Ok(())
}

/// Every entry of the run, in order; of one kind where one is named.
pub(crate) fn entries(
    connection: &Connection,
    run: &RunId,
    kind: Option<&str>,
) -> Result<Vec<Stamped>, StoreError> {
    let starts: Vec<u64> = list(connection, STARTS, [run.as_str()], |row| row.get(0))?;
    let mut found: Vec<(u64, Vec<u8>)> = Vec::new();
    let mut statement = connection
        .prepare_cached(
            "SELECT idx, run, apart, kind, bytes FROM entry WHERE idx >= ?1 ORDER BY idx",
        )
        .map_err(sql("read the journal"))?;
    for start in starts {
        walk(&mut statement, run, start, |index, row| {
            if kind.is_none_or(|kind| row.get_ref(3).is_ok_and(|of| of.as_str() == Ok(kind))) {
                found.push((index, row.get(4)?));
            }
            Ok(())
        })
        .map_err(sql("read the journal"))?;
    }
    found
        .into_iter()
        .map(|(index, bytes)| tree::stamped(index, &bytes))
        .collect()
}

/// The run's newest entry.
pub(crate) fn newest(connection: &Connection, run: &RunId) -> Result<Option<u64>, StoreError> {
    let read = sql("read the journal");
    let start: Option<u64> = connection
        .prepare_cached(
            "SELECT max(idx) FROM (SELECT idx FROM run WHERE run = ?1 \
             UNION ALL SELECT max(idx) FROM entry WHERE run = ?1 AND apart = 1)",
        )
        .and_then(|mut statement| statement.query_row([run.as_str()], |row| row.get(0)))
        .map_err(read)?;
    let Some(start) = start else { return Ok(None) };
    let mut newest = None;
    connection
        .prepare_cached("SELECT idx, run, apart FROM entry WHERE idx >= ?1 ORDER BY idx")
        .and_then(|mut statement| {
            walk(&mut statement, run, start, |index, _| {
                newest = Some(index);
                Ok(())
            })
        })
        .map_err(sql("read the journal"))?;
    Ok(newest)
}
