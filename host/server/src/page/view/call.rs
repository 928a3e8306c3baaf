//! One recorded call: what was asked, what came, when.

use interlock_capabilities::{Answer, Ask, Recorded};
use interlock_gate::time::Time;
use interlock_runner::record::RunRecord;
use serde::Serialize;

use super::{answer::Document, count};
use crate::page::{
    moment::{Moment, took},
    plot::{Mark, Plot},
    quoted::{Foreign, Words},
};

/// Calls of one page; the others are counted.
pub(crate) const CALLS_MAX: usize = 300;
/// Plots of one page.
const PLOTS_MAX: usize = 12;

/// One call.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub(crate) struct CallView {
    id: String,
    name: &'static str,
    detail: Option<Words>,
    /// Why no answer came.
    gap: Option<Foreign>,
    came: String,
    asked: Document,
    answer: Option<Document>,
    at: Moment,
    took: String,
    plot: Option<Plot>,
}

impl CallView {
    pub(crate) fn new(now: Time, call: &Recorded) -> CallView {
        let (came, answer, gap) = match &call.answer {
            Ok(answer) => {
                let came = match answer.items() {
                    0 => "answered".to_owned(),
                    items => count(items, item_word(answer)),
                };
                (came, Some(Document::answered(answer)), None)
            }
            Err(gap) => (
                "no answer".to_owned(),
                None,
                Some(Foreign::new(&gap.to_string())),
            ),
        };
        // The points themselves stand in the plot: as a table they would be one endless cell.
        let answer = answer.filter(|_| !matches!(call.answer, Ok(Answer::MetricsRange(_))));
        CallView {
            id: call.id.to_string(),
            name: call.call().name(),
            detail: detail(call).map(|text| Words::short(text, 300)),
            gap,
            came,
            asked: Document::asked(&call.ask),
            answer,
            at: Moment::new(now, call.answered_at),
            took: took(call.asked_at, call.answered_at),
            plot: None,
        }
    }

    fn with_plot(mut self, plot: Option<Plot>) -> CallView {
        self.plot = plot;
        self
    }
}

/// What the call was about, in one line.
pub(crate) fn detail(call: &Recorded) -> Option<&str> {
    let text = match &call.ask {
        Ask::MetricsInstant(ask) => &ask.query,
        Ask::MetricsRange(ask) => &ask.query,
        Ask::LogsSearch(ask) => &ask.source,
        Ask::AlertsList(_) | Ask::ChangesList(_) | Ask::TopologyServices(_) => return None,
        other => other.target(),
    };
    Some(text)
}

fn item_word(answer: &Answer) -> &'static str {
    match answer {
        Answer::MetricsRange(_) => "line",
        Answer::MetricsInstant(_) => "sample",
        Answer::LogsSearch(_) => "log line",
        Answer::DatabaseSessions(_) => "session",
        Answer::DatabaseLocks(_) => "lock",
        Answer::AlertsList(_) => "alert",
        Answer::ChangesList(_) => "change",
        Answer::TopologyServices(_) => "service",
        _other => "item",
    }
}

/// Every call of the run, its verify steps' included, with the plots of the ranges among them.
pub(crate) fn all(now: Time, record: &RunRecord) -> (Vec<CallView>, usize) {
    let verify = record
        .verified
        .iter()
        .filter_map(|verified| verified.cassette.as_ref());
    let cassettes = record.steps.iter().map(|step| &step.cassette).chain(verify);
    let calls: Vec<&Recorded> = cassettes.flat_map(|cassette| &cassette.calls).collect();
    let marks: Vec<Mark> = record
        .incident
        .alerts
        .first()
        .map(|alert| Mark {
            at: alert.starts_at,
            word: "alert",
        })
        .into_iter()
        .collect();
    let mut plots = 0;
    let mut views = Vec::new();
    for call in calls.iter().take(CALLS_MAX) {
        let plot = match (&call.ask, &call.answer) {
            (Ask::MetricsRange(ask), Ok(Answer::MetricsRange(answer))) if plots < PLOTS_MAX => {
                Plot::new(ask, answer, &marks)
            }
            _other => None,
        };
        plots += usize::from(plot.is_some());
        views.push(CallView::new(now, call).with_plot(plot));
    }
    (views, calls.len().saturating_sub(CALLS_MAX))
}

impl CallView {
    /// Whether it is drawn.
    pub(crate) fn has_plot(&self) -> bool {
        self.plot.is_some()
    }
}
