//! A run's record from the entries of the journal about it: the same whether they were read back
//! or have just been written.

use std::{
    collections::{BTreeMap, HashMap},
    sync::Arc,
};

use interlock_capabilities::report::Verification;
use interlock_engine::Cassette;
use interlock_gate::{
    ids::{BlobDigest, CassetteDigest, PlanDigest, ReportDigest},
    state::PlanState,
    time::Time,
};
use interlock_store::entry::{Entry, Stamped, StepEnd};

use crate::{
    diagnosis::{self, DiagnosisRecord},
    error::RunError,
    feedback::FeedbackRecord,
    learnt::Verdict,
    propose::KEPT_WAITS,
    record::{ActRecord, PlanRecord, RunRecord, StepConclusion, StepRecord, VerifyRecord},
    report::StepReport,
    state::{RunEvent, RunState},
};

/// What the entries of a run speak of, by digest.
#[derive(Default)]
pub(crate) struct Kept {
    pub(crate) cassettes: HashMap<CassetteDigest, Arc<Cassette>>,
    pub(crate) reports: HashMap<ReportDigest, StepReport>,
    pub(crate) verifications: HashMap<ReportDigest, Verification>,
    pub(crate) diagnoses: HashMap<BlobDigest, diagnosis::Document>,
}

impl Kept {
    fn cassette(&self, digest: CassetteDigest) -> Result<Arc<Cassette>, RunError> {
        found("cassette", digest, self.cassettes.get(&digest).cloned())
    }

    fn report(&self, digest: ReportDigest) -> Result<StepReport, RunError> {
        found("report", digest, self.reports.get(&digest).cloned())
    }

    fn verification(&self, digest: ReportDigest) -> Result<Verification, RunError> {
        let kept = self.verifications.get(&digest).cloned();
        found("verification", digest, kept)
    }

    fn diagnosis(&self, digest: BlobDigest) -> Result<diagnosis::Document, RunError> {
        found("diagnosis", digest, self.diagnoses.get(&digest).cloned())
    }
}

fn found<T>(
    what: &'static str,
    digest: impl std::fmt::Display,
    kept: Option<T>,
) -> Result<T, RunError> {
    kept.ok_or_else(|| RunError::Blob {
        what,
        digest: digest.to_string(),
    })
}

/// A run's record from its entries, in order, and what they speak of; `None`: it was never opened.
pub(crate) fn fold(events: Vec<Stamped>, kept: &Kept) -> Result<Option<RunRecord>, RunError> {
    let mut record = None;
    for stamped in events {
        match (&mut record, stamped) {
            (None, stamped) if matches!(stamped.entry, Entry::RunOpened { .. }) => {
                record = Some(opened(stamped)?);
            }
            (Some(record), Stamped { at, entry, .. }) => push(record, at, entry, kept)?,
            (None, _) => {}
        }
    }
    Ok(record)
}

fn push(record: &mut RunRecord, at: Time, entry: Entry, kept: &Kept) -> Result<(), RunError> {
    let step_event = |record: &mut RunRecord, event| {
        // The journal holds only what was legal; an unknown order is shown as it stands.
        if let Ok(next) = record.state.clone().after(&event) {
            record.state = next;
        }
    };
    match entry {
        Entry::StepEnded {
            step,
            component,
            cassette,
            end,
            ..
        } => {
            let digest = cassette;
            let cassette = kept.cassette(digest)?;
            let after_change = record.plans.iter().any(|plan| !plan.acts.is_empty());
            if after_change {
                record.verified.push(VerifyRecord {
                    plan: record
                        .plans
                        .last()
                        .map_or(PlanDigest::of(b""), |one| one.plan.id()),
                    at,
                    step,
                    found: None,
                    verdict: "faulted".to_owned(),
                    cassette: Some(cassette),
                });
                return Ok(());
            }
            let end = match end {
                StepEnd::Report(digest) => StepConclusion::Report(Box::new(kept.report(digest)?)),
                StepEnd::Writes(writes) => StepConclusion::Writes(writes),
                StepEnd::Fault(why) => StepConclusion::Fault(why),
            };
            record.steps.push(StepRecord {
                step,
                component,
                cassette,
                kept: digest,
                at,
                end,
            });
            step_event(record, RunEvent::StepEnded);
        }
        Entry::RunEnded { state, .. } => {
            record.ended_at = Some(at);
            step_event(
                record,
                match state.as_str() {
                    "faulted" => RunEvent::Faulted,
                    "interrupted" => RunEvent::Interrupted,
                    _ => RunEvent::Concluded,
                },
            );
        }
        Entry::Kept { what, blob, .. } if what == KEPT_WAITS => {
            record.waits = Some(PlanDigest::from_raw(*blob.raw()));
        }
        Entry::Planned { plan } => {
            step_event(record, RunEvent::Planned(plan.id()));
            record.plans.push(PlanRecord {
                plan: Arc::new(*plan),
                state: PlanState::Waiting,
                tokens: Vec::new(),
                refusals: Vec::new(),
                acts: Vec::new(),
                stops: Vec::new(),
            });
        }
        Entry::Refused {
            plan: None,
            reasons,
            ..
        } => record.refused.extend(reasons),
        Entry::Diagnosis {
            by,
            owners,
            document,
            ..
        } => {
            let kept = kept.diagnosis(document)?;
            record.diagnoses.push(DiagnosisRecord {
                at,
                by,
                owners,
                report: kept.report,
                confidence: kept.confidence,
                document,
            });
        }
        Entry::Feedback {
            by, verdict, cause, ..
        } => record.feedback.push(FeedbackRecord {
            at,
            by,
            verdict: verdict.as_deref().and_then(Verdict::of_word),
            cause,
        }),
        Entry::Verified {
            verdict, report, ..
        } => {
            let found = report.map(|digest| kept.verification(digest)).transpose()?;
            if let Some(last) = record.verified.last_mut().filter(|one| one.found.is_none()) {
                last.verdict = verdict;
                last.found = found;
                last.at = at;
            }
        }
        entry => {
            if let Some(id) = entry.plan()
                && let Some(plan) = record.plans.iter_mut().find(|one| one.plan.id() == id)
            {
                push_plan(plan, at, entry);
            }
        }
    }
    Ok(())
}

fn push_plan(plan: &mut PlanRecord, at: Time, entry: Entry) {
    match entry {
        Entry::Token { token, .. } => plan.tokens.push((at, *token)),
        Entry::Refused { asked, reasons, .. } => plan.refusals.push((at, asked, reasons)),
        Entry::Intent {
            index,
            kind,
            tokens,
            ..
        } => plan.acts.push(ActRecord {
            kind,
            index,
            tokens,
            intended_at: at,
            settled_at: None,
            outcome: None,
            reconciled: None,
        }),
        Entry::Outcome {
            index,
            kind,
            outcome,
            ..
        } => {
            let open = |act: &&mut ActRecord| {
                act.index == index && act.kind == kind && act.outcome.is_none()
            };
            if let Some(act) = plan.acts.iter_mut().find(open) {
                act.outcome = Some(outcome);
                act.settled_at = Some(at);
            }
        }
        Entry::Reconciled {
            index,
            kind,
            finding,
            ..
        } => {
            let of = |act: &&mut ActRecord| act.index == index && act.kind == kind;
            if let Some(act) = plan.acts.iter_mut().rev().find(of) {
                act.reconciled = Some(finding);
            }
        }
        Entry::ApplyEnded {
            kind,
            stopped: Some(why),
            ..
        } => plan.stops.push((kind, why)),
        _ => {}
    }
}

fn opened(stamped: Stamped) -> Result<RunRecord, RunError> {
    let Entry::RunOpened {
        run,
        id_key,
        runbook,
        version,
        components,
        incident,
        inputs,
        requester,
        owners,
    } = stamped.entry
    else {
        return Err(RunError::NotNow(
            "the run does not begin with its opening".to_owned(),
        ));
    };
    Ok(RunRecord {
        run,
        id_key,
        opened_at: stamped.at,
        ended_at: None,
        runbook,
        version,
        components,
        incident: serde_json::from_value(incident).map_err(RunError::Document)?,
        inputs: BTreeMap::from_iter(inputs),
        requester,
        owners,
        state: RunState::Opened,
        steps: Vec::new(),
        refused: Vec::new(),
        waits: None,
        plans: Vec::new(),
        verified: Vec::new(),
        diagnoses: Vec::new(),
        feedback: Vec::new(),
    })
}
