//! What a rule demands of backtests, the slow way: in fractions, one after the other.

use interlock_gate::policy::WriteRule;
use interlock_gate::{Case, Reason};

/// What the newest backtest of the bytes that read falls short of.
pub(super) fn never_shown(case: &Case<'_>, rule: &WriteRule) -> Vec<Reason> {
    let Some(demand) = rule.backtest else {
        return Vec::new();
    };
    let components = &case.plan.body().components;
    let mut newest = None;
    for past in &case.history.backtests {
        // The random plans read with one step, and propose with the second.
        let read = &components.steps[0];
        let mut ran = false;
        for step in &past.components {
            ran |= step.step == read.step && step.digest == read.digest;
        }
        let wanted = demand.corpus.is_none() || demand.corpus == Some(past.corpus);
        if past.runbook == components.runbook && wanted && ran {
            newest = Some(past);
        }
    }
    let (rule, runbook) = (rule.name.clone(), components.runbook.clone());
    let Some(newest) = newest else {
        let corpus = demand.corpus;
        return vec![Reason::BacktestMissing {
            rule,
            runbook,
            corpus,
        }];
    };
    let share = |part: u32, whole: u32| f64::from(part) / f64::from(whole) * 100.0;
    let mut against = Vec::new();
    if newest.cases < demand.cases {
        against.push(Reason::BacktestCases {
            rule: rule.clone(),
            runbook: runbook.clone(),
            needs: demand.cases,
            has: newest.cases,
        });
    }
    if newest.cases == 0 || share(newest.right, newest.cases) < f64::from(demand.top1_percent) {
        against.push(Reason::BacktestRight {
            rule: rule.clone(),
            runbook: runbook.clone(),
            needs_percent: demand.top1_percent,
            right: newest.right,
            cases: newest.cases,
        });
    }
    let most = f64::from(demand.confident_wrong_percent);
    if newest.confident > 0 && share(newest.confident_wrong, newest.confident) > most {
        against.push(Reason::BacktestWrong {
            rule,
            runbook,
            most_percent: demand.confident_wrong_percent,
            wrong: newest.confident_wrong,
            confident: newest.confident,
        });
    }
    against
}
