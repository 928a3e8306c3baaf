//! From a permit to what came of it: [`Permit`] → [`Intent`] → [`Act`] → [`Settled`].
//!
//! Each is used up in making the next, none can be copied or made otherwise, so
//! one permit is one entry of the journal and at most one act.

use std::time::Duration;

use interlock_gate::{
    action::{Action, AnyAction, Capability},
    for_each_action,
    permit::{AnyPermit, Basis, Permit},
    revision::Revision,
    time::Time,
};
use serde::Serialize;

use crate::{
    boot::BootTime,
    journal::{Journal, Leaf, Refused},
    read::Soon,
};

/// How long after its entry was begun an intent may still be tried: long enough
/// to connect, too short for the world to have become another.
pub const TRY_WITHIN: Duration = Duration::from_secs(30);

/// One permitted action whose entry in the journal is durable. The only thing
/// that a writer takes.
#[must_use = "journalled and never tried: settle it"]
#[derive(Debug)]
pub struct Intent<A: Action> {
    permit: Permit<A>,
    leaf: Leaf,
    try_before: BootTime,
}

/// An action that is being tried.
#[must_use = "tried: say what came of it"]
#[derive(Debug)]
pub struct Act<A: Action> {
    permit: Permit<A>,
    leaf: Leaf,
}

/// An action and what came of it: what a writer returns.
#[must_use = "settled: journal the outcome"]
#[derive(Debug, PartialEq, Eq)]
pub struct Settled {
    action: AnyAction,
    basis: Basis,
    leaf: Leaf,
    outcome: Outcome,
}

/// What came of one action.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum Outcome {
    /// It was done.
    Done {
        /// The target's revision after it.
        after: Revision,
    },
    /// The target no longer exists; nothing was done.
    Gone,
    /// The target exists and is not as it was seen; nothing was done.
    Moved {
        /// Its revision now.
        found: Revision,
    },
    /// The system refused; nothing was done.
    Refused {
        /// In the system's words.
        why: String,
    },
    /// It was not tried.
    NotTried {
        /// Why not.
        why: String,
    },
    /// It may or may not have been done: a person must look.
    Unknown {
        /// What is known.
        why: String,
    },
}

impl Outcome {
    /// Its word on screens and in documents.
    pub fn word(&self) -> &'static str {
        match self {
            Outcome::Done { .. } => "done",
            Outcome::Gone => "gone",
            Outcome::Moved { .. } => "moved",
            Outcome::Refused { .. } => "refused",
            Outcome::NotTried { .. } => "not tried",
            Outcome::Unknown { .. } => "unknown",
        }
    }

    /// Whether the plan's next action may be tried after this one, an act of `capability`.
    pub fn goes_on(&self, capability: Capability) -> bool {
        match self {
            Outcome::Done { .. } | Outcome::Gone => true,
            Outcome::Moved { .. } | Outcome::Refused { .. } => capability.independent(),
            Outcome::NotTried { .. } | Outcome::Unknown { .. } => false,
        }
    }
}

/// Records in `journal` that the permitted action will be tried, and only then
/// gives leave to try it, until the permit ends or [`TRY_WITHIN`] is over,
/// whichever is sooner.
///
/// `now` is the time by which the gate decided.
pub fn intend<'a, A: Action + 'a>(
    journal: &'a dyn Journal,
    permit: Permit<A>,
    now: Time,
) -> Soon<'a, Result<Intent<A>, Refused>> {
    // Before the entry is written: time that the journal takes is not given again.
    let try_before = try_before(BootTime::now(), permit.not_after(), now);
    Box::pin(async move {
        let action: AnyAction = permit.action().clone().into();
        let leaf = journal.append(&action, permit.basis()).await?;
        Ok(Intent {
            permit,
            leaf,
            try_before,
        })
    })
}

/// The permit's end on the clock that nobody can set back.
fn try_before(boot: BootTime, not_after: Time, now: Time) -> BootTime {
    let left = not_after.micros().saturating_sub(now.micros());
    boot.after(TRY_WITHIN.min(Duration::from_micros(left)))
}

/// Whether the time to try is over: it ends with the moment itself.
fn is_over(try_before: BootTime, now: BootTime) -> bool {
    now >= try_before
}

impl<A: Action> Intent<A> {
    /// What may be tried.
    pub fn action(&self) -> &A {
        self.permit.action()
    }

    /// Begins the try; too late, it is settled as not tried.
    #[expect(
        clippy::result_large_err,
        reason = "once per act; its error is a whole outcome"
    )]
    pub fn begin(self) -> Result<Act<A>, Settled> {
        let late = is_over(self.try_before, BootTime::now());
        let act = Act {
            permit: self.permit,
            leaf: self.leaf,
        };
        if late {
            let why = "its time was over before it could be tried".to_owned();
            return Err(act.settle(Outcome::NotTried { why }));
        }
        Ok(act)
    }

    /// Gives the try up.
    pub fn not_tried(self, why: String) -> Settled {
        Act {
            permit: self.permit,
            leaf: self.leaf,
        }
        .settle(Outcome::NotTried { why })
    }
}

impl<A: Action> Act<A> {
    /// What is tried.
    pub fn action(&self) -> &A {
        self.permit.action()
    }

    /// The state that the target must be in.
    pub fn seen(&self) -> &Revision {
        self.permit.seen()
    }

    /// Says what came of it.
    pub fn settle(self, outcome: Outcome) -> Settled {
        Settled {
            action: self.permit.action().clone().into(),
            basis: self.permit.basis().clone(),
            leaf: self.leaf,
            outcome,
        }
    }
}

impl Settled {
    /// The action.
    pub fn action(&self) -> &AnyAction {
        &self.action
    }

    /// What its permit rested on.
    pub fn basis(&self) -> &Basis {
        &self.basis
    }

    /// Its intent's entry.
    pub fn leaf(&self) -> Leaf {
        self.leaf
    }

    /// What came of it.
    pub fn outcome(&self) -> &Outcome {
        &self.outcome
    }
}

macro_rules! any_intent {
    ($($Name:ident $capability:literal $Arguments:ident),* $(,)?) => {
        /// An intent of any kind.
        #[must_use = "journalled and never tried: settle it"]
        #[derive(Debug)]
        pub enum AnyIntent {
            $(#[doc = concat!("For `", $capability, "`.")] $Name(Intent<interlock_gate::action::$Name>),)*
        }

        /// [`intend`], for a permit of any kind.
        pub fn intend_any(
            journal: &dyn Journal,
            permit: AnyPermit,
            now: Time,
        ) -> Soon<'_, Result<AnyIntent, Refused>> {
            match permit {
                $(AnyPermit::$Name(permit) => {
                    let intent = intend(journal, permit, now);
                    Box::pin(async move { intent.await.map(AnyIntent::$Name) })
                })*
            }
        }
    };
}

for_each_action!(any_intent);

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_intent_is_over_when_its_permit_is_and_never_later_than_half_a_minute() {
        let boot = BootTime::now();
        let now = Time::from_micros(1_000_000).unwrap();
        let over = |permit_s: u64, after: Duration| {
            is_over(
                try_before(boot, now.plus_seconds(permit_s), now),
                boot.after(after),
            )
        };
        let (last, moment) = (
            Duration::from_secs(8) - Duration::from_nanos(1),
            Duration::from_secs(8),
        );
        assert!(!over(8, last));
        assert!(over(8, moment));
        assert!(!over(900, TRY_WITHIN - Duration::from_nanos(1)));
        assert!(over(900, TRY_WITHIN));
        // A permit that has ended gives no time at all.
        assert!(is_over(try_before(boot, now, now.plus_seconds(5)), boot));
    }

    #[test]
    fn only_acts_that_do_not_depend_on_each_other_go_on_past_a_change() {
        let words = |capability| {
            let found = Revision::Unconditional;
            let all = [
                Outcome::Done {
                    after: found.clone(),
                },
                Outcome::Gone,
                Outcome::Moved { found },
                Outcome::Refused { why: String::new() },
                Outcome::NotTried { why: String::new() },
                Outcome::Unknown { why: String::new() },
            ];
            let on = all
                .iter()
                .filter(|outcome: &&Outcome| outcome.goes_on(capability));
            on.map(Outcome::word).collect::<Vec<_>>()
        };
        assert_eq!(
            words(Capability::Terminate),
            ["done", "gone", "moved", "refused"]
        );
        assert_eq!(
            words(Capability::Expire),
            ["done", "gone", "moved", "refused"]
        );
        assert_eq!(words(Capability::Scale), ["done", "gone"]);
    }
}
