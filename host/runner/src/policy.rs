//! The policy in force, read anew where its file has changed, and journalled whole where its text
//! is new.

use std::{
    path::{Path, PathBuf},
    sync::{Arc, Mutex, MutexGuard, OnceLock, PoisonError},
};

use interlock_capabilities::journal::Refused;
use interlock_connectors::files;
use interlock_gate::{
    ids::HostId,
    policy::{POLICY_BYTES_MAX, Policy},
};
use interlock_store::{Store as _, entry::Entry};

use crate::{error::RunError, open::Runner, stamp::Stamp};

/// What was seen of the policy so far.
#[derive(Default)]
pub(crate) struct PolicySeen {
    /// The file's whole path, once it is known to be the store's.
    path: OnceLock<String>,
    /// The policy that was read last, and the file as it was then.
    last: Mutex<Option<(Stamp, Arc<Policy>)>>,
}

impl PolicySeen {
    fn last(&self) -> MutexGuard<'_, Option<(Stamp, Arc<Policy>)>> {
        // Nothing panics while it holds this lock.
        self.last.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Runner {
    /// The policy in force: read anew where its file has changed; a text that is new here is
    /// journalled whole first.
    pub async fn policy(&self) -> Result<Arc<Policy>, RunError> {
        match self.policy_or_lost().await? {
            (policy, None) => Ok(policy),
            (_, Some(lost)) => Err(RunError::Journal(lost)),
        }
    }

    /// The same for whoever only reads: where the journal's medium takes nothing, the policy, and
    /// why it is not journalled.
    pub(crate) async fn policy_or_lost(&self) -> Result<(Arc<Policy>, Option<Refused>), RunError> {
        if let Some((stamp, policy)) = &*self.policy_seen.last()
            && stamp.still(&self.config().policy)
        {
            return Ok((Arc::clone(policy), None));
        }
        let stamp = Stamp::of(&self.config().policy);
        let policy = Arc::new(read_policy(&self.config().policy, Some(&self.host()))?);
        let held = self.store().policy().await?;
        let path = self.policy_path().await?;
        if held.is_none_or(|(digest, _)| digest != policy.digest()) {
            let entry = Entry::Policy {
                digest: policy.digest(),
                path,
                text: policy.text().to_owned(),
            };
            match self.record(entry).await {
                Err(RunError::Journal(lost @ Refused::Unwritable { medium: true, .. })) => {
                    return Ok((policy, Some(lost)));
                }
                recorded => recorded?,
            }
        }
        if let Ok(stamp) = stamp {
            *self.policy_seen.last() = Some((stamp, Arc::clone(&policy)));
        }
        Ok((policy, None))
    }

    /// The policy's whole path; a store belongs to the first that it saw, for good.
    async fn policy_path(&self) -> Result<String, RunError> {
        if let Some(path) = self.policy_seen.path.get() {
            return Ok(path.clone());
        }
        let path = &self.config().policy;
        let whole = std::fs::canonicalize(path).unwrap_or_else(|_| path.clone());
        let whole = whole.display().to_string();
        let bound = self
            .store()
            .entries_of("policy")
            .await?
            .into_iter()
            .find_map(|stamped| match stamped.entry {
                Entry::Policy { path, .. } => Some(path),
                _ => None,
            });
        match bound {
            Some(bound) if bound != whole => Err(RunError::OtherPolicy {
                bound,
                found: whole,
            }),
            _ => Ok(self.policy_seen.path.get_or_init(|| whole).clone()),
        }
    }
}

/// Reads a policy file as the host does: opened once, no links, nobody else could have written it.
pub fn read_policy(path: &Path, host: Option<&HostId>) -> Result<Policy, RunError> {
    let text =
        files::read_private_text(path, POLICY_BYTES_MAX).map_err(|why| RunError::PolicyFile {
            path: path.to_owned(),
            why,
        })?;
    let parsed = match host {
        Some(host) => Policy::parse_for_host(&text, host),
        None => Policy::parse(&text),
    };
    parsed.map_err(|errors| RunError::Policy {
        path: PathBuf::from(path),
        text,
        errors,
    })
}
