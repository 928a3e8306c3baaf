//! How long each part of an incident took, and what a right diagnosis saved of it.

use interlock_gate::time::Time;
use interlock_measure::median;

use super::case::Case;
use crate::learnt::Verdict;

/// A part of an incident.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Phase {
    /// From the alert to the run.
    AlertToRun,
    /// From the run's beginning to its report: what the diagnosis itself takes.
    RunToEvidence,
    /// From the report to the first decision.
    EvidenceToDecision,
    /// From the decision to the fix, as the verify step saw it.
    DecisionToFix,
    /// All of it.
    AlertToFix,
}

impl Phase {
    /// All of them, in order.
    pub const ALL: [Phase; 5] = [
        Phase::AlertToRun,
        Phase::RunToEvidence,
        Phase::EvidenceToDecision,
        Phase::DecisionToFix,
        Phase::AlertToFix,
    ];

    /// As it is printed.
    pub fn words(self) -> &'static str {
        match self {
            Phase::AlertToRun => "alert to run",
            Phase::RunToEvidence => "run to evidence",
            Phase::EvidenceToDecision => "evidence to decision",
            Phase::DecisionToFix => "decision to fix",
            Phase::AlertToFix => "alert to fix",
        }
    }

    /// Its name, for programs.
    pub fn word(self) -> &'static str {
        match self {
            Phase::AlertToRun => "alert_to_run",
            Phase::RunToEvidence => "run_to_evidence",
            Phase::EvidenceToDecision => "evidence_to_decision",
            Phase::DecisionToFix => "decision_to_fix",
            Phase::AlertToFix => "alert_to_fix",
        }
    }

    fn of(self, case: &Case) -> Option<u64> {
        let millis = |from: Time, until: Time| until.micros().checked_sub(from.micros());
        let micros = match self {
            Phase::AlertToRun => millis(case.alerted_at, case.opened_at),
            Phase::RunToEvidence => millis(case.opened_at, case.evidence_at?),
            Phase::EvidenceToDecision => millis(case.evidence_at?, case.decided_at?),
            Phase::DecisionToFix => millis(case.decided_at?, case.fixed_at?),
            Phase::AlertToFix => millis(case.alerted_at, case.fixed_at?),
        };
        micros.map(|micros| micros / 1000)
    }
}

/// How long a phase took.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct PhaseTimes {
    /// Which.
    pub phase: Phase,
    /// Runs that went through it.
    pub runs: usize,
    /// The median, in milliseconds.
    pub median_ms: Option<u64>,
    /// The median of those whose diagnosis was right or, where nobody knows, accepted.
    pub right_ms: Option<u64>,
    /// The median of those whose diagnosis was wrong or, where nobody knows, rejected or changed.
    pub other_ms: Option<u64>,
}

impl PhaseTimes {
    /// Each phase of these runs.
    pub fn of<'a>(cases: impl Iterator<Item = &'a Case> + Clone) -> Vec<PhaseTimes> {
        Phase::ALL
            .into_iter()
            .map(|phase| {
                let times = |of: Option<bool>| -> Vec<u64> {
                    cases
                        .clone()
                        .filter(|case| of.is_none() || helped(case) == of)
                        .filter_map(|case| phase.of(case))
                        .collect()
                };
                let all = times(None);
                PhaseTimes {
                    phase,
                    runs: all.len(),
                    median_ms: median(&all),
                    right_ms: median(&times(Some(true))),
                    other_ms: median(&times(Some(false))),
                }
            })
            .collect()
    }

    /// What a right diagnosis saved beside one that was not, in milliseconds; below zero it cost.
    /// None of the phases that end before anybody knows.
    pub fn saved_ms(&self) -> Option<i64> {
        if matches!(self.phase, Phase::AlertToRun | Phase::RunToEvidence) {
            return None;
        }
        let (right, other) = (self.right_ms?, self.other_ms?);
        Some(i64::try_from(other).ok()? - i64::try_from(right).ok()?)
    }
}

/// Whether the diagnosis led on.
fn helped(case: &Case) -> Option<bool> {
    case.right.or(match case.verdict {
        Some(Verdict::Accepted) => Some(true),
        Some(Verdict::Modified | Verdict::Rejected) => Some(false),
        None => None,
    })
}
