//! Which bytes may propose changes here.
//!
//! The first bytes of a write step that this host sees are taken as they are and shown as NEW to
//! the approver; other bytes of the same step wait until a person trusts them on a terminal.

use std::collections::BTreeSet;

use interlock_gate::ids::ComponentDigest;
use interlock_store::{Store as _, entry::Entry};

use crate::{
    error::RunError,
    installed::{self, Runbook},
    open::Runner,
    run::Loaded,
};

/// Who is said to have trusted the first bytes that were seen.
pub const FIRST_USE: &str = "first use";

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

    async fn trust_steps(&self, runbook: &Runbook, by: &str) -> Result<(), RunError> {
        let name = &runbook.manifest.name;
        for file in &runbook.steps {
            self.trust(name, &file.name, file.digest, by).await?;
        }
        Ok(())
    }

    /// Journals first use, as `by`, for every runbook that is installed now and of which no bytes
    /// were ever trusted; for a server's start, since no door of it trusts anything later. Returns
    /// their names. A runbook that is not whole is passed over: it cannot run either.
    pub async fn trust_installed(&self, by: &str) -> Result<Vec<String>, RunError> {
        let known: BTreeSet<String> = self
            .store()
            .entries_of("trusted")
            .await?
            .into_iter()
            .filter_map(|stamped| match stamped.entry {
                Entry::Trusted { runbook, .. } => Some(runbook),
                _ => None,
            })
            .collect();
        let mut trusted = Vec::new();
        for folder in installed::list(&self.config().runbooks) {
            let Ok(manifest) = installed::manifest(&folder) else {
                continue;
            };
            if known.contains(&manifest.name) || trusted.contains(&manifest.name) {
                continue;
            }
            let Ok(runbook) = installed::load(folder, manifest) else {
                continue;
            };
            self.trust_steps(&runbook, by).await?;
            trusted.push(runbook.manifest.name);
        }
        Ok(trusted)
    }

    /// Why a write step's bytes may not propose anything yet.
    pub(crate) async fn distrusted(
        &self,
        runbook: &Runbook,
        first_use: bool,
        loaded: &Loaded,
    ) -> Result<Option<String>, RunError> {
        let name = &runbook.manifest.name;
        let digest = loaded.step.digest();
        match self.trust_of(name, &loaded.name, digest).await? {
            Trust::Trusted => Ok(None),
            Trust::First if first_use => {
                self.trust_steps(runbook, FIRST_USE).await?;
                Ok(None)
            }
            Trust::First | Trust::Changed => Ok(Some(format!(
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
