//! Which entry may follow, and what it changes: the one place that says so.
//! Not a permit: that an action may happen is the gate's word, which the entry carries.
//! Start at [`changes`].

use interlock_gate::history::Kind;
use interlock_gate::ids::{PlanDigest, PolicyDigest, RunId, TokenDigest};
use interlock_gate::plan::Plan;
use interlock_gate::state::{PlanEvent, PlanState};
use interlock_gate::time::Time;
use interlock_gate::token::{Decision, Token};

use super::illegal::Illegal;
use super::incident;
use super::learnt;
use super::rows::{
    Change, Facts, IntentKey, IntentRow, PlanRow, PolicyRow, RunRow, TokenRow, after,
};
use crate::entry::{Entry, RecordedOutcome};

/// Either the entry is illegal, or the rows could not be read.
#[derive(Debug)]
pub enum StepError<E> {
    /// It cannot follow.
    Illegal(Illegal),
    /// Nobody can say.
    Facts(E),
}

impl<E> From<Illegal> for StepError<E> {
    fn from(illegal: Illegal) -> Self {
        StepError::Illegal(illegal)
    }
}

pub(super) type Step<E> = Result<Vec<Change>, StepError<E>>;

/// What `entry`, taken at `at` as number `index`, changes; or why it cannot follow.
pub fn changes<F: Facts>(facts: &F, index: u64, at: Time, entry: &Entry) -> Step<F::Error> {
    let rows = Asked(facts);
    if let Some(newest) = rows.get(F::newest_at)?.filter(|newest| at < *newest) {
        return Err(Illegal::TimeRunsBack { at, newest }.into());
    }
    if (index == 0) != matches!(entry, Entry::StoreOpened { .. }) {
        return Err(Illegal::Beginning.into());
    }
    match entry {
        Entry::StoreOpened { .. } | Entry::Trusted { .. } | Entry::Incident { .. } => Ok(vec![]),
        Entry::Policy { digest, path, text } => rows.policy(index, digest, path, text),
        Entry::RunOpened {
            run,
            id_key,
            runbook,
            ..
        } => {
            let row = RunRow {
                index,
                id_key: id_key.clone(),
                runbook: runbook.clone(),
                state: OPEN.to_owned(),
            };
            incident::run(rows.0, run, row, entry.incident())
        }
        Entry::Alerted {
            incident,
            group,
            firing,
            ..
        } => incident::alerted(rows.0, index, incident, group, *firing),
        Entry::Note { incident, text, .. } => incident::noted(rows.0, index, incident, text),
        Entry::Imported {
            incident,
            format,
            lines,
            ..
        } => incident::imported(rows.0, index, incident, format, *lines),
        Entry::Backtested { .. } => learnt::backtested(entry),
        Entry::Diagnosis { run, .. } => {
            let of = rows.run(run)?;
            incident::diagnosed(rows.0, index, of.index)
        }
        Entry::StepEnded { run, .. } | Entry::Kept { run, .. } => rows.run(run).map(|_| vec![]),
        Entry::Feedback { run, .. } => learnt::judged(rows.0, index, rows.run(run)?.index, entry),
        Entry::Cause { incident, .. } => learnt::cause(rows.0, index, incident, entry),
        Entry::RunEnded { run, state } => match rows.run(run)?.state.as_str() {
            OPEN => Ok(vec![Change::RunState(run.clone(), state.clone())]),
            _ => Err(Illegal::RunOver(run.clone()).into()),
        },
        Entry::Planned { plan } => rows.planned(index, plan),
        Entry::Token { plan, token } => rows.token(index, plan, token),
        Entry::Refused { run, plan, .. } => {
            if let Some(run) = run {
                rows.run(run)?;
            }
            if let Some(plan) = plan {
                rows.plan(plan)?;
            }
            Ok(vec![])
        }
        Entry::ApplyBegan { plan, kind, .. } => rows.began(plan, *kind),
        Entry::Intent {
            plan,
            kind,
            index: action,
            step,
            action: what,
            rule,
            tokens,
            redeems,
            ..
        } => {
            let row = IntentRow {
                index,
                capability: what.capability,
                rule: rule.name.clone(),
                at,
                outcome: None,
            };
            let redeemed = Redeemed {
                named: tokens,
                whole: redeems.as_deref(),
            };
            rows.intent((*plan, *kind, *action), *step, row, &redeemed)
        }
        Entry::Outcome {
            plan,
            kind,
            index,
            outcome,
        } => rows.outcome((*plan, *kind, *index), outcome),
        Entry::ApplyEnded { plan, stopped, .. } => rows.ended(plan, stopped.as_deref()),
        Entry::Verified { run, plan, .. } => {
            rows.run(run)?;
            rows.plan(plan).map(|_| vec![])
        }
        Entry::Reconciled {
            plan, kind, index, ..
        } => rows.reconciled((*plan, *kind, *index)),
    }
}

/// The state of a run that has not ended.
pub const OPEN: &str = "open";

struct Redeemed<'a> {
    named: &'a [TokenDigest],
    whole: Option<&'a [Token]>,
}

struct Asked<'a, F>(&'a F);

impl<F: Facts> Asked<'_, F> {
    fn get<T>(
        &self,
        ask: impl FnOnce(&F) -> Result<T, F::Error>,
    ) -> Result<T, StepError<F::Error>> {
        ask(self.0).map_err(StepError::Facts)
    }

    fn run(&self, run: &RunId) -> Result<RunRow, StepError<F::Error>> {
        self.get(|f| f.run(run))?
            .ok_or_else(|| Illegal::NoRun(run.clone()).into())
    }

    fn plan(&self, plan: &PlanDigest) -> Result<PlanRow, StepError<F::Error>> {
        self.get(|f| f.plan(plan))?
            .ok_or_else(|| Illegal::NoPlan(*plan).into())
    }

    fn policy(&self, index: u64, digest: &PolicyDigest, path: &str, text: &str) -> Step<F::Error> {
        if PolicyDigest::of(text.as_bytes()) != *digest {
            return Err(Illegal::PolicyText { digest: *digest }.into());
        }
        match self.get(F::policy)? {
            Some(old) if old.path != path => Err(Illegal::OtherPolicyPath {
                bound: old.path,
                given: path.to_owned(),
            }
            .into()),
            Some(old) if old.digest == *digest => {
                Err(Illegal::SamePolicy { digest: *digest }.into())
            }
            _ => {
                let row = PolicyRow {
                    digest: *digest,
                    path: path.to_owned(),
                };
                Ok(vec![Change::Policy(index, row)])
            }
        }
    }

    fn planned(&self, index: u64, plan: &Plan) -> Step<F::Error> {
        let (id, body) = (plan.id(), plan.body());
        self.run(&body.run)?;
        if self.get(|f| f.plan(&id))?.is_some() {
            return Err(Illegal::PlanTwice(id).into());
        }
        let mut all = Vec::new();
        if let Some(parent) = body.parent {
            let state = self.plan(&parent)?.state;
            all.push(after(parent, state, PlanEvent::Superseded)?);
        }
        let row = PlanRow {
            index,
            run: body.run.clone(),
            parent: body.parent,
            // A plan has at most `ACTIONS_MAX` actions.
            acts: u16::try_from(plan.acts().count()).unwrap_or(u16::MAX),
            state: PlanState::Waiting,
        };
        all.push(Change::Plan(id, row));
        Ok(all)
    }

    fn token(&self, index: u64, plan: &PlanDigest, token: &Token) -> Step<F::Error> {
        let payload = token.payload();
        if payload.plan != *plan {
            return Err(Illegal::TokenOfAnotherPlan {
                inside: payload.plan,
            }
            .into());
        }
        let state = self.plan(plan)?.state;
        let signer = token.signer().to_wire();
        if let Some(used) = self.get(|f| f.token_of_nonce(&signer, payload.nonce))? {
            return Err(Illegal::NonceUsed(used).into());
        }
        let row = TokenRow {
            index,
            plan: *plan,
            decision: payload.decision,
            signer,
            nonce: payload.nonce,
        };
        let mut all = vec![Change::Token(token.digest(), row)];
        // Once a plan has begun, a no still denies what is left of it, at the gate; the state then
        // says how far it came.
        let event = match payload.decision {
            Decision::Reject => Some(PlanEvent::Rejected),
            Decision::Revoke => Some(PlanEvent::Revoked),
            Decision::Approve | Decision::Undo => None,
        };
        if let (PlanState::Waiting, Some(event)) = (state, event) {
            all.push(after(*plan, state, event)?);
        }
        Ok(all)
    }

    fn began(&self, plan: &PlanDigest, kind: Kind) -> Step<F::Error> {
        let state = self.plan(plan)?.state;
        // Only asked: what changes the state is the redemption, with the first intent.
        let event = match kind {
            Kind::Apply => PlanEvent::Began,
            Kind::Undo => PlanEvent::UndoBegan { first: 0 },
        };
        after(*plan, state, event)?;
        Ok(vec![])
    }

    fn intent(
        &self,
        key: IntentKey,
        step: u16,
        row: IntentRow,
        redeemed: &Redeemed<'_>,
    ) -> Step<F::Error> {
        let (plan, kind, index) = key;
        let mut state = self.plan(&plan)?.state;
        let entry = row.index;
        for token in redeemed.named {
            if self
                .get(|f| f.token(token))?
                .is_none_or(|row| row.plan != plan)
            {
                return Err(Illegal::Redeems.into());
            }
        }
        if self.get(|f| f.intent(&key))?.is_some() {
            return Err(Illegal::IntentTwice { index, kind }.into());
        }
        let mut all = Vec::new();
        let redeemed_before = self.get(|f| f.redemption(&plan, kind))?.is_some();
        match redeemed.whole {
            Some(_) if redeemed_before => {
                return Err(Illegal::RedeemedTwice { plan, kind }.into());
            }
            Some(whole) => {
                if !whole
                    .iter()
                    .map(Token::digest)
                    .eq(redeemed.named.iter().copied())
                {
                    return Err(Illegal::Redeems.into());
                }
                let event = match kind {
                    Kind::Apply => PlanEvent::Began,
                    Kind::Undo => PlanEvent::UndoBegan { first: step },
                };
                let change = after(plan, state, event)?;
                if let Change::PlanState(_, began) = &change {
                    state = *began;
                }
                all.extend([change, Change::Redemption(plan, kind, entry)]);
            }
            None if !redeemed_before => return Err(Illegal::Redeems.into()),
            None => {}
        }
        let next = match (kind, state) {
            (Kind::Apply, PlanState::Applying { next })
            | (Kind::Undo, PlanState::Undoing { next }) => next,
            // Not being carried out this way, or no longer: the gate's own words for it.
            _ => {
                after(plan, state, PlanEvent::Next)?;
                return Err(Illegal::RedeemedTwice { plan, kind }.into());
            }
        };
        if step != next {
            return Err(Illegal::NotItsTurn { found: step, next }.into());
        }
        if self.get(|f| f.unsettled(&plan))? {
            return Err(Illegal::Unsettled.into());
        }
        all.push(Change::Intent(key, row));
        Ok(all)
    }

    fn outcome(&self, key: IntentKey, outcome: &RecordedOutcome) -> Step<F::Error> {
        let (plan, kind, index) = key;
        let row = self.plan(&plan)?;
        let intent = self
            .get(|f| f.intent(&key))?
            .ok_or(Illegal::NoIntent { index, kind })?;
        if let Some(outcome) = intent.outcome {
            return Err(Illegal::SettledBefore {
                index,
                kind,
                outcome,
            }
            .into());
        }
        let last = match row.state {
            PlanState::Applying { next } => next.saturating_add(1) >= row.acts,
            PlanState::Undoing { next } => next == 0,
            _ => false,
        };
        let read = outcome
            .read(intent.capability)
            .map_err(|_| Illegal::Revision { index })?;
        let event = match outcome {
            RecordedOutcome::Unknown { .. } => PlanEvent::Doubted,
            _ if !read.goes_on(intent.capability) => PlanEvent::Halted,
            _ if last => PlanEvent::Finished,
            _ => PlanEvent::Next,
        };
        Ok(vec![
            Change::Settled(key, outcome.name().to_owned()),
            after(plan, row.state, event)?,
        ])
    }

    fn ended(&self, plan: &PlanDigest, stopped: Option<&str>) -> Step<F::Error> {
        let state = self.plan(plan)?.state;
        if self.get(|f| f.unsettled(plan))? {
            return Err(Illegal::Unsettled.into());
        }
        match state {
            PlanState::Applying { .. } | PlanState::Undoing { .. } => {
                stopped.ok_or(Illegal::Unexplained(*plan))?;
                Ok(vec![after(*plan, state, PlanEvent::Halted)?])
            }
            _ => Ok(vec![]),
        }
    }

    fn reconciled(&self, key: IntentKey) -> Step<F::Error> {
        let (plan, kind, index) = key;
        let mut state = self.plan(&plan)?.state;
        let intent = self
            .get(|f| f.intent(&key))?
            .ok_or(Illegal::NoIntent { index, kind })?;
        match intent.outcome.as_deref() {
            Some("unknown") => {}
            // The host ended before it could say even that it does not know.
            None => {
                state = state
                    .after(&PlanEvent::Doubted)
                    .map_err(|source| Illegal::Transition { plan, source })?;
            }
            Some(_) => return Err(Illegal::NoDoubt { index }.into()),
        }
        Ok(vec![
            Change::Settled(key, RECONCILED.to_owned()),
            after(plan, state, PlanEvent::Reconciled)?,
        ])
    }
}

/// What an intent's row says once a person has settled it.
pub const RECONCILED: &str = "reconciled";
