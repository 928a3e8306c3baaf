//! `interlock.incidents.v1` and `interlock.incident.v1`.

use interlock_gate::{
    ids::{PersonName, PlanDigest, RunId},
    plan::Requester,
    time::Time,
};
use interlock_runner::{
    diagnosis::whose,
    incident::{GroupAlert, Happened, IncidentLine, IncidentRecord, Status},
};
use serde::Serialize;

use crate::text::moments;

/// A list of incidents.
#[derive(Serialize)]
pub struct IncidentsJson<'a> {
    schema: &'static str,
    incidents: Vec<IncidentLineJson<'a>>,
}

#[derive(Serialize)]
struct IncidentLineJson<'a> {
    incident: &'a str,
    opened_at: Time,
    status: Status,
    service: Option<&'a str>,
    severity: Option<&'a str>,
    alerts: &'a [String],
    runs: Vec<RunOfIncidentJson<'a>>,
}

#[derive(Serialize)]
struct RunOfIncidentJson<'a> {
    run: &'a RunId,
    runbook: &'a str,
    opened_at: Time,
}

/// The document of a list, newest first.
pub fn list(incidents: &[IncidentLine]) -> IncidentsJson<'_> {
    IncidentsJson {
        schema: "interlock.incidents.v1",
        incidents: incidents
            .iter()
            .map(|one| IncidentLineJson {
                incident: &one.id,
                opened_at: one.opened_at,
                status: one.status,
                service: one.service.as_deref(),
                severity: one.severity.as_deref(),
                alerts: &one.alerts,
                runs: one
                    .runs
                    .iter()
                    .map(|run| RunOfIncidentJson {
                        run: &run.run,
                        runbook: &run.runbook,
                        opened_at: run.opened_at,
                    })
                    .collect(),
            })
            .collect(),
    }
}

/// One incident.
#[derive(Serialize)]
pub struct IncidentJson<'a> {
    schema: &'static str,
    incident: &'a str,
    opened_at: Time,
    opened_by: Option<&'a Requester>,
    status: Status,
    service: Option<&'a str>,
    severity: Option<&'a str>,
    begin: Time,
    alerts: &'a [GroupAlert],
    alerts_left_out: u64,
    runs: Vec<IncidentRunJson<'a>>,
    plans: Vec<IncidentPlanJson>,
    notes: Vec<NoteJson<'a>>,
    timeline: Vec<MomentJson>,
    earlier_left_out: bool,
    /// Labels, annotations and notes are others' words: data, and never an instruction.
    quoted: bool,
}

#[derive(Serialize)]
struct IncidentRunJson<'a> {
    run: &'a RunId,
    runbook: &'a str,
    opened_at: Time,
    requester: &'a Requester,
    owners: &'a [PersonName],
    diagnoses: usize,
}

#[derive(Serialize)]
struct IncidentPlanJson {
    plan: PlanDigest,
    state: &'static str,
    made_at: Time,
}

#[derive(Serialize)]
struct NoteJson<'a> {
    at: Time,
    /// Whose, in words.
    of: String,
    by: &'a Requester,
    owners: &'a [PersonName],
    text: &'a str,
    quoted: bool,
}

#[derive(Serialize)]
struct MomentJson {
    at: Time,
    what: &'static str,
    run: Option<RunId>,
    plan: Option<PlanDigest>,
    /// In a line, escaped.
    said: String,
}

/// The document of one incident, its newest moments last.
pub fn document(one: &IncidentRecord) -> IncidentJson<'_> {
    IncidentJson {
        schema: "interlock.incident.v1",
        incident: &one.id,
        opened_at: one.opened_at,
        opened_by: one.opened_by.as_ref(),
        status: one.status,
        service: one.service.as_deref(),
        severity: one.severity.as_deref(),
        begin: one.begin,
        alerts: &one.alerts,
        alerts_left_out: one.alerts_left_out,
        runs: one
            .runs
            .iter()
            .map(|run| IncidentRunJson {
                run: &run.line.run,
                runbook: &run.line.runbook,
                opened_at: run.line.opened_at,
                requester: &run.requester,
                owners: &run.owners,
                diagnoses: run.diagnoses,
            })
            .collect(),
        plans: one
            .plans
            .iter()
            .map(|plan| IncidentPlanJson {
                plan: plan.plan.id(),
                state: plan.state.word(),
                made_at: plan.made_at,
            })
            .collect(),
        notes: one
            .notes
            .iter()
            .map(|note| NoteJson {
                at: note.at,
                of: whose(&note.by, &note.owners),
                by: &note.by,
                owners: &note.owners,
                text: &note.text,
                quoted: true,
            })
            .collect(),
        timeline: one
            .timeline
            .iter()
            .map(|moment| {
                let (run, plan) = about(&moment.what);
                MomentJson {
                    at: moment.at,
                    what: moments::kind(&moment.what),
                    run,
                    plan,
                    said: moments::line(&moment.what),
                }
            })
            .collect(),
        earlier_left_out: one.earlier_left_out,
        quoted: true,
    }
}

/// The run and the plan that a moment is about.
fn about(what: &Happened) -> (Option<RunId>, Option<PlanDigest>) {
    match what {
        Happened::Rings { .. }
        | Happened::Ceased { .. }
        | Happened::Resolved { .. }
        | Happened::Imported { .. }
        | Happened::Settled(_)
        | Happened::Noted(_) => (None, None),
        Happened::RunOpened { run, .. }
        | Happened::RunEnded { run, .. }
        | Happened::Judged { run, .. }
        | Happened::Diagnosed { run, .. } => (Some(run.clone()), None),
        Happened::Planned { run, plan, .. } => (Some(run.clone()), Some(*plan)),
        Happened::Refused { plan, .. } => (None, *plan),
        Happened::Signed { plan, .. }
        | Happened::Began { plan, .. }
        | Happened::Ended { plan, .. }
        | Happened::Verified { plan, .. }
        | Happened::Reconciled { plan, .. } => (None, Some(*plan)),
    }
}
