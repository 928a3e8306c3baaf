//! The fixed tools' calls: arguments in, one method of the desk, its answer out.

use std::time::Duration;

use interlock_gate::escape::foreign_short;
use rmcp::{RoleServer, model::JsonObject, service::RequestContext};

use super::{diagnosis, door::Door, given::Given};
use crate::{
    admit::Admitted,
    desk::{Code, Refusal, Said},
};

const RUN: &str = "a run's id, such as `r-abcd2345`";
const PLAN: &str = "a plan's id, `sha256:...`, or its beginning";
/// The longest that one call waits for a run.
const WAIT_MAX_S: u64 = 25;

impl Door {
    /// Answers a fixed tool's call.
    pub(super) async fn fixed(
        &self,
        who: &Admitted,
        name: &str,
        arguments: Option<JsonObject>,
        context: &RequestContext<RoleServer>,
    ) -> Result<Said, Refusal> {
        let desk = &self.desk;
        let mut given = Given::new(arguments);
        match name {
            "list_runbooks" => {
                given.done()?;
                desk.runbooks(who).await
            }
            "get_run" => {
                let run = given.text("run", RUN)?;
                let wait = Duration::from_secs(given.whole("wait_s", 0, WAIT_MAX_S)?);
                given.done()?;
                self.run_after(who, &run, wait, context).await
            }
            "list_runs" => {
                let offset = offset(&mut given)?;
                given.done()?;
                desk.runs_list(who, offset).await
            }
            "get_evidence" => {
                let run = given.text("run", RUN)?;
                let call = given.text("call", "a call, such as `c3`")?;
                let offset = offset(&mut given)?;
                given.done()?;
                desk.evidence(who, &run, &call, offset).await
            }
            "get_plan" => {
                let plan = given.text("plan", PLAN)?;
                given.done()?;
                desk.plan_shown(who, &plan).await
            }
            "submit_diagnosis" => {
                let run = given.text("run", RUN)?;
                let submitted = diagnosis::read(&mut given)?;
                given.done()?;
                desk.diagnose(who, &run, submitted).await
            }
            "apply_plan" => {
                let plan = given.text("plan", PLAN)?;
                given.done()?;
                desk.apply(who, &plan).await
            }
            "record_context" => {
                let incident = given.text("incident", "an incident's id")?;
                let note = given.text("note", "what you know, in a few sentences")?;
                given.done()?;
                desk.note(who, &incident, &note).await
            }
            "cancel_run" => {
                let run = given.text("run", RUN)?;
                given.done()?;
                desk.cancel(who, &run).await
            }
            other => Err(Refusal::new(
                Code::NotFound,
                format!("there is no tool `{}`", foreign_short(other, 80)),
            )),
        }
    }
}

fn offset(given: &mut Given) -> Result<usize, Refusal> {
    let offset = given.whole("offset", 0, u64::from(u32::MAX))?;
    // It fits: a `usize` has 32 bits at least.
    Ok(usize::try_from(offset).unwrap_or(usize::MAX))
}
