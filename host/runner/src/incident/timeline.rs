//! One incident whole: its alerts, runs, notes and plans, and what happened in which order.

use std::sync::Arc;

use interlock_capabilities::report::Incident;
use interlock_gate::{
    ids::PersonName,
    plan::{Plan, Requester},
    state::PlanState,
    time::Time,
};
use interlock_store::{
    RunLine, Store as _,
    entry::{Entry, Stamped},
};

use super::{
    GroupAlert, Moment, Status,
    happened::push,
    input_of,
    known::{Alerts, Opening},
};
use crate::{context::NoteRecord, error::RunError, open::Runner};

/// Entries of an incident that are looked at, the newest.
const ENTRIES_MAX: usize = 2_000;
/// Runs of an incident that are looked at, the newest.
pub(super) const RUNS_MAX: usize = 30;
/// Moments that are told, the newest.
const MOMENTS_MAX: usize = 500;

/// One incident.
#[derive(Clone, Debug)]
pub struct IncidentRecord {
    /// Its id.
    pub id: String,
    /// When it was first named here.
    pub opened_at: Time,
    /// Whose word opened it.
    pub opened_by: Option<Requester>,
    /// Whether it goes on.
    pub status: Status,
    /// Whose, where known. Untrusted text.
    pub service: Option<String>,
    /// How bad, where known. Untrusted text.
    pub severity: Option<String>,
    /// From when it is looked at.
    pub begin: Time,
    /// Its alerts, in the order in which they came, 256 at most. Untrusted text.
    pub alerts: Vec<GroupAlert>,
    /// Alerts that are not among them.
    pub alerts_left_out: u64,
    /// Its newest runs, newest first, 30 at most.
    pub runs: Vec<IncidentRun>,
    /// What callers said of it, oldest first. Untrusted text.
    pub notes: Vec<NoteRecord>,
    /// The plans of its runs, newest first.
    pub plans: Vec<IncidentPlan>,
    /// What happened, oldest first, 500 moments at most.
    pub timeline: Vec<Moment>,
    /// Whether earlier moments or runs are left out.
    pub earlier_left_out: bool,
}

/// One run of an incident.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct IncidentRun {
    /// The run.
    pub line: RunLine,
    /// Who asked.
    pub requester: Requester,
    /// Who stands behind that.
    pub owners: Vec<PersonName>,
    /// How many diagnoses callers made of it.
    pub diagnoses: usize,
}

/// One plan of an incident.
#[derive(Clone, Debug)]
pub struct IncidentPlan {
    /// The plan.
    pub plan: Arc<Plan>,
    /// Where it stands, expiry included.
    pub state: PlanState,
    /// When it was made.
    pub made_at: Time,
}

impl IncidentRecord {
    /// What a run about it is given, up to `now`.
    pub fn as_input(&self, now: Time) -> Incident {
        let mut input = input_of(&self.id, &self.alerts, now);
        input.service = input.service.or_else(|| self.service.clone());
        input.severity = input.severity.or_else(|| self.severity.clone());
        input.begin = input.begin.min(self.begin.micros());
        input
    }
}

impl Runner {
    /// Everything that is known of an incident.
    pub async fn incident(&self, id: &str) -> Result<IncidentRecord, RunError> {
        let store = self.store();
        let line = store.incident(id).await?;
        let line = line.ok_or_else(|| RunError::Unknown {
            what: "incident",
            id: id.chars().take(80).collect(),
        })?;
        let entries = store.about_incident(id, ENTRIES_MAX).await?;
        let runs = store.runs_of_incident(id, RUNS_MAX).await?;
        let mut earlier_left_out = entries.len() == ENTRIES_MAX || runs.len() == RUNS_MAX;
        let opening = Opening::of(&line.opening);
        let (mut alerts, mut left_out) = (opening.alerts, opening.left_out);
        if line.group.is_some() {
            let known: Alerts = self.alerts_of(id).await?;
            (alerts, left_out) = (known.list(), known.left_out);
        }
        let mut timeline: Vec<(u64, Moment)> = Vec::new();
        for stamped in &entries {
            push(&mut timeline, stamped);
        }
        let mut plans = Vec::new();
        for run in &runs {
            for stamped in store.events(&run.run).await? {
                // The openings, diagnoses and verdicts are among the incident's own.
                if stamped.entry.incident().is_none()
                    && !matches!(
                        stamped.entry,
                        Entry::Diagnosis { .. } | Entry::Feedback { .. }
                    )
                {
                    push(&mut timeline, &stamped);
                }
                if let Entry::Planned { plan } = stamped.entry {
                    plans.push(self.plan_of_incident(*plan, stamped.at).await?);
                }
            }
        }
        plans.sort_by_key(|plan| std::cmp::Reverse(plan.made_at));
        timeline.sort_by_key(|(index, _)| *index);
        if let Some(over) = timeline.len().checked_sub(MOMENTS_MAX + 1) {
            timeline.drain(..=over);
            earlier_left_out = true;
        }
        Ok(IncidentRecord {
            id: line.incident.clone(),
            opened_at: line.opened_at,
            opened_by: opening.by,
            status: Status::of(&line),
            service: opening.service,
            severity: opening.severity,
            begin: opening.begin,
            alerts,
            alerts_left_out: left_out,
            runs: runs
                .into_iter()
                .filter_map(|run| of_run(run, &entries))
                .collect(),
            notes: entries.iter().filter_map(NoteRecord::of).collect(),
            plans,
            timeline: timeline.into_iter().map(|(_, moment)| moment).collect(),
            earlier_left_out,
        })
    }

    async fn plan_of_incident(&self, plan: Plan, made_at: Time) -> Result<IncidentPlan, RunError> {
        let recorded = self.history(plan.id()).await?.state;
        let over = recorded == PlanState::Waiting && self.now() >= plan.body().expires_at;
        Ok(IncidentPlan {
            plan: Arc::new(plan),
            state: if over { PlanState::Expired } else { recorded },
            made_at,
        })
    }
}

fn of_run(line: RunLine, entries: &[Stamped]) -> Option<IncidentRun> {
    let opened = entries.iter().find_map(|stamped| match &stamped.entry {
        Entry::RunOpened {
            run,
            requester,
            owners,
            ..
        } if *run == line.run => Some((requester.clone(), owners.clone())),
        _ => None,
    });
    let of_this = |stamped: &&Stamped| matches!(&stamped.entry, Entry::Diagnosis { run, .. } if *run == line.run);
    let diagnoses = entries.iter().filter(of_this).count();
    // Its opening is left out only where so much was said after it that nobody reads this far.
    let (requester, owners) = opened?;
    Some(IncidentRun {
        line,
        requester,
        owners,
        diagnoses,
    })
}
