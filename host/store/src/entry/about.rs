//! What an entry speaks of: its kind, its plan, its run, its incident, the bytes kept for it.

use interlock_gate::ids::{BlobDigest, PlanDigest, RunId};
use serde_json::Value;

use super::{Entry, INCIDENT_BYTES_MAX, NO_INCIDENT, StepEnd};

impl Entry {
    /// The `kind` that its JSON says.
    pub fn kind(&self) -> &'static str {
        match self {
            Entry::StoreOpened { .. } => "store_opened",
            Entry::Policy { .. } => "policy",
            Entry::Trusted { .. } => "trusted",
            Entry::RunOpened { .. } => "run_opened",
            Entry::StepEnded { .. } => "step_ended",
            Entry::RunEnded { .. } => "run_ended",
            Entry::Planned { .. } => "planned",
            Entry::Token { .. } => "token",
            Entry::Refused { .. } => "refused",
            Entry::ApplyBegan { .. } => "apply_began",
            Entry::Intent { .. } => "intent",
            Entry::Outcome { .. } => "outcome",
            Entry::ApplyEnded { .. } => "apply_ended",
            Entry::Verified { .. } => "verified",
            Entry::Reconciled { .. } => "reconciled",
            Entry::Incident { .. } => "incident",
            Entry::Feedback { .. } => "feedback",
            Entry::Alerted { .. } => "alerted",
            Entry::Cause { .. } => "cause",
            Entry::Note { .. } => "note",
            Entry::Imported { .. } => "imported",
            Entry::Backtested { .. } => "backtested",
            Entry::Diagnosis { .. } => "diagnosis",
            Entry::Kept { .. } => "kept",
        }
    }

    /// The plan it speaks of.
    pub fn plan(&self) -> Option<PlanDigest> {
        match self {
            Entry::Planned { plan } => Some(plan.id()),
            Entry::Token { plan, .. }
            | Entry::ApplyBegan { plan, .. }
            | Entry::Intent { plan, .. }
            | Entry::Outcome { plan, .. }
            | Entry::ApplyEnded { plan, .. }
            | Entry::Verified { plan, .. }
            | Entry::Reconciled { plan, .. } => Some(*plan),
            Entry::Refused { plan, .. } => *plan,
            Entry::StoreOpened { .. }
            | Entry::Policy { .. }
            | Entry::Trusted { .. }
            | Entry::RunOpened { .. }
            | Entry::StepEnded { .. }
            | Entry::RunEnded { .. }
            | Entry::Incident { .. }
            | Entry::Feedback { .. }
            | Entry::Alerted { .. }
            | Entry::Cause { .. }
            | Entry::Note { .. }
            | Entry::Imported { .. }
            | Entry::Backtested { .. }
            | Entry::Diagnosis { .. }
            | Entry::Kept { .. } => None,
        }
    }

    /// The run it names. An entry that names only a plan belongs to that plan's run; see
    /// [`Entry::plan`].
    pub fn run(&self) -> Option<&RunId> {
        match self {
            Entry::RunOpened { run, .. }
            | Entry::StepEnded { run, .. }
            | Entry::RunEnded { run, .. }
            | Entry::Verified { run, .. }
            | Entry::Feedback { run, .. }
            | Entry::Diagnosis { run, .. }
            | Entry::Kept { run, .. } => Some(run),
            Entry::Planned { plan } => Some(&plan.body().run),
            Entry::Refused { run, .. } => run.as_ref(),
            Entry::StoreOpened { .. }
            | Entry::Policy { .. }
            | Entry::Trusted { .. }
            | Entry::Token { .. }
            | Entry::ApplyBegan { .. }
            | Entry::Intent { .. }
            | Entry::Outcome { .. }
            | Entry::ApplyEnded { .. }
            | Entry::Reconciled { .. }
            | Entry::Alerted { .. }
            | Entry::Cause { .. }
            | Entry::Note { .. }
            | Entry::Imported { .. }
            | Entry::Backtested { .. }
            | Entry::Incident { .. } => None,
        }
    }

    /// The incident it names, where it is one that is listed: a run about none has none. A
    /// diagnosis or a verdict belongs to the incident of its run.
    pub fn incident(&self) -> Option<&str> {
        match self {
            Entry::RunOpened { incident, .. } => incident
                .get("id")
                .and_then(Value::as_str)
                .filter(|id| *id != NO_INCIDENT && id.len() <= INCIDENT_BYTES_MAX),
            Entry::Alerted { incident, .. }
            | Entry::Cause { incident, .. }
            | Entry::Note { incident, .. }
            | Entry::Imported { incident, .. } => Some(incident),
            _of_none => None,
        }
    }

    /// The kept bytes it speaks of, which must be there when it is recorded.
    pub fn blobs(&self) -> Vec<BlobDigest> {
        match self {
            Entry::StepEnded { cassette, end, .. } => {
                let mut kept = vec![BlobDigest::from_raw(*cassette.raw())];
                if let StepEnd::Report(report) = end {
                    kept.push(BlobDigest::from_raw(*report.raw()));
                }
                kept
            }
            Entry::Verified {
                report: Some(report),
                ..
            } => {
                vec![BlobDigest::from_raw(*report.raw())]
            }
            Entry::Kept { blob, .. } => vec![*blob],
            Entry::Diagnosis { document, .. } => vec![*document],
            Entry::Imported { timeline, .. } => vec![*timeline],
            Entry::Backtested { report, .. } => vec![*report],
            _ => Vec::new(),
        }
    }

    /// Whether the host signs a checkpoint with it: every decision and every stop.
    pub fn is_decision_or_stop(&self) -> bool {
        match self {
            Entry::StoreOpened { .. }
            | Entry::Policy { .. }
            | Entry::Trusted { .. }
            | Entry::RunEnded { .. }
            | Entry::Planned { .. }
            | Entry::Token { .. }
            | Entry::Refused { .. }
            | Entry::ApplyBegan { .. }
            | Entry::Intent { .. }
            | Entry::ApplyEnded { .. }
            | Entry::Verified { .. }
            | Entry::Reconciled { .. }
            | Entry::Backtested { .. }
            | Entry::Feedback { .. } => true,
            Entry::RunOpened { .. }
            | Entry::StepEnded { .. }
            | Entry::Outcome { .. }
            | Entry::Incident { .. }
            | Entry::Alerted { .. }
            | Entry::Cause { .. }
            | Entry::Note { .. }
            | Entry::Imported { .. }
            | Entry::Diagnosis { .. }
            | Entry::Kept { .. } => false,
        }
    }
}
