//! How many small incidents a backtest gets through on two cores.

use std::collections::BTreeMap;
use std::hint::black_box;
use std::thread;
use std::time::{Duration, Instant};

use interlock_backtest::{Build, End, Tried, engine, run};
use interlock_bundle::{About, Bundle, Observed};
use interlock_capabilities::read::database::DatabaseAsk;
use interlock_capabilities::{Answer, Ask, Recorded};
use interlock_engine::Limits;
use interlock_gate::ids::{CallId, ComponentDigest};
use interlock_gate::time::Time;
use interlock_runner::installed::{Runbook, StepFile};
use interlock_runner::manifest::Manifest;
use interlock_system_tests::encode;

use crate::bare::Bare;
use crate::error::{BenchError, setup};
use crate::source::{SERVER, Source};
use crate::spread::Spread;
use crate::step::input;
use crate::turns::{Figure, Measured};

const CORES: u32 = 2;
/// Incidents of a round on each core.
const EACH: u32 = 500;
/// What one may take where 5,000 a second are promised.
const PROMISED: Duration = Duration::from_micros(200);
/// Runs of each side beside bare wasmtime.
const BESIDE: usize = 3_000;

const MANIFEST: &str = "name = \"bench\"\nversion = \"1\"\n[inputs]\n\
    server = { type = \"string\", default = \"orders-db\" }\n[[step]]\nname = \"diagnose\"\n";

const FIGURE: Figure = Figure {
    name: "backtest-speed",
    about: "one incident of a backtest: inputs, a run with one read of a bundle, its report checked; \
            two cores at once; against 5,000 a second",
    ours: "interlock",
    baseline: "promised",
    limit: 1.0,
    warm_up: 3,
    rounds: 30,
};

pub(crate) async fn measure() -> Result<Measured, BenchError> {
    let component = encode(include_str!("../wat/unresolved.wat"))?;
    let manifest = Manifest::parse(MANIFEST).map_err(setup("read the manifest"))?;
    let limits = Limits::default();
    let engine = engine(&limits, 2, None).map_err(setup("make the engine"))?;
    let runbook = Runbook {
        folder: "bench".into(),
        manifest,
        steps: vec![StepFile {
            name: "diagnose".to_owned(),
            digest: ComponentDigest::of(&component),
            bytes: component.clone(),
        }],
    };
    let build = Build::of(&engine, &runbook, &limits).map_err(setup("link the component"))?;
    let bundle = bundle();
    println!("{}", beside_bare(&build, &bundle, &component).await?);
    FIGURE
        .measure_told(
            async || {
                let began = Instant::now();
                thread::scope(|scope| {
                    let threads: Vec<_> = (0..CORES)
                        .map(|_| scope.spawn(|| many(&build, &bundle)))
                        .collect();
                    threads.into_iter().try_for_each(|thread| {
                        thread.join().unwrap_or_else(|_panic| {
                            Err(BenchError::Undone {
                                side: "interlock",
                                why: "a thread ended before its work did".to_owned(),
                            })
                        })
                    })
                })?;
                Ok(began.elapsed() / (CORES * EACH))
            },
            async || Ok(PROMISED),
        )
        .await
}

fn many(build: &Build, bundle: &Bundle) -> Result<(), BenchError> {
    let runtime = tokio::runtime::Builder::new_current_thread()
        .enable_time()
        .build()
        .map_err(setup("make a runtime"))?;
    let none = BTreeMap::new();
    for _ in 0..EACH {
        let tried = runtime.block_on(run(build, "small", bundle, &none));
        check(&black_box(tried))?;
    }
    Ok(())
}

/// A run that named nothing because it says so, on an answer that came.
fn check(tried: &Tried) -> Result<(), BenchError> {
    match &tried.end {
        End::Unresolved(_) if (tried.calls, tried.gaps) == (1, 0) => Ok(()),
        other => Err(BenchError::Undone {
            side: "interlock",
            why: format!("{other:?} after {} calls, {} gaps", tried.calls, tried.gaps),
        }),
    }
}

/// One incident on one core, in turn with the component alone on bare wasmtime.
async fn beside_bare(
    build: &Build,
    bundle: &Bundle,
    component: &[u8],
) -> Result<String, BenchError> {
    let bare = Bare::new(component, Source::new(Duration::ZERO, 2))?;
    let none = BTreeMap::new();
    let (mut ours, mut base) = (Vec::new(), Vec::new());
    for round in 0..BESIDE + 300 {
        let began = Instant::now();
        let tried = run(build, "small", bundle, &none).await;
        let our_time = began.elapsed();
        check(&tried)?;
        let began = Instant::now();
        let end = bare.run(input()).await;
        let base_time = began.elapsed();
        if let Err(failure) = end.map_err(setup("run the component on bare wasmtime"))? {
            return Err(BenchError::Undone {
                side: "bare wasmtime",
                why: format!("{failure:?}"),
            });
        }
        // The first ones warm up.
        if round >= 300 {
            ours.push(our_time.as_secs_f64() * 1e6);
            base.push(base_time.as_secs_f64() * 1e6);
        }
    }
    let (ours, base) = (Spread::of(ours).median, Spread::of(base).median);
    Ok(format!(
        "backtest-run: one incident {ours:.1} µs, the same component on bare wasmtime {base:.1} µs, \
         {:.2} times",
        ours / base
    ))
}

/// An incident whose one answer was recorded.
fn bundle() -> Bundle {
    let at = Time::default().plus_seconds(1_800_000_000);
    let about = About::new("INC-1", at.minus_seconds(600), at);
    let recorded = Recorded {
        id: CallId(1),
        ask: Ask::DatabaseSessions(DatabaseAsk {
            server: SERVER.to_owned(),
        }),
        answer: Ok(Answer::DatabaseSessions(
            Source::new(Duration::ZERO, 2).answer(),
        )),
        asked_at: at,
        answered_at: at,
    };
    let observed = Observed {
        calls: vec![recorded],
        ..Observed::default()
    };
    Bundle::new(about, observed)
}
