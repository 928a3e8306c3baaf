//! Who can supply what is missing: the same judgement as [`crate::decide`], and no permit.

use crate::case::Case;
use crate::ids::PersonName;
use crate::judge::judge;
use crate::preview::could_sit;
use crate::reason::Reason;
use crate::sshsig::Presence;

/// One thing to know about a case.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Finding {
    /// A rule that the plan rests on, and whether all its seats are filled.
    Rule {
        /// Its name.
        name: String,
        /// How many actions of the plan rest on it.
        actions: u16,
        /// Seats, those of freezes that are on included.
        seats: u32,
        /// How many of them are filled.
        filled: u32,
    },
    /// A seat that is filled.
    Filled {
        /// The rule.
        rule: String,
        /// The freeze that asks for it, if one does.
        freeze: Option<String>,
        /// By whom.
        by: PersonName,
        /// The roles that it asks for.
        roles: Vec<String>,
    },
    /// A seat that is empty.
    Empty {
        /// The rule.
        rule: String,
        /// The freeze that asks for it, if one does.
        freeze: Option<String>,
        /// The roles that it asks for.
        roles: Vec<String>,
        /// What the signature must show.
        presence: Presence,
        /// Everyone who could fill it and has not signed; empty where nobody could.
        can: Vec<PersonName>,
    },
    /// A reason against the plan.
    Against(Reason),
    /// A token that does not count, and does no harm either.
    Ignored(Reason),
}

/// Everything there is to say about a case, reasons last.
pub fn explain(case: &Case<'_>) -> Vec<Finding> {
    let judged = judge(case);
    let mut findings = Vec::new();
    for rule in &judged.rules {
        let filled = rule
            .seats
            .iter()
            .filter(|seat| seat.person.is_some())
            .count();
        findings.push(Finding::Rule {
            name: rule.rule.to_owned(),
            actions: rule.actions,
            seats: u32::try_from(rule.seats.len()).unwrap_or(u32::MAX),
            filled: u32::try_from(filled).unwrap_or(u32::MAX),
        });
        let seated: Vec<&PersonName> = rule
            .seats
            .iter()
            .filter_map(|seat| seat.person.as_ref())
            .collect();
        for seat in &rule.seats {
            let rule = rule.rule.to_owned();
            let freeze = seat.freeze.map(str::to_owned);
            let roles = seat.group.roles.clone();
            match &seat.person {
                Some(by) => {
                    findings.push(Finding::Filled {
                        rule,
                        freeze,
                        by: by.clone(),
                        roles,
                    });
                }
                None => {
                    let mut can: Vec<PersonName> = case
                        .policy
                        .approvers()
                        .iter()
                        .filter(|approver| {
                            could_sit(case.policy, approver, &seat.group, &judged.behind)
                                && !seated.contains(&&approver.name)
                        })
                        .map(|approver| approver.name.clone())
                        .collect();
                    can.sort();
                    let presence = seat.group.presence;
                    findings.push(Finding::Empty {
                        rule,
                        freeze,
                        roles,
                        presence,
                        can,
                    });
                }
            }
        }
    }
    let ignored = judged
        .unsound
        .iter()
        .filter(|reason| !judged.reasons.contains(*reason));
    findings.extend(ignored.cloned().map(Finding::Ignored));
    findings.extend(judged.reasons.iter().cloned().map(Finding::Against));
    findings
}
