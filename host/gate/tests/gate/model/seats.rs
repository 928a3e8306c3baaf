//! Who counts for which seat, written out a second time; seats are filled in every way there is.

use interlock_gate::history::Kind;
use interlock_gate::ids::{PersonName, TokenDigest};
use interlock_gate::policy::{Freeze, Group, WriteRule};
use interlock_gate::sshsig::Presence;
use interlock_gate::time::Time;
use interlock_gate::token::{Decision, Token, acts_of};
use interlock_gate::{Case, Reason};

/// What is true of one token for one seat: it counts, or why it does not, or nothing.
enum Word {
    Counts,
    Silent,
    Not(Reason),
}

fn word(
    case: &Case<'_>,
    token: &Token,
    group: &Group,
    behind: &[PersonName],
    now: Time,
    noes: bool,
) -> Word {
    let payload = token.payload();
    let approver = payload.approver.clone();
    if payload.plan != case.plan.id() {
        return Word::Not(Reason::TokenOfOtherPlan { approver });
    }
    let owner = case
        .policy
        .approvers()
        .iter()
        .find(|a| a.keys.contains(token.signer()));
    let Some(owner) = owner else {
        let fingerprint = token.signer().fingerprint();
        return Word::Not(Reason::TokenByStranger {
            approver,
            fingerprint,
        });
    };
    if owner.name != approver {
        return Word::Not(Reason::TokenByAnother {
            approver,
            signer: owner.name.clone(),
        });
    }
    if case
        .policy
        .revoked()
        .keys
        .iter()
        .any(|revoked| revoked.is(token.signer()))
    {
        return Word::Not(Reason::TokenByRevokedKey { approver });
    }
    let mut old = false;
    match (case.kind, payload.decision) {
        (Kind::Apply, Decision::Approve) | (Kind::Undo, Decision::Undo) => {}
        (Kind::Undo, Decision::Approve) => {
            if !still_carries(case, token.digest(), now, noes) {
                return Word::Silent;
            }
            old = true;
        }
        _other => return Word::Silent,
    }
    if payload.actions != acts_of(case.plan) {
        return Word::Not(Reason::TokenOfOtherActs { approver });
    }
    for spent in &case.history.spent {
        let same_mark = spent.signer == *token.signer() && spent.nonce == payload.nonce;
        let same_use = spent.token == token.digest() && spent.plan == case.plan.id();
        if same_mark && !same_use {
            return Word::Not(Reason::TokenSpent { approver });
        }
    }
    let (issued_at, minute) = (payload.issued_at, 60_000_000);
    if !old {
        if issued_at < case.plan.body().created_at {
            return Word::Not(Reason::TokenBeforePlan {
                approver,
                issued_at,
            });
        }
        if issued_at.micros() > now.micros() + minute {
            return Word::Not(Reason::TokenFromFuture {
                approver,
                issued_at,
            });
        }
        let from = issued_at.max(payload.not_before);
        if now.micros() + minute < from.micros() {
            return Word::Not(Reason::TokenNotYet { approver, from });
        }
    }
    // From here on it depends on the seat.
    if !owner.roles.iter().any(|role| group.roles.contains(role)) {
        return Word::Silent;
    }
    if group.not_requester && behind.contains(&approver) {
        return Word::Not(Reason::TokenOfRequester { approver });
    }
    let enough = match group.presence {
        Presence::Unproven => true,
        Presence::Touch => token.presence() != Presence::Unproven,
        Presence::Verified => token.presence() == Presence::Verified,
    };
    if !enough {
        return Word::Not(Reason::TokenPresence {
            approver,
            needs: group.presence,
        });
    }
    let aged = issued_at.plus_seconds(group.max_age_s);
    let at = if aged < payload.expires_at {
        aged
    } else {
        payload.expires_at
    };
    if !old && now >= at {
        let ago_s = (now.micros() - at.micros()) / 1_000_000;
        let max_age_s = if aged <= payload.expires_at {
            Some(group.max_age_s)
        } else {
            None
        };
        return Word::Not(Reason::TokenExpired {
            approver,
            at,
            ago_s,
            issued_at,
            max_age_s,
        });
    }
    Word::Counts
}

fn still_carries(case: &Case<'_>, token: TokenDigest, now: Time, noes: bool) -> bool {
    let Some(applied) = &case.history.applied else {
        return false;
    };
    let ended = case.history.ended_at.unwrap_or(applied.at);
    let window_end = ended.plus_seconds(case.policy.undo_window_s());
    let began = case.history.undone.as_ref().map_or(now, |undone| undone.at);
    let froze = |freeze: &Freeze| applied.at < freeze.from && freeze.from <= now;
    applied.tokens.contains(&token)
        && began < window_end
        && !noes
        && !case.policy.freezes().iter().any(froze)
}

/// Seats, and every way there is to fill them.
pub(super) fn seats(
    case: &Case<'_>,
    rule: &WriteRule,
    behind: &[PersonName],
    now: Time,
    noes: bool,
) -> Vec<Reason> {
    let mut against = Vec::new();
    let mut why_not = Vec::new();
    let mut chairs: Vec<Vec<PersonName>> = Vec::new();
    let mut people_for = |group: &Group| {
        let mut people: Vec<PersonName> = Vec::new();
        for token in case.tokens {
            match word(case, token, group, behind, now, noes) {
                Word::Counts if people.contains(&token.payload().approver) => {}
                Word::Counts => people.push(token.payload().approver.clone()),
                Word::Silent => {}
                Word::Not(reason) => why_not.push(reason),
            }
        }
        people
    };
    for (index, group) in rule.groups.iter().enumerate() {
        let people = people_for(group);
        if people.len() < group.need as usize {
            against.push(Reason::Quorum {
                rule: rule.name.clone(),
                group: index as u16,
                need: group.need,
                roles: group.roles.clone(),
                not_requester: group.not_requester,
                presence: group.presence,
                has: people.len() as u32,
            });
        }
        for _ in 0..group.need {
            chairs.push(people.clone());
        }
    }
    for freeze in case.policy.freezes() {
        if now < freeze.from || now >= freeze.until {
            continue;
        }
        let group = Group {
            need: 1,
            roles: freeze.except_roles.clone(),
            max_age_s: rule.groups.iter().map(|g| g.max_age_s).min().unwrap(),
            presence: rule.groups.iter().map(|g| g.presence).max().unwrap(),
            not_requester: rule.groups.iter().any(|g| g.not_requester),
        };
        let people = people_for(&group);
        if people.is_empty() {
            against.push(Reason::Frozen {
                freeze: freeze.name.clone(),
                until: freeze.until,
                roles: freeze.except_roles.clone(),
            });
        }
        chairs.push(people);
    }
    let filled = most_filled(&chairs, &[]);
    if against.is_empty() && filled < chairs.len() {
        against.push(Reason::Seats {
            rule: rule.name.clone(),
            seats: chairs.len() as u32,
            filled: filled as u32,
        });
    }
    if !against.is_empty() {
        against.extend(why_not);
    }
    against
}

/// The first chair stays empty, or is taken by anyone who sits nowhere yet: the best of all.
fn most_filled(chairs: &[Vec<PersonName>], seated: &[PersonName]) -> usize {
    let Some((first, rest)) = chairs.split_first() else {
        return 0;
    };
    let mut best = most_filled(rest, seated);
    for person in first {
        if !seated.contains(person) {
            let mut now_seated = seated.to_vec();
            now_seated.push(person.clone());
            best = best.max(1 + most_filled(rest, &now_seated));
        }
    }
    best
}
