//! A report as a page shows it: causes with what speaks for and against them.

use interlock_capabilities::{
    Recorded,
    report::{Check, Checked, Cite, Hypothesis, Report, Unchecked},
};
use interlock_gate::{ids::CallId, time::Time};
use interlock_runner::{confidence::Confidence, record::RunRecord};
use serde::Serialize;

use super::{call::detail, status::Status};
use crate::page::{moment::Moment, quoted::Words};

/// One step's report.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub(crate) struct ReportView {
    step: String,
    summary: Option<Words>,
    unresolved: Option<Words>,
    hypotheses: Vec<HypothesisView>,
    ruled_out: Vec<RuledOutView>,
    /// Causes that were looked for and stand nowhere else.
    tried: Vec<Words>,
    could_not_check: Vec<UncheckedView>,
    notes: Vec<Words>,
}

/// One possible cause.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub(crate) struct HypothesisView {
    cause: Words,
    level: Option<Status>,
    /// The whole basis of the level.
    basis: Option<String>,
    path: Option<Words>,
    supports: Vec<CiteView>,
    contradicts: Vec<CiteView>,
    checks: Vec<CheckView>,
}

/// A call, and what the step says that it shows.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub(crate) struct CiteView {
    call: CallRef,
    says: Words,
}

#[derive(Clone, Debug, PartialEq, Serialize)]
struct CheckView {
    call: CallRef,
    what: Words,
    status: Status,
    says: Option<Words>,
}

#[derive(Clone, Debug, PartialEq, Serialize)]
struct RuledOutView {
    cause: Words,
    because: Vec<CiteView>,
}

/// Something that could not be checked.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub(crate) struct UncheckedView {
    call: Option<String>,
    what: Words,
    why: Words,
    would_show: Option<Words>,
}

/// A cited call: a link to it, and what it was.
#[derive(Clone, Debug, PartialEq, Serialize)]
struct CallRef {
    id: String,
    name: &'static str,
    detail: Option<Words>,
    at: Option<Moment>,
}

fn said(text: &str) -> Option<Words> {
    (!text.is_empty()).then(|| Words::new(text))
}

fn call_ref(now: Time, record: &RunRecord, call: u64) -> CallRef {
    let id = CallId(call);
    let recorded: Option<&Recorded> = record.call(id);
    CallRef {
        id: id.to_string(),
        name: recorded.map_or("", |call| call.call().name()),
        detail: recorded
            .and_then(detail)
            .map(|text| Words::short(text, 100)),
        at: recorded.map(|call| Moment::new(now, call.answered_at)),
    }
}

/// The citations of calls of this run.
pub(crate) fn cites(now: Time, record: &RunRecord, cites: &[Cite]) -> Vec<CiteView> {
    cites
        .iter()
        .map(|cite| cite_view(now, record, cite))
        .collect()
}

fn cite_view(now: Time, record: &RunRecord, cite: &Cite) -> CiteView {
    CiteView {
        call: call_ref(now, record, cite.call),
        says: Words::new(&cite.says),
    }
}

impl HypothesisView {
    pub(crate) fn new(
        now: Time,
        record: &RunRecord,
        hypothesis: &Hypothesis,
        confidence: Option<&Confidence>,
    ) -> HypothesisView {
        let cite = |cite: &Cite| cite_view(now, record, cite);
        let check = |check: &Check| {
            let (status, says) = match &check.outcome {
                Checked::Passed => (Status::new("no", "good"), check.says.as_str()),
                Checked::Refuted => (
                    Status::new("yes, which refutes it", "bad"),
                    check.says.as_str(),
                ),
                Checked::NotMade(why) => {
                    (Status::new("could not be checked", "doubt"), why.as_str())
                }
            };
            CheckView {
                call: call_ref(now, record, check.call),
                what: Words::new(&check.what),
                status,
                says: said(says),
            }
        };
        HypothesisView {
            cause: Words::new(&hypothesis.cause),
            level: confidence.map(|rated| Status::of_level(rated.level)),
            basis: confidence.map(ToString::to_string),
            path: said(&hypothesis.path),
            supports: hypothesis.supports.iter().map(cite).collect(),
            contradicts: hypothesis.contradicts.iter().map(cite).collect(),
            checks: hypothesis.checks.iter().map(check).collect(),
        }
    }
}

impl ReportView {
    pub(crate) fn new(
        now: Time,
        record: &RunRecord,
        step: &str,
        report: &Report,
        confidence: &[Confidence],
    ) -> ReportView {
        let hypotheses = report
            .hypotheses
            .iter()
            .enumerate()
            .map(|(index, one)| HypothesisView::new(now, record, one, confidence.get(index)));
        let named = |cause: &String| {
            report.hypotheses.iter().any(|one| one.cause == *cause)
                || report.ruled_out.iter().any(|one| one.cause == *cause)
        };
        ReportView {
            step: step.to_owned(),
            summary: said(&report.summary),
            unresolved: report.unresolved.as_deref().map(Words::new),
            hypotheses: hypotheses.collect(),
            ruled_out: report
                .ruled_out
                .iter()
                .map(|one| RuledOutView {
                    cause: Words::new(&one.cause),
                    because: one
                        .because
                        .iter()
                        .map(|cite| cite_view(now, record, cite))
                        .collect(),
                })
                .collect(),
            tried: report
                .tried
                .iter()
                .filter(|cause| !named(cause))
                .map(|cause| Words::new(cause))
                .collect(),
            could_not_check: report
                .could_not_check
                .iter()
                .map(UncheckedView::new)
                .collect(),
            notes: report.notes.iter().map(|note| Words::new(note)).collect(),
        }
    }
}

impl UncheckedView {
    pub(crate) fn new(unchecked: &Unchecked) -> UncheckedView {
        UncheckedView {
            call: unchecked.call.map(|call| CallId(call).to_string()),
            what: Words::new(&unchecked.what),
            why: Words::new(&unchecked.why),
            would_show: said(&unchecked.would_show),
        }
    }
}
