//! The calls of a run: which there are, and what is kept of each.
//!
//! One line of `reads!` is one function of `interlock:read`; everything that
//! must know all of them is made from that list.

use std::{fmt, str::FromStr};

use interlock_gate::{
    canonical::{self, NotCanonical},
    ids::{CallDigest, CallId},
    time::Time,
};
use serde::{Deserialize, Deserializer, Serialize, Serializer, de::Error as _};
use serde_json::Value;

use crate::read::{
    AnswerLimit, Gap, Read, Readers, Soon, Unchecked, alerts, changes, database, http_probe,
    incidents, logs, metrics, topology, workloads,
};

/// Bytes of one recorded call's canonical form. Above the largest answer that a
/// policy can allow, so that every answer that was given can be kept.
pub const RECORDED_BYTES_MAX: usize = 32 * 1024 * 1024;

/// A text that names no call of `interlock:read`.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("`{text}` is not a read call")]
pub struct UnknownCall {
    text: String,
}

macro_rules! reads {
    ($($Call:ident = $name:literal: $reader:ident.$method:ident($Ask:ty) -> $Answer:ty;)*) => {
        /// One function of `interlock:read`.
        #[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
        pub enum ReadCall {
            $(#[doc = concat!("`", $name, "`.")] $Call,)*
        }

        impl ReadCall {
            /// All of them.
            pub const ALL: &[ReadCall] = &[$(ReadCall::$Call),*];

            /// Its name in policies and on screens, such as `database.sessions`.
            pub const fn name(self) -> &'static str {
                match self { $(ReadCall::$Call => $name,)* }
            }
        }

        impl FromStr for ReadCall {
            type Err = UnknownCall;

            fn from_str(text: &str) -> Result<ReadCall, UnknownCall> {
                match text {
                    $($name => Ok(ReadCall::$Call),)*
                    other => Err(UnknownCall { text: other.chars().take(64).collect() }),
                }
            }
        }

        /// A question, of any call.
        #[derive(Clone, Debug, PartialEq)]
        pub enum Ask {
            $(#[doc = concat!("Of `", $name, "`.")] $Call($Ask),)*
        }

        impl Ask {
            /// Of which call.
            pub const fn call(&self) -> ReadCall {
                match self { $(Ask::$Call(_) => ReadCall::$Call,)* }
            }

            /// Asks; the answer is of the same call.
            pub fn start(
                self,
                readers: &Readers,
                limit: AnswerLimit,
            ) -> Soon<'static, Result<Answer, Unchecked>> {
                match self {
                    $(Ask::$Call(ask) => {
                        let answer = $Call::start(readers, ask, limit);
                        Box::pin(async move { answer.await.map(Answer::$Call) })
                    })*
                }
            }

            /// Reads the JSON that [`Serialize`] writes.
            pub fn from_json(call: ReadCall, json: Value) -> Result<Ask, serde_json::Error> {
                match call { $(ReadCall::$Call => serde_json::from_value(json).map(Ask::$Call),)* }
            }
        }

        /// The question alone; which call it is of stands beside it.
        impl Serialize for Ask {
            fn serialize<S: Serializer>(&self, to: S) -> Result<S::Ok, S::Error> {
                match self { $(Ask::$Call(ask) => ask.serialize(to),)* }
            }
        }

        /// An answer, of any call.
        #[derive(Clone, Debug, PartialEq)]
        pub enum Answer {
            $(#[doc = concat!("Of `", $name, "`.")] $Call($Answer),)*
        }

        impl Answer {
            /// Of which call.
            pub const fn call(&self) -> ReadCall {
                match self { $(Answer::$Call(_) => ReadCall::$Call,)* }
            }

            /// Reads the JSON that [`Serialize`] writes.
            pub fn from_json(call: ReadCall, json: Value) -> Result<Answer, serde_json::Error> {
                match call { $(ReadCall::$Call => serde_json::from_value(json).map(Answer::$Call),)* }
            }
        }

        /// The answer alone; which call it is of stands beside it.
        impl Serialize for Answer {
            fn serialize<S: Serializer>(&self, to: S) -> Result<S::Ok, S::Error> {
                match self { $(Answer::$Call(answer) => answer.serialize(to),)* }
            }
        }

        $(
            #[doc = concat!("The read `", $name, "`.")]
            #[derive(Clone, Copy, Debug)]
            pub struct $Call;

            impl Read for $Call {
                const CALL: ReadCall = ReadCall::$Call;
                type Ask = $Ask;
                type Answer = $Answer;

                fn start(
                    readers: &Readers,
                    ask: $Ask,
                    limit: AnswerLimit,
                ) -> Soon<'static, Result<$Answer, Unchecked>> {
                    match &readers.$reader {
                        Some(reader) => reader.$method(ask, limit),
                        None => Box::pin(std::future::ready(Err(no_source(ReadCall::$Call)))),
                    }
                }

                fn ask(ask: $Ask) -> Ask {
                    Ask::$Call(ask)
                }

                fn answer(answer: $Answer) -> Answer {
                    Answer::$Call(answer)
                }

                fn recorded(answer: &Answer) -> Option<&$Answer> {
                    match answer {
                        Answer::$Call(answer) => Some(answer),
                        _ => None,
                    }
                }
            }
        )*
    };
}

reads! {
    MetricsInstant = "metrics.instant": metrics.instant(metrics::InstantAsk) -> metrics::Instant;
    MetricsRange = "metrics.range": metrics.range(metrics::RangeAsk) -> metrics::Matrix;
    LogsSearch = "logs.search": logs.search(logs::SearchAsk) -> logs::LogLines;
    AlertsList = "alerts.list": alerts.list(alerts::AlertsAsk) -> alerts::AlertList;
    ChangesList = "changes.list": changes.list(changes::ChangesAsk) -> changes::ChangeList;
    TopologyServices = "topology.services": topology.services(topology::ServicesAsk) -> topology::ServiceList;
    DatabaseSessions = "database.sessions": database.sessions(database::DatabaseAsk) -> database::Sessions;
    DatabaseLocks = "database.locks": database.locks(database::DatabaseAsk) -> database::Locks;
    DatabasePreparedTransactions = "database.prepared_transactions":
        database.prepared_transactions(database::DatabaseAsk) -> database::PreparedTransactions;
    DatabaseReplicationSlots = "database.replication_slots":
        database.replication_slots(database::DatabaseAsk) -> database::ReplicationSlots;
    DatabaseSettings = "database.settings": database.settings(database::DatabaseAsk) -> database::Settings;
    WorkloadsDescribe = "workloads.describe": workloads.describe(workloads::DescribeAsk) -> workloads::WorkloadList;
    WorkloadsEvents = "workloads.events": workloads.events(workloads::EventsAsk) -> workloads::WorkloadEventList;
    IncidentsSimilar = "incidents.similar": incidents.similar(incidents::SimilarAsk) -> incidents::PastIncidentList;
    HttpProbeProbe = "http_probe.probe": http_probe.probe(http_probe::ProbeAsk) -> http_probe::ProbeResult;
}

fn no_source(call: ReadCall) -> Gap {
    Gap::NoSource(format!("none is configured for `{}`", call.interface()))
}

impl ReadCall {
    /// The interface it belongs to, as policies name it, such as `http-probe`.
    pub const fn interface(self) -> &'static str {
        match self {
            ReadCall::MetricsInstant | ReadCall::MetricsRange => "metrics",
            ReadCall::LogsSearch => "logs",
            ReadCall::AlertsList => "alerts",
            ReadCall::ChangesList => "changes",
            ReadCall::TopologyServices => "topology",
            ReadCall::DatabaseSessions
            | ReadCall::DatabaseLocks
            | ReadCall::DatabasePreparedTransactions
            | ReadCall::DatabaseReplicationSlots
            | ReadCall::DatabaseSettings => "database",
            ReadCall::WorkloadsDescribe | ReadCall::WorkloadsEvents => "workloads",
            ReadCall::IncidentsSimilar => "incidents",
            ReadCall::HttpProbeProbe => "http-probe",
        }
    }
}

impl fmt::Display for ReadCall {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.name())
    }
}

impl Serialize for ReadCall {
    fn serialize<S: Serializer>(&self, to: S) -> Result<S::Ok, S::Error> {
        to.serialize_str(self.name())
    }
}

impl<'de> Deserialize<'de> for ReadCall {
    fn deserialize<D: Deserializer<'de>>(from: D) -> Result<ReadCall, D::Error> {
        String::deserialize(from)?.parse().map_err(D::Error::custom)
    }
}

impl Ask {
    /// The source it is put to, as the `targets` of a read grant name it.
    pub fn target(&self) -> &str {
        match self {
            Ask::MetricsInstant(_) | Ask::MetricsRange(_) => "prometheus",
            Ask::LogsSearch(ask) => &ask.source,
            Ask::AlertsList(_) => "alertmanager",
            Ask::ChangesList(_) => "changes",
            Ask::TopologyServices(_) => "topology",
            Ask::DatabaseSessions(ask)
            | Ask::DatabaseLocks(ask)
            | Ask::DatabasePreparedTransactions(ask)
            | Ask::DatabaseReplicationSlots(ask)
            | Ask::DatabaseSettings(ask) => &ask.server,
            Ask::WorkloadsDescribe(ask) => &ask.cluster,
            Ask::WorkloadsEvents(ask) => &ask.cluster,
            Ask::IncidentsSimilar(_) => "incident",
            Ask::HttpProbeProbe(ask) => &ask.name,
        }
    }
}

impl Answer {
    /// How many items it lists; 0 where it is one whole.
    pub fn items(&self) -> usize {
        match self {
            Answer::MetricsInstant(it) => it.samples.len(),
            Answer::MetricsRange(it) => it.series.len(),
            Answer::LogsSearch(it) => it.lines.len(),
            Answer::AlertsList(it) => it.alerts.len(),
            Answer::ChangesList(it) => it.changes.len(),
            Answer::TopologyServices(it) => it.services.len(),
            Answer::DatabaseSessions(it) => it.sessions.len(),
            Answer::DatabaseLocks(it) => it.locks.len(),
            Answer::DatabasePreparedTransactions(it) => it.transactions.len(),
            Answer::DatabaseReplicationSlots(it) => it.slots.len(),
            Answer::WorkloadsDescribe(it) => it.workloads.len(),
            Answer::WorkloadsEvents(it) => it.events.len(),
            Answer::IncidentsSimilar(it) => it.incidents.len(),
            Answer::DatabaseSettings(_) | Answer::HttpProbeProbe(_) => 0,
        }
    }

    /// Whether `item` can be cited: one of its items, or 0 for the whole.
    pub fn has_item(&self, item: u32) -> bool {
        item == 0 || usize::try_from(item).is_ok_and(|item| item < self.items())
    }
}

/// One call of a run, as its cassette, its plan's evidence and its screens see it.
///
/// As JSON: `id`, `call`, `ask`, one of `answer` and `gap` (the other is null),
/// `asked_at`, `answered_at`.
#[derive(Clone, Debug, PartialEq)]
pub struct Recorded {
    /// Its id, to be cited.
    pub id: CallId,
    /// What was asked.
    pub ask: Ask,
    /// What came.
    pub answer: Result<Answer, Gap>,
    /// When it was asked.
    pub asked_at: Time,
    /// When the answer, or the lack of one, was known.
    pub answered_at: Time,
}

impl Recorded {
    /// Which call.
    pub fn call(&self) -> ReadCall {
        self.ask.call()
    }

    /// The bytes that its digest is taken of.
    pub fn canonical(&self) -> Result<Vec<u8>, NotCanonical> {
        canonical::to_bytes_within(self, RECORDED_BYTES_MAX)
    }

    /// SHA-256 of [`Self::canonical`].
    pub fn digest(&self) -> Result<CallDigest, NotCanonical> {
        Ok(CallDigest::of(&self.canonical()?))
    }
}

#[derive(Serialize)]
struct Written<'a> {
    id: CallId,
    call: ReadCall,
    ask: &'a Ask,
    answer: Option<&'a Answer>,
    gap: Option<&'a Gap>,
    asked_at: Time,
    answered_at: Time,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct ReadBack {
    id: CallId,
    call: ReadCall,
    ask: Value,
    answer: Option<Value>,
    gap: Option<Gap>,
    asked_at: Time,
    answered_at: Time,
}

impl Serialize for Recorded {
    fn serialize<S: Serializer>(&self, to: S) -> Result<S::Ok, S::Error> {
        Written {
            id: self.id,
            call: self.call(),
            ask: &self.ask,
            answer: self.answer.as_ref().ok(),
            gap: self.answer.as_ref().err(),
            asked_at: self.asked_at,
            answered_at: self.answered_at,
        }
        .serialize(to)
    }
}

impl<'de> Deserialize<'de> for Recorded {
    fn deserialize<D: Deserializer<'de>>(from: D) -> Result<Recorded, D::Error> {
        let it = ReadBack::deserialize(from)?;
        let answer = match (it.answer, it.gap) {
            (Some(json), None) => Ok(Answer::from_json(it.call, json).map_err(D::Error::custom)?),
            (None, Some(gap)) => Err(gap),
            (None, None) => return Err(D::Error::custom("a call has an answer or a gap")),
            (Some(_), Some(_)) => {
                return Err(D::Error::custom("a call has an answer or a gap, not both"));
            }
        };
        Ok(Recorded {
            id: it.id,
            ask: Ask::from_json(it.call, it.ask).map_err(D::Error::custom)?,
            answer,
            asked_at: it.asked_at,
            answered_at: it.answered_at,
        })
    }
}
