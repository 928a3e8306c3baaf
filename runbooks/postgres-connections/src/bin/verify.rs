//! Observes whether ending the sessions has helped.

use interlock_sdk::{Context, Result, Verification, step};
use postgres_connections::{Inputs, Stuck};

#[step]
fn verify(ctx: &Context) -> Result<Verification> {
    let input: Inputs = ctx.inputs()?;
    let db = ctx.database(&input.server);
    let (settings, sessions) = (db.settings(), db.sessions());
    let (settings, sessions) = (settings.get()?, sessions.get()?);
    let stuck = ctx.findings::<Stuck>()?.map_or_else(Vec::new, |stuck| stuck.sessions);
    let left = sessions.items().filter(|s| stuck.contains(&s.key()));
    let clients = sessions.items().filter(|s| s.is_client()).count();
    if clients < settings.ordinary_slots() && left.is_empty() {
        Ok(Verification::fixed("the server has free slots").shown_by(&sessions, "slots are free"))
    } else {
        Ok(Verification::not_fixed("slots are still missing").shown_by(&sessions, "in use"))
    }
}
