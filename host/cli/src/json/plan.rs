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
pub(crate) struct PlanJson<'a> {
    pub(crate) schema: &'static str,
    pub(crate) plan: PlanDigest,
    pub(crate) state: Option<&'static str>,
    pub(crate) confirm: String,
    pub(crate) summary: String,
    pub(crate) body: &'a PlanBody,
    pub(crate) seats: Vec<SeatJson>,
    pub(crate) against: Vec<ReasonJson>,
    pub(crate) not_counted: Vec<ReasonJson>,
    pub(crate) still_so: Option<&'a str>,
    pub(crate) evidence: &'static str,
}

/// One seat of a rule.
#[derive(Serialize)]
pub(crate) struct SeatJson {
    rule: String,
    freeze: Option<String>,
    roles: Vec<String>,
    filled_by: Option<PersonName>,
    can: Vec<PersonName>,
}

/// One reason: its kind for programs, its words for people.
#[derive(Serialize)]
pub(crate) struct ReasonJson {
    pub(crate) code: &'static str,
    pub(crate) message: String,
}

/// One line of a list.
#[derive(Serialize)]
pub(crate) struct PlanLineJson {
    pub(crate) plan: PlanDigest,
    pub(crate) run: RunId,
    pub(crate) state: &'static str,
    pub(crate) waiting: Option<String>,
    pub(crate) summary: String,
    pub(crate) created_at: Time,
    pub(crate) expires_at: Time,
}

/// A list of plans.
#[derive(Serialize)]
pub(crate) struct PlansJson {
    pub(crate) schema: &'static str,
    pub(crate) plans: Vec<PlanLineJson>,
}

/// The reason as programs and people read it.
pub(crate) fn reason(reason: &interlock_gate::reason::Reason) -> ReasonJson {
    ReasonJson {
        code: reason.code(),
        message: reason.to_string(),
    }
}

/// What the gate says of a plan, sorted into lists.
pub(crate) fn sorted(findings: &[Finding]) -> (Vec<SeatJson>, Vec<ReasonJson>, Vec<ReasonJson>) {
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
pub(crate) fn document<'a>(
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
