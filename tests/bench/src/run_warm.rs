//! What one warm run of a read-only runbook costs the host, without any door in front: a table, no
//! ratio. Measured with the journal on this machine's disk and in memory, where a commit costs no
//! wait.

use std::{
    fmt,
    path::PathBuf,
    sync::Arc,
    time::{Duration, Instant},
};

use interlock_capabilities::report::Incident;
use interlock_connectors::config::Config;
use interlock_runner::{
    caller::Caller,
    open::Runner,
    run::{RunAsk, RunEnd},
    watch::Unwatched,
};
use interlock_system_tests::{ALERTS_ONCE, Doorstep};

use crate::error::{BenchError, setup};
use crate::spread::Spread;

/// The figure's name.
pub(crate) const NAME: &str = "run-warm";
const WARM_UP: usize = 50;
const ROUNDS: usize = 1_000;
/// Runs at once, and for how long.
const AT_ONCE: usize = 200;
const TOGETHER: Duration = Duration::from_secs(3);

/// The table.
pub(crate) struct Table(Vec<Row>);

struct Row {
    place: &'static str,
    alone: Spread,
    per_second: f64,
}

impl fmt::Display for Table {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        writeln!(
            f,
            "{NAME}: one warm run, one read without a source, journalled; alone, and {AT_ONCE} at once"
        )?;
        writeln!(
            f,
            "  {:24} {:>10} {:>10} {:>10} {:>12}",
            "journal", "p10 µs", "median µs", "p90 µs", "runs/s"
        )?;
        for Row {
            place,
            alone,
            per_second,
        } in &self.0
        {
            writeln!(
                f,
                "  {place:24} {:>10.0} {:>10.0} {:>10.0} {per_second:>12.0}",
                alone.p10, alone.median, alone.p90
            )?;
        }
        Ok(())
    }
}

pub(crate) async fn measure() -> Result<Table, BenchError> {
    let mut rows = vec![row("on this disk", None).await?];
    let memory = PathBuf::from("/dev/shm");
    if memory.is_dir() {
        rows.push(row("in memory", Some(memory)).await?);
    }
    Ok(Table(rows))
}

async fn row(place: &'static str, under: Option<PathBuf>) -> Result<Row, BenchError> {
    let host = Doorstep::new(ALERTS_ONCE, "", "").map_err(setup("make a host"))?;
    let mut config =
        Config::read(&host.path("interlock.toml")).map_err(setup("read the configuration"))?;
    let state = under
        .map(tempfile::tempdir_in)
        .transpose()
        .map_err(setup("make a folder"))?;
    if let Some(state) = &state {
        config.state_dir = state.path().join("state");
    }
    let runner = Runner::open_for(config, 1_100).map_err(setup("open the host"))?;
    let runner = Arc::new(runner);
    let caller = runner
        .caller_of_uid(0)
        .await
        .map_err(setup("find the caller"))?;
    let mut times = Vec::with_capacity(ROUNDS);
    for round in 0..WARM_UP + ROUNDS {
        let began = Instant::now();
        once(&runner, &caller).await?;
        if round >= WARM_UP {
            times.push(began.elapsed().as_secs_f64() * 1e6);
        }
    }
    let began = Instant::now();
    let agents = (0..AT_ONCE).map(|_| {
        let (runner, caller) = (Arc::clone(&runner), caller.clone());
        tokio::spawn(async move {
            let mut runs = 0_u32;
            while began.elapsed() < TOGETHER {
                once(&runner, &caller).await?;
                runs += 1;
            }
            Ok::<u32, BenchError>(runs)
        })
    });
    let mut runs = 0;
    for agent in agents.collect::<Vec<_>>() {
        runs += agent.await.map_err(setup("run an agent"))??;
    }
    Ok(Row {
        place,
        alone: Spread::of(times),
        per_second: f64::from(runs) / began.elapsed().as_secs_f64(),
    })
}

async fn once(runner: &Runner, caller: &Caller) -> Result<(), BenchError> {
    let ask = RunAsk {
        runbook: Doorstep::RUNBOOK.to_owned(),
        incident: Incident {
            id: "INC-1".to_owned(),
            service: None,
            severity: None,
            begin: 0,
            end: 0,
            alerts: Vec::new(),
        },
        id: None,
        inputs: Default::default(),
        caller: caller.clone(),
        stop: None,
        trust_first_use: false,
    };
    let ended = runner.run(ask, &Unwatched).await.map_err(setup("run"))?;
    match (ended.end, ended.record) {
        (RunEnd::Concluded, Some(_)) => Ok(()),
        (end, _) => Err(BenchError::Undone {
            side: "interlock",
            why: format!("{end:?}"),
        }),
    }
}
