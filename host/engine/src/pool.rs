//! wasmtime's settings: deterministic code, a pool for a long-lived host, and time that ticks.

use std::{
    sync::{Arc, Condvar, Mutex, PoisonError},
    thread,
    time::Duration,
};

use wasmtime::{Config, Enabled, EngineWeak, InstanceAllocationStrategy, PoolingAllocationConfig};

use crate::Limits;

/// How often a guest that computes is interrupted, so that its time can run out.
const TICK: Duration = Duration::from_millis(10);
/// So many ticks it goes on when nothing runs any more: where one run follows the other, to wake the
/// thread for each costs more than the ticks.
const IDLE_TICKS: u32 = 20;
/// Linear memory that stays resident in a slot: cheaper to clear than to fetch again.
const KEEP_RESIDENT_BYTES: usize = 512 * 1024;
/// The largest memory of a 32 bit guest; the policy's limit is far below, and counted by us.
const MEMORY_BYTES_MAX: usize = 1 << 32;
/// wasmtime's own books on one component's instances.
const COMPONENT_INSTANCE_BYTES_MAX: usize = 16 * 1024 * 1024;

/// So many runs at once may each use all that the policy lets one use.
const LARGE_RUNS: u32 = 16;
/// What each of the others has in the pool: more than any language's component was seen to need.
const USUAL_CORE_INSTANCES: u32 = 16;
const USUAL_MEMORIES: u32 = 4;
const USUAL_TABLES: u32 = 8;

/// The settings of every engine; `runs` is how many may run at once.
pub(crate) fn config(limits: &Limits, runs: u32) -> Config {
    let total = |most: u64, usual: u32| {
        let most = u32::try_from(most).unwrap_or(u32::MAX).min(10_000);
        let large = most.saturating_mul(runs.min(LARGE_RUNS));
        let others = usual
            .min(most)
            .saturating_mul(runs.saturating_sub(LARGE_RUNS));
        large.saturating_add(others)
    };
    let memories = total(limits.memories_max.min(16), USUAL_MEMORIES);
    let tables = total(limits.tables_max, USUAL_TABLES);
    let mut pool = PoolingAllocationConfig::default();
    pool.total_component_instances(runs);
    pool.total_stacks(runs);
    pool.total_core_instances(total(limits.instances_max, USUAL_CORE_INSTANCES));
    pool.total_memories(memories);
    pool.total_tables(tables);
    // Above the policy's limits where they can be, so that ours are met first and say which.
    pool.max_memories_per_module(memories);
    pool.max_tables_per_module(tables);
    pool.max_memory_size(MEMORY_BYTES_MAX);
    pool.table_elements(
        usize::try_from(limits.table_elements_max)
            .unwrap_or(usize::MAX)
            .min(10_000_000),
    );
    pool.max_component_instance_size(COMPONENT_INSTANCE_BYTES_MAX);
    pool.max_core_instance_size(COMPONENT_INSTANCE_BYTES_MAX);
    pool.linear_memory_keep_resident(KEEP_RESIDENT_BYTES);
    pool.table_keep_resident(KEEP_RESIDENT_BYTES);
    pool.pagemap_scan(Enabled::Auto);

    let mut config = Config::new();
    config.allocation_strategy(InstanceAllocationStrategy::Pooling(pool));
    // The same bits on every machine. Threads are left out of the build.
    config.cranelift_nan_canonicalization(true);
    config.relaxed_simd_deterministic(true);
    config.consume_fuel(true);
    config.epoch_interruption(true);
    // The contract is blocking calls: a guest has no use for the component model's own concurrency.
    config.concurrency_support(false);
    config.wasm_memory64(false);
    config
}

/// Moves wasmtime's epoch while something runs; sleeps a while after nothing does.
pub(crate) struct Ticker(Arc<Shared>);

struct Shared {
    state: Mutex<State>,
    changed: Condvar,
}

struct State {
    runs: usize,
    /// Something ran since the last tick.
    ran: bool,
    waiting: bool,
    closed: bool,
}

impl Shared {
    fn lock(&self) -> std::sync::MutexGuard<'_, State> {
        // Nothing panics while it holds this lock.
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// While it lives, time ticks.
pub(crate) struct Ticking(Arc<Shared>);

impl Ticker {
    pub(crate) fn start(engine: EngineWeak) -> std::io::Result<Ticker> {
        let state = Mutex::new(State {
            runs: 0,
            ran: false,
            waiting: false,
            closed: false,
        });
        let shared = Arc::new(Shared {
            state,
            changed: Condvar::new(),
        });
        let theirs = Arc::clone(&shared);
        thread::Builder::new()
            .name("interlock-epoch".to_owned())
            .spawn(move || tick(&theirs, &engine))?;
        Ok(Ticker(shared))
    }

    pub(crate) fn run(&self) -> Ticking {
        let mut state = self.0.lock();
        state.runs += 1;
        state.ran = true;
        if state.waiting {
            self.0.changed.notify_one();
        }
        Ticking(Arc::clone(&self.0))
    }
}

fn tick(shared: &Shared, engine: &EngineWeak) {
    let mut idle = 0;
    loop {
        {
            let mut state = shared.lock();
            let ran = std::mem::take(&mut state.ran);
            idle = if ran || state.runs > 0 { 0 } else { idle + 1 };
            while state.runs == 0 && idle > IDLE_TICKS && !state.closed {
                state.waiting = true;
                state = shared
                    .changed
                    .wait(state)
                    .unwrap_or_else(PoisonError::into_inner);
                state.waiting = false;
            }
            idle = idle.min(IDLE_TICKS);
            if state.closed {
                return;
            }
        }
        thread::sleep(TICK);
        match engine.upgrade() {
            Some(engine) => engine.increment_epoch(),
            None => return,
        }
    }
}

impl Drop for Ticking {
    fn drop(&mut self) {
        self.0.lock().runs -= 1;
    }
}

impl Drop for Ticker {
    fn drop(&mut self) {
        self.0.lock().closed = true;
        self.0.changed.notify_one();
    }
}
