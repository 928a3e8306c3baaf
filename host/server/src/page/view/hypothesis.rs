//! A report as a page shows it: causes with what speaks for and against them.

use interlock_capabilities::{
    Recorded,
    report::{Check, Checked, Cite, Hypothesis, Report, Unchecked},
};
use interlock_gate::{ids::CallId, time::Time};
use interlock_runner::{confidence::Confidence, record::RunRecord};
use serde::Serialize;

use super::{call::detail, status::Status};
use crate::page::{
    moment::Moment,
    quoted::{Says, Voice, Words},
};

/// One report, of a step or of a caller.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub(crate) struct ReportView {
    /// Whose it is: a step's name, or a caller with who stands behind them.
    whose: String,
    at: Moment,
    summary: Option<Says>,
    unresolved: Option<Says>,
    hypotheses: Vec<HypothesisView>,
    ruled_out: Vec<RuledOutView>,
    /// Causes that were looked for and stand nowhere else.
    tried: Vec<Says>,
    could_not_check: Vec<UncheckedView>,
    notes: Vec<Says>,
}

/// One possible cause.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub(crate) struct HypothesisView {
    cause: Says,
    level: Option<Status>,
    /// The whole basis of the level.
    basis: Option<String>,
    path: Option<Says>,
    supports: Vec<CiteView>,
    contradicts: Vec<CiteView>,
    checks: Vec<CheckView>,
}

/// A call, and what the step says that it shows.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub(crate) struct CiteView {
    call: CallRef,
    says: Says,
}

#[derive(Clone, Debug, PartialEq, Serialize)]
struct CheckView {
    call: CallRef,
    what: Says,
    status: Status,
    says: Option<Says>,
}

#[derive(Clone, Debug, PartialEq, Serialize)]
struct RuledOutView {
    cause: Says,
    because: Vec<CiteView>,
}

/// Something that could not be checked.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub(crate) struct UncheckedView {
    call: Option<String>,
    what: Says,
    why: Says,
    would_show: Option<Says>,
}

/// A cited call: a link to it, and what it was.
#[derive(Clone, Debug, PartialEq, Serialize)]
struct CallRef {
    id: String,
    name: &'static str,
    detail: Option<Words>,
}

/// What reports of one run are read with.
#[derive(Clone, Copy)]
pub(crate) struct Reading<'a> {
    pub(crate) now: Time,
    pub(crate) record: &'a RunRecord,
    pub(crate) voice: Voice,
}

impl Reading<'_> {
    fn call(self, call: u64) -> CallRef {
        let id = CallId(call);
        let recorded: Option<&Recorded> = self.record.call(id);
        CallRef {
            id: id.to_string(),
            name: recorded.map_or("", |call| call.call().name()),
            detail: recorded
                .and_then(detail)
                .map(|text| Words::short(text, 100)),
        }
    }

    fn cite(self, cite: &Cite) -> CiteView {
        CiteView {
            call: self.call(cite.call),
            says: self.voice.says(&cite.says),
        }
    }

    /// Citations of calls of this run.
    pub(crate) fn cites(self, cites: &[Cite]) -> Vec<CiteView> {
        cites.iter().map(|cite| self.cite(cite)).collect()
    }

    fn check(self, check: &Check) -> CheckView {
        let (status, says) = match &check.outcome {
            Checked::Passed => (Status::new("no", "good"), &check.says),
            Checked::Refuted => (Status::new("yes, which refutes it", "bad"), &check.says),
            Checked::NotMade(why) => (Status::new("could not be checked", "doubt"), why),
        };
        CheckView {
            call: self.call(check.call),
            what: self.voice.says(&check.what),
            status,
            says: self.voice.says_any(says),
        }
    }

    fn hypothesis(self, one: &Hypothesis, confidence: Option<&Confidence>) -> HypothesisView {
        HypothesisView {
            cause: self.voice.says(&one.cause),
            level: confidence.map(|rated| Status::of_level(rated.level)),
            basis: confidence.map(ToString::to_string),
            path: self.voice.says_any(&one.path),
            supports: self.cites(&one.supports),
            contradicts: self.cites(&one.contradicts),
            checks: one.checks.iter().map(|check| self.check(check)).collect(),
        }
    }

    /// What could not be checked.
    pub(crate) fn unchecked(self, list: &[Unchecked]) -> Vec<UncheckedView> {
        list.iter()
            .map(|unchecked| UncheckedView {
                call: unchecked.call.map(|call| CallId(call).to_string()),
                what: self.voice.says(&unchecked.what),
                why: self.voice.says(&unchecked.why),
                would_show: self.voice.says_any(&unchecked.would_show),
            })
            .collect()
    }

    /// A whole report; `whose` stands above it.
    pub(crate) fn report(
        self,
        whose: String,
        at: Time,
        report: &Report,
        confidence: &[Confidence],
    ) -> ReportView {
        let named = |cause: &String| {
            report.hypotheses.iter().any(|one| one.cause == *cause)
                || report.ruled_out.iter().any(|one| one.cause == *cause)
        };
        let hypotheses = report.hypotheses.iter().enumerate();
        let ruled_out = report.ruled_out.iter().map(|one| RuledOutView {
            cause: self.voice.says(&one.cause),
            because: self.cites(&one.because),
        });
        let tried = report.tried.iter().filter(|cause| !named(cause));
        let voice = self.voice;
        ReportView {
            whose,
            at: Moment::new(self.now, at),
            summary: voice.says_any(&report.summary),
            unresolved: report.unresolved.as_deref().map(|why| voice.says(why)),
            hypotheses: hypotheses
                .map(|(index, one)| self.hypothesis(one, confidence.get(index)))
                .collect(),
            ruled_out: ruled_out.collect(),
            tried: tried.map(|cause| voice.says(cause)).collect(),
            could_not_check: self.unchecked(&report.could_not_check),
            notes: report.notes.iter().map(|note| voice.says(note)).collect(),
        }
    }
}
