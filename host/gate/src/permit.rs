//! One permitted action. Only the gate makes one, and using it up is all that can be done with it.
//! Invariant: no `Clone`, no `Default`, no serde, no public constructor.

use crate::action::{Action, AnyAction};
use crate::for_each_action;
use crate::history::Kind;
use crate::ids::{PlanDigest, PolicyDigest, TokenDigest};
use crate::plan::RuleRef;
use crate::revision::Revision;
use crate::time::Time;

/// Leave for one action, once, for a while. The action rides inside, so that no second argument
/// can disagree with it.
#[must_use = "approved and never tried: journal that"]
#[derive(Debug)]
pub struct Permit<A: Action> {
    action: A,
    seen: Revision,
    not_after: Time,
    basis: Basis,
}

/// What a permit rests on: the journal must hold all of it before anything acts.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Basis {
    /// The plan.
    pub plan: PlanDigest,
    /// The action's place in the plan's list, from 0.
    pub index: u16,
    /// Carrying out or taking back.
    pub kind: Kind,
    /// The step: settled acts before this one, or undo steps after it.
    pub step: u16,
    /// The write rule that permits it, whose limits it counts against.
    pub rule: RuleRef,
    /// The policy in force.
    pub policy: PolicyDigest,
    /// The tokens that fill the seats, sorted, each once.
    pub tokens: Vec<TokenDigest>,
    /// Entries of the journal when it was decided: a newer entry about the plan makes it void.
    pub history_size: u64,
}

impl<A: Action> Permit<A> {
    pub(crate) fn issue(action: A, seen: Revision, not_after: Time, basis: Basis) -> Self {
        Self {
            action,
            seen,
            not_after,
            basis,
        }
    }

    /// What may be done.
    pub fn action(&self) -> &A {
        &self.action
    }

    /// The state that the action expects to find.
    pub fn seen(&self) -> &Revision {
        &self.seen
    }

    /// From then on it is worth nothing.
    pub fn not_after(&self) -> Time {
        self.not_after
    }

    /// What it rests on.
    pub fn basis(&self) -> &Basis {
        &self.basis
    }
}

macro_rules! any_permit {
    ($($Name:ident $capability:literal $Arguments:ident),* $(,)?) => {
        /// A permit for one action of any kind.
        #[must_use = "approved and never tried: journal that"]
        #[derive(Debug)]
        pub enum AnyPermit {
            $(#[doc = concat!("For `", $capability, "`.")] $Name(Permit<crate::action::$Name>),)*
        }

        impl AnyPermit {
            pub(crate) fn issue(
                action: AnyAction,
                seen: Revision,
                not_after: Time,
                basis: Basis,
            ) -> Self {
                match action {
                    $(AnyAction::$Name(action) => {
                        Self::$Name(Permit::issue(action, seen, not_after, basis))
                    })*
                }
            }

            /// What may be done.
            pub fn action(&self) -> AnyAction {
                match self { $(Self::$Name(permit) => permit.action.clone().into()),* }
            }

            /// The state that the action expects to find.
            pub fn seen(&self) -> &Revision {
                match self { $(Self::$Name(permit) => &permit.seen),* }
            }

            /// From then on it is worth nothing.
            pub fn not_after(&self) -> Time {
                match self { $(Self::$Name(permit) => permit.not_after),* }
            }

            /// What it rests on.
            pub fn basis(&self) -> &Basis {
                match self { $(Self::$Name(permit) => &permit.basis),* }
            }
        }
    };
}

for_each_action!(any_permit);
