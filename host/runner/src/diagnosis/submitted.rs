//! A report as a caller writes it: the shape of a step's report, with what is not needed left out.
//! Not yet believed: [`Submitted::report`] checks its lengths and whose calls it cites.

use std::fmt;
use std::str::FromStr;

use interlock_capabilities::report::{
    Check, Checked, Cite, Hypothesis, Report, RuledOut, Unchecked,
};
use interlock_gate::ids::{CallId, RunId};
use serde::{Deserialize, Deserializer, Serialize, Serializer};

use super::CannotDiagnose;

/// Longest text of a submitted report, in bytes; a citation's note is shorter.
pub const TEXT_BYTES_MAX: usize = 2 * 1024;
/// Longest note on a citation or a check, in bytes.
pub const SAYS_BYTES_MAX: usize = 512;
/// Most hypotheses.
pub const HYPOTHESES_MAX: usize = 8;
/// Most citations and checks of one hypothesis, of each kind.
pub const CITES_MAX: usize = 32;
/// Most entries of any other list.
pub const LIST_MAX: usize = 32;
/// Most items of one citation.
pub const ITEMS_MAX: usize = 64;

/// A caller's report of a run.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Submitted {
    /// In a sentence or two.
    #[serde(default)]
    pub summary: String,
    /// The likeliest first.
    #[serde(default)]
    pub hypotheses: Vec<SubmittedHypothesis>,
    /// Causes that the evidence excludes.
    #[serde(default)]
    pub ruled_out: Vec<SubmittedRuledOut>,
    /// Causes that were looked for as alternates.
    #[serde(default)]
    pub tried: Vec<String>,
    /// What could not be checked.
    #[serde(default)]
    pub could_not_check: Vec<SubmittedUnchecked>,
    /// Why no cause is named: a complete answer, and better than a guess.
    #[serde(default)]
    pub unresolved: Option<String>,
}

/// One possible cause with its evidence.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct SubmittedHypothesis {
    /// One of the causes in the runbook's manifest.
    pub cause: String,
    /// By which path the cause leads to the symptom.
    pub path: String,
    /// What speaks for it.
    pub supports: Vec<SubmittedCite>,
    /// What speaks against it.
    #[serde(default)]
    pub contradicts: Vec<SubmittedCite>,
    /// What could have refuted it.
    #[serde(default)]
    pub checks: Vec<SubmittedCheck>,
}

/// A recorded call, or items of its answer, and what they say.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct SubmittedCite {
    /// The call.
    pub call: CitedCall,
    /// Items of the answer, from 0; none: the whole answer.
    #[serde(default)]
    pub items: Vec<u32>,
    /// What it says, in the caller's words.
    pub says: String,
}

/// A check that could have refuted a hypothesis.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct SubmittedCheck {
    /// What was checked.
    pub what: String,
    /// By which call.
    pub call: CitedCall,
    /// How it ended.
    pub outcome: CheckOutcome,
    /// What it says, or why it was not made.
    #[serde(default)]
    pub says: String,
}

/// How a check ended.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum CheckOutcome {
    /// It was made and did not refute.
    Passed,
    /// It was made and refutes the hypothesis.
    Refuted,
    /// It could not be made.
    NotMade,
}

/// A cause that the evidence excludes.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct SubmittedRuledOut {
    /// One of the causes in the runbook's manifest.
    pub cause: String,
    /// What excludes it.
    pub because: Vec<SubmittedCite>,
}

/// Something that could not be checked.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct SubmittedUnchecked {
    /// What.
    pub what: String,
    /// By which call; absent where nothing could even be asked.
    #[serde(default)]
    pub call: Option<CitedCall>,
    /// Why not.
    pub why: String,
    /// What it would have shown.
    #[serde(default)]
    pub would_show: String,
}

/// A call as it is cited: `c14`, or `r-k7qd/c14`, which says of which run.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct CitedCall {
    /// The run, where it is named.
    pub run: Option<RunId>,
    /// The call.
    pub call: CallId,
}

impl FromStr for CitedCall {
    type Err = interlock_gate::ids::BadId;

    fn from_str(text: &str) -> Result<CitedCall, Self::Err> {
        Ok(match text.split_once('/') {
            Some((run, call)) => CitedCall {
                run: Some(run.parse()?),
                call: call.parse()?,
            },
            None => CitedCall {
                run: None,
                call: text.parse()?,
            },
        })
    }
}

impl fmt::Display for CitedCall {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        if let Some(run) = &self.run {
            write!(f, "{run}/")?;
        }
        self.call.fmt(f)
    }
}

impl Serialize for CitedCall {
    fn serialize<S: Serializer>(&self, to: S) -> Result<S::Ok, S::Error> {
        to.collect_str(self)
    }
}

impl<'de> Deserialize<'de> for CitedCall {
    fn deserialize<D: Deserializer<'de>>(from: D) -> Result<CitedCall, D::Error> {
        String::deserialize(from)?
            .parse()
            .map_err(serde::de::Error::custom)
    }
}

impl Submitted {
    /// The report as the host keeps it; refused where a text or a list is too long, or a call of
    /// another run is cited. Whether the calls were made is checked after.
    pub(super) fn report(self, run: &RunId) -> Result<Report, CannotDiagnose> {
        count("hypotheses", self.hypotheses.len(), HYPOTHESES_MAX)?;
        count("causes ruled out", self.ruled_out.len(), LIST_MAX)?;
        count("causes tried", self.tried.len(), LIST_MAX)?;
        count("things not checked", self.could_not_check.len(), LIST_MAX)?;
        for cause in &self.tried {
            text("tried", cause, SAYS_BYTES_MAX)?;
        }
        if let Some(why) = &self.unresolved {
            said("unresolved", why)?;
            text("unresolved", why, TEXT_BYTES_MAX)?;
        }
        text("summary", &self.summary, TEXT_BYTES_MAX)?;
        Ok(Report {
            summary: self.summary,
            hypotheses: each(self.hypotheses, |one| one.read(run))?,
            ruled_out: each(self.ruled_out, |one| {
                text("cause", &one.cause, SAYS_BYTES_MAX)?;
                Ok(RuledOut {
                    cause: one.cause,
                    because: cites(one.because, run)?,
                })
            })?,
            tried: self.tried,
            could_not_check: each(self.could_not_check, |one| one.read(run))?,
            unresolved: self.unresolved,
            notes: Vec::new(),
            findings: None,
        })
    }
}

impl SubmittedHypothesis {
    fn read(self, run: &RunId) -> Result<Hypothesis, CannotDiagnose> {
        text("cause", &self.cause, SAYS_BYTES_MAX)?;
        said("path", &self.path)?;
        text("path", &self.path, TEXT_BYTES_MAX)?;
        count("checks", self.checks.len(), CITES_MAX)?;
        Ok(Hypothesis {
            cause: self.cause,
            path: self.path,
            supports: cites(self.supports, run)?,
            contradicts: cites(self.contradicts, run)?,
            checks: each(self.checks, |check| check.read(run))?,
        })
    }
}

impl SubmittedCheck {
    fn read(self, run: &RunId) -> Result<Check, CannotDiagnose> {
        said("what", &self.what)?;
        text("what", &self.what, SAYS_BYTES_MAX)?;
        text("says", &self.says, SAYS_BYTES_MAX)?;
        let outcome = match self.outcome {
            CheckOutcome::Passed => Checked::Passed,
            CheckOutcome::Refuted => Checked::Refuted,
            CheckOutcome::NotMade => Checked::NotMade(self.says.clone()),
        };
        Ok(Check {
            what: self.what,
            call: own(&self.call, run)?,
            outcome,
            says: self.says,
        })
    }
}

impl SubmittedUnchecked {
    fn read(self, run: &RunId) -> Result<Unchecked, CannotDiagnose> {
        said("what", &self.what)?;
        text("what", &self.what, SAYS_BYTES_MAX)?;
        text("why", &self.why, SAYS_BYTES_MAX)?;
        text("would_show", &self.would_show, SAYS_BYTES_MAX)?;
        Ok(Unchecked {
            what: self.what,
            call: self.call.map(|call| own(&call, run)).transpose()?,
            why: self.why,
            would_show: self.would_show,
        })
    }
}

fn each<T, U>(
    list: Vec<T>,
    read: impl FnMut(T) -> Result<U, CannotDiagnose>,
) -> Result<Vec<U>, CannotDiagnose> {
    list.into_iter().map(read).collect()
}

fn cites(list: Vec<SubmittedCite>, run: &RunId) -> Result<Vec<Cite>, CannotDiagnose> {
    count("citations", list.len(), CITES_MAX)?;
    each(list, |cite| {
        text("says", &cite.says, SAYS_BYTES_MAX)?;
        count("items of a citation", cite.items.len(), ITEMS_MAX)?;
        Ok(Cite {
            call: own(&cite.call, run)?,
            items: cite.items,
            says: cite.says,
        })
    })
}

/// The call's number, where it is of this run.
fn own(cited: &CitedCall, run: &RunId) -> Result<u64, CannotDiagnose> {
    match &cited.run {
        Some(other) if other != run => Err(CannotDiagnose::OtherRun {
            call: cited.call,
            of: other.clone(),
            run: run.clone(),
        }),
        Some(_) | None => Ok(cited.call.0),
    }
}

fn said(field: &'static str, text: &str) -> Result<(), CannotDiagnose> {
    if text.trim().is_empty() {
        return Err(CannotDiagnose::Empty { field });
    }
    Ok(())
}

fn text(field: &'static str, text: &str, max: usize) -> Result<(), CannotDiagnose> {
    if text.len() > max {
        let bytes = text.len();
        return Err(CannotDiagnose::TooLong { field, bytes, max });
    }
    Ok(())
}

fn count(what: &'static str, count: usize, max: usize) -> Result<(), CannotDiagnose> {
    if count > max {
        return Err(CannotDiagnose::TooMuch { what, count, max });
    }
    Ok(())
}
