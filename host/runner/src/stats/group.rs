//! The counts of some runs.

use std::collections::{BTreeMap, BTreeSet};

use interlock_measure::{Rate, median};

use super::{case::Case, phase::PhaseTimes};
use crate::learnt::Verdict;

/// The counts of some runs.
#[derive(Clone, Debug, PartialEq)]
pub struct Group {
    /// A runbook or a cause; `all`. Untrusted text where it is a cause in somebody's words.
    pub name: String,
    /// Runs that ended.
    pub runs: u64,
    /// Incidents that they are about.
    pub incidents: u64,
    /// Of the runs: those that named no cause.
    pub unresolved: Rate,
    /// Of the runs: those in which a step faulted.
    pub faulted: Rate,
    /// Of the runs: those of which somebody thought something on the spot.
    pub with_verdict: Rate,
    /// Of those with a verdict: accepted.
    pub accepted: Rate,
    /// Of those with a verdict: accepted in part.
    pub modified: Rate,
    /// Of those with a verdict: rejected.
    pub rejected: Rate,
    /// Of those that named a cause: the actual cause is known.
    pub judged: Rate,
    /// Of the judged: right.
    pub right: Rate,
    /// Of the accepted that were judged: right. Acceptance is not correctness.
    pub accepted_right: Rate,
    /// Of the rejected that were judged: right all the same.
    pub rejected_right: Rate,
    /// Of those that named a cause: with `high` confidence.
    pub confident: Rate,
    /// Of the confident that were judged: wrong. The false positives.
    pub confident_wrong: Rate,
    /// How long each phase took.
    pub phases: Vec<PhaseTimes>,
    /// Of the approvals: signed before anybody can have read the plan.
    pub too_fast: Rate,
    /// The median time from a plan to an approval of it, in seconds.
    pub decided_after_s: Option<u64>,
}

impl Group {
    /// The counts of these runs.
    pub fn of<'a>(name: &str, cases: impl Iterator<Item = &'a Case> + Clone) -> Group {
        let incidents: BTreeSet<&str> = cases
            .clone()
            .filter_map(|case| case.incident.as_deref())
            .collect();
        let all = || cases.clone();
        let named = || all().filter(|case| case.named.is_some());
        let told = || all().filter(|case| case.verdict.is_some());
        let judged = || named().filter(|case| case.right.is_some());
        let right = |case: &&Case| case.right == Some(true);
        let said = |verdict| Rate::count(told(), |case| case.verdict == Some(verdict));
        let right_of = |verdict| {
            let of = judged().filter(move |case| case.verdict == Some(verdict));
            Rate::count(of, right)
        };
        let confident = judged().filter(|case| case.is_confident());
        let approvals = || all().flat_map(|case| &case.approvals);
        let after: Vec<u64> = approvals().map(|one| one.after_s).collect();
        Group {
            name: name.to_owned(),
            runs: all().count() as u64,
            incidents: incidents.len() as u64,
            unresolved: Rate::count(all(), |case| case.named.is_none() && !case.faulted),
            faulted: Rate::count(all(), |case| case.faulted),
            with_verdict: Rate::count(all(), |case| case.verdict.is_some()),
            accepted: said(Verdict::Accepted),
            modified: said(Verdict::Modified),
            rejected: said(Verdict::Rejected),
            judged: Rate::count(named(), |case| case.right.is_some()),
            right: Rate::count(judged(), right),
            accepted_right: right_of(Verdict::Accepted),
            rejected_right: right_of(Verdict::Rejected),
            confident: Rate::count(named(), |case| case.is_confident()),
            confident_wrong: Rate::count(confident, |case| case.right == Some(false)),
            phases: PhaseTimes::of(cases.clone()),
            too_fast: Rate::count(approvals(), |one| one.is_too_fast()),
            decided_after_s: median(&after),
        }
    }

    /// A group of each key, the largest first.
    pub(super) fn by(cases: &[Case], key: impl Fn(&Case) -> String) -> Vec<Group> {
        let mut parted: BTreeMap<String, Vec<&Case>> = BTreeMap::new();
        for case in cases {
            parted.entry(key(case)).or_default().push(case);
        }
        let mut groups: Vec<Group> = parted
            .iter()
            .map(|(name, cases)| Group::of(name, cases.iter().copied()))
            .collect();
        groups.sort_by_key(|group| std::cmp::Reverse(group.runs));
        groups
    }
}
