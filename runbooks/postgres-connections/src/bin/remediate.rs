//! Proposes to end the sessions that the diagnosis found, as far as each is
//! still as it was seen.

use interlock_sdk::{Context, Result, step};
use postgres_connections::{Inputs, Queue, Stuck, may_be_signalled};

#[step]
fn remediate(ctx: &Context) -> Result<()> {
    let input: Inputs = ctx.inputs()?;
    let Some(stuck) = ctx.findings::<Stuck>()? else {
        return Ok(());
    };
    let db = ctx.database(&input.server);
    let sessions = db.sessions();
    let locks = stuck.only_while_waited_for.then(|| db.locks());
    let sessions = sessions.get()?;
    let roots = match locks {
        Some(locks) => Queue::of(&locks.get()?, |pid| sessions.leader_of(pid)).sessions_at_roots(),
        None => Vec::new(),
    };
    for session in sessions.items() {
        let is_meant = !stuck.only_while_waited_for || roots.contains(&session.pid);
        let Some(only_if) = stuck.still(&session) else {
            continue;
        };
        if is_meant && may_be_signalled(&session) {
            ctx.database_write().terminate(session, only_if)?;
        }
    }
    Ok(())
}
