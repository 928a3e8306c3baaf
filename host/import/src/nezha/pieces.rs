//! Names and windows: which service a pod is of, and which minutes belong to what.

use super::faults::Fault;

/// A second, in microseconds.
pub(super) const SECOND: u64 = 1_000_000;
/// Between two samples.
pub(super) const MINUTE: u64 = 60 * SECOND;
/// From a fault's injection to the window's begin: what watches a service notices no sooner.
const NOTICED: u64 = 30 * SECOND;
/// From a fault's injection to the window's end.
const LOOKED: u64 = 300 * SECOND;
/// From a fault's injection to the end of what is counted of its traces: the set records them no
/// longer, and the next fault's may follow soon.
const TRACED: u64 = 150 * SECOND;
/// From so long before an injection,
const UNCALM_BEFORE: u64 = 10 * SECOND;
/// to so long after it, no minute is usual.
const UNCALM_AFTER: u64 = 480 * SECOND;
/// What a bundle holds from before its window.
const LED_IN: u64 = 600 * SECOND;

/// The service that a pod is of: its name without what its replica set and the pod itself add.
pub(super) fn service(pod: &str) -> &str {
    let own = |part: &str, lengths: std::ops::RangeInclusive<usize>| {
        lengths.contains(&part.len())
            && part
                .bytes()
                .all(|b| b.is_ascii_lowercase() || b.is_ascii_digit())
    };
    let stripped = pod.rsplit_once('-').and_then(|(rest, last)| {
        let (name, set) = rest.rsplit_once('-')?;
        let set_like = own(set, 6..=10) && set.bytes().any(|b| b.is_ascii_digit());
        (own(last, 5..=5) && set_like && !name.is_empty()).then_some(name)
    });
    stripped.unwrap_or(pod)
}

/// Where a moment belongs.
pub(super) struct Windows<'a> {
    faults: &'a [Fault],
}

impl<'a> Windows<'a> {
    pub(super) fn of(faults: &'a [Fault]) -> Self {
        Self { faults }
    }

    /// When the window of a fault begins.
    pub(super) fn begin(fault: &Fault) -> u64 {
        fault.at + NOTICED
    }

    /// When it ends, and a run looks.
    pub(super) fn end(fault: &Fault) -> u64 {
        fault.at + LOOKED
    }

    /// Whether a moment is in no fault's reach.
    pub(super) fn calm(&self, at: u64) -> bool {
        self.faults.iter().all(|fault| {
            at < fault.at.saturating_sub(UNCALM_BEFORE) || at >= fault.at + UNCALM_AFTER
        })
    }

    /// Whether the traces of a moment are counted for a fault.
    pub(super) fn traced(fault: &Fault, at: u64) -> bool {
        Self::begin(fault) < at && at <= fault.at + TRACED
    }

    /// The faults that the traces of a moment are counted for.
    pub(super) fn within(&self, at: u64) -> impl Iterator<Item = usize> {
        self.which(move |fault| Self::traced(fault, at))
    }

    /// The faults whose bundle holds a moment: its window, and what led to it.
    pub(super) fn held(&self, at: u64) -> impl Iterator<Item = usize> {
        self.which(move |fault| {
            Self::begin(fault).saturating_sub(LED_IN) < at && at <= Self::end(fault)
        })
    }

    fn which(&self, holds: impl Fn(&Fault) -> bool) -> impl Iterator<Item = usize> {
        let faults = self.faults.iter().enumerate();
        faults.filter_map(move |(index, fault)| holds(fault).then_some(index))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_pod_is_of_the_service_that_it_is_named_after() {
        assert_eq!(
            service("ts-food-service-f5756978c-k8vqf"),
            "ts-food-service"
        );
        assert_eq!(service("frontend-579b9bff58-t2dbm"), "frontend");
        assert_eq!(service("station-food-dc4d75dd-fw6ft"), "station-food");
        assert_eq!(service("redis-0"), "redis-0");
        assert_eq!(service("mysql"), "mysql");
        assert_eq!(service("-579b9bff58-t2dbm"), "-579b9bff58-t2dbm");
    }

    #[test]
    fn no_moment_of_a_window_is_usual() {
        let faults = [Fault {
            at: 1_000 * SECOND,
            pod: String::new(),
            kind: String::new(),
        }];
        let windows = Windows::of(&faults);
        for at in (0..3_000).map(|second| second * SECOND) {
            let inside = windows.within(at).next().is_some();
            assert!(!(inside && windows.calm(at)), "{at}");
        }
        assert!(windows.calm(980 * SECOND) && !windows.calm(1_400 * SECOND));
    }
}
