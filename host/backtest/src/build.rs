//! A runbook's reading steps, linked once and run often.

use std::path::Path;

use interlock_engine::{
    CachePaths, Engine, EngineConfig, EngineError, Grants, Kind, Limits, Linked, LoadError,
    NotGranted, Tier,
};
use interlock_gate::{ids::ComponentDigest, plan::StepBytes};
use interlock_runner::{
    installed::{NotInstalled, Runbook},
    manifest::Manifest,
};

/// One build of a runbook, ready to run over incidents.
#[derive(Clone, Debug)]
pub struct Build {
    pub(crate) manifest: Manifest,
    pub(crate) steps: Vec<ReadStep>,
    pub(crate) limits: Limits,
}

#[derive(Clone, Debug)]
pub(crate) struct ReadStep {
    pub(crate) name: String,
    pub(crate) digest: ComponentDigest,
    pub(crate) linked: Linked,
}

/// Why a runbook cannot be run over incidents.
#[derive(Debug, thiserror::Error)]
pub enum NotBuilt {
    /// It is not there or not whole.
    #[error(transparent)]
    NotInstalled(#[from] NotInstalled),
    /// The sandbox cannot be made.
    #[error("the sandbox cannot be made")]
    Engine(#[from] EngineError),
    /// A component cannot be loaded.
    #[error("step `{step}` cannot be loaded")]
    Load {
        /// The step.
        step: String,
        /// Why not.
        #[source]
        why: LoadError,
    },
    /// A component asks for what a backtest has not.
    #[error("step `{step}` cannot be linked")]
    Link {
        /// The step.
        step: String,
        /// Why not.
        #[source]
        why: NotGranted,
    },
    /// There is nothing to run.
    #[error("the runbook `{0}` has no step that diagnoses")]
    NothingReads(String),
}

/// A sandbox for so many runs at once. `cache` is the host's folder of compiled components and its
/// key, where there is one.
pub fn engine(
    limits: &Limits,
    jobs: usize,
    cache: Option<(&Path, &Path)>,
) -> Result<Engine, EngineError> {
    Engine::new(EngineConfig {
        limits: limits.clone(),
        runs_max: u32::try_from(jobs).unwrap_or(u32::MAX).max(1),
        cache: cache.map(|(folder, key)| CachePaths {
            folder: folder.to_owned(),
            key: key.to_owned(),
        }),
    })
}

impl Build {
    /// The steps of `runbook` that diagnose, in its order. Steps that could change anything are
    /// left out, and so are verifications: there is no change to look at.
    pub fn of(engine: &Engine, runbook: &Runbook, limits: &Limits) -> Result<Build, NotBuilt> {
        let grants = Grants::for_backtest(&runbook.manifest.name);
        let mut steps = Vec::new();
        for file in &runbook.steps {
            let step = engine.load(&file.bytes).map_err(|why| NotBuilt::Load {
                step: file.name.clone(),
                why,
            })?;
            if step.tier() == Tier::Write || step.kind() != Some(Kind::Diagnose) {
                continue;
            }
            let linked = step.link(&grants).map_err(|why| NotBuilt::Link {
                step: file.name.clone(),
                why,
            })?;
            steps.push(ReadStep {
                name: file.name.clone(),
                digest: file.digest,
                linked,
            });
        }
        if steps.is_empty() {
            return Err(NotBuilt::NothingReads(runbook.manifest.name.clone()));
        }
        Ok(Build {
            manifest: runbook.manifest.clone(),
            steps,
            limits: limits.clone(),
        })
    }

    /// The runbook's name.
    pub fn runbook(&self) -> &str {
        &self.manifest.name
    }

    /// The version that its manifest says.
    pub fn version(&self) -> &str {
        &self.manifest.version
    }

    /// The steps that run, with their bytes.
    pub fn components(&self) -> Vec<StepBytes> {
        let steps = self.steps.iter().map(|step| StepBytes {
            step: step.name.clone(),
            digest: step.digest,
        });
        steps.collect()
    }
}
