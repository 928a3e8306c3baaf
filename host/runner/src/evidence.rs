//! `PLAN.evidence.json`: what an approver elsewhere reads beside the plan, each part held by a
//! digest of the plan.

use interlock_capabilities::Recorded;
use interlock_gate::{
    canonical::{self, NotCanonical},
    ids::{BlobDigest, CallId, PlanDigest, ReportDigest},
    plan::Plan,
    policy::Policy,
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
    /// The policy is none.
    #[error("its policy cannot be read")]
    Policy,
    /// The plan's rule does not stand in the policy.
    #[error("its policy has no rule `{rule}` with the digest in the plan")]
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
        let cited = &plan.body().calls;
        if cited.len() != evidence.calls.len() {
            return Err(BadEvidence::Count {
                found: evidence.calls.len(),
                cited: cited.len(),
            });
        }
        for (cited, call) in cited.iter().zip(&evidence.calls) {
            if call.id != cited.id || call.digest()? != cited.digest {
                return Err(BadEvidence::Call { call: cited.id });
            }
        }
        let report = canonical::to_bytes_within(&evidence.report, EVIDENCE_BYTES_MAX)?;
        if ReportDigest::of(&report) != plan.body().report {
            return Err(BadEvidence::Report);
        }
        let policy = Policy::parse(&evidence.policy).map_err(|_| BadEvidence::Policy)?;
        for planned in &plan.body().actions {
            let named = &planned.rule;
            if policy
                .write(&named.name)
                .is_none_or(|rule| rule.digest != named.digest)
            {
                return Err(BadEvidence::Rule {
                    rule: named.name.clone(),
                });
            }
        }
        Ok((evidence, policy))
    }

    /// Its bytes.
    pub fn to_bytes(&self) -> Result<Vec<u8>, NotCanonical> {
        canonical::to_bytes_within(self, EVIDENCE_BYTES_MAX)
    }
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
        Ok(Evidence {
            schema: EVIDENCE_SCHEMA.to_owned(),
            plan: plan.id(),
            calls,
            report,
            policy,
        })
    }
}
