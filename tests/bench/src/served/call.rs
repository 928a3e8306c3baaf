//! One agent, one call after the other.

use std::time::Instant;

use interlock_system_tests::{ALERTS_ONCE, Doorstep};

use super::UNLIMITED;
use crate::error::{BenchError, setup};
use crate::served::agent::Agent;
use crate::served::bare::{self, Side};
use crate::spread::Spread;
use crate::turns::{Figure, Measured};

const FIGURE: Figure = Figure {
    name: "mcp-call",
    about: "a call over stdio of a warm runbook whose one step makes one read, recorded and \
            journalled durably; against a bare server of the same SDK whose tool returns a constant",
    ours: "interlock mcp",
    baseline: "bare rmcp",
    limit: 2.5,
    warm_up: 200,
    rounds: 2_000,
};

pub(crate) async fn measure() -> Result<Measured, BenchError> {
    let host = Doorstep::new(ALERTS_ONCE, UNLIMITED, "")?;
    let ours = Agent::over_stdio("interlock mcp", host.command(&["mcp"])).await?;
    let own = std::env::current_exe().map_err(setup("find this program"))?;
    let mut command = tokio::process::Command::new(own);
    command.arg(Side::Stdio.word());
    let bare = Agent::over_stdio("bare rmcp", command).await?;
    let measured = FIGURE
        .measure(
            async || ours.call(Doorstep::TOOL, serde_json::Map::new()).await,
            async || bare.call(bare::TOOL, serde_json::Map::new()).await,
        )
        .await;
    ours.leave().await;
    bare.leave().await;
    println!(
        "mcp-call: one write of {LOG_BYTES} bytes and its sync take {:.0} µs on this disk by themselves",
        sync_alone().map_err(setup("write a file"))?.median
    );
    measured
}

/// What a commit of one run adds to the store's log, about.
const LOG_BYTES: usize = 48 * 1024;

/// What the disk alone takes for a durable answer: no host can answer sooner, in microseconds.
fn sync_alone() -> std::io::Result<Spread> {
    use std::io::Write as _;
    let mut file = tempfile::tempfile()?;
    let bytes = vec![7; LOG_BYTES];
    let mut times = Vec::new();
    for _ in 0..200 {
        let begun = Instant::now();
        file.write_all(&bytes)?;
        file.sync_data()?;
        times.push(begun.elapsed().as_secs_f64() * 1e6);
    }
    Ok(Spread::of(times))
}
