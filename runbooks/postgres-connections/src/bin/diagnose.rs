//! Observes and concludes.

use interlock_sdk::{Context, Report, Result, step};
use postgres_connections::{Cause, Inputs, Stuck};

#[step]
fn diagnose(ctx: &Context) -> Result<Report> {
    let input: Inputs = ctx.inputs()?;
    let db = ctx.database(&input.server);
    let (settings, sessions) = (db.settings(), db.sessions());
    let (locks, prepared) = (db.locks(), db.prepared_transactions());
    let commits = ctx
        .metrics()
        .range("sum(rate(pg_stat_database_xact_commit[1m]))", ctx.window());

    let mut report = Report::new();
    let (settings, sessions) = (settings.get()?, sessions.get()?);
    let clients = sessions.items().filter(|s| s.is_client()).count();
    if clients < settings.ordinary_slots() {
        report
            .hypothesis(Cause::NotAConnectionProblem)
            .supports(&sessions, "slots are free");
        return Ok(report);
    }
    let stuck = sessions
        .items()
        .filter(|s| s.is_client() && s.idle_in_transaction_for() >= Some(input.stuck_after))
        .largest_group_by(|s| s.role.clone());
    if stuck.len() * 2 <= clients {
        return Ok(report.unresolved("no role's open transactions fill the server"));
    }
    report
        .hypothesis(Cause::IdleInTransaction)
        .path("open transactions keep their sessions; no slot is left")
        .supports(&stuck, "idle in a transaction beyond `stuck_after`")
        .unless("a session waits for a lock", locks.get(), |l| {
            l.waiting() > 0
        })
        .unless("a prepared transaction is open", prepared.get(), |p| {
            !p.is_empty()
        })
        .unless("more work than usual", commits.get(), |c| {
            Some(c.last()? > 1.5 * c.median()?)
        });
    report.tried(Cause::LockConvoy);
    report.findings(&Stuck {
        sessions: stuck.iter().map(|s| s.key()).collect(),
    })?;
    Ok(report)
}
