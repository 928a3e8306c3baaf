//! Alerts, changes and topology: what a run was answered first, then what was observed.

use std::sync::Arc;

use interlock_capabilities::call::{AlertsList, ChangesList, TopologyServices};
use interlock_capabilities::read::{alerts, changes, topology};
use interlock_capabilities::{AnswerLimit, Gap, ReadCall, Soon, Unchecked};

use super::calls::Calls;
use super::{at_once, not_held};
use crate::Observed;

pub(super) struct Alerts {
    /// Those that ring at the run's time.
    ringing: Option<alerts::AlertList>,
    calls: Arc<Calls>,
}

impl Alerts {
    pub(super) fn new(observed: &Observed, now: u64, calls: Arc<Calls>) -> Alerts {
        let ringing = observed.alerts.as_ref().map(|all| alerts::AlertList {
            alerts: all.iter().filter_map(|alert| ringing(alert, now)).collect(),
        });
        Alerts { ringing, calls }
    }
}

/// The alert as it was at `now`: without what was to come.
fn ringing(alert: &alerts::Alert, now: u64) -> Option<alerts::Alert> {
    let ended = match alert.ends_at {
        Some(ends) => ends <= now,
        None => alert.state == "resolved",
    };
    if alert.starts_at > now || ended {
        return None;
    }
    let mut alert = alert.clone();
    alert.ends_at = None;
    if alert.state == "resolved" {
        alert.state = "firing".to_owned();
    }
    Some(alert)
}

impl alerts::Alerts for Alerts {
    fn list(
        &self,
        ask: alerts::AlertsAsk,
        _limit: AnswerLimit,
    ) -> Soon<'static, Result<alerts::AlertList, Unchecked>> {
        at_once(match (self.calls.find::<AlertsList>(&ask), &self.ringing) {
            (Some(recorded), _) => recorded,
            (None, Some(list)) => Ok(list.clone()),
            (None, None) => Err(not_held(ReadCall::AlertsList)),
        })
    }
}

pub(super) struct Changes {
    /// Those that were made by the run's time, oldest first.
    all: Option<Vec<changes::Change>>,
    calls: Arc<Calls>,
}

impl Changes {
    pub(super) fn new(observed: &Observed, now: u64, calls: Arc<Calls>) -> Changes {
        let mut all = observed.changes.clone();
        if let Some(all) = &mut all {
            all.retain(|change| change.at <= now);
            all.sort_by_key(|change| change.at);
        }
        Changes { all, calls }
    }
}

impl changes::Changes for Changes {
    fn list(
        &self,
        ask: changes::ChangesAsk,
        _limit: AnswerLimit,
    ) -> Soon<'static, Result<changes::ChangeList, Unchecked>> {
        if let Some(recorded) = self.calls.find::<ChangesList>(&ask) {
            return at_once(recorded);
        }
        let Some(all) = &self.all else {
            return at_once(Err(not_held(ReadCall::ChangesList)));
        };
        if ask.window.begin >= ask.window.end {
            let why = "the window ends before it begins".to_owned();
            return at_once(Err(Gap::Refused(why)));
        }
        let inside =
            |change: &&changes::Change| change.at >= ask.window.begin && change.at < ask.window.end;
        at_once(Ok(changes::ChangeList {
            truncated: false,
            changes: all.iter().filter(inside).cloned().collect(),
        }))
    }
}

pub(super) struct Topology {
    all: Option<topology::ServiceList>,
    calls: Arc<Calls>,
}

impl Topology {
    pub(super) fn new(observed: &Observed, calls: Arc<Calls>) -> Topology {
        let services = observed.topology.clone();
        Topology {
            all: services.map(|services| topology::ServiceList { services }),
            calls,
        }
    }
}

impl topology::Topology for Topology {
    fn services(
        &self,
        ask: topology::ServicesAsk,
        _limit: AnswerLimit,
    ) -> Soon<'static, Result<topology::ServiceList, Unchecked>> {
        at_once(
            match (self.calls.find::<TopologyServices>(&ask), &self.all) {
                (Some(recorded), _) => recorded,
                (None, Some(list)) => Ok(list.clone()),
                (None, None) => Err(not_held(ReadCall::TopologyServices)),
            },
        )
    }
}
