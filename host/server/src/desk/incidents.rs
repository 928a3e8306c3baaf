//! Incidents: what is known of them, and what an agent adds.

use std::collections::BTreeSet;

use interlock_capabilities::report::Incident;
use interlock_gate::ids::{PlanDigest, RunId};
use interlock_runner::{
    context::CannotNote,
    diagnosis::{CannotDiagnose, Submitted},
    incident::{Happened, IncidentLine, IncidentRecord},
};
use interlock_screens::{json, text};

use super::{Code, Desk, IncidentAsk, Refusal, Said, refusal};
use crate::admit::Admitted;

/// Incidents in one list.
const INCIDENTS_MAX: usize = 50;

impl Desk {
    /// The incident of a run; one that is named by its id, only where the caller may see it: a run
    /// shows what its incident holds.
    pub(super) async fn incident_of(
        &self,
        who: &Admitted,
        ask: Option<IncidentAsk>,
        id: Option<&str>,
    ) -> Result<Incident, Refusal> {
        let now = self.runner.now();
        match ask {
            None => Ok(Incident {
                id: id.unwrap_or("none").to_owned(),
                service: None,
                severity: None,
                begin: now.minus_seconds(30 * 60).micros(),
                end: now.micros(),
                alerts: Vec::new(),
            }),
            Some(IncidentAsk::Given(incident)) => Ok(*incident),
            Some(IncidentAsk::Id(id)) => Ok(self.incident_record(who, &id).await?.as_input(now)),
        }
    }

    /// An agent's own diagnosis of a run: its citations are checked, and the host rates it.
    pub async fn diagnose(
        &self,
        who: &Admitted,
        run: &str,
        submitted: Submitted,
    ) -> Result<Said, Refusal> {
        self.enter_to_act(who)?;
        let record = self.record(who, run).await?;
        let diagnosis = self
            .runner
            .diagnose(&record.run, submitted, &who.caller)
            .await
            .map_err(|error| match error {
                CannotDiagnose::Host(error) => refusal::of(&error),
                error @ CannotDiagnose::Enough { .. } => {
                    Refusal::new(Code::RateLimited, error.to_string())
                }
                error => Refusal::new(Code::BadInput, error.to_string())
                    .rule("a diagnosis cites calls that its own run made")
                    .next("read the run: its report names the calls, `c1` and on"),
            })?;
        let document = json::diagnosis::document(&record.run, &diagnosis);
        Said::new(text::diagnosis::screen(&record, &diagnosis), &document)
    }

    /// A note on an incident, shown as that caller's words ever after.
    pub async fn note(&self, who: &Admitted, incident: &str, note: &str) -> Result<Said, Refusal> {
        self.enter_to_act(who)?;
        self.incident_record(who, incident).await?;
        let noted = self.runner.note(incident, note, &who.caller).await;
        noted.map_err(|error| match error {
            CannotNote::Host(error) => refusal::of(&error),
            error @ CannotNote::Enough { .. } => Refusal::new(Code::RateLimited, error.to_string()),
            error => Refusal::new(Code::BadInput, error.to_string()),
        })?;
        self.incident_said(who, incident).await
    }

    /// The newest incidents.
    pub async fn incidents_list(&self, who: &Admitted) -> Result<Said, Refusal> {
        self.enter(who)?;
        let incidents = self.incident_lines(who).await?;
        let document = json::incidents::list(&incidents);
        Said::new(text::incidents::list(&incidents), &document)
    }

    /// The lines of [`Self::incidents_list`].
    pub async fn incident_lines(&self, who: &Admitted) -> Result<Vec<IncidentLine>, Refusal> {
        let incidents = self.runner.incidents(INCIDENTS_MAX).await;
        let mut incidents = incidents.map_err(|error| refusal::of(&error))?;
        incidents.retain_mut(|incident| {
            let any = incident.runs.is_empty();
            incident.runs.retain(|run| who.may_use(&run.runbook));
            any || !incident.runs.is_empty()
        });
        Ok(incidents)
    }

    /// One incident with its timeline.
    pub async fn incident_shown(&self, who: &Admitted, id: &str) -> Result<Said, Refusal> {
        self.enter(who)?;
        self.incident_said(who, id).await
    }

    async fn incident_said(&self, who: &Admitted, id: &str) -> Result<Said, Refusal> {
        let incident = self.incident_record(who, id).await?;
        let document = json::incidents::document(&incident);
        Said::new(text::incidents::screen(&incident), &document)
    }

    /// One incident, without the runs and plans of runbooks that are not the caller's.
    pub async fn incident_record(
        &self,
        who: &Admitted,
        id: &str,
    ) -> Result<IncidentRecord, Refusal> {
        let incident = self.runner.incident(id).await;
        let mut incident = incident.map_err(|error| refusal::of(&error))?;
        let hidden_runs: BTreeSet<RunId> = incident
            .runs
            .iter()
            .filter(|run| !who.may_use(&run.line.runbook))
            .map(|run| run.line.run.clone())
            .collect();
        if hidden_runs.is_empty() {
            return Ok(incident);
        }
        if hidden_runs.len() == incident.runs.len() {
            return Err(refusal::not_found("incident", id));
        }
        let hidden_plans: BTreeSet<PlanDigest> = incident
            .plans
            .iter()
            .filter(|one| hidden_runs.contains(&one.plan.body().run))
            .map(|one| one.plan.id())
            .collect();
        incident
            .runs
            .retain(|run| !hidden_runs.contains(&run.line.run));
        incident
            .plans
            .retain(|one| !hidden_plans.contains(&one.plan.id()));
        incident.timeline.retain(|moment| match &moment.what {
            Happened::RunOpened { run, .. }
            | Happened::RunEnded { run, .. }
            | Happened::Planned { run, .. }
            | Happened::Judged { run, .. }
            | Happened::Diagnosed { run, .. } => !hidden_runs.contains(run),
            // A refusal without a plan is of a run that it does not name.
            Happened::Refused { plan, .. } => plan
                .as_ref()
                .is_some_and(|plan| !hidden_plans.contains(plan)),
            Happened::Signed { plan, .. }
            | Happened::Began { plan, .. }
            | Happened::Ended { plan, .. }
            | Happened::Verified { plan, .. }
            | Happened::Reconciled { plan, .. } => !hidden_plans.contains(plan),
            Happened::Rings { .. }
            | Happened::Ceased { .. }
            | Happened::Resolved { .. }
            | Happened::Imported { .. }
            | Happened::Settled(_)
            | Happened::Noted(_) => true,
        });
        Ok(incident)
    }
}
