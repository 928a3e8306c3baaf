//! What came of one build and one incident, before anything is rated.

use interlock_bundle::Truth;
use interlock_capabilities::{Ask, Recorded, report::Report};
use interlock_gate::ids::CallId;
use interlock_runner::{
    confidence::{Confidence, Pattern, patterns},
    subject::subject,
};

/// One incident as one build saw it.
#[derive(Clone, Debug)]
pub struct Tried {
    /// The bundle's name.
    pub name: String,
    /// What the incident is called; untrusted.
    pub title: String,
    /// What turned out to be the cause, where it is known.
    pub truth: Option<Truth>,
    /// How it ended.
    pub end: End,
    /// What was named, the likeliest first.
    pub ranked: Vec<Ranked>,
    /// The last report, for whoever rates it.
    pub(crate) report: Option<Report>,
    /// Calls that were made.
    pub calls: usize,
    /// Those whose answer did not come.
    pub gaps: usize,
    /// From the first step's start to the last one's end, in microseconds.
    pub micros: u64,
}

/// How a build ended on an incident.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum End {
    /// It named causes.
    Named,
    /// It named none, and says why.
    Unresolved(String),
    /// A step faulted, failed, or could not be given what it asks for.
    Failed(String),
}

/// One named cause.
#[derive(Clone, Debug)]
pub struct Ranked {
    /// The cause.
    pub cause: String,
    /// The component that is blamed.
    pub subject: Option<String>,
    /// The kind of its evidence.
    pub pattern: Pattern,
    /// Whether it is right; `None` where the truth is not known.
    pub right: Option<bool>,
    /// How the host rates it, by what the other half of the corpus taught.
    pub confidence: Confidence,
    /// What it cites, for and against, each with what it says.
    pub cites: Vec<Cited>,
}

/// One citation.
#[derive(Clone, Debug)]
pub struct Cited {
    /// The call.
    pub call: CallId,
    /// What was asked.
    pub ask: Ask,
    /// `for`, `against`, or `tried`.
    pub word: &'static str,
    /// What it says, in the step's words; untrusted.
    pub says: String,
}

impl Tried {
    /// Takes what a report names.
    pub(crate) fn conclude(&mut self, report: Report, calls: &[Recorded]) {
        if report.hypotheses.is_empty() {
            let why = report.unresolved.clone().unwrap_or_default();
            self.end = End::Unresolved(why);
            self.ranked.clear();
            self.report = Some(report);
            return;
        }
        let call = |id: CallId| calls.iter().find(|call| call.id == id);
        let patterns = patterns(&report);
        let ranked = report
            .hypotheses
            .iter()
            .zip(patterns)
            .map(|(one, pattern)| {
                let blamed = subject(one, call);
                let cited = |word: &'static str, id: u64, says: &str| {
                    let call = call(CallId(id))?;
                    Some(Cited {
                        call: call.id,
                        ask: call.ask.clone(),
                        word,
                        says: says.to_owned(),
                    })
                };
                let supports = one
                    .supports
                    .iter()
                    .map(|it| cited("for", it.call, &it.says));
                let against = one
                    .contradicts
                    .iter()
                    .map(|it| cited("against", it.call, &it.says));
                let checks = one.checks.iter().map(|it| {
                    let says = if it.says.is_empty() {
                        &it.what
                    } else {
                        &it.says
                    };
                    cited("tried", it.call, says)
                });
                Ranked {
                    cause: one.cause.clone(),
                    subject: blamed.map(str::to_owned),
                    pattern,
                    right: None,
                    confidence: Confidence::default(),
                    cites: supports.chain(against).chain(checks).flatten().collect(),
                }
            });
        self.ranked = ranked.collect();
        self.end = End::Named;
        self.report = Some(report);
    }

    /// Holds what was named against what turned out to be the cause.
    pub fn judge(&mut self, truth: Option<Truth>) {
        self.truth = truth;
        let Some(truth) = self.truth.as_ref().filter(|truth| known(truth)) else {
            return;
        };
        for one in &mut self.ranked {
            one.right = Some(truth.is_named_by(&one.cause, one.subject.as_deref()));
        }
    }

    /// Whether its cause is known, so that it can be judged.
    pub fn is_judged(&self) -> bool {
        self.truth.as_ref().is_some_and(known)
    }

    /// The place of the right cause among those named, from 1.
    pub fn rank(&self) -> Option<usize> {
        let at = self.ranked.iter().position(|one| one.right == Some(true))?;
        Some(at + 1)
    }

    /// The first cause named.
    pub fn first(&self) -> Option<&Ranked> {
        self.ranked.first()
    }
}

/// A truth that says neither what nor where judges nothing.
fn known(truth: &Truth) -> bool {
    truth.cause.is_some() || !truth.subjects.is_empty()
}
