//! `interlock.runs.v1`: a list of runs.

use interlock_gate::time::Time;
use interlock_runner::record::RunRecord;
use serde::Serialize;

use crate::text::words;

/// A list of runs.
#[derive(Serialize)]
pub struct RunsJson {
    schema: &'static str,
    /// The runs, newest first.
    pub runs: Vec<RunLineJson>,
    /// Whether there are more than are listed.
    pub truncated: bool,
    /// From where on they are listed.
    pub next_offset: Option<usize>,
}

/// One run in a list.
#[derive(Serialize)]
pub struct RunLineJson {
    /// Its id.
    pub run: String,
    /// Its caller's own id for it.
    pub id: Option<String>,
    /// The runbook.
    pub runbook: String,
    /// The incident.
    pub incident: String,
    /// Where it stands.
    pub state: &'static str,
    /// When it began.
    pub opened_at: Time,
    /// When it ended.
    pub ended_at: Option<Time>,
    /// Who asked: the caller's name, or how they came.
    pub requester: String,
    /// The likeliest cause that it names.
    pub cause: Option<String>,
    /// Its newest plan, in short.
    pub plan: Option<String>,
    /// Where that plan stands.
    pub plan_state: Option<&'static str>,
}

impl RunLineJson {
    /// The line of one run.
    pub fn new(record: &RunRecord) -> RunLineJson {
        let id = record.id_key.as_deref();
        let report = record.report();
        let mut causes = report
            .steps
            .iter()
            .flat_map(|step| &step.report.hypotheses)
            .map(|one| one.cause.clone());
        RunLineJson {
            run: record.run.to_string(),
            id: id
                .and_then(|key| key.split_once('/'))
                .map(|(_, id)| id.to_owned()),
            runbook: record.runbook.clone(),
            incident: record.incident.id.clone(),
            state: record.state.word(),
            opened_at: record.opened_at,
            ended_at: record.ended_at,
            requester: words::asker(&record.requester).to_owned(),
            cause: causes.next(),
            plan: record.plan().map(|plan| plan.plan.id().short()),
            plan_state: record.plan().map(|plan| plan.state.word()),
        }
    }
}

/// The document of a list, newest first; `next` is the offset of older ones.
pub fn document(records: &[RunRecord], next: Option<usize>) -> RunsJson {
    RunsJson {
        schema: "interlock.runs.v1",
        runs: records.iter().map(RunLineJson::new).collect(),
        truncated: next.is_some(),
        next_offset: next,
    }
}
