//! Observes whether ending the sessions has helped. The host has waited before.

use std::time::Duration;

use interlock_sdk::wire::{Alert, Session};
use interlock_sdk::{Context, Item, Result, Verification, Window, said, step};
use postgres_connections::{Inputs, Stuck};

/// From here on the server is as good as full.
const FULL_PERCENT: usize = 90;
const LINES_MAX: u32 = 50;
/// Refusals older than this may be from before the change. Whoever has sessions
/// ended after seconds is verified after seconds.
const JUST_NOW: Duration = Duration::from_secs(10);

#[step]
fn verify(ctx: &Context) -> Result<Verification> {
    let input: Inputs = ctx.inputs()?;
    let stuck = ctx.findings::<Stuck>()?;
    let db = ctx.database(&input.server);
    let (settings, sessions) = (db.settings(), db.sessions());
    let just_now = JUST_NOW.min(input.stuck_after / 2);
    let since = Window::before(ctx.started(), just_now);
    let refused = ctx
        .logs(&input.server)
        .search(since, postgres_connections::REFUSED, LINES_MAX);
    let alerts = ctx.alerts().list();

    let (settings, sessions) = match (settings.get(), sessions.get()) {
        (Ok(settings), Ok(sessions)) => (settings, sessions),
        (Err(gap), _) | (_, Err(gap)) => {
            let summary = format!("{} could not be asked", input.server);
            let would_show = "whether slots are free, and whether the sessions are gone";
            return Ok(Verification::could_not_tell(summary).could_not_check(
                gap.asked.clone(),
                &gap,
                would_show,
            ));
        }
    };
    let slots = settings.ordinary_slots();
    let used = sessions.items().filter(|s| s.is_client()).len();
    let after = said(input.stuck_after);
    let idle = |s: &Item<'_, Session>| s.idle_in_transaction_for() >= Some(input.stuck_after);
    let still_idle = sessions.items().filter(|s| s.is_client() && idle(s)).len();
    let left = stuck.as_ref().map_or(0, |stuck| {
        sessions.items().filter(|s| stuck.still(s).is_some()).len()
    });
    let meant = stuck.as_ref().map_or(0, |stuck| stuck.sessions.len());
    let shown = format!(
        "{used} of {slots} slots in use; {still_idle} idle in a transaction over {after}; {left} of \
         {meant} sessions of the findings as they were"
    );
    let refused = refused.get();
    let refusals = refused.as_ref().map_or(0, |lines| lines.matched);
    let full = used * 100 >= slots * FULL_PERCENT;
    let server = &input.server;
    let mut verification = if full {
        Verification::not_fixed(format!(
            "{server} still has hardly a slot ({used} of {slots} in use)"
        ))
    } else if refusals > 0 {
        Verification::not_fixed(format!("{server} has slots, and still refuses connections"))
    } else if left * 2 > meant {
        Verification::not_fixed(format!(
            "{server} has slots, and most of the sessions are as they were"
        ))
    } else {
        Verification::fixed(format!(
            "{server} accepts connections again ({used} of {slots} in use)"
        ))
    };
    verification = verification.shown_by(&sessions, shown);
    verification = match &refused {
        Ok(lines) => {
            let says = format!("refused connections within {}: {refusals}", said(just_now));
            verification.shown_by(lines, says)
        }
        Err(gap) => {
            verification.could_not_check(gap.asked.clone(), gap, "whether connections are refused")
        }
    };
    Ok(match alerts.get() {
        Ok(alerts) => {
            let names: Vec<&str> = ctx
                .incident()
                .alerts
                .iter()
                .map(|a| a.name.as_str())
                .collect();
            let meant = |a: &Alert| names.contains(&a.name.as_str());
            let firing = alerts
                .items()
                .filter(|a| a.state == "firing" && meant(a))
                .len();
            verification.shown_by(
                &alerts,
                format!("{firing} of its alerts still firing; they may lag"),
            )
        }
        Err(gap) => {
            verification.could_not_check(gap.asked.clone(), &gap, "whether the alert still fires")
        }
    })
}
