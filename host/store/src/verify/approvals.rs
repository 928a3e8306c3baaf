//! Decides every intent again, from the journal's own bytes.
//! Not a second gate: it asks the same one, with what the journal held at that moment.
//! Invariant: nothing but entries goes in, so whoever has the file comes to the same answer.

use std::collections::{BTreeMap, VecDeque};

use interlock_capabilities::intent::TRY_WITHIN;
use interlock_gate::case::Case;
use interlock_gate::decide::decide;
use interlock_gate::history::{History, PastBacktest, PastIntent};
use interlock_gate::ids::{HostId, PlanDigest, PolicyDigest};
use interlock_gate::permit::Basis;
use interlock_gate::plan::Plan;
use interlock_gate::policy::Policy;
use interlock_gate::state::PlanState;
use interlock_gate::time::Time;
use interlock_gate::token::{Decision, Token};

use crate::entry::{Entry, Stamped};
use crate::fold::take;

/// How long before its entry an intent may have been decided: later, it would not be tried.
const DECIDED_BEFORE_S: u64 = TRY_WITHIN.as_secs();
const HOUR_S: u64 = 3600;

/// What is kept of one plan while the journal is read.
struct Life {
    plan: Plan,
    tokens: Vec<Token>,
    history: History,
}

/// Everything that a decision about the next entry can depend on.
pub(super) struct Approvals {
    host: HostId,
    policy: Option<(PolicyDigest, Option<Policy>)>,
    lives: BTreeMap<PlanDigest, Life>,
    /// Intents of the last hour, with their places.
    recent: VecDeque<(u64, PastIntent)>,
    /// Kept backtests, with their places.
    backtests: Vec<(u64, PastBacktest)>,
    /// When each entry was taken.
    times: Vec<Time>,
}

/// What checking one entry came to.
pub(super) enum Checked {
    /// It carries no approval.
    Nothing,
    /// So many approvals hold.
    Holds(u64),
    /// It does not hold, for these reasons.
    Fails(Vec<String>),
    /// It cannot be checked, for want of this.
    Needs(String),
}

impl Approvals {
    pub(super) fn new(host: HostId) -> Self {
        Self {
            host,
            policy: None,
            lives: BTreeMap::new(),
            recent: VecDeque::new(),
            backtests: Vec::new(),
            times: Vec::new(),
        }
    }

    /// Checks the next entry against those before it; `state` is its plan's until now.
    pub(super) fn check(&self, next: &Stamped, state: Option<PlanState>) -> Checked {
        match &next.entry {
            Entry::Token { token, .. } => self.check_signer(token),
            Entry::Intent { plan, redeems, .. } => {
                let Some((digest, Some(policy))) = &self.policy else {
                    return Checked::Needs("a policy that this version can read".to_owned());
                };
                let (Some(life), Some(state)) = (self.lives.get(plan), state) else {
                    return Checked::Fails(vec![format!("plan `{plan}` is not in the journal")]);
                };
                let Some(asked) = asked(next, *digest) else {
                    return Checked::Fails(vec!["another policy was in force".to_owned()]);
                };
                match self.decide(next, life, state, policy, &asked) {
                    Ok(()) => {
                        Checked::Holds(redeems.as_ref().map_or(0, |tokens| tokens.len() as u64))
                    }
                    Err(reasons) => Checked::Fails(reasons),
                }
            }
            _ => Checked::Nothing,
        }
    }

    fn check_signer(&self, token: &Token) -> Checked {
        match &self.policy {
            Some((_, Some(policy))) => match approver_signed(policy, token) {
                Ok(()) => Checked::Nothing,
                Err(why) => Checked::Fails(vec![why]),
            },
            Some((_, None)) => Checked::Needs("a policy that this version can read".to_owned()),
            None => Checked::Fails(vec!["a token before any policy".to_owned()]),
        }
    }

    fn decide(
        &self,
        next: &Stamped,
        life: &Life,
        state: PlanState,
        policy: &Policy,
        asked: &Basis,
    ) -> Result<(), Vec<String>> {
        // Those that filled the seats, and every no.
        let counts = |token: &&Token| {
            let no = matches!(
                token.payload().decision,
                Decision::Reject | Decision::Revoke
            );
            no || asked.tokens.contains(&token.digest())
        };
        let tokens: Vec<Token> = life.tokens.iter().filter(counts).cloned().collect();
        let read_at = asked.history_size;
        let read = usize::try_from(read_at).unwrap_or(usize::MAX);
        let last = read
            .checked_sub(1)
            .and_then(|last| self.times.get(last))
            .copied();
        let seen = |(place, _): &&(u64, PastIntent)| *place < read_at;
        let history = History {
            size: read_at,
            last_entry_at: last,
            state,
            intents: self
                .recent
                .iter()
                .filter(seen)
                .map(|(_, past)| past.clone())
                .collect(),
            backtests: self
                .backtests
                .iter()
                .take_while(|(place, _)| *place < read_at)
                .map(|(_, past)| past.clone())
                .collect(),
            ..life.history.clone()
        };
        let ask = |now: Time| {
            let case = Case {
                policy,
                plan: &life.plan,
                kind: asked.kind,
                tokens: &tokens,
                history: &history,
                here: &self.host,
                now,
            };
            let permit = decide(&case).map_err(|denied| {
                denied
                    .reasons()
                    .iter()
                    .map(ToString::to_string)
                    .collect::<Vec<_>>()
            })?;
            let same = *permit.basis() == *asked
                && matches!(&next.entry, Entry::Intent { action, .. }
                    if *action == interlock_gate::plan::ActionText::from(&permit.action()));
            if same {
                Ok(())
            } else {
                Err(vec!["the gate permits another action".to_owned()])
            }
        };
        let earliest = next
            .at
            .minus_seconds(DECIDED_BEFORE_S)
            .max(last.unwrap_or_default());
        ask(next.at).or_else(|reasons| ask(earliest).map_err(|_| reasons))
    }

    /// The policy in force, where this version can read it.
    pub(super) fn policy(&self) -> Option<&Policy> {
        self.policy.as_ref()?.1.as_ref()
    }

    /// When an entry was taken.
    pub(super) fn time_of(&self, index: usize) -> Option<Time> {
        self.times.get(index).copied()
    }

    /// How far the journal reached when the plan was made, by the plan's own signed bytes.
    pub(super) fn checkpoint_size_of(&self, plan: &PlanDigest) -> Option<u64> {
        self.lives
            .get(plan)
            .map(|life| life.plan.body().checkpoint.size)
    }

    /// Takes the entry in, once it was checked.
    pub(super) fn push(&mut self, next: &Stamped) -> Result<(), serde_json::Error> {
        self.times.push(next.at);
        match &next.entry {
            Entry::Policy { digest, text, .. } => {
                self.policy = Some((*digest, Policy::parse(text).ok()));
            }
            Entry::Planned { plan } => {
                let life = Life {
                    plan: (**plan).clone(),
                    tokens: Vec::new(),
                    history: History::fresh(0),
                };
                self.lives.insert(plan.id(), life);
            }
            Entry::Token { plan, token } => {
                if let Some(life) = self.lives.get_mut(plan) {
                    life.tokens.push((**token).clone());
                }
            }
            Entry::Intent { rule, .. } => {
                let past = PastIntent {
                    rule: rule.name.clone(),
                    at: next.at,
                };
                self.recent.push_back((next.index, past));
                let from = next.at.minus_seconds(HOUR_S + DECIDED_BEFORE_S);
                while self.recent.front().is_some_and(|(_, past)| past.at < from) {
                    self.recent.pop_front();
                }
            }
            other => {
                let kept = other.past_backtest();
                self.backtests.extend(kept.map(|past| (next.index, past)));
            }
        }
        match next.entry.plan().and_then(|plan| self.lives.get_mut(&plan)) {
            Some(Life { plan, history, .. }) => take(history, plan, next),
            None => Ok(()),
        }
    }
}

/// The basis that the intent's own words give.
fn asked(next: &Stamped, in_force: PolicyDigest) -> Option<Basis> {
    match &next.entry {
        Entry::Intent {
            plan,
            index,
            kind,
            step,
            rule,
            policy,
            read_at,
            tokens,
            ..
        } if *policy == in_force => Some(Basis {
            plan: *plan,
            index: *index,
            kind: *kind,
            step: *step,
            rule: rule.clone(),
            policy: *policy,
            tokens: tokens.clone(),
            history_size: *read_at,
        }),
        _ => None,
    }
}

/// Whether the key belongs to the approver that the payload names, by this policy.
pub(crate) fn approver_signed(policy: &Policy, token: &Token) -> Result<(), String> {
    let named = &token.payload().approver;
    match policy.approver_of(token.signer()) {
        Some(approver) if approver.name == *named => Ok(()),
        Some(approver) => Err(format!(
            "the token names `{named}`, and its key is that of `{}`",
            approver.name
        )),
        None => Err(format!(
            "the token's key is of no approver; it names `{named}`"
        )),
    }
}
