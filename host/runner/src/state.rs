//! A run's life: a fold over the journal's entries about it.
//! Invariant: [`RunState::after`] is the only way from one state to the next.

use std::fmt;

use interlock_gate::ids::PlanDigest;

/// Where a run stands.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum RunState {
    /// Its first entry is written.
    Opened,
    /// Its steps run.
    Reading,
    /// Its steps ended and nothing is proposed.
    Concluded,
    /// A plan was made.
    Planned(PlanDigest),
    /// A step faulted.
    Faulted,
    /// It ended without a conclusion: its process died or was stopped.
    Interrupted,
}

/// What happens to a run.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum RunEvent {
    /// A step ended.
    StepEnded,
    /// A plan was made.
    Planned(PlanDigest),
    /// It ended with nothing more to do.
    Concluded,
    /// It ended by a step's fault.
    Faulted,
    /// It was found without an end.
    Interrupted,
}

/// An event that cannot happen in a state.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("a run that is {state} cannot take {event:?}")]
pub struct Illegal {
    /// Where the run stood.
    pub state: RunState,
    /// What was said to happen.
    pub event: RunEvent,
}

impl RunState {
    /// The state after `event`, or that it is illegal here.
    pub fn after(self, event: &RunEvent) -> Result<RunState, Illegal> {
        match (&self, event) {
            (RunState::Opened | RunState::Reading, RunEvent::StepEnded) => Ok(RunState::Reading),
            (RunState::Opened | RunState::Reading, RunEvent::Concluded) => Ok(RunState::Concluded),
            (RunState::Opened | RunState::Reading, RunEvent::Faulted) => Ok(RunState::Faulted),
            (RunState::Opened | RunState::Reading, RunEvent::Interrupted) => {
                Ok(RunState::Interrupted)
            }
            // Narrowing makes another plan of the same run.
            (RunState::Reading | RunState::Planned(_), RunEvent::Planned(plan)) => {
                Ok(RunState::Planned(*plan))
            }
            // The end of a run that planned, and a verify step after its plan was carried out.
            (RunState::Planned(_), RunEvent::Concluded | RunEvent::StepEnded) => Ok(self),
            _ => Err(Illegal {
                state: self,
                event: event.clone(),
            }),
        }
    }

    /// Its word, as listings and documents use it.
    pub fn word(&self) -> &'static str {
        match self {
            RunState::Opened => "opened",
            RunState::Reading => "reading",
            RunState::Concluded => "concluded",
            RunState::Planned(_) => "planned",
            RunState::Faulted => "faulted",
            RunState::Interrupted => "interrupted",
        }
    }
}

impl fmt::Display for RunState {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.word())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_ended_run_takes_no_other_end() {
        for state in [
            RunState::Concluded,
            RunState::Faulted,
            RunState::Interrupted,
        ] {
            let plan = PlanDigest::of(b"");
            for event in [
                RunEvent::Faulted,
                RunEvent::Interrupted,
                RunEvent::Planned(plan),
            ] {
                assert!(state.clone().after(&event).is_err(), "{state} {event:?}");
            }
        }
    }

    #[test]
    fn a_narrowed_plan_takes_the_place_of_the_first() {
        let (first, second) = (PlanDigest::of(b"1"), PlanDigest::of(b"2"));
        let state = RunState::Planned(first).after(&RunEvent::Planned(second));
        assert_eq!(state, Ok(RunState::Planned(second)));
    }
}
