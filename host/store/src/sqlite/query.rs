//! Answers from the store, each from one snapshot of it.
//! Not a fold of its own: what the rows say was written with the entries they come from.

use interlock_gate::history::{History, PastBacktest, PastIntent};
use interlock_gate::ids::{PlanDigest, RunId};
use interlock_gate::plan::Plan;
use interlock_gate::time::Time;
use interlock_gate::token::Token;
use rusqlite::{Connection, Params, Row, ToSql, params};

use crate::entry::{BadEntry, Entry, Stamped};
use crate::error::{StoreError, sql};
use crate::fold::{Facts, Fold, PlanRow, Rows, take};
use crate::store::{PlanLine, RunLine};

use super::known::{HOUR_S, Known};
use super::rows::{Tables, plan_id, state};
use super::{stretch, tree};

pub(super) fn list<T>(
    connection: &Connection,
    query: &str,
    params: impl Params,
    read: impl FnMut(&Row<'_>) -> rusqlite::Result<T>,
) -> Result<Vec<T>, StoreError> {
    connection
        .prepare_cached(query)
        .and_then(|mut statement| statement.query_map(params, read)?.collect())
        .map_err(sql("read the store"))
}

pub(super) fn entries(
    connection: &Connection,
    query: &str,
    params: impl Params,
) -> Result<Vec<Stamped>, StoreError> {
    let read = |row: &Row<'_>| Ok((row.get::<_, u64>(0)?, row.get::<_, Vec<u8>>(1)?));
    list(connection, query, params, read)?
        .into_iter()
        .map(|(index, bytes)| tree::stamped(index, &bytes))
        .collect()
}

/// Which entries are asked for.
pub(crate) enum About<'a> {
    Run(&'a RunId),
    Plan(&'a PlanDigest),
    Kind(&'a str),
}

/// The condition that entries are of the kind `?1`, so worded that the index of kinds answers it.
pub(super) fn by_kind(kind: &str) -> &'static str {
    match kind {
        // Too many to be in the index.
        "run_opened" | "step_ended" | "run_ended" => "kind = ?1",
        _ => "kind = ?1 AND kind NOT IN ('run_opened', 'step_ended', 'run_ended')",
    }
}

pub(crate) fn about(connection: &Connection, what: &About<'_>) -> Result<Vec<Stamped>, StoreError> {
    let (condition, value): (_, &dyn ToSql) = match what {
        About::Run(run) => return stretch::entries(connection, run, None),
        About::Plan(plan) => ("plan = ?1", plan.raw()),
        About::Kind(kind) => (by_kind(kind), kind),
    };
    let query = format!("SELECT idx, bytes FROM entry WHERE {condition} ORDER BY idx");
    entries(connection, &query, [value])
}

fn known_plan(connection: &Connection, plan: &PlanDigest) -> Result<PlanRow, StoreError> {
    Tables(connection)
        .plan(plan)?
        .ok_or(StoreError::NoPlan(*plan))
}

pub(crate) fn plan(connection: &Connection, plan: &PlanDigest) -> Result<Option<Plan>, StoreError> {
    let Some(row) = Tables(connection).plan(plan)? else {
        return Ok(None);
    };
    Ok(
        match tree::entry_at(connection, row.index)?.map(|stamped| stamped.entry) {
            Some(Entry::Planned { plan }) => Some(*plan),
            _ => None,
        },
    )
}

pub(crate) fn tokens(connection: &Connection, plan: &PlanDigest) -> Result<Vec<Token>, StoreError> {
    let query = "SELECT entry.idx, bytes FROM token JOIN entry ON entry.idx = token.idx \
                 WHERE token.plan = ?1 ORDER BY entry.idx";
    let token = |stamped: Stamped| match stamped.entry {
        Entry::Token { token, .. } => Some(*token),
        _ => None,
    };
    Ok(entries(connection, query, [plan.raw()])?
        .into_iter()
        .filter_map(token)
        .collect())
}

pub(crate) fn history(
    connection: &Connection,
    known: &mut Known,
    id: &PlanDigest,
) -> Result<History, StoreError> {
    let row = known_plan(connection, id)?;
    let plan = known.plan(connection, id)?.ok_or(StoreError::NoPlan(*id))?;
    let last_entry_at = tree::newest_at(connection)?;
    let since = last_entry_at.unwrap_or_default().minus_seconds(HOUR_S);
    let mut history = History {
        last_entry_at,
        state: row.state,
        intents: intents_since(connection, since)?,
        backtests: backtests(connection)?,
        ..History::fresh(tree::size(connection)?)
    };
    // Only these say more than the plan's row.
    let query = "SELECT idx, bytes FROM entry WHERE plan = ?1 \
                 AND (kind = 'outcome' OR idx IN (SELECT idx FROM redemption WHERE plan = ?1)) \
                 ORDER BY idx";
    for stamped in entries(connection, query, [id.raw()])? {
        let index = stamped.index;
        let unread = |error| StoreError::Entry {
            index,
            source: BadEntry::Fields(error),
        };
        take(&mut history, plan, &stamped).map_err(unread)?;
    }
    Ok(history)
}

/// Every backtest that was kept, the newest last; they are few.
fn backtests(connection: &Connection) -> Result<Vec<PastBacktest>, StoreError> {
    let kept = about(connection, &About::Kind("backtested"))?;
    Ok(kept
        .iter()
        .filter_map(|stamped| stamped.entry.past_backtest())
        .collect())
}

fn intents_since(connection: &Connection, since: Time) -> Result<Vec<PastIntent>, StoreError> {
    let read = |row: &Row<'_>| {
        let at = Time::from_micros(row.get(1)?).unwrap_or_default();
        Ok(PastIntent {
            rule: row.get(0)?,
            at,
        })
    };
    list(
        connection,
        "SELECT rule, at FROM intent WHERE at > ?1 ORDER BY idx",
        [since.micros()],
        read,
    )
}

fn at(row: &Row<'_>, column: usize) -> rusqlite::Result<Time> {
    Ok(Time::from_micros(row.get(column)?).unwrap_or_default())
}

fn run_id(row: &Row<'_>, column: usize) -> rusqlite::Result<RunId> {
    parsed_run(column, row.get_ref(column)?.as_str()?)
}

pub(super) fn optional_run(row: &Row<'_>, column: usize) -> rusqlite::Result<Option<RunId>> {
    row.get_ref(column)?
        .as_str_or_null()?
        .map(|text| parsed_run(column, text))
        .transpose()
}

fn parsed_run(column: usize, text: &str) -> rusqlite::Result<RunId> {
    text.parse().map_err(|error| {
        let text = rusqlite::types::Type::Text;
        rusqlite::Error::FromSqlConversionFailure(column, text, Box::new(error))
    })
}

pub(super) fn run_line(row: &Row<'_>) -> rusqlite::Result<RunLine> {
    Ok(RunLine {
        run: run_id(row, 0)?,
        id_key: row.get(1)?,
        runbook: row.get(2)?,
        state: row.get(3)?,
        opened_at: at(row, 4)?,
    })
}

pub(crate) fn runs(connection: &Connection, max: usize) -> Result<Vec<RunLine>, StoreError> {
    list(
        connection,
        "SELECT run.run, id_key, runbook, state, at FROM entry CROSS JOIN run ON run.run = entry.run \
         WHERE kind = 'run_opened' ORDER BY entry.idx DESC LIMIT ?1",
        [u64::try_from(max).unwrap_or(u64::from(u32::MAX))],
        run_line,
    )
}

const PLAN_LINE: &str = "SELECT plan.plan, plan.run, parent, state, at FROM plan \
                         JOIN entry ON entry.idx = plan.idx";

fn plan_line(row: &Row<'_>) -> rusqlite::Result<PlanLine> {
    let parent: Option<[u8; 32]> = row.get(2)?;
    Ok(PlanLine {
        plan: plan_id(row, 0)?,
        run: run_id(row, 1)?,
        parent: parent.map(PlanDigest::from_raw),
        state: state(row, 3)?,
        recorded_at: at(row, 4)?,
    })
}

pub(crate) fn plans(connection: &Connection, max: usize) -> Result<Vec<PlanLine>, StoreError> {
    let query = format!("{PLAN_LINE} ORDER BY plan.idx DESC LIMIT ?1");
    let max = u64::try_from(max).unwrap_or(u64::from(u32::MAX));
    list(connection, &query, [max], plan_line)
}

pub(crate) fn plans_of(connection: &Connection, run: &RunId) -> Result<Vec<PlanLine>, StoreError> {
    let query = format!("{PLAN_LINE} WHERE plan.run = ?1 ORDER BY plan.idx");
    list(connection, &query, [run.as_str()], plan_line)
}

pub(crate) fn find_run(connection: &Connection, prefix: &str) -> Result<RunId, StoreError> {
    let read = |row: &Row<'_>| run_id(row, 0);
    let all = list(
        connection,
        "SELECT run FROM run WHERE substr(run, 1, length(?1)) = ?1 ORDER BY run",
        [prefix],
        read,
    )?;
    // An id may begin another: the whole one is meant.
    if let Some(run) = all.iter().find(|run| run.as_str() == prefix) {
        return Ok(run.clone());
    }
    one("run", prefix, all)
}

pub(crate) fn find_plan(connection: &Connection, prefix: &str) -> Result<PlanDigest, StoreError> {
    let digits = prefix.strip_prefix("sha256:").unwrap_or(prefix);
    let all = list(
        connection,
        "SELECT plan FROM plan WHERE substr(lower(hex(plan)), 1, length(?1)) = ?1 ORDER BY plan",
        [digits],
        |row| plan_id(row, 0),
    )?;
    one("plan", prefix, all)
}

/// An empty prefix is nobody's name, even where there is only one.
fn one<T>(what: &'static str, prefix: &str, mut all: Vec<T>) -> Result<T, StoreError> {
    let count = all.len();
    match all.pop() {
        Some(found) if count == 1 && !prefix.is_empty() => Ok(found),
        _ => Err(StoreError::NotOne {
            what,
            prefix: prefix.chars().take(80).collect(),
            count,
        }),
    }
}

/// A fold over all entries, read one at a time.
pub(crate) fn fold(connection: &Connection) -> Result<Fold, StoreError> {
    let mut fold = Fold::default();
    for index in 0..tree::size(connection)? {
        let Some(stamped) = tree::entry_at(connection, index)? else {
            continue;
        };
        fold.push(&stamped)
            .map_err(|source| StoreError::OutOfPlace { index, source })?;
    }
    Ok(fold)
}

pub(crate) fn rows_equal_the_fold(connection: &Connection) -> Result<(), StoreError> {
    let (rows, fold) = (Tables(connection).load()?, fold(connection)?);
    first_difference(&rows, fold.rows())
}

pub(crate) fn first_difference(rows: &Rows, fold: &Rows) -> Result<(), StoreError> {
    macro_rules! compare {
        ($($field:ident),*) => {$(
            let keys = rows.$field.keys().chain(fold.$field.keys());
            for key in keys {
                let (row, should) = (rows.$field.get(key), fold.$field.get(key));
                if row != should {
                    return Err(StoreError::RowDiffers {
                        table: stringify!($field),
                        key: format!("{key:?}"),
                        row: format!("{row:?}"),
                        fold: format!("{should:?}"),
                    });
                }
            }
        )*};
    }
    compare!(
        policies,
        runs,
        plans,
        tokens,
        redemptions,
        intents,
        incidents,
        abouts
    );
    if (rows.size, rows.newest_at) != (fold.size, fold.newest_at) {
        return Err(StoreError::RowDiffers {
            table: "entry",
            key: "the last".to_owned(),
            row: format!("{} entries, {:?}", rows.size, rows.newest_at),
            fold: format!("{} entries, {:?}", fold.size, fold.newest_at),
        });
    }
    Ok(())
}

/// The newest checkpoint's note.
pub(crate) fn checkpoint(connection: &Connection) -> Result<Vec<u8>, StoreError> {
    let mut all = list(
        connection,
        "SELECT note FROM checkpoint ORDER BY size DESC LIMIT 1",
        params![],
        |row| row.get(0),
    )?;
    all.pop().ok_or(StoreError::NoCheckpoint)
}
