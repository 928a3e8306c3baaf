//! A doubt settled by a person: it is recorded, and nothing else happens.

use base64::{Engine as _, engine::general_purpose::STANDARD};
use interlock_gate::{
    canonical::{self, NotCanonical},
    history::Kind,
    ids::{PersonName, PlanDigest},
    sshsig::Sshsig,
    time::Time,
    token::{Nonce, REASON_BYTES_MAX},
};
use interlock_store::{Store as _, entry::Entry};
use serde::{Deserialize, Serialize};

use crate::{error::RunError, open::Runner};

/// The schema that a reconciliation's payload names. It is signed under the namespace of tokens,
/// and no token has this schema, so that neither passes for the other.
pub const RECONCILIATION_SCHEMA: &str = "interlock.reconciliation.v1";
/// Seconds within which a signature must be brought.
const FRESH_S: u64 = 15 * 60;

/// What a person found where the outcome of an act was not known.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Found {
    /// The act happened.
    Done,
    /// It did not.
    NotDone,
}

/// What is signed.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Reconciliation {
    /// Always [`RECONCILIATION_SCHEMA`].
    pub schema: String,
    /// The plan.
    pub plan: PlanDigest,
    /// The action's place in the plan, from 0.
    pub index: u16,
    /// Forward or back.
    pub r#for: Kind,
    /// What they found.
    pub found: Found,
    /// Who looked; the key that signs must be theirs.
    pub approver: PersonName,
    /// Why they are sure.
    pub reason: String,
    /// When.
    pub issued_at: Time,
    /// Unlike every other.
    pub nonce: Nonce,
}

/// An act whose outcome is not known.
#[derive(Clone, Debug)]
pub struct OpenDoubt {
    /// The plan.
    pub plan: PlanDigest,
    /// Forward or back.
    pub kind: Kind,
    /// The action's place in the plan, from 0.
    pub index: u16,
    /// When its intent was recorded.
    pub at: Time,
}

/// Why nothing was reconciled.
#[derive(Debug, thiserror::Error)]
pub enum CannotReconcile {
    /// Nothing of the run is in doubt.
    #[error("no outcome of {run} is in doubt")]
    NoDoubt {
        /// The run.
        run: String,
    },
    /// The signature does not count.
    #[error("the signature does not count: {why}")]
    Signature {
        /// Why not.
        why: String,
    },
    /// The host failed, or another process holds the plan.
    #[error(transparent)]
    Run(Box<RunError>),
}

impl From<RunError> for CannotReconcile {
    fn from(error: RunError) -> CannotReconcile {
        CannotReconcile::Run(Box::new(error))
    }
}

#[derive(Serialize)]
struct Envelope<'a> {
    payload: String,
    signature: &'a str,
}

impl Reconciliation {
    /// The exact bytes that are signed.
    pub fn to_bytes(&self) -> Result<Vec<u8>, NotCanonical> {
        canonical::to_bytes(self)
    }
}

impl Runner {
    /// The acts of a run that are in doubt, once nobody works on them any more.
    pub async fn doubts_of(
        &self,
        run: &interlock_gate::ids::RunId,
    ) -> Result<Vec<OpenDoubt>, CannotReconcile> {
        let plans = self.store().plans_of(run).await.map_err(RunError::from)?;
        for line in &plans {
            let plan = self.plan(line.plan).await?;
            let held = self.hold(&plan)?;
            self.settle_crash(&plan).await?;
            drop(held);
        }
        let doubts = self.store().doubts().await.map_err(RunError::from)?;
        let of_run = |plan: &PlanDigest| plans.iter().any(|line| line.plan == *plan);
        let doubts: Vec<OpenDoubt> = doubts
            .into_iter()
            .filter(|doubt| of_run(&doubt.plan))
            .map(|doubt| OpenDoubt {
                plan: doubt.plan,
                kind: doubt.kind,
                index: doubt.index,
                at: doubt.at,
            })
            .collect();
        if doubts.is_empty() {
            return Err(CannotReconcile::NoDoubt {
                run: run.to_string(),
            });
        }
        Ok(doubts)
    }

    /// Records what a person found, if an approver of today's policy signed it just now.
    pub async fn reconcile(
        &self,
        said: &Reconciliation,
        armored: &str,
    ) -> Result<(), CannotReconcile> {
        let refuse = |why: String| Err(CannotReconcile::Signature { why });
        let payload = said.to_bytes().map_err(RunError::from)?;
        let signature = match Sshsig::parse(armored) {
            Ok(signature) => signature,
            Err(error) => return refuse(error.to_string()),
        };
        if let Err(error) = signature.verify(&payload) {
            return refuse(error.to_string());
        }
        let policy = self.policy().await?;
        let key = signature.key();
        match policy.approver_of(key) {
            Some(approver) if approver.name == said.approver => {}
            Some(approver) => {
                return refuse(format!(
                    "it is by {}'s key, not {}'s",
                    approver.name, said.approver
                ));
            }
            None => return refuse("its key is no approver's".to_owned()),
        }
        if policy.revoked().keys.iter().any(|revoked| revoked.is(key)) {
            return refuse("its key is revoked".to_owned());
        }
        let now = self.now();
        if said.issued_at > now.plus_seconds(60) || now.seconds_since(said.issued_at) > FRESH_S {
            return refuse("it was not made just now".to_owned());
        }
        if said.reason.trim().is_empty() || said.reason.len() > REASON_BYTES_MAX {
            return refuse(format!("its reason must be 1 to {REASON_BYTES_MAX} bytes"));
        }
        let plan = self.plan(said.plan).await?;
        let _held = self.hold(&plan)?;
        let envelope = Envelope {
            payload: STANDARD.encode(&payload),
            signature: armored,
        };
        let token = canonical::to_bytes(&envelope).map_err(RunError::from)?;
        let found = match said.found {
            Found::Done => "done",
            Found::NotDone => "not done",
        };
        let entry = Entry::Reconciled {
            plan: said.plan,
            index: said.index,
            kind: said.r#for,
            finding: format!("{found}: {}", said.reason),
            // Canonical JSON is UTF-8.
            token: String::from_utf8_lossy(&token).into_owned(),
        };
        self.record(entry).await?;
        Ok(())
    }
}
