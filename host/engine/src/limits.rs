//! What one run may use up, and how it is told that a bound was met.

use std::{fmt, time::Duration};

use interlock_gate::policy::Sandbox;
use serde::Serialize;
use wasmtime::ResourceLimiter;

use crate::fault::Stop;

/// The bounds of one run, as the policy's `[sandbox]` says them.
pub type Limits = Sandbox;

/// Which bound.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum LimitName {
    /// Linear memory of all instances, in bytes.
    Memory,
    /// The whole run, in milliseconds.
    WallTime,
    /// Instructions, in fuel.
    Fuel,
    /// Calls to the host.
    HostCalls,
    /// What the step returns, and each text that it logs, in bytes.
    Output,
    /// What the host copies out of the component in one call, in bytes.
    Lifted,
    /// What the record of the run holds, in bytes.
    Cassette,
    /// Elements of all tables.
    TableElements,
    /// Core instances.
    Instances,
    /// Core tables.
    Tables,
    /// Core memories.
    Memories,
    /// Results asked for and not yet dropped.
    Pending,
    /// Write calls.
    Writes,
    /// The component's own size, in bytes.
    Component,
}

impl LimitName {
    /// The key of `[sandbox]` that sets it.
    pub const fn key(self) -> &'static str {
        match self {
            LimitName::Memory => "memory",
            LimitName::WallTime => "wall_time",
            LimitName::Fuel => "fuel",
            LimitName::HostCalls => "host_calls",
            LimitName::Output => "output",
            LimitName::Lifted => "lifted",
            LimitName::Cassette => "cassette",
            LimitName::TableElements => "table_elements",
            LimitName::Instances => "instances",
            LimitName::Tables => "tables",
            LimitName::Memories => "memories",
            LimitName::Pending => "pending",
            LimitName::Writes => "writes",
            LimitName::Component => "component",
        }
    }

    /// What it counts.
    const fn unit(self) -> &'static str {
        match self {
            LimitName::Memory
            | LimitName::Output
            | LimitName::Lifted
            | LimitName::Cassette
            | LimitName::Component => " bytes",
            LimitName::WallTime => " ms",
            LimitName::Fuel
            | LimitName::HostCalls
            | LimitName::TableElements
            | LimitName::Instances
            | LimitName::Tables
            | LimitName::Memories
            | LimitName::Pending
            | LimitName::Writes => "",
        }
    }
}

/// A bound, and what would have gone over it.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
pub struct Reached {
    /// Which bound.
    pub which: LimitName,
    /// Its value, in the unit of [`LimitName`].
    pub limit: u64,
    /// What was reached: at least this much, in the same unit.
    pub reached: u64,
}

impl fmt::Display for Reached {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Reached {
            which,
            limit,
            reached,
        } = self;
        write!(
            f,
            "limit `{}` is {limit}{unit}, reached {reached}{unit}",
            which.key(),
            unit = which.unit()
        )
    }
}

impl Reached {
    /// `Err` where `reached` is above `limit`.
    pub(crate) fn check(which: LimitName, limit: u64, reached: u64) -> Result<(), Reached> {
        if reached > limit {
            Err(Reached {
                which,
                limit,
                reached,
            })
        } else {
            Ok(())
        }
    }
}

/// The whole run's time.
pub(crate) fn wall_time(limits: &Limits) -> Duration {
    Duration::from_millis(limits.wall_time_ms_max)
}

/// Counts memory and table growth over all instances of one store.
#[derive(Debug)]
pub(crate) struct Growth {
    memory: Total,
    table: Total,
    instances_max: usize,
    tables_max: usize,
    memories_max: usize,
}

/// A sum under a bound, and what was added last, to be taken back where the growth then failed.
#[derive(Debug)]
struct Total {
    which: LimitName,
    max: u64,
    now: u64,
    last: u64,
}

impl Total {
    fn new(which: LimitName, max: u64) -> Total {
        Total {
            which,
            max,
            now: 0,
            last: 0,
        }
    }

    fn grow(
        &mut self,
        current: usize,
        desired: usize,
        declared: Option<usize>,
    ) -> wasmtime::Result<bool> {
        if declared.is_some_and(|declared| desired > declared) {
            self.last = 0;
            return Ok(false); // the guest's own maximum: its growth fails, it may go on
        }
        let more = desired.saturating_sub(current) as u64;
        let reached = self.now.saturating_add(more);
        Reached::check(self.which, self.max, reached).map_err(Stop::Limit)?;
        self.now = reached;
        self.last = more;
        Ok(true)
    }

    fn failed(&mut self) {
        self.now -= std::mem::take(&mut self.last).min(self.now);
    }
}

impl Growth {
    pub(crate) fn new(limits: &Limits) -> Growth {
        let count = |n: u64| usize::try_from(n).unwrap_or(usize::MAX);
        Growth {
            memory: Total::new(LimitName::Memory, limits.memory_bytes_max),
            table: Total::new(LimitName::TableElements, limits.table_elements_max),
            instances_max: count(limits.instances_max),
            tables_max: count(limits.tables_max),
            memories_max: count(limits.memories_max),
        }
    }
}

/// A growth over the bound is an error and ends the run: a guest that was merely told "no" would
/// end in a trap of its own, and nobody could say which bound it was.
impl ResourceLimiter for Growth {
    fn memory_growing(
        &mut self,
        current: usize,
        desired: usize,
        maximum: Option<usize>,
    ) -> wasmtime::Result<bool> {
        self.memory.grow(current, desired, maximum)
    }

    fn memory_grow_failed(&mut self, _error: wasmtime::Error) -> wasmtime::Result<()> {
        self.memory.failed();
        Ok(())
    }

    fn table_growing(
        &mut self,
        current: usize,
        desired: usize,
        maximum: Option<usize>,
    ) -> wasmtime::Result<bool> {
        self.table.grow(current, desired, maximum)
    }

    fn table_grow_failed(&mut self, _error: wasmtime::Error) -> wasmtime::Result<()> {
        self.table.failed();
        Ok(())
    }

    fn instances(&self) -> usize {
        self.instances_max
    }

    fn tables(&self) -> usize {
        self.tables_max
    }

    fn memories(&self) -> usize {
        self.memories_max
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn memory_is_summed_over_instances() {
        let limits = Limits {
            memory_bytes_max: 100,
            ..Limits::default()
        };
        let mut growth = Growth::new(&limits);
        assert!(growth.memory_growing(0, 60, None).unwrap());
        assert!(growth.memory_growing(0, 40, None).unwrap());
        let error = growth.memory_growing(40, 41, None).unwrap_err();
        let Some(Stop::Limit(reached)) = error.downcast_ref::<Stop>() else {
            panic!("{error:?}")
        };
        assert_eq!(
            reached.to_string(),
            "limit `memory` is 100 bytes, reached 101 bytes"
        );
    }

    #[test]
    fn a_growth_that_failed_is_not_counted() {
        let limits = Limits {
            memory_bytes_max: 100,
            ..Limits::default()
        };
        let mut growth = Growth::new(&limits);
        assert!(growth.memory_growing(0, 60, None).unwrap());
        growth
            .memory_grow_failed(wasmtime::Error::msg("no room"))
            .unwrap();
        assert!(growth.memory_growing(0, 100, None).unwrap());
        assert!(!growth.memory_growing(100, 200, Some(150)).unwrap());
    }
}
