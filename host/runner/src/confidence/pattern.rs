//! What kind of evidence a hypothesis has, in a few words: so few that a backtest of some dozen
//! incidents says something of each.
//! Invariant: a pattern is computed from the report alone, never from what the host has learnt.

use std::{fmt, str::FromStr};

use interlock_capabilities::report::Report;
use serde::{Deserialize, Serialize};

use super::Evidence;

/// How much speaks for a hypothesis.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Strength {
    /// Contradicted, refuted, or nothing could have refuted it.
    Weak,
    /// One call supports it, or a check was not made.
    Fair,
    /// Two calls support it and a check passed.
    Good,
    /// Three calls support it, and two checks passed.
    Strong,
}

/// Whether another hypothesis of the report stands as well.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Margin {
    /// Another one has evidence as good.
    Close,
    /// None has.
    Clear,
}

/// The kind of evidence that a hypothesis has. As text: `first/good/clear`, `later/weak`.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Pattern {
    /// Not the first that its report names.
    Later(Strength),
    /// The first.
    First(Strength, Margin),
}

const STRENGTHS: [Strength; 4] = [
    Strength::Weak,
    Strength::Fair,
    Strength::Good,
    Strength::Strong,
];

impl Strength {
    pub(super) fn of(found: &Evidence) -> Strength {
        if found.refuted + found.contradicts > 0 || found.passed == 0 || found.supports == 0 {
            Strength::Weak
        } else if found.not_made > 0 || found.supports == 1 {
            Strength::Fair
        } else if found.supports >= 3 && found.passed >= 2 {
            Strength::Strong
        } else {
            Strength::Good
        }
    }

    fn word(self) -> &'static str {
        match self {
            Strength::Weak => "weak",
            Strength::Fair => "fair",
            Strength::Good => "good",
            Strength::Strong => "strong",
        }
    }
}

impl Pattern {
    /// Every pattern of its chain, from the one that promises least.
    pub fn chain(self) -> Vec<Pattern> {
        match self {
            Pattern::Later(_) => STRENGTHS.map(Pattern::Later).to_vec(),
            Pattern::First(..) => STRENGTHS
                .into_iter()
                .flat_map(|strength| {
                    [Margin::Close, Margin::Clear].map(|margin| Pattern::First(strength, margin))
                })
                .collect(),
        }
    }

    /// How much speaks for it.
    pub fn strength(self) -> Strength {
        match self {
            Pattern::Later(strength) | Pattern::First(strength, _) => strength,
        }
    }
}

impl fmt::Display for Pattern {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Pattern::Later(strength) => write!(f, "later/{}", strength.word()),
            Pattern::First(strength, Margin::Close) => write!(f, "first/{}/close", strength.word()),
            Pattern::First(strength, Margin::Clear) => write!(f, "first/{}/clear", strength.word()),
        }
    }
}

/// A text that is no pattern.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("`{0}` is no pattern of evidence")]
pub struct NoPattern(String);

impl FromStr for Pattern {
    type Err = NoPattern;

    fn from_str(text: &str) -> Result<Pattern, NoPattern> {
        let weak = Strength::Weak;
        [Pattern::Later(weak), Pattern::First(weak, Margin::Close)]
            .into_iter()
            .flat_map(Pattern::chain)
            .find(|one| one.to_string() == text)
            .ok_or_else(|| NoPattern(text.chars().take(40).collect()))
    }
}

/// The pattern of each hypothesis of a report, in its order.
pub fn patterns(report: &Report) -> Vec<Pattern> {
    let found: Vec<Evidence> = report.hypotheses.iter().map(Evidence::of).collect();
    found
        .iter()
        .enumerate()
        .map(|(rank, one)| {
            let strength = Strength::of(one);
            if rank > 0 {
                return Pattern::Later(strength);
            }
            let beaten = found.iter().skip(1).all(|other| worth(other) < worth(one));
            let margin = if beaten { Margin::Clear } else { Margin::Close };
            Pattern::First(strength, margin)
        })
        .collect()
}

/// The pattern of the hypothesis at `rank`, from 0.
pub fn pattern(report: &Report, rank: usize) -> Option<Pattern> {
    patterns(report).get(rank).copied()
}

/// What one hypothesis has beside another of the same report.
fn worth(found: &Evidence) -> (Strength, i64) {
    let balance = i64::from(found.passed) - i64::from(found.refuted) - i64::from(found.contradicts);
    (Strength::of(found), balance)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_pattern_reads_back_and_no_other_text_does() {
        let weak = Strength::Weak;
        let mut all = Pattern::Later(weak).chain();
        all.extend(Pattern::First(weak, Margin::Close).chain());
        assert_eq!(all.len(), 12);
        for one in all {
            assert_eq!(one.to_string().parse(), Ok(one));
        }
        for text in ["", "first/good", "later/good/clear", "first/GOOD/clear"] {
            assert!(text.parse::<Pattern>().is_err(), "{text}");
        }
    }

    #[test]
    fn a_chain_rises() {
        let chain = Pattern::First(Strength::Weak, Margin::Close).chain();
        assert!(chain.windows(2).all(|pair| pair[0] < pair[1]));
    }
}
