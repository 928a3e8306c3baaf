//! Brings together what a page shows, by way of the desk: counted, bounded, and only what the
//! caller may see.

use std::collections::HashMap;

use interlock_gate::{history::Kind, ids::RunId, state::PlanState};
use interlock_runner::record::{PlanRecord, RunRecord};
use interlock_store::Store as _;

use super::view::{
    incident::{FrontView, IncidentView, RunLine, Waiting},
    plan::{Around, PlanView},
    run::RunView,
};
use crate::{
    admit::Admitted,
    desk::{Code, Desk, Refusal},
};

/// Plans that wait, on the front page.
const WAITING_MAX: usize = 20;
/// Runs on the front page.
const RUNS_MAX: usize = 20;
/// Incidents on the front page.
const INCIDENTS_MAX: usize = 8;
/// Lines that are looked through for those.
const LOOKED_AT_MAX: usize = 200;

/// Reads each run once, however often a page speaks of it.
struct Records<'a> {
    desk: &'a Desk,
    who: &'a Admitted,
    read: HashMap<RunId, RunRecord>,
}

impl Records<'_> {
    /// Reads it, where the caller may see it.
    async fn read(&mut self, run: &RunId) -> Option<&RunRecord> {
        if !self.read.contains_key(run) {
            let record = self.desk.record(self.who, run.as_str()).await.ok()?;
            self.read.insert(run.clone(), record);
        }
        self.read.get(run)
    }
}

/// The front page.
pub(super) async fn front(desk: &Desk, who: &Admitted) -> Result<FrontView, Refusal> {
    desk.enter(who)?;
    let runner = desk.runner();
    let now = runner.now();
    let mut records = Records {
        desk,
        who,
        read: HashMap::new(),
    };
    let plans = runner.store().plans(LOOKED_AT_MAX).await.map_err(store)?;
    let mut waiting = Vec::new();
    for line in plans.iter().filter(|line| line.state == PlanState::Waiting) {
        if waiting.len() >= WAITING_MAX {
            break;
        }
        let Some(record) = records.read(&line.run).await else {
            continue;
        };
        let found = record.plans.iter().find(|one| one.plan.id() == line.plan);
        // By the journal it waits; by the clock its time may have run out.
        let Some(plan) = found.filter(|plan| plan.state == PlanState::Waiting) else {
            continue;
        };
        let findings = runner
            .explain(&plan.plan, Kind::Apply)
            .await
            .map_err(host)?;
        waiting.push(Waiting::new(now, record, plan, &findings));
    }
    let lines = runner.store().runs(LOOKED_AT_MAX).await.map_err(store)?;
    let mut shown: Vec<RunId> = Vec::new();
    for line in lines.iter().filter(|line| who.may_use(&line.runbook)) {
        if shown.len() >= RUNS_MAX {
            break;
        }
        if records.read(&line.run).await.is_some() {
            shown.push(line.run.clone());
        }
    }
    let more = lines.len() > shown.len();
    let newest: Vec<&RunRecord> = shown
        .iter()
        .filter_map(|run| records.read.get(run))
        .collect();
    let mut incidents = Vec::new();
    let lines = desk.incident_lines(who).await?;
    for line in lines.iter().take(INCIDENTS_MAX) {
        let incident = match desk.incident_record(who, &line.id).await {
            Ok(incident) => incident,
            // All of its runs are of runbooks that are not the reader's.
            Err(refusal) if refusal.code == Code::NotFound => continue,
            Err(refusal) => return Err(refusal),
        };
        let of_it: Vec<&RunRecord> = newest
            .iter()
            .filter(|record| record.incident.id == incident.id)
            .copied()
            .collect();
        incidents.push(IncidentView::new(now, &incident, &of_it));
    }
    Ok(FrontView {
        waiting,
        incidents,
        runs: newest
            .iter()
            .map(|record| RunLine::new(now, record))
            .collect(),
        more,
    })
}

/// One incident.
pub(super) async fn incident(
    desk: &Desk,
    who: &Admitted,
    id: &str,
) -> Result<IncidentView, Refusal> {
    desk.enter(who)?;
    let runner = desk.runner();
    let mut records = Records {
        desk,
        who,
        read: HashMap::new(),
    };
    let incident = desk.incident_record(who, id).await?;
    for of_it in incident.runs.iter().take(RUNS_MAX) {
        records.read(&of_it.line.run).await;
    }
    let mut found: Vec<&RunRecord> = records.read.values().collect();
    found.sort_by_key(|record| std::cmp::Reverse(record.opened_at));
    Ok(IncidentView::new(runner.now(), &incident, &found))
}

/// One run.
pub(super) async fn run(desk: &Desk, who: &Admitted, given: &str) -> Result<RunView, Refusal> {
    desk.enter(who)?;
    let record = desk.record(who, given).await?;
    Ok(RunView::new(desk.runner().now(), &record))
}

/// One plan.
pub(super) async fn plan(desk: &Desk, who: &Admitted, given: &str) -> Result<PlanView, Refusal> {
    desk.enter(who)?;
    let runner = desk.runner();
    let plan = desk.plan(who, given).await?;
    let record = desk.record(who, plan.body().run.as_str()).await?;
    let id = plan.id();
    let of_plan: &PlanRecord = record
        .plans
        .iter()
        .find(|one| one.plan.id() == id)
        .ok_or_else(|| Refusal::new(Code::NotFound, "no such plan is known here"))?;
    let findings = runner.explain(&plan, Kind::Apply).await.map_err(host)?;
    let policy = runner.policy().await.map_err(host)?;
    let components = &plan.body().components;
    let write_step = components
        .steps
        .iter()
        .find(|step| step.step == components.step);
    let applied = match write_step {
        Some(step) => runner.applied_count(step.digest).await.map_err(host)?,
        None => 0,
    };
    let around = Around {
        findings: &findings,
        policy: &policy,
        applied,
    };
    Ok(PlanView::new(runner.now(), &record, of_plan, &around))
}

fn store(error: interlock_store::StoreError) -> Refusal {
    host(error.into())
}

fn host(error: interlock_runner::error::RunError) -> Refusal {
    crate::desk::refused(&error)
}
