//! How a run can end that is no conclusion: the step's fault, never its verdict.

use serde::Serialize;

use crate::{limits::Reached, tape::Difference};

/// Why a run ended without a conclusion. Its record is kept all the same.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum Fault {
    /// The component trapped: `unreachable`, a division by zero, a panic.
    #[error("the step trapped: {why}")]
    Trap {
        /// WebAssembly's word for it.
        why: String,
    },
    /// It went over a bound.
    #[error("the step went over its bounds: {0}")]
    Limit(Reached),
    /// It handed over a value that is none: text that is not UTF-8, a pointer out of its memory.
    #[error("the step handed over a malformed value: {why}")]
    BadOutput {
        /// What was wrong with it.
        why: String,
    },
    /// It asked after it had proposed a change.
    #[error("the step read `{call}` after its first write: verification is a step of its own")]
    ReadAfterWrite {
        /// Which read.
        call: &'static str,
    },
    /// It did not do what its record says.
    #[error("the replay differs from its record: {0}")]
    Differs(Difference),
    /// Whoever asked for the run stopped it; nothing is said about the step.
    #[error("cancelled: {why}")]
    Cancelled {
        /// In their words.
        why: String,
    },
    /// The host could not run it; nothing is said about the step.
    #[error("the step could not be run: {why}")]
    Host {
        /// What failed.
        why: String,
    },
}

/// The kind of a [`Fault`], for records and exit codes.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum FaultKind {
    /// [`Fault::Trap`].
    Trap,
    /// [`Fault::Limit`].
    Limit,
    /// [`Fault::BadOutput`].
    BadOutput,
    /// [`Fault::ReadAfterWrite`].
    ReadAfterWrite,
    /// [`Fault::Differs`].
    Differs,
    /// [`Fault::Cancelled`].
    Cancelled,
    /// [`Fault::Host`].
    Host,
}

impl FaultKind {
    /// Its word, as documents and spans use it.
    pub fn word(self) -> &'static str {
        match self {
            FaultKind::Trap => "trap",
            FaultKind::Limit => "limit",
            FaultKind::BadOutput => "bad_output",
            FaultKind::ReadAfterWrite => "read_after_write",
            FaultKind::Differs => "differs",
            FaultKind::Cancelled => "cancelled",
            FaultKind::Host => "host",
        }
    }
}

impl Fault {
    /// Its kind.
    pub fn kind(&self) -> FaultKind {
        match self {
            Fault::Trap { .. } => FaultKind::Trap,
            Fault::Limit(_) => FaultKind::Limit,
            Fault::BadOutput { .. } => FaultKind::BadOutput,
            Fault::ReadAfterWrite { .. } => FaultKind::ReadAfterWrite,
            Fault::Differs(_) => FaultKind::Differs,
            Fault::Cancelled { .. } => FaultKind::Cancelled,
            Fault::Host { .. } => FaultKind::Host,
        }
    }
}

/// The host's own reason to end a guest, carried through wasmtime's error.
#[derive(Clone, Debug, thiserror::Error)]
pub(crate) enum Stop {
    #[error("{0}")]
    Limit(Reached),
    #[error("read `{0}` after the first write")]
    ReadAfterWrite(&'static str),
    #[error("{0}")]
    Differs(Difference),
    #[error("{0}")]
    Host(String),
}

/// When the error came.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Phase {
    /// While the component's instances were made.
    Instantiate,
    /// While its function ran, or its result was read.
    Call,
}

/// wasmtime's own words where the copied bytes ran out. Its error has no public type; the hostile
/// tests fail should the words change.
const LIFT_WORDS: &str = "fuel allocated for hostcalls has been exhausted";

/// Turns wasmtime's error into the fault, by type where there is one, and by what was armed.
pub(crate) fn fault(error: &wasmtime::Error, phase: Phase, limits: &crate::Limits) -> Fault {
    use crate::limits::LimitName;
    if let Some(stop) = error.downcast_ref::<Stop>() {
        return match stop {
            Stop::Limit(reached) => Fault::Limit(*reached),
            Stop::ReadAfterWrite(call) => Fault::ReadAfterWrite { call },
            Stop::Differs(difference) => Fault::Differs(difference.clone()),
            Stop::Host(why) => Fault::Host { why: why.clone() },
        };
    }
    let over = |which, limit: u64| {
        Fault::Limit(Reached {
            which,
            limit,
            reached: limit.saturating_add(1),
        })
    };
    if let Some(trap) = error.downcast_ref::<wasmtime::Trap>() {
        return match trap {
            wasmtime::Trap::OutOfFuel => over(LimitName::Fuel, limits.fuel_max),
            trap => Fault::Trap {
                why: trap.to_string(),
            },
        };
    }
    if let Some(exit) = error.downcast_ref::<wasmtime_wasi::I32Exit>() {
        return Fault::Trap {
            why: format!("exited with status {}", exit.0),
        };
    }
    if error
        .downcast_ref::<wasmtime::PoolConcurrencyLimitError>()
        .is_some()
    {
        return Fault::Host {
            why: "the pool of instances is used up".to_owned(),
        };
    }
    if error
        .chain()
        .any(|cause| cause.to_string().contains(LIFT_WORDS))
    {
        return over(LimitName::Lifted, limits.lifted_bytes_max);
    }
    let system = |cause: &(dyn std::error::Error + 'static)| {
        cause.is::<std::io::Error>() || cause.is::<rustix::io::Errno>()
    };
    match phase {
        // The host has no room for the step's memory: nothing is said about the step.
        Phase::Instantiate if error.chain().any(system) => Fault::Host {
            why: format!("{error:#}"),
        },
        // Memories, tables and their sizes are checked by types of ours: what is left untyped here
        // is wasmtime's count of instances.
        Phase::Instantiate => over(LimitName::Instances, limits.instances_max),
        Phase::Call => Fault::BadOutput {
            why: error.root_cause().to_string(),
        },
    }
}
