//! What a policy says of one action, asked before there is a plan: for policy tables and for
//! `policy explain`.
//! Not a decision: signatures are assumed, not read, and nothing comes of it. The rules are the
//! same functions that [`crate::decide`] uses.

use std::collections::BTreeSet;

use crate::action::AnyAction;
use crate::ids::PersonName;
use crate::limits::Unmet;
use crate::policy::{Approver, Freeze, Group, Policy, WriteRule};
use crate::quorum::fill;
use crate::sshsig::Presence;
use crate::time::Time;

/// A question to a policy.
#[derive(Clone, Debug)]
pub struct Ask<'a> {
    /// The runbook that would ask.
    pub runbook: &'a str,
    /// The action.
    pub action: &'a AnyAction,
    /// How many like it one plan would hold.
    pub count: u32,
    /// The `[[caller]]` that would ask; without one nobody is left out.
    pub requester: Option<&'a str>,
    /// Who would have signed, with the best key they hold.
    pub signed: &'a [PersonName],
    /// When; without a time no freeze is on.
    pub at: Option<Time>,
    /// Whether a kept backtest of the runbook's bytes would meet what a rule demands.
    pub backtested: bool,
}

/// What a policy would say.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Verdict {
    /// It would be carried out.
    Permitted,
    /// People who may sign for it are missing.
    ApprovalRequired,
    /// No approval would help.
    Denied,
}

impl Verdict {
    /// Its word in a policy table.
    pub fn word(self) -> &'static str {
        match self {
            Self::Permitted => "permitted",
            Self::ApprovalRequired => "approval_required",
            Self::Denied => "denied",
        }
    }
}

/// A verdict and what it rests on.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Preview {
    /// The verdict.
    pub verdict: Verdict,
    /// What decides: a write rule's name, `never PATTERN`, `freeze NAME`, `caller`, or `none`.
    pub rule: String,
    /// Seats that stay empty, each with the roles it asks for and everyone who could fill it.
    pub missing: Vec<Missing>,
    /// Where no rule permits: each rule of the capability, with what the action lacks for it.
    pub unmet: Vec<(String, Vec<Unmet>)>,
}

/// A seat that nobody fills yet.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Missing {
    /// One of these roles.
    pub roles: Vec<String>,
    /// Who could fill it; empty where nobody can.
    pub can: Vec<PersonName>,
}

/// What `policy` says of `ask`.
pub fn preview(policy: &Policy, ask: &Ask<'_>) -> Preview {
    let denied = |rule: String| Preview {
        verdict: Verdict::Denied,
        rule,
        missing: Vec::new(),
        unmet: Vec::new(),
    };
    if let Some(pattern) = policy.forbidding(ask.action) {
        return denied(format!("never {pattern}"));
    }
    let rule = match policy.permitting(ask.runbook, ask.action) {
        // Any one rule that is wholly satisfied permits; one that is not is named where none is.
        Ok(first) => {
            let shown = |rule: &&WriteRule| ask.backtested || rule.backtest.is_none();
            let permitting = policy.all_permitting(ask.runbook, ask.action);
            match permitting.into_iter().find(shown) {
                Some(rule) => rule,
                None => return denied(first.name.clone()),
            }
        }
        Err(none) => {
            return Preview {
                unmet: none.nearest,
                ..denied("none".to_owned())
            };
        }
    };
    let over = |limit: Option<u32>| limit.is_some_and(|limit| ask.count > limit);
    if over(rule.limits.per_run) || over(rule.limits.per_hour) {
        return denied(rule.name.clone());
    }
    let mut behind = BTreeSet::new();
    if let Some(name) = ask.requester {
        match policy.caller(name) {
            Some(caller) => behind.extend(caller.owner.clone()),
            None if rule.groups.iter().any(|group| group.not_requester) => {
                return denied("caller".to_owned());
            }
            None => {}
        }
    }
    let mut seats: Vec<Group> = Vec::new();
    for group in &rule.groups {
        seats.extend((0..group.need).map(|_| group.clone()));
    }
    for freeze in policy.freezes() {
        if ask.at.is_some_and(|at| freeze.covers(at)) {
            if freeze.except_roles.is_empty() {
                return denied(format!("freeze {}", freeze.name));
            }
            seats.extend(freeze_group(freeze, rule));
        }
    }
    seat(policy, ask, rule, &seats, &behind)
}

/// The seat that a freeze adds: as strict in everything as the strictest group of the rule.
pub(crate) fn freeze_group(freeze: &Freeze, rule: &WriteRule) -> Option<Group> {
    let max_age_s = rule.groups.iter().map(|group| group.max_age_s).min()?;
    let presence = rule.groups.iter().map(|group| group.presence).max()?;
    Some(Group {
        need: 1,
        roles: freeze.except_roles.clone(),
        max_age_s,
        presence,
        not_requester: rule.groups.iter().any(|group| group.not_requester),
    })
}

/// Whether `approver` could ever sit in `group`: role, people behind the request, and keys.
pub(crate) fn could_sit(
    policy: &Policy,
    approver: &Approver,
    group: &Group,
    behind: &BTreeSet<PersonName>,
) -> bool {
    let revoked = &policy.revoked().keys;
    approver.roles.iter().any(|role| group.roles.contains(role))
        && !(group.not_requester && behind.contains(&approver.name))
        && approver.keys.iter().any(|key| {
            (group.presence == Presence::Unproven || key.is_security_key())
                && !revoked.iter().any(|revoked| revoked.is(key))
        })
}

fn seat(
    policy: &Policy,
    ask: &Ask<'_>,
    rule: &WriteRule,
    seats: &[Group],
    behind: &BTreeSet<PersonName>,
) -> Preview {
    let able = |group: &Group| -> Vec<PersonName> {
        policy
            .approvers()
            .iter()
            .filter(|approver| could_sit(policy, approver, group, behind))
            .map(|approver| approver.name.clone())
            .collect()
    };
    let mut signed: Vec<Vec<PersonName>> = seats.iter().map(able).collect();
    for people in &mut signed {
        people.retain(|person| ask.signed.contains(person));
    }
    let candidates: Vec<Vec<&PersonName>> = signed
        .iter()
        .map(|people| people.iter().collect())
        .collect();
    let filling = fill(&candidates);
    let seated: Vec<&PersonName> = filling.seats.iter().flatten().collect();
    let missing = seats
        .iter()
        .zip(&filling.seats)
        .filter(|(_, person)| person.is_none())
        .map(|(group, _)| {
            let mut can = able(group);
            can.retain(|person| !seated.contains(&person));
            can.sort();
            Missing {
                roles: group.roles.clone(),
                can,
            }
        })
        .collect();
    let verdict = if filling.is_full() {
        Verdict::Permitted
    } else {
        Verdict::ApprovalRequired
    };
    Preview {
        verdict,
        rule: rule.name.clone(),
        missing,
        unmet: Vec::new(),
    }
}
