//! The derived rows as tables: read for a rule, listed for a comparison. `change` writes them.
//! Not a rule: see [`crate::fold::step`].

use std::str::FromStr;

use interlock_gate::action::Capability;
use interlock_gate::history::Kind;
use interlock_gate::ids::{PlanDigest, PolicyDigest, RunId, TokenDigest};
use interlock_gate::state::PlanState;
use interlock_gate::time::Time;
use interlock_gate::token::{Decision, Nonce};
use rusqlite::types::{FromSqlError, Type};
use rusqlite::{Connection, OptionalExtension, Params, Row, params};

use crate::error::{StoreError, sql};
use crate::fold::{
    Facts, IncidentRow, IntentKey, IntentRow, PlanRow, PolicyRow, Rows, RunRow, TokenRow,
};

use crate::store::Doubt;

use super::tree;

/// The tables of an open store.
pub(crate) struct Tables<'a>(pub(crate) &'a Connection);

const POLICY: &str = "SELECT idx, digest, path FROM policy";
const RUN: &str = "SELECT run, idx, id_key, runbook, state FROM run";
const PLAN: &str = "SELECT plan, idx, run, parent, acts, state FROM plan";
const TOKEN: &str = "SELECT token, idx, plan, decision, signer, nonce FROM token";
const REDEMPTION: &str = "SELECT plan, kind, idx FROM redemption";
const INTENT: &str = "SELECT plan, kind, action, idx, capability, rule, at, outcome FROM intent";

const INCIDENT: &str = "SELECT incident, idx, grp, firing FROM incident";
const ABOUT: &str = "SELECT idx, incident FROM about";

/// Reads a column's text with its type's own parser.
fn parsed<T: FromStr>(row: &Row<'_>, column: usize) -> rusqlite::Result<T>
where
    T::Err: std::error::Error + Send + Sync + 'static,
{
    let text: String = row.get(column)?;
    text.parse().map_err(|error: T::Err| bad(column, error))
}

fn bad(column: usize, error: impl std::error::Error + Send + Sync + 'static) -> rusqlite::Error {
    rusqlite::Error::FromSqlConversionFailure(column, Type::Text, Box::new(error))
}

pub(crate) fn plan_id(row: &Row<'_>, column: usize) -> rusqlite::Result<PlanDigest> {
    Ok(PlanDigest::from_raw(row.get(column)?))
}

fn time(row: &Row<'_>, column: usize) -> rusqlite::Result<Time> {
    let micros: u64 = row.get(column)?;
    Time::from_micros(micros).ok_or_else(|| bad(column, FromSqlError::InvalidType))
}

fn kind(row: &Row<'_>, column: usize) -> rusqlite::Result<Kind> {
    let word: String = row.get(column)?;
    let of_word = |kind: &Kind| kind.word() == word;
    [Kind::Apply, Kind::Undo]
        .into_iter()
        .find(of_word)
        .ok_or_else(|| bad(column, FromSqlError::InvalidType))
}

fn decision(row: &Row<'_>, column: usize) -> rusqlite::Result<Decision> {
    let word: String = row.get(column)?;
    [
        Decision::Approve,
        Decision::Reject,
        Decision::Revoke,
        Decision::Undo,
    ]
    .into_iter()
    .find(|decision| decision.word() == word)
    .ok_or_else(|| bad(column, FromSqlError::InvalidType))
}

/// A state's word, and its number where it has one.
pub(super) fn state_text(state: PlanState) -> String {
    match state {
        PlanState::Applying { next: n }
        | PlanState::Undoing { next: n }
        | PlanState::Stopped { at: n }
        | PlanState::Unknown { at: n } => format!("{} {n}", state.word()),
        PlanState::Waiting
        | PlanState::Rejected
        | PlanState::Revoked
        | PlanState::Expired
        | PlanState::Superseded
        | PlanState::Applied
        | PlanState::Undone => state.word().to_owned(),
    }
}

pub(crate) fn state(row: &Row<'_>, column: usize) -> rusqlite::Result<PlanState> {
    let text: String = row.get(column)?;
    let (word, number) = text.split_once(' ').unwrap_or((text.as_str(), "0"));
    let n: u16 = number.parse().map_err(|error| bad(column, error))?;
    [
        PlanState::Waiting,
        PlanState::Rejected,
        PlanState::Revoked,
        PlanState::Expired,
        PlanState::Superseded,
        PlanState::Applying { next: n },
        PlanState::Applied,
        PlanState::Stopped { at: n },
        PlanState::Unknown { at: n },
        PlanState::Undoing { next: n },
        PlanState::Undone,
    ]
    .into_iter()
    .find(|state| state.word() == word)
    .ok_or_else(|| bad(column, FromSqlError::InvalidType))
}

fn policy_row(row: &Row<'_>) -> rusqlite::Result<(u64, PolicyRow)> {
    let digest = PolicyDigest::from_raw(row.get(1)?);
    Ok((
        row.get(0)?,
        PolicyRow {
            digest,
            path: row.get(2)?,
        },
    ))
}

fn run_row(row: &Row<'_>) -> rusqlite::Result<(RunId, RunRow)> {
    let (index, id_key) = (row.get(1)?, row.get(2)?);
    let (runbook, state) = (row.get(3)?, row.get(4)?);
    Ok((
        parsed(row, 0)?,
        RunRow {
            index,
            id_key,
            runbook,
            state,
        },
    ))
}

fn plan_row(row: &Row<'_>) -> rusqlite::Result<(PlanDigest, PlanRow)> {
    let parent: Option<[u8; 32]> = row.get(3)?;
    let found = PlanRow {
        index: row.get(1)?,
        run: parsed(row, 2)?,
        parent: parent.map(PlanDigest::from_raw),
        acts: row.get(4)?,
        state: state(row, 5)?,
    };
    Ok((plan_id(row, 0)?, found))
}

fn token_row(row: &Row<'_>) -> rusqlite::Result<(TokenDigest, TokenRow)> {
    let found = TokenRow {
        index: row.get(1)?,
        plan: plan_id(row, 2)?,
        decision: decision(row, 3)?,
        signer: row.get(4)?,
        nonce: parsed(row, 5)?,
    };
    Ok((TokenDigest::from_raw(row.get(0)?), found))
}

fn redemption_row(row: &Row<'_>) -> rusqlite::Result<((PlanDigest, Kind), u64)> {
    Ok(((plan_id(row, 0)?, kind(row, 1)?), row.get(2)?))
}

fn intent_row(row: &Row<'_>) -> rusqlite::Result<(IntentKey, IntentRow)> {
    let key = (plan_id(row, 0)?, kind(row, 1)?, row.get(2)?);
    let found = IntentRow {
        index: row.get(3)?,
        capability: parsed::<Capability>(row, 4)?,
        rule: row.get(5)?,
        at: time(row, 6)?,
        outcome: row.get(7)?,
    };
    Ok((key, found))
}

fn incident_row(row: &Row<'_>) -> rusqlite::Result<(String, IncidentRow)> {
    let found = IncidentRow {
        index: row.get(1)?,
        group: row.get(2)?,
        firing: row.get(3)?,
    };
    Ok((row.get(0)?, found))
}

impl Tables<'_> {
    fn one<T>(
        &self,
        query: String,
        params: impl Params,
        read: impl FnOnce(&Row<'_>) -> rusqlite::Result<T>,
    ) -> Result<Option<T>, StoreError> {
        self.0
            .prepare_cached(&query)
            .and_then(|mut statement| statement.query_row(params, read).optional())
            .map_err(sql("read the store"))
    }

    fn all<T, C: FromIterator<T>>(
        &self,
        query: &str,
        read: impl FnMut(&Row<'_>) -> rusqlite::Result<T>,
    ) -> Result<C, StoreError> {
        self.0
            .prepare(query)
            .and_then(|mut statement| statement.query_map([], read)?.collect())
            .map_err(sql("read the store"))
    }

    /// Intents whose outcome is not known, oldest first.
    pub(crate) fn doubts(&self) -> Result<Vec<Doubt>, StoreError> {
        let query = format!("{INTENT} WHERE outcome IS NULL OR outcome = 'unknown' ORDER BY idx");
        let all: Vec<(IntentKey, IntentRow)> = self.all(&query, intent_row)?;
        let doubt = |((plan, kind, index), row): (IntentKey, IntentRow)| Doubt {
            plan,
            kind,
            index,
            at: row.at,
            outcome: row.outcome,
        };
        Ok(all.into_iter().map(doubt).collect())
    }

    /// Every derived row, to be compared with a fold.
    pub(crate) fn load(&self) -> Result<Rows, StoreError> {
        Ok(Rows {
            size: tree::size(self.0)?,
            newest_at: tree::newest_at(self.0)?,
            policies: self.all(POLICY, policy_row)?,
            runs: self.all(RUN, run_row)?,
            plans: self.all(PLAN, plan_row)?,
            tokens: self.all(TOKEN, token_row)?,
            redemptions: self.all(REDEMPTION, redemption_row)?,
            intents: self.all(INTENT, intent_row)?,
            incidents: self.all(INCIDENT, incident_row)?,
            abouts: self.all(ABOUT, |row| Ok((row.get(0)?, row.get(1)?)))?,
        })
    }
}

impl Facts for Tables<'_> {
    type Error = StoreError;

    fn size(&self) -> Result<u64, StoreError> {
        tree::size(self.0)
    }

    fn newest_at(&self) -> Result<Option<Time>, StoreError> {
        tree::newest_at(self.0)
    }

    fn policy(&self) -> Result<Option<PolicyRow>, StoreError> {
        let query = format!("{POLICY} ORDER BY idx DESC LIMIT 1");
        Ok(self.one(query, [], policy_row)?.map(|(_, row)| row))
    }

    fn run(&self, run: &RunId) -> Result<Option<RunRow>, StoreError> {
        let query = format!("{RUN} WHERE run = ?1");
        Ok(self
            .one(query, [run.as_str()], run_row)?
            .map(|(_, row)| row))
    }

    fn run_of_key(&self, key: &str) -> Result<Option<RunId>, StoreError> {
        let query = format!("{RUN} WHERE id_key = ?1");
        Ok(self.one(query, [key], run_row)?.map(|(run, _)| run))
    }

    fn plan(&self, plan: &PlanDigest) -> Result<Option<PlanRow>, StoreError> {
        let query = format!("{PLAN} WHERE plan = ?1");
        Ok(self.one(query, [plan.raw()], plan_row)?.map(|(_, row)| row))
    }

    fn token(&self, token: &TokenDigest) -> Result<Option<TokenRow>, StoreError> {
        let query = format!("{TOKEN} WHERE token = ?1");
        Ok(self
            .one(query, [token.raw()], token_row)?
            .map(|(_, row)| row))
    }

    fn token_of_nonce(
        &self,
        signer: &[u8],
        nonce: Nonce,
    ) -> Result<Option<TokenDigest>, StoreError> {
        let query = format!("{TOKEN} WHERE signer = ?1 AND nonce = ?2");
        let found = self.one(query, params![signer, nonce.to_string()], token_row)?;
        Ok(found.map(|(token, _)| token))
    }

    fn redemption(&self, plan: &PlanDigest, kind: Kind) -> Result<Option<u64>, StoreError> {
        let query = format!("{REDEMPTION} WHERE plan = ?1 AND kind = ?2");
        let found = self.one(query, params![plan.raw(), kind.word()], redemption_row)?;
        Ok(found.map(|(_, index)| index))
    }

    fn intent(&self, (plan, kind, action): &IntentKey) -> Result<Option<IntentRow>, StoreError> {
        let query = format!("{INTENT} WHERE plan = ?1 AND kind = ?2 AND action = ?3");
        let found = self.one(query, params![plan.raw(), kind.word(), action], intent_row)?;
        Ok(found.map(|(_, row)| row))
    }

    fn unsettled(&self, plan: &PlanDigest) -> Result<bool, StoreError> {
        let query = format!("{INTENT} WHERE plan = ?1 AND outcome IS NULL LIMIT 1");
        Ok(self.one(query, [plan.raw()], intent_row)?.is_some())
    }

    fn incident(&self, id: &str) -> Result<Option<IncidentRow>, StoreError> {
        let query = format!("{INCIDENT} WHERE incident = ?1");
        Ok(self.one(query, [id], incident_row)?.map(|(_, row)| row))
    }

    fn open_incident(&self, group: &str) -> Result<Option<String>, StoreError> {
        let query = format!("{INCIDENT} WHERE grp = ?1 AND firing = 1");
        Ok(self.one(query, [group], incident_row)?.map(|(id, _)| id))
    }

    fn about(&self, index: u64) -> Result<Option<String>, StoreError> {
        let query = format!("{ABOUT} WHERE idx = ?1");
        self.one(query, [index], |row| row.get(1))
    }
}
