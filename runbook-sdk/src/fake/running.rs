//! One run on the fake host: its calls, and the rules it keeps.

use std::cell::RefCell;

use crate::fake::World;
use crate::wire;

/// What can be written to.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Kind {
    Session,
    Workload,
    Alert,
    Other,
}

/// An answer, as far as the rules look at it.
pub(crate) trait Fixture: Clone {
    /// What its items are.
    const KIND: Kind;
    /// How many items it has; a whole answer is one.
    fn items(&self) -> usize;
    /// The pids of its items, where they are sessions.
    fn pids(&self) -> Vec<i32> {
        Vec::new()
    }
}

/// A call that was made.
#[derive(Debug, Clone)]
pub(crate) struct Called {
    pub(crate) asked: String,
    pub(crate) answered: bool,
    pub(crate) items: usize,
    kind: Kind,
    pids: Vec<i32>,
}

/// A write that was proposed.
#[derive(Debug, Clone, PartialEq)]
pub(crate) struct Written {
    pub(crate) capability: &'static str,
    pub(crate) seen: wire::Seen,
    pub(crate) only_if_state: Option<String>,
    pub(crate) says: String,
    pub(crate) pid: Option<i32>,
}

impl Written {
    pub(crate) fn new(capability: &'static str, seen: wire::Seen) -> Self {
        Self {
            capability,
            seen,
            only_if_state: None,
            says: String::new(),
            pid: None,
        }
    }

    pub(crate) fn only_if(mut self, state: Option<&str>) -> Self {
        self.only_if_state = state.map(str::to_owned);
        self
    }

    pub(crate) fn saying(mut self, says: String) -> Self {
        self.says = says;
        self
    }

    fn wants(&self) -> Kind {
        match self.capability {
            "database.cancel" | "database.terminate" => Kind::Session,
            "alerts.silence" => Kind::Alert,
            "notify.notify" => Kind::Other,
            _ => Kind::Workload,
        }
    }
}

/// A plan holds no more actions than a person can read.
const ACTIONS_MAX: usize = 100;

/// One run.
pub(crate) struct Running {
    pub(crate) world: World,
    log: RefCell<Log>,
}

/// What a run has done so far.
#[derive(Debug, Clone, Default)]
pub(crate) struct Log {
    pub(crate) calls: Vec<Called>,
    pub(crate) writes: Vec<Written>,
    pub(crate) notes: Vec<String>,
    /// A read after the first write was tried.
    pub(crate) read_after_write: bool,
}

impl Running {
    pub(crate) fn new(world: World, log: Log) -> Self {
        Self {
            world,
            log: RefCell::new(log),
        }
    }

    pub(crate) fn log(&self) -> Log {
        self.log.borrow().clone()
    }

    pub(crate) fn note(&self, message: &str) {
        self.log.borrow_mut().notes.push(message.to_owned());
    }

    pub(crate) fn ask<T: Fixture>(
        &self,
        asked: String,
        answer: impl FnOnce(&World) -> Result<T, wire::Gap>,
    ) -> (u64, Result<T, wire::Gap>) {
        let mut log = self.log.borrow_mut();
        let told = if log.writes.is_empty() {
            answer(&self.world)
        } else {
            log.read_after_write = true;
            Err(wire::Gap::Refused(
                "a read after the first write of a step".to_owned(),
            ))
        };
        log.calls.push(Called {
            asked,
            answered: told.is_ok(),
            items: told.as_ref().map_or(0, Fixture::items),
            kind: T::KIND,
            pids: told.as_ref().map_or_else(|_| Vec::new(), Fixture::pids),
        });
        // Calls count from 1 over the whole run.
        (log.calls.len() as u64, told)
    }

    pub(crate) fn write(&self, mut write: Written) -> Result<wire::Planned, wire::Refusal> {
        let mut log = self.log.borrow_mut();
        let wire::Seen { call, item } = write.seen;
        let no_such = || wire::Refusal::NoSuchItem(format!("c{call}[{item}]"));
        let index = usize::try_from(call)
            .ok()
            .and_then(|call| call.checked_sub(1));
        let called = index
            .and_then(|index| log.calls.get(index))
            .ok_or_else(no_such)?;
        let item = item as usize;
        if !called.answered || item >= called.items {
            return Err(no_such());
        }
        let wants = write.wants();
        if wants != Kind::Other && wants != called.kind {
            let (capability, asked) = (write.capability, &called.asked);
            let why = format!("{capability} does not write to what `{asked}` answers");
            return Err(wire::Refusal::WrongKind(why));
        }
        write.pid = called.pids.get(item).copied();
        if log.writes.len() >= ACTIONS_MAX {
            return Err(wire::Refusal::TooMany(format!(
                "a plan holds {ACTIONS_MAX} actions"
            )));
        }
        let action = u32::try_from(log.writes.len()).unwrap_or(u32::MAX);
        log.writes.push(write);
        Ok(wire::Planned { action })
    }
}

macro_rules! fixtures {
    ($($record:ident.$list:ident is $kind:ident;)*) => {$(
        impl Fixture for wire::$record {
            const KIND: Kind = Kind::$kind;

            fn items(&self) -> usize {
                self.$list.len()
            }
        }
    )*};
}

fixtures! {
    Instant.samples is Other;
    Matrix.series is Other;
    LogLines.lines is Other;
    AlertList.alerts is Alert;
    ChangeList.changes is Other;
    ServiceList.services is Other;
    Locks.locks is Other;
    PreparedTransactions.transactions is Other;
    ReplicationSlots.slots is Other;
    WorkloadList.workloads is Workload;
    WorkloadEventList.events is Other;
    PastIncidentList.incidents is Other;
}

impl Fixture for wire::Sessions {
    const KIND: Kind = Kind::Session;

    fn items(&self) -> usize {
        self.sessions.len()
    }

    fn pids(&self) -> Vec<i32> {
        self.sessions.iter().map(|session| session.pid).collect()
    }
}

impl Fixture for wire::Settings {
    const KIND: Kind = Kind::Other;

    fn items(&self) -> usize {
        1
    }
}

impl Fixture for wire::ProbeResult {
    const KIND: Kind = Kind::Other;

    fn items(&self) -> usize {
        1
    }
}
