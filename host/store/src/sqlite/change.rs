//! What an entry changes of the derived rows, written to their tables.
//! Not a rule: see [`crate::fold::step`].

use interlock_gate::ids::PlanDigest;
use rusqlite::params;

use crate::error::{StoreError, sql};
use crate::fold::Change;

use super::rows::{Tables, state_text};

impl Tables<'_> {
    /// Makes one change.
    pub(crate) fn apply(&self, change: &Change) -> Result<(), StoreError> {
        let run = |text: &str, params: &[&dyn rusqlite::ToSql]| {
            self.0
                .prepare_cached(text)
                .and_then(|mut statement| statement.execute(params))
                .map_err(sql("write the store"))
                .map(drop)
        };
        match change {
            Change::Policy(index, row) => run(
                "INSERT INTO policy (idx, digest, path) VALUES (?1, ?2, ?3)",
                params![index, row.digest.raw(), row.path],
            ),
            Change::Run(id, row) => run(
                "INSERT INTO run (run, idx, id_key, runbook, state) VALUES (?1, ?2, ?3, ?4, ?5)",
                params![id.as_str(), row.index, row.id_key, row.runbook, row.state],
            ),
            Change::RunState(id, state) => run(
                "UPDATE run SET state = ?2 WHERE run = ?1",
                params![id.as_str(), state],
            ),
            Change::Plan(id, row) => run(
                "INSERT INTO plan (plan, idx, run, parent, acts, state) \
                 VALUES (?1, ?2, ?3, ?4, ?5, ?6)",
                params![
                    id.raw(),
                    row.index,
                    row.run.as_str(),
                    row.parent.as_ref().map(PlanDigest::raw),
                    row.acts,
                    state_text(row.state),
                ],
            ),
            Change::PlanState(id, state) => run(
                "UPDATE plan SET state = ?2 WHERE plan = ?1",
                params![id.raw(), state_text(*state)],
            ),
            Change::Token(id, row) => run(
                "INSERT INTO token (token, idx, plan, decision, signer, nonce) \
                 VALUES (?1, ?2, ?3, ?4, ?5, ?6)",
                params![
                    id.raw(),
                    row.index,
                    row.plan.raw(),
                    row.decision.word(),
                    row.signer,
                    row.nonce.to_string(),
                ],
            ),
            Change::Redemption(id, kind, index) => run(
                "INSERT INTO redemption (plan, kind, idx) VALUES (?1, ?2, ?3)",
                params![id.raw(), kind.word(), index],
            ),
            Change::Intent((plan, kind, action), row) => run(
                "INSERT INTO intent (plan, kind, action, idx, capability, rule, at, outcome) \
                 VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8)",
                params![
                    plan.raw(),
                    kind.word(),
                    action,
                    row.index,
                    row.capability.name(),
                    row.rule,
                    row.at.micros(),
                    row.outcome,
                ],
            ),
            Change::Settled((plan, kind, action), outcome) => run(
                "UPDATE intent SET outcome = ?4 WHERE plan = ?1 AND kind = ?2 AND action = ?3",
                params![plan.raw(), kind.word(), action, outcome],
            ),
            Change::Incident(id, row) => run(
                "INSERT INTO incident (incident, idx, grp, firing) VALUES (?1, ?2, ?3, ?4)",
                params![id, row.index, row.group, row.firing],
            ),
            Change::Firing(id, firing) => run(
                "UPDATE incident SET firing = ?2 WHERE incident = ?1",
                params![id, firing],
            ),
            Change::About(index, id) => run(
                "INSERT INTO about (idx, incident) VALUES (?1, ?2)",
                params![index, id],
            ),
        }
    }
}
