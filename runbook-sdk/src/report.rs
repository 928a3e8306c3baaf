//! What a diagnosis concludes: hypotheses with the calls that speak for and
//! against each, what was tried, and what could not be checked. Confidence is
//! the host's to compute; a step has no word for it.

use std::borrow::Borrow;

use crate::answer::{Answer, Evidence};
use crate::error::{Gap, Result};
use crate::findings::Findings;
use crate::wire;

/// One of the manifest's causes; [`manifest!`](crate::manifest) writes the enum.
pub trait CauseName: Copy {
    /// The name, as the manifest writes it.
    fn name(self) -> &'static str;
}

/// What a diagnosis concludes.
#[derive(Debug, Clone, PartialEq)]
pub struct Report {
    wire: wire::Report,
}

impl Default for Report {
    fn default() -> Self {
        Self::new()
    }
}

impl Report {
    /// A report that says nothing yet.
    pub fn new() -> Self {
        Self {
            wire: wire::Report {
                summary: String::new(),
                hypotheses: Vec::new(),
                ruled_out: Vec::new(),
                tried: Vec::new(),
                could_not_check: Vec::new(),
                unresolved: None,
                notes: Vec::new(),
                findings: None,
            },
        }
    }

    /// In one or two sentences, what was found.
    pub fn summary(&mut self, summary: impl Into<String>) {
        self.wire.summary = summary.into();
    }

    /// A cause that may be the one; the likeliest comes first.
    pub fn hypothesis(&mut self, cause: impl CauseName) -> Hypothesis<'_> {
        let at = self.wire.hypotheses.len();
        self.wire.hypotheses.push(wire::Hypothesis {
            cause: cause.name().to_owned(),
            path: String::new(),
            supports: Vec::new(),
            contradicts: Vec::new(),
            checks: Vec::new(),
        });
        Hypothesis {
            report: &mut self.wire,
            at,
        }
    }

    /// A cause that the evidence excludes, and which evidence.
    pub fn ruled_out(
        &mut self,
        cause: impl CauseName,
        evidence: &(impl Evidence + ?Sized),
        says: impl Into<String>,
    ) {
        let cite = cite(evidence, says);
        let name = cause.name();
        match self
            .wire
            .ruled_out
            .iter_mut()
            .find(|ruled_out| ruled_out.cause == name)
        {
            Some(ruled_out) => ruled_out.because.push(cite),
            None => self.wire.ruled_out.push(wire::RuledOut {
                cause: name.to_owned(),
                because: vec![cite],
            }),
        }
    }

    /// A cause that was looked for as an alternate.
    pub fn tried(&mut self, cause: impl CauseName) {
        let name = cause.name();
        if !self.wire.tried.iter().any(|tried| tried == name) {
            self.wire.tried.push(name.to_owned());
        }
    }

    /// An answer that did not come, and what it would have shown.
    pub fn could_not_check(
        &mut self,
        what: impl Into<String>,
        gap: &Gap,
        would_show: impl Into<String>,
    ) {
        push_unchecked(
            &mut self.wire.could_not_check,
            wire::Unchecked {
                what: what.into(),
                call: Some(gap.call),
                why: gap.reason(),
                would_show: would_show.into(),
            },
        );
    }

    /// An answer that came without what was needed: `why`, in the step's words.
    pub fn could_not_tell(
        &mut self,
        what: impl Into<String>,
        evidence: &(impl Evidence + ?Sized),
        why: impl Into<String>,
        would_show: impl Into<String>,
    ) {
        push_unchecked(
            &mut self.wire.could_not_check,
            wire::Unchecked {
                what: what.into(),
                call: Some(evidence.cited().0),
                why: why.into(),
                would_show: would_show.into(),
            },
        );
    }

    /// Something that could not even be asked.
    pub fn could_not_ask(
        &mut self,
        what: impl Into<String>,
        why: impl Into<String>,
        would_show: impl Into<String>,
    ) {
        push_unchecked(
            &mut self.wire.could_not_check,
            wire::Unchecked {
                what: what.into(),
                call: None,
                why: why.into(),
                would_show: would_show.into(),
            },
        );
    }

    /// What the reader must know beside it, such as what a fix leaves.
    pub fn note(&mut self, note: impl Into<String>) {
        self.wire.notes.push(note.into());
    }

    /// The next step's input.
    ///
    /// # Errors
    /// The findings have no JSON form.
    pub fn findings<F: Findings>(&mut self, findings: &F) -> Result<()> {
        self.wire.findings = Some(crate::findings::write(findings)?);
        Ok(())
    }

    /// No cause is named, and why: a complete answer.
    #[must_use]
    pub fn unresolved(mut self, why: impl Into<String>) -> Self {
        self.wire.unresolved = Some(why.into());
        self
    }

    /// The causes that have a hypothesis, the likeliest first.
    pub fn causes(&self) -> Vec<&str> {
        self.wire
            .hypotheses
            .iter()
            .map(|hypothesis| hypothesis.cause.as_str())
            .collect()
    }

    /// The record, as the host gets it.
    pub fn wire(&self) -> &wire::Report {
        &self.wire
    }

    pub(crate) fn into_wire(self) -> wire::Report {
        self.wire
    }
}

/// One cause, while its evidence is put together.
pub struct Hypothesis<'r> {
    report: &'r mut wire::Report,
    at: usize,
}

impl Hypothesis<'_> {
    fn wire(&mut self) -> &mut wire::Hypothesis {
        &mut self.report.hypotheses[self.at]
    }

    /// By which path the cause leads to the symptom.
    pub fn path(mut self, path: impl Into<String>) -> Self {
        self.wire().path = path.into();
        self
    }

    /// Evidence for it.
    pub fn supports(
        mut self,
        evidence: &(impl Evidence + ?Sized),
        says: impl Into<String>,
    ) -> Self {
        self.wire().supports.push(cite(evidence, says));
        self
    }

    /// Evidence against it.
    pub fn contradicts(
        mut self,
        evidence: &(impl Evidence + ?Sized),
        says: impl Into<String>,
    ) -> Self {
        self.wire().contradicts.push(cite(evidence, says));
        self
    }

    /// A check that would refute it: `refutes` looks at the answer and says
    /// whether it does. An answer that did not come, or that `refutes` could
    /// not read, is listed by itself and caps the confidence.
    pub fn unless<T, F: Into<Found>>(
        mut self,
        what: impl Into<String>,
        asked: impl Borrow<Result<Answer<T>, Gap>>,
        refutes: impl FnOnce(&Answer<T>) -> F,
    ) -> Self {
        let (what, cause) = (what.into(), self.wire().cause.clone());
        match asked.borrow() {
            Ok(answer) => {
                let found = refutes(answer).into();
                if let wire::Checked::NotMade(why) = &found.outcome {
                    push_unchecked(
                        &mut self.report.could_not_check,
                        wire::Unchecked {
                            what: what.clone(),
                            call: Some(answer.call()),
                            why: why.clone(),
                            would_show: format!("whether `{cause}` is refuted"),
                        },
                    );
                }
                let (outcome, says) = (found.outcome, found.says);
                let check = wire::Check {
                    what,
                    call: answer.call(),
                    outcome,
                    says,
                };
                self.wire().checks.push(check);
            }
            Err(gap) => {
                push_unchecked(
                    &mut self.report.could_not_check,
                    wire::Unchecked {
                        what: what.clone(),
                        call: Some(gap.call),
                        why: gap.reason(),
                        would_show: format!("whether `{cause}` is refuted"),
                    },
                );
                let outcome = wire::Checked::NotMade(gap.reason());
                let check = wire::Check {
                    what,
                    call: gap.call,
                    outcome,
                    says: String::new(),
                };
                self.wire().checks.push(check);
            }
        }
        self
    }
}

/// What a check found.
#[derive(Debug, Clone, PartialEq)]
pub struct Found {
    outcome: wire::Checked,
    says: String,
}

impl Found {
    /// It refutes, and what was seen.
    pub fn refutes(says: impl Into<String>) -> Self {
        Self {
            outcome: wire::Checked::Refuted,
            says: says.into(),
        }
    }

    /// It does not refute, and what was seen.
    pub fn passes(says: impl Into<String>) -> Self {
        Self {
            outcome: wire::Checked::Passed,
            says: says.into(),
        }
    }

    /// The answer came and does not tell: why.
    pub fn cannot_tell(why: impl Into<String>) -> Self {
        Self {
            outcome: wire::Checked::NotMade(why.into()),
            says: String::new(),
        }
    }

    /// It refutes where `refutes` holds; what was seen, either way.
    pub fn so(refutes: bool, says: impl Into<String>) -> Self {
        if refutes {
            Self::refutes(says)
        } else {
            Self::passes(says)
        }
    }
}

impl From<bool> for Found {
    fn from(refutes: bool) -> Self {
        Self::so(refutes, if refutes { "yes" } else { "no" })
    }
}

/// Nothing: the answer holds nothing to decide by.
impl From<Option<bool>> for Found {
    fn from(refutes: Option<bool>) -> Self {
        refutes.map_or_else(
            || Self::cannot_tell("the answer holds nothing to decide by"),
            Self::from,
        )
    }
}

pub(crate) fn cite(evidence: &(impl Evidence + ?Sized), says: impl Into<String>) -> wire::Cite {
    let (call, items) = evidence.cited();
    wire::Cite {
        call,
        items,
        says: says.into(),
    }
}

/// One answer that did not come is listed once, whoever needed it first.
pub(crate) fn push_unchecked(list: &mut Vec<wire::Unchecked>, entry: wire::Unchecked) {
    let same = |listed: &wire::Unchecked| {
        let call = listed.call.is_some() && listed.call == entry.call && listed.why == entry.why;
        call || listed.what == entry.what
    };
    if !list.iter().any(same) {
        list.push(entry);
    }
}
