//! How far a hypothesis can be believed: computed from its evidence, never a step's word.
//!
//! The scale has three words, because the evidence supports no finer one. A runbook without judged
//! incidents is rated on its evidence alone, and never above `medium`.

use std::{collections::BTreeSet, fmt};

use interlock_capabilities::report::{Checked, Hypothesis};
use serde::{Deserialize, Serialize};

/// From little to much.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Level {
    /// Read it as a lead.
    Low,
    /// The evidence agrees, and something is missing.
    Medium,
    /// The evidence agrees and the record bears it out.
    High,
}

/// A level with all that it rests on.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Confidence {
    /// The level, caps applied.
    pub level: Level,
    /// Distinct calls that support the hypothesis.
    pub supports: u32,
    /// Distinct calls that contradict it.
    pub contradicts: u32,
    /// Checks that could have refuted it and did not.
    pub passed: u32,
    /// Checks that refuted it.
    pub refuted: u32,
    /// Checks that could not be made.
    pub not_made: u32,
    /// Past incidents here in which this cause was judged.
    pub judged: u32,
    /// What holds the level down, in the order of the caps.
    pub caps: Vec<Cap>,
}

/// A bound on the level.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Cap {
    /// A check refuted it.
    Refuted,
    /// Evidence contradicts it.
    Contradicted,
    /// Nothing that was asked could have refuted it.
    Unrefutable,
    /// A check that could have refuted it was not made.
    CheckNotMade,
    /// No judged incident of this cause here.
    Unproven,
    /// A caller says so, and no reviewed step: what they say of a call is their reading of it.
    CallersReading,
}

impl Cap {
    fn level(self) -> Level {
        match self {
            Cap::Refuted | Cap::Contradicted | Cap::Unrefutable => Level::Low,
            Cap::CheckNotMade | Cap::Unproven | Cap::CallersReading => Level::Medium,
        }
    }
}

/// Rates one hypothesis. `judged` is the number of past incidents here whose cause was settled.
pub fn rate(hypothesis: &Hypothesis, judged: u32) -> Confidence {
    let calls = |cites: &[interlock_capabilities::report::Cite]| {
        let distinct: BTreeSet<u64> = cites.iter().map(|cite| cite.call).collect();
        count(distinct.len())
    };
    let outcomes = |wanted: fn(&Checked) -> bool| {
        count(
            hypothesis
                .checks
                .iter()
                .filter(|check| wanted(&check.outcome))
                .count(),
        )
    };
    let supports = calls(&hypothesis.supports);
    let contradicts = calls(&hypothesis.contradicts);
    let passed = outcomes(|outcome| matches!(outcome, Checked::Passed));
    let refuted = outcomes(|outcome| matches!(outcome, Checked::Refuted));
    let not_made = outcomes(|outcome| matches!(outcome, Checked::NotMade(_)));
    let evidence = match supports {
        0 => Level::Low,
        1 => Level::Medium,
        _ => Level::High,
    };
    let caps: Vec<Cap> = [
        (refuted > 0, Cap::Refuted),
        (contradicts > 0, Cap::Contradicted),
        (passed + refuted == 0, Cap::Unrefutable),
        (not_made > 0, Cap::CheckNotMade),
        (judged == 0, Cap::Unproven),
    ]
    .into_iter()
    .filter_map(|(holds, cap)| holds.then_some(cap))
    .collect();
    let level = caps
        .iter()
        .map(|cap| cap.level())
        .fold(evidence, Level::min);
    Confidence {
        level,
        supports,
        contradicts,
        passed,
        refuted,
        not_made,
        judged,
        caps,
    }
}

/// Rates a caller's hypothesis by the same rule, and never above `medium`. What callers say raises
/// or lowers nothing that a runbook concluded.
pub fn rate_callers(hypothesis: &Hypothesis) -> Confidence {
    let mut rated = rate(hypothesis, 0);
    rated.caps.push(Cap::CallersReading);
    rated.level = rated.level.min(Cap::CallersReading.level());
    rated
}

fn count(n: usize) -> u32 {
    u32::try_from(n).unwrap_or(u32::MAX)
}

impl fmt::Display for Level {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Level::Low => "low",
            Level::Medium => "medium",
            Level::High => "high",
        })
    }
}

/// The whole basis in a line, as it stands beside every hypothesis.
impl fmt::Display for Confidence {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let calls = if self.supports == 1 {
            "call supports"
        } else {
            "calls support"
        };
        write!(
            f,
            "{}: {} {calls}, {} contradict",
            self.level, self.supports, self.contradicts
        )?;
        if self.contradicts == 1 {
            f.write_str("s")?;
        }
        let checks = self.passed + self.refuted + self.not_made;
        match checks {
            0 => f.write_str("; nothing that was asked could have refuted it")?,
            1 => write!(f, "; {} of 1 refuting check passed", self.passed)?,
            _ => write!(f, "; {} of {checks} refuting checks passed", self.passed)?,
        }
        if self.refuted > 0 {
            write!(f, ", {} refuted it", self.refuted)?;
        }
        if self.not_made > 0 {
            write!(f, ", {} not made", self.not_made)?;
        }
        // Without the unproven cap, which the next words say by themselves.
        if self.caps.iter().any(|cap| cap.level() == Level::Low) {
            f.write_str(", which caps it at low")?;
        }
        if self.judged == 0 {
            f.write_str("; unproven here (0 judged incidents)")?;
            if self.level == Level::Medium {
                f.write_str(", which caps it at medium")?;
            }
        }
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use interlock_capabilities::report::{Check, Cite};

    use super::*;

    fn hypothesis(supports: &[u64], contradicts: &[u64], checks: &[Checked]) -> Hypothesis {
        let cites = |calls: &[u64]| {
            calls
                .iter()
                .map(|call| Cite {
                    call: *call,
                    items: Vec::new(),
                    says: String::new(),
                })
                .collect()
        };
        let check = |outcome: &Checked| Check {
            what: String::new(),
            call: 9,
            outcome: outcome.clone(),
            says: String::new(),
        };
        Hypothesis {
            cause: "idle_in_transaction".to_owned(),
            path: String::new(),
            supports: cites(supports),
            contradicts: cites(contradicts),
            checks: checks.iter().map(check).collect(),
        }
    }

    #[test]
    fn a_runbook_without_a_record_is_never_sure() {
        let rated = rate(&hypothesis(&[1, 2, 3], &[], &[Checked::Passed]), 0);
        assert_eq!(rated.level, Level::Medium);
        assert_eq!(
            rated.to_string(),
            "medium: 3 calls support, 0 contradict; 1 of 1 refuting check passed; \
             unproven here (0 judged incidents), which caps it at medium"
        );
        assert_eq!(
            rate(&hypothesis(&[1, 2, 3], &[], &[Checked::Passed]), 3).level,
            Level::High
        );
    }

    #[test]
    fn what_nothing_could_have_refuted_is_low() {
        for checks in [&[][..], &[Checked::NotMade("down".to_owned())]] {
            assert_eq!(rate(&hypothesis(&[1, 2], &[], checks), 3).level, Level::Low);
        }
    }

    #[test]
    fn a_contradiction_or_a_refuting_check_is_low() {
        assert_eq!(
            rate(&hypothesis(&[1, 2], &[3], &[Checked::Passed]), 3).level,
            Level::Low
        );
        let refuted = [Checked::Passed, Checked::Refuted];
        assert_eq!(
            rate(&hypothesis(&[1, 2], &[], &refuted), 3).level,
            Level::Low
        );
    }

    #[test]
    fn citing_one_call_often_is_one_support() {
        assert_eq!(
            rate(&hypothesis(&[1, 1, 1], &[], &[Checked::Passed]), 3).supports,
            1
        );
    }
}
