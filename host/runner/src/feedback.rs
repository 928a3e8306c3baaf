//! What people say of a diagnosis: a verdict on the spot, and the actual cause once it is known.
//! Not a decision about a plan, and no signature: it moves what the next diagnosis is believed.
//! Start at [`Runner::give_feedback`] and [`Runner::tell_cause`].
//! Invariant: a word that was recorded is superseded by a later one and never altered.

use std::collections::{BTreeMap, BTreeSet};

use interlock_gate::{
    ids::{PersonName, RunId},
    plan::Requester,
    time::Time,
};
use interlock_store::{
    Store as _,
    entry::{CAUSE_BYTES_MAX, Entry, Stamped},
};

use crate::{
    caller::Caller, diagnosis::whose, error::RunError, learnt::Verdict, open::Runner,
    record::RunRecord, state::RunState,
};

/// How a cause begins that no manifest lists.
pub const OTHER: &str = "other: ";
/// Runs of an incident whose runbooks say which causes there are.
const RUNS_MAX: usize = 30;

/// What was said of one run.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct FeedbackRecord {
    /// When the journal took it.
    pub at: Time,
    /// Whose word, with who stands behind them: `triage-agent (for bob)`.
    pub by: String,
    /// What they thought of it.
    pub verdict: Option<Verdict>,
    /// The actual cause, where they name it.
    pub cause: Option<String>,
}

/// What an incident turned out to be, by somebody's word.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct CauseRecord {
    /// When the journal took it.
    pub at: Time,
    /// Whose word.
    pub by: Requester,
    /// Who stands behind them.
    pub owners: Vec<PersonName>,
    /// A cause of a manifest, or `other: ` and words.
    pub cause: String,
    /// The component that it was in, where known. Untrusted text.
    pub subject: Option<String>,
}

impl CauseRecord {
    /// The cause that an entry tells, if it tells one.
    pub(crate) fn of(stamped: &Stamped) -> Option<CauseRecord> {
        match &stamped.entry {
            Entry::Cause {
                cause,
                subject,
                by,
                owners,
                ..
            } => Some(CauseRecord {
                at: stamped.at,
                by: by.clone(),
                owners: owners.clone(),
                cause: cause.clone(),
                subject: subject.clone(),
            }),
            _ => None,
        }
    }

    /// Whose word it is, for a sentence. Escaped.
    pub fn by(&self) -> String {
        whose(&self.by, &self.owners)
    }
}

/// A word on a diagnosis that the host does not take.
#[derive(Debug, thiserror::Error)]
pub enum CannotJudge {
    /// A run that has not come to an end.
    #[error("{run} has not ended: there is no diagnosis to judge")]
    NotEnded {
        /// The run.
        run: RunId,
    },
    /// A cause that nobody lists.
    #[error("`{cause}` is no cause of {of}")]
    UnknownCause {
        /// As given, cut.
        cause: String,
        /// Which runbooks were asked: `postgres-connections`.
        of: String,
        /// The one that was probably meant.
        nearest: Option<String>,
        /// All there are.
        known: Vec<String>,
    },
    /// A name that says nothing, or more than a name.
    #[error("a {what} has 1 to {CAUSE_BYTES_MAX} bytes, not {bytes}")]
    Length {
        /// `cause`, `subject`.
        what: &'static str,
        /// Its length.
        bytes: usize,
    },
    /// The host could not take it, whatever it says.
    #[error(transparent)]
    Host(Box<RunError>),
}

impl From<RunError> for CannotJudge {
    fn from(error: RunError) -> CannotJudge {
        CannotJudge::Host(Box::new(error))
    }
}

impl Runner {
    /// Records what a caller thinks of a run's diagnosis, and the actual cause where they know it.
    pub async fn give_feedback(
        &self,
        run: &RunId,
        verdict: Option<Verdict>,
        cause: Option<&str>,
        by: &Caller,
    ) -> Result<RunRecord, CannotJudge> {
        let record = self.run_record(run).await?;
        if matches!(record.state, RunState::Opened | RunState::Reading) {
            return Err(CannotJudge::NotEnded { run: run.clone() });
        }
        let cause = match cause {
            Some(cause) => {
                let known = self.causes_of(&BTreeSet::from([record.runbook.clone()]));
                Some(known.take(cause, &causes_named(&record))?)
            }
            None => None,
        };
        let owners: Vec<PersonName> = by.owner.iter().cloned().collect();
        let entry = Entry::Feedback {
            run: run.clone(),
            by: whose(&by.requester, &owners),
            verdict: verdict.map(|one| one.word().to_owned()),
            cause,
            token: None,
        };
        self.record(entry).await?;
        Ok(self.run_record(run).await?)
    }

    /// Records what an incident turned out to be.
    pub async fn tell_cause(
        &self,
        incident: &str,
        cause: &str,
        subject: Option<&str>,
        by: &Caller,
    ) -> Result<CauseRecord, CannotJudge> {
        let store = self.store();
        let line = store.incident(incident).await.map_err(RunError::from)?;
        if line.is_none() {
            let id = incident.chars().take(80).collect();
            let what = "incident";
            return Err(RunError::Unknown { what, id }.into());
        }
        let runs = store.runs_of_incident(incident, RUNS_MAX).await;
        let runbooks: BTreeSet<String> = runs
            .map_err(RunError::from)?
            .into_iter()
            .map(|line| line.runbook)
            .collect();
        let known = self.causes_of(&runbooks);
        let cause = known.take(cause, &BTreeSet::new())?;
        if let Some(subject) = subject {
            is_name("subject", subject)?;
        }
        let owners: Vec<PersonName> = by.owner.iter().cloned().collect();
        let entry = Entry::Cause {
            incident: incident.to_owned(),
            cause: cause.clone(),
            subject: subject.map(str::to_owned),
            by: by.requester.clone(),
            owners: owners.clone(),
        };
        self.record(entry).await?;
        Ok(CauseRecord {
            at: self.now(),
            by: by.requester.clone(),
            owners,
            cause,
            subject: subject.map(str::to_owned),
        })
    }

    /// What an incident turned out to be, by everybody who said so, oldest first: the last counts.
    pub async fn causes_said(&self, incident: &str) -> Result<Vec<CauseRecord>, RunError> {
        let entries = self.store().about_incident_of(incident, "cause").await?;
        Ok(entries.iter().filter_map(CauseRecord::of).collect())
    }

    /// The causes that these runbooks can name; of none of them, those of all installed ones.
    fn causes_of(&self, runbooks: &BTreeSet<String>) -> Known {
        let catalogue = self.catalogue();
        let installed = catalogue.runbooks();
        let asked = |name: &String| runbooks.is_empty() || runbooks.contains(name);
        let causes: BTreeMap<String, String> = installed
            .filter(|one| asked(&one.manifest.name))
            .flat_map(|one| one.manifest.causes.clone())
            .collect();
        let of = match runbooks.len() {
            0 => "any installed runbook".to_owned(),
            _ => runbooks.iter().cloned().collect::<Vec<_>>().join(", "),
        };
        Known {
            causes: causes.into_keys().collect(),
            of,
        }
    }
}

/// Causes that runbooks can name.
struct Known {
    causes: BTreeSet<String>,
    of: String,
}

impl Known {
    /// The cause as it is recorded: one that is listed, one that the run itself named, or words.
    fn take(&self, cause: &str, named: &BTreeSet<String>) -> Result<String, CannotJudge> {
        is_name("cause", cause)?;
        let other = cause.strip_prefix(OTHER.trim_end()).map(str::trim);
        match other {
            Some("") => {
                return Err(CannotJudge::Length {
                    what: "cause",
                    bytes: 0,
                });
            }
            Some(words) => {
                let one_line: String = words
                    .chars()
                    .map(|letter| if letter.is_control() { ' ' } else { letter })
                    .collect();
                return Ok(format!("{OTHER}{one_line}"));
            }
            None => {}
        }
        if self.causes.contains(cause) || named.contains(cause) {
            return Ok(cause.to_owned());
        }
        let likeness = |known: &&String| strsim::jaro_winkler(cause, known);
        let nearest = self
            .causes
            .iter()
            .filter(|known| likeness(known) > 0.75)
            .max_by(|a, b| likeness(a).total_cmp(&likeness(b)));
        Err(CannotJudge::UnknownCause {
            cause: cause.chars().take(80).collect(),
            of: self.of.clone(),
            nearest: nearest.cloned(),
            known: self.causes.iter().cloned().collect(),
        })
    }
}

fn is_name(what: &'static str, text: &str) -> Result<(), CannotJudge> {
    let bytes = if text.trim().is_empty() {
        0
    } else {
        text.len()
    };
    if bytes == 0 || bytes > CAUSE_BYTES_MAX {
        return Err(CannotJudge::Length { what, bytes });
    }
    Ok(())
}

/// Causes that the run's own reports name: its manifest may have changed since.
fn causes_named(record: &RunRecord) -> BTreeSet<String> {
    let steps = record.report().steps.into_iter();
    steps
        .flat_map(|step| step.report.hypotheses)
        .map(|one| one.cause)
        .collect()
}
