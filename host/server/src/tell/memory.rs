//! What was told of which plan, and what is due: a value, with the time as an argument.
//!
//! A plan is told of once. The first of an incident is told of at once; whatever else the incident
//! brings within a minute comes together in one message. So many messages of new plans a minute and
//! no more, whatever incidents a caller thinks of: the oldest first. Then one message for each thing
//! that becomes of a plan that was told of.

use std::collections::{BTreeMap, BTreeSet, VecDeque};

use interlock_gate::ids::{PlanDigest, RunId};
use interlock_gate::state::PlanState;
use interlock_gate::time::Time;

/// Plans that are remembered; the oldest are forgotten first.
pub(super) const PLANS_MAX: usize = 1000;
/// Incidents whose last message is remembered.
const INCIDENTS_MAX: usize = 1000;
/// How long a plan waits for others of the same moment: 40 alerts may come at once.
const SETTLE_S: u64 = 2;
/// Between two messages about new plans of one incident.
const GATHER_S: u64 = 60;
/// Before a message that could not be delivered is tried again, tries within a delivery aside.
const AGAIN_S: u64 = 60;
/// Messages about new plans within a minute; the others wait their turn.
const MESSAGES_MAX: usize = 6;
/// New plans in one message; more come in the next.
const PLANS_IN_ONE: usize = 8;

/// One plan as the store shows it now.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Seen {
    pub(super) plan: PlanDigest,
    pub(super) run: RunId,
    pub(super) incident: String,
    /// Expiry included.
    pub(super) state: PlanState,
    /// Tokens that are kept of it; counted only while it waits.
    pub(super) tokens: usize,
}

/// What was last told of a plan.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Told {
    pub(super) run: RunId,
    /// The state's word.
    pub(super) state: String,
    pub(super) tokens: usize,
}

/// A message that is due.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum Due {
    /// Plans of one incident that began to wait.
    Waiting { incident: String, plans: Vec<Seen> },
    /// Something became of a plan that was told of.
    Changed(Seen),
}

impl Due {
    /// For the log.
    pub(super) fn word(&self) -> &'static str {
        match self {
            Due::Waiting { .. } => "plan waits",
            Due::Changed(seen) => match seen.state {
                PlanState::Waiting => "approval came",
                other => other.word(),
            },
        }
    }
}

#[derive(Clone, Debug, Default)]
pub(super) struct Memory {
    /// In the order in which they were first told of.
    told: Vec<(PlanDigest, Told)>,
    /// New plans, and when each was first seen.
    pending: BTreeMap<PlanDigest, Time>,
    /// When new plans of an incident may be told of next.
    not_before: BTreeMap<String, Time>,
    /// When the newest messages about new plans were sent.
    sent: VecDeque<Time>,
}

impl Memory {
    /// From what an earlier process told.
    pub(super) fn of(told: Vec<(PlanDigest, Told)>) -> Memory {
        Memory {
            told,
            ..Memory::default()
        }
    }

    pub(super) fn told(&self) -> &[(PlanDigest, Told)] {
        &self.told
    }

    /// Whether something is about to be due.
    pub(super) fn is_pending(&self) -> bool {
        !self.pending.is_empty()
    }

    /// What is due now, given every plan that waits or was told of.
    pub(super) fn look(&mut self, seen: &[Seen], now: Time) -> Vec<Due> {
        let waiting: BTreeSet<PlanDigest> = seen
            .iter()
            .filter(|one| one.state == PlanState::Waiting)
            .map(|one| one.plan)
            .collect();
        // What was decided before anybody was told needs no telling.
        self.pending.retain(|plan, _| waiting.contains(plan));
        let mut due = Vec::new();
        let mut new: BTreeMap<&str, Vec<&Seen>> = BTreeMap::new();
        for one in seen {
            match self.told.iter().find(|(plan, _)| *plan == one.plan) {
                Some((_, told)) if is_news(told, one) => due.push(Due::Changed(one.clone())),
                Some(_) => {}
                None if one.state == PlanState::Waiting => {
                    self.pending.entry(one.plan).or_insert(now);
                    new.entry(&one.incident).or_default().push(one);
                }
                None => {}
            }
        }
        let first_seen = |plans: &[&Seen]| {
            let seen = plans.iter().filter_map(|one| self.pending.get(&one.plan));
            seen.min().copied().unwrap_or(now)
        };
        let mut new: Vec<(Time, &str, Vec<&Seen>)> = new
            .into_iter()
            .map(|(incident, plans)| (first_seen(&plans), incident, plans))
            .collect();
        new.sort_by_key(|(first, incident, _)| (*first, *incident));
        let settled = new.into_iter().filter(|(first, incident, _)| {
            let gathered = self.not_before.get(*incident).is_none_or(|at| now >= *at);
            gathered && now >= first.plus_seconds(SETTLE_S)
        });
        let recent = self.sent.iter().filter(|at| now < at.plus_seconds(60));
        let room = MESSAGES_MAX.saturating_sub(recent.count());
        due.extend(settled.take(room).map(|(_, incident, plans)| Due::Waiting {
            incident: incident.to_owned(),
            plans: plans.into_iter().take(PLANS_IN_ONE).cloned().collect(),
        }));
        due
    }

    /// The message was taken.
    pub(super) fn delivered(&mut self, due: &Due, now: Time) {
        match due {
            Due::Waiting { incident, plans } => {
                for one in plans {
                    self.pending.remove(&one.plan);
                    self.remember(one);
                }
                self.not_again(incident, now.plus_seconds(GATHER_S));
                self.sent.push_back(now);
                if self.sent.len() > MESSAGES_MAX {
                    self.sent.pop_front();
                }
            }
            Due::Changed(one) => self.remember(one),
        }
    }

    /// The message was given up. That a plan waits is tried again for as long as it does; what
    /// became of one is not.
    pub(super) fn failed(&mut self, due: &Due, now: Time) {
        match due {
            Due::Waiting { incident, .. } => self.not_again(incident, now.plus_seconds(AGAIN_S)),
            Due::Changed(one) => self.remember(one),
        }
    }

    fn not_again(&mut self, incident: &str, before: Time) {
        self.not_before.insert(incident.to_owned(), before);
        while self.not_before.len() > INCIDENTS_MAX {
            let oldest = self.not_before.iter().min_by_key(|(_, at)| **at);
            let Some(oldest) = oldest.map(|(incident, _)| incident.clone()) else {
                return;
            };
            self.not_before.remove(&oldest);
        }
    }

    fn remember(&mut self, seen: &Seen) {
        let now = Told {
            run: seen.run.clone(),
            state: seen.state.word().to_owned(),
            tokens: seen.tokens,
        };
        match self.told.iter_mut().find(|(plan, _)| *plan == seen.plan) {
            Some((_, told)) => *told = now,
            None => self.told.push((seen.plan, now)),
        }
        if self.told.len() > PLANS_MAX {
            self.told.remove(0);
        }
    }
}

/// Whether what is seen is worth a message after what was told.
fn is_news(told: &Told, seen: &Seen) -> bool {
    match seen.state {
        // On their way somewhere: where they arrive is told.
        PlanState::Applying { .. } | PlanState::Undoing { .. } => false,
        PlanState::Waiting => told.state == seen.state.word() && seen.tokens > told.tokens,
        other => told.state != other.word(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn at(second: u64) -> Time {
        Time::from_micros(1_700_000_000_000_000 + second * 1_000_000).unwrap()
    }

    fn plan(n: u8, incident: &str, state: PlanState) -> Seen {
        Seen {
            plan: PlanDigest::of(&[n]),
            run: "r-aaaaaaaa".parse().unwrap(),
            incident: incident.to_owned(),
            state,
            tokens: 0,
        }
    }

    fn waits(n: u8, incident: &str) -> Seen {
        plan(n, incident, PlanState::Waiting)
    }

    /// Looks and delivers whatever is due; the plans told of, by message.
    fn told(memory: &mut Memory, seen: &[Seen], second: u64) -> Vec<(&'static str, usize)> {
        let due = memory.look(seen, at(second));
        let mut words = Vec::new();
        for one in due {
            memory.delivered(&one, at(second));
            let plans = match &one {
                Due::Waiting { plans, .. } => plans.len(),
                Due::Changed(_) => 1,
            };
            words.push((one.word(), plans));
        }
        words
    }

    #[test]
    fn a_plan_is_told_of_once() {
        let mut memory = Memory::default();
        let seen = [waits(1, "i")];
        assert_eq!(told(&mut memory, &seen, 0), []);
        assert!(memory.is_pending());
        assert_eq!(told(&mut memory, &seen, 2), [("plan waits", 1)]);
        for second in [3, 62, 63, 4000] {
            assert_eq!(told(&mut memory, &seen, second), []);
        }
        assert!(!memory.is_pending());
    }

    #[test]
    fn plans_of_one_moment_come_in_one_message_and_those_of_the_minute_in_one_more() {
        let mut memory = Memory::default();
        let mut seen = vec![waits(1, "i"), waits(2, "i"), waits(3, "other")];
        assert_eq!(told(&mut memory, &seen, 0), []);
        assert_eq!(
            told(&mut memory, &seen, 2),
            [("plan waits", 2), ("plan waits", 1)]
        );
        seen.push(waits(4, "i"));
        assert_eq!(told(&mut memory, &seen, 10), []);
        seen.push(waits(5, "i"));
        assert_eq!(told(&mut memory, &seen, 61), []);
        assert_eq!(told(&mut memory, &seen, 62), [("plan waits", 2)]);
    }

    #[test]
    fn a_flood_of_incidents_is_told_of_in_turn_the_oldest_first() {
        let mut memory = Memory::default();
        let mut seen = vec![waits(0, "zz")];
        assert_eq!(told(&mut memory, &seen, 0), []);
        let many = (1..=20).map(|n| waits(n, &format!("made up {n}")));
        seen.extend(many);
        assert_eq!(told(&mut memory, &seen, 1), []);
        let due = memory.look(&seen, at(4));
        assert_eq!(due.len(), MESSAGES_MAX);
        assert!(matches!(&due[0], Due::Waiting { incident, .. } if incident == "zz"));
        assert_eq!(told(&mut memory, &seen, 4).len(), MESSAGES_MAX);
        assert_eq!(told(&mut memory, &seen, 63), []);
        assert_eq!(told(&mut memory, &seen, 64).len(), MESSAGES_MAX);
        // What becomes of those that were told of is never held back.
        seen[0].state = PlanState::Rejected;
        assert_eq!(told(&mut memory, &seen, 65), [("rejected", 1)]);
    }

    #[test]
    fn each_thing_that_becomes_of_a_plan_is_told_once() {
        let mut memory = Memory::default();
        let mut seen = [waits(1, "i")];
        told(&mut memory, &seen, 0);
        told(&mut memory, &seen, 2);
        seen[0].tokens = 1;
        assert_eq!(told(&mut memory, &seen, 5), [("approval came", 1)]);
        assert_eq!(told(&mut memory, &seen, 6), []);
        seen[0].state = PlanState::Applying { next: 3 };
        assert_eq!(told(&mut memory, &seen, 7), []);
        for (state, word) in [
            (PlanState::Stopped { at: 3 }, "stopped"),
            (PlanState::Undone, "undone"),
        ] {
            seen[0].state = state;
            assert_eq!(told(&mut memory, &seen, 8), [(word, 1)]);
            assert_eq!(told(&mut memory, &seen, 9), []);
        }
    }

    #[test]
    fn what_was_decided_before_anybody_was_told_is_not_told() {
        let mut memory = Memory::default();
        told(&mut memory, &[waits(1, "i")], 0);
        let gone = [plan(1, "i", PlanState::Rejected)];
        assert_eq!(told(&mut memory, &gone, 2), []);
        assert!(!memory.is_pending());
    }

    #[test]
    fn a_restart_tells_nothing_twice_and_what_became_meanwhile() {
        let mut before = Memory::default();
        let mut seen = [waits(1, "i"), waits(2, "i")];
        told(&mut before, &seen, 0);
        told(&mut before, &seen, 2);
        let mut after = Memory::of(before.told().to_vec());
        seen[1].state = PlanState::Expired;
        assert_eq!(told(&mut after, &seen, 100), [("expired", 1)]);
        assert_eq!(told(&mut after, &seen, 200), []);
    }

    #[test]
    fn a_failed_message_is_tried_again_while_the_plan_waits() {
        let mut memory = Memory::default();
        let seen = [waits(1, "i")];
        memory.look(&seen, at(0));
        let due = memory.look(&seen, at(2));
        memory.failed(&due[0], at(20));
        assert_eq!(memory.look(&seen, at(79)), []);
        assert_eq!(memory.look(&seen, at(80)).len(), 1);
        assert_eq!(memory.look(&[], at(81)), []);
        assert!(!memory.is_pending());
    }

    #[test]
    fn memory_has_a_bound() {
        let mut memory = Memory::default();
        for n in 0..1200_u64 {
            let one = Seen {
                plan: PlanDigest::of(&n.to_be_bytes()),
                ..waits(0, &n.to_string())
            };
            let due = Due::Waiting {
                incident: one.incident.clone(),
                plans: vec![one],
            };
            memory.delivered(&due, at(n));
        }
        assert_eq!(memory.told.len(), PLANS_MAX);
        assert_eq!(memory.not_before.len(), INCIDENTS_MAX);
        assert!(!memory.not_before.contains_key("0"));
    }
}
