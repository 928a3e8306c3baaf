//! The policy and the plan that were read last, and the rule's limits counted against them.

use interlock_capabilities::journal::Refused;
use interlock_gate::history::Kind;
use interlock_gate::ids::{PlanDigest, PolicyDigest};
use interlock_gate::permit::Basis;
use interlock_gate::plan::Plan;
use interlock_gate::policy::Policy;
use interlock_gate::time::Time;
use rusqlite::{Connection, ToSql, params};

use crate::entry::Entry;
use crate::error::{StoreError, sql};

use super::append::unwritable;
use super::{query, tree};

/// One hour, in seconds: what `per_hour` counts over.
pub(crate) const HOUR_S: u64 = 3600;

/// The policy and the plan that were read last: an apply asks for the same ones at each action.
#[derive(Default)]
pub(crate) struct Known {
    policy: Option<(PolicyDigest, Policy)>,
    plan: Option<Plan>,
}

impl Known {
    pub(crate) fn policy(
        &mut self,
        connection: &Connection,
        id: PolicyDigest,
    ) -> Result<&Policy, Refused> {
        let cached = self.policy.take().filter(|(known, _)| *known == id);
        let policy = match cached {
            Some(cached) => cached,
            None => (id, read_policy(connection, id)?),
        };
        Ok(&self.policy.insert(policy).1)
    }

    /// A plan of this journal; its digest is its name, so a cached one is never another.
    pub(crate) fn plan(
        &mut self,
        connection: &Connection,
        id: &PlanDigest,
    ) -> Result<Option<&Plan>, StoreError> {
        self.plan.take_if(|known| known.id() != *id);
        if self.plan.is_none() {
            self.plan = query::plan(connection, id)?;
        }
        Ok(self.plan.as_ref())
    }
}

fn read_policy(connection: &Connection, digest: PolicyDigest) -> Result<Policy, Refused> {
    let index: Option<u64> = connection
        .prepare_cached("SELECT max(idx) FROM policy WHERE digest = ?1")
        .and_then(|mut statement| statement.query_row([digest.raw()], |row| row.get(0)))
        .map_err(sql("read the store"))
        .map_err(unwritable)?;
    let stamped = index
        .map(|index| tree::entry_at(connection, index))
        .transpose()
        .map_err(unwritable)?
        .flatten();
    let Some(Entry::Policy { text, .. }) = stamped.map(|stamped| stamped.entry) else {
        return Err(Refused::NotHeld {
            what: format!("the policy `{digest}`"),
        });
    };
    Policy::parse(&text).map_err(|errors| Refused::Illegal {
        why: format!("the policy `{digest}` does not parse: {errors}"),
    })
}

/// Refuses one more intent than the rule's limits allow, as they stand in this transaction.
pub(crate) fn count_limits(
    connection: &Connection,
    now: Time,
    why: &Basis,
    known: &mut Known,
) -> Result<(), Refused> {
    match why.kind {
        // Rates bound what is carried out; taking it back is never too much.
        Kind::Undo => return Ok(()),
        Kind::Apply => {}
    }
    let rule = &why.rule.name;
    let policy = known.policy(connection, why.policy)?;
    let limits = policy
        .write(rule)
        .map(|rule| &rule.limits)
        .ok_or_else(|| Refused::NotHeld {
            what: format!("the rule `{rule}`"),
        })?;
    let count = |text: &str, params: &[&dyn ToSql]| {
        connection
            .prepare_cached(text)
            .and_then(|mut statement| statement.query_row(params, |row| row.get::<_, u64>(0)))
            .map_err(sql("count the rule's intents"))
            .map_err(unwritable)
    };
    let over = |limit, per| Refused::Limit {
        rule: rule.clone(),
        limit,
        per,
    };
    if let Some(limit) = limits.per_hour.map(u64::from) {
        let since = now.minus_seconds(HOUR_S).micros();
        let so_far = count(
            "SELECT count(*) FROM intent WHERE rule = ?1 AND at > ?2",
            params![rule, since],
        )?;
        if so_far >= limit {
            return Err(over(limit, "per hour"));
        }
    }
    if let Some(limit) = limits.per_run.map(u64::from) {
        let so_far = count(
            "SELECT count(*) FROM intent WHERE rule = ?1 AND plan = ?2 AND kind = ?3",
            params![rule, why.plan.raw(), why.kind.word()],
        )?;
        if so_far >= limit {
            return Err(over(limit, "per run"));
        }
    }
    Ok(())
}
