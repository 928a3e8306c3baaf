//! Proposes to end the sessions that the diagnosis found stuck.

use interlock_sdk::{Context, OnlyIf, Result, step};
use postgres_connections::{Inputs, Stuck};

#[step]
fn remediate(ctx: &Context) -> Result<()> {
    let input: Inputs = ctx.inputs()?;
    let Some(stuck) = ctx.findings::<Stuck>()? else {
        return Ok(());
    };
    let now = ctx.database(&input.server).sessions().get()?;
    for session in now.items().filter(|s| stuck.sessions.contains(&s.key())) {
        ctx.database_write()
            .terminate(session, OnlyIf::IdleInTransaction)?;
    }
    Ok(())
}
