//! The room where config, policy, store, sandbox and sources meet.

use std::{
    collections::HashSet,
    path::Path,
    sync::{Arc, Mutex, MutexGuard, OnceLock, PoisonError},
};

use interlock_capabilities::{Readers, journal::Journal, report::Incident, write::Writers};
use interlock_connectors::{Connected, config::Config, connect};
use interlock_engine::{CacheError, CachePaths, Cassette, Engine, EngineConfig, EngineError};
use interlock_gate::{
    canonical,
    history::History,
    ids::{BlobDigest, CassetteDigest, HostId, PlanDigest, RunId},
    plan::{CheckpointRef, Plan},
    time::Time,
    token::Token,
};
use interlock_store::{
    ANY_SIZE, HeldBy, PlanLock, SqliteStore, Store, StoreError, entry::Entry,
    own_file::is_of_the_medium,
};
use serde::Serialize;

pub use crate::policy::read_policy;
use crate::{
    caller::Caller,
    catalogue::Shelved,
    error::{RunError, chain},
    incident::{INDEX, Past},
    policy::PolicySeen,
    track::Seen,
};

/// Reports and other documents kept beside the journal, in bytes.
pub(crate) const KEPT_BYTES_MAX: usize = 16 * 1024 * 1024;
/// Digests of components that are remembered as kept.
const KEPT_MAX: usize = 4096;
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
    pub(crate) policy_seen: PolicySeen,
    shelf: Shelved,
    /// Bytes of steps that the store has for sure.
    kept: Mutex<HashSet<BlobDigest>>,
    runs_max: u32,
    /// What past runs concluded.
    pub(crate) conclusions: Seen,
    /// Why the journal cannot be had, where a run does without.
    unrecorded: Option<String>,
}

impl Runner {
    /// Opens the host that a configuration describes, for a command; its key and journal are made
    /// at the first start.
    pub fn open(config: Config) -> Result<Runner, RunError> {
        Runner::open_for(config, COMMAND_RUNS_MAX)
    }

    /// As [`Runner::open`], for a server: [`SERVER_RUNS_MAX`] steps at once.
    pub fn open_to_serve(config: Config) -> Result<Runner, RunError> {
        Runner::open_for(config, SERVER_RUNS_MAX)
    }

    /// As [`Runner::open`], for so many steps at once; more wait. Each reserves address space.
    pub fn open_for(config: Config, runs_max: u32) -> Result<Runner, RunError> {
        let store = open_store(&config.state_dir, &config.origin)?;
        Ok(Runner::over(config, store, runs_max, None))
    }

    /// As [`Runner::open`], for one run that may only read: where the journal's medium is full,
    /// read-only or failing, the run goes on, proposes nothing and says at its end that it is in no
    /// journal. A journal that is there and not as it should be is refused all the same.
    pub fn open_to_read(config: Config) -> Result<Runner, RunError> {
        let error = match open_store(&config.state_dir, &config.origin) {
            Ok(store) => return Ok(Runner::over(config, store, COMMAND_RUNS_MAX, None)),
            Err(error) if error.is_of_the_medium() => error,
            Err(error) => return Err(error.into()),
        };
        let version = env!("CARGO_PKG_VERSION");
        let clock = interlock_store::system_clock();
        let store = SqliteStore::in_memory(&config.origin, version, clock)?;
        let lost = Some(chain(&error));
        Ok(Runner::over(config, store, COMMAND_RUNS_MAX, lost))
    }

    fn over(
        config: Config,
        store: SqliteStore,
        runs_max: u32,
        unrecorded: Option<String>,
    ) -> Runner {
        Runner {
            config,
            store: Arc::new(store),
            engine: OnceLock::new(),
            connected: OnceLock::new(),
            policy_seen: PolicySeen::default(),
            shelf: Shelved::default(),
            kept: Mutex::default(),
            runs_max,
            conclusions: Seen::default(),
            unrecorded,
        }
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

    /// Why there is no journal, where there is none.
    pub(crate) fn unrecorded(&self) -> Option<&str> {
        self.unrecorded.as_deref()
    }

    pub(crate) fn has_kept(&self, digest: &BlobDigest) -> bool {
        self.kept_bytes().contains(digest)
    }

    /// The store has these bytes; components only, so that they stay few.
    pub(crate) fn keeps(&self, digests: Vec<BlobDigest>) {
        let mut kept = self.kept_bytes();
        if kept.len() > KEPT_MAX {
            kept.clear();
        }
        kept.extend(digests);
    }

    fn kept_bytes(&self) -> MutexGuard<'_, HashSet<BlobDigest>> {
        // Nothing panics while it holds this lock.
        self.kept.lock().unwrap_or_else(PoisonError::into_inner)
    }

    pub(crate) fn shelf(&self) -> &Shelved {
        &self.shelf
    }

    /// Who the command line's caller is, by its real uid.
    pub async fn caller_of_uid(&self, uid: u32) -> Result<Caller, RunError> {
        // Asking changes nothing, so it needs no journal.
        Ok(Caller::of_uid(self.policy_or_lost().await?.0.as_ref(), uid))
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
        let make = |cache| {
            Engine::new(EngineConfig {
                limits: policy.sandbox().clone(),
                runs_max: self.runs_max,
                cache,
            })
        };
        let engine = match make(Some(cache)) {
            // Without it a step is compiled each time, and that is all.
            Err(EngineError::Cache(CacheError::Io { source, .. })) if is_of_the_medium(&source) => {
                make(None)?
            }
            made => made?,
        };
        Ok(self.engine.get_or_init(|| engine))
    }

    /// The sources, set up once and kept: a full database refuses new sessions.
    pub fn connected(&self) -> &Connected {
        self.connected.get_or_init(|| connect(&self.config))
    }

    /// What answers the reads of a run about this incident.
    pub(crate) fn readers(&self, incident: &Incident) -> Readers {
        let path = self.config.state_dir.join(INDEX);
        let past = Past::new(Arc::clone(&self.store), path, incident.clone());
        Readers {
            incidents: Some(Arc::new(past)),
            ..self.connected().readers(incident)
        }
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

fn open_store(folder: &Path, origin: &str) -> Result<SqliteStore, StoreError> {
    let clock = interlock_store::system_clock();
    SqliteStore::open(folder, origin, env!("CARGO_PKG_VERSION"), clock)
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
