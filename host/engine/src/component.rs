//! From bytes to a step: hashed first, then compiled or taken from the cache, its imports read.

use std::{
    collections::HashMap,
    path::PathBuf,
    sync::{Arc, Mutex, OnceLock, PoisonError},
};

use interlock_gate::ids::ComponentDigest;
use tokio::sync::Semaphore;
use wasmtime::component::{Component, ComponentExportIndex, InstancePre, types::ComponentItem};

use crate::{
    Limits,
    cache::{Cache, CacheError},
    limits::{LimitName, Reached},
    pool::{self, Ticker},
    session::Session,
    tier::{self, CONTRACT_VERSIONS, Gives, Import, Kind, Tier},
};

/// Components that stay compiled in memory.
const LOADED_MAX: usize = 256;

/// How an [`Engine`] is made.
#[derive(Clone, Debug)]
pub struct EngineConfig {
    /// What the pool is made for: the limits of the policy in force.
    pub limits: Limits,
    /// Runs at once; more wait. Each reserves address space, not memory.
    pub runs_max: u32,
    /// Where compiled components are kept; `None` keeps them in memory only.
    pub cache: Option<CachePaths>,
}

/// The folder of compiled components, and the file of its key.
#[derive(Clone, Debug)]
pub struct CachePaths {
    /// Made where it is missing, mode 0700.
    pub folder: PathBuf,
    /// Made where it is missing, mode 0600.
    pub key: PathBuf,
}

impl Default for EngineConfig {
    fn default() -> EngineConfig {
        EngineConfig {
            limits: Limits::default(),
            runs_max: 16,
            cache: None,
        }
    }
}

/// Why an engine cannot be made.
#[derive(Debug, thiserror::Error)]
pub enum EngineError {
    /// wasmtime refused the settings, or the address space for its pool.
    #[error("the WebAssembly engine cannot be made: {why}")]
    Wasmtime {
        /// Its word for it.
        why: String,
    },
    /// The thread that keeps time cannot be started.
    #[error("the thread that keeps time cannot be started")]
    Ticker(#[source] std::io::Error),
    /// The cache cannot be used.
    #[error(transparent)]
    Cache(#[from] CacheError),
}

/// Compiles components and holds the pool that they run in. Cheap to clone.
#[derive(Clone)]
pub struct Engine(pub(crate) Arc<Shared>);

impl std::fmt::Debug for Engine {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Engine").finish_non_exhaustive()
    }
}

pub(crate) struct Shared {
    pub(crate) wasm: wasmtime::Engine,
    pub(crate) ticker: Ticker,
    pub(crate) runs: Semaphore,
    component_bytes_max: u64,
    cache: Option<Cache>,
    loaded: Mutex<HashMap<ComponentDigest, Arc<Loaded>>>,
}

/// Why bytes are no component that this host can run.
#[derive(Debug, thiserror::Error)]
pub enum LoadError {
    /// Larger than the policy lets a component be.
    #[error("the component is too large: {0}")]
    TooLarge(Reached),
    /// Not WebAssembly, or a core module.
    #[error("not a WebAssembly component: {why}")]
    NotAComponent {
        /// What it is instead.
        why: &'static str,
    },
    /// A component that does not validate or does not compile.
    #[error("the component `{digest}` cannot be compiled: {why}")]
    Invalid {
        /// Of its bytes.
        digest: ComponentDigest,
        /// wasmtime's word for it.
        why: String,
    },
}

impl Engine {
    /// Makes the pool; nothing is compiled yet.
    pub fn new(config: EngineConfig) -> Result<Engine, EngineError> {
        let runs = config.runs_max.clamp(1, 10_000);
        let wasm = wasmtime::Engine::new(&pool::config(&config.limits, runs)).map_err(|error| {
            EngineError::Wasmtime {
                why: format!("{error:#}"),
            }
        })?;
        let cache = config
            .cache
            .map(|paths| Cache::open(&paths.folder, &paths.key))
            .transpose()?;
        let ticker = Ticker::start(wasm.weak()).map_err(EngineError::Ticker)?;
        Ok(Engine(Arc::new(Shared {
            wasm,
            ticker,
            runs: Semaphore::new(runs as usize),
            component_bytes_max: config.limits.component_bytes_max,
            cache,
            loaded: Mutex::default(),
        })))
    }

    /// The step of that digest, where it is in memory: nothing is hashed or read.
    pub fn loaded(&self, digest: &ComponentDigest) -> Option<Step> {
        let loaded = self.in_memory().get(digest).map(Arc::clone)?;
        Some(self.step(loaded))
    }

    /// Hashes `bytes`, then compiles them or takes what this host compiled before. Blocks: a small
    /// step takes some milliseconds, a Python one some seconds.
    pub fn load(&self, bytes: &[u8]) -> Result<Step, LoadError> {
        Reached::check(
            LimitName::Component,
            self.0.component_bytes_max,
            bytes.len() as u64,
        )
        .map_err(LoadError::TooLarge)?;
        is_component(bytes).map_err(|why| LoadError::NotAComponent { why })?;
        let digest = ComponentDigest::of(bytes);
        if let Some(step) = self.loaded(&digest) {
            return Ok(step);
        }
        let cached = self
            .0
            .cache
            .as_ref()
            .and_then(|cache| cache.load(&self.0.wasm, &digest));
        let component = match cached {
            Some(component) => component,
            None => {
                let component = Component::from_binary(&self.0.wasm, bytes).map_err(|error| {
                    LoadError::Invalid {
                        digest,
                        why: format!("{error:#}"),
                    }
                })?;
                if let Some(cache) = &self.0.cache {
                    cache.store(&self.0.wasm, &digest, &component);
                }
                component
            }
        };
        let loaded = Arc::new(Loaded::new(&self.0.wasm, digest, component));
        let mut all = self.in_memory();
        if all.len() >= LOADED_MAX {
            all.clear();
        }
        all.insert(digest, Arc::clone(&loaded));
        Ok(self.step(loaded))
    }

    fn step(&self, loaded: Arc<Loaded>) -> Step {
        Step {
            engine: self.clone(),
            loaded,
        }
    }

    fn in_memory(&self) -> std::sync::MutexGuard<'_, HashMap<ComponentDigest, Arc<Loaded>>> {
        // Nothing panics while it holds this lock.
        self.0.loaded.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// The eight bytes that every component begins with; wasmtime would take text, too, in some builds.
fn is_component(bytes: &[u8]) -> Result<(), &'static str> {
    match bytes.get(..8) {
        Some([0, b'a', b's', b'm', 0x0d, 0, 1, 0]) => Ok(()),
        Some([0, b'a', b's', b'm', 1, 0, 0, 0]) => {
            Err("it is a core module; `interlock build` makes components")
        }
        Some([0, b'a', b's', b'm', ..]) => Err("it has another version of the binary format"),
        Some(_) | None => Err("it does not begin as WebAssembly does"),
    }
}

/// A compiled component. What it may ask for is known; nothing has run. Cheap to clone.
#[derive(Clone)]
pub struct Step {
    pub(crate) engine: Engine,
    pub(crate) loaded: Arc<Loaded>,
}

pub(crate) struct Loaded {
    pub(crate) digest: ComponentDigest,
    pub(crate) component: Component,
    pub(crate) imports: Vec<Import>,
    pub(crate) run: Option<(Kind, ComponentExportIndex)>,
    /// Linked once: what a policy grants decides whether it is handed out, not what it is.
    pub(crate) pre: OnceLock<InstancePre<Session>>,
    tier: Tier,
}

impl std::fmt::Debug for Step {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        let Loaded { digest, tier, .. } = &*self.loaded;
        f.debug_struct("Step")
            .field("digest", digest)
            .field("tier", tier)
            .finish_non_exhaustive()
    }
}

impl Loaded {
    fn new(wasm: &wasmtime::Engine, digest: ComponentDigest, component: Component) -> Loaded {
        let imports = tier::imports(wasm, &component.component_type());
        let tier = tier::tier(&imports);
        let run = find_run(&component);
        Loaded {
            digest,
            component,
            imports,
            run,
            pre: OnceLock::new(),
            tier,
        }
    }
}

impl Step {
    /// SHA-256 of the component's bytes.
    pub fn digest(&self) -> ComponentDigest {
        self.loaded.digest
    }

    /// What it could do.
    pub fn tier(&self) -> Tier {
        self.loaded.tier
    }

    /// What it is for; `None`: it is no step of a runbook.
    pub fn kind(&self) -> Option<Kind> {
        self.loaded.run.map(|(kind, _)| kind)
    }

    /// Everything it imports, types included.
    pub fn imports(&self) -> &[Import] {
        &self.loaded.imports
    }

    /// What a policy must grant it, sorted: `database.sessions`, `database.terminate`. What is not
    /// known stands here by its full name.
    pub fn capabilities(&self) -> Vec<String> {
        let mut all: Vec<String> = self
            .loaded
            .imports
            .iter()
            .flat_map(Import::capabilities)
            .collect();
        all.sort();
        all.dedup();
        all
    }

    /// Whether it imports anything of WASI.
    pub fn uses_wasi(&self) -> bool {
        self.loaded
            .imports
            .iter()
            .any(|import| import.gives == Gives::Wasi)
    }
}

/// The `run` of the one kind of step that a component exports.
fn find_run(component: &Component) -> Option<(Kind, ComponentExportIndex)> {
    let mut found = None;
    for kind in Kind::ALL {
        for version in CONTRACT_VERSIONS {
            let name = format!("interlock:step/{}@{version}", kind.interface());
            let Some((ComponentItem::ComponentInstance(_), instance)) =
                component.get_export(None, &name)
            else {
                continue;
            };
            match component.get_export(Some(&instance), "run") {
                // A second one: which of them to run is not this host's to choose.
                Some((ComponentItem::ComponentFunc(_), _)) if found.is_some() => return None,
                Some((ComponentItem::ComponentFunc(_), run)) => found = Some((kind, run)),
                Some(_) | None => {}
            }
        }
    }
    found
}
