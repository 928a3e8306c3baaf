//! What a new run or plan owes to earlier ones: the same id joins, the same change is asked for
//! once, a rejection holds for a while.

use std::collections::BTreeMap;

use interlock_capabilities::report::{Incident, Label};
use interlock_gate::{ids::RunId, plan::Plan};
use interlock_store::Store as _;
use serde_json::Value;

use crate::{
    error::RunError,
    incident::run_key,
    installed::Runbook,
    open::Runner,
    requests::{self, Earlier},
};

/// Plans that are looked back at.
const PLANS_MAX: usize = 500;
/// Plans that one caller may ask for with one runbook within an hour.
const PLANS_PER_HOUR_MAX: usize = 120;

/// Why a plan is not put before anybody.
pub(crate) enum HeldBack {
    /// The same change waits already.
    Waits(Box<Plan>),
    /// In words.
    Because(String),
}

/// An incident's alerts without their times: a file that names none means `now`, which is another
/// instant each time it is read.
fn alerts(incident: &Incident) -> Vec<(&str, &[Label], &[Label])> {
    incident
        .alerts
        .iter()
        .map(|alert| {
            (
                alert.name.as_str(),
                &alert.labels[..],
                &alert.annotations[..],
            )
        })
        .collect()
}

impl Runner {
    /// The run that has the caller's id, if it was asked with the same.
    pub(crate) async fn joined(
        &self,
        id_key: &str,
        runbook: &Runbook,
        incident: &Incident,
        inputs: &BTreeMap<String, Value>,
    ) -> Result<Option<RunId>, RunError> {
        let Some(run) = self.store().run_of_key(id_key).await? else {
            return Ok(None);
        };
        let record = self.run_record(&run).await?;
        let same_incident = record.incident.id == incident.id
            && record.incident.service == incident.service
            && record.incident.severity == incident.severity
            && alerts(&record.incident) == alerts(incident);
        let (_, id) = id_key.split_once('/').unwrap_or(("", id_key));
        // Alerts join a group while it rings, and who asks by its incident's own key means this run.
        let by_incident = id == run_key(&record.incident.id, &record.runbook)
            && record.incident.id == incident.id
            && record.runbook == runbook.manifest.name;
        if by_incident {
            return Ok(Some(run));
        }
        let differs = if record.runbook != runbook.manifest.name {
            Some("another runbook")
        } else if record.inputs != *inputs {
            Some("other inputs")
        } else if !same_incident {
            Some("another incident")
        } else {
            None
        };
        match differs {
            None => Ok(Some(run)),
            Some(differs) => Err(RunError::IdTaken {
                id: id.to_owned(),
                run: run.to_string(),
                differs,
            }),
        }
    }

    /// Whether a new plan is kept from its approvers.
    pub(crate) async fn held_back(&self, plan: &Plan) -> Result<Option<HeldBack>, RunError> {
        let effect = requests::effect(plan);
        let now = self.now();
        let mut recent = 0;
        for line in self.store().plans(PLANS_MAX).await? {
            if now.seconds_since(line.recorded_at) > 24 * 3600 {
                break;
            }
            let Some(earlier) = self.store().plan(&line.plan).await? else {
                continue;
            };
            let same_caller = earlier.body().requester == plan.body().requester
                && earlier.body().components.runbook == plan.body().components.runbook;
            if same_caller && now.seconds_since(line.recorded_at) < 3600 {
                recent += 1;
            }
            if requests::effect(&earlier) != effect {
                continue;
            }
            let tokens = self.tokens(earlier.id()).await?;
            match requests::stands(&earlier, line.state, &tokens, now) {
                Some(Earlier::Waits(_)) => return Ok(Some(HeldBack::Waits(Box::new(earlier)))),
                Some(Earlier::Rejected(id, until)) => {
                    return Ok(Some(HeldBack::Because(format!(
                        "the same change was rejected as plan {}, which holds until {}",
                        id.short(),
                        until.clock()
                    ))));
                }
                None => {}
            }
        }
        if recent >= PLANS_PER_HOUR_MAX {
            return Ok(Some(HeldBack::Because(format!(
                "{recent} plans of this runbook were asked for within the hour by this caller, at \
                 most {PLANS_PER_HOUR_MAX} are put before approvers"
            ))));
        }
        Ok(None)
    }
}
