//! The same component on bare wasmtime: what a host costs that does nothing but serve it.

use interlock_capabilities::read::database::{Database, DatabaseAsk, Sessions};
use interlock_capabilities::report::{Failure, Input, Report};
use interlock_capabilities::{AnswerLimit, Gap, Soon};
use wasmtime::component::{
    Component, ComponentExportIndex, InstancePre, Linker, Resource, ResourceTable, ResourceType,
};
use wasmtime::{
    Config, Enabled, Engine, InstanceAllocationStrategy, PoolingAllocationConfig, Store,
};

use crate::error::{BenchError, setup};
use crate::source::Source;

const DATABASE: &str = "interlock:read/database@0.1.0";
const DIAGNOSE: &str = "interlock:step/diagnose@0.1.0";
/// Instances at once, as our engine's pool has by default.
const RUNS: u32 = 16;
/// What stays resident in a slot, as in our engine's pool: without it the baseline would be slower.
const KEEP_RESIDENT_BYTES: usize = 512 * 1024;
const ANSWER_BYTES_MAX: u64 = 4 * 1024 * 1024;

/// An answer on its way.
struct Pending(Soon<'static, Result<Sessions, Gap>>);

struct Host {
    table: ResourceTable,
    source: Source,
}

/// The component, compiled and linked.
pub(crate) struct Bare {
    engine: Engine,
    pre: InstancePre<Host>,
    run: ComponentExportIndex,
    source: Source,
}

/// Pooling and async. No fuel, no epochs, no limits: nothing that makes a guest safe to run.
fn config() -> Config {
    let mut pool = PoolingAllocationConfig::default();
    pool.total_component_instances(RUNS);
    pool.total_core_instances(RUNS * 4);
    pool.total_memories(RUNS);
    pool.total_tables(RUNS * 4);
    pool.total_stacks(RUNS);
    pool.linear_memory_keep_resident(KEEP_RESIDENT_BYTES);
    pool.table_keep_resident(KEEP_RESIDENT_BYTES);
    pool.pagemap_scan(Enabled::Auto);
    let mut config = Config::new();
    config.allocation_strategy(InstanceAllocationStrategy::Pooling(pool));
    // Bookkeeping for a concurrency that neither side uses.
    config.concurrency_support(false);
    config
}

impl Bare {
    pub(crate) fn new(component: &[u8], source: Source) -> Result<Bare, BenchError> {
        let engine = Engine::new(&config()).map_err(setup("make the bare engine"))?;
        let component = Component::from_binary(&engine, component)
            .map_err(setup("compile the component for the bare engine"))?;
        let mut linker = Linker::new(&engine);
        define(&mut linker).map_err(setup("define the bare host's functions"))?;
        let run = component
            .get_export_index(None, DIAGNOSE)
            .and_then(|instance| component.get_export_index(Some(&instance), "run"))
            .ok_or_else(|| BenchError::Undone {
                side: "bare wasmtime",
                why: "the component exports no `run`".to_owned(),
            })?;
        let pre = linker
            .instantiate_pre(&component)
            .map_err(setup("link the component to the bare host"))?;
        Ok(Bare {
            engine,
            pre,
            run,
            source,
        })
    }

    /// Instantiates it, runs it with one read, and drops it.
    pub(crate) async fn run(&self, input: Input) -> wasmtime::Result<Result<Report, Failure>> {
        let host = Host {
            table: ResourceTable::new(),
            source: self.source.clone(),
        };
        let mut store = Store::new(&self.engine, host);
        let instance = self.pre.instantiate_async(&mut store).await?;
        let run = instance
            .get_typed_func::<(Input,), (Result<Report, Failure>,)>(&mut store, &self.run)?;
        let (end,) = run.call_async(&mut store, (input,)).await?;
        Ok(end)
    }
}

fn define(linker: &mut Linker<Host>) -> wasmtime::Result<()> {
    let mut database = linker.instance(DATABASE)?;
    database.resource(
        "pending-sessions",
        ResourceType::host::<Pending>(),
        |mut store, it| {
            let it = Resource::<Pending>::new_own(it);
            store.data_mut().table.delete(it)?;
            Ok(())
        },
    )?;
    database.func_wrap("sessions", |mut store, (server,): (String,)| {
        let host: &mut Host = store.data_mut();
        let limit = AnswerLimit {
            bytes_max: ANSWER_BYTES_MAX,
        };
        let answer = host.source.sessions(DatabaseAsk { server }, limit);
        Ok((host.table.push(Pending(answer))?,))
    })?;
    database.func_wrap_async(
        "[method]pending-sessions.get",
        |mut store, (it,): (Resource<Pending>,)| {
            Box::new(async move {
                let host: &mut Host = store.data_mut();
                let answer = host.table.get_mut(&it)?.0.as_mut().await;
                Ok((answer,))
            })
        },
    )?;
    Ok(())
}
