//! What each step of a runbook could do, read from its component and not from its manifest.

use interlock_engine::{Gives, Step};
pub use interlock_engine::{Kind, Tier};
use interlock_gate::ids::ComponentDigest;

use crate::{error::RunError, installed::Runbook, open::Runner, trust::Trust};

/// One step.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct StepFacts {
    /// Its name.
    pub step: String,
    /// Of its bytes.
    pub digest: ComponentDigest,
    /// What it could do; `None` where its bytes are no component of this host.
    pub tier: Option<Tier>,
    /// What it is for.
    pub kind: Option<Kind>,
    /// The changes that it could propose.
    pub writes: Vec<String>,
    /// Whether its bytes may propose them.
    pub trust: Trust,
}

impl StepFacts {
    /// Whether it could propose a change, or nobody knows what it could do.
    pub fn could_write(&self) -> bool {
        self.tier != Some(Tier::Read)
    }
}

impl Runner {
    /// What every step of `runbook` could do. Compiles what was never loaded here before.
    pub async fn facts(&self, runbook: &Runbook) -> Result<Vec<StepFacts>, RunError> {
        let mut facts = Vec::new();
        for file in &runbook.steps {
            let engine = self.engine()?;
            let loaded = match engine.loaded(&file.digest) {
                Some(loaded) => Some(loaded),
                None => engine.load(&file.bytes).ok(),
            };
            let name = &runbook.manifest.name;
            facts.push(StepFacts {
                step: file.name.clone(),
                digest: file.digest,
                tier: loaded.as_ref().map(Step::tier),
                kind: loaded.as_ref().and_then(Step::kind),
                writes: loaded.as_ref().map(writes).unwrap_or_default(),
                trust: self.trust_of(name, &file.name, file.digest).await?,
            });
        }
        Ok(facts)
    }
}

fn writes(step: &Step) -> Vec<String> {
    let writes = step
        .imports()
        .iter()
        .filter(|import| matches!(import.gives, Gives::Writes(_) | Gives::Unknown));
    writes.flat_map(|import| import.capabilities()).collect()
}
