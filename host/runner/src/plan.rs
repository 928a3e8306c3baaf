//! From the writes that a step asked for to a plan that a person can sign.

use std::collections::{BTreeMap, BTreeSet};

use interlock_capabilities::{Aimed, Recorded, report::Incident};
use interlock_gate::{
    backtest,
    history::PastBacktest,
    ids::{CallId, CassetteDigest, HostId, PersonName, ReportDigest, RunId},
    plan::{
        BadPlan, CheckpointRef, CitedCall, Components, Do, PLAN_SCHEMA, Plan, PlanBody,
        PlannedAction, RuleRef, StepBytes,
    },
    policy::Policy,
    time::Time,
};
use serde_json::Value;

use crate::{caller::Caller, installed::Runbook, report::RunReport};

/// Everything that a plan is made of.
pub(crate) struct Draft<'a> {
    pub(crate) host: HostId,
    pub(crate) run: &'a RunId,
    pub(crate) incident: &'a Incident,
    pub(crate) caller: &'a Caller,
    /// Who stands behind callers' diagnoses of the incident.
    pub(crate) diagnosed_by: BTreeSet<PersonName>,
    pub(crate) runbook: &'a Runbook,
    pub(crate) step: &'a str,
    pub(crate) inputs: &'a BTreeMap<String, Value>,
    pub(crate) findings: Option<&'a str>,
    pub(crate) report: &'a RunReport,
    pub(crate) report_digest: ReportDigest,
    pub(crate) cassette: CassetteDigest,
    pub(crate) calls: &'a [Recorded],
    pub(crate) actions: Vec<Aimed>,
    pub(crate) policy: &'a Policy,
    /// Backtests that were kept here, the newest last.
    pub(crate) backtests: &'a [PastBacktest],
    pub(crate) checkpoint: CheckpointRef,
    pub(crate) now: Time,
}

/// Why there is no plan.
pub(crate) enum NoPlan {
    /// The policy has no rule for an action: every reason.
    Denied(Vec<String>),
    /// The plan would not be one.
    Bad(BadPlan),
}

impl Draft<'_> {
    /// The plan, each action with the first write rule that it wholly satisfies.
    pub(crate) fn plan(self) -> Result<Plan, NoPlan> {
        let runbook = &self.runbook.manifest.name;
        let components = Components {
            runbook: runbook.clone(),
            version: self.runbook.manifest.version.clone(),
            step: self.step.to_owned(),
            steps: self
                .runbook
                .steps
                .iter()
                .map(|step| StepBytes {
                    step: step.name.clone(),
                    digest: step.digest,
                })
                .collect(),
        };
        let mut actions = Vec::new();
        let mut denied: Vec<String> = Vec::new();
        for aimed in self.actions {
            let rule = rule_for(&aimed, &components, self.policy, self.backtests);
            let forbidden = self.policy.forbidding(&aimed.action);
            match (rule, forbidden) {
                (Ok(rule), None) => actions.push(PlannedAction {
                    undo: aimed.action.undo(),
                    action: aimed.action,
                    seen: aimed.seen,
                    cites: aimed.cites,
                    rule,
                    r#do: Do::Act,
                }),
                (Ok(_), Some(pattern)) => {
                    let capability = aimed.action.capability();
                    let target = aimed.action.target();
                    denied.push(format!(
                        "a [[never]] forbids {capability} on {target}: `{pattern}`"
                    ));
                }
                (Err(why), _) => denied.extend(why),
            }
        }
        denied.sort();
        denied.dedup();
        if !denied.is_empty() {
            return Err(NoPlan::Denied(denied));
        }
        let cited: BTreeSet<CallId> = self
            .report
            .cited_calls()
            .into_iter()
            .map(CallId)
            .chain(actions.iter().map(|planned| planned.cites.call))
            .collect();
        let calls = self
            .calls
            .iter()
            .filter(|call| cited.contains(&call.id))
            .map(|call| {
                Ok(CitedCall {
                    id: call.id,
                    digest: call.digest()?,
                })
            })
            .collect::<Result<Vec<_>, interlock_gate::canonical::NotCanonical>>()
            .map_err(|error| NoPlan::Bad(error.into()))?;
        let findings = match self.findings {
            None => Value::Null,
            // The step's own JSON; what canonical form cannot hold is refused when it is made.
            Some(text) => serde_json::from_str(text)
                .map_err(interlock_gate::canonical::NotCanonical::Json)
                .map_err(|error| NoPlan::Bad(error.into()))?,
        };
        let mut owners = self.diagnosed_by;
        owners.extend(self.caller.owner.clone());
        let body = PlanBody {
            schema: PLAN_SCHEMA.to_owned(),
            host: self.host,
            run: self.run.clone(),
            incident: self.incident.id.clone(),
            created_at: self.now,
            expires_at: self.now.plus_seconds(self.policy.plan_max_age_s()),
            requester: self.caller.requester.clone(),
            owners: owners.into_iter().collect(),
            components,
            inputs: self.inputs.clone(),
            findings,
            report: self.report_digest,
            cassette: self.cassette,
            calls,
            checkpoint: self.checkpoint,
            actions,
            parent: None,
        };
        Plan::new(body).map_err(NoPlan::Bad)
    }
}

/// The first rule that the action wholly satisfies, what it demands of backtests included; or why
/// there is none.
fn rule_for(
    aimed: &Aimed,
    components: &Components,
    policy: &Policy,
    backtests: &[PastBacktest],
) -> Result<RuleRef, Vec<String>> {
    let runbook = &components.runbook;
    let mut short = Vec::new();
    for rule in policy.all_permitting(runbook, &aimed.action) {
        let lacking = backtest::lacking(rule, components, backtests);
        if lacking.is_empty() {
            return Ok(RuleRef {
                name: rule.name.clone(),
                digest: rule.digest,
            });
        }
        short.extend(lacking.iter().map(ToString::to_string));
    }
    if let Err(no_rule) = policy.permitting(runbook, &aimed.action) {
        let capability = aimed.action.capability();
        let target = aimed.action.target();
        short.push(format!("{capability} on {target}: {no_rule}"));
    }
    Err(short)
}
