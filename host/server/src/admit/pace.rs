//! How much each caller asks, held against what the policy lets them.
//! Not a queue: what is over a limit is refused at once, with when to come back.
//! Invariant: within any minute no caller passes more than its limit; callers never share one.

use std::collections::{BTreeMap, VecDeque};
use std::sync::{Arc, Mutex, PoisonError};
use std::time::{Duration, Instant};

use super::Admitted;
use crate::desk::{Code, Refusal};

const MINUTE: Duration = Duration::from_secs(60);
/// Callers that are kept; the policy names fewer, so only a caller without a line can be pushed out.
const CALLERS_MAX: usize = 4096;

/// Every caller's last minute, and the runs that go on.
#[derive(Clone, Debug, Default)]
pub struct Pace {
    callers: Arc<Mutex<BTreeMap<String, Asked>>>,
}

#[derive(Debug, Default)]
struct Asked {
    calls: Minute,
    runs: Minute,
    running: u32,
}

/// A minute in counts of a second each: a bound on memory, whatever the limit is.
#[derive(Debug, Default)]
struct Minute {
    seconds: VecDeque<(Instant, u32)>,
}

impl Minute {
    /// Counts one, or says how long until one fits.
    fn take(&mut self, limit: u32, now: Instant) -> Result<(), Duration> {
        // A count is as young as its last call, which may be a second younger than its beginning.
        let old = |begun: Instant| now.saturating_duration_since(begun) >= MINUTE + SECOND;
        while self.seconds.front().is_some_and(|(begun, _)| old(*begun)) {
            self.seconds.pop_front();
        }
        let sum: u64 = self
            .seconds
            .iter()
            .map(|(_, count)| u64::from(*count))
            .sum();
        if sum >= u64::from(limit) {
            let first = self.seconds.front().map_or(now, |(begun, _)| *begun);
            let waited = now.saturating_duration_since(first);
            return Err((MINUTE + SECOND).saturating_sub(waited));
        }
        match self.seconds.back_mut() {
            Some((begun, count)) if now.saturating_duration_since(*begun) < SECOND => *count += 1,
            _ => self.seconds.push_back((now, 1)),
        }
        Ok(())
    }
}

const SECOND: Duration = Duration::from_secs(1);

/// A run that counts as going on for as long as this lives.
#[derive(Debug)]
#[must_use = "the run counts for as long as this lives"]
pub struct RunPermit {
    callers: Arc<Mutex<BTreeMap<String, Asked>>>,
    key: String,
}

impl Drop for RunPermit {
    fn drop(&mut self) {
        let mut callers = self.callers.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some(asked) = callers.get_mut(&self.key) {
            asked.running = asked.running.saturating_sub(1);
        }
    }
}

impl Pace {
    /// Counts a call of any kind.
    pub fn call(&self, who: &Admitted, now: Instant) -> Result<(), Refusal> {
        let limit = who.limits.calls_per_minute;
        self.with(who, |asked| asked.calls.take(limit, now))
            .map_err(|wait| over("calls_per_minute", limit, wait))
    }

    /// Counts a run that begins; it goes on until the permit is dropped.
    pub fn run(&self, who: &Admitted, now: Instant) -> Result<RunPermit, Refusal> {
        let limits = who.limits;
        self.with(who, |asked| {
            if asked.running >= limits.runs_at_once {
                let why = format!(
                    "{} runs of yours go on, and `runs_at_once` is {}",
                    asked.running, limits.runs_at_once
                );
                return Err(Refusal {
                    retry_after_s: Some(1),
                    ..Refusal::new(Code::RateLimited, why)
                        .rule("runs_at_once")
                        .next("wait for one of them to end, or cancel one")
                });
            }
            asked
                .runs
                .take(limits.runs_per_minute, now)
                .map_err(|wait| over("runs_per_minute", limits.runs_per_minute, wait))?;
            asked.running += 1;
            Ok(())
        })?;
        Ok(RunPermit {
            callers: Arc::clone(&self.callers),
            key: who.key().to_owned(),
        })
    }

    fn with<T>(&self, who: &Admitted, take: impl FnOnce(&mut Asked) -> T) -> T {
        let mut callers = self.callers.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some(asked) = callers.get_mut(who.key()) {
            return take(asked);
        }
        if callers.len() >= CALLERS_MAX {
            callers.retain(|_, asked| asked.running > 0);
        }
        take(callers.entry(who.key().to_owned()).or_default())
    }
}

fn over(rule: &'static str, limit: u32, wait: Duration) -> Refusal {
    let seconds = wait.as_secs() + u64::from(wait.subsec_nanos() > 0);
    Refusal {
        retry_after_s: Some(seconds.max(1)),
        ..Refusal::new(
            Code::RateLimited,
            format!("`{rule}` of this caller is {limit}"),
        )
        .rule(rule)
        .next("ask again later: nothing is queued")
    }
}

#[cfg(test)]
mod tests {
    use interlock_gate::{plan::Requester, policy::Pattern};
    use interlock_runner::caller::Caller;

    use super::*;
    use crate::admit::Limits;

    fn who(name: &str) -> Admitted {
        Admitted {
            caller: Caller {
                requester: Requester {
                    caller: Some(name.to_owned()),
                    via: format!("bearer:{name}"),
                    unattended: true,
                },
                owner: None,
            },
            read_only: false,
            runbooks: vec![Pattern::parse("*").unwrap()],
            limits: Limits {
                calls_per_minute: 3,
                runs_per_minute: 2,
                runs_at_once: 1,
            },
        }
    }

    #[test]
    fn a_caller_over_its_limit_is_refused_while_another_works() {
        let (pace, start) = (Pace::default(), Instant::now());
        for _ in 0..3 {
            pace.call(&who("loud"), start).unwrap();
        }
        for _ in 0..10_000 {
            let refused = pace.call(&who("loud"), start).unwrap_err();
            assert_eq!(refused.code, Code::RateLimited);
        }
        pace.call(&who("calm"), start).unwrap();
    }

    #[test]
    fn what_was_refused_says_when_it_fits_and_then_fits() {
        let (pace, start) = (Pace::default(), Instant::now());
        for second in 0..3 {
            let at = start + Duration::from_secs(10 * second);
            pace.call(&who("a"), at).unwrap();
        }
        let at = start + Duration::from_secs(30);
        let refused = pace.call(&who("a"), at).unwrap_err();
        let wait = refused.retry_after_s.unwrap();
        assert_eq!(wait, 31);
        assert!(
            pace.call(&who("a"), at + Duration::from_secs(wait - 2))
                .is_err()
        );
        pace.call(&who("a"), at + Duration::from_secs(wait))
            .unwrap();
    }

    #[test]
    fn a_limit_holds_within_any_minute_however_calls_fall() {
        let (pace, start) = (Pace::default(), Instant::now());
        let mut passed: Vec<u64> = Vec::new();
        for ms in (0..300_000).step_by(170) {
            if pace
                .call(&who("a"), start + Duration::from_millis(ms))
                .is_ok()
            {
                passed.push(ms);
            }
        }
        assert!(passed.len() >= 12, "{passed:?}");
        for window in passed.windows(4) {
            assert!(window[3] - window[0] >= 60_000, "{window:?}");
        }
    }

    #[test]
    fn a_run_counts_until_its_permit_is_dropped() {
        let (pace, now) = (Pace::default(), Instant::now());
        let first = pace.run(&who("a"), now).unwrap();
        let refused = pace.run(&who("a"), now).unwrap_err();
        assert_eq!(refused.rule.as_deref(), Some("runs_at_once"));
        drop(first);
        let second = pace.run(&who("a"), now).unwrap();
        drop(second);
        let refused = pace.run(&who("a"), now).unwrap_err();
        assert_eq!(refused.rule.as_deref(), Some("runs_per_minute"));
    }
}
