//! Which recorded step a changed component stands in for.

use interlock_engine::Kind;

use crate::{error::RunError, open::Runner, record::RunRecord};

/// Where in the run the new bytes stand.
pub(super) enum Place {
    /// Among its steps.
    Step { at: usize, step: String },
    /// Among its verifications.
    Verified { at: usize, step: String },
}

impl Place {
    pub(super) fn step(&self) -> &str {
        match self {
            Place::Step { step, .. } | Place::Verified { step, .. } => step,
        }
    }
}

impl Runner {
    /// The recorded step that new bytes of this kind stand in for.
    pub(super) async fn place_of(
        &self,
        was: &RunRecord,
        kind: Kind,
        called: &str,
    ) -> Result<Place, RunError> {
        let mut fitting = Vec::new();
        for (at, step) in was.steps.iter().enumerate() {
            if self.recorded_step(step.component, &step.step).await?.kind() == Some(kind) {
                let step = step.step.clone();
                fitting.push(Place::Step { at, step });
            }
        }
        if kind == Kind::Verify {
            let newest = was.verified.iter().enumerate().rev();
            let newest = newest
                .filter(|(_, one)| one.cassette.is_some())
                .map(|(at, one)| {
                    let step = one.step.clone();
                    Place::Verified { at, step }
                });
            fitting.extend(newest.take(1));
        }
        let word = kind.interface();
        let names: Vec<String> = fitting.iter().map(|one| one.step().to_owned()).collect();
        let named = fitting.iter().position(|one| one.step() == called);
        match (fitting.len(), named) {
            (0, _) => Err(RunError::NotNow(format!(
                "the component is a {word} step, and the run has no record of one"
            ))),
            (1, _) => Ok(fitting.swap_remove(0)),
            (_, Some(at)) => Ok(fitting.swap_remove(at)),
            (_, None) => Err(RunError::NotNow(format!(
                "the component is a {word} step, and the run has several: {}; name the file as the \
                 step that it stands in for",
                names.join(", ")
            ))),
        }
    }
}
