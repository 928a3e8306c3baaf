//! Answers that were recorded, found by their questions.

use std::collections::HashMap;

use interlock_capabilities::call::{self, Ask};
use interlock_capabilities::read::{Window, database, http_probe, incidents, metrics, workloads};
use interlock_capabilities::{AnswerLimit, Gap, Read, Recorded, Soon, Unchecked};

use super::{at_once, not_held};

/// How far the times of a question may be from those of the recorded one: a run asks at its own
/// clock, which is never the same twice.
const NEAR_US: u64 = 60_000_000;

/// Recorded calls by what was asked, times apart.
pub(super) struct Calls {
    all: Vec<Recorded>,
    by_question: HashMap<String, Vec<usize>>,
}

/// A question's times: from, until.
type Times = (u64, u64);

impl Calls {
    pub(super) fn new(all: &[Recorded]) -> Calls {
        let mut by_question: HashMap<String, Vec<usize>> = HashMap::new();
        for (index, one) in all.iter().enumerate() {
            if let Some((question, _)) = question(one.ask.clone()) {
                by_question.entry(question).or_default().push(index);
            }
        }
        Calls {
            all: all.to_vec(),
            by_question,
        }
    }

    pub(super) fn has(&self, interface: &str) -> bool {
        self.all
            .iter()
            .any(|one| one.call().interface() == interface)
    }

    /// Recorded ranges, each with its expression.
    pub(super) fn ranges(&self) -> impl Iterator<Item = (&metrics::RangeAsk, &metrics::Matrix)> {
        self.all
            .iter()
            .filter_map(|one| match (&one.ask, &one.answer) {
                (Ask::MetricsRange(ask), Ok(call::Answer::MetricsRange(matrix))) => {
                    Some((ask, matrix))
                }
                _other => None,
            })
    }

    /// The answer, or the gap, that was recorded for this question, or for the same a moment off.
    pub(super) fn find<C: Read>(&self, ask: &C::Ask) -> Option<Result<C::Answer, Gap>> {
        if self.all.is_empty() {
            return None;
        }
        let (question, (begin, end)) = question(C::ask(ask.clone()))?;
        let found = self.by_question.get(&question)?;
        let distance = |index: &usize| {
            let one = self.all.get(*index)?;
            let (from, until) = times(&one.ask);
            Some(begin.abs_diff(from).max(end.abs_diff(until)))
        };
        let near = |index: &&usize| distance(index).is_some_and(|far| far <= NEAR_US);
        // The first of the nearest: a run may have asked twice.
        let index = found
            .iter()
            .filter(near)
            .min_by_key(|index| distance(index))?;
        match &self.all.get(*index)?.answer {
            Ok(answer) => C::recorded(answer).cloned().map(Ok),
            Err(gap) => Some(Err(gap.clone())),
        }
    }

    fn answer<C: Read>(&self, ask: &C::Ask) -> Soon<'static, Result<C::Answer, Unchecked>> {
        at_once(
            self.find::<C>(ask)
                .unwrap_or_else(|| Err(not_held(C::CALL))),
        )
    }
}

fn times(ask: &Ask) -> Times {
    match ask {
        Ask::MetricsInstant(it) => (it.at, it.at),
        Ask::MetricsRange(metrics::RangeAsk { window, .. }) => (window.begin, window.end),
        Ask::LogsSearch(it) => (it.window.begin, it.window.end),
        Ask::ChangesList(it) => (it.window.begin, it.window.end),
        Ask::WorkloadsEvents(it) => (it.window.begin, it.window.end),
        Ask::AlertsList(_)
        | Ask::TopologyServices(_)
        | Ask::DatabaseSessions(_)
        | Ask::DatabaseLocks(_)
        | Ask::DatabasePreparedTransactions(_)
        | Ask::DatabaseReplicationSlots(_)
        | Ask::DatabaseSettings(_)
        | Ask::WorkloadsDescribe(_)
        | Ask::IncidentsSimilar(_)
        | Ask::HttpProbeProbe(_) => (0, 0),
    }
}

/// The question without its times, as text, and its times.
fn question(mut ask: Ask) -> Option<(String, Times)> {
    let times = times(&ask);
    let nowhere = Window { begin: 0, end: 0 };
    match &mut ask {
        Ask::MetricsInstant(it) => it.at = 0,
        Ask::MetricsRange(it) => it.window = nowhere,
        Ask::LogsSearch(it) => it.window = nowhere,
        Ask::ChangesList(it) => it.window = nowhere,
        Ask::WorkloadsEvents(it) => it.window = nowhere,
        _timeless => {}
    }
    let text = serde_json::to_string(&ask).ok()?;
    Some((format!("{} {text}", ask.call()), times))
}

macro_rules! kept {
    ($Trait:path { $($method:ident($Ask:ty) -> $Answer:ty = $Call:ident;)* }) => {
        impl $Trait for Calls {
            $(fn $method(
                &self,
                ask: $Ask,
                _limit: AnswerLimit,
            ) -> Soon<'static, Result<$Answer, Unchecked>> {
                self.answer::<call::$Call>(&ask)
            })*
        }
    };
}

kept!(database::Database {
    sessions(database::DatabaseAsk) -> database::Sessions = DatabaseSessions;
    locks(database::DatabaseAsk) -> database::Locks = DatabaseLocks;
    prepared_transactions(database::DatabaseAsk) -> database::PreparedTransactions = DatabasePreparedTransactions;
    replication_slots(database::DatabaseAsk) -> database::ReplicationSlots = DatabaseReplicationSlots;
    settings(database::DatabaseAsk) -> database::Settings = DatabaseSettings;
});
kept!(workloads::Workloads {
    describe(workloads::DescribeAsk) -> workloads::WorkloadList = WorkloadsDescribe;
    events(workloads::EventsAsk) -> workloads::WorkloadEventList = WorkloadsEvents;
});
kept!(incidents::Incidents {
    similar(incidents::SimilarAsk) -> incidents::PastIncidentList = IncidentsSimilar;
});
kept!(http_probe::HttpProbe {
    probe(http_probe::ProbeAsk) -> http_probe::ProbeResult = HttpProbeProbe;
});
