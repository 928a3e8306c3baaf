//! Many agents at once.

use std::time::{Duration, Instant};

use futures::future::try_join_all;
use interlock_system_tests::{ALERTS_ONCE, Asker, Doorstep, Served};

use super::UNLIMITED;
use crate::error::{BenchError, setup};
use crate::served::agent::Agent;
use crate::served::bare::{self, Side};
use crate::turns::{Figure, Measured};

const AGENTS: usize = 200;
/// Each side's slices add up to thirty seconds that count.
const SLICE: Duration = Duration::from_secs(5);

const FIGURE: Figure = Figure {
    name: "mcp-load",
    about: "200 agents over streamable HTTP, each calling a read-only runbook again as soon as it \
            has its answer, in slices of 5 s: the time of a slice over its calls; against the same \
            agents on a bare server of the same SDK whose tool returns a constant",
    ours: "interlock serve",
    baseline: "bare rmcp",
    limit: 4.0,
    warm_up: 1,
    rounds: 6,
};

pub(crate) async fn measure() -> Result<Measured, BenchError> {
    let host = Doorstep::new(ALERTS_ONCE, UNLIMITED, "")?;
    let server = host.serve().await?;
    let own = std::env::current_exe().map_err(setup("find this program"))?;
    let mut command = tokio::process::Command::new(own);
    command.arg(Side::Http.word());
    let bare = Served::start(command).await?;
    let ours = Crowd::new(
        "interlock serve",
        &server.url,
        Some(Asker::Agent.token()),
        Doorstep::TOOL,
    )
    .await?;
    let base = Crowd::new("bare rmcp", &bare.url, None, bare::TOOL).await?;
    let mut ours_all = Vec::new();
    let mut base_all = Vec::new();
    let measured = FIGURE
        .measure_told(
            async || ours.slice(&mut ours_all).await,
            async || base.slice(&mut base_all).await,
        )
        .await?;
    println!(
        "mcp-load: {} calls of ours and {} of the bare server, none failed; p99 of one call {} \
         against {}",
        ours_all.len(),
        base_all.len(),
        p99(&mut ours_all),
        p99(&mut base_all)
    );
    ours.leave().await;
    base.leave().await;
    Ok(measured)
}

struct Crowd {
    agents: Vec<Agent>,
    tool: &'static str,
}

impl Crowd {
    async fn new(
        side: &'static str,
        url: &str,
        token: Option<&str>,
        tool: &'static str,
    ) -> Result<Crowd, BenchError> {
        let agents = (0..AGENTS).map(|_| Agent::over_http(side, url, token));
        let agents = try_join_all(agents).await?;
        Ok(Crowd { agents, tool })
    }

    /// All call for so long; the time of the slice over all calls.
    async fn slice(&self, times: &mut Vec<Duration>) -> Result<Duration, BenchError> {
        let begun = Instant::now();
        let each = self.agents.iter().map(async |agent| {
            let mut own = Vec::new();
            while begun.elapsed() < SLICE {
                let asked = Instant::now();
                agent.call(self.tool, serde_json::Map::new()).await?;
                own.push(asked.elapsed());
            }
            Ok::<_, BenchError>(own)
        });
        let own: Vec<Vec<Duration>> = try_join_all(each).await?;
        let took = begun.elapsed();
        let calls: usize = own.iter().map(Vec::len).sum();
        times.extend(own.into_iter().flatten());
        Ok(took / u32::try_from(calls).unwrap_or(u32::MAX).max(1))
    }

    async fn leave(self) {
        for agent in self.agents {
            agent.leave().await;
        }
    }
}

fn p99(times: &mut [Duration]) -> String {
    times.sort_unstable();
    let at = (times.len() * 99).div_ceil(100).saturating_sub(1);
    match times.get(at) {
        Some(time) => format!("{:.1} ms", time.as_secs_f64() * 1_000.0),
        None => "of nothing".into(),
    }
}
