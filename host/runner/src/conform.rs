//! Conformance: before any act, the same bytes on the plan's record must ask for the same writes.
//!
//! No writer is in scope here, and none can be: the engine knows none.

use interlock_engine::{Cassette, Ended, Grants, Source};
use interlock_gate::{
    ids::BlobDigest,
    plan::{ActionText, Plan},
};

use crate::{error::RunError, open::Runner};

impl Runner {
    /// Runs the write step on the plan's cassette; the inner error says what differs.
    pub(crate) async fn conform(&self, plan: &Plan) -> Result<Result<(), String>, RunError> {
        let body = plan.body();
        let components = &body.components;
        let runbook = self.runbook(&components.runbook)?;
        let planned = components
            .steps
            .iter()
            .find(|step| step.step == components.step);
        let file = runbook
            .steps
            .iter()
            .find(|step| step.name == components.step);
        let (Some(planned), Some(file)) = (planned, file) else {
            return Ok(Err(format!(
                "the runbook has no step `{}` any more",
                components.step
            )));
        };
        if planned.digest != file.digest {
            return Ok(Err(format!(
                "the bytes of step `{}` are {} now, the plan was made by {}",
                components.step, file.digest, planned.digest
            )));
        }
        let bytes = self
            .blob(BlobDigest::from_raw(*body.cassette.raw()))
            .await?
            .ok_or_else(|| RunError::Blob {
                what: "cassette",
                digest: body.cassette.to_string(),
            })?;
        let cassette = Cassette::read(&bytes)?;
        if cassette.component != planned.digest {
            return Ok(Err("the plan's record is of another component".to_owned()));
        }
        let step = self
            .engine()?
            .load(&file.bytes)
            .map_err(|error| RunError::Load {
                step: components.step.clone(),
                error,
            })?;
        // Whether today's policy still grants the reads is not asked: nothing is read.
        let linked = match step.link(&Grants::for_replay(&components.runbook)) {
            Ok(linked) => linked,
            Err(error) => return Ok(Err(error.to_string())),
        };
        let input = cassette.input.clone();
        let policy = self.policy().await?;
        let ran = linked
            .run(input, Source::Tape(cassette), policy.sandbox())
            .await;
        let actions = match ran.end {
            Ok(Ended::Writes(actions)) => actions,
            Ok(_) => return Ok(Err("the step proposed nothing this time".to_owned())),
            Err(fault) => return Ok(Err(fault.to_string())),
        };
        if actions.len() != body.actions.len() {
            return Ok(Err(format!(
                "the step asked for {} actions, the plan holds {}",
                actions.len(),
                body.actions.len()
            )));
        }
        for (index, (asked, planned)) in actions.iter().zip(&body.actions).enumerate() {
            let same = asked.action == planned.action
                && asked.seen == planned.seen
                && asked.cites == planned.cites;
            if !same {
                // Both as JSON: the difference is for a person to see.
                let text = |action| serde_json::to_string(&ActionText::from(action));
                return Ok(Err(format!(
                    "action {}: the plan holds {}, the step asked for {}",
                    index + 1,
                    text(&planned.action).map_err(RunError::Document)?,
                    text(&asked.action).map_err(RunError::Document)?,
                )));
            }
        }
        Ok(Ok(()))
    }
}
