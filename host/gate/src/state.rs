//! A plan's life: a fold over the journal's entries about it.
//! "Approved" is no state: [`crate::decide`] says it, now.
//! Invariant: [`PlanState::after`] is the only way from one state to the next.

use std::fmt;

/// Where a plan stands.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum PlanState {
    /// Made, and nothing has come of it yet.
    Waiting,
    /// An approver said no.
    Rejected,
    /// An approval or the plan itself was taken back.
    Revoked,
    /// Its time ran out before it was carried out.
    Expired,
    /// A narrowed plan took its place.
    Superseded,
    /// Being carried out; `next` counts the acts that are settled.
    Applying {
        /// The act that comes next, counted from 0 over what is not skipped.
        next: u16,
    },
    /// Carried out to its end.
    Applied,
    /// Ended before its end, and never resumed.
    Stopped {
        /// The act at which it ended.
        at: u16,
    },
    /// It is not known whether an act took effect; a person settles that.
    Unknown {
        /// The act in doubt.
        at: u16,
    },
    /// Being taken back, from the last act that can be to the first.
    Undoing {
        /// The step that comes next, counted down to 0.
        next: u16,
    },
    /// Taken back to its beginning.
    Undone,
}

/// What happens to a plan.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum PlanEvent {
    /// An approver signed a rejection.
    Rejected,
    /// An approver signed a revocation, or the policy revokes the plan.
    Revoked,
    /// Its time ran out.
    Expired,
    /// A plan that narrows it was recorded.
    Superseded,
    /// Its tokens were redeemed for carrying it out.
    Began,
    /// The act is settled, and another follows.
    Next,
    /// The act is settled, and it was the last.
    Finished,
    /// The act's outcome ends the plan.
    Halted,
    /// The act's outcome is not known.
    Doubted,
    /// Its tokens were redeemed for taking it back.
    UndoBegan {
        /// The first step of the undo: one less than the number of steps.
        first: u16,
    },
    /// A named approver settled the doubt, signed.
    Reconciled,
}

/// An event that cannot happen in a state.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("a plan that is {state} cannot be {event}")]
pub struct Illegal {
    /// Where the plan stood.
    pub state: PlanState,
    /// What was said to happen.
    pub event: PlanEvent,
}

impl PlanState {
    /// The state after `event`, or that it is illegal here.
    pub fn after(self, event: &PlanEvent) -> Result<Self, Illegal> {
        use PlanEvent as E;
        use PlanState as S;
        let next = match (self, *event) {
            (S::Waiting, E::Rejected) => Some(S::Rejected),
            (S::Waiting, E::Revoked) => Some(S::Revoked),
            (S::Waiting, E::Expired) => Some(S::Expired),
            (S::Waiting, E::Superseded) => Some(S::Superseded),
            (S::Waiting, E::Began) => Some(S::Applying { next: 0 }),
            (S::Applying { next }, E::Next) => next.checked_add(1).map(|next| S::Applying { next }),
            (S::Applying { .. }, E::Finished) => Some(S::Applied),
            (S::Applying { next } | S::Undoing { next }, E::Halted) => {
                Some(S::Stopped { at: next })
            }
            (S::Applying { next } | S::Undoing { next }, E::Doubted) => {
                Some(S::Unknown { at: next })
            }
            (S::Applied | S::Stopped { .. }, E::UndoBegan { first }) => {
                Some(S::Undoing { next: first })
            }
            (S::Undoing { next }, E::Next) => next.checked_sub(1).map(|next| S::Undoing { next }),
            (S::Undoing { next: 0 }, E::Finished) => Some(S::Undone),
            (S::Unknown { at }, E::Reconciled) => Some(S::Stopped { at }),
            (
                S::Waiting
                | S::Rejected
                | S::Revoked
                | S::Expired
                | S::Superseded
                | S::Applying { .. }
                | S::Applied
                | S::Stopped { .. }
                | S::Unknown { .. }
                | S::Undoing { .. }
                | S::Undone,
                E::Rejected
                | E::Revoked
                | E::Expired
                | E::Superseded
                | E::Began
                | E::Next
                | E::Finished
                | E::Halted
                | E::Doubted
                | E::UndoBegan { .. }
                | E::Reconciled,
            ) => None,
        };
        next.ok_or(Illegal {
            state: self,
            event: *event,
        })
    }

    /// Its word, as listings and documents use it.
    pub fn word(self) -> &'static str {
        match self {
            Self::Waiting => "waiting",
            Self::Rejected => "rejected",
            Self::Revoked => "revoked",
            Self::Expired => "expired",
            Self::Superseded => "superseded",
            Self::Applying { .. } => "applying",
            Self::Applied => "applied",
            Self::Stopped { .. } => "stopped",
            Self::Unknown { .. } => "unknown",
            Self::Undoing { .. } => "undoing",
            Self::Undone => "undone",
        }
    }

    /// Whether nothing more can come of it by itself.
    pub fn is_over(self) -> bool {
        match self {
            Self::Waiting
            | Self::Applying { .. }
            | Self::Applied
            | Self::Stopped { .. }
            | Self::Unknown { .. }
            | Self::Undoing { .. } => false,
            Self::Rejected | Self::Revoked | Self::Expired | Self::Superseded | Self::Undone => {
                true
            }
        }
    }
}

impl fmt::Display for PlanState {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.word())
    }
}

impl fmt::Display for PlanEvent {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Rejected => "rejected",
            Self::Revoked => "revoked",
            Self::Expired => "expired",
            Self::Superseded => "superseded",
            Self::Began => "begun",
            Self::Next => "carried on",
            Self::Finished => "finished",
            Self::Halted => "stopped",
            Self::Doubted => "put in doubt",
            Self::UndoBegan { .. } => "taken back",
            Self::Reconciled => "reconciled",
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const STATES: [PlanState; 13] = [
        PlanState::Waiting,
        PlanState::Rejected,
        PlanState::Revoked,
        PlanState::Expired,
        PlanState::Superseded,
        PlanState::Applying { next: 3 },
        PlanState::Applying { next: u16::MAX },
        PlanState::Applied,
        PlanState::Stopped { at: 3 },
        PlanState::Unknown { at: 3 },
        PlanState::Undoing { next: 3 },
        PlanState::Undoing { next: 0 },
        PlanState::Undone,
    ];
    const EVENTS: [PlanEvent; 11] = [
        PlanEvent::Rejected,
        PlanEvent::Revoked,
        PlanEvent::Expired,
        PlanEvent::Superseded,
        PlanEvent::Began,
        PlanEvent::Next,
        PlanEvent::Finished,
        PlanEvent::Halted,
        PlanEvent::Doubted,
        PlanEvent::UndoBegan { first: 7 },
        PlanEvent::Reconciled,
    ];

    #[test]
    fn every_pair_of_state_and_event_is_as_it_was_reviewed() {
        let mut matrix = String::new();
        for state in STATES {
            for event in EVENTS {
                if let Ok(next) = state.after(&event) {
                    matrix.push_str(&format!("{state:?} + {event:?} -> {next:?}\n"));
                }
            }
        }
        // What is not listed is illegal.
        insta::assert_snapshot!(matrix, @r"
        Waiting + Rejected -> Rejected
        Waiting + Revoked -> Revoked
        Waiting + Expired -> Expired
        Waiting + Superseded -> Superseded
        Waiting + Began -> Applying { next: 0 }
        Applying { next: 3 } + Next -> Applying { next: 4 }
        Applying { next: 3 } + Finished -> Applied
        Applying { next: 3 } + Halted -> Stopped { at: 3 }
        Applying { next: 3 } + Doubted -> Unknown { at: 3 }
        Applying { next: 65535 } + Finished -> Applied
        Applying { next: 65535 } + Halted -> Stopped { at: 65535 }
        Applying { next: 65535 } + Doubted -> Unknown { at: 65535 }
        Applied + UndoBegan { first: 7 } -> Undoing { next: 7 }
        Stopped { at: 3 } + UndoBegan { first: 7 } -> Undoing { next: 7 }
        Unknown { at: 3 } + Reconciled -> Stopped { at: 3 }
        Undoing { next: 3 } + Next -> Undoing { next: 2 }
        Undoing { next: 3 } + Halted -> Stopped { at: 3 }
        Undoing { next: 3 } + Doubted -> Unknown { at: 3 }
        Undoing { next: 0 } + Finished -> Undone
        Undoing { next: 0 } + Halted -> Stopped { at: 0 }
        Undoing { next: 0 } + Doubted -> Unknown { at: 0 }
        ");
    }
}
