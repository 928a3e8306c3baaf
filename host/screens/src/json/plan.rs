//! `interlock.plan-show.v1` and `interlock.plans.v1`.

use interlock_gate::{
    explain::Finding,
    ids::{PersonName, PlanDigest, RunId},
    plan::{Plan, PlanBody},
    time::Time,
};
use serde::Serialize;

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
        confirm: interlock_gate::screen::confirm_word(plan),
        summary: interlock_gate::screen::summary(plan),
        body: plan.body(),
        seats,
        against,
        not_counted,
        still_so,
        evidence: "every cited call matches its digest in the plan",
    }
}
