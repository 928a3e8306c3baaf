//! `interlock.backtest.v1`: a backtest, as `backtest --json` prints it; `--against` reads it again.

use interlock_backtest::{Compared, Comparison, End, Outcome, SavedCase, Tried};
use interlock_capabilities::{Ask, ReadCall};
use interlock_gate::{
    ids::{BlobDigest, CallId},
    plan::StepBytes,
};
use interlock_measure::{Coverage, Rate};
use interlock_runner::confidence::Confidence;
use serde::Serialize;

use crate::exit::Exit;

/// A backtest.
#[derive(Serialize)]
pub struct BacktestJson<'a> {
    schema: &'static str,
    exit: u8,
    runbook: &'a str,
    version: &'a str,
    components: &'a [StepBytes],
    corpus: BlobDigest,
    incidents: usize,
    right_first: RateJson,
    right_in_three: RateJson,
    confident_wrong: RateJson,
    unresolved: RateJson,
    failed: RateJson,
    calibration: Option<CalibrationJson>,
    micros: Option<MicrosJson>,
    causes: Vec<CauseJson>,
    cases: Vec<CaseJson<'a>>,
    #[serde(skip_serializing_if = "Option::is_none")]
    against: Option<AgainstJson<'a>>,
    /// Whether it was kept, so that policy and confidence rest on it.
    kept: bool,
}

#[derive(Serialize)]
struct RateJson {
    hits: u64,
    of: u64,
    share: Option<f64>,
    /// By Wilson, 90 %.
    interval: Option<[f64; 2]>,
}

#[derive(Serialize)]
struct CalibrationJson {
    forecasts: u64,
    brier: f64,
    error: f64,
    /// 90 %.
    error_interval: [f64; 2],
    bins: Vec<BinJson>,
}

#[derive(Serialize)]
struct BinJson {
    from: f64,
    until: f64,
    said: f64,
    right: RateJson,
}

#[derive(Serialize)]
struct MicrosJson {
    median: u64,
    p95: u64,
}

#[derive(Serialize)]
struct CauseJson {
    cause: String,
    first: RateJson,
    in_three: RateJson,
    named_wrongly: u64,
}

#[derive(Serialize)]
struct CaseJson<'a> {
    #[serde(flatten)]
    judged: SavedCase,
    title: &'a str,
    /// Why it was not diagnosed.
    why: Option<&'a str>,
    truth: Option<TruthJson<'a>>,
    ranked: Vec<RankedJson<'a>>,
    calls: usize,
    gaps: usize,
    micros: u64,
}

#[derive(Serialize)]
struct TruthJson<'a> {
    cause: Option<&'a str>,
    subjects: &'a [String],
}

#[derive(Serialize)]
struct RankedJson<'a> {
    cause: &'a str,
    subject: Option<&'a str>,
    right: Option<bool>,
    pattern: String,
    confidence: &'a Confidence,
    cites: Vec<CiteJson<'a>>,
}

#[derive(Serialize)]
struct CiteJson<'a> {
    word: &'static str,
    call: CallId,
    capability: ReadCall,
    ask: &'a Ask,
    says: &'a str,
}

#[derive(Serialize)]
struct AgainstJson<'a> {
    version: &'a str,
    same_corpus: bool,
    fixed: usize,
    broken: usize,
    other: usize,
    same: usize,
    cases: Vec<ChangedJson<'a>>,
}

#[derive(Serialize)]
struct ChangedJson<'a> {
    name: &'a str,
    how: &'static str,
    was: Option<&'a SavedCase>,
    is: Option<&'a SavedCase>,
}

fn rounded(share: f64) -> f64 {
    (share * 10_000.0).round() / 10_000.0
}

fn rate(rate: Rate) -> RateJson {
    let interval = rate.wilson(Coverage::P90);
    RateJson {
        hits: rate.hits,
        of: rate.of,
        share: rate.share().map(rounded),
        interval: interval.map(|it| [rounded(it.low), rounded(it.high)]),
    }
}

/// The document of a backtest.
pub fn document<'a>(
    outcome: &'a Outcome,
    against: Option<&'a Comparison>,
    kept: bool,
    exit: Exit,
) -> BacktestJson<'a> {
    let calibration = outcome.calibrated.measured.as_ref();
    BacktestJson {
        schema: "interlock.backtest.v1",
        exit: exit as u8,
        runbook: &outcome.runbook,
        version: &outcome.version,
        components: &outcome.components,
        corpus: outcome.corpus,
        incidents: outcome.cases.len(),
        right_first: rate(outcome.recall(1)),
        right_in_three: rate(outcome.recall(3)),
        confident_wrong: rate(outcome.confident_wrong()),
        unresolved: rate(outcome.unresolved()),
        failed: rate(outcome.failed()),
        calibration: calibration.map(|it| CalibrationJson {
            forecasts: it.forecasts,
            brier: rounded(it.brier),
            error: rounded(it.error),
            error_interval: [
                rounded(it.error_interval.low),
                rounded(it.error_interval.high),
            ],
            bins: it
                .bins
                .iter()
                .map(|bin| BinJson {
                    from: rounded(bin.from),
                    until: rounded(bin.until),
                    said: rounded(bin.said),
                    right: rate(bin.right),
                })
                .collect(),
        }),
        micros: outcome
            .micros()
            .map(|(median, p95)| MicrosJson { median, p95 }),
        causes: outcome
            .causes()
            .into_iter()
            .map(|cause| CauseJson {
                cause: cause.name,
                first: rate(cause.first),
                in_three: rate(cause.in_three),
                named_wrongly: cause.wrongly,
            })
            .collect(),
        cases: outcome.cases.iter().map(case).collect(),
        against: against.map(|against| AgainstJson {
            version: &against.version,
            same_corpus: against.same_corpus,
            fixed: against.count(Compared::Fixed),
            broken: against.count(Compared::Broken),
            other: against.count(Compared::Other),
            same: against.count(Compared::Same),
            cases: against
                .cases
                .iter()
                .map(|(name, how, was, is)| ChangedJson {
                    name,
                    how: how.word(),
                    was: was.as_ref(),
                    is: is.as_ref(),
                })
                .collect(),
        }),
        kept,
    }
}

fn case(tried: &Tried) -> CaseJson<'_> {
    CaseJson {
        judged: SavedCase::of(tried),
        title: &tried.title,
        why: match &tried.end {
            End::Named => None,
            End::Unresolved(why) | End::Failed(why) => Some(why),
        },
        truth: tried.truth.as_ref().map(|truth| TruthJson {
            cause: truth.cause.as_deref(),
            subjects: &truth.subjects,
        }),
        ranked: tried
            .ranked
            .iter()
            .map(|one| RankedJson {
                cause: &one.cause,
                subject: one.subject.as_deref(),
                right: one.right,
                pattern: one.pattern.to_string(),
                confidence: &one.confidence,
                cites: one
                    .cites
                    .iter()
                    .map(|cited| CiteJson {
                        word: cited.word,
                        call: cited.call,
                        capability: cited.ask.call(),
                        ask: &cited.ask,
                        says: &cited.says,
                    })
                    .collect(),
            })
            .collect(),
        calls: tried.calls,
        gaps: tried.gaps,
        micros: tried.micros,
    }
}
