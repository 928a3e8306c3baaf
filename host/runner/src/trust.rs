//! Which bytes may propose changes here.
//!
//! The first bytes of a write step that this host sees are taken as they are and shown as NEW to
//! the approver; other bytes of the same step wait until a person trusts them on a terminal.

use interlock_gate::ids::ComponentDigest;
use interlock_store::{Store as _, entry::Entry};

use crate::{error::RunError, installed::Runbook, open::Runner, run::Loaded};

/// What the journal says of a step's bytes.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Trust {
    /// No bytes of this step were ever trusted here.
    First,
    /// These bytes are.
    Trusted,
    /// Others are, these are not.
    Changed,
}

impl Runner {
    /// What the journal says of these bytes.
    pub async fn trust_of(
        &self,
        runbook: &str,
        step: &str,
        digest: ComponentDigest,
    ) -> Result<Trust, RunError> {
        let entries = self.store().entries_of("trusted").await?;
        let mut trust = Trust::First;
        for stamped in entries {
            if let Entry::Trusted {
                runbook: of,
                step: named,
                component,
                ..
            } = stamped.entry
                && of == runbook
            {
                if named == step && component == digest {
                    return Ok(Trust::Trusted);
                }
                // Other bytes do not become the first under another step's name.
                trust = Trust::Changed;
            }
        }
        Ok(trust)
    }

    /// Records that a person trusts these bytes.
    pub async fn trust(
        &self,
        runbook: &str,
        step: &str,
        component: ComponentDigest,
        by: &str,
    ) -> Result<(), RunError> {
        let entry = Entry::Trusted {
            runbook: runbook.to_owned(),
            step: step.to_owned(),
            component,
            by: by.to_owned(),
        };
        self.record(entry).await
    }

    /// Why a write step's bytes may not propose anything yet.
    pub(crate) async fn distrusted(
        &self,
        runbook: &Runbook,
        loaded: &Loaded,
    ) -> Result<Option<String>, RunError> {
        let name = &runbook.manifest.name;
        let digest = loaded.step.digest();
        match self.trust_of(name, &loaded.name, digest).await? {
            Trust::Trusted => Ok(None),
            Trust::First => {
                for file in &runbook.steps {
                    self.trust(name, &file.name, file.digest, "first use")
                        .await?;
                }
                Ok(None)
            }
            Trust::Changed => Ok(Some(format!(
                "the bytes of the write step `{}` are new here ({digest}): a person must trust \
                 them first, `interlock runbooks trust {name}`",
                loaded.name
            ))),
        }
    }

    /// How often a plan of these bytes was carried out here.
    pub async fn applied_count(&self, digest: ComponentDigest) -> Result<usize, RunError> {
        let mut count = 0;
        for stamped in self.store().entries_of("apply_ended").await? {
            if let Entry::ApplyEnded {
                plan,
                stopped: None,
                ..
            } = stamped.entry
                && let Some(plan) = self.store().plan(&plan).await?
            {
                let components = &plan.body().components;
                let of = components
                    .steps
                    .iter()
                    .find(|step| step.step == components.step);
                count += usize::from(of.is_some_and(|step| step.digest == digest));
            }
        }
        Ok(count)
    }
}
