//! What a plan still needs, seat by seat, in the gate's own judgement.

use interlock_gate::{explain::Finding, sshsig::Presence};
use serde::Serialize;

use crate::page::quoted::Words;

/// All that the gate says of a plan, sorted.
#[derive(Clone, Debug, Default, PartialEq, Serialize)]
pub(crate) struct Seats {
    filled: usize,
    needed: usize,
    seats: Vec<Seat>,
    /// Reasons against it beside missing approvals.
    against: Vec<Words>,
    /// Tokens that do not count, and why.
    not_counted: Vec<Words>,
}

#[derive(Clone, Debug, PartialEq, Serialize)]
struct Seat {
    rule: String,
    freeze: Option<String>,
    roles: String,
    filled_by: Option<String>,
    presence: Option<&'static str>,
    /// Who could fill it.
    can: Vec<String>,
}

impl Seats {
    /// Whether nobody's approval is missing.
    pub(crate) fn full(&self) -> bool {
        self.filled == self.needed
    }

    pub(crate) fn new(findings: &[Finding]) -> Seats {
        let mut all = Seats::default();
        for finding in findings {
            match finding {
                Finding::Rule { .. } => {}
                Finding::Filled {
                    rule,
                    freeze,
                    by,
                    roles,
                } => all.seats.push(Seat {
                    rule: rule.clone(),
                    freeze: freeze.clone(),
                    roles: roles.join(" or "),
                    filled_by: Some(by.to_string()),
                    presence: None,
                    can: Vec::new(),
                }),
                Finding::Empty {
                    rule,
                    freeze,
                    roles,
                    presence,
                    can,
                } => all.seats.push(Seat {
                    rule: rule.clone(),
                    freeze: freeze.clone(),
                    roles: roles.join(" or "),
                    filled_by: None,
                    presence: match presence {
                        Presence::Unproven => None,
                        Presence::Touch => Some("a security key that is touched"),
                        Presence::Verified => Some("a security key with its PIN or finger"),
                    },
                    can: can.iter().map(ToString::to_string).collect(),
                }),
                Finding::Against(reason) if reason.is_missing_approval() => {}
                Finding::Against(reason) => all.against.push(Words::new(&reason.to_string())),
                Finding::Ignored(reason) => all.not_counted.push(Words::new(&reason.to_string())),
            }
        }
        all.needed = all.seats.len();
        all.filled = all
            .seats
            .iter()
            .filter(|seat| seat.filled_by.is_some())
            .count();
        all
    }
}
