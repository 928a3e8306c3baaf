//! `interlock.plan-show.v1` and `interlock.plans.v1`.

use interlock_gate::{
    explain::Finding,
    history::Kind,
    ids::{PersonName, PlanDigest, RunId},
    plan::{Plan, PlanBody},
    screen,
    state::PlanState,
    time::Time,
};
use serde::Serialize;

use crate::{exit::Exit, text};

/// One plan with all that an approver sees.
#[derive(Serialize)]
pub struct PlanJson<'a> {
    /// Which document this is.
    pub schema: &'static str,
    /// Its id.
    pub plan: PlanDigest,
    /// Its state, where the host that made it is here.
    pub state: Option<&'static str>,
    /// What an approver types.
    pub confirm: String,
    /// In one line.
    pub summary: String,
    /// What is signed.
    pub body: &'a PlanBody,
    /// The seats of its rules.
    pub seats: Vec<SeatJson>,
    /// What stands against it.
    pub against: Vec<ReasonJson>,
    /// Tokens that do not count, and why.
    pub not_counted: Vec<ReasonJson>,
    /// Whether what it would act on is still as seen.
    pub still_so: Option<&'a str>,
    /// How its evidence was checked.
    pub evidence: &'static str,
}

/// One seat of a rule.
#[derive(Serialize)]
pub struct SeatJson {
    rule: String,
    freeze: Option<String>,
    roles: Vec<String>,
    filled_by: Option<PersonName>,
    can: Vec<PersonName>,
}

/// One reason: its kind for programs, its words for people.
#[derive(Serialize)]
pub struct ReasonJson {
    /// Its kind, for programs.
    pub code: &'static str,
    /// Its words, for people.
    pub message: String,
}

/// One line of a list.
#[derive(Serialize)]
pub struct PlanLineJson {
    /// Its id.
    pub plan: PlanDigest,
    /// The run that made it.
    pub run: RunId,
    /// Its state, where the host that made it is here.
    pub state: &'static str,
    /// What it waits for, such as `1 of 2 approvals`.
    pub waiting: Option<String>,
    /// In one line.
    pub summary: String,
    /// The runbook.
    pub runbook: String,
    /// The incident.
    pub incident: String,
    /// Who asked: the caller's name, or how they came.
    pub requester: String,
    /// When it was made.
    pub created_at: Time,
    /// When it ends.
    pub expires_at: Time,
}

/// A list of plans.
#[derive(Serialize)]
pub struct PlansJson {
    /// Which document this is.
    pub schema: &'static str,
    /// The plans, newest first.
    pub plans: Vec<PlanLineJson>,
}

/// The line of a plan in `state`; `findings` are the gate's, where it waits.
pub fn line(plan: &Plan, state: PlanState, findings: Option<&[Finding]>) -> PlanLineJson {
    let body = plan.body();
    PlanLineJson {
        plan: plan.id(),
        run: body.run.clone(),
        state: state.word(),
        waiting: findings.map(text::plans::seats),
        summary: screen::summary(plan),
        runbook: body.components.runbook.clone(),
        incident: body.incident.clone(),
        requester: text::words::asker(&body.requester).to_owned(),
        created_at: body.created_at,
        expires_at: body.expires_at,
    }
}

/// The document of a list, newest first.
pub fn list(plans: Vec<PlanLineJson>) -> PlansJson {
    PlansJson {
        schema: "interlock.plans.v1",
        plans,
    }
}

/// The reason as programs and people read it.
pub fn reason(reason: &interlock_gate::reason::Reason) -> ReasonJson {
    ReasonJson {
        code: reason.code(),
        message: reason.to_string(),
    }
}

/// What the gate says of a plan, sorted into lists.
pub fn sorted(findings: &[Finding]) -> (Vec<SeatJson>, Vec<ReasonJson>, Vec<ReasonJson>) {
    let (mut seats, mut against, mut not_counted) = (Vec::new(), Vec::new(), Vec::new());
    for finding in findings {
        match finding {
            Finding::Rule { .. } => {}
            Finding::Filled {
                rule,
                freeze,
                by,
                roles,
            } => seats.push(SeatJson {
                rule: rule.clone(),
                freeze: freeze.clone(),
                roles: roles.clone(),
                filled_by: Some(by.clone()),
                can: Vec::new(),
            }),
            Finding::Empty {
                rule,
                freeze,
                roles,
                can,
                ..
            } => seats.push(SeatJson {
                rule: rule.clone(),
                freeze: freeze.clone(),
                roles: roles.clone(),
                filled_by: None,
                can: can.clone(),
            }),
            Finding::Against(one) => against.push(reason(one)),
            Finding::Ignored(one) => not_counted.push(reason(one)),
        }
    }
    (seats, against, not_counted)
}

/// The document of one plan.
pub fn document<'a>(
    plan: &'a Plan,
    state: Option<&'static str>,
    findings: &[Finding],
    still_so: Option<&'a str>,
) -> PlanJson<'a> {
    let (seats, against, not_counted) = sorted(findings);
    PlanJson {
        schema: "interlock.plan-show.v1",
        plan: plan.id(),
        state,
        confirm: screen::confirm_word(plan),
        summary: screen::summary(plan),
        body: plan.body(),
        seats,
        against,
        not_counted,
        still_so,
        evidence: "every cited call matches its digest in the plan",
    }
}

/// A finished answer to an apply that lacks approval: nothing was asked, nothing was changed.
pub fn approval_required(plan: &Plan, findings: &[Finding]) -> ApprovalRequiredJson {
    let (seats, against, not_counted) = sorted(findings);
    ApprovalRequiredJson {
        schema: "interlock.apply.v1",
        exit: Exit::ApprovalRequired as u8,
        plan: plan.id(),
        run: plan.body().run.clone(),
        kind: Kind::Apply.word(),
        result: "approval_required",
        summary: screen::summary(plan),
        reasons: against,
        not_counted: not_counted.into_iter().map(|one| one.message).collect(),
        acts: [],
        stopped: None,
        verdict: None,
        seats,
        expires_at: plan.body().expires_at,
        person_runs: format!("interlock approve {}", plan.id().short()),
    }
}

/// `interlock.apply.v1` of a plan that waits, with who could supply what is missing.
#[derive(Serialize)]
pub struct ApprovalRequiredJson {
    schema: &'static str,
    exit: u8,
    plan: PlanDigest,
    run: RunId,
    kind: &'static str,
    result: &'static str,
    summary: String,
    reasons: Vec<ReasonJson>,
    not_counted: Vec<String>,
    acts: [(); 0],
    stopped: Option<()>,
    verdict: Option<()>,
    seats: Vec<SeatJson>,
    expires_at: Time,
    person_runs: String,
}
