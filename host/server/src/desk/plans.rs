//! Plans: read, weighed, and carried out where signed tokens already satisfy the gate.

use std::sync::Arc;

use interlock_capabilities::journal::Refused;
use interlock_gate::{Finding, history::Kind, plan::Plan, reason::Reason, state::PlanState};
use interlock_runner::{
    act::ApplyEnd,
    record::PlanRecord,
    tokens::{SetAside, TokenTaken},
    watch::Unwatched,
};
use interlock_screens::{exit, json, text};
use interlock_store::Store as _;
use serde::Serialize;

use super::{Code, Desk, News, Refusal, Said, refusal, runs::chain};
use crate::{admit::Admitted, telemetry};

/// Plans in one list.
const PLANS_MAX: usize = 50;

#[derive(Serialize)]
struct TokenKept<'a> {
    schema: &'static str,
    plan: interlock_gate::ids::PlanDigest,
    kept: bool,
    approver: &'a str,
    decision: &'a str,
}

impl Desk {
    /// The plan whose id begins so, where `who` may see it.
    pub async fn plan(&self, who: &Admitted, given: &str) -> Result<Arc<Plan>, Refusal> {
        let plan = self
            .runner
            .find_plan(given)
            .await
            .map_err(|error| refusal::of(&error))?;
        self.may_see(who, &plan.body().components.runbook, "plan", given)?;
        Ok(plan)
    }

    /// The plan with its state, tokens and acts.
    pub async fn plan_record(&self, who: &Admitted, given: &str) -> Result<PlanRecord, Refusal> {
        let plan = self.plan(who, given).await?;
        let record = self
            .runner
            .run_record(&plan.body().run)
            .await
            .map_err(|error| refusal::of(&error))?;
        record
            .plans
            .into_iter()
            .find(|one| one.plan.id() == plan.id())
            .ok_or_else(|| refusal::not_found("plan", given))
    }

    /// The newest plans that the caller may see; `all`: those too that are over.
    pub async fn plans_list(&self, who: &Admitted, all: bool) -> Result<Said, Refusal> {
        self.enter(who)?;
        let lines = self.plan_lines(who, all).await?;
        let document = json::plan::list(lines);
        Said::new(text::plans::list(&document, all), &document)
    }

    /// The lines of [`Self::plans_list`].
    pub async fn plan_lines(
        &self,
        who: &Admitted,
        all: bool,
    ) -> Result<Vec<json::plan::PlanLineJson>, Refusal> {
        let of = |error| refusal::of(&error);
        let now = self.runner.now();
        let mut lines = Vec::new();
        let stored = self.runner.store().plans(500).await;
        for line in stored.map_err(|error| refusal::of(&error.into()))? {
            let plan = self.runner.plan(line.plan).await.map_err(of)?;
            let over = line.state == PlanState::Waiting && now >= plan.body().expires_at;
            let state = if over { PlanState::Expired } else { line.state };
            if (!all && state.is_over()) || !who.may_use(&plan.body().components.runbook) {
                continue;
            }
            let findings = match state {
                PlanState::Waiting => {
                    Some(self.runner.explain(&plan, Kind::Apply).await.map_err(of)?)
                }
                _ => None,
            };
            lines.push(json::plan::line(&plan, state, findings.as_deref()));
            if lines.len() >= PLANS_MAX {
                break;
            }
        }
        Ok(lines)
    }

    /// One plan: what it would do, what it needs, what is missing.
    pub async fn plan_shown(&self, who: &Admitted, given: &str) -> Result<Said, Refusal> {
        self.enter(who)?;
        self.plan_said(who, given).await
    }

    async fn plan_said(&self, who: &Admitted, given: &str) -> Result<Said, Refusal> {
        let of = |error| refusal::of(&error);
        let record = self.plan_record(who, given).await?;
        let findings = self
            .runner
            .explain(&record.plan, Kind::Apply)
            .await
            .map_err(of)?;
        let policy = self.runner.policy().await.map_err(of)?;
        let document =
            json::plan::document(&record.plan, Some(record.state.word()), &findings, None);
        Said::new(text::brief::plan(&record, &findings, &policy), &document)
    }

    /// Takes a signed token, whoever carries it: its signature is what counts.
    pub async fn token(&self, who: &Admitted, given: &str, token: &[u8]) -> Result<Said, Refusal> {
        self.enter(who)?;
        let of = |error| refusal::of(&error);
        let plan = self.plan(who, given).await?;
        match self.runner.take_token(&plan, token).await.map_err(of)? {
            TokenTaken::Kept(kept) => {
                self.plan_changed(&plan).await?;
                let payload = kept.payload();
                let decision = payload.decision.word();
                Said::new(
                    format!(
                        "kept: {decision} by {} on plan {}",
                        payload.approver,
                        plan.id()
                    ),
                    &TokenKept {
                        schema: "interlock.token-kept.v1",
                        plan: plan.id(),
                        kept: true,
                        approver: payload.approver.as_str(),
                        decision,
                    },
                )
            }
            TokenTaken::Refused(reasons) => {
                let why: Vec<String> = reasons.iter().map(ToString::to_string).collect();
                Err(Refusal::new(Code::Denied, why.join("; "))
                    .rule("the token is not kept")
                    .reasons(&reasons))
            }
            TokenTaken::Bad(bad) => {
                let aside = SetAside::bad(0, &bad);
                Err(Refusal::new(
                    if aside.lack == interlock_runner::tokens::Lack::Form {
                        Code::BadInput
                    } else {
                        Code::Denied
                    },
                    aside.why,
                )
                .rule("the token is not kept"))
            }
        }
    }

    /// Says to whoever listens where a plan stands now.
    async fn plan_changed(&self, plan: &Plan) -> Result<(), Refusal> {
        let run = plan.body().run.clone();
        let record = self
            .runner
            .run_record(&run)
            .await
            .map_err(|error| refusal::of(&error))?;
        let state = record
            .plans
            .iter()
            .find(|one| one.plan.id() == plan.id())
            .map_or("waiting", |one| one.state.word());
        self.tell(News::PlanChanged {
            plan: plan.id(),
            run,
            state: state.to_owned(),
        });
        Ok(())
    }

    /// Carries a plan out where the tokens that are kept already satisfy the gate. That approval is
    /// missing is a finished answer, not a refusal, and nobody is asked.
    pub async fn apply(self: &Arc<Self>, who: &Admitted, given: &str) -> Result<Said, Refusal> {
        self.enter_to_act(who)?;
        let of = |error| refusal::of(&error);
        let plan = self.plan(who, given).await?;
        self.own(who, &plan.body().requester, "the plan")?;
        // Asked a thousand times, a plan that waits is a thousand answers and no journal entry.
        if let Some(missing) = self.only_missing(&plan).await? {
            return Ok(missing);
        }
        if let Some(denied) = self.denied_as_before(who, &plan).await? {
            return Err(denied);
        }
        let desk = Arc::clone(self);
        let caller = who.caller.clone();
        let carried = Arc::clone(&plan);
        // An act that began goes on whatever becomes of the door: nothing may be left half done.
        let task = self.tasks.spawn(telemetry::below_current(async move {
            let applied = desk
                .runner
                .apply(carried.id(), &[], &caller, &Unwatched)
                .await?;
            let acted = matches!(applied.end, ApplyEnd::Done(_) | ApplyEnd::Stopped { .. });
            let verified = if acted {
                desk.runner.verify(&carried, &Unwatched).await
            } else {
                Ok(())
            };
            Ok::<_, interlock_runner::error::RunError>((applied, verified.err()))
        }));
        let (applied, verify_failed) = task
            .await
            .map_err(|_| Refusal::new(Code::Store, "the change ended without a word"))?
            .map_err(|error| {
                tracing::warn!(error = %chain(&error), "an apply failed");
                refusal::of(&error)
            })?;
        self.plan_changed(&plan).await?;
        let record = self.runner.run_record(&plan.body().run).await.map_err(of)?;
        let exit = exit::of_applied(&applied, &record, verify_failed.is_some());
        let document = json::applied::document(&applied, &record, exit);
        let said = Said::new(text::applied::screen(&applied, &record), &document)?;
        match &applied.end {
            ApplyEnd::Denied(denied) => {
                let reasons: Vec<String> =
                    denied.reasons().iter().map(ToString::to_string).collect();
                Err(denial(&reasons, denied.reasons()))
            }
            ApplyEnd::NotConforming(why) => {
                Err(Refusal::new(Code::Denied, why.clone()).rule("conformance"))
            }
            ApplyEnd::NotReady(why) => Err(Refusal::new(Code::Store, why.clone())),
            // Its words may name the store's files.
            ApplyEnd::NotBegun(refused @ Refused::Unwritable { .. }) => {
                tracing::error!(why = %refused, "an apply took no intent");
                Err(Refusal::new(
                    Code::Store,
                    "the journal cannot be written: nothing was changed",
                ))
            }
            ApplyEnd::NotBegun(refused) => Err(Refusal::new(Code::Denied, refused.to_string())),
            ApplyEnd::NoWriter(capability) => Err(Refusal::new(
                Code::Denied,
                format!("no source is configured that could do `{capability}`"),
            )),
            ApplyEnd::Done(_) | ApplyEnd::Stopped { .. } | ApplyEnd::Unknown { .. } => Ok(said),
        }
    }

    /// The denial that the journal's last refusal of this plan says word for word. Asked a thousand
    /// times it is one entry: more would push what happened out of the timeline that approvers read.
    async fn denied_as_before(
        &self,
        who: &Admitted,
        plan: &Arc<Plan>,
    ) -> Result<Option<Refusal>, Refusal> {
        let record = self.plan_record(who, &plan.id().to_string()).await?;
        let Some((_, asked, before)) = record.refusals.last() else {
            return Ok(None);
        };
        let findings = self.runner.explain(plan, Kind::Apply).await;
        let findings = findings.map_err(|error| refusal::of(&error))?;
        let against: Vec<&Reason> = findings
            .iter()
            .filter_map(|finding| match finding {
                Finding::Against(reason) => Some(reason),
                _ => None,
            })
            .collect();
        let said: Vec<String> = against.iter().map(ToString::to_string).collect();
        let same = !said.is_empty() && asked == Kind::Apply.word() && *before == said;
        Ok(same.then(|| denial(&said, against)))
    }

    /// The answer where a missing approval is the only reason against a plan.
    async fn only_missing(&self, plan: &Arc<Plan>) -> Result<Option<Said>, Refusal> {
        let of = |error| refusal::of(&error);
        let findings = self.runner.explain(plan, Kind::Apply).await.map_err(of)?;
        let against = findings.iter().filter_map(|finding| match finding {
            Finding::Against(reason) => Some(reason),
            _ => None,
        });
        let mut any = false;
        for reason in against {
            if !reason.is_missing_approval() {
                return Ok(None);
            }
            any = true;
        }
        if !any {
            return Ok(None);
        }
        let policy = self.runner.policy().await.map_err(of)?;
        let document = json::plan::approval_required(plan, &findings);
        Said::new(
            text::brief::approval_required(plan, &findings, &policy),
            &document,
        )
        .map(Some)
    }
}

/// What a caller is told where the gate says no.
fn denial<'r>(said: &[String], reasons: impl IntoIterator<Item = &'r Reason>) -> Refusal {
    Refusal::new(Code::Denied, said.join("; "))
        .rule("the gate")
        .reasons(reasons)
        .next("run the runbook again: it observes afresh and makes a new plan")
}
