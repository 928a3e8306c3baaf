//! The gate written a second time, slow and obvious, from the same words: no sets, no matching,
//! no sharing with the first but its types. Both must agree on verdict and on every reason.

mod backtest;
mod seats;

use interlock_gate::history::Kind;
use interlock_gate::ids::PersonName;
use interlock_gate::plan::{Do, PlannedAction};
use interlock_gate::policy::WriteRule;
use interlock_gate::token::Decision;
use interlock_gate::{AnyPermit, Case, Denied, PlanState, Reason, decide};
use proptest::prelude::*;
use proptest::test_runner::TestRunner;

use self::backtest::never_shown;
use self::seats::seats;
use crate::world::random::arb_world;

const CASES: u32 = 4_000;

/// The place of the permitted action in the plan, or every reason against it, sorted.
fn model(case: &Case<'_>) -> Result<u16, Vec<Reason>> {
    let mut against = Vec::new();
    let now = match case.history.last_entry_at {
        Some(last) if last > case.now => last,
        Some(_) | None => case.now,
    };
    let plan = case.plan.body();
    let applying = case.kind == Kind::Apply;

    if plan.host.origin != case.here.origin || plan.host.key != case.here.key {
        against.push(Reason::OtherHost {
            named: plan.host.origin.clone(),
        });
    }
    if now.micros() - case.now.micros() > 60_000_000 {
        against.push(Reason::ClockBehind {
            by_s: (now.micros() - case.now.micros()) / 1_000_000,
        });
    }
    if plan.created_at.micros() > now.micros() + 60_000_000 {
        against.push(Reason::PlanFromFuture {
            created_at: plan.created_at,
        });
    }
    if applying && now >= plan.expires_at {
        let ago_s = (now.micros() - plan.expires_at.micros()) / 1_000_000;
        against.push(Reason::PlanExpired {
            at: plan.expires_at,
            ago_s,
        });
    }

    // What there is to do: places in the plan, first to last.
    let mut steps: Vec<u16> = Vec::new();
    if applying {
        for (index, planned) in plan.actions.iter().enumerate() {
            if planned.r#do == Do::Act {
                steps.push(index as u16);
            }
        }
    } else {
        for done in &case.history.done {
            if plan.actions[usize::from(done.index)].undo.is_some() {
                steps.push(done.index);
            }
        }
    }

    // Where it stands.
    let state = case.history.state;
    let begins = if applying {
        state == PlanState::Waiting
    } else {
        matches!(state, PlanState::Applied | PlanState::Stopped { .. })
    };
    let goes_on = match state {
        PlanState::Applying { next } if applying => Some(next),
        PlanState::Undoing { next } if !applying => Some(next),
        _other => None,
    };
    let mut settled = 0;
    let mut next = None;
    if !begins && goes_on.is_none() {
        against.push(Reason::State { state });
    } else {
        let redeemed = if applying {
            &case.history.applied
        } else {
            &case.history.undone
        };
        if let (true, Some(redeemed)) = (begins, redeemed) {
            against.push(Reason::Redeemed {
                kind: case.kind,
                at: redeemed.at,
            });
        }
        if !begins && redeemed.is_none() {
            against.push(Reason::HistoryBroken);
        }
        if !applying && case.history.applied.is_none() {
            against.push(Reason::HistoryBroken);
        }
        let number = match goes_on {
            Some(number) => Some(usize::from(number)),
            None if applying => Some(0),
            None if steps.is_empty() => None,
            None => Some(steps.len() - 1),
        };
        match number {
            None => against.push(Reason::NothingToUndo),
            Some(number) if number >= steps.len() => against.push(Reason::HistoryBroken),
            Some(number) => {
                next = Some(steps[number]);
                settled = number;
            }
        }
    }

    // Every no.
    let mut noes = 0;
    if case.policy.revoked().plans.contains(&case.plan.id()) {
        noes += 1;
        if applying {
            against.push(Reason::PlanRevoked);
        }
    }
    for token in case.tokens {
        let payload = token.payload();
        let approver = case
            .policy
            .approvers()
            .iter()
            .find(|a| a.keys.contains(token.signer()));
        let is_theirs = approver.is_some_and(|approver| approver.name == payload.approver);
        if payload.plan != case.plan.id() || !is_theirs {
            continue;
        }
        let (by, at) = (payload.approver.clone(), payload.issued_at);
        match payload.decision {
            Decision::Reject => {
                noes += 1;
                if applying {
                    against.push(Reason::Rejected { by, at });
                }
            }
            Decision::Revoke => {
                noes += 1;
                if applying {
                    against.push(Reason::Revoked { by, at });
                }
            }
            Decision::Approve | Decision::Undo => {}
        }
    }

    // Every action against every rule.
    let mut rules: Vec<&WriteRule> = Vec::new();
    for &index in &steps {
        let planned = &plan.actions[usize::from(index)];
        let acted = if applying {
            planned.action.clone()
        } else {
            planned.undo.clone().unwrap()
        };
        let mut patterns: Vec<&str> = Vec::new();
        for never in case.policy.nevers() {
            for pattern in &never.targets {
                if never.capability == acted.capability()
                    && slow_match(pattern.as_str(), acted.target().as_str())
                {
                    patterns.push(pattern.as_str());
                }
            }
        }
        patterns.sort_unstable();
        if let Some(pattern) = patterns.first() {
            against.push(Reason::Never {
                action: index,
                capability: acted.capability(),
                target: acted.target().clone(),
                pattern: (*pattern).to_owned(),
            });
        }
        let standing = case
            .policy
            .writes()
            .iter()
            .find(|r| r.name == planned.rule.name && r.digest == planned.rule.digest);
        match standing {
            None => against.push(Reason::RuleChanged {
                action: index,
                rule: planned.rule.name.clone(),
            }),
            Some(rule) => {
                if !permitted(rule, &plan.components.runbook, planned) {
                    against.push(Reason::NoRule {
                        action: index,
                        capability: planned.action.capability(),
                        target: planned.action.target().clone(),
                        rule: rule.name.clone(),
                    });
                }
                if !rules.iter().any(|known| known.name == rule.name) {
                    rules.push(rule);
                }
            }
        }
    }

    for rule in &rules {
        let by_rule = |index: &&u16| {
            let named = &plan.actions[usize::from(**index)].rule;
            named.name == rule.name
        };
        let standing = |index: &&u16| {
            by_rule(index) && plan.actions[usize::from(**index)].rule.digest == rule.digest
        };
        let asked = steps.iter().filter(standing).count() as u32;
        if let (true, Some(limit)) = (applying, rule.limits.per_run)
            && asked > limit
        {
            against.push(Reason::PerRun {
                rule: rule.name.clone(),
                limit,
                asked,
            });
        }
        if let (true, Some(limit)) = (applying, rule.limits.per_hour) {
            let asked = steps.iter().skip(settled).filter(by_rule).count() as u32;
            let hour_ago = now.micros() - 3_600_000_000;
            let mut had = 0;
            for past in &case.history.intents {
                if past.rule == rule.name && past.at.micros() > hour_ago {
                    had += 1;
                }
            }
            if had + asked > limit {
                against.push(Reason::PerHour {
                    rule: rule.name.clone(),
                    limit,
                    had,
                    asked,
                });
            }
        }
        if applying {
            against.extend(never_shown(case, rule));
        }
        let caller = plan.requester.caller.as_ref().and_then(|name| {
            case.policy
                .callers()
                .iter()
                .find(|caller| caller.name == *name)
        });
        if caller.is_none() && rule.groups.iter().any(|group| group.not_requester) {
            against.push(Reason::CallerUnmapped {
                via: plan.requester.via.clone(),
            });
        }
        let mut behind: Vec<PersonName> = plan.owners.clone();
        if let Some(owner) = caller.and_then(|caller| caller.owner.clone()) {
            behind.push(owner);
        }
        against.extend(seats(case, rule, &behind, now, noes > 0));
    }

    against.sort();
    against.dedup();
    match next {
        Some(next) if against.is_empty() => Ok(next),
        Some(_) | None => Err(against),
    }
}

/// Tries every way to cut the text for a star.
fn slow_match(pattern: &str, text: &str) -> bool {
    match pattern.split_at_checked(1) {
        None => text.is_empty(),
        Some(("*", rest)) => (0..=text.len())
            .filter(|cut| !text[..*cut].contains('/'))
            .any(|cut| slow_match(rest, &text[cut..])),
        Some((letter, rest)) => text
            .strip_prefix(letter)
            .is_some_and(|text| slow_match(rest, text)),
    }
}

/// The three rules of the random worlds, written out.
fn permitted(rule: &WriteRule, runbook: &str, planned: &PlannedAction) -> bool {
    let arguments = planned.action.arguments();
    let target = planned.action.target().as_str();
    let number = |name: &str| arguments.get(name).and_then(serde_json::Value::as_i64);
    match rule.name.as_str() {
        "end stuck sessions" => {
            rule.capability == planned.action.capability()
                && runbook.starts_with("postgres-")
                && (target == "orders-db/client" || target.ends_with("/replication"))
                && arguments.get("role") == Some(&"checkout".into())
                && number("transaction_age_s").is_some_and(|age| age >= 60)
        }
        "grow" => {
            let (to, from) = (number("replicas"), number("observed_replicas"));
            rule.capability == planned.action.capability()
                && target.starts_with("prod/")
                && to.is_some_and(|to| to <= 20)
                && from.is_some_and(|from| from > 0)
                && to
                    .zip(from)
                    .is_some_and(|(to, from)| (to - from).abs() <= from)
        }
        "hush" => {
            rule.capability == planned.action.capability()
                && runbook.starts_with("postgres-")
                && target.starts_with("alertmanager/")
                && number("minutes").is_some_and(|minutes| minutes <= 60)
        }
        other => panic!("no such rule: {other}"),
    }
}

fn verdict(decided: Result<AnyPermit, Denied>) -> Result<u16, Vec<Reason>> {
    match decided {
        Ok(permit) => Ok(permit.basis().index),
        Err(denied) => Err(denied.reasons().to_vec()),
    }
}

#[test]
fn the_gate_agrees_with_its_model_on_verdict_and_reasons() {
    let mut permits = 0;
    let mut reached: Vec<&'static str> = Vec::new();
    let mut runner = TestRunner::new(crate::world::cases(CASES));
    let counts = std::cell::RefCell::new((&mut permits, &mut reached));
    runner
        .run(&arb_world(), |world| {
            let case = world.case();
            let ours = verdict(decide(&case));
            prop_assert_eq!(&ours, &model(&case));
            let mut counts = counts.borrow_mut();
            match ours {
                Ok(_) => *counts.0 += 1,
                Err(reasons) => {
                    for reason in reasons {
                        if !counts.1.contains(&reason.code()) {
                            counts.1.push(reason.code());
                        }
                    }
                }
            }
            Ok(())
        })
        .unwrap();
    // A test that only ever sees refusals, or only some of them, shows little.
    assert!(
        permits >= 150,
        "only {permits} of 3000 cases reached a permit"
    );
    assert!(
        reached.len() >= 36,
        "only {} kinds of reason were reached: {reached:?}",
        reached.len()
    );
}
