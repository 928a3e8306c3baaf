//! The run's clock: every reading that the guest sees is kept, and a replay gives the same ones.

use std::{
    sync::{Arc, Mutex, PoisonError},
    time::{Instant, SystemTime, UNIX_EPOCH},
};

use interlock_gate::time::Time;

use crate::{
    fault::Stop,
    limits::{LimitName, Reached},
    tape::Difference,
};

/// Where a live run's clock begins; it goes on by the machine's monotonic clock, so it never
/// goes back.
#[derive(Clone, Copy, Debug)]
pub struct ClockStart {
    at: Time,
    /// `None`: it stands still.
    since: Option<Instant>,
}

impl ClockStart {
    /// The machine's clock.
    pub fn now() -> ClockStart {
        let micros = SystemTime::now()
            .duration_since(UNIX_EPOCH)
            .unwrap_or_default()
            .as_micros();
        let at = u64::try_from(micros)
            .ok()
            .and_then(Time::from_micros)
            .unwrap_or_default();
        ClockStart::at(at)
    }

    /// `at`, as of this instant.
    pub fn at(at: Time) -> ClockStart {
        ClockStart {
            at,
            since: Some(Instant::now()),
        }
    }

    /// `at`, for good: what is asked of an incident that is over is the same each time.
    pub fn still(at: Time) -> ClockStart {
        ClockStart { at, since: None }
    }

    /// The time at which it began.
    pub fn start(&self) -> Time {
        self.at
    }

    /// What it shows now.
    pub fn read(&self) -> Time {
        let Some(since) = self.since else {
            return self.at;
        };
        self.at
            .plus_micros(u64::try_from(since.elapsed().as_micros()).unwrap_or(u64::MAX))
    }
}

/// One clock, shared by the step's `clock` and by WASI's clocks.
#[derive(Clone, Debug)]
pub(crate) struct Clock(Arc<Mutex<Readings>>);

#[derive(Debug)]
struct Readings {
    hand: Hand,
    kept: Vec<Time>,
    /// Readings that are kept at the most; WASI's clocks cannot refuse, so beyond them the last
    /// one is repeated and the run is stopped at the next occasion.
    max: usize,
    stop: Option<Stop>,
}

#[derive(Debug)]
enum Hand {
    Live(ClockStart),
    /// The record's readings; where they end, the run differs from its record.
    Tape(Vec<Time>),
    /// The same for a changed step, which may look more often: the last one is repeated.
    Against(Vec<Time>),
}

impl Clock {
    pub(crate) fn live(start: ClockStart, limits: &crate::Limits) -> Clock {
        Clock::new(Hand::Live(start), vec![start.start()], limits)
    }

    pub(crate) fn tape(readings: &[Time], exact: bool, limits: &crate::Limits) -> Clock {
        let start = readings.first().copied().unwrap_or_default();
        let readings = readings.to_vec();
        let hand = if exact {
            Hand::Tape(readings)
        } else {
            Hand::Against(readings)
        };
        Clock::new(hand, vec![start], limits)
    }

    fn new(hand: Hand, kept: Vec<Time>, limits: &crate::Limits) -> Clock {
        let max = usize::try_from(limits.host_calls_max)
            .unwrap_or(usize::MAX)
            .saturating_add(1);
        Clock(Arc::new(Mutex::new(Readings {
            hand,
            kept,
            max,
            stop: None,
        })))
    }

    fn with<T>(&self, f: impl FnOnce(&mut Readings) -> T) -> T {
        // Nothing in here panics while it holds the lock, so a poisoned one is as good.
        f(&mut self.0.lock().unwrap_or_else(PoisonError::into_inner))
    }

    /// What the guest sees; kept.
    pub(crate) fn read(&self) -> Time {
        self.with(Readings::read)
    }

    /// What the guest saw first.
    pub(crate) fn start(&self) -> Time {
        self.with(|readings| readings.kept.first().copied().unwrap_or_default())
    }

    /// For the host's own use: not kept, not seen by the guest.
    pub(crate) fn stamp(&self) -> Time {
        self.with(|readings| match &readings.hand {
            Hand::Live(start) => start.read(),
            Hand::Tape(_) | Hand::Against(_) => readings.kept.last().copied().unwrap_or_default(),
        })
    }

    /// Why the run must stop, where a reading could not say it.
    pub(crate) fn stop(&self) -> Result<(), Stop> {
        self.with(|readings| readings.stop.clone().map_or(Ok(()), Err))
    }

    /// All readings; where the record goes on, the first difference.
    pub(crate) fn end(&self) -> Result<Vec<Time>, (Vec<Time>, Difference)> {
        self.with(|readings| {
            let kept = std::mem::take(&mut readings.kept);
            match &readings.hand {
                Hand::Tape(tape) if tape.len() > kept.len() => {
                    let difference = Difference::clock(Some(tape.len() - 1), Some(kept.len() - 1));
                    Err((kept, difference))
                }
                Hand::Tape(_) | Hand::Against(_) | Hand::Live(_) => Ok(kept),
            }
        })
    }
}

impl Readings {
    fn read(&mut self) -> Time {
        let last = self.kept.last().copied().unwrap_or_default();
        if self.kept.len() >= self.max {
            let limit = (self.max - 1) as u64;
            let reached = Reached {
                which: LimitName::HostCalls,
                limit,
                reached: limit + 1,
            };
            self.stop.get_or_insert(Stop::Limit(reached));
            return last;
        }
        let next = self.kept.len();
        let time = match &self.hand {
            Hand::Live(start) => start.read(),
            Hand::Tape(tape) | Hand::Against(tape) => match (tape.get(next), &self.hand) {
                (Some(time), _) => *time,
                (None, Hand::Tape(_)) => {
                    let difference = Difference::clock(Some(tape.len() - 1), Some(next));
                    self.stop.get_or_insert(Stop::Differs(difference));
                    last
                }
                (None, Hand::Live(_) | Hand::Against(_)) => last,
            },
        };
        self.kept.push(time);
        time
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn at(seconds: u64) -> Time {
        Time::default().plus_seconds(seconds)
    }

    #[test]
    fn a_replay_reads_the_same_times_and_no_more() {
        let clock = Clock::tape(&[at(1), at(2), at(5)], true, &crate::Limits::default());
        assert_eq!(clock.start(), at(1));
        assert_eq!((clock.read(), clock.read()), (at(2), at(5)));
        assert!(clock.stop().is_ok());
        assert_eq!(clock.read(), at(5));
        assert!(matches!(clock.stop(), Err(Stop::Differs(_))));
    }

    #[test]
    fn a_replay_that_looks_less_often_differs() {
        let clock = Clock::tape(&[at(1), at(2)], true, &crate::Limits::default());
        assert!(clock.end().is_err());
        let clock = Clock::tape(&[at(1), at(2)], false, &crate::Limits::default());
        assert_eq!(clock.end(), Ok(vec![at(1)]));
    }

    #[test]
    fn readings_are_bounded() {
        let limits = crate::Limits {
            host_calls_max: 2,
            ..crate::Limits::default()
        };
        let clock = Clock::live(ClockStart::at(at(9)), &limits);
        assert_eq!((0..2).filter(|_| clock.read() >= at(9)).count(), 2);
        assert!(clock.stop().is_ok());
        clock.read();
        assert!(matches!(clock.stop(), Err(Stop::Limit(_))));
        assert_eq!(clock.end().unwrap().len(), 3);
    }
}
