//! `[sandbox]`: what a component may use up. Every bound has a default, so that none is ever
//! absent; the engine enforces them.

/// Bounds on one run of one component.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Sandbox {
    /// Linear memory of all its instances, in bytes.
    pub memory_bytes_max: u64,
    /// Whole run, host calls included, in milliseconds.
    pub wall_time_ms_max: u64,
    /// Instructions, in wasmtime's units of fuel.
    pub fuel_max: u64,
    /// Calls to the host.
    pub host_calls_max: u64,
    /// One answer of a connector, in bytes.
    pub answer_bytes_max: u64,
    /// What the step returns, and each text it logs, in bytes.
    pub output_bytes_max: u64,
    /// What the host copies out of the component in one call, in bytes.
    pub lifted_bytes_max: u64,
    /// What the cassette of one run may hold, in bytes.
    pub cassette_bytes_max: u64,
    /// Elements of all its tables.
    pub table_elements_max: u64,
    /// Core instances.
    pub instances_max: u64,
    /// Core tables.
    pub tables_max: u64,
    /// Core memories.
    pub memories_max: u64,
    /// Results asked for and not yet dropped.
    pub pending_max: u64,
    /// Size of the component, in bytes.
    pub component_bytes_max: u64,
    /// Write calls of one step.
    pub writes_max: u64,
}

impl Default for Sandbox {
    fn default() -> Self {
        const MIB: u64 = 1 << 20;
        Self {
            memory_bytes_max: 64 * MIB,
            wall_time_ms_max: 30_000,
            fuel_max: 20_000_000_000,
            host_calls_max: 10_000,
            answer_bytes_max: 4 * MIB,
            output_bytes_max: MIB,
            lifted_bytes_max: 8 * MIB,
            cassette_bytes_max: 64 * MIB,
            table_elements_max: 100_000,
            instances_max: 100,
            tables_max: 100,
            memories_max: 16,
            pending_max: 1_000,
            component_bytes_max: 64 * MIB,
            writes_max: 1_000,
        }
    }
}

/// How a key of `[sandbox]` is written.
pub(super) enum Unit {
    Size {
        min: &'static str,
        max: &'static str,
    },
    Duration {
        min: &'static str,
        max: &'static str,
    },
    Count {
        min: i64,
        max: i64,
    },
}

/// A key of `[sandbox]`, its unit and its place.
pub(super) struct Bound {
    pub(super) key: &'static str,
    pub(super) unit: Unit,
    pub(super) place: fn(&mut Sandbox) -> &mut u64,
}

const fn size(
    key: &'static str,
    min: &'static str,
    max: &'static str,
    place: fn(&mut Sandbox) -> &mut u64,
) -> Bound {
    Bound {
        key,
        unit: Unit::Size { min, max },
        place,
    }
}

const fn count(
    key: &'static str,
    min: i64,
    max: i64,
    place: fn(&mut Sandbox) -> &mut u64,
) -> Bound {
    Bound {
        key,
        unit: Unit::Count { min, max },
        place,
    }
}

/// Every key of `[sandbox]`.
pub(super) const BOUNDS: &[Bound] = &[
    size("memory", "64KiB", "4GiB", |s| &mut s.memory_bytes_max),
    Bound {
        key: "wall_time",
        unit: Unit::Duration {
            min: "10ms",
            max: "1h",
        },
        place: |s| &mut s.wall_time_ms_max,
    },
    count("fuel", 1, 1_000_000_000_000, |s| &mut s.fuel_max),
    count("host_calls", 1, 1_000_000, |s| &mut s.host_calls_max),
    size("answer", "1KiB", "256MiB", |s| &mut s.answer_bytes_max),
    size("output", "1KiB", "64MiB", |s| &mut s.output_bytes_max),
    size("lifted", "1KiB", "256MiB", |s| &mut s.lifted_bytes_max),
    size("cassette", "64KiB", "1GiB", |s| &mut s.cassette_bytes_max),
    count("table_elements", 1, 10_000_000, |s| {
        &mut s.table_elements_max
    }),
    count("instances", 1, 10_000, |s| &mut s.instances_max),
    count("tables", 1, 10_000, |s| &mut s.tables_max),
    count("memories", 1, 100, |s| &mut s.memories_max),
    count("pending", 1, 100_000, |s| &mut s.pending_max),
    size("component", "1KiB", "256MiB", |s| {
        &mut s.component_bytes_max
    }),
    count("writes", 1, 10_000, |s| &mut s.writes_max),
];
