//! The decision: every rule in order, every reason against, and a permit only where there is none.
//! Start at [`decide`]. Invariant: an error while deciding denies.

use std::collections::{BTreeMap, BTreeSet};
use std::fmt;

use crate::action::AnyAction;
use crate::case::Case;
use crate::history::Kind;
use crate::ids::{PersonName, TokenDigest};
use crate::limits::within_hour;
use crate::permit::{AnyPermit, Basis};
use crate::plan::{PlannedAction, RuleRef};
use crate::policy::{Group, WriteRule};
use crate::preview::freeze_group;
use crate::quorum::fill;
use crate::reason::Reason;
use crate::revision::Revision;
use crate::state::PlanState;
use crate::time::Time;
use crate::token::Decision;
use crate::weigh::{self, SKEW_S, Voices, Weighed};

/// Every reason against a plan; never empty, in one fixed order.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Denied(Vec<Reason>);

impl Denied {
    /// The reasons, in their order.
    pub fn reasons(&self) -> &[Reason] {
        &self.0
    }

    /// Whether approvals are all that is missing.
    pub fn is_only_missing_approval(&self) -> bool {
        self.0.iter().all(Reason::is_missing_approval)
    }
}

impl fmt::Display for Denied {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        for (index, reason) in self.0.iter().enumerate() {
            if index > 0 {
                f.write_str("; ")?;
            }
            reason.fmt(f)?;
        }
        Ok(())
    }
}

impl std::error::Error for Denied {}

/// Judges the whole plan and permits its next action only.
pub fn decide(case: &Case<'_>) -> Result<AnyPermit, Denied> {
    let judged = judge(case);
    match (judged.reasons.is_empty(), judged.next) {
        (true, Some(next)) => {
            let basis = Basis {
                plan: case.plan.id(),
                index: next.index,
                kind: case.kind,
                step: next.step,
                rule: next.rule,
                policy: case.policy.digest(),
                tokens: judged.tokens.into_iter().collect(),
                history_size: case.history.size,
            };
            Ok(AnyPermit::issue(
                next.action,
                next.seen,
                judged.not_after,
                basis,
            ))
        }
        // Whatever leaves no next action says why; were one forgotten, this still denies.
        (true, None) => Err(Denied(vec![Reason::HistoryBroken])),
        (false, _) => Err(Denied(judged.reasons.into_iter().collect())),
    }
}

/// What a person of one seat would have to be, and who sits there.
pub(crate) struct Seat {
    pub(crate) group: Group,
    /// The freeze that asks for it; `None` for a seat of the rule itself.
    pub(crate) freeze: Option<String>,
    pub(crate) person: Option<PersonName>,
}

/// A rule's seats, as far as they are filled.
pub(crate) struct RuleSeats {
    pub(crate) rule: String,
    pub(crate) actions: u16,
    pub(crate) seats: Vec<Seat>,
}

/// The action that would come next.
pub(crate) struct Next {
    index: u16,
    step: u16,
    action: AnyAction,
    seen: Revision,
    rule: RuleRef,
}

/// All that is to be said about a case.
pub(crate) struct Judged {
    pub(crate) reasons: BTreeSet<Reason>,
    pub(crate) rules: Vec<RuleSeats>,
    pub(crate) unsound: BTreeSet<Reason>,
    pub(crate) behind: BTreeSet<PersonName>,
    next: Option<Next>,
    tokens: BTreeSet<TokenDigest>,
    not_after: Time,
}

pub(crate) fn judge(case: &Case<'_>) -> Judged {
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

/// One step of carrying out, or of taking back.
struct Step<'a> {
    index: u16,
    planned: &'a PlannedAction,
    action: AnyAction,
    seen: Revision,
}

/// Every step there is, in order of its number: for an undo the last comes first.
fn steps<'a>(case: &Case<'a>) -> Vec<Step<'a>> {
    match case.kind {
        Kind::Apply => case
            .plan
            .acts()
            .filter_map(|(index, planned)| {
                Some(Step {
                    index: u16::try_from(index).ok()?,
                    planned,
                    action: planned.action.clone(),
                    seen: planned.seen.clone(),
                })
            })
            .collect(),
        Kind::Undo => case
            .history
            .done
            .iter()
            .filter_map(|done| {
                let planned = case.plan.body().actions.get(usize::from(done.index))?;
                Some(Step {
                    index: done.index,
                    planned,
                    action: planned.undo.clone()?,
                    seen: done.after.clone(),
                })
            })
            .collect(),
    }
}

fn next_step(case: &Case<'_>, steps: &[Step<'_>], reasons: &mut BTreeSet<Reason>) -> Option<Next> {
    let history = case.history;
    let state = history.state;
    let (number, begins) = match (case.kind, state) {
        (Kind::Apply, PlanState::Waiting) => (Some(0), true),
        (Kind::Apply, PlanState::Applying { next }) => (Some(next), false),
        (Kind::Undo, PlanState::Applied | PlanState::Stopped { .. }) => (
            u16::try_from(steps.len())
                .ok()
                .and_then(|steps| steps.checked_sub(1)),
            true,
        ),
        (Kind::Undo, PlanState::Undoing { next }) => (Some(next), false),
        (
            Kind::Apply,
            PlanState::Rejected
            | PlanState::Revoked
            | PlanState::Expired
            | PlanState::Superseded
            | PlanState::Applied
            | PlanState::Stopped { .. }
            | PlanState::Unknown { .. }
            | PlanState::Undoing { .. }
            | PlanState::Undone,
        )
        | (
            Kind::Undo,
            PlanState::Waiting
            | PlanState::Rejected
            | PlanState::Revoked
            | PlanState::Expired
            | PlanState::Superseded
            | PlanState::Applying { .. }
            | PlanState::Unknown { .. }
            | PlanState::Undone,
        ) => {
            reasons.insert(Reason::State { state });
            return None;
        }
    };
    let redeemed = match case.kind {
        Kind::Apply => &history.applied,
        Kind::Undo => &history.undone,
    };
    match (begins, redeemed) {
        (true, Some(redemption)) => {
            reasons.insert(Reason::Redeemed {
                kind: case.kind,
                at: redemption.at,
            });
        }
        (false, None) => drop(reasons.insert(Reason::HistoryBroken)),
        (true, None) | (false, Some(_)) => {}
    }
    match case.kind {
        Kind::Undo if history.applied.is_none() => drop(reasons.insert(Reason::HistoryBroken)),
        Kind::Undo | Kind::Apply => {}
    }
    let Some(number) = number else {
        reasons.insert(Reason::NothingToUndo);
        return None;
    };
    let Some(step) = steps.get(usize::from(number)) else {
        reasons.insert(Reason::HistoryBroken);
        return None;
    };
    Some(Next {
        index: step.index,
        step: number,
        action: step.action.clone(),
        seen: step.seen.clone(),
        rule: step.planned.rule.clone(),
    })
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
        if let Some(pattern) = case.policy.forbidding(&step.action) {
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

/// Fills the seats of one rule and of the freezes that are on.
fn fill_rule(
    case: &Case<'_>,
    now: Time,
    weighed: &Weighed<'_>,
    rule: &WriteRule,
    actions: u16,
    judged: &mut Judged,
) {
    let mut found = BTreeSet::new();
    let mut token_reasons = BTreeSet::new();
    let mut places: Vec<(Group, Option<String>, Voices)> = Vec::new();
    for (index, group) in rule.groups.iter().enumerate() {
        let voices = weighed.voices(case, group, &judged.behind, now, &mut token_reasons);
        let has = u32::try_from(voices.len()).unwrap_or(u32::MAX);
        if has < group.need {
            found.insert(Reason::Quorum {
                rule: rule.name.clone(),
                group: u16::try_from(index).unwrap_or(u16::MAX),
                need: group.need,
                roles: group.roles.clone(),
                not_requester: group.not_requester,
                presence: group.presence,
                has,
            });
        }
        for _ in 0..group.need {
            places.push((group.clone(), None, voices.clone()));
        }
    }
    for freeze in case
        .policy
        .freezes()
        .iter()
        .filter(|freeze| freeze.covers(now))
    {
        let Some(group) = freeze_group(freeze, rule) else {
            continue;
        };
        let voices = weighed.voices(case, &group, &judged.behind, now, &mut token_reasons);
        if voices.is_empty() {
            found.insert(Reason::Frozen {
                freeze: freeze.name.clone(),
                until: freeze.until,
                roles: freeze.except_roles.clone(),
            });
        }
        places.push((group, Some(freeze.name.clone()), voices));
    }
    let candidates: Vec<Vec<PersonName>> = places
        .iter()
        .map(|(_, _, voices)| voices.keys().cloned().collect())
        .collect();
    let filling = fill(&candidates);
    if found.is_empty() && !filling.is_full() {
        found.insert(Reason::Seats {
            rule: rule.name.clone(),
            seats: u32::try_from(places.len()).unwrap_or(u32::MAX),
            filled: u32::try_from(filling.filled()).unwrap_or(u32::MAX),
        });
    }
    if !found.is_empty() {
        // Why tokens did not count matters only where they are missed.
        found.extend(token_reasons.iter().cloned());
        found.extend(weighed.unsound.iter().cloned());
    }
    judged.unsound.extend(token_reasons);
    judged.reasons.extend(found);
    let mut seats = Vec::new();
    for ((group, freeze, voices), person) in places.into_iter().zip(filling.seats) {
        if let Some(voice) = person.as_ref().and_then(|person| voices.get(person)) {
            judged.tokens.insert(voice.token);
            judged.not_after = judged.not_after.min(voice.until);
        }
        seats.push(Seat {
            group,
            freeze,
            person,
        });
    }
    judged.rules.push(RuleSeats {
        rule: rule.name.clone(),
        actions,
        seats,
    });
}
