//! The room where config, policy, store, sandbox and sources meet.

use std::{
    path::{Path, PathBuf},
    sync::{Arc, Mutex, MutexGuard, OnceLock, PoisonError},
};

use interlock_capabilities::{Readers, journal::Journal, report::Incident, write::Writers};
use interlock_connectors::{Connected, config::Config, connect, files};
use interlock_engine::{CachePaths, Cassette, Engine, EngineConfig};
use interlock_gate::{
    canonical,
    history::History,
    ids::{BlobDigest, CassetteDigest, HostId, PlanDigest, RunId},
    plan::{CheckpointRef, Plan},
    policy::{POLICY_BYTES_MAX, Policy},
    time::Time,
    token::Token,
};
use interlock_store::{ANY_SIZE, HeldBy, PlanLock, SqliteStore, Store, entry::Entry};
use serde::Serialize;

use crate::{caller::Caller, catalogue::Shelved, error::RunError, stamp::Stamp};

/// Reports and other documents kept beside the journal, in bytes.
const KEPT_BYTES_MAX: usize = 16 * 1024 * 1024;
/// Steps that run at once in a command.
pub const COMMAND_RUNS_MAX: u32 = 16;
/// Steps that run at once in a server: most of them wait for a source.
pub const SERVER_RUNS_MAX: u32 = 1_100;

/// One host: its configuration, policy, journal, sandbox and sources.
pub struct Runner {
    config: Config,
    store: Arc<SqliteStore>,
    engine: OnceLock<Engine>,
    connected: OnceLock<Connected>,
    policy_path: OnceLock<String>,
    /// The policy that was read last, and the file as it was then.
    policy: Mutex<Option<(Stamp, Arc<Policy>)>>,
    shelf: Shelved,
    runs_max: u32,
}

impl Runner {
    /// Opens the host that a configuration describes, for a command; its key and journal are made
    /// at the first start.
    pub fn open(config: Config) -> Result<Runner, RunError> {
        Runner::open_for(config, COMMAND_RUNS_MAX)
    }

    /// As [`Runner::open`], for so many steps at once; more wait. Each reserves address space.
    pub fn open_for(config: Config, runs_max: u32) -> Result<Runner, RunError> {
        let version = env!("CARGO_PKG_VERSION");
        let store = SqliteStore::open(
            &config.state_dir,
            &config.origin,
            version,
            interlock_store::system_clock(),
        )?;
        Ok(Runner {
            config,
            store: Arc::new(store),
            engine: OnceLock::new(),
            connected: OnceLock::new(),
            policy_path: OnceLock::new(),
            policy: Mutex::default(),
            shelf: Shelved::default(),
            runs_max,
        })
    }

    /// What is configured.
    pub fn config(&self) -> &Config {
        &self.config
    }

    /// The journal and what is kept beside it.
    pub fn store(&self) -> &Arc<SqliteStore> {
        &self.store
    }

    /// This host, as plans name it.
    pub fn host(&self) -> HostId {
        self.store.host()
    }

    /// The clock as it stands; the gate holds it against the journal.
    pub fn now(&self) -> Time {
        now()
    }

    /// The policy in force: read anew where its file has changed; a text that is new here is
    /// journalled whole first.
    pub async fn policy(&self) -> Result<Arc<Policy>, RunError> {
        if let Some((stamp, policy)) = &*self.policy_read()
            && stamp.still(&self.config.policy)
        {
            return Ok(Arc::clone(policy));
        }
        let stamp = Stamp::of(&self.config.policy);
        let policy = Arc::new(read_policy(&self.config.policy, Some(&self.host()))?);
        let held = self.store.policy().await?;
        let path = self.policy_path().await?;
        if held.is_none_or(|(digest, _)| digest != policy.digest()) {
            let entry = Entry::Policy {
                digest: policy.digest(),
                path,
                text: policy.text().to_owned(),
            };
            self.record(entry).await?;
        }
        if let Ok(stamp) = stamp {
            *self.policy_read() = Some((stamp, Arc::clone(&policy)));
        }
        Ok(policy)
    }

    fn policy_read(&self) -> MutexGuard<'_, Option<(Stamp, Arc<Policy>)>> {
        // Nothing panics while it holds this lock.
        self.policy.lock().unwrap_or_else(PoisonError::into_inner)
    }

    pub(crate) fn shelf(&self) -> &Shelved {
        &self.shelf
    }

    /// The policy's whole path; a store belongs to the first that it saw, for good.
    async fn policy_path(&self) -> Result<String, RunError> {
        if let Some(path) = self.policy_path.get() {
            return Ok(path.clone());
        }
        let path = &self.config.policy;
        let whole = std::fs::canonicalize(path).unwrap_or_else(|_| path.clone());
        let whole = whole.display().to_string();
        let bound = self
            .store
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
            _ => Ok(self.policy_path.get_or_init(|| whole).clone()),
        }
    }

    /// Who the command line's caller is, by its real uid.
    pub async fn caller_of_uid(&self, uid: u32) -> Result<Caller, RunError> {
        Ok(Caller::of_uid(self.policy().await?.as_ref(), uid))
    }

    /// Refuses a store whose tables somebody altered beside its journal.
    pub async fn check_rows(&self) -> Result<(), RunError> {
        Ok(self.store.rows_equal_the_fold().await?)
    }

    pub(crate) fn journal(&self) -> &dyn Journal {
        self.store.as_ref()
    }

    pub(crate) fn engine(&self) -> Result<&Engine, RunError> {
        if let Some(engine) = self.engine.get() {
            return Ok(engine);
        }
        let policy = read_policy(&self.config.policy, Some(&self.host()))?;
        let cache = CachePaths {
            folder: self.config.state_dir.join("cache"),
            key: self.config.state_dir.join("cache.key"),
        };
        let engine = Engine::new(EngineConfig {
            limits: policy.sandbox().clone(),
            runs_max: self.runs_max,
            cache: Some(cache),
        })?;
        Ok(self.engine.get_or_init(|| engine))
    }

    /// The sources, set up once and kept: a full database refuses new sessions.
    pub fn connected(&self) -> &Connected {
        self.connected.get_or_init(|| connect(&self.config))
    }

    /// What answers the reads of a run about this incident.
    pub(crate) fn readers(&self, incident: &Incident) -> Readers {
        self.connected().readers(incident)
    }

    /// What can change production, in the name of whoever approved; the runner alone asks for it,
    /// and only to carry out a plan.
    pub(crate) fn writers(&self, approvers: &str) -> Writers {
        interlock_connectors::writers(self.connected(), approvers)
    }

    pub(crate) async fn record(&self, entry: Entry) -> Result<(), RunError> {
        self.store
            .record(entry, ANY_SIZE)
            .await
            .map_err(RunError::Journal)?;
        Ok(())
    }

    pub(crate) async fn history(&self, plan: PlanDigest) -> Result<History, RunError> {
        Ok(self.store.history(&plan).await?)
    }

    pub(crate) async fn tokens(&self, plan: PlanDigest) -> Result<Vec<Token>, RunError> {
        Ok(self.store.tokens(&plan).await?)
    }

    /// A plan that was made here.
    pub async fn plan(&self, id: PlanDigest) -> Result<Arc<Plan>, RunError> {
        let plan = self.store.plan(&id).await?;
        let unknown = || RunError::Unknown {
            what: "plan",
            id: id.to_string(),
        };
        plan.map(Arc::new).ok_or_else(unknown)
    }

    /// The plan whose id begins so.
    pub async fn find_plan(&self, prefix: &str) -> Result<Arc<Plan>, RunError> {
        let id = self.store.find_plan(prefix).await?;
        self.plan(id).await
    }

    pub(crate) fn hold(&self, plan: &Plan) -> Result<PlanLock, RunError> {
        let held = self.store.hold(&plan.id());
        held.map_err(|by| RunError::Held {
            plan: plan.id().short(),
            by: match by {
                HeldBy::Process { pid, .. } => format!("process {pid} holds it"),
                HeldBy::Unusable { .. } => by.to_string(),
            },
        })
    }

    pub(crate) async fn checkpoint(&self) -> Result<CheckpointRef, RunError> {
        let head = self.store.checkpoint().await?.head();
        Ok(CheckpointRef {
            size: head.size,
            root: hex::encode(head.root.0),
        })
    }

    pub(crate) async fn keep_document<T: Serialize>(
        &self,
        document: &T,
    ) -> Result<BlobDigest, RunError> {
        let bytes = canonical::to_bytes_within(document, KEPT_BYTES_MAX)?;
        self.store.keep(bytes).await.map_err(RunError::Journal)
    }

    pub(crate) async fn keep_cassette(
        &self,
        cassette: &Cassette,
    ) -> Result<CassetteDigest, RunError> {
        let blob = self
            .store
            .keep(cassette.canonical()?)
            .await
            .map_err(RunError::Journal)?;
        Ok(CassetteDigest::from_raw(*blob.raw()))
    }

    pub(crate) async fn blob(&self, digest: BlobDigest) -> Result<Option<Vec<u8>>, RunError> {
        Ok(self.store.blob(&digest).await?)
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

/// The system's clock.
pub fn now() -> Time {
    let since = std::time::SystemTime::now().duration_since(std::time::UNIX_EPOCH);
    let micros = since.map_or(0, |since| {
        u64::try_from(since.as_micros()).unwrap_or(u64::MAX)
    });
    Time::from_micros(micros).unwrap_or_default()
}

/// A run's id that no other has: 8 of 32 letters, 40 random bits.
pub(crate) fn fresh_run_id() -> Result<RunId, RunError> {
    const LETTERS: &[u8; 32] = b"abcdefghijkmnpqrstuvwxyz23456789";
    let mut bytes = [0; 8];
    getrandom::fill(&mut bytes).map_err(|error| RunError::Random(error.to_string()))?;
    let letters = bytes
        .iter()
        .map(|byte| char::from(LETTERS[usize::from(byte % 32)]));
    let id = format!("r-{}", letters.collect::<String>());
    id.parse()
        .map_err(|error| RunError::Random(format!("{error}")))
}
