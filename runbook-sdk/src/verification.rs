//! What a verify step concludes: whether a change has helped.

use crate::answer::Evidence;
use crate::error::Gap;
use crate::report::{cite, push_unchecked};
use crate::wire;

/// Whether a change has helped, and which calls show it.
#[derive(Debug, Clone, PartialEq)]
pub struct Verification {
    wire: wire::Verification,
}

impl Verification {
    /// It has helped.
    pub fn fixed(summary: impl Into<String>) -> Self {
        Self::new(wire::Verdict::Fixed, summary)
    }

    /// It has not.
    pub fn not_fixed(summary: impl Into<String>) -> Self {
        Self::new(wire::Verdict::NotFixed, summary)
    }

    /// The answers do not tell.
    pub fn could_not_tell(summary: impl Into<String>) -> Self {
        Self::new(wire::Verdict::CouldNotTell, summary)
    }

    fn new(verdict: wire::Verdict, summary: impl Into<String>) -> Self {
        let summary = summary.into();
        Self {
            wire: wire::Verification {
                verdict,
                summary,
                cites: vec![],
                could_not_check: vec![],
            },
        }
    }

    /// What shows it.
    #[must_use]
    pub fn shown_by(
        mut self,
        evidence: &(impl Evidence + ?Sized),
        says: impl Into<String>,
    ) -> Self {
        self.wire.cites.push(cite(evidence, says));
        self
    }

    /// An answer that did not come, and what it would have shown.
    #[must_use]
    pub fn could_not_check(
        mut self,
        what: impl Into<String>,
        gap: &Gap,
        would_show: impl Into<String>,
    ) -> Self {
        push_unchecked(
            &mut self.wire.could_not_check,
            wire::Unchecked {
                what: what.into(),
                call: Some(gap.call),
                why: gap.reason(),
                would_show: would_show.into(),
            },
        );
        self
    }

    /// The record, as the host gets it.
    pub fn wire(&self) -> &wire::Verification {
        &self.wire
    }

    pub(crate) fn into_wire(self) -> wire::Verification {
        self.wire
    }
}
