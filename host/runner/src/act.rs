//! Carrying out a plan, or carrying it back: decide, intend, act, settle; the one place where a
//! permit, an intent and an outcome meet.
//!
//! Invariant: each act's intent is durable before it and its outcome is recorded after it, and
//! nothing is tried twice.

use std::{collections::BTreeMap, sync::Arc};

use interlock_capabilities::{
    intent::{Outcome, Settled, intend_any},
    journal::Refused,
    write::Writers,
};
use interlock_gate::{
    action::Capability,
    case::Case,
    decide::{Denied, decide},
    explain::{Finding, explain},
    history::{History, Kind},
    ids::PlanDigest,
    plan::Plan,
    policy::Policy,
    state::PlanState,
    token::Token,
};
use interlock_store::{Store as _, entry::Entry};

use crate::{
    caller::Caller,
    error::RunError,
    open::Runner,
    outcome::{changes, describe, missing_writer, recorded},
    spans,
    tokens::{SetAside, TokenTaken},
    watch::Watch,
};

/// Decisions that are asked for anew because something was recorded meanwhile.
const NEWER_MAX: u32 = 10;

/// What came of carrying out a plan, or carrying it back.
#[derive(Debug)]
pub struct Applied {
    /// The plan.
    pub plan: Arc<Plan>,
    /// Forward or back.
    pub kind: Kind,
    /// Tokens that were brought along and not kept.
    pub set_aside: Vec<SetAside>,
    /// How it ended.
    pub end: ApplyEnd,
}

/// How it ended.
#[derive(Debug)]
pub enum ApplyEnd {
    /// The gate said no, and nothing was changed.
    Denied(Denied),
    /// The component does not ask for the same again, and nothing was changed.
    NotConforming(String),
    /// Nothing is configured that could do it, and nothing was changed.
    NoWriter(Capability),
    /// The target cannot be reached to act on it, and nothing was changed or redeemed.
    NotReady(String),
    /// The journal took no intent, and nothing was changed.
    NotBegun(Refused),
    /// It went to its end: counts by outcome.
    Done(BTreeMap<&'static str, u64>),
    /// It stopped: why, and counts by outcome.
    Stopped {
        /// Why.
        why: String,
        /// Counts by outcome.
        counts: BTreeMap<&'static str, u64>,
    },
    /// An outcome is not known.
    Unknown {
        /// What is known.
        why: String,
        /// Counts by outcome.
        counts: BTreeMap<&'static str, u64>,
    },
}

/// One plan being judged: what the gate sees, read from the journal anew each time.
pub(crate) struct Docket {
    pub(crate) policy: Arc<Policy>,
    pub(crate) history: History,
    pub(crate) tokens: Vec<Token>,
}

impl Runner {
    /// Carries out a plan; `tokens` are signed tokens brought along, not yet verified.
    pub async fn apply(
        &self,
        plan: PlanDigest,
        tokens: &[Vec<u8>],
        caller: &Caller,
        watch: &dyn Watch,
    ) -> Result<Applied, RunError> {
        let work = self.carry(plan, Kind::Apply, tokens, caller, watch);
        spans::change(plan, Kind::Apply, work).await
    }

    /// Carries back what a plan has done.
    pub async fn undo(
        &self,
        plan: PlanDigest,
        tokens: &[Vec<u8>],
        caller: &Caller,
        watch: &dyn Watch,
    ) -> Result<Applied, RunError> {
        let work = self.carry(plan, Kind::Undo, tokens, caller, watch);
        spans::change(plan, Kind::Undo, work).await
    }

    async fn carry(
        &self,
        id: PlanDigest,
        kind: Kind,
        tokens: &[Vec<u8>],
        caller: &Caller,
        watch: &dyn Watch,
    ) -> Result<Applied, RunError> {
        let plan = self.plan(id).await?;
        let mut set_aside = Vec::new();
        for (place, token) in tokens.iter().enumerate() {
            // A token that is none is reported and never stands in the way of one that is.
            match self.take_token(&plan, token).await? {
                TokenTaken::Kept(_) => {}
                TokenTaken::Refused(reasons) => {
                    set_aside.push(SetAside::refused(place, &reasons));
                }
                TokenTaken::Bad(bad) => set_aside.push(SetAside::bad(place, &bad)),
            }
        }
        let ended = |end| {
            Ok(Applied {
                plan: Arc::clone(&plan),
                kind,
                set_aside: set_aside.clone(),
                end,
            })
        };
        let held = self.hold(&plan)?;
        // Rows that somebody altered beside the journal must not let a plan be carried out twice.
        self.store().rows_equal_the_fold().await?;
        self.settle_crash(&plan).await?;
        // The whole decision first, so that a refusal comes before any work; its permit is not
        // used, and each act below asks anew.
        if let Err(denied) = self.judge(&plan, kind).await? {
            self.refuse(
                &plan,
                kind,
                denied.reasons().iter().map(ToString::to_string),
            )
            .await?;
            return ended(ApplyEnd::Denied(denied));
        }
        if kind == Kind::Apply
            && let Err(difference) = self.conform(&plan).await?
        {
            self.refuse(&plan, kind, [difference.clone()]).await?;
            return ended(ApplyEnd::NotConforming(difference));
        }
        let writers = self.writers(&self.approvers(&plan, kind, caller).await?);
        if let Some(missing) = missing_writer(&plan, kind, &writers) {
            let why = format!("no source is configured that could do `{missing}`");
            self.refuse(&plan, kind, [why]).await?;
            return ended(ApplyEnd::NoWriter(missing));
        }
        if let Err(why) = self.ready(&plan, kind).await {
            self.refuse(&plan, kind, [why.clone()]).await?;
            return ended(ApplyEnd::NotReady(why));
        }
        let conformed = (kind == Kind::Apply).then_some(true);
        self.record(Entry::ApplyBegan {
            plan: plan.id(),
            kind,
            conformed,
        })
        .await?;
        let end = self.acts(&plan, kind, &writers, watch).await?;
        drop(held);
        ended(end)
    }

    async fn acts(
        &self,
        plan: &Plan,
        kind: Kind,
        writers: &Writers,
        watch: &dyn Watch,
    ) -> Result<ApplyEnd, RunError> {
        let mut counts: BTreeMap<&'static str, u64> = BTreeMap::new();
        let total = changes(plan, kind).count();
        let mut newer = 0;
        loop {
            let state = self.docket(plan).await?.history.state;
            let finished = match kind {
                Kind::Apply => state == PlanState::Applied,
                Kind::Undo => state == PlanState::Undone,
            };
            if finished {
                self.apply_ended(plan, kind, None, &counts).await?;
                return Ok(ApplyEnd::Done(counts));
            }
            let permit = match self.permit(plan, kind).await? {
                Ok(permit) => permit,
                Err(denied) if counts.is_empty() => {
                    self.refuse(plan, kind, denied.reasons().iter().map(ToString::to_string))
                        .await?;
                    return Ok(ApplyEnd::Denied(denied));
                }
                Err(denied) => return self.stopped(plan, kind, denied.to_string(), counts).await,
            };
            let done: u64 = counts.values().sum();
            watch.act(
                usize::try_from(done)
                    .unwrap_or(usize::MAX)
                    .saturating_add(1),
                total,
            );
            let capability = permit.action().capability();
            let (action, index) = (permit.action(), permit.basis().index);
            // Intent first: if we die before the outcome, the journal shows a doubt for a person
            // to settle. The other order would show nothing.
            let intent = match intend_any(self.journal(), permit, self.now()).await {
                Ok(intent) => intent,
                // What is new may be a revocation: the gate reads it on the next turn.
                Err(Refused::Newer { .. }) if newer < NEWER_MAX => {
                    newer += 1;
                    continue;
                }
                Err(refused) if counts.is_empty() => {
                    self.refuse(plan, kind, [refused.to_string()]).await?;
                    return Ok(ApplyEnd::NotBegun(refused));
                }
                Err(refused) => return self.stopped(plan, kind, refused.to_string(), counts).await,
            };
            let settled = spans::act(&action, index, writers.carry_out(intent)).await;
            let outcome = settled.outcome().clone();
            *counts.entry(outcome.word()).or_default() += 1;
            if let Err(error) = self.settle(&settled, kind).await {
                // The intent alone stands: to the journal, and to whoever reads it, this is a doubt.
                let why = format!(
                    "it was {}, and that could not be journalled: {error}",
                    describe(&outcome)
                );
                return Ok(ApplyEnd::Unknown { why, counts });
            }
            match &outcome {
                Outcome::Unknown { why } => {
                    let why = why.clone();
                    self.apply_ended(plan, kind, Some(why.clone()), &counts)
                        .await?;
                    return Ok(ApplyEnd::Unknown { why, counts });
                }
                outcome if !outcome.goes_on(capability) => {
                    let why = describe(outcome);
                    return self.stopped(plan, kind, why, counts).await;
                }
                _ => {}
            }
        }
    }

    /// What came of an act, journalled. Should that fail, the intent alone stands, and the act
    /// counts as not known.
    async fn settle(&self, settled: &Settled, kind: Kind) -> Result<(), RunError> {
        let basis = settled.basis();
        let outcome = recorded(settled.outcome());
        let entry = Entry::Outcome {
            plan: basis.plan,
            index: basis.index,
            kind,
            outcome,
        };
        self.record(entry).await
    }

    async fn stopped(
        &self,
        plan: &Plan,
        kind: Kind,
        why: String,
        counts: BTreeMap<&'static str, u64>,
    ) -> Result<ApplyEnd, RunError> {
        self.apply_ended(plan, kind, Some(why.clone()), &counts)
            .await?;
        Ok(ApplyEnd::Stopped { why, counts })
    }

    async fn apply_ended(
        &self,
        plan: &Plan,
        kind: Kind,
        stopped: Option<String>,
        counts: &BTreeMap<&'static str, u64>,
    ) -> Result<(), RunError> {
        let counts = counts
            .iter()
            .map(|(word, n)| ((*word).to_owned(), *n))
            .collect();
        self.record(Entry::ApplyEnded {
            plan: plan.id(),
            kind,
            stopped,
            counts,
        })
        .await
    }

    async fn refuse(
        &self,
        plan: &Plan,
        kind: Kind,
        reasons: impl IntoIterator<Item = String>,
    ) -> Result<(), RunError> {
        let entry = Entry::Refused {
            run: Some(plan.body().run.clone()),
            plan: Some(plan.id()),
            asked: kind.word().to_owned(),
            reasons: reasons.into_iter().collect(),
        };
        self.record(entry).await
    }

    /// What the gate sees now.
    pub(crate) async fn docket(&self, plan: &Plan) -> Result<Docket, RunError> {
        let policy = self.policy().await?;
        let history = self.history(plan.id()).await?;
        let tokens = self.tokens(plan.id()).await?;
        Ok(Docket {
            policy,
            history,
            tokens,
        })
    }

    /// Everything there is to say about a plan now: seats, who can fill them, what is against it.
    pub async fn explain(&self, plan: &Plan, kind: Kind) -> Result<Vec<Finding>, RunError> {
        let docket = self.docket(plan).await?;
        Ok(explain(&docket.case(plan, kind, &self.host(), self.now())))
    }

    async fn permit(
        &self,
        plan: &Plan,
        kind: Kind,
    ) -> Result<Result<interlock_gate::permit::AnyPermit, Denied>, RunError> {
        let docket = self.docket(plan).await?;
        Ok(decide(&docket.case(plan, kind, &self.host(), self.now())))
    }

    /// Whether the plan would be permitted now.
    pub(crate) async fn judge(
        &self,
        plan: &Plan,
        kind: Kind,
    ) -> Result<Result<(), Denied>, RunError> {
        // Dropped at once: a permit that was never journalled permits nothing.
        Ok(self.permit(plan, kind).await?.map(drop))
    }
}

impl Docket {
    pub(crate) fn case<'a>(
        &'a self,
        plan: &'a Plan,
        kind: Kind,
        here: &'a interlock_gate::ids::HostId,
        now: interlock_gate::time::Time,
    ) -> Case<'a> {
        Case {
            policy: &self.policy,
            plan,
            kind,
            tokens: &self.tokens,
            history: &self.history,
            here,
            now,
        }
    }
}
