//! What the entries add up to, as rows: in memory here, as tables in the database.
//! Not a rule: which entry may follow which is said in [`super::step`].

use std::collections::BTreeMap;

use interlock_gate::action::Capability;
use interlock_gate::history::Kind;
use interlock_gate::ids::{PlanDigest, PolicyDigest, RunId, TokenDigest};
use interlock_gate::state::{PlanEvent, PlanState};
use interlock_gate::time::Time;
use interlock_gate::token::{Decision, Nonce};

use super::illegal::Illegal;

/// A policy that came into force.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct PolicyRow {
    /// Of its text.
    pub digest: PolicyDigest,
    /// The file it was read from.
    pub path: String,
}

/// A run.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct RunRow {
    /// The entry that opened it.
    pub index: u64,
    /// Its caller's own id.
    pub id_key: Option<String>,
    /// The runbook's name.
    pub runbook: String,
    /// `open`, or the state in which it ended.
    pub state: String,
}

/// A plan.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct PlanRow {
    /// The entry that made it.
    pub index: u64,
    /// Its run.
    pub run: RunId,
    /// The plan it narrows.
    pub parent: Option<PlanDigest>,
    /// How many of its actions are carried out.
    pub acts: u16,
    /// Where it stands.
    pub state: PlanState,
}

/// A decision about a plan.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct TokenRow {
    /// The entry that holds it.
    pub index: u64,
    /// The plan it decides about.
    pub plan: PlanDigest,
    /// What was decided.
    pub decision: Decision,
    /// The signing key, in SSH's wire form.
    pub signer: Vec<u8>,
    /// Unlike every other of that key.
    pub nonce: Nonce,
}

/// An action that may have happened.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct IntentRow {
    /// The entry that holds it.
    pub index: u64,
    /// The kind of change.
    pub capability: Capability,
    /// The name of the rule that permitted it: an hourly limit outlives a change of its text.
    pub rule: String,
    /// When: what hourly limits count.
    pub at: Time,
    /// The outcome's name, `reconciled`, or nothing yet.
    pub outcome: Option<String>,
}

/// An incident.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct IncidentRow {
    /// The entry that named it first.
    pub index: u64,
    /// The group of alerts that opened it; none where a run was asked with it.
    pub group: Option<String>,
    /// Whether that group still rings.
    pub firing: bool,
}

/// A plan's action, carried out or back.
pub type IntentKey = (PlanDigest, Kind, u16);

/// Reads the rows that a rule needs; in memory and in the database alike.
pub trait Facts {
    /// Why a row could not be read.
    type Error;

    /// How many entries there are.
    fn size(&self) -> Result<u64, Self::Error>;
    /// When the newest entry was taken.
    fn newest_at(&self) -> Result<Option<Time>, Self::Error>;
    /// The policy in force.
    fn policy(&self) -> Result<Option<PolicyRow>, Self::Error>;
    /// A run.
    fn run(&self, run: &RunId) -> Result<Option<RunRow>, Self::Error>;
    /// The run that its caller gave this id.
    fn run_of_key(&self, key: &str) -> Result<Option<RunId>, Self::Error>;
    /// A plan.
    fn plan(&self, plan: &PlanDigest) -> Result<Option<PlanRow>, Self::Error>;
    /// A token.
    fn token(&self, token: &TokenDigest) -> Result<Option<TokenRow>, Self::Error>;
    /// The token with which this key used this nonce.
    fn token_of_nonce(
        &self,
        signer: &[u8],
        nonce: Nonce,
    ) -> Result<Option<TokenDigest>, Self::Error>;
    /// The entry that redeemed the plan's tokens.
    fn redemption(&self, plan: &PlanDigest, kind: Kind) -> Result<Option<u64>, Self::Error>;
    /// An intent.
    fn intent(&self, key: &IntentKey) -> Result<Option<IntentRow>, Self::Error>;
    /// Whether an intent of the plan has no outcome yet.
    fn unsettled(&self, plan: &PlanDigest) -> Result<bool, Self::Error>;
    /// An incident.
    fn incident(&self, id: &str) -> Result<Option<IncidentRow>, Self::Error>;
    /// The incident of this group of alerts that still rings.
    fn open_incident(&self, group: &str) -> Result<Option<String>, Self::Error>;
    /// The incident that this entry belongs to.
    fn about(&self, index: u64) -> Result<Option<String>, Self::Error>;
}

/// One change of the rows.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Change {
    /// A policy came into force with this entry.
    Policy(u64, PolicyRow),
    /// A new run.
    Run(RunId, RunRow),
    /// A run's new state.
    RunState(RunId, String),
    /// A new plan.
    Plan(PlanDigest, PlanRow),
    /// A plan's new state.
    PlanState(PlanDigest, PlanState),
    /// A new token.
    Token(TokenDigest, TokenRow),
    /// A plan's tokens are redeemed by this entry.
    Redemption(PlanDigest, Kind, u64),
    /// A new intent.
    Intent(IntentKey, IntentRow),
    /// What came of an intent.
    Settled(IntentKey, String),
    /// A new incident.
    Incident(String, IncidentRow),
    /// Whether an incident's alerts still ring.
    Firing(String, bool),
    /// An entry belongs to this incident.
    About(u64, String),
}

/// All rows, in memory.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Rows {
    /// How many entries there are.
    pub size: u64,
    /// When the newest entry was taken.
    pub newest_at: Option<Time>,
    /// By the entry that brought it.
    pub policies: BTreeMap<u64, PolicyRow>,
    /// By id.
    pub runs: BTreeMap<RunId, RunRow>,
    /// By id.
    pub plans: BTreeMap<PlanDigest, PlanRow>,
    /// By digest.
    pub tokens: BTreeMap<TokenDigest, TokenRow>,
    /// The redeeming entry, by plan.
    pub redemptions: BTreeMap<(PlanDigest, Kind), u64>,
    /// By plan and place.
    pub intents: BTreeMap<IntentKey, IntentRow>,
    /// By id.
    pub incidents: BTreeMap<String, IncidentRow>,
    /// The incident of an entry: runs, alerts, notes and diagnoses have one.
    pub abouts: BTreeMap<u64, String>,
}

impl Rows {
    /// Makes one change. Rules were checked before: it cannot fail.
    pub fn apply(&mut self, change: Change) {
        match change {
            Change::Policy(index, row) => drop(self.policies.insert(index, row)),
            Change::Run(run, row) => drop(self.runs.insert(run, row)),
            Change::RunState(run, state) => {
                if let Some(row) = self.runs.get_mut(&run) {
                    row.state = state;
                }
            }
            Change::Plan(plan, row) => drop(self.plans.insert(plan, row)),
            Change::PlanState(plan, state) => {
                if let Some(row) = self.plans.get_mut(&plan) {
                    row.state = state;
                }
            }
            Change::Token(token, row) => drop(self.tokens.insert(token, row)),
            Change::Redemption(plan, kind, index) => {
                self.redemptions.insert((plan, kind), index);
            }
            Change::Intent(key, row) => drop(self.intents.insert(key, row)),
            Change::Settled(key, outcome) => {
                if let Some(row) = self.intents.get_mut(&key) {
                    row.outcome = Some(outcome);
                }
            }
            Change::Incident(id, row) => drop(self.incidents.insert(id, row)),
            Change::Firing(id, firing) => {
                if let Some(row) = self.incidents.get_mut(&id) {
                    row.firing = firing;
                }
            }
            Change::About(index, id) => drop(self.abouts.insert(index, id)),
        }
    }
}

impl Facts for Rows {
    type Error = std::convert::Infallible;

    fn size(&self) -> Result<u64, Self::Error> {
        Ok(self.size)
    }

    fn newest_at(&self) -> Result<Option<Time>, Self::Error> {
        Ok(self.newest_at)
    }

    fn policy(&self) -> Result<Option<PolicyRow>, Self::Error> {
        Ok(self.policies.last_key_value().map(|(_, row)| row.clone()))
    }

    fn run(&self, run: &RunId) -> Result<Option<RunRow>, Self::Error> {
        Ok(self.runs.get(run).cloned())
    }

    fn run_of_key(&self, key: &str) -> Result<Option<RunId>, Self::Error> {
        let found = self
            .runs
            .iter()
            .find(|(_, row)| row.id_key.as_deref() == Some(key));
        Ok(found.map(|(run, _)| run.clone()))
    }

    fn plan(&self, plan: &PlanDigest) -> Result<Option<PlanRow>, Self::Error> {
        Ok(self.plans.get(plan).cloned())
    }

    fn token(&self, token: &TokenDigest) -> Result<Option<TokenRow>, Self::Error> {
        Ok(self.tokens.get(token).cloned())
    }

    fn token_of_nonce(
        &self,
        signer: &[u8],
        nonce: Nonce,
    ) -> Result<Option<TokenDigest>, Self::Error> {
        let found = self
            .tokens
            .iter()
            .find(|(_, row)| row.signer == signer && row.nonce == nonce);
        Ok(found.map(|(token, _)| *token))
    }

    fn redemption(&self, plan: &PlanDigest, kind: Kind) -> Result<Option<u64>, Self::Error> {
        Ok(self.redemptions.get(&(*plan, kind)).copied())
    }

    fn intent(&self, key: &IntentKey) -> Result<Option<IntentRow>, Self::Error> {
        Ok(self.intents.get(key).cloned())
    }

    fn unsettled(&self, plan: &PlanDigest) -> Result<bool, Self::Error> {
        let of_plan = (*plan, Kind::Apply, 0)..=(*plan, Kind::Undo, u16::MAX);
        Ok(self
            .intents
            .range(of_plan)
            .any(|(_, row)| row.outcome.is_none()))
    }

    fn incident(&self, id: &str) -> Result<Option<IncidentRow>, Self::Error> {
        Ok(self.incidents.get(id).cloned())
    }

    fn open_incident(&self, group: &str) -> Result<Option<String>, Self::Error> {
        let found = self
            .incidents
            .iter()
            .find(|(_, row)| row.firing && row.group.as_deref() == Some(group));
        Ok(found.map(|(id, _)| id.clone()))
    }

    fn about(&self, index: u64) -> Result<Option<String>, Self::Error> {
        Ok(self.abouts.get(&index).cloned())
    }
}

/// The state that `event` brings `plan` to, as a change.
pub(super) fn after(
    plan: PlanDigest,
    state: PlanState,
    event: PlanEvent,
) -> Result<Change, Illegal> {
    match state.after(&event) {
        Ok(next) => Ok(Change::PlanState(plan, next)),
        Err(source) => Err(Illegal::Transition { plan, source }),
    }
}
