//! Which tokens count, for which seats, until when.
//! Not a decision: an approver without a counting token leaves a seat empty, no more.

use std::collections::{BTreeMap, BTreeSet};

use crate::case::Case;
use crate::history::Kind;
use crate::ids::{PersonName, TokenDigest};
use crate::policy::{Approver, Group, is_host_key};
use crate::reason::Reason;
use crate::time::Time;
use crate::token::{Decision, Token};

/// How far a clock may be off, in seconds.
pub(crate) const SKEW_S: u64 = 60;

/// One approver's token for one group.
#[derive(Clone, Debug)]
pub(crate) struct Voice {
    pub(crate) token: TokenDigest,
    pub(crate) until: Time,
}

/// The people who may sit in one group, each with the best of their tokens.
pub(crate) type Voices = BTreeMap<PersonName, Voice>;

/// What is true of a token whatever it is asked for.
struct Standing<'a> {
    token: &'a Token,
    approver: &'a Approver,
    /// Redeemed with the plan: its own times were weighed then.
    carried_over: bool,
}

/// Tokens that are sound, and the reasons why the others are not.
pub(crate) struct Weighed<'a> {
    sound: Vec<Standing<'a>>,
    pub(crate) unsound: BTreeSet<Reason>,
}

/// A signed no: the person, and when they signed.
pub(crate) struct No {
    pub(crate) by: PersonName,
    pub(crate) at: Time,
    pub(crate) decision: Decision,
}

/// Every rejection and revocation of this plan by an approver. Neither age nor a revoked key
/// takes one away: a no that stops counting would permit more.
pub(crate) fn noes(case: &Case<'_>) -> Vec<No> {
    let mut found = Vec::new();
    for token in case.tokens {
        let payload = token.payload();
        match payload.decision {
            Decision::Reject | Decision::Revoke => {}
            Decision::Approve | Decision::Undo => continue,
        }
        let Some(approver) = case.policy.approver_of(token.signer()) else {
            continue;
        };
        if payload.plan == case.plan.id() && approver.name == payload.approver {
            found.push(No {
                by: approver.name.clone(),
                at: payload.issued_at,
                decision: payload.decision,
            });
        }
    }
    found
}

/// Weighs every token by what does not depend on a rule.
pub(crate) fn weigh<'a>(case: &Case<'a>, now: Time) -> Weighed<'a> {
    let mut weighed = Weighed {
        sound: Vec::new(),
        unsound: BTreeSet::new(),
    };
    for token in case.tokens {
        match standing(case, token, now) {
            Ok(Some(standing)) => weighed.sound.push(standing),
            Ok(None) => {}
            Err(reason) => drop(weighed.unsound.insert(reason)),
        }
    }
    weighed
}

/// `None` for a token that is sound and speaks of something else.
fn standing<'a>(
    case: &Case<'a>,
    token: &'a Token,
    now: Time,
) -> Result<Option<Standing<'a>>, Reason> {
    let payload = token.payload();
    let named = || payload.approver.clone();
    if payload.plan != case.plan.id() {
        return Err(Reason::TokenOfOtherPlan { approver: named() });
    }
    let approver = match case.policy.approver_of(token.signer()) {
        Some(approver) if !is_host_key(case.here, token.signer()) => approver,
        Some(_) | None => {
            let fingerprint = token.signer().fingerprint();
            return Err(Reason::TokenByStranger {
                approver: named(),
                fingerprint,
            });
        }
    };
    if approver.name != payload.approver {
        let signer = approver.name.clone();
        return Err(Reason::TokenByAnother {
            approver: named(),
            signer,
        });
    }
    if case
        .policy
        .revoked()
        .keys
        .iter()
        .any(|revoked| revoked.is(token.signer()))
    {
        return Err(Reason::TokenByRevokedKey { approver: named() });
    }
    let carried_over = match (case.kind, payload.decision) {
        (Kind::Apply, Decision::Approve) | (Kind::Undo, Decision::Undo) => false,
        (Kind::Undo, Decision::Approve) if carries_over(case, token, now) => true,
        (Kind::Undo, Decision::Approve)
        | (Kind::Apply, Decision::Undo)
        | (Kind::Apply | Kind::Undo, Decision::Reject | Decision::Revoke) => return Ok(None),
    };
    if payload.actions != case.plan.act_texts() {
        return Err(Reason::TokenOfOtherActs { approver: named() });
    }
    let spent_elsewhere = case.history.spent.iter().any(|spent| {
        spent.signer == *token.signer()
            && spent.nonce == payload.nonce
            && (spent.token != token.digest() || spent.plan != case.plan.id())
    });
    if spent_elsewhere {
        return Err(Reason::TokenSpent { approver: named() });
    }
    if !carried_over {
        check_times(case, token, now)?;
    }
    Ok(Some(Standing {
        token,
        approver,
        carried_over,
    }))
}

/// The times that hold for every rule: `max_age` is a group's own.
fn check_times(case: &Case<'_>, token: &Token, now: Time) -> Result<(), Reason> {
    let payload = token.payload();
    let named = || payload.approver.clone();
    let issued_at = payload.issued_at;
    if issued_at < case.plan.body().created_at {
        return Err(Reason::TokenBeforePlan {
            approver: named(),
            issued_at,
        });
    }
    if issued_at > now.plus_seconds(SKEW_S) {
        return Err(Reason::TokenFromFuture {
            approver: named(),
            issued_at,
        });
    }
    let from = issued_at.max(payload.not_before);
    if now.plus_seconds(SKEW_S) < from {
        return Err(Reason::TokenNotYet {
            approver: named(),
            from,
        });
    }
    Ok(())
}

/// Whether an approval that was redeemed with the plan still carries its undo: within the window,
/// and nothing was signed, revoked or frozen since.
fn carries_over(case: &Case<'_>, token: &Token, now: Time) -> bool {
    let Some(applied) = &case.history.applied else {
        return false;
    };
    // An undo that began inside the window is carried to its end.
    let began = case.history.undone.as_ref().map_or(now, |undone| undone.at);
    began < undo_window_end(case)
        && applied.tokens.contains(&token.digest())
        && noes(case).is_empty()
        && !case.policy.revoked().plans.contains(&case.plan.id())
        && !case
            .policy
            .freezes()
            .iter()
            .any(|freeze| applied.at < freeze.from && freeze.from <= now)
}

/// The instant from which an undo needs fresh tokens.
pub(crate) fn undo_window_end(case: &Case<'_>) -> Time {
    let from = case
        .history
        .ended_at
        .or(case.history.applied.as_ref().map(|applied| applied.at));
    from.map_or(Time::default(), |from| {
        from.plus_seconds(case.policy.undo_window_s())
    })
}

impl Weighed<'_> {
    /// Who may sit in `group`; why others who hold a role for it may not goes to `against`.
    pub(crate) fn voices(
        &self,
        case: &Case<'_>,
        group: &Group,
        behind: &BTreeSet<PersonName>,
        now: Time,
        against: &mut BTreeSet<Reason>,
    ) -> Voices {
        let mut voices = Voices::new();
        for standing in &self.sound {
            if !standing
                .approver
                .roles
                .iter()
                .any(|role| group.roles.contains(role))
            {
                continue;
            }
            match standing.voice(case, group, behind, now) {
                Ok(voice) => keep_best(&mut voices, &standing.approver.name, voice),
                Err(reason) => drop(against.insert(reason)),
            }
        }
        voices
    }
}

impl Standing<'_> {
    fn voice(
        &self,
        case: &Case<'_>,
        group: &Group,
        behind: &BTreeSet<PersonName>,
        now: Time,
    ) -> Result<Voice, Reason> {
        let payload = self.token.payload();
        let named = || self.approver.name.clone();
        if group.not_requester && behind.contains(&self.approver.name) {
            return Err(Reason::TokenOfRequester { approver: named() });
        }
        if self.token.presence() < group.presence {
            return Err(Reason::TokenPresence {
                approver: named(),
                needs: group.presence,
            });
        }
        let token = self.token.digest();
        if self.carried_over {
            let until = match &case.history.undone {
                None => undo_window_end(case),
                Some(_) => now.plus_seconds(group.max_age_s),
            };
            return Ok(Voice { token, until });
        }
        let aged = payload.issued_at.plus_seconds(group.max_age_s);
        let until = aged.min(payload.expires_at);
        if now >= until {
            return Err(Reason::TokenExpired {
                approver: named(),
                at: until,
                ago_s: now.seconds_since(until),
                issued_at: payload.issued_at,
                max_age_s: (aged <= payload.expires_at).then_some(group.max_age_s),
            });
        }
        Ok(Voice { token, until })
    }
}

/// Of two tokens of one person the one that lasts longer; of equals the lower digest, so that
/// their order says nothing.
fn keep_best(voices: &mut Voices, person: &PersonName, voice: Voice) {
    let better = |old: &Voice| {
        (voice.until, std::cmp::Reverse(voice.token)) > (old.until, std::cmp::Reverse(old.token))
    };
    if voices.get(person).is_none_or(better) {
        voices.insert(person.clone(), voice);
    }
}
