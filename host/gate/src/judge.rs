//! The judgement behind [`crate::decide`] and [`crate::explain`]: every check in order, and every
//! reason against, whether or not one was found before.

use std::collections::{BTreeMap, BTreeSet};

use crate::backtest;
use crate::case::Case;
use crate::history::Kind;
use crate::ids::{PersonName, TokenDigest};
use crate::limits::within_hour;
use crate::policy::WriteRule;
use crate::reason::Reason;
use crate::seats::{RuleSeats, fill_rule};
use crate::steps::{Next, Step, next_step, steps};
use crate::time::Time;
use crate::token::Decision;
use crate::weigh::{self, SKEW_S};

/// All that is to be said about a case.
pub(crate) struct Judged<'a> {
    pub(crate) reasons: BTreeSet<Reason>,
    pub(crate) rules: Vec<RuleSeats<'a>>,
    pub(crate) unsound: BTreeSet<Reason>,
    pub(crate) behind: BTreeSet<PersonName>,
    pub(crate) next: Option<Next>,
    pub(crate) tokens: BTreeSet<TokenDigest>,
    pub(crate) not_after: Time,
}

pub(crate) fn judge<'a>(case: &Case<'a>) -> Judged<'a> {
    let mut reasons = BTreeSet::new();
    // Time never runs back behind the journal.
    let now = case
        .history
        .last_entry_at
        .map_or(case.now, |last| last.max(case.now));
    check_place_and_time(case, now, &mut reasons);
    let steps = steps(case);
    let next = next_step(case, &steps, &mut reasons);
    check_noes(case, &mut reasons);
    let groups = check_rules(case, &steps, &mut reasons);
    check_rates(case, now, &groups, next.as_ref(), &mut reasons);
    check_backtests(case, &groups, &mut reasons);

    let (behind, mapped) = people_behind(case);
    let weighed = weigh::weigh(case, now);
    let mut judged = Judged {
        reasons,
        rules: Vec::new(),
        unsound: weighed.unsound.clone(),
        behind,
        next,
        tokens: BTreeSet::new(),
        not_after: limit_of_permit(case, now),
    };
    for (rule, actions) in groups.values() {
        if !mapped && rule.groups.iter().any(|group| group.not_requester) {
            let via = case.plan.body().requester.via.clone();
            judged.reasons.insert(Reason::CallerUnmapped { via });
        }
        fill_rule(case, now, &weighed, rule, *actions, &mut judged);
    }
    judged
}

fn check_place_and_time(case: &Case<'_>, now: Time, reasons: &mut BTreeSet<Reason>) {
    let body = case.plan.body();
    if body.host != *case.here {
        reasons.insert(Reason::OtherHost {
            named: body.host.origin.clone(),
        });
    }
    if let Some(last) = case.history.last_entry_at
        && case.now.plus_seconds(SKEW_S) < last
    {
        reasons.insert(Reason::ClockBehind {
            by_s: last.seconds_since(case.now),
        });
    }
    if body.created_at > now.plus_seconds(SKEW_S) {
        reasons.insert(Reason::PlanFromFuture {
            created_at: body.created_at,
        });
    }
    match case.kind {
        Kind::Apply if now >= body.expires_at => {
            let (at, ago_s) = (body.expires_at, now.seconds_since(body.expires_at));
            reasons.insert(Reason::PlanExpired { at, ago_s });
        }
        Kind::Apply | Kind::Undo => {}
    }
}

/// A no beats any number of approvals. After the act it can only take from the undo the
/// approvals that the plan was carried out with: see `weigh`.
fn check_noes(case: &Case<'_>, reasons: &mut BTreeSet<Reason>) {
    match case.kind {
        Kind::Undo => {}
        Kind::Apply => {
            if case.policy.revoked().plans.contains(&case.plan.id()) {
                reasons.insert(Reason::PlanRevoked);
            }
            for no in weigh::noes(case) {
                reasons.insert(match no.decision {
                    Decision::Revoke => Reason::Revoked {
                        by: no.by,
                        at: no.at,
                    },
                    Decision::Reject | Decision::Approve | Decision::Undo => Reason::Rejected {
                        by: no.by,
                        at: no.at,
                    },
                });
            }
        }
    }
}

/// The rules that the plan names and that still stand, by name, with the number of their acts.
type Rules<'a> = BTreeMap<&'a str, (&'a WriteRule, u16)>;

fn check_rules<'a>(
    case: &Case<'a>,
    steps: &[Step<'a>],
    reasons: &mut BTreeSet<Reason>,
) -> Rules<'a> {
    let runbook = &case.plan.body().components.runbook;
    let mut rules = Rules::new();
    for step in steps {
        let action = step.index;
        if let Some(pattern) = case.policy.forbidding(step.action) {
            reasons.insert(Reason::Never {
                action,
                capability: step.action.capability(),
                target: step.action.target().clone(),
                pattern: pattern.to_owned(),
            });
        }
        let named = &step.planned.rule;
        let rule = match case.policy.write(&named.name) {
            Some(rule) if rule.digest == named.digest => rule,
            Some(_) | None => {
                let rule = named.name.clone();
                reasons.insert(Reason::RuleChanged { action, rule });
                continue;
            }
        };
        // What takes an act back was approved with it, under the rule that permits the act.
        let planned = &step.planned.action;
        if !rule.permits(runbook, planned) {
            reasons.insert(Reason::NoRule {
                action,
                capability: planned.capability(),
                target: planned.target().clone(),
                rule: rule.name.clone(),
            });
        }
        rules.entry(&rule.name).or_insert((rule, 0)).1 += 1;
    }
    rules
}

/// Rates bound what is carried out; taking it back is never too much.
fn check_rates(
    case: &Case<'_>,
    now: Time,
    rules: &Rules<'_>,
    next: Option<&Next>,
    reasons: &mut BTreeSet<Reason>,
) {
    match case.kind {
        Kind::Undo => return,
        Kind::Apply => {}
    }
    let settled = next.map_or(0, |next| usize::from(next.step));
    for (rule, acts) in rules.values() {
        let asked = u32::from(*acts);
        if let Some(limit) = rule.limits.per_run
            && asked > limit
        {
            reasons.insert(Reason::PerRun {
                rule: rule.name.clone(),
                limit,
                asked,
            });
        }
        if let Some(limit) = rule.limits.per_hour {
            // What this plan has done already is among the intents.
            let left = case
                .plan
                .acts()
                .skip(settled)
                .filter(|(_, p)| p.rule.name == rule.name)
                .count();
            let asked = u32::try_from(left).unwrap_or(u32::MAX);
            let had = within_hour(&case.history.intents, &rule.name, now);
            if had.saturating_add(asked) > limit {
                let rule = rule.name.clone();
                reasons.insert(Reason::PerHour {
                    rule,
                    limit,
                    had,
                    asked,
                });
            }
        }
    }
}

/// What was never shown to be right may change nothing; taking back needs no diagnosis.
fn check_backtests(case: &Case<'_>, rules: &Rules<'_>, reasons: &mut BTreeSet<Reason>) {
    match case.kind {
        Kind::Undo => {}
        Kind::Apply => {
            let components = &case.plan.body().components;
            for (rule, _) in rules.values() {
                reasons.extend(backtest::lacking(rule, components, &case.history.backtests));
            }
        }
    }
}

/// Everyone who is known to stand behind the request, and whether that is everyone.
fn people_behind(case: &Case<'_>) -> (BTreeSet<PersonName>, bool) {
    let body = case.plan.body();
    let caller = body
        .requester
        .caller
        .as_ref()
        .and_then(|name| case.policy.caller(name));
    let mut people: BTreeSet<PersonName> = body.owners.iter().cloned().collect();
    people.extend(caller.and_then(|caller| caller.owner.clone()));
    (people, caller.is_some())
}

/// No permit outlives its plan, the undo's window, or the peace before a freeze.
fn limit_of_permit(case: &Case<'_>, now: Time) -> Time {
    let end = match case.kind {
        Kind::Apply => case.plan.body().expires_at,
        // Every token has an end of its own, and there is at least one.
        Kind::Undo => Time::default().plus_seconds(u64::MAX),
    };
    let freezes = case.policy.freezes().iter().map(|freeze| freeze.from);
    freezes.filter(|from| *from > now).fold(end, Time::min)
}
