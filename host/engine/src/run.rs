//! One run of a step, live or on a cassette. Nothing here can act: no writer is in reach.

use interlock_capabilities::{
    Aimed, Readers, Soon,
    report::{Failure, Input, Report, Unchecked, Verification},
};
use interlock_gate::ids::CallId;
use tokio::time::timeout;
use wasmtime::{Store, UpdateDeadline, component::Instance};

use crate::{
    Limits,
    clock::{Clock, ClockStart},
    fault::{self, Fault, Phase},
    limits::{self, LimitName, Reached},
    link::Linked,
    progress::Progress,
    session::{Answers, Remains, Session},
    size::json_bytes,
    tape::{CASSETTE_SCHEMA, Cassette, Difference, Seed},
    tier::Kind,
};

/// What a step is given; `now` is set by the run's clock.
pub type StepInput = Input;

/// Handles of the component model that may live at once, WASI's included.
const HANDLES_MAX: usize = 100_000;

/// Where a run's answers come from.
#[derive(Clone, Debug)]
pub enum Source {
    /// The world.
    Live {
        /// Who answers.
        readers: Readers,
        /// Where the clock begins.
        clock: ClockStart,
        /// What random values grow from.
        seed: Seed,
        /// The id of the first call: calls are counted over all steps of a run.
        first_call: CallId,
    },
    /// The run's own record: whatever is not as recorded ends the run as [`Fault::Differs`].
    Tape(Cassette),
    /// The record of another step, for one that was changed: what it does not hold is
    /// [`interlock_capabilities::Gap::NotRecorded`].
    Against(Cassette),
}

/// A run that has ended. A fault keeps its record.
#[derive(Debug)]
pub struct Ran {
    /// Every call, with the clock and the seed.
    pub cassette: Cassette,
    /// How it ended.
    pub end: Result<Ended, Fault>,
}

/// How a step that did not fault ended.
#[derive(Clone, Debug, PartialEq)]
pub enum Ended {
    /// A diagnose step concluded.
    Report(Report),
    /// A remediate step proposed these changes, in order; none proposes nothing.
    Writes(Vec<Aimed>),
    /// A verify step concluded.
    Verification(Verification),
    /// An answer that the step needs could not be had: it ends unresolved.
    CouldNotCheck(Unchecked),
    /// The step's own error; untrusted text.
    Failed(String),
}

impl Linked {
    /// What the step is for.
    pub fn kind(&self) -> Kind {
        self.kind
    }

    /// Runs it once, within `limits`. Waits where too many runs are under way. Needs a tokio
    /// runtime with time and I/O; dropping the future ends the run and every read of it.
    pub fn run(&self, input: StepInput, from: Source, limits: &Limits) -> Soon<'_, Ran> {
        let nobody = Progress::default();
        self.run_until(input, from, limits, nobody, std::future::pending())
    }

    /// As [`Linked::run`], or until `stop` says why it must end: then every read of it is dropped,
    /// it ends as [`Fault::Cancelled`], and its record holds what was asked so far. `progress`
    /// counts its live calls.
    pub fn run_until<'a>(
        &'a self,
        input: StepInput,
        from: Source,
        limits: &Limits,
        progress: Progress,
        stop: impl Future<Output = String> + Send + 'a,
    ) -> Soon<'a, Ran> {
        let limits = limits.clone();
        Box::pin(async move {
            let mut run = Run::new(self, input, from, limits, progress);
            let end = match run.differs_before() {
                Some(difference) => Err(Fault::Differs(difference)),
                None => tokio::select! {
                    // A stop that came before the first instruction wins.
                    biased;
                    why = stop => Err(Fault::Cancelled { why }),
                    end = run.execute() => end,
                },
            };
            run.end(end)
        })
    }
}

/// One run, from its store to its record.
struct Run<'a> {
    linked: &'a Linked,
    limits: Limits,
    input: Input,
    seed: Seed,
    first_call: CallId,
    /// On the run's own record: what it was given then.
    recorded: Option<(Input, interlock_gate::ids::ComponentDigest)>,
    store: Store<Session>,
}

impl<'a> Run<'a> {
    fn new(
        linked: &'a Linked,
        mut input: Input,
        from: Source,
        limits: Limits,
        progress: Progress,
    ) -> Run<'a> {
        let (clock, answers, seed, first_call, recorded) = match from {
            Source::Live {
                readers,
                clock,
                seed,
                first_call,
            } => {
                let answers = Answers::Live {
                    readers,
                    grants: linked.grants.clone(),
                    progress,
                };
                (Clock::live(clock, &limits), answers, seed, first_call, None)
            }
            Source::Tape(cassette) => {
                let clock = Clock::tape(&cassette.clock, true, &limits);
                let recorded = Some((cassette.input.clone(), cassette.component));
                let (seed, first_call) = (cassette.seed, cassette.first_call);
                (clock, Answers::Tape(cassette), seed, first_call, recorded)
            }
            Source::Against(cassette) => {
                let clock = Clock::tape(&cassette.clock, false, &limits);
                let (seed, first_call) = (cassette.seed, cassette.first_call);
                let used = vec![false; cassette.calls.len()];
                (
                    clock,
                    Answers::Against { cassette, used },
                    seed,
                    first_call,
                    None,
                )
            }
        };
        input.now = clock.start().micros();
        let session = Session::new(&limits, clock, seed, answers, first_call);
        let store = store(linked, session, &limits);
        Run {
            linked,
            limits,
            input,
            seed,
            first_call,
            recorded,
            store,
        }
    }

    /// The record is of other bytes, or of another input.
    fn differs_before(&self) -> Option<Difference> {
        let (input, component) = self.recorded.as_ref()?;
        let digest = self.linked.loaded.digest;
        if *component != digest {
            return Some(Difference::new(
                "component",
                Some(component.to_string()),
                Some(digest.to_string()),
            ));
        }
        let text = |input: &Input| serde_json::to_string(input).ok();
        (*input != self.input).then(|| Difference::new("input", text(input), text(&self.input)))
    }

    async fn execute(&mut self) -> Result<Ended, Fault> {
        let shared = &self.linked.engine.0;
        let closed = |_| Fault::Host {
            why: "the engine is closed".to_owned(),
        };
        let _turn = shared.runs.acquire().await.map_err(closed)?;
        let _ticking = shared.ticker.run();
        self.check_counts().map_err(Fault::Limit)?;
        let began = std::time::Instant::now();
        let most = limits::wall_time(&self.limits);
        match timeout(most, self.drive()).await {
            Ok(end) => end,
            Err(_elapsed) => Err(Fault::Limit(Reached {
                which: LimitName::WallTime,
                limit: self.limits.wall_time_ms_max,
                reached: u64::try_from(began.elapsed().as_millis()).unwrap_or(u64::MAX),
            })),
        }
    }

    /// Counts that the component's text fixes; their sizes are counted as they grow.
    fn check_counts(&self) -> Result<(), Reached> {
        let Some(needs) = self.linked.loaded.component.resources_required() else {
            return Ok(());
        };
        Reached::check(
            LimitName::Memories,
            self.limits.memories_max,
            needs.num_memories.into(),
        )?;
        Reached::check(
            LimitName::Tables,
            self.limits.tables_max,
            needs.num_tables.into(),
        )
    }

    async fn drive(&mut self) -> Result<Ended, Fault> {
        let limits = &self.limits.clone();
        let at = |phase| move |error: wasmtime::Error| fault::fault(&error, phase, limits);
        let instance = self
            .linked
            .pre
            .instantiate_async(&mut self.store)
            .await
            .map_err(at(Phase::Instantiate))?;
        let input = self.input.clone();
        let ended = self.call(&instance, input).await.map_err(at(Phase::Call))?;
        let stopped = self.store.data().stop();
        stopped.map_err(|stop| fault::fault(&stop.into(), Phase::Call, limits))?;
        let bytes = match &ended {
            Ended::Report(report) => json_bytes(report),
            Ended::Verification(verification) => json_bytes(verification),
            Ended::CouldNotCheck(unchecked) => json_bytes(unchecked),
            Ended::Failed(text) => json_bytes(text),
            Ended::Writes(_) => Ok(0),
        };
        let bytes = bytes.map_err(|error| Fault::BadOutput {
            why: error.to_string(),
        })?;
        Reached::check(LimitName::Output, limits.output_bytes_max, bytes).map_err(Fault::Limit)?;
        Ok(ended)
    }

    async fn call(&mut self, instance: &Instance, input: Input) -> wasmtime::Result<Ended> {
        let (run, store) = (&self.linked.run, &mut self.store);
        let failed = |failure| match failure {
            Failure::CouldNotCheck(unchecked) => Ended::CouldNotCheck(unchecked),
            Failure::Failed(why) => Ended::Failed(why),
        };
        Ok(match self.linked.kind {
            Kind::Diagnose => {
                let run = instance
                    .get_typed_func::<(Input,), (Result<Report, Failure>,)>(&mut *store, run)?;
                let (end,) = run.call_async(store, (input,)).await?;
                end.map_or_else(failed, Ended::Report)
            }
            Kind::Remediate => {
                let run = instance
                    .get_typed_func::<(Input,), (Result<(), Failure>,)>(&mut *store, run)?;
                let (end,) = run.call_async(store, (input,)).await?;
                // Filled in once the session has ended.
                end.map_or_else(failed, |()| Ended::Writes(Vec::new()))
            }
            Kind::Verify => {
                let run = instance.get_typed_func::<(Input,), (Result<Verification, Failure>,)>(
                    &mut *store,
                    run,
                )?;
                let (end,) = run.call_async(store, (input,)).await?;
                end.map_or_else(failed, Ended::Verification)
            }
        })
    }

    fn end(self, end: Result<Ended, Fault>) -> Ran {
        let Remains {
            clock,
            calls,
            writes,
            aimed,
            notes,
            short,
        } = self.store.into_data().end();
        let end = match (end, short) {
            (Ok(_), Some(difference)) => Err(Fault::Differs(difference)),
            (Ok(Ended::Writes(_)), None) => Ok(Ended::Writes(aimed)),
            (end, _) => end,
        };
        let cassette = Cassette {
            schema: CASSETTE_SCHEMA.to_owned(),
            component: self.linked.loaded.digest,
            input: self.input,
            first_call: self.first_call,
            seed: self.seed,
            clock,
            calls,
            writes,
            notes,
        };
        Ran { cassette, end }
    }
}

fn store(linked: &Linked, session: Session, limits: &Limits) -> Store<Session> {
    let mut store = Store::new(&linked.engine.0.wasm, session);
    store.limiter(|session| &mut session.growth);
    store.set_hostcall_fuel(usize::try_from(limits.lifted_bytes_max).unwrap_or(usize::MAX));
    store.set_max_component_handles(HANDLES_MAX);
    // Cannot fail: the engine is configured to consume fuel. Were it not, the guest would run
    // until its wall time ends.
    let _configured = store.set_fuel(limits.fuel_max);
    store.epoch_deadline_callback(|store| {
        store.data().stop()?;
        Ok(UpdateDeadline::Yield(1))
    });
    store.set_epoch_deadline(1);
    store
}
