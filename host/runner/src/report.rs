//! What a run concluded, as it is kept, shown and cited by a plan.
//!
//! A step's words pass through; citations, causes and alternates are checked here, and the
//! confidence is the host's.

use std::collections::BTreeSet;

use interlock_capabilities::{
    Recorded,
    report::{Cite, Report, Unchecked},
};
use interlock_gate::ids::RunId;
use serde::{Deserialize, Serialize};

use crate::{
    confidence::{Confidence, Standing, rate},
    manifest::Manifest,
};

/// The schema of a kept report.
pub const REPORT_SCHEMA: &str = "interlock.report.v1";

/// Everything that the read steps of a run concluded.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct RunReport {
    /// Always [`REPORT_SCHEMA`].
    pub schema: String,
    /// The run.
    pub run: RunId,
    /// The runbook's name.
    pub runbook: String,
    /// The version that its manifest says.
    pub version: String,
    /// One of each read step that ended, in order.
    pub steps: Vec<StepReport>,
}

/// One step's conclusion.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct StepReport {
    /// The step.
    pub step: String,
    /// Its report.
    pub report: Report,
    /// One of each hypothesis, in its order.
    pub confidence: Vec<Confidence>,
}

/// A report that the host does not take.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum BadReport {
    /// A citation of a call that the run did not make.
    #[error("the report cites c{call}, which this run did not make")]
    NoSuchCall {
        /// The call.
        call: u64,
    },
    /// A citation as support of a call whose answer did not come.
    #[error("the report cites an item of c{call}, whose answer did not come")]
    NoAnswer {
        /// The call.
        call: u64,
    },
    /// A cause that the manifest does not list.
    #[error("the report names the cause `{cause}`, which the manifest does not list")]
    UnknownCause {
        /// The cause, escaped and cut.
        cause: String,
    },
    /// Neither an alternate nor a word on what was looked for.
    #[error("the report names one cause and neither an alternate nor what was tried to find one")]
    NoAlternate,
    /// A hypothesis without a single citation.
    #[error("the hypothesis `{cause}` cites nothing in its support")]
    NoEvidence {
        /// Its cause.
        cause: String,
    },
    /// Nothing at all.
    #[error("the report holds neither a hypothesis nor a reason why there is none")]
    Empty,
    /// More than a person can read.
    #[error("the report holds {count} {what}, at most {max}")]
    TooMany {
        /// Of what.
        what: &'static str,
        /// How many.
        count: usize,
        /// The bound.
        max: usize,
    },
}

const HYPOTHESES_MAX: usize = 32;
const CITES_MAX: usize = 256;

/// Checks a step's report against the calls that its run made and the manifest's causes.
pub fn check(report: &Report, manifest: &Manifest, calls: &[Recorded]) -> Result<(), BadReport> {
    let made: BTreeSet<u64> = calls.iter().map(|call| call.id.0).collect();
    let answered: BTreeSet<u64> = calls
        .iter()
        .filter(|call| call.answer.is_ok())
        .map(|call| call.id.0)
        .collect();
    let bound = |what, count, max| {
        if count > max {
            Err(BadReport::TooMany { what, count, max })
        } else {
            Ok(())
        }
    };
    bound("hypotheses", report.hypotheses.len(), HYPOTHESES_MAX)?;
    bound(
        "entries of what could not be checked",
        report.could_not_check.len(),
        CITES_MAX,
    )?;
    let cited = |cite: &Cite| {
        if !made.contains(&cite.call) {
            Err(BadReport::NoSuchCall { call: cite.call })
        } else if !answered.contains(&cite.call) {
            // A gap proves nothing, for or against.
            Err(BadReport::NoAnswer { call: cite.call })
        } else {
            Ok(())
        }
    };
    let known = |cause: &str| {
        if manifest.causes.contains_key(cause) {
            Ok(())
        } else {
            let cause = cause
                .chars()
                .take(80)
                .flat_map(char::escape_debug)
                .collect();
            Err(BadReport::UnknownCause { cause })
        }
    };
    for hypothesis in &report.hypotheses {
        known(&hypothesis.cause)?;
        bound(
            "citations",
            hypothesis.supports.len() + hypothesis.contradicts.len(),
            CITES_MAX,
        )?;
        bound("checks", hypothesis.checks.len(), CITES_MAX)?;
        if hypothesis.supports.is_empty() {
            return Err(BadReport::NoEvidence {
                cause: hypothesis.cause.clone(),
            });
        }
        hypothesis
            .supports
            .iter()
            .chain(&hypothesis.contradicts)
            .try_for_each(cited)?;
        for check in &hypothesis.checks {
            if !made.contains(&check.call) {
                return Err(BadReport::NoSuchCall { call: check.call });
            }
        }
    }
    for ruled_out in &report.ruled_out {
        known(&ruled_out.cause)?;
        ruled_out.because.iter().try_for_each(cited)?;
    }
    report.tried.iter().try_for_each(|cause| known(cause))?;
    if report.hypotheses.is_empty() && report.unresolved.is_none() {
        return Err(BadReport::Empty);
    }
    let alternates = report.hypotheses.len().saturating_sub(1)
        + report.tried.len()
        + report.ruled_out.len()
        + report
            .hypotheses
            .iter()
            .map(|one| one.checks.len())
            .sum::<usize>();
    if !report.hypotheses.is_empty() && alternates == 0 {
        return Err(BadReport::NoAlternate);
    }
    Ok(())
}

/// A step's report with the host's confidence, by what the host has learnt of the runbook up to
/// that place of the journal.
pub(crate) fn rated(step: &str, report: Report, (standing, up_to): &(Standing, u64)) -> StepReport {
    let mut confidence = rate(&report, standing);
    for one in &mut confidence {
        one.as_of = (*up_to > 0).then_some(*up_to);
    }
    StepReport {
        step: step.to_owned(),
        report,
        confidence,
    }
}

/// The report of a step that gave up on an answer it could not have.
pub fn gave_up(step: &str, unchecked: Unchecked) -> StepReport {
    let report = Report {
        summary: String::new(),
        hypotheses: Vec::new(),
        ruled_out: Vec::new(),
        tried: Vec::new(),
        unresolved: Some(format!("could not check: {}", unchecked.what)),
        could_not_check: vec![unchecked],
        notes: Vec::new(),
        findings: None,
    };
    StepReport {
        step: step.to_owned(),
        report,
        confidence: Vec::new(),
    }
}

impl RunReport {
    /// Every call that a report cites, each once, in order.
    pub fn cited_calls(&self) -> BTreeSet<u64> {
        self.steps
            .iter()
            .flat_map(|step| cited_by(&step.report))
            .collect()
    }
}

fn cited_by(report: &Report) -> BTreeSet<u64> {
    let hypotheses = report.hypotheses.iter().flat_map(|one| {
        let cites = one
            .supports
            .iter()
            .chain(&one.contradicts)
            .map(|cite| cite.call);
        cites.chain(one.checks.iter().map(|check| check.call))
    });
    let ruled_out = report
        .ruled_out
        .iter()
        .flat_map(|one| one.because.iter())
        .map(|one| one.call);
    let unchecked = report.could_not_check.iter().filter_map(|one| one.call);
    hypotheses.chain(ruled_out).chain(unchecked).collect()
}
