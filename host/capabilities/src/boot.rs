//! Time since the machine started, asleep or not: nobody can set it back.

use std::time::Duration;

use rustix::time::{ClockId, clock_gettime};

/// A moment on this machine's own clock; worth nothing after a restart.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct BootTime(Duration);

impl BootTime {
    /// Now.
    pub fn now() -> BootTime {
        let now = clock_gettime(ClockId::Boottime);
        // The clock counts from 0: neither part is ever negative.
        let seconds = u64::try_from(now.tv_sec).unwrap_or(0);
        let nanos = u32::try_from(now.tv_nsec).unwrap_or(0);
        BootTime(Duration::new(seconds, nanos))
    }

    /// Later by `wait`.
    pub fn after(self, wait: Duration) -> BootTime {
        BootTime(self.0.saturating_add(wait))
    }
}
