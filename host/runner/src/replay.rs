//! A run played again from its record: the same bytes must do the same.

pub mod changed;
mod place;

use std::sync::Arc;

use interlock_engine::{Ended, Fault, Grants, Source};
use interlock_gate::{
    ids::{BlobDigest, RunId},
    time::Time,
};
use serde::Serialize;

use crate::{
    confidence::Standing,
    error::RunError,
    open::Runner,
    record::{RunRecord, StepConclusion, StepRecord},
    report,
    track::Rated,
};

/// One step played again.
#[derive(Clone, Debug, Serialize)]
pub struct Replayed {
    /// The step.
    pub step: String,
    /// Calls on its record.
    pub calls: usize,
    /// Planned writes on its record.
    pub writes: usize,
    /// The first difference; `None`: the same.
    pub difference: Option<Differs>,
}

/// The first place where a replay and its record part.
#[derive(Clone, Debug, Serialize)]
pub struct Differs {
    /// Where: a call, a write, the report.
    pub at: String,
    /// What the record holds.
    pub expected: String,
    /// What came.
    pub found: String,
}

impl Runner {
    /// Plays every recorded step of a run again, its verify steps too.
    pub async fn replay(&self, run: &RunId) -> Result<Vec<Replayed>, RunError> {
        let record = self.run_record(run).await?;
        let mut replayed = Vec::new();
        for step in &record.steps {
            replayed.push(self.replay_step(&record, step).await?);
        }
        for verified in &record.verified {
            let (Some(cassette), Some(found)) = (&verified.cassette, &verified.found) else {
                continue;
            };
            let cassette = Arc::clone(cassette);
            let ended = self.play(&record, &verified.step, &cassette).await?;
            let difference = match ended {
                Err(fault)
                    if verified.verdict == "faulted" && !matches!(fault, Fault::Differs(_)) =>
                {
                    None
                }
                Ok(Ended::Failed(_)) if verified.verdict == "faulted" => None,
                Ok(Ended::Verification(again)) => compare(found, &again)?,
                Ok(Ended::CouldNotCheck(_)) => None,
                other => unlike("a verification", &other),
            };
            let (calls, writes) = (cassette.calls.len(), cassette.writes.len());
            replayed.push(Replayed {
                step: verified.step.clone(),
                calls,
                writes,
                difference,
            });
        }
        Ok(replayed)
    }

    async fn replay_step(
        &self,
        record: &RunRecord,
        step: &StepRecord,
    ) -> Result<Replayed, RunError> {
        let ended = self.play(record, &step.step, &step.cassette).await?;
        let difference = match (&step.end, ended) {
            (StepConclusion::Report(expected), Ok(Ended::Report(again))) => {
                let standing = self.as_it_stood(record, step, expected).await?;
                compare(
                    expected.as_ref(),
                    &report::rated(&step.step, again, &standing),
                )?
            }
            (StepConclusion::Report(expected), Ok(Ended::CouldNotCheck(unchecked))) => {
                compare(expected.as_ref(), &report::gave_up(&step.step, unchecked))?
            }
            // Each write was compared on the tape.
            (StepConclusion::Writes(_), Ok(Ended::Writes(_))) => None,
            (StepConclusion::Fault(_), Err(fault)) if !matches!(fault, Fault::Differs(_)) => None,
            (StepConclusion::Fault(_), Ok(Ended::Failed(_))) => None,
            // Stopped from outside: its record ends where the stop found it, and the step goes on.
            (StepConclusion::Fault(why), _) if why.starts_with("cancelled: ") => None,
            // A report that the host refused was a fault of the run.
            (StepConclusion::Fault(_), Ok(Ended::Report(_))) => None,
            (StepConclusion::Report(_), other) => unlike("a report", &other),
            (StepConclusion::Writes(_), other) => unlike("planned writes", &other),
            (StepConclusion::Fault(why), other) => unlike(why, &other),
        };
        Ok(Replayed {
            step: step.step.clone(),
            calls: step.cassette.calls.len(),
            writes: step.cassette.writes.len(),
            difference,
        })
    }

    /// What was known of the runbook when the step was rated: the record is read up to the place in
    /// the journal that the rating names, so what was learnt since changes nothing.
    async fn as_it_stood(
        &self,
        record: &RunRecord,
        step: &StepRecord,
        expected: &report::StepReport,
    ) -> Result<(Standing, u64), RunError> {
        let Some(up_to) = expected.confidence.iter().find_map(|one| one.as_of) else {
            return Ok((Standing::default(), 0));
        };
        let of = Rated {
            runbook: &record.runbook,
            step: &step.step,
            component: step.component,
            incident: &record.incident.id,
            now: Time::from_micros(step.cassette.input.now).unwrap_or_default(),
        };
        self.standing(&of, Some(up_to)).await
    }

    async fn play(
        &self,
        record: &RunRecord,
        step: &str,
        cassette: &interlock_engine::Cassette,
    ) -> Result<Result<Ended, Fault>, RunError> {
        let digest = cassette.component;
        let missing = || RunError::Blob {
            what: "component",
            digest: digest.to_string(),
        };
        let bytes = self
            .blob(BlobDigest::from_raw(*digest.raw()))
            .await?
            .ok_or_else(missing)?;
        let loaded = self
            .engine()?
            .load(&bytes)
            .map_err(|error| RunError::Load {
                step: step.to_owned(),
                error,
            })?;
        let grants = Grants::for_replay(&record.runbook);
        let linked = loaded
            .link(&grants)
            .map_err(|why| RunError::NotNow(why.to_string()))?;
        let policy = self.policy().await?;
        let source = Source::Tape(cassette.clone());
        Ok(linked
            .run(cassette.input.clone(), source, policy.sandbox())
            .await
            .end)
    }
}

fn compare<T: Serialize>(expected: &T, found: &T) -> Result<Option<Differs>, RunError> {
    let text = |value| serde_json::to_string(value).map_err(RunError::Document);
    let (expected, found) = (text(expected)?, text(found)?);
    if expected == found {
        return Ok(None);
    }
    let at = expected
        .bytes()
        .zip(found.bytes())
        .take_while(|(a, b)| a == b)
        .count();
    let around = |text: &str| {
        let start = (0..=at.saturating_sub(40))
            .rev()
            .find(|at| text.is_char_boundary(*at));
        text[start.unwrap_or(0)..]
            .chars()
            .take(160)
            .collect::<String>()
    };
    Ok(Some(Differs {
        at: "the conclusion".to_owned(),
        expected: around(&expected),
        found: around(&found),
    }))
}

fn unlike(expected: &str, found: &Result<Ended, Fault>) -> Option<Differs> {
    if let Err(Fault::Differs(difference)) = found {
        return Some(Differs {
            at: difference.at.clone(),
            expected: difference.expected.clone(),
            found: difference.found.clone(),
        });
    }
    let found = match found {
        Ok(Ended::Report(_)) => "a report".to_owned(),
        Ok(Ended::Writes(writes)) => format!("{} planned writes", writes.len()),
        Ok(Ended::Verification(_)) => "a verification".to_owned(),
        Ok(Ended::CouldNotCheck(unchecked)) => format!("could not check {}", unchecked.what),
        Ok(Ended::Failed(why)) => format!("the step's own error: {why}"),
        Err(fault) => fault.to_string(),
    };
    Some(Differs {
        at: "the end".to_owned(),
        expected: expected.to_owned(),
        found,
    })
}
