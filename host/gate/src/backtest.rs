//! Whether a runbook's reading steps have been shown to be right before it may propose a change.
//! Not a backtest: the journal says which were kept, and this weighs them.
//! Start at [`lacking`]. Invariant: bytes that were never tried, or no bytes at all, meet nothing.

use std::collections::BTreeSet;

use crate::history::PastBacktest;
use crate::plan::{Components, StepBytes};
use crate::policy::WriteRule;
use crate::reason::Reason;

/// Every way in which what is kept falls short of what `rule` demands of `components`; empty where
/// it demands nothing or where the newest backtest of these bytes meets it. `kept` is in the order
/// of the journal.
pub fn lacking(
    rule: &WriteRule,
    components: &Components,
    kept: &[PastBacktest],
) -> BTreeSet<Reason> {
    let mut reasons = BTreeSet::new();
    let Some(demand) = &rule.backtest else {
        return reasons;
    };
    let (name, runbook) = (rule.name.clone(), components.runbook.clone());
    let about = |past: &&PastBacktest| {
        past.runbook == components.runbook
            && demand.corpus.is_none_or(|corpus| corpus == past.corpus)
            && covers(past, components)
    };
    // The newest counts, so that a worse one is not hidden behind an old success.
    let Some(newest) = kept.iter().rev().find(about) else {
        reasons.insert(Reason::BacktestMissing {
            rule: name,
            runbook,
            corpus: demand.corpus,
        });
        return reasons;
    };
    if newest.cases < demand.cases {
        reasons.insert(Reason::BacktestCases {
            rule: name.clone(),
            runbook: runbook.clone(),
            needs: demand.cases,
            has: newest.cases,
        });
    }
    if below(newest.right, demand.top1_percent, newest.cases) {
        reasons.insert(Reason::BacktestRight {
            rule: name.clone(),
            runbook: runbook.clone(),
            needs_percent: demand.top1_percent,
            right: newest.right,
            cases: newest.cases,
        });
    }
    if above(
        newest.confident_wrong,
        demand.confident_wrong_percent,
        newest.confident,
    ) {
        reasons.insert(Reason::BacktestWrong {
            rule: name,
            runbook,
            most_percent: demand.confident_wrong_percent,
            wrong: newest.confident_wrong,
            confident: newest.confident,
        });
    }
    reasons
}

/// Every step in front of the plan's own was tried with these bytes, and there is one.
fn covers(past: &PastBacktest, components: &Components) -> bool {
    let before: Vec<&StepBytes> = components
        .steps
        .iter()
        .take_while(|step| step.step != components.step)
        .collect();
    !before.is_empty() && before.iter().all(|step| past.components.contains(step))
}

/// Whether `part` of `whole` is under so many percent; of nothing it is.
fn below(part: u32, percent: u32, whole: u32) -> bool {
    u64::from(part) * 100 < u64::from(percent) * u64::from(whole) || whole == 0
}

/// Whether `part` of `whole` is over so many percent; of nothing it is not.
fn above(part: u32, percent: u32, whole: u32) -> bool {
    u64::from(part) * 100 > u64::from(percent) * u64::from(whole)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn shares_are_compared_in_whole_numbers_at_their_very_edge() {
        assert!(!below(4, 80, 5));
        assert!(below(79, 80, 99), "79.8 % is not 80 %");
        assert!(below(0, 0, 0), "of no case nothing was right");
        assert!(!above(1, 2, 50));
        assert!(above(1, 2, 49));
        assert!(!above(0, 0, 0));
    }
}
