//! The records of the contract, under one roof. The WIT files say what each
//! field means.

pub use crate::bindings::imports::interlock::read::types::{
    Alert, AlertList, Change, ChangeList, DatabaseUse, Gap, Instant, Label, Lock, Locks, LogLine,
    LogLines, Matrix, PastIncident, PastIncidentList, Point, PreparedTransaction,
    PreparedTransactions, ProbeResult, ReplicationSlot, ReplicationSlots, Sample, Series, Service,
    ServiceList, Session, Sessions, Settings, Window, Workload, WorkloadEvent, WorkloadEventList,
    WorkloadList,
};
pub use crate::bindings::imports::interlock::step::types::{
    Alert as IncidentAlert, Check, Checked, Cite, Failure, Hypothesis, Incident, Input,
    Label as IncidentLabel, Report, RuledOut, Unchecked, Verdict, Verification,
};
pub use crate::bindings::imports::interlock::write::types::{Planned, Refusal, Seen};
