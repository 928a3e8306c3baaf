//! A caller's own diagnosis of a run: it enters by the door that a step's report enters by.
//! Not evidence: what it says is that caller's word, and is shown as theirs beside the runbook's.
//! Start at [`Submitted`], then [`DiagnosisRecord`].
//! Invariant: a diagnosis on record cites only calls that its run made, and its confidence is the
//! host's. It changes nothing of what the runbook concluded.

mod submitted;

#[cfg(test)]
mod tests;

use std::collections::{BTreeMap, BTreeSet};

use interlock_capabilities::{
    Recorded,
    journal::Refused,
    report::{Checked, Cite, Report},
};
use interlock_gate::{
    escape,
    ids::{BlobDigest, CallId, PersonName, RunId},
    plan::Requester,
    time::Time,
};
use interlock_store::{Store as _, entry::Entry};
use serde::{Deserialize, Serialize};

pub use submitted::{
    CITES_MAX, CheckOutcome, CitedCall, HYPOTHESES_MAX, ITEMS_MAX, LIST_MAX, SAYS_BYTES_MAX,
    Submitted, SubmittedCheck, SubmittedCite, SubmittedHypothesis, SubmittedRuledOut,
    SubmittedUnchecked, TEXT_BYTES_MAX,
};

use crate::{
    caller::Caller,
    confidence::{Confidence, rate_callers},
    error::RunError,
    open::Runner,
    report::{self, BadReport},
};

/// The schema of a kept diagnosis.
pub const DIAGNOSIS_SCHEMA: &str = "interlock.callers-report.v1";
/// Most diagnoses of one run by one caller.
pub const DIAGNOSES_MAX: usize = 20;
/// Times that a diagnosis is written again because its run went on meanwhile.
const TRIES_MAX: usize = 64;

/// One diagnosis on record.
#[derive(Clone, Debug, PartialEq)]
pub struct DiagnosisRecord {
    /// When the journal took it.
    pub at: Time,
    /// Whose it is.
    pub by: Requester,
    /// Who stands behind them.
    pub owners: Vec<PersonName>,
    /// What they say; untrusted text.
    pub report: Report,
    /// The host's, one of each hypothesis, in its order.
    pub confidence: Vec<Confidence>,
    /// Of the kept document.
    pub document: BlobDigest,
}

impl DiagnosisRecord {
    /// Whose it is, to stand above it: `diagnosis of triage-agent (for bob)`. Escaped.
    pub fn title(&self) -> String {
        format!("diagnosis of {}", whose(&self.by, &self.owners))
    }
}

/// A caller with who stands behind them: `triage-agent (for bob)`. Escaped.
pub fn whose(by: &Requester, owners: &[PersonName]) -> String {
    let name = escape::foreign_short(by.caller.as_deref().unwrap_or(&by.via), 80);
    let owners: Vec<&str> = owners.iter().map(PersonName::as_str).collect();
    match owners.as_slice() {
        [] => format!("{name} (for nobody)"),
        // A person's own words at their own terminal.
        [one] if Some(*one) == by.caller.as_deref() => name,
        several => format!("{name} (for {})", several.join(", ")),
    }
}

/// The kept document.
#[derive(Clone, Debug, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct Document {
    schema: String,
    run: RunId,
    pub(crate) report: Report,
    pub(crate) confidence: Vec<Confidence>,
}

/// A diagnosis that the host does not take.
#[derive(Debug, thiserror::Error)]
pub enum CannotDiagnose {
    /// As a step's report would be refused.
    #[error(transparent)]
    Report(#[from] BadReport),
    /// A call of another run.
    #[error("the report cites {call} of {of}, and it is about {run}")]
    OtherRun {
        /// The call.
        call: CallId,
        /// Whose it is.
        of: RunId,
        /// The run that the report is about.
        run: RunId,
    },
    /// An item that the answer does not have.
    #[error("the report cites item {item} of {call}, whose answer has {items}")]
    NoSuchItem {
        /// The call.
        call: CallId,
        /// The item, from 0.
        item: u32,
        /// How many there are.
        items: usize,
    },
    /// Not one call.
    #[error("the report cites no call of {run}")]
    CitesNothing {
        /// The run.
        run: RunId,
    },
    /// A text that must say something.
    #[error("`{field}` is empty")]
    Empty {
        /// The field.
        field: &'static str,
    },
    /// A text that nobody would read.
    #[error("`{field}` has {bytes} bytes, at most {max}")]
    TooLong {
        /// The field.
        field: &'static str,
        /// Its length.
        bytes: usize,
        /// The bound.
        max: usize,
    },
    /// A list that nobody would read.
    #[error("the report holds {count} {what}, at most {max}")]
    TooMuch {
        /// Of what.
        what: &'static str,
        /// How many.
        count: usize,
        /// The bound.
        max: usize,
    },
    /// This caller has said enough about this run.
    #[error("{who} has made {DIAGNOSES_MAX} diagnoses of {run}, which is the most")]
    Enough {
        /// The caller.
        who: String,
        /// The run.
        run: RunId,
    },
    /// The host could not take it, whatever it says.
    #[error(transparent)]
    Host(Box<RunError>),
}

impl From<RunError> for CannotDiagnose {
    fn from(error: RunError) -> CannotDiagnose {
        CannotDiagnose::Host(Box::new(error))
    }
}

impl Runner {
    /// Records a caller's own diagnosis of a run: refused where it cites what the run did not do,
    /// or nothing at all. Its causes are those of the runbook's manifest.
    pub async fn diagnose(
        &self,
        run: &RunId,
        submitted: Submitted,
        by: &Caller,
    ) -> Result<DiagnosisRecord, CannotDiagnose> {
        let report = submitted.report(run)?;
        let mut tries = 0;
        loop {
            let read_at = self.store().head().await.map_err(RunError::from)?.size;
            let record = self.run_record(run).await?;
            let so_far = record
                .diagnoses
                .iter()
                .filter(|one| one.by == by.requester)
                .count();
            if so_far >= DIAGNOSES_MAX {
                return Err(CannotDiagnose::Enough {
                    who: by.shown(),
                    run: run.clone(),
                });
            }
            let runbook = self.runbook(&record.runbook).map_err(RunError::from)?;
            let calls: Vec<Recorded> = record.calls().cloned().collect();
            check(run, &report, &calls)?;
            report::check(&report, &runbook.manifest, &calls)?;
            let confidence = rate_callers(&report);
            let document = Document {
                schema: DIAGNOSIS_SCHEMA.to_owned(),
                run: run.clone(),
                report: report.clone(),
                confidence,
            };
            let owners: Vec<PersonName> = by.owner.iter().cloned().collect();
            let blob = self.keep_document(&document).await?;
            let entry = Entry::Diagnosis {
                run: run.clone(),
                by: by.requester.clone(),
                owners: owners.clone(),
                document: blob,
            };
            // What was counted must still be so: two at once do not make twenty-one.
            let leaf = match self.store().record(entry, read_at).await {
                Ok(leaf) => leaf,
                Err(Refused::Newer { .. }) if tries < TRIES_MAX => {
                    tries += 1;
                    continue;
                }
                Err(refused) => return Err(RunError::Journal(refused).into()),
            };
            let entries = self.store().diagnoses(run).await.map_err(RunError::from)?;
            let at = entries
                .iter()
                .find(|stamped| stamped.index == leaf.index)
                .map_or_else(|| self.now(), |stamped| stamped.at);
            return Ok(DiagnosisRecord {
                at,
                by: by.requester.clone(),
                owners,
                report: document.report,
                confidence: document.confidence,
                document: blob,
            });
        }
    }

    /// Everyone who stands behind a diagnosis of the run or of another run of its incident: a plan
    /// that is made now may rest on it, so they do not approve it.
    pub(crate) async fn owners_of_diagnoses(
        &self,
        run: &RunId,
        incident: &str,
    ) -> Result<BTreeSet<PersonName>, RunError> {
        let mut entries = self.store().diagnoses(run).await?;
        let of_incident = self.store().about_incident_of(incident, "diagnosis");
        entries.extend(of_incident.await?);
        Ok(entries
            .into_iter()
            .filter_map(|stamped| match stamped.entry {
                Entry::Diagnosis { owners, .. } => Some(owners),
                _ => None,
            })
            .flatten()
            .collect())
    }
}

/// What is asked of a caller's report beyond what is asked of a step's: that it cites something,
/// items that are there, and as checks only calls that were answered.
fn check(run: &RunId, report: &Report, calls: &[Recorded]) -> Result<(), CannotDiagnose> {
    let made: BTreeMap<u64, &Recorded> = calls.iter().map(|call| (call.id.0, call)).collect();
    let cites = report
        .hypotheses
        .iter()
        .flat_map(|one| one.supports.iter().chain(&one.contradicts))
        .chain(report.ruled_out.iter().flat_map(|one| &one.because));
    let mut cited = 0;
    for cite in cites {
        cited += 1;
        items(cite, &made)?;
    }
    let checks = report.hypotheses.iter().flat_map(|one| &one.checks);
    for check in checks {
        cited += 1;
        let call = made_call(check.call, &made)?;
        let decided = matches!(check.outcome, Checked::Passed | Checked::Refuted);
        if decided && call.answer.is_err() {
            return Err(BadReport::NoAnswer { call: check.call }.into());
        }
    }
    for unchecked in report.could_not_check.iter().filter_map(|one| one.call) {
        cited += 1;
        made_call(unchecked, &made)?;
    }
    if cited == 0 {
        return Err(CannotDiagnose::CitesNothing { run: run.clone() });
    }
    Ok(())
}

fn made_call<'a>(call: u64, made: &BTreeMap<u64, &'a Recorded>) -> Result<&'a Recorded, BadReport> {
    made.get(&call)
        .copied()
        .ok_or(BadReport::NoSuchCall { call })
}

fn items(cite: &Cite, made: &BTreeMap<u64, &Recorded>) -> Result<(), CannotDiagnose> {
    let call = made_call(cite.call, made)?;
    let Ok(answer) = &call.answer else {
        return Err(BadReport::NoAnswer { call: cite.call }.into());
    };
    match cite.items.iter().find(|item| !answer.has_item(**item)) {
        Some(item) => Err(CannotDiagnose::NoSuchItem {
            call: call.id,
            item: *item,
            items: answer.items(),
        }),
        None => Ok(()),
    }
}
