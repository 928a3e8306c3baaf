//! `PLAN.evidence.json`: what an approver elsewhere reads beside the plan, each part held by a
//! digest of the plan.

use interlock_capabilities::{Recorded, WriteArgs, aim};
use interlock_gate::{
    action::AnyAction,
    canonical::{self, NotCanonical},
    ids::{BlobDigest, CallId, PlanDigest, ReportDigest},
    plan::Plan,
    policy::Policy,
    target::{Target, unescape},
};
use serde::{Deserialize, Serialize};

use crate::{error::RunError, open::Runner, report::RunReport};

/// The schema of an evidence file.
pub const EVIDENCE_SCHEMA: &str = "interlock.evidence.v1";
/// An evidence file's most bytes.
pub const EVIDENCE_BYTES_MAX: usize = 64 * 1024 * 1024;

/// What a plan cites, whole.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Evidence {
    /// Always [`EVIDENCE_SCHEMA`].
    pub schema: String,
    /// The plan it belongs to.
    pub plan: PlanDigest,
    /// The cited calls with their answers, in the plan's order.
    pub calls: Vec<Recorded>,
    /// What the read steps concluded.
    pub report: RunReport,
    /// The text of the policy in force: the rules that the plan names, and the approvers that
    /// count. The plan holds the digest of each rule; nothing holds the approvers.
    pub policy: String,
}

/// Why evidence does not belong to its plan.
#[derive(Debug, thiserror::Error)]
pub enum BadEvidence {
    /// Not canonical JSON of the schema.
    #[error("not an evidence file")]
    Form(#[from] NotCanonical),
    /// Another schema.
    #[error("`schema` is `{0}`, expected `{EVIDENCE_SCHEMA}`")]
    Schema(String),
    /// Of another plan.
    #[error("it is the evidence of plan {found}")]
    OtherPlan {
        /// The plan that it names.
        found: String,
    },
    /// A cited call is missing or altered.
    #[error("call {call} does not match the digest in the plan")]
    Call {
        /// The call.
        call: CallId,
    },
    /// Calls that the plan does not cite.
    #[error("it holds {found} calls, the plan cites {cited}")]
    Count {
        /// How many it holds.
        found: usize,
        /// How many the plan cites.
        cited: usize,
    },
    /// The report is another.
    #[error("the report does not match the digest in the plan")]
    Report,
    /// An action is not what the item that it cites says.
    #[error("action {action} is not what {item} says")]
    Action {
        /// The action's number, from 1.
        action: usize,
        /// The item, such as `c14[0]`.
        item: String,
    },
    /// The policy is none.
    #[error("its policy cannot be read")]
    Policy,
    /// The plan's rule does not stand in the policy.
    #[error("its policy has no rule `{rule}` with the digest in the plan that permits its actions")]
    Rule {
        /// The rule's name.
        rule: String,
    },
}

impl Evidence {
    /// Reads an evidence file and holds every part of it against the plan.
    pub fn read(bytes: &[u8], plan: &Plan) -> Result<(Evidence, Policy), BadEvidence> {
        let evidence: Evidence = canonical::from_bytes_within(bytes, EVIDENCE_BYTES_MAX)?;
        if evidence.schema != EVIDENCE_SCHEMA {
            return Err(BadEvidence::Schema(
                evidence.schema.chars().take(80).collect(),
            ));
        }
        if evidence.plan != plan.id() {
            return Err(BadEvidence::OtherPlan {
                found: evidence.plan.short(),
            });
        }
        evidence.check(plan)?;
        let policy = Policy::parse(&evidence.policy).map_err(|_| BadEvidence::Policy)?;
        for planned in &plan.body().actions {
            let named = &planned.rule;
            let runbook = &plan.body().components.runbook;
            let stands = policy.write(&named.name).is_some_and(|rule| {
                rule.digest == named.digest && rule.permits(runbook, &planned.action)
            });
            if !stands {
                return Err(BadEvidence::Rule {
                    rule: named.name.clone(),
                });
            }
        }
        Ok((evidence, policy))
    }

    /// Holds every part against the digests of the plan, and every action against the item that it
    /// cites: what the plan would do must be what the host computes from what was observed.
    fn check(&self, plan: &Plan) -> Result<(), BadEvidence> {
        let cited = &plan.body().calls;
        if cited.len() != self.calls.len() {
            return Err(BadEvidence::Count {
                found: self.calls.len(),
                cited: cited.len(),
            });
        }
        for (cited, call) in cited.iter().zip(&self.calls) {
            if call.id != cited.id || call.digest()? != cited.digest {
                return Err(BadEvidence::Call { call: cited.id });
            }
        }
        let report = canonical::to_bytes_within(&self.report, EVIDENCE_BYTES_MAX)?;
        if ReportDigest::of(&report) != plan.body().report {
            return Err(BadEvidence::Report);
        }
        for (index, planned) in plan.body().actions.iter().enumerate() {
            let cites = &planned.cites;
            let aimed = self
                .calls
                .iter()
                .find(|call| call.id == cites.call)
                .and_then(|call| aim(call, cites.item, step_arguments(&planned.action)?).ok());
            let same = aimed
                .is_some_and(|aimed| aimed.action == planned.action && aimed.seen == planned.seen);
            if !same {
                return Err(BadEvidence::Action {
                    action: index + 1,
                    item: format!("{}[{}]", cites.call, cites.item),
                });
            }
        }
        Ok(())
    }

    /// Its bytes.
    pub fn to_bytes(&self) -> Result<Vec<u8>, NotCanonical> {
        canonical::to_bytes_within(self, EVIDENCE_BYTES_MAX)
    }
}

/// What a step says in the write call that leads to an action; the rest is computed.
/// `None`: no step can ask for it.
fn step_arguments(action: &AnyAction) -> Option<WriteArgs> {
    Some(match action {
        AnyAction::Expire(_) => return None,
        AnyAction::Cancel(action) => WriteArgs::Cancel {
            only_if_state: action.arguments.only_if_state.clone(),
        },
        AnyAction::Terminate(action) => WriteArgs::Terminate {
            only_if_state: action.arguments.only_if_state.clone(),
        },
        AnyAction::Restart(_) => WriteArgs::Restart {},
        AnyAction::Scale(action) => WriteArgs::Scale {
            replicas: action.arguments.replicas,
        },
        AnyAction::Rollback(_) => WriteArgs::Rollback {},
        AnyAction::Silence(action) => WriteArgs::Silence {
            minutes: action.arguments.minutes,
            reason: action.arguments.reason.clone(),
        },
        AnyAction::Notify(action) => WriteArgs::Notify {
            channel: last_segment(&action.target),
            message: action.arguments.message.clone(),
        },
    })
}

/// A target's last segment, as it was before it was escaped.
fn last_segment(target: &Target) -> String {
    let raw = target
        .segments()
        .last()
        .and_then(unescape)
        .unwrap_or_default();
    // A target's segments were text before they were escaped.
    String::from_utf8_lossy(&raw).into_owned()
}

impl Runner {
    /// Everything that a plan cites.
    pub async fn evidence(&self, plan: &Plan) -> Result<Evidence, RunError> {
        let record = self.run_record(&plan.body().run).await?;
        let missing = |call: CallId| RunError::Blob {
            what: "call",
            digest: call.to_string(),
        };
        let calls = plan
            .body()
            .calls
            .iter()
            .map(|cited| {
                record
                    .call(cited.id)
                    .cloned()
                    .ok_or_else(|| missing(cited.id))
            })
            .collect::<Result<_, _>>()?;
        let report = self
            .document(BlobDigest::from_raw(*plan.body().report.raw()), "report")
            .await?;
        let policy = self.policy().await?.text().to_owned();
        let evidence = Evidence {
            schema: EVIDENCE_SCHEMA.to_owned(),
            plan: plan.id(),
            calls,
            report,
            policy,
        };
        // What the screen calls checked was checked, here as elsewhere.
        evidence.check(plan)?;
        Ok(evidence)
    }
}
